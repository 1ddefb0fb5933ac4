"""What programs see and do: the same acts as at the console, with its rights and its records."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.accounts import EVERYWHERE, AccountRole, Right
from hub.alerts.alert import Stage
from hub.homes import HomeMode
from hub.ports import Lane
from tests.store.samples import an_alert
from tests.web.api.programs import Program, Programs, Said
from tests.web.console.doors import COUNTY, OTHER, VILLAGE


@pytest.fixture
async def staff(site: Programs) -> Program:
    """Return a program that acts for 李强, whose village has one open alert."""
    await site.house.engine.store.write(Lane.DUTY, lambda t: t.save_alert(an_alert(home="ah-001")))
    return await site.program(AccountRole.VILLAGE, person="li-qiang")


async def now(site: Programs) -> Any:
    return await site.house.engine.store.read(lambda t: t.alert("01A"))


async def test_an_alert_from_taking_it_to_its_end(site: Programs, staff: Program) -> None:
    (listed,) = (await staff.get("/alerts")).body["items"]
    assert (listed["id"], listed["stage"], listed["home"], listed["area"]) == ("01A", "open", "ah-001", VILLAGE)
    taken = await staff.post("/alerts/01A/take")
    assert (taken.status, taken.body["answer"], taken.body["alert"]["taken_by"]) == (200, "done", "li-qiang")
    assert (await staff.post("/alerts/01A/take")).body["answer"] == "mine"
    for path, body in (("on-my-way", None), ("arrived", None), ("note", {"text": "门锁着"})):
        answer = await staff.post(f"/alerts/01A/{path}", body)
        assert (answer.status, answer.body["answer"]) == (200, "done"), path
    ended = await staff.post("/alerts/01A/resolve", {"outcome": "genuine", "note": "扶起来了"})
    assert (ended.body["alert"]["stage"], ended.body["alert"]["outcome"]) == ("resolved", "genuine")
    assert (await now(site)).stage is Stage.RESOLVED
    assert (await staff.get("/alerts")).body["items"] == []
    (whole,) = (await staff.get("/alerts?all=true")).body["items"]
    assert whole["outcome"] == "genuine"
    lines = (await staff.get("/alerts/01A/history")).body["items"]
    assert {line["who"] for line in lines if line["event"] in ("acknowledge", "arrived", "note")} == {"li-qiang"}
    assert {line["detail"]["via"] for line in lines if line["event"] == "acknowledge"} == {"api"}


async def test_it_is_found_by_its_code(staff: Program) -> None:
    code = (await staff.get("/alerts/01A")).body["code"]
    assert (await staff.get(f"/alerts/{code.lower()}")).body["id"] == "01A"


async def test_who_comes_second_hears_who_was_first(site: Programs, staff: Program) -> None:
    await site.house.engine.store.write(
        Lane.DUTY, lambda t: t.save_alert(an_alert(home="ah-001", stage=Stage.ACKNOWLEDGED, holder="wang-li"))
    )
    second = await staff.post("/alerts/01A/take")
    assert (second.status, second.body["answer"], second.body["alert"]["taken_by"]) == (409, "taken", "wang-li")
    assert (await staff.post("/alerts/01A/join")).body["answer"] == "done"


async def test_what_is_missing_is_said(staff: Program) -> None:
    for path, body in (
        ("hand-over", {"to": "nobody"}),
        ("silence", {"reason": "other"}),
        ("note", {"text": "  "}),
        ("note", {"text": ""}),
        ("resolve", {"outcome": "well"}),
        ("resolve", {}),
        ("resolve", None),
        ("hand-over", {"to": "li-qiang", "extra": 1}),
        ("note", {"text": "x" * 501}),
    ):
        answer = await staff.post(f"/alerts/01A/{path}", body)
        assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json"), path
        assert answer.body["detail"].endswith("."), path


async def test_a_detector_that_still_alarms_needs_one_more_word(site: Programs, staff: Program) -> None:
    await site.house.engine.store.write(Lane.DUTY, lambda t: t.save_alert(an_alert(home="ah-001", active=True)))
    first = await staff.post("/alerts/01A/resolve", {"outcome": "false"})
    assert (first.status, first.body["answer"]) == (409, "active")
    assert (await staff.post("/alerts/01A/resolve", {"outcome": "false", "watched": True})).status == 200


async def test_an_account_without_a_person_takes_nothing(site: Programs, staff: Program) -> None:
    other = await site.program(AccountRole.VILLAGE)
    answer = await other.post("/alerts/01A/take")
    assert (answer.status, "is no person" in answer.body["detail"]) == (403, True)
    assert (await other.post("/alerts/01A/note", {"text": "seen"})).status == 200
    assert (await now(site)).stage is Stage.OPEN


async def test_an_administrator_answers_no_alerts(site: Programs, staff: Program) -> None:
    program = await site.program(AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))
    assert (await program.get("/alerts")).status == 200
    assert (await program.post("/alerts/01A/note", {"text": "x"})).status == 403


async def test_pages_hold_each_alert_once(site: Programs) -> None:
    began = site.house.clock.now()

    def add(t: Any) -> None:
        for n in range(25):
            home = "ah-001" if n % 2 else "ah-002"
            opened = began - timedelta(minutes=n // 3)
            t.save_alert(an_alert(id=f"01{n:02}", home=home, cause=f"c{n}", code=f"K{n:02}", opened_at=opened))

    await site.house.engine.store.write(Lane.DUTY, add)
    program = await site.program(AccountRole.COUNTY, areas=(VILLAGE,))
    seen, cursor = list[str](), ""
    for _ in range(20):
        page = (await program.get(f"/alerts?limit=5{cursor}")).body
        assert len(page["items"]) <= 5
        seen += [alert["id"] for alert in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 12
    opened = [datetime.fromisoformat(a["opened_at"]) for a in (await program.get("/alerts")).body["items"]]
    assert opened == sorted(opened, reverse=True)
    assert (await program.get("/alerts?severity=notice")).body["items"] == []
    assert (await program.get("/alerts?home=ah-002")).body["items"] == []


async def test_homes_and_people_have_pages_too(site: Programs) -> None:
    program = await site.program(AccountRole.COUNTY, areas=(COUNTY,))
    for path, ids in (("homes", ["ah-001", "ah-002"]), ("people", ["li-qiang", "sun-zhi", "wang-li"])):
        seen, cursor = list[str](), ""
        while True:
            page = (await program.get(f"/{path}?limit=1{cursor}")).body
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == ids
    assert [home["id"] for home in (await program.get(f"/homes?area={OTHER}")).body["items"]] == ["ah-002"]


@pytest.mark.promise("P10")
async def test_a_look_at_a_home_is_recorded_and_numbers_are_masked(site: Programs, staff: Program) -> None:
    home = (await staff.get("/homes/ah-001")).body
    assert home["contacts"][0]["phone"] == "+44****0101"
    (look,) = await site.house.log("looked")
    assert (look.who, look.home_id, look.area) == ("li-qiang", "ah-001", VILLAGE)
    assert "900101" not in (await staff.get("/people")).text
    number = await staff.post("/people/wang-li/phone")
    assert number.body == {"phone": "+447700900101"}
    (asked,) = await site.house.log("revealed_phone")
    assert (asked.home_id, asked.detail["person"]) == ("ah-001", "wang-li")


async def test_a_mode_has_an_end_and_is_ended(site: Programs, staff: Program) -> None:
    until = site.house.clock.now() + timedelta(hours=3)
    said = await staff.ask("PUT", "/api/v1/homes/ah-001/mode", {"mode": "away", "until": until.isoformat()})
    assert (said.status, said.body["mode"]["mode"]) == (200, "away")
    assert datetime.fromisoformat(said.body["mode"]["until"]) == until
    home = (await site.house.engine.load()).homes["ah-001"]
    assert home.mode is HomeMode.AWAY
    back = await staff.ask("DELETE", "/api/v1/homes/ah-001/mode")
    assert back.body["mode"] is None
    for wrong in (
        {"mode": "away", "until": "2020-01-01T00:00:00Z"},
        {"mode": "maintenance", "until": (until + timedelta(days=1)).isoformat()},
        {"mode": "test", "until": until.isoformat()},
        {"mode": "away", "until": "2026-03-02T00:00:00"},
        {"mode": "away"},
    ):
        assert (await staff.ask("PUT", "/api/v1/homes/ah-001/mode", wrong)).status == 422, wrong


async def test_a_program_that_asks_too_often_is_told_to_wait(site: Programs) -> None:
    program = await site.program(AccountRole.VILLAGE, rights={Right.SEE_ALERTS})
    answers: list[Said] = [await program.get("/account") for _ in range(51)]
    assert [answer.status for answer in answers] == [200] * 50 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await (await site.program(AccountRole.VILLAGE)).get("/account")).status == 200
    site.house.passes(timedelta(seconds=1))
    assert (await program.get("/account")).status == 200
