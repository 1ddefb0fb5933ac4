"""The tree of areas: what a code stands for, and sums that agree on every level of it."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.homes import area_stem
from hub.levels import WHOLE, Level, above, children, is_within, level, path, roll_up, tops

VILLAGE, TOWNSHIP, COUNTY = "620702207200", "620702207000", "620702000000"
CITY, PROVINCE = "620700000000", "620000000000"


@st.composite
def codes(draw: st.DrawFn) -> str:
    """Codes as people write them: of a village mostly, of a township or county now and then, and wrong ones."""
    parts = [draw(st.sampled_from(some)) for some in (("62",), ("07", "05"), ("02", "00"), ("207", "100", "000"))]
    full = "".join(parts) + draw(st.sampled_from(("200", "201", "000")))
    return draw(st.sampled_from((full, full, full, "", "62070", "六二零七零二二零七二零零")))


def test_each_code_has_its_level() -> None:
    assert [level(c) for c in (VILLAGE, TOWNSHIP, COUNTY, CITY, PROVINCE, WHOLE)] == [
        Level.VILLAGE,
        Level.TOWNSHIP,
        Level.COUNTY,
        Level.CITY,
        Level.PROVINCE,
        Level.WHOLE,
    ]


def test_a_village_lies_in_its_township_county_city_and_province() -> None:
    assert path(VILLAGE) == (VILLAGE, TOWNSHIP, COUNTY, CITY, PROVINCE, WHOLE)


@pytest.mark.parametrize("code", ["", "62070", "六二零七零二二零七二零零", "6207022072001"])
def test_a_code_that_does_not_nest_lies_right_below_the_top(code: str) -> None:
    assert path(code) == (code, WHOLE)


def test_zeros_inside_a_group_are_no_level() -> None:
    assert above("620702207220") == TOWNSHIP
    assert not is_within("620702207221", "620702207220")


@pytest.mark.requirement("38")
@given(st.lists(st.tuples(codes(), st.sampled_from("abcd")), max_size=60))
def test_sums_are_equal_at_every_level(homes: list[tuple[str, str]]) -> None:
    own: dict[str, Counter[str]] = {}
    for code, kind in homes:
        own.setdefault(code, Counter())[kind] += 1
    sums = roll_up(own)
    below = children(own)
    for code, total in sums.items():
        parts = sum((sums[narrow] for narrow in below.get(code, ())), own.get(code, Counter()))
        assert total == parts
    if homes:
        assert sums[WHOLE].total() == len(homes)


@given(st.lists(codes(), min_size=1, max_size=20), codes())
def test_what_an_area_holds_is_what_an_account_of_it_covers(homes: list[str], area: str) -> None:
    sums = roll_up({code: Counter({"homes": homes.count(code)}) for code in homes})
    inside = [code for code in homes if code.startswith(area_stem(area))]
    if len(area) == 12 and area.isascii():
        assert sums.get(area, Counter())["homes"] == len(inside)


def test_whoever_has_everything_begins_with_their_only_county() -> None:
    assert tops([WHOLE], [VILLAGE, "620702208200"]) == (COUNTY,)
    assert tops([WHOLE], [VILLAGE, "620702207201"]) == (TOWNSHIP,)
    assert tops([WHOLE], [VILLAGE, ""]) == (WHOLE,)


def test_of_areas_that_lie_in_each_other_the_wider_is_shown_once() -> None:
    assert tops([VILLAGE, TOWNSHIP], [VILLAGE]) == (TOWNSHIP,)
    assert tops([VILLAGE, "620702208200"], [VILLAGE]) == (VILLAGE, "620702208200")


def test_homes_of_a_township_itself_are_not_hidden_by_its_only_village() -> None:
    assert tops([WHOLE], [VILLAGE, TOWNSHIP]) == (TOWNSHIP,)
