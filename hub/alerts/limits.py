"""How long a text may be: GSM 03.38 septets, UTF-16 units, and the parts a carrier splits a text into."""

import math
import unicodedata

GSM_SINGLE = 160
GSM_PART = 153
UCS2_SINGLE = 70
UCS2_PART = 67

# 3GPP TS 23.038, 6.2.1: the default alphabet; characters of the extension table take two septets each.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")

# Letters and signs without a decomposition, as they are written where only the GSM alphabet is at hand.
_FOLDED = {
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "ð": "d", "þ": "th",
    "‘": "'", "’": "'", "ʻ": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "…": "...",
    "·": " ", "，": ", ", "。": ".", "、": ", ",
}  # fmt: skip


def units(text: str) -> int:
    """Return the length in UTF-16 units, as a UCS-2 text is counted: rare Han characters and emoji take two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def septets(text: str) -> int | None:
    """Return the length in GSM septets, or None if the text does not fit the GSM alphabet."""
    length = 0
    for char in text:
        if char in _BASIC:
            length += 1
        elif char in _EXTENSION:
            length += 2
        else:
            return None
    return length


def is_gsm(text: str) -> bool:
    """Whether the text can travel in the GSM alphabet."""
    return septets(text) is not None


def segments(text: str) -> int:
    """Return how many parts a carrier sends and bills; 0 for an empty text.

    UCS-2: one part up to 70, else ceil(n / 67). GSM: one up to 160, else parts of 153, none of which ends in the
    middle of an extension character.
    """
    length = septets(text)
    if length is None:
        size = units(text)
        return 1 if size <= UCS2_SINGLE else math.ceil(size / UCS2_PART)
    if length <= GSM_SINGLE:
        return 1 if text else 0
    parts, used = 1, 0
    for char in text:
        width = 2 if char in _EXTENSION else 1
        if used + width > GSM_PART:
            parts, used = parts + 1, 0
        used += width
    return parts


def cut(text: str, length: int, mark: str = "…") -> str:
    """Return at most `length` UTF-16 units of the text, with `mark` where the rest was.

    No character is split, nor parted from the accents that follow it.
    """
    if units(text) <= length:
        return text
    kept, used = [], units(mark)
    for char in text:
        used += units(char)
        if used > length:
            break
        kept.append(char)
    rest = text[len(kept) :]
    if rest and unicodedata.combining(rest[0]):
        while kept and unicodedata.combining(kept[-1]):
            kept.pop()
        kept = kept[:-1]
    return "".join(kept).rstrip() + mark if length >= units(mark) else ""


def tail(text: str, length: int, mark: str = "…") -> str:
    """Return the last `length` UTF-16 units of the text, with `mark` where the rest was."""
    if units(text) <= length:
        return text
    kept, used = [], units(mark)
    for char in reversed(text):
        used += units(char)
        if used > length:
            break
        kept.append(char)
    while kept and unicodedata.combining(kept[-1]):
        kept.pop()
    return mark + "".join(reversed(kept)).lstrip() if length >= units(mark) else ""


def fold(text: str) -> str:
    """Return the text with accents and typographic signs replaced where the GSM alphabet has none of them.

    Characters that have no such spelling (Han, Cyrillic, Arabic ...) stay as they are.
    """
    return "".join(char if char in _BASIC or char in _EXTENSION else _plain(char) for char in text)


def _plain(char: str) -> str:
    if char in _FOLDED:
        return _FOLDED[char]
    bare = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return bare if bare and is_gsm(bare) else char
