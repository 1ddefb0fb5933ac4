"""People, homes and devices are checked, and brought from the files into the database."""

import pytest

from hub.homes import Home, Registry
from hub.ports import Lane, Transaction
from tests.cli.place import Place


def registry(site: Place) -> Registry:
    """Return people and homes as the database holds them."""

    async def read(engine: object) -> Registry:
        return await engine.store.read(lambda t: t.registry())  # type: ignore[attr-defined, no-any-return]

    found: Registry = site.engine(read)
    return found


def move_house(site: Place, address: str) -> None:
    """Change the home's address in the database, as a page will."""

    def change(transaction: Transaction) -> int:
        now = transaction.registry()
        home = now.homes["ah-001"]
        moved = Home(home.id, home.area, address, home.prefix, None, home.rooms, home.residents, home.contacts,
                     home.devices)  # fmt: skip
        return transaction.replace_registry(Registry.of(now.people.values(), [moved]))

    async def write(engine: object) -> None:
        await engine.store.write(Lane.SLOW, change)  # type: ignore[attr-defined]

    site.engine(write)


# --- check-config


def test_the_example_has_no_mistakes(place: Place) -> None:
    done = place.carehub("check-config")
    assert done.code == 0
    assert done.out == f"{place.folder}: 1 home, 3 people, 4 devices. No mistakes found.\n"
    assert all(line.startswith("Warning: TWILIO_") for line in done.err.splitlines())


def test_all_mistakes_of_all_files_are_shown_at_once(place: Place) -> None:
    second = (place.folder / "homes.yaml").read_text("utf-8").replace("ah-001", "ah-002").replace("wang-li", "wang-lx")
    (place.folder / "homes-b.yaml").write_text(second, "utf-8")
    place.change("room: kitchen,", "room: kichen,")
    place.change('"+447700900102"', '"120"')
    place.change("wait: 60s", "wait: 60x", "hub.yaml")
    done = place.carehub("check-config")
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert any("hub.yaml:35: " in line and '"60x"' in line for line in lines)
    assert any(
        'homes.yaml:24: device kitchen-gas: room "kichen" is not a room of home ah-001 (kitchen, bedroom' in line
        and "Correct the name or add the room." in line
        for line in lines
    )
    assert any('homes.yaml:6: "120" cannot be a contact: the hub never dials' in line for line in lines)
    assert sum("homes-b.yaml:" in line for line in lines) >= 4
    assert len(lines) == len(set(lines))
    run = place.carehub("run")
    assert (run.code, run.out) == (2, "")
    assert 'room "kichen"' in run.err


