"""How long a text is, as carriers count."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alerts.limits import cut, fold, is_gsm, segments, septets, tail, units


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the euro sign is not split: the first part ends one septet early
        ("王" * 70, 1),
        ("王" * 71, 2),
        ("王" * 134, 2),
        ("王" * 135, 3),
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
    ],
)
def test_a_text_is_split_as_carriers_split_it(text: str, parts: int) -> None:
    assert segments(text) == parts


@pytest.mark.requirement("28")
@given(st.text(alphabet="王秀兰于在按了紧急呼叫𠮷", min_size=1, max_size=300))
def test_a_long_chinese_text_takes_a_part_for_each_67_units(text: str) -> None:
    assert segments(text) == (1 if units(text) <= 70 else math.ceil(units(text) / 67))


def test_the_gsm_alphabet_is_known() -> None:
    assert septets("Reply 1, 2 or 3: upgrade_outgoing_qos @ 9% é ñ Ω") == 48
    assert septets("[~]") == 6
    assert septets("王") is None
    assert septets("’") is None


def test_rare_characters_and_emoji_take_two_units() -> None:
    assert (units("吉"), units("𠮷"), units("😀")) == (1, 2, 2)


def test_accents_that_gsm_lacks_are_dropped() -> None:
    assert fold("Wáng Xiùlán") == "Wang Xiùlan"
    assert fold("Łukasz O’Neill – “ok”…") == 'Lukasz O\'Neill - "ok"...'
    assert fold("王秀兰") == "王秀兰"


@given(st.text(max_size=40), st.integers(0, 45))
def test_a_cut_text_keeps_its_length_and_its_characters_whole(text: str, length: int) -> None:
    for short in (cut(text, length), tail(text, length)):
        assert units(short) <= max(length, 0)
    kept = cut(text, length).removesuffix("…")
    assert text.startswith(kept) or kept.rstrip() == kept


def test_an_accent_stays_with_its_letter() -> None:
    name = unicodedata.normalize("NFD", "éèê") + "xyz"
    assert cut(name, 4) == "e\u0301…"
    assert not unicodedata.combining(tail(name, 5)[1])


def test_a_latin_text_stays_gsm_when_it_is_folded() -> None:
    assert is_gsm(fold("Zażółć gęślą jaźń, Müller, Çelik, Đorđević"))
