"""Phone numbers as people write them to E.164, with the reasons why one cannot be."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

from hub.alerts.emergency import is_emergency_number
from hub.settings.fault import Wrong
from hub.settings.sentences import Phrase

_SEPARATORS = re.compile(r"[\s().\-\u00ad\u2010-\u2015\u2212/]+")
_E164 = re.compile(r"\+[1-9]\d{5,14}")
_CHINESE_MOBILE_DIGITS = 11
_CHINESE_MOBILE = re.compile(r"(?:\+86)?(1[3-9]\d{6,12})")
# Ranges reserved for examples reach nobody on purpose: Ofcom's 07700 900 and the American 555 01.
_EXAMPLES = re.compile(r"\+447700900\d{3}|\+1\d{3}55501\d\d")


def read_phone(text: str, *, chinese: bool) -> str:
    """Return the number in E.164; raises Wrong without the person's facts.

    Spaces, dashes, brackets and full-width digits are forgiven. With `chinese` (the site's time zone is in
    China), 11 digits of a mobile number need no +86, as people there write them.
    """
    if is_emergency_number(text):
        raise Wrong("phone_emergency", value=text)
    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if mobile := _CHINESE_MOBILE.fullmatch(number):
        international = number.startswith("+")
        if international or chinese:
            missing = _CHINESE_MOBILE_DIGITS - len(mobile[1])
            if missing:
                raise Wrong("phone_length", value=text, count=_count(missing))
            return f"+86{mobile[1]}"
    if not _E164.fullmatch(number):
        raise Wrong("phone", value=text)
    parsed = _parse(number)
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise Wrong("phone", value=text)
    if is_emergency_number(number):
        raise Wrong("phone_emergency", value=text)
    return number


def is_in_known_range(number: str) -> bool:
    """Whether a number in E.164 lies in a range in use, or in one reserved for examples."""
    if _EXAMPLES.fullmatch(number):
        return True
    parsed = _parse(number)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


@lru_cache(maxsize=16)
def _parse(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None


def _count(missing: int) -> Phrase:
    """Say by how many digits a number is too short (positive) or too long."""
    count = abs(missing)
    digits = "one digit" if count == 1 else f"{count} digits"
    if missing > 0:
        return Phrase(f"{digits} short", f"少 {count} 位")
    return Phrase(f"{digits} too long", f"多 {count} 位")
