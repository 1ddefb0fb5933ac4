"""Many homes of one village with the same fault at once: one notice for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from hub.homes import SITE, Home
from hub.rules.finding import Finding, Severity

# Up to so many are told one by one: staff can phone three homes, thirty texts nobody reads.
# Source: EEMUA 191 and ISA-18.2, ten alarms in ten minutes are a flood; the three leave room for what else happens.
FEW = 3
# A text names the first few; the others are on the page and in `carehub alerts show`.
_NAMED = 6
# One notice holds at most so many homes by name of their id; a village has a few hundred.
_MOST = 1_000
# Chinese place names end with one of these; what stands before the first of them is the village or town.
_PLACE_ENDS = "村镇乡县区市街社"

Facts = Mapping[str, str | int]


def members(facts: Facts) -> list[str]:
    """Return the ids of the homes that such a notice is about."""
    return str(facts.get("homes", "")).split()


def notice(cause: str, what: str, area: str, homes: Iterable[Home], since: datetime) -> Finding:
    """Return one notice on the site about these homes of an area, who needs help most first; told to its staff."""
    found = sorted(homes, key=lambda home: (-_needs(home), home.id))[:_MOST]
    where = place([home.address for home in found]) or area
    facts: dict[str, str | int] = {
        "who": where,
        "area": where,
        "n": len(found),
        "list": "、".join(home.who for home in found[:_NAMED]),
        "homes": " ".join(home.id for home in found),
    }
    return Finding(
        cause, what, Severity.NOTICE, SITE, None, None, since, again=False, renews=True, area=area, facts=facts
    )


def place(addresses: Sequence[str]) -> str:
    """Return the place that all addresses name, as people call it; "" if they have none in common."""
    first, last = (min(addresses), max(addresses)) if addresses else ("", "")
    shared = next((first[:n] for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(first, last))
    ends = [shared.rfind(end) + 1 for end in _PLACE_ENDS]
    if max(ends) > 1:
        return shared[: max(ends)]
    return shared.rpartition(" ")[0].strip(" ,")


def _needs(home: Home) -> int:
    return max((len(each.needs) for each in home.residents), default=0)
