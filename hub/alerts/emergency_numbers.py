"""The numbers of the emergency services, in whatever spelling: the hub never calls or texts them by itself."""

import re
import unicodedata

EMERGENCY_NUMBERS = ("110", "119", "120", "12345", "112", "911", "999")

_ANY = "|".join(EMERGENCY_NUMBERS)
# In China each city's own centre answers behind its area code: 0936 120, 010 110.
_BEHIND_AREA_CODE = re.compile(rf"(?:10|2\d|[3-9]\d\d)(?:{_ANY})")
_INTERNATIONAL = ("+", "00", "011")


def is_emergency_number(text: str) -> bool:
    """Whether `text` dials an emergency service: 120, １２０, +86 120, 0086-120, 0936 120, +86 (0)936 120.

    Any country code counts. No real subscriber's number in E.164 is this short, so none is refused by mistake.
    """
    dialled = _digits(text)
    spellings = {dialled, *(dialled.removeprefix(prefix) for prefix in _INTERNATIONAL)}
    spellings |= {each.removeprefix("00") for each in spellings}
    return any(_is_emergency(each, international=each != dialled) for each in spellings)


def _digits(text: str) -> str:
    """Return the digits of any script as ASCII, with a leading plus if there is one."""
    found = [str(unicodedata.digit(char)) for char in text if unicodedata.digit(char, None) is not None]
    plus = "+" if unicodedata.normalize("NFKC", text).strip().startswith("+") else ""
    return plus + "".join(found)


def _is_emergency(number: str, *, international: bool) -> bool:
    """Look at a number without its international prefix, with and without a country code, trunk zeros dropped."""
    local = number.lstrip("0")
    if local in EMERGENCY_NUMBERS:
        return True
    if (not international or number.startswith("0")) and _BEHIND_AREA_CODE.fullmatch(local):
        return True
    if any(number[length:].lstrip("0") in EMERGENCY_NUMBERS for length in (1, 2, 3)):
        return international or number.startswith("86")
    return number.startswith("86") and _BEHIND_AREA_CODE.fullmatch(number[2:].lstrip("0")) is not None
