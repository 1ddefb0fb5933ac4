"""Whether an address can be reached from the public internet."""

import ipaddress
from urllib.parse import urlsplit

_PRIVATE_ENDINGS = (".localhost", ".local", ".lan", ".internal", ".home.arpa", ".test", ".invalid")


def is_public(url: str) -> bool:
    """Whether a carrier out on the internet could call this URL; by its text alone, no name is looked up."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_ENDINGS)
