"""What the carrier checks of a request to send, and in which order.

Source: twilio.com/docs/messaging/api/message-resource and the error dictionary's pages on 21211 to 21619.
"""

import contextlib
import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from simulators.carrier.errors import MAGIC_RECIPIENTS, RestError
from simulators.carrier.faults import FaultKind, Faults, Phase, Traffic

LONGEST_BODY = 1600
LONGEST_URL = 4000
E164 = re.compile(r"\+[1-9]\d{6,14}")
_FORMATTING = str.maketrans("", "", " -().")


class Sending(NamedTuple):
    """A request to send that passed."""

    to: str
    from_: str
    body: str
    callback: str | None


def check_sending(
    form: Mapping[str, str],
    *,
    numbers: Collection[str],
    opted_out: Collection[str],
    faults: Faults,
    allow_private: bool,
) -> Sending:
    """Return what the request asks for; raises RestError with the first thing that is wrong."""
    to = _recipient(form, faults)
    from_ = _sender(form, to, numbers)
    if to in MAGIC_RECIPIENTS:
        raise RestError(MAGIC_RECIPIENTS[to], to)
    body = form.get("Body", "")
    if not body:
        raise RestError(21619)
    if len(body) > LONGEST_BODY:
        raise RestError(21617)
    callback = form.get("StatusCallback") or None
    if callback and not is_callable(callback, allow_private=allow_private):
        raise RestError(21609, callback)
    if to in opted_out:
        raise RestError(21610)
    return Sending(to, from_, body, callback)


def _recipient(form: Mapping[str, str], faults: Faults) -> str:
    if not (given := form.get("To", "").strip()):
        raise RestError(21604)
    to = given.translate(_FORMATTING)
    callback = form.get("StatusCallback")
    skip = None if callback else FaultKind.CALLBACK_REFUSED
    if fault := faults.strike(Phase.CHECK, Traffic.CREATE, to, without=skip):
        raise RestError(fault.error_code or 21211, str(callback) if fault.error_code == 21609 else to)
    if not E164.fullmatch(to):
        raise RestError(21211, given)
    return to


def _sender(form: Mapping[str, str], to: str, numbers: Collection[str]) -> str:
    from_ = form.get("From", "").translate(_FORMATTING)
    if not from_:
        raise RestError(21603)
    if from_ == to:
        raise RestError(21266, to)
    if from_ not in numbers:
        raise RestError(21606, from_)
    return from_


def is_callable(url: str, *, allow_private: bool) -> bool:
    """Whether the carrier could call this URL. Source: twilio.com/docs/api/errors/21609."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if len(url) > LONGEST_URL or parts.scheme not in ("http", "https") or not host or "_" in host or " " in url:
        return False
    if allow_private:
        return True
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return False
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_global
    return "." in host
