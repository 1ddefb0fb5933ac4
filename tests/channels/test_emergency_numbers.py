"""The hub never dials the emergency services by itself, however their number is written."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alerts.emergency import EMERGENCY_NUMBERS, is_emergency_number

SPELLINGS = [
    "110", "119", "120", "12345", "112", "911", "999",
    "+86110", "+86 119", "+86-120", "008612345", "0086 120", "+0086120", "86120", "+860120",
    "0936120", "0936-120", "(0936) 120", "+86936120", "+86 0936 120", "0086936120", "010110", "+8610110", "021-119",
    "+1911", "+1 911", "001911", "+44999", "+44 112", "+852 999", "+49110",
    "１２０", "＋８６１２０", "一二〇", "幺幺零", "1 1 9", "1-1-0", "1.1.0", "①②⓪", "١١٩", "9-911", "0120", "17909120",
    "tel:120", "tel:+86-120", "120,1", "120;ext=3", "120#", "120 转 2", "110分机1", "120x4", "sip:120@example.org",
]  # fmt: skip

HARMLESS = [
    "", "abc", "+", "+8613800138000", "13800138000", "+447700900101", "+15005550006", "+8693612345678", "0936-8211110",
    "+862912345678", "+8613912012012", "+86120120120", "+12025550110", "+4420799911", "95120120", "1", "12", "1234",
    "+8613700000120", "+8613700000110", "+85291191199", "0000", "86",
]  # fmt: skip


@pytest.mark.promise("P11")
@pytest.mark.requirement("30")
@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_is_recognised(text: str) -> None:
    assert is_emergency_number(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_people_stay_reachable(text: str) -> None:
    assert not is_emergency_number(text)


@pytest.mark.promise("P11")
@given(
    st.sampled_from(EMERGENCY_NUMBERS),
    st.sampled_from(["", "+86", "0086", "+86 0936", "0936", "010"]),
    st.lists(st.sampled_from([" ", "-", ".", "(", ")", "\u200b", "\u00a0", "–", "/"]), max_size=12),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_separators_hide_nothing(number: str, before: str, noise: list[str], wide: bool, dice: object) -> None:
    text = before + number
    if wide:
        text = text.translate({ord(digit): ord(digit) - ord("0") + ord("０") for digit in "0123456789"})
    for mark in noise:
        at = dice.randrange(len(text) + 1)  # type: ignore[attr-defined]
        text = text[:at] + mark + text[at:]
    assert is_emergency_number(text)


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_no_ordinary_number_of_any_country_is_taken_for_one(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example:
            text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert not is_emergency_number(text), text


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_emergency_number(text) in (True, False)
