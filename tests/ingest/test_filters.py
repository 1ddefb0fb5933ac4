"""Planned filters are disjoint, cover every device once, and never make a press less urgent."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hub.homes import Device, DeviceKind, DeviceRole, Home, Registry
from hub.ingest.filters import (
    DURABLE,
    FilterTree,
    disjoint,
    generalise,
    is_filter,
    marker_topic,
    plan,
    session_for,
)
from hub.ports import Session
from tests.ingest.fakes import WIRE, WireDialect, button, gas, home_of, motion, registry_of

LEVELS = st.sampled_from(["a", "b", "c"])
FILTERS = st.builds(
    lambda levels, end: "/".join([*levels, *end]),
    st.lists(st.one_of(LEVELS, st.just("+")), min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
)
TOPICS = st.lists(LEVELS, min_size=1, max_size=5).map("/".join)


def matches(filter: str, topic: str) -> bool:
    """MQTT 5.0 section 4.7, written the slow way."""
    wanted, given_ = filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted.pop()
        if len(given_) < len(wanted):
            return False
        given_ = given_[: len(wanted)]
    return len(wanted) == len(given_) and all(w in ("+", g) for w, g in zip(wanted, given_, strict=True))


@given(st.lists(FILTERS, max_size=12), TOPICS)
def test_the_tree_finds_what_matches(filters: list[str], topic: str) -> None:
    tree: FilterTree[int] = FilterTree()
    for n, filter in enumerate(filters):
        tree.put(filter, n)
    assert sorted(f for f, _ in tree.matching(topic)) == sorted({f for f in filters if matches(f, topic)})
    for filter in filters[::2]:
        tree.remove(filter)
    left = set(filters) - set(filters[::2])
    assert len(tree) == len(left)
    assert {f for f, _ in tree.matching(topic)} == {f for f in left if matches(f, topic)}


@given(FILTERS, FILTERS, TOPICS)
def test_filters_that_share_a_topic_overlap_and_generalise(one: str, other: str, topic: str) -> None:
    tree: FilterTree[None] = FilterTree()
    tree.put(one, None)
    if matches(one, topic) and matches(other, topic):
        assert tree.overlapping(other) == [(one, None)]
    if matches(one, topic) or matches(other, topic):
        assert matches(generalise(one, other), topic)


@given(st.lists(st.tuples(FILTERS, st.sampled_from(DURABLE)), max_size=12), TOPICS)
def test_every_topic_has_one_filter_on_its_most_urgent_session(wanted: list[tuple[str, Session]], topic: str) -> None:
    found = disjoint(wanted).matching(topic)
    asked = [session for filter, session in wanted if matches(filter, topic)]
    assert len(found) <= 1
    assert bool(asked) <= bool(found)
    if asked:
        assert DURABLE.index(found[0][1]) <= min(map(DURABLE.index, asked))


NAMES = st.lists(st.sampled_from(["flat", "btn", "hall"]), min_size=1, max_size=3).map("/".join)
DEVICES = st.builds(
    lambda name, kind, role: Device("wang", name, kind, f"zigbee2mqtt/{name}", role),
    NAMES,
    st.sampled_from(DeviceKind),
    st.sampled_from([None, *DeviceRole]),
)


@given(
    st.lists(st.tuples(st.sampled_from(["", "homes/1/", "homes/2/", "x-"]), st.lists(DEVICES, max_size=4)), max_size=4)
)
def test_every_device_of_any_site_is_heard_once(homes: list[tuple[str, list[Device]]]) -> None:
    registry = Registry.of([], [home_of(*d, prefix=p, id=str(n)) for n, (p, d) in enumerate(homes)])
    planned = plan(registry, [WIRE], "carehub")
    for home in registry.homes.values():
        for device in home.devices:
            topic = home.prefix + device.topic
            hits = [s for s in DURABLE for f in planned.filters[s] if matches(f, topic)]
            assert len(hits) == 1
            assert planned.session_of(topic) is hits[0]
            assert DURABLE.index(hits[0]) <= DURABLE.index(session_for(device))
            assert any(matches(f, topic) for f in planned.filters[Session.WATCH])
            assert planned.covers(f"{topic}/availability")


def test_each_kind_travels_on_its_session() -> None:
    assert session_for(button("b")) is Session.SOS
    assert session_for(Device("h", "d", DeviceKind.BUTTON, "t", DeviceRole.DOORBELL)) is Session.SOS
    assert session_for(Device("h", "d", DeviceKind.OTHER, "t", DeviceRole.SOS)) is Session.SOS
    assert session_for(gas("g")) is Session.LIFE
    assert session_for(motion("m")) is Session.MAIN


def test_a_button_below_another_devices_topic_takes_the_outer_filter_to_its_session() -> None:
    registry = registry_of(motion("flat"), button("flat/btn"), motion("hall"))
    planned = plan(registry, [WIRE], "carehub")
    assert planned.filters[Session.SOS] == ("zigbee2mqtt/flat/#", marker_topic("carehub", Session.SOS))
    assert "zigbee2mqtt/hall/#" in planned.filters[Session.MAIN]
    assert {"zigbee2mqtt/bridge/state", "zigbee2mqtt/bridge/devices"} <= set(planned.filters[Session.MAIN])


def test_ten_thousand_homes_are_watched_through_one_wildcard() -> None:
    homes = [home_of(button("sos"), prefix=f"homes/{n}/", id=str(n)) for n in range(10_000)]
    planned = plan(Registry.of([], homes), [WIRE], "carehub")
    assert planned.filters[Session.WATCH] == ("homes/+/zigbee2mqtt/#", marker_topic("carehub", Session.WATCH))
    assert len(planned.filters[Session.SOS]) == 10_001


def test_few_homes_are_watched_one_by_one() -> None:
    homes = [home_of(button("sos"), prefix=prefix, id=prefix) for prefix in ("", "homes/1/")]
    watched = plan(Registry.of([], homes), [WIRE], "carehub").filters[Session.WATCH]
    assert watched[:-1] == ("homes/1/zigbee2mqtt/#", "zigbee2mqtt/#") or set(watched[:-1]) == {
        "homes/1/zigbee2mqtt/#",
        "zigbee2mqtt/#",
    }


def test_a_site_without_homes_still_hears_unknown_devices() -> None:
    assert "zigbee2mqtt/#" in plan(Registry(), [WIRE], "carehub").filters[Session.WATCH]


def test_a_device_that_no_dialect_reads_is_subscribed_and_named() -> None:
    home = Home("wang", "0", "", devices=(Device("wang", "odd", DeviceKind.BUTTON, "odd/topic"),))
    planned = plan(Registry.of([], [home]), [WIRE], "carehub")
    assert "odd/topic" in planned.filters[Session.SOS]
    assert planned.faults == ("home wang: device odd: no dialect reads odd/topic",)


def test_what_is_no_filter_is_left_out_and_named() -> None:
    planned = plan(registry_of(button("bed+sos")), [WIRE], "carehub")
    assert planned.filters[Session.SOS] == (marker_topic("carehub", Session.SOS),)
    assert planned.faults == ("'zigbee2mqtt/bed+sos/#' is not an MQTT filter",)
    verdicts: Sequence[tuple[str, bool]] = [("a/#", True), ("+/a", True), ("#", True), ("", False), ("a/#/b", False)]
    assert [is_filter(f) for f, _ in verdicts] == [good for _, good in verdicts]


def test_markers_lie_outside_of_every_dialects_tree() -> None:
    planned = plan(registry_of(button("b")), [WIRE, WireDialect("carehub", "native")], "a/b#+")
    topic = marker_topic("a/b#+", Session.SOS)
    assert topic == "carehub-hub/a-b--/marker/sos"
    assert [f for fs in planned.filters.values() for f in fs if matches(f, topic)] == [topic]


def test_wildcards_never_match_the_brokers_own_topics() -> None:
    tree: FilterTree[int] = FilterTree()
    for filter in ("#", "+/broker/#", "$SYS/#"):
        tree.put(filter, 0)
    assert [f for f, _ in tree.matching("$SYS/broker/uptime")] == ["$SYS/#"]
