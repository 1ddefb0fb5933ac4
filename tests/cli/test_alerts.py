"""Alerts are seen and acted on by command, on both databases."""

import json
from datetime import timedelta

import pytest

from hub.alerts.alert import Alert, Stage
from tests.cli.place import Place, Result


def listed(site: Place, *options: str) -> list[dict[str, object]]:
    """Return what `alerts list --json` says."""
    done = site.carehub("alerts", "list", "--json", *options)
    assert (done.code, done.err) == (0, "")
    found: list[dict[str, object]] = json.loads(done.out)
    return found


def alert(site: Place, code: str) -> Alert:
    """Return an alert as the hub sees it."""

    async def read(engine: object) -> Alert:
        return await engine.store.read(lambda t: t.alert(code))  # type: ignore[attr-defined, no-any-return]

    found: Alert = site.engine(read)
    return found


def told(site: Place, code: str) -> list[tuple[str, str]]:
    """Return who is told what because of an alert, in the order it was decided."""
    messages = json.loads(site.carehub("alerts", "show", code, "--json").out)["messages"]
    return [(message["person"], message["key"]) for message in messages]


def test_the_list_for_scripts_has_the_promised_keys(site: Place) -> None:
    assert listed(site) == []
    code = site.press()
    (found,) = listed(site)
    assert {"id", "home", "cause", "severity", "stage", "opened_at", "taken_by", "late_s", "count"} <= set(found)
    assert found["home"] == "ah-001"
    assert (found["cause"], found["severity"], found["stage"], found["count"]) == ("sos", "emergency", "open", 1)
    assert (found["taken_by"], found["late_s"], found["code"]) == (None, None, code)
    assert "+00:00" in str(found["opened_at"])


def test_the_list_is_newest_first_and_holds_what_is_unresolved(site: Place) -> None:
    first, second = site.press(), site.press("kitchen-gas", hazard=True)
    assert [each["code"] for each in listed(site)] == [second, first]
    site.carehub("alerts", "resolve", first)
    assert [each["code"] for each in listed(site)] == [second]
    assert [each["code"] for each in listed(site, "--all")] == [second, first]
    assert [each["stage"] for each in listed(site, "--all")] == ["open", "resolved"]


def test_people_read_whose_since_when_and_who_has_it(site: Place) -> None:
    assert site.carehub("alerts", "list").out == "No open alerts.\n"
    assert site.carehub("alerts", "list", "--all").out == "No alerts.\n"
    code = site.press()
    line = site.carehub("alerts", "list").out
    for words in (code, "emergency", "sos", "ah-001", "王秀兰 上堡村三社12号", "since ", "waits for somebody"):
        assert words in line
    assert "taken by 李强 until " in site.carehub("alerts", "ack", code, "--by", "li-qiang").out


def test_a_list_that_is_cut_says_so(site: Place) -> None:
    site.press()
    newest = site.press("kitchen-gas", hazard=True)
    done = site.carehub("alerts", "list", "--limit", "1", "--json")
    assert [each["code"] for each in json.loads(done.out)] == [newest]
    assert "the newest 1; there are more" in done.err


@pytest.mark.parametrize("by_id", [False, True], ids=["by code", "by id"])
def test_an_alert_is_taken_reached_and_resolved(site: Place, by_id: bool) -> None:
    code = site.press()
    ref = alert(site, code).id if by_id else code.lower()
    assert site.carehub("alerts", "ack", ref, "--by", "li-qiang").code == 0
    taken = alert(site, code)
    assert (taken.stage, taken.holder) == (Stage.ACKNOWLEDGED, "li-qiang")
    assert "is with 李强" in site.carehub("alerts", "arrived", ref).out  # without --by it is who has it
    assert alert(site, code).holder == "li-qiang"
    done = site.carehub("alerts", "resolve", ref, "--by", "li-qiang", "--outcome", "false", "--note", "误按")
    assert "resolved as false by 李强" in done.out
    ended = alert(site, code)
    assert (ended.stage, ended.outcome, ended.note, ended.resolved_by) == (Stage.RESOLVED, "false", "误按", "li-qiang")


def test_without_a_name_it_is_the_duty_desk(site: Place) -> None:
    code = site.press()
    assert "taken by the duty desk" in site.carehub("alerts", "ack", code).out
    assert listed(site)[0]["taken_by"] == "@desk"
    assert "resolved as genuine by the duty desk" in site.carehub("alerts", "resolve", code).out


def test_who_cannot_go_passes_it_on_and_the_next_step_is_due_now(site: Place) -> None:
    code = site.press()
    site.carehub("alerts", "ack", code, "--by", "wang-li")
    assert "waits for somebody" in site.carehub("alerts", "pass", code, "--by", "wang-li").out
    assert alert(site, code).holder is None
    assert all(duty.wait <= timedelta(0) for duty in alert(site, code).duties.values())


def test_who_cannot_go_leaves_it_with_whoever_has_it(site: Place) -> None:
    code = site.press()
    site.carehub("alerts", "ack", code, "--by", "li-qiang")
    assert "taken by 李强" in site.carehub("alerts", "pass", code, "--by", "wang-li").out
    assert "waits for somebody" in site.carehub("alerts", "pass", code).out  # the desk may take it from anybody


