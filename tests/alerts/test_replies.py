"""What a reply by text means, and the codes in it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alerts.alert import Outcome
from hub.alerts.catalogue.en import ENGLISH
from hub.alerts.catalogue.zh_cn import CHINESE
from hub.alerts.replies import Reply, ReplyKind, code_alphabet, is_code, new_code, parse

TAKE, PASS, ARRIVED, RESOLVE = ReplyKind.TAKE, ReplyKind.PASS, ReplyKind.ARRIVED, ReplyKind.RESOLVE
NOTE, UNKNOWN = ReplyKind.NOTE, ReplyKind.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (TAKE, ["1", "１", "收到", "好的", "我去", "马上到", "OK", "yes"]),
        (PASS, ["2", "２", "去不了", "不行", "no"]),
        (ARRIVED, ["3", "３", "到了", "已到", "arrived"]),
        (RESOLVE, ["4", "４", "没事", "已处理", "误按", "送医", "done"]),
    ],
)
def test_every_word_of_the_list_is_understood(kind: ReplyKind, words: list[str]) -> None:
    for word in words:
        assert parse(word).kind is kind, word
        assert parse(word).code is None
        for forgiven in (
            f" {word} ",
            f"{word}。",
            f"{word}！",
            f"{word}.",
            word.upper(),
            word.title(),
            f"\u200b{word}\n",
        ):
            assert parse(forgiven) == parse(word), forgiven


@pytest.mark.parametrize(
    ("kind", "words"),
    [(TAKE, ["1", "收到"]), (PASS, ["2", "去不了"]), (ARRIVED, ["3", "到了"]), (RESOLVE, ["4", "没事"])],
)
def test_the_code_may_stand_before_or_after(kind: ReplyKind, words: list[str]) -> None:
    for word in words:
        for text in (f"{word} K7", f"K7 {word}", f"{word}K7", f"K7{word}", f"{word}，ｋ７。", f"k7:{word}"):
            assert (parse(text).kind, parse(text).code) == (kind, "K7"), text


@pytest.mark.parametrize(
    "text",
    [
        "收到，开车中",
        "您好，我现在有事，稍后联系您",
        "到了?",
        "到了吗",
        "OK?",
        "1?",
        "好",
        "好的我去不了",
        "1 2",
        "12",
        "1.5",
        "5",
        "K7",
        "1 K7 M8",
        "noK7",
        "",
        " ",
        "。。。",
        "1" + " " * 3000 + "but not now",
        "1" + "." * 600,
        "没事吗",
        "119",
        "110",
    ],
)
def test_anything_else_takes_nothing(text: str) -> None:
    assert parse(text).kind is UNKNOWN


@pytest.mark.parametrize(
    ("text", "outcome", "note"),
    [
        ("4", Outcome.GENUINE, "没事"),
        ("没事", Outcome.GENUINE, "没事"),
        ("4 all well", Outcome.GENUINE, "没事"),
        ("已处理", Outcome.GENUINE, "已处理"),
        ("Done.", Outcome.GENUINE, "已处理"),
        ("4送医", Outcome.GENUINE, "送医"),
        ("4误按", Outcome.FALSE, "误按"),
        ("４　误按！", Outcome.FALSE, "误按"),
        ("4，误按", Outcome.FALSE, "误按"),
        ("4 pressed by mistake", Outcome.FALSE, "误按"),
        ("4 误报", Outcome.FALSE, None),
        ("4 试验", Outcome.TEST, None),
        ("4 Test", Outcome.TEST, None),
        ("4 没联系上", Outcome.UNREACHED, None),
        ("4 could not reach", Outcome.UNREACHED, None),
        ("4重复", Outcome.DUPLICATE, None),
    ],
)
def test_a_four_says_how_it_ended(text: str, outcome: Outcome, note: str | None) -> None:
    assert parse(text) == Reply(RESOLVE, None, outcome, note)


def test_a_four_with_code_and_word_resolves_that_alert() -> None:
    for text in ("4 K7 误按", "4误按 K7", "K7 4误按", "4K7误按", "误按 K7"):
        assert parse(text) == Reply(RESOLVE, "K7", Outcome.FALSE, "误按"), text


@pytest.mark.parametrize(
    "text",
    ["4点到", "40分钟到", "4:30到", "4.5", "44", "4pm", "4 pm", "4 5", "4？", "4 没事吗", "4 收到", "4km", "4楼"],
)
def test_any_other_four_is_a_note(text: str) -> None:
    assert parse(text) == Reply(NOTE, None, note=text)


def test_a_note_may_name_its_alert() -> None:
    assert parse("4 K7 晚点到") == Reply(NOTE, "K7", note="4 K7 晚点到")
    assert parse("K7 4点到") == Reply(NOTE, "K7", note="K7 4点到")


def test_a_code_in_other_words_is_seen() -> None:
    assert parse("K7 我是邻居，要帮忙吗") == Reply(UNKNOWN, "K7")
    assert parse("请问 K7 M8") == Reply(UNKNOWN, "K7")


def test_a_digit_and_its_own_word_agree() -> None:
    assert parse("1 收到").kind is TAKE
    assert parse("2去不了").kind is PASS
    assert parse("1 去不了").kind is UNKNOWN


def test_what_our_own_texts_tell_people_to_reply_is_understood() -> None:
    assert "4误按" in CHINESE.texts["answer.arrived"].head
    assert parse("4误按").kind is RESOLVE
    assert "4 pressed by mistake" in ENGLISH.texts["answer.arrived"].head
    for catalogue in (CHINESE, ENGLISH):
        for remark in catalogue.remarks.values():
            assert parse(f"4 {remark}").kind in (RESOLVE, NOTE)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    reply = parse(text)
    assert (reply.outcome is not None) == (reply.kind is RESOLVE)
    assert reply.code is None or is_code(reply.code)
    assert (reply.kind is NOTE) <= (reply.note is not None)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10_000,
        "4" + "到" * 10_000,
        "😀" * 5000,
        "\u202e1\u202c",
        "\x00\x01",
        "ﷺ" * 2000,
        "1️⃣",
        "\ud800",
        "K7 " * 4000,
    ],
)
def test_hostile_texts_are_read_in_bounded_work(text: str) -> None:
    reply = parse(text)
    assert reply.note is None or len(reply.note) <= 200


@given(
    st.sampled_from(["收到", "1", "好的", "OK", "我去"]), st.text(alphabet="开车中忙晚点abc吗", min_size=1, max_size=6)
)
def test_one_word_more_takes_nothing(word: str, more: str) -> None:
    assert parse(f"{word}，{more}").kind is UNKNOWN


# --- codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["K7", "k7", "AB7", "A2B3", "Z99"])
def test_codes_are_recognised(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize(
    "text", ["", "K", "7", "22", "AB", "OK", "NO", "K0", "K1", "I7", "O7", "2K7", "4PM", "K7AB9", "K 7", "ﬁ7", "Ｋ7"]
)
def test_words_and_numbers_are_no_codes(text: str) -> None:
    assert not is_code(text)


def test_new_codes_are_short_free_and_cannot_be_misread() -> None:
    taken: set[str] = set()
    for number in range(2000):
        code = new_code(taken, number.to_bytes(4, "big") * 2)
        assert code not in taken
        assert is_code(code)
        assert set(code) <= set(code_alphabet)
        assert not set(code) & set("234")
        assert not any(a.isalpha() and b.isalpha() for a, b in itertools.pairwise(code))
        for digit, kind in (("1", TAKE), ("2", PASS), ("3", ARRIVED), ("4", RESOLVE)):
            for text in (f"{digit}{code}", f"{code}{digit}", f"{digit} {code}", f"{code} {digit}"):
                assert (parse(text).kind, parse(text).code) == (kind, code), text
        taken.add(code)
    assert len(new_code((), b"\x07")) == 2
    assert {len(code) for code in taken} == {2, 3, 4}


def test_the_same_bytes_give_the_same_code() -> None:
    assert new_code((), b"12345678") == new_code((), b"12345678")
    assert new_code({"k7"}, b"") == new_code({"K7"}, b"")


def test_a_press_gets_a_code_even_when_all_are_taken() -> None:
    letters, digits = "ABCDEFGHJKLMNPQRSTUVWXYZ", "56789"
    ends = ["", *letters, *digits]
    taken = {a + b + c + d for a in letters for b in digits for c in ends for d in ends}
    assert is_code(new_code(taken, b"12345678"))
