"""Searches, lists and squares as values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.homes import Contact, Home, Person, Registry, Resident, Role
from hub.web.console.finding import MOST, By, areas, find
from hub.web.console.listing import by_address, listed
from hub.web.console.squares import SIDE, SYMBOLS, Square, picture

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VILLAGE, OTHER = "620702207200", "620702208200"


def home(id: str, name: str, address: str, area: str = VILLAGE, *contacts: str) -> Home:
    kept = tuple(Contact(person, Role.FAMILY) for person in contacts)
    return Home(id, area, address, residents=(Resident(name),), contacts=kept)


REGISTRY = Registry.of(
    [Person("li", "李王强", "+447700900101")],
    [
        home("a-1", "王秀兰", "上堡村三社12号"),
        home("a-2", "李秀", "上堡村王家巷2号"),
        home("a-3", "陈芳", "上堡村1号", VILLAGE, "li"),
        home("b-1", "王秀", "柳沟村12号", OTHER),
    ],
    areas={VILLAGE: "上堡村", OTHER: "柳沟村"},
)


def found(query: str, *allowed: str) -> list[tuple[str, By]]:
    mine = allowed or (VILLAGE, OTHER)
    return [(hit.home.id, hit.by) for hit in find(REGISTRY, query, lambda area: area in mine)]


def test_names_come_before_addresses_and_contacts() -> None:
    assert found("王") == [("b-1", By.NAME), ("a-1", By.NAME), ("a-2", By.ADDRESS), ("a-3", By.CONTACT)]


def test_every_word_has_to_be_met() -> None:
    assert found("王秀 12号") == [("b-1", By.NAME), ("a-1", By.NAME)]
    assert found("王秀 上堡") == [("a-1", By.NAME)]


def test_only_ones_own_areas_are_searched() -> None:
    assert found("王秀", VILLAGE) == [("a-1", By.NAME)]
    assert areas(REGISTRY, "村", lambda area: area == VILLAGE) == [VILLAGE]


@pytest.mark.parametrize("query", ["", "   ", "没有的人", "\x00", "447700900101"])
def test_nothing_is_found_for_nothing(query: str) -> None:
    assert found(query) == []


@given(st.text(max_size=80))
def test_any_search_ends(query: str) -> None:
    assert len(find(REGISTRY, query, lambda _: True)) <= MOST


@given(st.integers(0, 500), st.text(max_size=12), st.integers(1, 60))
def test_each_page_of_a_list_is_within_it(total: int, page: str, at_once: int) -> None:
    items = list(range(total))
    some = listed(items, "/homes", {"page": page}, at_once)
    assert some.total == total
    assert list(some.items) == items[some.first - 1 : some.last] if items else some.items == []
    assert (some.after is None) == (some.last == total)


def test_all_pages_together_are_the_list() -> None:
    pages = [listed(list(range(123)), "/homes", {"page": str(n)}) for n in (1, 2, 3)]
    assert [item for page in pages for item in page.items] == list(range(123))


def test_house_nine_comes_before_house_ten() -> None:
    homes = [home(address, "", address) for address in ("村10号", "村9号", "村二社1号", "村")]
    assert [one.address for one in sorted(homes, key=by_address)] == ["村", "村9号", "村10号", "村二社1号"]


@given(st.lists(st.sampled_from(list(Square)), max_size=800))
def test_every_home_is_one_square(squares: list[Square]) -> None:
    drawn = picture(squares)
    widths = [int(part.partition("v")[0]) for _, path in drawn.paths for part in path.split("h")[1::2]]
    assert sum(widths) == SIDE * sum(1 for square in squares if square not in SYMBOLS)
    assert len(drawn.symbols) == sum(1 for square in squares if square in SYMBOLS)


def test_equal_squares_are_one_stroke_a_row() -> None:
    drawn = picture([Square.OK] * 28)
    assert drawn.paths == [(Square.OK, "M0 0h280v20h-280zM0 20h280v20h-280z")]
