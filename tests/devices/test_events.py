"""What happened, each once: presses, edges of states, links; repeats are none."""

from datetime import UTC, datetime, timedelta

import pytest

from devices import events as module
from devices.events import Events
from devices.reading import Kind, Reading, State

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
ACTIVE, CLEAR = State.ACTIVE, State.CLEAR


def press(action: str | None = "single", **fields: object) -> Reading:
    return Reading("z/b", "b", Kind.BUTTON, ACTIVE, **{"property": "action", "action": action, **fields})  # type: ignore[arg-type]


def state(kind: Kind, value: State, name: str = "x", **fields: object) -> Reading:
    return Reading("z/b", "b", kind, value, name, **fields)  # type: ignore[arg-type]


class Stream:
    def __init__(self) -> None:
        self.events = Events()

    def hear(self, *readings: Reading, ms: int | None = 0, topic: str = "z/b") -> list[tuple[Kind, State]]:
        at = None if ms is None else NOON + ms * MS
        return [(event.kind, event.edge) for event in self.events.of(readings, topic, at)]


PRESS = [(Kind.BUTTON, ACTIVE)]


def test_equal_presses_within_half_a_second_are_one() -> None:
    stream = Stream()
    assert stream.hear(press()) == PRESS
    assert stream.hear(press(), ms=4, topic="z/b/action") == []
    assert stream.hear(press(), ms=500) == []
    assert stream.hear(press(), ms=501) == PRESS
    assert stream.hear(press("double"), ms=502) == PRESS


def test_without_times_only_a_second_topic_repeats_a_press() -> None:
    stream = Stream()
    assert stream.hear(press(), ms=None) == PRESS
    assert stream.hear(press(), ms=None, topic="z/b/action") == []
    assert stream.hear(press(), ms=None) == PRESS


def test_a_counted_press_is_new_when_its_number_changes() -> None:
    stream = Stream()
    told = [stream.hear(press(seq=seq), ms=30_000 * n) for n, seq in enumerate((57, 57, 58, 2))]
    assert told == [PRESS, [], PRESS, PRESS]


@pytest.mark.promise("P7")
def test_a_retained_press_never_counts_and_a_retained_state_does() -> None:
    stream = Stream()
    assert stream.hear(press(retained=True), press(None, property="sos", sos=True, retained=True)) == []
    assert stream.hear(state(Kind.GAS, ACTIVE, retained=True)) == [(Kind.GAS, ACTIVE)]


def test_a_state_counts_when_it_changes() -> None:
    stream = Stream()
    told = [
        stream.hear(state(Kind.MOTION, value), ms=n) for n, value in enumerate((CLEAR, ACTIVE, ACTIVE, CLEAR, CLEAR))
    ]
    assert told == [[], [(Kind.MOTION, ACTIVE)], [], [(Kind.MOTION, CLEAR)], []]


def test_several_properties_for_one_fact_are_one() -> None:
    stream = Stream()
    assert stream.hear(state(Kind.CO, ACTIVE, "alarm"), state(Kind.CO, ACTIVE, "carbon_monoxide")) == [
        (Kind.CO, ACTIVE)
    ]
    assert stream.hear(state(Kind.CO, CLEAR, "alarm")) == []
    assert stream.hear(state(Kind.CO, CLEAR, "carbon_monoxide")) == [(Kind.CO, CLEAR)]


def test_a_call_that_lasts_is_one_press_until_it_clears() -> None:
    stream = Stream()
    lasting = press(None, property="sos", sos=True)
    released = state(Kind.BUTTON, CLEAR, "sos", sos=True)
    told = [stream.hear(reading, ms=n * 1_000) for n, reading in enumerate((lasting, lasting, released, lasting))]
    assert told == [PRESS, [], [(Kind.BUTTON, CLEAR)], PRESS]


def test_an_action_and_a_state_beside_it_are_one_call() -> None:
    assert Stream().hear(press("sos", sos=True), press(None, property="sos", sos=True)) == PRESS


def test_links_count_when_they_change_and_being_there_at_first_is_none() -> None:
    stream = Stream()
    steps = (State.ONLINE, State.OFFLINE, State.OFFLINE, State.ALIVE, State.ONLINE)
    told = [stream.hear(state(Kind.BRIDGE, step)) for step in steps]
    assert told == [[], [(Kind.BRIDGE, State.OFFLINE)], [], [], [(Kind.BRIDGE, State.ONLINE)]]
    assert Stream().hear(state(Kind.AVAILABILITY, State.OFFLINE, retained=True)) == [(Kind.AVAILABILITY, State.OFFLINE)]


def test_each_step_of_a_device_s_life_counts() -> None:
    stream = Stream()
    left = Reading("z/b", "b", Kind.LIFECYCLE, State.LEFT)
    assert stream.hear(left) == stream.hear(left) == [(Kind.LIFECYCLE, State.LEFT)]


def test_numbers_and_lists_are_no_events() -> None:
    assert Stream().hear(Reading("z/b", "b", Kind.GAS, value=12.0), Reading("z/b", "b", Kind.DISCOVERY)) == []


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 10)
    events = Events()
    for n in range(100):
        at = NOON + n * MS
        events.of([Reading(f"z/{n}", str(n), Kind.GAS, ACTIVE), press()._replace(source=f"z/{n}")], "z", at)
    assert len(events._facts) == len(events._presses) == 10
