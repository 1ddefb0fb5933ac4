"""Bounded parsing: size, depth, numbers, words and times."""

import math
from datetime import UTC, datetime

import pytest

from devices import fields
from devices.reading import Undecodable


def test_a_payload_has_a_limit_and_the_reason_names_it() -> None:
    most = b'{"a":"' + b"x" * (fields.STATE_LIMIT - 8) + b'"}'
    assert len(most) == fields.STATE_LIMIT
    assert fields.json_object(most)
    with pytest.raises(Undecodable, match=f"at most {fields.STATE_LIMIT} are read"):
        fields.json_object(most + b" ")
    assert fields.json_value(b"[" + b"1," * 500_000 + b"1]", fields.LIST_LIMIT)


@pytest.mark.parametrize("depth", [fields.MAX_DEPTH, fields.MAX_DEPTH + 1])
def test_nesting_has_a_limit(depth: int) -> None:
    payload = b'{"a":' * depth + b"1" + b"}" * depth
    if depth == fields.MAX_DEPTH:
        assert fields.json_object(payload)
    else:
        with pytest.raises(Undecodable, match="nested deeper than 64"):
            fields.json_object(payload)


@pytest.mark.parametrize(
    "payload", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 40_000, b"]" * 1000 + b"[" * 200_000]
)
def test_deep_nesting_is_refused_before_it_is_parsed(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        fields.json_value(payload)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert fields.json_value(b"[" + b",".join([b'{"a":[]}'] * 10_000) + b"]")


def test_of_doubled_keys_the_last_counts_and_a_byte_order_mark_is_forgiven() -> None:
    assert fields.json_object(b'\xef\xbb\xbf {"gas":false,"gas":true} ') == {"gas": True}


@pytest.mark.parametrize("payload", [b'{"a":"\xff"}', b"\xc3\x28", '{"gas":true}'.encode("utf-16"), b"9" * 5_000])
def test_what_is_not_utf_8_json_is_undecodable(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        fields.json_object(payload)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "inf", 10**400, "1" * 100, True, None, [], {}])
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert fields.number(value) is None


@pytest.mark.parametrize("value", [2, -1, 0.5, "", "maybe", None, [], math.nan, 10**400])
def test_what_is_neither_true_nor_false_is_none(value: object) -> None:
    assert fields.flag(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("  sos ", "sos"), ("a\x00b", "ab"), ("\ud800", None), ("", None), ("x" * 65, None), (7, None), ("王", "王")],
)
def test_a_word_is_short_and_plain(value: object, expected: str | None) -> None:
    assert fields.word(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T08:00:00+08:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        (1772323200, datetime(2026, 3, 1, tzinfo=UTC)),
        (1772323200000, datetime(2026, 3, 1, tzinfo=UTC)),
        ("1772323200.5", datetime(2026, 3, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("2014-12-31T23:59:59Z", None),
        ("2100-01-01T00:00:00Z", None),
        ("2026-03-01T08:00:00", None),
        ("20260301", None),
    ],
)
def test_a_time_is_aware_and_plausible_or_none(value: object, expected: datetime | None) -> None:
    assert fields.instant(value) == expected
