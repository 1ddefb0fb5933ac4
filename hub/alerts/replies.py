"""What a reply by text means, and the codes that name an alert in it. Which alert is meant, others decide."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from hub.alerts.alert import Outcome

# 2, 3 and 4 may stand in a code that is read; a code that is made has none of them, since they are answers.
code_alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "56789"
# What people would read as an insult or a slogan.
_UNWANTED = ("J8", "S8", "A55", "H88", "69")
_LONGEST_SEEN = 2000
_LONGEST_READ = 500
_LONGEST_NOTE = 200


class ReplyKind(StrEnum):
    """What the sender wants."""

    TAKE = "take"
    PASS = "pass"  # noqa: S105
    ARRIVED = "arrived"
    RESOLVE = "resolve"
    NOTE = "note"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, read whole.

    `code` is the alert it names, in capitals. `outcome` only with RESOLVE. `note`: with RESOLVE the word that says
    how it ended, with NOTE the sender's own text (at most 200 characters), else None.
    """

    kind: ReplyKind
    code: str | None = None
    outcome: Outcome | None = None
    note: str | None = None


_DIGIT_KINDS = {
    "1": ReplyKind.TAKE,
    "2": ReplyKind.PASS,
    "3": ReplyKind.ARRIVED,
    "4": ReplyKind.RESOLVE,
}
# Words that answer alone, with a code, or after their digit. Written without spaces and in small letters.
_WORDS = {
    "收到": "1",
    "好的": "1",
    "我去": "1",
    "马上到": "1",
    "ok": "1",
    "yes": "1",
    "去不了": "2",
    "不行": "2",
    "no": "2",
    "到了": "3",
    "已到": "3",
    "arrived": "3",
    "没事": "4",
    "已处理": "4",
    "误按": "4",
    "送医": "4",
    "done": "4",
}
# How it ended, in the words that follow a 4. "All well" says how the person is, not that the call was a mistake:
# it counts as genuine, since a report that calls real presses false hides more than one that errs the other way.
_OUTCOMES = {
    "没事": (Outcome.GENUINE, "没事"),
    "allwell": (Outcome.GENUINE, "没事"),
    "已处理": (Outcome.GENUINE, "已处理"),
    "done": (Outcome.GENUINE, "已处理"),
    "送医": (Outcome.GENUINE, "送医"),
    "属实": (Outcome.GENUINE, None),
    "genuine": (Outcome.GENUINE, None),
    "误按": (Outcome.FALSE, "误按"),
    "pressedbymistake": (Outcome.FALSE, "误按"),
    "误报": (Outcome.FALSE, None),
    "false": (Outcome.FALSE, None),
    "试验": (Outcome.TEST, None),
    "test": (Outcome.TEST, None),
    "没联系上": (Outcome.UNREACHED, None),
    "couldnotreach": (Outcome.UNREACHED, None),
    "重复": (Outcome.DUPLICATE, None),
    "duplicate": (Outcome.DUPLICATE, None),
}
_CODE = re.compile(r"[A-HJ-NP-Z](?=.*[2-9])[A-HJ-NP-Z2-9]{1,3}")
_FORGIVEN_AT_THE_END = " .。!,、;:~"
_RUNS = re.compile(r"[a-z0-9]+|[^a-z0-9\s.,、:;]+|[.,、:;]", re.ASCII)
_SEPARATORS = frozenset(".,、:;")


def is_code(text: str) -> bool:
    """Whether the text has the shape of an alert's code, case forgiven.

    Two to four letters and digits without I, O, 0 and 1; the first is a letter and one is a digit, so that no word,
    no number and no time of day ("4pm") is a code.
    """
    return text.isascii() and _CODE.fullmatch(text.upper()) is not None


def parse(text: str) -> Reply:
    """Read one reply. The whole message counts: one word more than expected, and it takes nothing.

    Width, case, spaces and closing punctuation are forgiven; a question mark is not, "到了?" asks. Never raises.
    """
    shown = _visible(text[:_LONGEST_SEEN])
    plain = unicodedata.normalize("NFKC", shown[:_LONGEST_READ]).casefold()
    words = _split(plain.strip().rstrip(_FORGIVEN_AT_THE_END))
    if len(text) <= _LONGEST_SEEN and len(shown) <= _LONGEST_READ:  # else we did not see the whole message
        for code, rest in _readings(words):
            if (reply := _understood(rest, code)) is not None:
                return reply
    code = _only_code(words)
    own = [word for word in words if word.upper() != code]
    if own and own[0].startswith("4"):
        return Reply(ReplyKind.NOTE, code, note=shown[:_LONGEST_NOTE].strip())
    return Reply(ReplyKind.UNKNOWN, code)


