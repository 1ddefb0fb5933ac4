"""The weekly test of the call buttons: done, due, missed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.weekly import Standing, due, week
from tests.engine.pocket import WANG

NOON = datetime(2028, 2, 25, 4, 0, tzinfo=UTC)  # a leap day is near
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.requirement("32")
@pytest.mark.parametrize(
    ("after", "standing"),
    [
        (0 * DAY, Standing.DONE),
        (6 * DAY - SECOND, Standing.DONE),
        (6 * DAY, Standing.DUE),
        (7 * DAY - SECOND, Standing.DUE),
        (7 * DAY, Standing.MISSED),
        (70 * DAY, Standing.MISSED),
    ],
)
def test_a_press_holds_for_seven_days_and_is_due_on_the_last(after: timedelta, standing: Standing) -> None:
    found = due(NOON, NOON - 90 * DAY, NOON + after)
    assert (found.standing, found.due_at) == (standing, NOON + 7 * DAY)


def test_a_new_button_has_a_week_for_its_first_press() -> None:
    assert due(None, NOON, NOON).standing is Standing.DUE
    assert due(None, NOON, NOON + 7 * DAY).is_overdue


@given(st.timedeltas(-400 * DAY, 400 * DAY))
def test_a_press_now_always_proves_a_button(since: timedelta) -> None:
    assert due(NOON, NOON + since, NOON).standing is Standing.DONE


def test_the_week_of_each_area_counts_every_button_that_calls_once() -> None:
    far = replace(WANG, id="far", area="620702300000", devices=WANG.devices[:1])
    presses = {("wang", "bed-sos"): NOON, ("wang", "bath-sos"): NOON - 8 * DAY, ("far", "bed-sos"): NOON}
    villages = week([WANG, far], presses, {}, NOON)
    assert [(v.area, v.missed, v.due, v.done) for v in villages] == [
        ("620702207200", 1, 1, 1),
        ("620702300000", 0, 0, 1),
    ]
    assert [one.device.id for one in villages[0].waiting] == ["bath-sos", "call"]
