"""Who is away, and until when, by command; on both databases."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import typer

from hub.cli.away import end
from hub.homes import Home
from hub.ports import Act
from tests.cli.place import Place

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


def home(site: Place) -> Home:
    """Return the home as the hub sees it."""

    async def read(engine: object) -> Home:
        return engine.world.registry.homes["ah-001"]  # type: ignore[attr-defined, no-any-return]

    found: Home = site.engine(read)
    return found


def acts(site: Place) -> list[Act]:
    async def read(engine: object) -> list[Act]:
        return await engine.store.read(lambda t: t.acts("ah-001"))  # type: ignore[attr-defined, no-any-return]

    found: list[Act] = site.engine(read)
    return found


@pytest.mark.parametrize(
    ("said", "local"),
    [
        ("18:00", "2026-03-01 18:00"),
        ("18：00", "2026-03-01 18:00"),
        ("9:30", "2026-03-02 09:30"),
        ("12:00", "2026-03-02 12:00"),
        ("2026-11-24 18:00", "2026-11-24 18:00"),
        ("2026-11-24T10:00+00:00", "2026-11-24 18:00"),
        (3, "2026-03-04 12:00"),
    ],
)
def test_times_are_local_and_a_time_of_day_is_the_next_one(said: str | int, local: str) -> None:
    assert end(said, NOW, SHANGHAI).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") == local


@pytest.mark.parametrize("said", ["25:00", "tomorrow", "2026-02-30", "2026-02-01 10:00", "2036-03-01 10:00", "18"])
def test_what_is_no_time_ahead_is_refused(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        end(said, NOW, SHANGHAI)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_home_goes_away_and_comes_back_and_who_said_so_is_kept(site: Place) -> None:
    assert site.carehub("homes", "away").out == "Nobody is away.\n"
    assert json.loads(site.carehub("homes", "away", "--json").out) == []
    gone = site.carehub("homes", "away", "ah-001", "--days", "3", "--by", "wang-li")
    assert (gone.code, gone.err) == (0, "")
    assert gone.out.startswith("ah-001 is away until ")
    assert "Stillness is not judged until then" in gone.out
    until = home(site).away_until
    assert until is not None
    assert timedelta(days=2, hours=22) < until - datetime.now(UTC) < timedelta(days=3, hours=2)
    assert "ah-001 · 王秀兰 上堡村三社12号 · away until" in site.carehub("homes", "away").out
    (row,) = json.loads(site.carehub("homes", "away", "--json").out)
    assert row == {"home": "ah-001", "away": True, "away_until": until.isoformat()}
    back = site.carehub("homes", "away", "ah-001", "--back", "--json")
    assert json.loads(back.out) == {"home": "ah-001", "away": False, "away_until": None}
    assert site.carehub("homes", "away").out == "Nobody is away.\n"
    assert [(act.who, act.event) for act in acts(site)] == [("wang-li", "away"), ("@desk", "back")]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nobody-here", "18:00"), 1, "There is no home nobody-here. Name one by id: ah-001"),
        (("ah-001", "18:00", "--by", "nobody"), 1, "There is no person nobody. Name one by id:"),
        (("ah-001",), 2, "Say until when: `carehub homes away ah-001 18:00`, --days N, or --back."),
        (("ah-001", "18:00", "--back"), 2, "Say it in one way"),
        (("ah-001", "2001-01-01", "10:00"), 2, "2001-01-01 10:00 is past"),
        (("ah-001", "--until", "soon"), 2, '"soon" is not a time.'),
        (("--back",), 2, "Name the home"),
    ],
)
def test_mistakes_are_one_sentence_and_change_nothing(
    site: Place, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = site.carehub("homes", "away", *arguments)
    assert done.code == code
    assert words in done.sentence
    assert home(site).away_until is None


def test_apply_lists_what_was_set_and_keeps_it(site: Place) -> None:
    site.carehub("homes", "away", "ah-001", "--days", "2")
    until = home(site).away_until
    site.change("上堡村三社12号", "上堡村三社14号")
    done = site.carehub("apply", "--yes")
    assert done.code == 0
    assert "Changed in the database since the last apply (kept; --overwrite discards it):" in done.out
    assert "~ home ah-001: away_until none -> " in done.out
    assert home(site).away_until == until
    assert home(site).address == "上堡村三社14号"
