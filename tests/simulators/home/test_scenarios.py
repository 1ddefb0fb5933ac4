"""Scenarios do what their words say; between them she lives her day, and never walks through a wall."""

from datetime import timedelta
from itertools import pairwise

import pytest

from simulators.home import OUTSIDE, SCENARIOS, CannotPoke, Doing, Machine, NoScenario, Plan, Resident, scenario_named
from tests.simulators.home.simulated import START, content, described, lived, machine_of, played, said, told

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def way(machine: Machine, until: timedelta) -> list[Resident]:
    """Let a home live, and return where she was after each thing that happened."""
    seen = [machine.resident]
    while (due := machine.next_due()) <= machine.started_at + until:
        machine.advance(due)
        seen.append(machine.resident)
    return seen


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_she_walks_through_doors_only_and_goes_on_with_her_day(name: str, seed: int, plan: Plan) -> None:
    machine = machine_of(plan, seed=seed)
    machine.start()
    machine.play(START, SCENARIOS[name])
    seen = way(machine, 2 * DAY)
    for before, after in pairwise(seen):
        assert before.room == after.room or after.room in plan.house.neighbours(before.room)
    if SCENARIOS[name].day_after is not None:
        assert machine.scenario is None
        assert len({resident.doing for resident in seen}) > 5


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_gives_the_same_messages_to_the_byte(name: str, plan: Plan) -> None:
    assert played(name, plan, 6 * HOUR, seed=4)[1] == played(name, plan, 6 * HOUR, seed=4)[1]


def test_a_quiet_day_says_nothing_that_calls_for_help(plan: Plan) -> None:
    _, happened = played("quiet-day", plan, DAY)
    alarms = {"action", "gas", "smoke", "carbon_monoxide", "water_leak"}
    for one in said(happened):
        if one.topic.count("/") == 1:
            assert not [name for name in alarms & set(content(one)) if content(one)[name]]
            assert content(one).get("fall_status", "normal") == "normal"
    assert 200 <= len(said(happened)) <= 1500


def test_a_fall_and_a_press(plan: Plan) -> None:
    machine, happened = played("sos", plan, timedelta(minutes=10))
    (press,) = [one for one in said(happened, "zigbee2mqtt/bed_sos") if "action" in one.payload]
    assert timedelta(seconds=60) <= press.at - START <= timedelta(seconds=80)
    assert machine.resident.has_fallen
    assert machine.resident.sentence("zh-CN") == "王秀兰摔倒在卧室，起不来"
    assert machine.resident.sentence("en") == "王秀兰 has fallen in the bedroom and cannot get up"


def test_gas_comes_and_goes(plan: Plan) -> None:
    _, happened = played("gas-leak", plan, HOUR)
    smelt = [content(one)["gas"] for one in said(happened, "zigbee2mqtt/kitchen_gas")]
    assert [one for one, before in zip(smelt[1:], smelt, strict=False) if one != before] == [True, False]


def test_after_a_fall_without_a_press_nothing_moves_for_a_day_and_a_half(plan: Plan) -> None:
    machine, happened = played("fall-without-press", plan, 36 * HOUR)
    assert machine.resident.doing is Doing.ON_FLOOR
    moved = [one.at for one in said(happened) if '"occupancy":true' in one.payload]
    assert max(moved) < START + timedelta(minutes=5)
    machine.go_on(START + 36 * HOUR)
    machine.advance(START + 40 * HOUR)
    assert not machine.resident.has_fallen


def test_a_night_at_the_neighbours_is_a_door_and_then_silence(plan: Plan) -> None:
    machine, happened = played("night-at-the-neighbours", plan, 14 * HOUR)
    assert machine.resident.is_away
    assert machine.resident.room == OUTSIDE
    door = [content(one)["contact"] for one in said(happened, "zigbee2mqtt/front_door") if one.at > START]
    assert door[:2] == [False, True]
    moved = [one.at for one in said(happened) if '"occupancy":true' in one.payload]
    assert max(moved) < START + timedelta(minutes=2)
    machine.advance(START + 16 * HOUR)
    assert not machine.resident.is_away


def test_a_new_scenario_ends_the_one_before(plan: Plan) -> None:
    machine = machine_of(plan)
    machine.start()
    machine.play(START, SCENARIOS["sos"])
    machine.play(START + timedelta(seconds=5), SCENARIOS["quiet-day"])
    assert not [one for one in said(machine.advance(START + HOUR)) if "action" in one.payload]


def test_a_scenario_names_the_device_that_is_missing() -> None:
    few = described()
    few["devices"] = [device for device in few["devices"] if device["kind"] != "gas"]
    machine = machine_of(Plan.of(few))
    machine.start()
    with pytest.raises(CannotPoke, match="gas-leak needs a gas device, and ah-001 has none"):
        machine.play(START, SCENARIOS["gas-leak"])
    with pytest.raises(NoScenario, match="There is no scenario party; there are quiet-day, sos"):
        scenario_named("party")


def test_every_scenario_is_told_in_both_languages(plan: Plan) -> None:
    for scenario in SCENARIOS.values():
        assert len(scenario.expects("zh-CN")) == len(scenario.expects("en")) >= 1
        for one in told(played(scenario.name, plan, HOUR)[1]):
            assert one.text("zh-CN") != one.text("en")


def test_her_bed_knows_when_she_lies_in_it(plan: Plan) -> None:
    machine = machine_of(plan)
    happened = lived(machine, DAY)
    lies = [content(one)["pressure_state"] for one in said(happened, "zigbee2mqtt/bed_mat")]
    turns = [one for one, before in zip(lies[1:], lies, strict=False) if one != before]
    assert turns[:3] == ["sit", "none", "sit"]  # after lunch, and at night


def test_cooking_warms_and_dampens_the_kitchen(plan: Plan) -> None:
    happened = lived(machine_of(plan), DAY)
    damp = [content(one)["humidity"] for one in said(happened, "zigbee2mqtt/kitchen_climate")]
    assert len(damp) >= 24
    assert max(damp) - min(damp) > 8