def _visible(text: str) -> str:
    """Return the text on one line, without control, direction and other characters that show nothing."""
    spaced = (" " if char.isspace() else char for char in text)
    return " ".join("".join(char for char in spaced if unicodedata.category(char)[0] != "C").split())


def _split(plain: str) -> list[str]:
    """Return runs of letters and digits, and runs of anything else; punctuation only counts between digits."""
    words = _RUNS.findall(plain)
    kept = []
    for index, word in enumerate(words):
        if word in _SEPARATORS:
            before, after = words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else ""
            if not (before.isdecimal() and after[:1].isdecimal()):
                continue  # "4，误按", but not "4.5" or "4:30"
        kept.append(word)
    return kept


def _readings(words: list[str]) -> Iterator[tuple[str | None, list[str]]]:
    """Yield the ways to take one code out of the message: none, a word of its own, one grown together with a digit."""
    yield None, words
    for index, word in enumerate(words):
        if is_code(word):
            yield word.upper(), words[:index] + words[index + 1 :]
    if not words:
        return
    first = words[0]
    if first[0] in _DIGIT_KINDS and is_code(first[1:]):  # 1K7
        yield first[1:].upper(), [first[0], *words[1:]]
    if first[-1] in _DIGIT_KINDS and is_code(first[:-1]):  # K71
        yield first[:-1].upper(), [first[-1], *words[1:]]


def _understood(words: list[str], code: str | None) -> Reply | None:
    """Return what the words without the code say, or None if they are not an answer of the list."""
    said = "".join(words)
    digit = said[:1] if said[:1] in _DIGIT_KINDS else None
    word = said[1:] if digit else said
    if digit and word and _WORDS.get(word) != digit and not (digit == "4" and word in _OUTCOMES):
        return None
    digit = digit or _WORDS.get(word)
    if digit is None:
        return None
    kind = _DIGIT_KINDS[digit]
    if kind is not ReplyKind.RESOLVE:
        return Reply(kind, code)
    outcome, note = _OUTCOMES[word or "没事"]  # our texts teach 4 as "all well"
    return Reply(kind, code, outcome, note)


def _only_code(words: list[str]) -> str | None:
    """Return the code of a message that says something else as well, if it is surely meant."""
    codes = [word.upper() for word in words[:2] if is_code(word)]
    return codes[0] if len(codes) == 1 else None


def new_code(taken: Collection[str], random_bytes: bytes) -> str:
    """Return a free code, chosen by `random_bytes` (eight are plenty).

    A letter and a digit; longer ones, up to four, once half of the shorter are taken. Two letters never meet, so no
    word arises, and only the digits 5 to 9 occur, so that "2K7" and "K72" can only mean "2" and "K7". If all 26,000
    are taken one of them is given again: a press without a code of its own is better than a press without a text.
    """
    number = int.from_bytes(random_bytes, "big")
    used = frozenset(code.upper() for code in taken)
    short = [size for size in (2, 3) if 2 * len(used & _all_codes(size)) <= len(_all_codes(size))]
    for size in (*short[:1], 4, 2, 3):
        if (code := _next_free(_codes(size), number, used)) is not None:
            return code
    return _codes(4)[number % len(_codes(4))]


def _next_free(codes: tuple[str, ...], number: int, used: frozenset[str]) -> str | None:
    """Return the first free one from a place that `number` names."""
    start = number % len(codes)
    return next((code for n in range(start, start + len(codes)) if (code := codes[n % len(codes)]) not in used), None)


@cache
def _all_codes(size: int) -> frozenset[str]:
    return frozenset(_codes(size))


@cache
def _codes(size: int) -> tuple[str, ...]:
    made = [letter + digit for letter in _LETTERS for digit in _DIGITS]
    for _ in range(size - 2):
        made = [
            code + char for code in made for char in _LETTERS + _DIGITS if not (code[-1].isalpha() and char.isalpha())
        ]
    return tuple(code for code in made if not any(bad in code for bad in _UNWANTED))
