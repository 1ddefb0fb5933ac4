"""Which numbers reach the emergency services: carehub never dials them by itself (P11)."""

import re
import unicodedata

# Police, fire, ambulance and the government hotline of China; the numbers that phones elsewhere know.
EMERGENCY_NUMBERS = ("110", "119", "120", "12345", "112", "911", "999")

_SERVICE = f"(?:{'|'.join(EMERGENCY_NUMBERS)})"
# Two digits for Beijing and the largest cities (010, 02x), three for all others: 0936 is Zhangye.
_AREA = r"(?:10|2\d|[3-9]\d\d)"
_CARRIER = r"(?:17\d{3})?"  # prefixes that choose a carrier in China, e.g. 17909
_FORMS = (
    re.compile(rf"{_CARRIER}0*{_SERVICE}"),
    re.compile(rf"{_CARRIER}0+{_AREA}{_SERVICE}"),
    re.compile(rf"9{_SERVICE}"),  # through a switchboard that wants a 9 for an outside line
    re.compile(r"860*(?:110|119|120|112|911|999)"),
)
_INTERNATIONAL_FORMS = (
    re.compile(rf"860*{_AREA}?{_SERVICE}"),
    re.compile(rf"\d{{1,3}}0*{_SERVICE}"),
)
_SPOKEN = str.maketrans("〇零一幺二三四五六七八九", "001123456789")
# What follows these is an extension or keyed after the answer: 120,1 and 120转2 still ring 120.
_EXTENSION = re.compile(r"[,;*#]|ext|转|分机|(?<=\d)\s*[pwx]", re.IGNORECASE)


def is_emergency_number(text: str) -> bool:
    """Whether dialling `text` would reach the emergency services, in whatever spelling.

    Forgives full-width and Chinese digits, spaces, dashes, brackets, `tel:`, extensions, +86 and 0086, other
    country codes, area codes (0936120, +86936120), switchboard and carrier prefixes.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SPOKEN)
    dialled = _EXTENSION.split(plain, maxsplit=1)[0]
    digits = "".join(str(unicodedata.decimal(ch)) for ch in dialled if ch.isdecimal())
    if any(form.fullmatch(digits) for form in _FORMS):
        return True
    before = next((ch for ch in dialled if ch == "+" or ch.isdecimal()), "")
    if before == "+":
        return _is_international(digits)
    return digits.startswith("00") and _is_international(digits.lstrip("0"))


def _is_international(digits: str) -> bool:
    digits = digits.removeprefix("00")  # seen as "+0086…"
    return any(form.fullmatch(digits) for form in _INTERNATIONAL_FORMS)
