"""Phone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.settings.fault import Wrong
from hub.settings.numbers import is_in_known_range, read_phone


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+447700900101", "+447700900101"),
        ("+44 7700 900-101", "+447700900101"),
        ("＋４４７７００９００１０１", "+447700900101"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("13800138000", "+8613800138000"),
        ("+1 (500) 555-0006", "+15005550006"),
        ("+86 936 821 0000", "+869368210000"),
    ],
)
def test_usual_spellings_are_read(written: str, number: str) -> None:
    assert read_phone(written, chinese=True) == number


@pytest.mark.requirement("30")
@pytest.mark.promise("P11")
@pytest.mark.parametrize("service", ["110", "119", "120", "12345", "112", "911", "999"])
@pytest.mark.parametrize(
    "spelling",
    ["{}", "+86{}", "+86 {}", "0086{}", "0086-{}", "0936{}", "0936-{}", "+86936{}", "+86 (0)936 {}", "010{}"],
)
def test_emergency_services_cannot_be_contacts(service: str, spelling: str) -> None:
    for text in (spelling.format(service), spelling.format(" ".join(service)), _full_width(spelling.format(service))):
        with pytest.raises(Wrong) as caught:
            read_phone(text, chinese=True)
        assert caught.value.sentence == "phone_emergency", text


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isdigit() or char == "+" else char for char in text)


@pytest.mark.parametrize(
    "text", ["", "x", "+", "+0", "13800138000", "07700900101", "+999123456789", "+44123", "+1" * 9]
)
def test_what_is_no_international_number_is_refused(text: str) -> None:
    with pytest.raises(Wrong):
        read_phone(text, chinese=False)


def test_a_range_in_use_or_reserved_for_examples_is_known() -> None:
    assert is_in_known_range("+447700900101")
    assert is_in_known_range("+12025550123")
    assert is_in_known_range("+8613800138000")
    assert not is_in_known_range("+8612012345678")


@given(st.text(), st.booleans())
def test_any_text_is_a_number_or_refused(text: str, chinese: bool) -> None:
    try:
        number = read_phone(text, chinese=chinese)
    except Wrong:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdigit()
