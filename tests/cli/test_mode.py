"""What a home is in until a time, by command; on both databases."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from hub.homes import HomeMode
from tests.cli.place import Place
from tests.cli.test_away import acts, home


def test_a_home_is_in_hospital_until_then_and_who_said_so_is_kept(site: Place) -> None:
    assert site.carehub("homes", "mode").out == "All homes are as always.\n"
    gone = site.carehub("homes", "mode", "ah-001", "hospital", "--days", "3", "--by", "wang-li")
    assert (gone.code, gone.err) == (0, "")
    assert gone.out.startswith("ah-001: hospital until ")
    assert gone.out.endswith("Calls, gas, smoke, carbon monoxide and falls alarm as always.\n")
    kept = home(site)
    assert (kept.mode, kept.mode_until) == (HomeMode.HOSPITAL, kept.away_until)
    assert kept.mode_until is not None
    (row,) = json.loads(site.carehub("homes", "mode", "--json").out)
    assert row == {"home": "ah-001", "mode": "hospital", "until": kept.mode_until.isoformat()}
    assert "ah-001 · 王秀兰 上堡村三社12号 · hospital until" in site.carehub("homes", "mode").out
    assert site.carehub("homes", "mode", "ah-001", "home").out == "ah-001 is as always.\n"
    assert home(site).mode_at(datetime.now(UTC)) is None
    assert [(act.who, act.event) for act in acts(site)] == [("wang-li", "hospital"), ("@desk", "back")]


def test_work_on_a_home_ends_by_itself_within_eight_hours(site: Place) -> None:
    done = site.carehub("homes", "mode", "ah-001", "maintenance", "--days", "1")
    assert done.code == 2
    assert "at the latest" in done.sentence
    at = datetime.now(UTC) + timedelta(hours=2)
    done = site.carehub("homes", "mode", "ah-001", "maintenance", at.isoformat())
    assert done.code == 0
    assert "Notices about its devices wait until then." in done.out
    assert home(site).mode_until == at


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nobody-here", "away", "18:00"), 1, "There is no home nobody-here. Name one by id: ah-001"),
        (("ah-001", "away", "18:00", "--by", "nobody"), 1, "There is no person nobody. Name one by id:"),
        (("ah-001",), 2, "Say which mode: `carehub homes mode ah-001 away 18:00`."),
        (("ah-001", "holiday", "18:00"), 2, 'There is no mode "holiday". Write home, away, visitor, hospital,'),
        (("ah-001", "test", "18:00"), 2, 'There is no mode "test".'),
        (("ah-001", "away"), 2, "Say until when, in one way"),
        (("ah-001", "away", "18:00", "--days", "2"), 2, "Say until when, in one way"),
        (("ah-001", "home", "18:00"), 2, "has no end"),
        (("ah-001", "visitor", "2001-01-01", "10:00"), 2, "2001-01-01 10:00 is past"),
    ],
)
def test_mistakes_are_one_sentence_and_change_nothing(
    site: Place, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = site.carehub("homes", "mode", *arguments)
    assert done.code == code
    assert words in done.sentence
    assert (home(site).mode, acts(site)) == (None, [])
