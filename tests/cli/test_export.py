"""People, homes and devices come back out of the database as a file that says the same."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hub.engine.work import Work
from hub.homes import Registry
from hub.settings import load
from tests.cli.place import EXAMPLE, Place


def change_a_person(place: Place) -> str:
    """Change a person in the database as a page does: the files do not know. Return the new number."""

    def change(work: Work) -> None:
        before = work.transaction.registry()
        person = replace(before.people["wang-li"], name='O\'Brien: "no", #1', phone="+447700900177", language="en")
        people = {**before.people, person.id: person}
        work.transaction.replace_registry(Registry(people, before.homes, before.version + 1))

    place.work(change)
    return "+447700900177"


def test_what_was_changed_in_the_database_is_exported_and_makes_no_difference_then(site: Place) -> None:
    number = change_a_person(site)
    assert "differs from the files" in site.carehub("check-config").err
    done = site.carehub("export", "--force")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("1 home, 3 people. What was there is kept as homes.yaml.old.\n")
    assert number in (site.folder / "homes.yaml").read_text("utf-8")
    assert (site.folder / "homes.yaml.old").read_bytes() == (EXAMPLE / "homes.yaml").read_bytes()
    assert "differs" not in site.carehub("check-config").err
    for _ in range(2):
        assert site.carehub("apply").out == "The database is as the files say.\n"
    assert site.carehub("export", "--out", "-").out == (site.folder / "homes.yaml").read_text("utf-8")


@pytest.mark.promise("P10")
def test_a_new_file_is_for_its_owner_alone(place: Place, tmp_path: Path) -> None:
    place.prepare()
    assert place.carehub("export", "--out", str(tmp_path)).code == 0
    file = tmp_path / "homes.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (tmp_path / "hub.yaml").write_bytes((place.folder / "hub.yaml").read_bytes())
    assert load(tmp_path, {}).registry == load(place.folder, {}).registry


def test_the_hub_can_still_read_a_file_that_was_replaced(place: Place) -> None:
    place.prepare()
    (place.folder / "homes.yaml").chmod(0o644)
    assert place.carehub("export", "--force").code == 0
    assert stat.S_IMODE((place.folder / "homes.yaml").stat().st_mode) == 0o640


def test_nothing_is_overwritten_unasked(place: Place) -> None:
    place.prepare()
    before = (place.folder / "homes.yaml").read_bytes()
    done = place.carehub("export")
    assert done.code == 1
    assert "holds homes.yaml already. Add --force to replace it" in done.sentence
    assert (place.folder / "homes.yaml").read_bytes() == before


def test_several_files_become_one(place: Place) -> None:
    text = (place.folder / "homes.yaml").read_text("utf-8")
    people, _, homes = text.partition("\nhomes:")
    (place.folder / "homes.yaml").write_text(f"homes:{homes}", "utf-8")
    (place.folder / "homes-people.yaml").write_text(people, "utf-8")
    place.prepare()
    before = load(place.folder, {}).registry
    assert place.carehub("export", "--force").code == 0
    assert sorted(path.name for path in place.folder.glob("homes*")) == [
        "homes-people.yaml.old",
        "homes.yaml",
        "homes.yaml.old",
    ]
    assert load(place.folder, {}).registry == before


def test_lost_files_come_back(place: Place) -> None:
    place.prepare()
    before = load(place.folder, {}).registry
    (place.folder / "homes.yaml").unlink()
    assert place.carehub("check-config").code == 2
    assert place.carehub("export").code == 0
    assert load(place.folder, {}).registry == before


def test_where_it_cannot_be_written_is_one_sentence(place: Place, tmp_path: Path) -> None:
    place.prepare()
    nowhere = place.carehub("export", "--out", str(tmp_path / "no" / "where"))
    assert (nowhere.code, "is not a folder" in nowhere.sentence) == (2, True)
    assert place.carehub("export", "--out", str(tmp_path / "new")).code == 0
    assert (tmp_path / "new" / "homes.yaml").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "homes.yaml.part").mkdir()
    done = place.carehub("export", "--out", str(tmp_path / "full"))
    assert done.code == 1
    assert "cannot be written" in done.sentence


def test_without_a_database_there_is_nothing_to_export(place: Place) -> None:
    done = place.carehub("export", "--out", "-")
    assert done.code == 1
    assert "There is no database at" in done.sentence
