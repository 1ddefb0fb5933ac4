"""What the board shows of alerts: who has each or what comes next, in which order, in how much room."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.accounts import EVERYWHERE, Account, AccountRole, Right
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Duty, DutyKind, Entry, Outcome, Stage
from hub.alerts.machine import InvalidTransition, StillDangerous, apply, due
from hub.alerts.place import area_of
from hub.alerts.policy import Severity
from hub.decide import World
from hub.homes import SITE, Registry
from hub.web.console.board import Coming, Doing, Group, Item, Kind, Standing, board, card, group
from hub.web.console.drawing import environment
from hub.web.console.sayings import Sayings
from hub.web.console.words import Words
from tests.engine.pocket import CHEN, HOUR, MINUTE, PEOPLE, POLICIES, SECOND, VILLAGE, WANG, Pocket

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
REGISTRY = Registry.of(PEOPLE, (WANG, CHEN), 1, {VILLAGE: "上堡村"})


def item(hub: Pocket) -> Item:
    alert = hub.alert()
    return Item(alert, hub.memory.history(alert.id), hub.memory.notifications(alert.id), 1)


def pressed() -> Pocket:
    hub = Pocket(WANG)
    hub.press()
    return hub


def sayings(language: str = "en") -> Sayings:
    return Sayings(Words(language, ZoneInfo("Asia/Shanghai")), REGISTRY, "site")


def test_an_open_alert_says_whom_it_asks_next_when_and_how() -> None:
    shown = card(item(pressed()), REGISTRY)
    assert shown.next is not None
    assert (shown.next.kind, shown.next.people, shown.next.due_at) == (Coming.STEP, ("nurse",), NOON + MINUTE)
    assert [rung.group for rung in shown.rungs] == [Group.FAMILY, Group.STAFF, Group.SUPERVISOR]
    assert [rung.standing for rung in shown.rungs] == [Standing.NOW, Standing.SOON, Standing.SOON]
    assert [rung.at for rung in shown.rungs] == [NOON, NOON + MINUTE, NOON + 3 * MINUTE]
    assert shown.again_at == NOON + 8 * MINUTE


@pytest.mark.parametrize(
    ("what", "language", "said"),
    [
        ("sos", "zh-CN", "又按了一次，共 2 次"),
        ("gas", "zh-CN", "又报警一次，共 2 次"),
        ("sos", "en", "Pressed again, 2 times now"),
    ],
)
def test_a_button_is_pressed_again_and_a_detector_alarms_again(what: str, language: str, said: str) -> None:
    assert sayings(language).line(Entry(NOON, "hub", "again", {"count": 2}), what) == said


@pytest.mark.parametrize(
    ("then", "said"), [(("nurse",), "If late: %s is asked"), (("nurse", "daughter"), "If late: %s are asked")]
)
def test_who_is_asked_if_the_holder_is_late_is_one_or_several(then: tuple[str, ...], said: str) -> None:
    hub = pressed()
    hub.command(lambda _: ev.Acknowledge("daughter", "sms"))
    shown = card(item(hub), hub.world.registry)
    assert shown.holder is not None
    shown = replace(shown, holder=replace(shown.holder, then=then))
    words = Words("en", ZoneInfo("Asia/Shanghai"))
    facts = {
        "s": sayings(),
        "w": words,
        "_": words.say,
        "ngettext": words.count,
        "now": hub.now,
        "me": "",
        "acts": True,
    }
    drawn = environment().get_template("_board.html").make_module(facts).whole(shown, "c-1")  # type: ignore[attr-defined]
    names = str(sayings().people(then))
    assert said % names in drawn


def test_a_step_that_reaches_nobody_is_called_so() -> None:
    hub = pressed()
    assert group((), hub.alert(), None) is Group.NOBODY


def test_what_was_foretold_happens_then() -> None:
    hub = pressed()
    foretold = card(item(hub), REGISTRY)
    hub.forward(8 * MINUTE)
    steps = [e.at for e in hub.memory.history(hub.alert().id) if e.event == "step"]
    assert steps == [*(rung.at for rung in foretold.rungs), foretold.again_at]


def test_the_last_step_is_followed_by_the_first() -> None:
    hub = pressed()
    hub.forward(4 * MINUTE)
    shown = card(item(hub), REGISTRY)
    assert shown.next is not None
    assert (shown.next.kind, shown.next.people) == (Coming.ROUND, ("daughter",))
    assert [rung.standing for rung in shown.rungs] == [Standing.DONE, Standing.DONE, Standing.NOW]


def test_who_has_it_has_a_promise_and_somebody_behind() -> None:
    hub = pressed()
    hub.reply("daughter", "1")
    shown = card(item(hub), REGISTRY)
    assert (shown.next, shown.waits) == (None, False)
    assert shown.holder is not None
    assert (shown.holder.person, shown.holder.doing, shown.holder.until, shown.holder.then) == (
        "daughter",
        Doing.HAS,
        NOON + 20 * MINUTE,
        ("nurse",),
    )


def test_who_was_asked_by_name_is_shown_until_the_ladder_goes_on() -> None:
    hub = pressed()
    hub.command(lambda _: ev.HandOver("daughter", "boss"))
    shown = card(item(hub), REGISTRY)
    assert shown.next is not None
    assert (shown.next.kind, shown.next.handed_to, shown.next.people) == (Coming.HANDED, "boss", ("nurse",))
    hub.forward(2 * MINUTE)
    later = card(item(hub), REGISTRY).next
    assert later is not None
    assert later.kind is not Coming.HANDED


EVENTS = st.sampled_from(
    [
        ev.Acknowledge("daughter", "console"),
        ev.Acknowledge("nurse", "console"),
        ev.Pass("daughter", "console"),
        ev.HandOver("nurse", "boss", "console"),
        ev.Arrived("nurse", "console"),
        ev.NeedHelp("nurse"),
        ev.Noted("nurse", "on_way"),
        ev.Again(NOON, "bathroom"),
        ev.Resolve("nurse", Outcome.GENUINE),
        ev.Hurry("failed"),
        None,
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 3000)), max_size=12))
def test_whatever_happens_an_open_alert_shows_its_holder_or_what_comes_next_with_a_time(
    happenings: Sequence[tuple[ev.Event | None, int]],
) -> None:
    """Promise P3, as somebody sees it; and each sentence about it can be said in both languages."""
    world = World("site", REGISTRY, POLICIES)
    hub = pressed()
    alert, now, history = hub.alert(), NOON, list(hub.memory.history(hub.alert().id))
    for event, seconds in happenings:
        now += seconds * SECOND
        while (coming := due(alert, now)) is not None:
            change = apply(alert, coming, world.scene(now))
            alert, history = change.alert, [*history, *change.entries]
        if event is not None:
            try:
                change = apply(alert, event, world.scene(now))
            except (InvalidTransition, StillDangerous):
                continue
            alert, history = change.alert, [*history, *change.entries]
        if alert.stage is Stage.RESOLVED:
            return
        shown = card(Item(alert, history, (), 1), REGISTRY)
        assert (shown.next is None) is not (shown.holder is None)
        at = shown.next.due_at if shown.next else shown.holder.until if shown.holder else None
        assert at is not None
        assert at >= now
        for language in ("en", "zh-CN"):
            said = sayings(language)
            assert said.then(shown) or shown.holder
            assert all(said.line(entry) for entry in history if entry.event not in ("answer", "changed"))


# --- many


def alert(n: int, severity: Severity = Severity.EMERGENCY, *, held: bool = False, home: str = "wang") -> Alert:
    at = NOON - n * MINUTE
    found = replace(
        pressed().alert(), id=f"{n:03}", home_id=home, severity=severity, opened_at=at, cause=f"c{n}", code=f"K{n}"
    )
    if not held:
        return found
    duties = {DutyKind.PROMISE: Duty(NOON + HOUR, HOUR)}
    return replace(found, stage=Stage.ACKNOWLEDGED, holder="nurse", promised_until=NOON + HOUR, duties=duties)


def shown(*alerts: Alert, opened: Sequence[datetime] = ()) -> Any:
    cards = [card(Item(one, (Entry(one.opened_at, "hub", "opened"),), (), 1), REGISTRY) for one in alerts]
    return board(cards, opened, NOON)


def test_who_waits_stands_above_who_has_somebody_and_the_longest_wait_on_top() -> None:
    found = shown(alert(1), alert(5, held=True), alert(3), alert(9, Severity.WARNING))
    assert [c.alert.id for c in found.cards] == ["003", "001", "005", "009"]
    counted = found.counted[Severity.EMERGENCY]
    assert (counted.waiting, counted.held, counted.all) == (2, 1, 3)
    assert found.first is not None


def test_many_stay_readable_emergencies_single_warnings_by_village_notices_counted() -> None:
    warnings = [alert(n, Severity.WARNING) for n in range(100, 140)]
    found = shown(*(alert(n) for n in range(5)), *warnings, *(alert(n, Severity.NOTICE) for n in range(200, 220)))
    kinds = {severity: [row.kind for row in rows] for severity, rows in found.rows.items()}
    assert kinds[Severity.EMERGENCY] == [Kind.CARD] * 3 + [Kind.BRIEF] * 2
    assert kinds[Severity.WARNING] == [Kind.GROUP]
    assert kinds[Severity.NOTICE] == [Kind.FOLD]
    assert sayings().mixed(found.rows[Severity.WARNING][0].cards) == "emergency call 40"


@pytest.mark.requirement("36")
@pytest.mark.parametrize(("within_ten", "is_flood"), [(9, False), (10, True)])
def test_ten_in_ten_minutes_are_a_flood(within_ten: int, is_flood: bool) -> None:
    opened = [NOON - timedelta(seconds=59 * n) for n in range(within_ten)] + [NOON - 30 * MINUTE]
    found = shown(alert(1), opened=opened)
    assert (found.is_flood, found.this_hour) == (is_flood, within_ten + 1)


@pytest.mark.parametrize(
    ("language", "address"),
    [("zh-CN", "安河县上堡村三社12号"), ("en", "三社12号, 上堡村, 安河县")],
)
def test_who_comes_from_outside_is_told_village_and_county(language: str, address: str) -> None:
    areas = {VILLAGE: "上堡村", VILLAGE[:6].ljust(12, "0"): "安河县"}
    home = replace(WANG, address="三社12号")
    said = Sayings(Words(language, ZoneInfo("UTC")), Registry.of(PEOPLE, (home,), 1, areas), "site")
    assert said.address(alert(1), home) == address
    assert said.address(alert(1), replace(home, address="安河县上堡村三社12号")) == "安河县上堡村三社12号"
    assert said.address(replace(alert(1), facts={"addr": "x"}), None) == "x"


def test_a_device_that_nobody_registered_is_named_with_what_it_is() -> None:
    facts = {"dev": "xyz" + "z" * 200, "device_kind": "gas"}
    cry = replace(alert(1), home_id="@site", what="unknown", facts=facts)
    shown = card(Item(cry, (), (), 1), REGISTRY)
    assert sayings().place(shown).startswith("gas detector xyz")
    assert len(sayings().place(shown)) < 100
    nameless = card(Item(replace(cry, what="session_lost", room=None, facts={}), (), (), 1), REGISTRY)
    assert sayings().announced(nameless).endswith(", site")


@pytest.mark.promise("P10")
def test_a_closed_alert_of_a_home_that_is_gone_is_not_for_other_areas() -> None:
    other = Account("o", "o", frozenset({AccountRole.COUNTY}), ("620702000000",))
    whole = Account("w", "w", frozenset({AccountRole.COUNTY}), (EVERYWHERE,))
    lone = replace(alert(1), home_id="gone")
    assert other.may(Right.SEE_ALERTS, area_of(lone, REGISTRY))  # it waits: somebody must take it
    closed = replace(lone, stage=Stage.RESOLVED)
    assert not other.may(Right.SEE_ALERTS, area_of(closed, REGISTRY))
    assert whole.may(Right.SEE_ALERTS, area_of(closed, REGISTRY))
    assert other.may(Right.SEE_ALERTS, area_of(replace(closed, home_id=SITE), REGISTRY))


def test_a_name_with_markup_in_it_is_a_name() -> None:
    said = Sayings(Words("en", ZoneInfo("UTC")), Registry.of(PEOPLE, (WANG,)), "<i>site</i>")
    lone = replace(alert(1), home_id="gone", facts={"who": "<b>x</b>"})
    assert said.head(lone, said.name_of_home(lone)) == "<bdi>&lt;b&gt;x&lt;/b&gt;</bdi> pressed the emergency button"
    assert "&lt;b&gt;" in said.line(Entry(NOON, "nurse", "note", {"text": "<b>"}))  # type: ignore[operator]