def test_an_alert_is_handed_to_a_certain_person(site: Place) -> None:
    code = site.press()
    site.carehub("alerts", "ack", code, "--by", "li-qiang")
    assert site.carehub("alerts", "pass", code, "--by", "li-qiang", "--to", "zhao-min").code == 0
    assert ("zhao-min", "handed_over") in told(site, code)
    assert "李强: handed it to 赵敏, by command" in site.carehub("alerts", "show", code).out


def test_a_hazard_that_is_still_active_needs_somebody_who_watches_it(site: Place) -> None:
    code = site.press("kitchen-gas", hazard=True)
    refused = site.carehub("alerts", "resolve", code)
    assert refused.code == 1
    assert "kitchen-gas still reports danger" in refused.sentence
    assert "--watched" in refused.sentence
    assert alert(site, code).stage is Stage.OPEN
    assert site.carehub("alerts", "resolve", code, "--watched").code == 0
    assert "still active then: it opens again" in site.carehub("alerts", "show", code).out


@pytest.mark.parametrize("action", ["ack", "arrived", "pass", "resolve"])
def test_acting_on_what_is_resolved_changes_nothing_but_the_history(site: Place, action: str) -> None:
    code = site.press()
    site.carehub("alerts", "resolve", code, "--outcome", "test")
    before = alert(site, code)
    again = site.carehub("alerts", action, code, "--by", "li-qiang")
    assert again.code == 0
    assert "resolved already" in again.err
    after = alert(site, code)
    assert (after.stage, after.outcome, after.resolved_by) == (before.stage, before.outcome, before.resolved_by)


@pytest.mark.parametrize("action", ["show", "ack", "arrived", "pass", "resolve"])
def test_a_code_that_nothing_has_is_one_sentence(site: Place, action: str) -> None:
    done = site.carehub("alerts", action, "ZZ")
    assert done.code == 1
    assert done.sentence == "There is no alert ZZ. `carehub alerts list --all` shows their codes and ids."


@pytest.mark.parametrize("option", ["--by", "--to"])
def test_a_person_who_is_not_there_is_one_sentence_with_those_who_are(site: Place, option: str) -> None:
    code = site.press()
    done = site.carehub("alerts", "pass", code, option, "bob")
    assert done.code == 1
    assert done.sentence == "There is no person bob. Name one by id: li-qiang, wang-li, zhao-min."
    assert alert(site, code).stage is Stage.OPEN


def test_every_act_answers_scripts_with_json_alone(site: Place) -> None:
    code = site.press()
    acts: list[Result] = [
        site.carehub("alerts", "ack", code, "--json"),
        site.carehub("alerts", "arrived", code, "--json"),
        site.carehub("alerts", "pass", code, "--json"),
        site.carehub("alerts", "resolve", code, "--json"),
    ]
    assert [json.loads(done.out)["stage"] for done in acts] == ["acknowledged", "acknowledged", "open", "resolved"]
    assert all(done.err == "" for done in acts)


def test_one_alert_is_shown_whole(site: Place) -> None:
    code = site.press()
    site.carehub("alerts", "ack", code, "--by", "li-qiang")
    site.carehub("alerts", "resolve", code, "--by", "li-qiang", "--note", "她没事")
    page = site.carehub("alerts", "show", code).out
    assert "Note: 她没事" in page
    assert "王丽 by sms: sos, " in page
    for words in ("hub: opened by bed-sos", "hub: step 1 of round 1", "李强: took it, by command"):
        assert words in page
    assert "李强: resolved it as genuine, “她没事”, by command" in page
    whole = json.loads(site.carehub("alerts", "show", code, "--json").out)
    assert [entry["event"] for entry in whole["history"]] == ["opened", "step", "acknowledge", "resolve"]
    assert whole["messages"][0]["person"] == "wang-li"
    assert whole["note"] == "她没事"


def test_a_command_makes_no_empty_database_where_the_hubs_own_is_missing(place: Place) -> None:
    done = place.carehub("alerts", "list")
    assert done.code == 1
    assert "There is no database at" in done.sentence
    assert not (place.folder / "var").exists()


@pytest.mark.parametrize("arguments", [("alerts", "list"), ("shelf", "list"), ("apply", "--yes"), ("db", "check")])
def test_a_damaged_database_is_refused_with_a_sentence_and_left_alone(place: Place, arguments: tuple[str, ...]) -> None:
    place.prepare()
    file = place.folder / "var" / "carehub.db"
    file.write_bytes(b"not a database at all" * 100)
    done = place.carehub(*arguments)
    assert done.code == 1
    assert "is damaged" in done.sentence
    assert file.read_bytes().startswith(b"not a database at all")


def test_a_server_that_does_not_answer_is_one_sentence_without_its_password(place: Place) -> None:
    place.environ["CAREHUB_DATABASE"] = "postgresql://somebody:geheimnis@127.0.0.1:1/carehub"
    for arguments in (("alerts", "list"), ("shelf", "list"), ("db", "check"), ("db", "upgrade")):
        done = place.carehub(*arguments)
        assert done.code == 1
        assert "Connection refused" in done.sentence
        assert "try again" in done.sentence
        assert "geheimnis" not in done.sentence
