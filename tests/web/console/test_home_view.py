"""What the page of a home says, from values alone: rooms, the picture, the door, modes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import State
from hub.accounts import AccountRole
from hub.coverage import judge
from hub.homes import Act, DeviceState, Home, HomeMode, Registry
from hub.ports.sights import Busy, Sight
from hub.rules.gaps import HUB, Gap
from hub.web.console.home_door import door, person_of, resident_of
from hub.web.console.home_modes import NotATime, chosen
from hub.web.console.home_picture import CELLS, LEFT, RIGHT, picture, stays
from hub.web.console.home_rooms import Standing, rooms, shown
from hub.web.console.home_sight import CELL, Moment, Past, window
from hub.web.console.visit import Visit
from hub.web.console.words import Words
from tests.web.console.desk import account
from tests.web.console.homestead import HOUR, MINUTE, NIGHT, PEOPLE, SECOND, VILLAGE, WANG

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ENGLISH, CHINESE = Words("en", SHANGHAI), Words("zh-CN", SHANGHAI)
DAY = timedelta(days=1)


def state(device: str, kind: str, said: State, ago: timedelta, **fields: object) -> DeviceState:
    at = NIGHT - ago
    return replace(DeviceState("ah-001", device, kind, kind, said.value, at, at), **fields)


def moment(*states: DeviceState, home: Home = WANG, causes: tuple[str, ...] = ()) -> Moment:
    return Moment(home, NIGHT, states, judge(home, states, (), causes, NIGHT))


def past(*busy: Busy, **fields: object) -> Past:
    since, until = window(NIGHT)
    return replace(Past(since, until, Sight(busy)), **fields)


def standing(found: Moment, words: Words = ENGLISH) -> Mapping[str, tuple[Standing, str]]:
    return {one.device.id: (one.standing, one.said) for one in shown(found, words)}


# --- rooms ----------------------------------------------------------------------------------------------------


def test_each_device_says_its_last_word() -> None:
    found = standing(
        moment(
            state("bed-sos", "button", State.ACTIVE, 2 * MINUTE),
            state("bed", "bed", State.CLEAR, 3 * MINUTE),
            state("hall-motion", "motion", State.CLEAR, HOUR, life_at=NIGHT - 6 * HOUR),
            state("kitchen-gas", "gas", State.CLEAR, 5 * HOUR),
            state("front-door", "contact", State.ACTIVE, 4 * HOUR),
        )
    )
    assert found["bed-sos"] == (Standing.OK, "Pressed 03:12:26")
    assert found["bed"] == (Standing.OK, "Out of bed since 03:11:26")
    assert found["hall-motion"] == (Standing.OK, "Movement 11-24 21:14")
    assert found["kitchen-gas"] == (Standing.OK, "Normal, 11-24 22:14")
    assert found["front-door"] == (Standing.OK, "Open since 11-24 23:14")
    assert found["bath-motion"] == (Standing.NEVER, "Never heard")


def test_an_alarm_is_an_alarm_a_silent_device_is_not_known_and_a_weak_battery_is_told() -> None:
    low = state("bath-motion", "battery", State.ACTIVE, HOUR)
    found = standing(
        moment(
            state("kitchen-gas", "gas", State.ACTIVE, MINUTE),
            state("yard-motion", "motion", State.CLEAR, 30 * HOUR),
            state("hall-motion", "motion", State.CLEAR, MINUTE),
            low,
        )
    )
    assert found["kitchen-gas"] == (Standing.ALARM, "Gas since 03:13:26")
    assert found["yard-motion"][0] is Standing.LOST
    assert found["bath-motion"][0] is Standing.LOW


def test_a_room_is_tinted_for_ten_minutes_and_unknown_without_a_word_of_its_sensors() -> None:
    now = moment(
        state("hall-motion", "motion", State.CLEAR, MINUTE, life_at=NIGHT - 9 * MINUTE),
        state("bath-motion", "motion", State.CLEAR, MINUTE, life_at=NIGHT - 10 * MINUTE),
        state("kitchen-gas", "gas", State.CLEAR, MINUTE),
        state("yard-motion", "motion", State.CLEAR, 30 * HOUR, life_at=NIGHT - 30 * HOUR),
    )
    by_name = {room.name: room for room in rooms(now, shown(now, ENGLISH), ENGLISH)}
    assert by_name["living room"].lately
    assert not by_name["bathroom"].lately
    assert by_name["yard"].unknown, "its door was never heard, its motion sensor is silent"
    assert by_name["kitchen"].unknown, "the gas detector sees nobody move"
    only_gas = replace(WANG, devices=tuple(d for d in WANG.devices if d.id == "kitchen-gas"))
    now = moment(state("kitchen-gas", "gas", State.CLEAR, MINUTE), home=only_gas)
    (room,) = rooms(now, shown(now, ENGLISH), ENGLISH)
    assert (room.watched, room.unknown) == (False, False)


def test_two_of_a_kind_in_a_room_are_told_apart() -> None:
    second = replace(WANG.devices[2], id="bed-motion-2", topic="zigbee2mqtt/x", place="über der Tür")
    home = replace(WANG, devices=(*WANG.devices, second))
    names = {one.device.id: one.name for one in shown(moment(home=home), ENGLISH)}
    assert names["bed-motion"] == "motion sensor (bed-motion)"
    assert names["bed-motion-2"] == "motion sensor (über der Tür)"


# --- the picture ----------------------------------------------------------------------------------------------


def test_the_picture_ends_with_the_cell_that_holds_now() -> None:
    since, until = window(NIGHT)
    assert until - since == DAY
    assert until - CELL <= NIGHT < until
    assert CELL * CELLS == DAY


def test_it_says_in_words_what_it_draws() -> None:
    cells = [Busy("bed-motion", "motion", 13, 1), Busy("kitchen-motion", "motion", 15, 12)]
    found = picture(WANG, past(*cells), NIGHT, ENGLISH)
    assert [row.name for row in found.rows] == ["bedroom", "living room", "kitchen", "bathroom", "yard"]
    assert found.said[0].startswith("Movement from 06:30 to 07:15, most in: kitchen.")
    assert "Longest without: about 20 h" in found.said[0]
    assert found.paths[0].count("M") == 1
    assert found.paths[3].count("M") == 1
    assert picture(WANG, past(), NIGHT, ENGLISH).said == ("No movement in these 24 hours.",)
    assert picture(replace(WANG, devices=()), past(), NIGHT, ENGLISH).said == ("No sensor here sees movement.",)


def test_what_nobody_heard_is_hatched_and_one_sensor_that_is_heard_is_enough() -> None:
    yard, door = "zigbee2mqtt/yard-motion", "zigbee2mqtt/front-door"
    lost = Gap(yard, NIGHT - 16 * HOUR)
    found = picture(WANG, past(gaps=(lost,)), NIGHT, ENGLISH)
    assert found.hatched == ()
    found = picture(WANG, past(gaps=(lost, Gap(door, NIGHT - 2 * HOUR, NIGHT - HOUR))), NIGHT, ENGLISH)
    (box,) = found.hatched
    assert box.width == pytest.approx((RIGHT - LEFT) / 24, abs=0.2)
    assert "No signal: yard 01:14 to 02:14." in found.said
    hub = picture(WANG, past(gaps=(Gap(HUB, NIGHT - 3 * HOUR, NIGHT - HOUR),)), NIGHT, ENGLISH)
    assert len(hub.hatched) == 5, "nobody heard anything"


def test_modes_are_outlined_until_they_end_or_another_begins() -> None:
    def act(event: str, ago: timedelta, until: timedelta | None = None) -> Act:
        detail = {} if until is None else {"until": (NIGHT + until).isoformat()}
        return Act(NIGHT - ago, "li-qiang", event, "ah-001", detail)

    acts = [act("back", 2 * HOUR), act("hospital", 5 * HOUR, DAY), act("away", 40 * HOUR, -23 * HOUR)]
    found = stays(WANG, acts, NIGHT - DAY, NIGHT)
    assert [(s.mode, s.since, s.until) for s in found] == [
        (HomeMode.AWAY, NIGHT - DAY, NIGHT - 23 * HOUR),
        (HomeMode.HOSPITAL, NIGHT - 5 * HOUR, NIGHT - 2 * HOUR),
    ]
    (just_now,) = stays(replace(WANG, away_until=NIGHT + HOUR), [act("away", 0 * HOUR, HOUR)], NIGHT - DAY, NIGHT)
    assert (just_now.since, just_now.until) == (NIGHT, NIGHT + HOUR)
    by_file = replace(WANG, away_until=NIGHT + HOUR)
    assert [s.mode for s in stays(by_file, [], NIGHT - DAY, NIGHT)] == [HomeMode.AWAY]
    assert stays(WANG, [], NIGHT - DAY, NIGHT) == ()


@pytest.mark.promise("P8")
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_on_which_clocks_change_is_drawn_whole(day: str) -> None:
    words = Words("en", BERLIN)
    now = datetime.fromisoformat(f"{day}T18:07:00+00:00")
    since, until = window(now)
    found = picture(WANG, Past(since, until, Sight((Busy("bed-motion", "motion", 95, 1),))), now, words)
    assert found.now_x == pytest.approx(RIGHT, abs=9)
    hours = [hour for _, hour in found.hours]
    assert len(hours) == len(set(hours)), "no hour stands there twice"


@given(st.lists(st.tuples(st.sampled_from([d.id for d in WANG.devices]), st.integers(-3, 99), st.integers(1, 5_000))))
def test_whatever_was_counted_is_drawn_inside_the_picture(counted: list[tuple[str, int, int]]) -> None:
    busy = [Busy(device, "motion", cell, count) for device, cell, count in counted]
    found = picture(WANG, past(*busy), NIGHT, CHINESE)
    starts = [float(piece.split()[0]) for path in found.paths for piece in path.split("M")[1:]]
    assert all(LEFT <= x < RIGHT for x in starts)
    assert len(starts) == sum(count > 0 for row in found.rows for count in row.counts)
    assert all(found.said)


# --- the door -------------------------------------------------------------------------------------------------


def visit(*roles: AccountRole, words: Words = ENGLISH) -> Visit:
    registry = Registry.of(PEOPLE, (WANG,))
    return Visit(account(*roles, areas=(VILLAGE,)), registry, words, NIGHT, "c", "site")


def test_needs_say_what_they_mean_for_the_answer() -> None:
    home = replace(WANG, residents=(replace(WANG.residents[0], needs=frozenset({"deaf", "no_speech"})),))
    found = door(visit(AccountRole.VILLAGE), home, ())
    assert [tip.head for tip in found.tips] == ["Hard of hearing", "Cannot speak", "Way in", "Walking", "To know"]
    assert "A silent call is a call: go." in found.tips[1].text
    assert found.residents[0].age == "88 years (born 1938)"


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", [AccountRole.INSTALLER, AccountRole.ADMINISTRATOR])
def test_who_does_not_answer_calls_does_not_learn_how_to_get_in(role: AccountRole) -> None:
    found = door(visit(role), WANG, ())
    assert [tip.head for tip in found.tips] == ["Hard of hearing"]
    assert found.residents[0].doctor == ""


@pytest.mark.promise("P10")
def test_numbers_are_masked_and_dead_ones_are_named() -> None:
    found = door(visit(AccountRole.COUNTY), WANG, ("number:wang-li", "sos"))
    assert [(near.name, near.number, near.dead) for near in found.contacts] == [
        ("王丽", "+44****0101", True),
        ("赵婶", "+44****0105", False),
    ]


@pytest.mark.parametrize(
    "key", ["", "nobody", "li-qiang", "resident", "resident:", "resident:1", "resident:-1", "resident:x", "resident:²"]
)
def test_a_form_that_names_somebody_else_gets_nobody(key: str) -> None:
    registry = Registry.of(PEOPLE, (WANG,))
    assert person_of(WANG, registry, key) is None
    assert resident_of(WANG, key) is None


# --- modes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "at", "local"),
    [
        ("2h", "", "2026-11-25 05:14"),
        ("evening", "", "2026-11-25 18:00"),
        ("noon", "", "2026-11-26 12:00"),
        ("3d", "", "2026-11-28 03:14"),
        ("at", "2026-11-25T06:30", "2026-11-25 06:30"),
    ],
)
def test_ends_are_local_times(until: str, at: str, local: str) -> None:
    mode, end = chosen({"mode": "away", "until": until, "at": at}, NIGHT, ENGLISH)
    assert mode is HomeMode.AWAY
    assert end is not None
    assert f"{end.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" == local


@pytest.mark.promise("P8")
def test_three_days_are_the_same_time_of_day_though_clocks_change() -> None:
    now = datetime(2026, 3, 27, 17, 0, tzinfo=UTC)  # 18:00 in Berlin, two days before summer time
    _, end = chosen({"mode": "hospital", "until": "3d"}, now, Words("en", BERLIN))
    assert end == datetime(2026, 3, 30, 16, 0, tzinfo=UTC)
    _, end = chosen({"mode": "hospital", "until": "8h"}, now + DAY, Words("en", BERLIN))
    assert end == now + DAY + 8 * HOUR
    # an hour that is not there is the one after it, one that comes twice the first of them
    _, end = chosen({"mode": "away", "until": "at", "at": "2026-03-29T02:30"}, now, Words("en", BERLIN))
    assert end == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    _, end = chosen({"mode": "away", "until": "at", "at": "2026-10-25T02:30"}, now, Words("en", BERLIN))
    assert end == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"mode": "test", "until": "1h"}, "Choose what the home is in."),
        ({"mode": "away"}, "Choose until when."),
        ({"mode": "away", "until": "at", "at": "soon"}, "Write date and time"),
        ({"mode": "away", "until": "at", "at": "2026-11-25T03:14"}, "That time is past."),
        ({"mode": "maintenance", "until": "at", "at": "2026-11-25T11:15"}, "Maintenance lasts 8 hours at most."),
        ({"mode": "maintenance", "until": "3d"}, "Maintenance lasts 8 hours at most."),
        ({"mode": "visitor", "until": "at", "at": "2029-11-25T11:15"}, "more than a year ahead"),
        ({"mode": "visitor", "until": "at", "at": "9999-12-31T23:59"}, "more than a year ahead"),
        ({"mode": "visitor", "until": "at", "at": "0001-01-01T00:00"}, "Write date and time"),
    ],
)
def test_a_form_that_says_no_time_is_answered_in_a_sentence(form: dict[str, str], words: str) -> None:
    with pytest.raises(NotATime, match=words):
        chosen(form, NIGHT, ENGLISH)
    with pytest.raises(NotATime) as told:
        chosen(form, NIGHT, CHINESE)
    assert str(told.value).isascii() is False


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_any_form_is_a_mode_or_a_sentence(mode: str, until: str, at: str) -> None:
    for wanted in (mode, "away"):
        for end in (until, "at"):
            try:
                found = chosen({"mode": wanted, "until": end, "at": at}, NIGHT, ENGLISH)
            except NotATime:
                continue
            assert found == (None, None) or (found[1] is not None and found[1] > NIGHT - SECOND)