def test_mistakes_are_said_in_the_terminals_language(place: Place) -> None:
    place.change("room: kitchen,", "room: kichen,")
    said = place.carehub("check-config", environ={"LANG": "zh_CN.UTF-8"}).err
    assert "homes.yaml:24 设备 kitchen-gas：家庭 ah-001 没有房间“kichen”" in said
    assert "room" in place.carehub("check-config", environ={"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}).err


def test_a_folder_without_files_says_what_belongs_there(place: Place) -> None:
    for file in place.folder.glob("*.yaml"):
        file.unlink()
    done = place.carehub("check-config")
    assert (done.code, done.out) == (2, "")
    assert "hub.yaml: there is no such file" in done.err
    assert "homes.yaml: there is no such file" in done.err


def test_it_says_when_files_and_database_differ(site: Place) -> None:
    assert "differs" not in site.carehub("check-config").err
    site.change("+447700900101", "+447700900111")
    done = site.carehub("check-config")
    assert done.code == 0
    assert "The database differs from the files: `carehub apply` shows how" in done.err


def test_files_can_be_checked_where_the_database_cannot_be_read(place: Place) -> None:
    place.environ["CAREHUB_DATABASE"] = "postgresql://carehub@127.0.0.1:1/carehub"
    done = place.carehub("check-config")
    assert done.code == 0
    assert "No mistakes found" in done.out
    assert "The files were not compared with the database: " in done.err


# --- apply


def test_nothing_new_is_said_and_nothing_asked(site: Place) -> None:
    done = site.carehub("apply")
    assert (done.code, done.out, done.err) == (0, "The database is as the files say.\n", "")


@pytest.mark.parametrize("answer", ["", "n\n", "what?\n"])
def test_without_a_yes_nothing_is_changed(site: Place, answer: str) -> None:
    site.change("+447700900101", "+447700900111")
    done = site.carehub("apply", stdin=answer)
    assert done.code == 1
    assert done.out == "~ person wang-li: phone\n"
    assert done.err.splitlines()[-1] == "Nothing was changed. Answer y, or add --yes."
    assert registry(site).people["wang-li"].phone == "+447700900101"


@pytest.mark.parametrize(("options", "answer"), [((), "y\n"), (("--yes",), "")])
def test_the_difference_is_shown_and_applied(site: Place, options: tuple[str, ...], answer: str) -> None:
    site.change("+447700900101", "+447700900111")
    site.replace_device("front-door", "id: bath-sos, kind: button, role: sos, room: bathroom", "bath_sos")
    done = site.carehub("apply", *options, stdin=answer)
    assert done.code == 0
    assert done.out.splitlines() == [
        "~ person wang-li: phone",
        "+ device ah-001/bath-sos",
        "- device ah-001/front-door",
        "Applied.",
    ]
    now = registry(site)
    assert now.people["wang-li"].phone == "+447700900111"
    assert {device.id for device in now.homes["ah-001"].devices} == {
        "bed-sos", "kitchen-gas", "hall-motion", "bath-sos",
    }  # fmt: skip
    assert site.carehub("apply").out == "The database is as the files say.\n"


def test_what_the_database_changed_is_listed_and_kept_unless_overwritten(site: Place) -> None:
    move_house(site, "石桥村一社3号")
    assert site.carehub("apply").out.splitlines()[-1] == "The files hold nothing new."
    site.change("+447700900101", "+447700900111")
    kept = site.carehub("apply", "--yes")
    assert "Changed in the database since the last apply (kept; --overwrite discards it):" in kept.out
    assert registry(site).homes["ah-001"].address == "石桥村一社3号"
    assert registry(site).people["wang-li"].phone == "+447700900111"
    assert site.carehub("apply", "--overwrite", "--yes").code == 0
    assert registry(site).homes["ah-001"].address == "上堡村三社12号"


def test_the_difference_names_no_people(site: Place) -> None:
    site.change("王丽", "王美丽")
    site.change("+447700900101", "+447700900111")
    site.change("上堡村三社12号", "上堡村四社1号")
    out = site.carehub("apply", "--yes").out
    assert "~ person wang-li: name, phone" in out
    assert not any(word in out for word in ("王", "4477", "上堡"))


def test_what_an_open_alert_needs_cannot_be_removed(site: Place) -> None:
    code = site.press("bed-sos")
    site.replace_device("bed-sos", "id: bath-sos, kind: button, role: sos, room: bathroom", "bath_sos")
    refused = site.carehub("apply", "--yes")
    assert refused.code == 1
    assert f"Device bed-sos cannot be removed while alert {code} is open." in refused.err
    assert "Nothing was changed." in refused.err
    assert registry(site).device("ah-001", "bed-sos") is not None
    site.carehub("alerts", "resolve", code)
    assert site.carehub("apply", "--yes").code == 0


def test_a_person_on_the_ladder_of_an_open_alert_cannot_be_removed(site: Place) -> None:
    code = site.press()
    site.change('  - {id: li-qiang, name: 李强, phone: "+447700900102", roles: [staff], areas: ["620702207200"]}\n', "")
    refused = site.carehub("apply", "--yes")
    assert refused.code == 1
    assert f"Person li-qiang cannot be removed while alert {code} is open." in refused.err


def test_an_open_alert_is_told_to_a_changed_number(site: Place) -> None:
    """What a text goes to is looked up when it is sent; see the dispatcher's tests for the sending itself."""
    code = site.press()
    site.change("+447700900101", "+447700900111")
    assert site.carehub("apply", "--yes").code == 0
    assert [each.id for each in registry(site).by_phone["+447700900111"]] == ["wang-li"]
    assert code in site.carehub("alerts", "list").out


def test_before_the_first_run_there_is_nothing_to_apply_to(place: Place) -> None:
    done = place.carehub("apply", "--yes")
    assert done.code == 1
    assert "Start the hub with `carehub run`" in done.sentence
