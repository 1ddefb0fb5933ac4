"""Rules: from readings and time to findings. One file per rule, and one line here."""

from collections.abc import Callable, Mapping

from hub.rules import battery, delivery, hazard, mains, maintenance, sos, trouble, unknown
from hub.rules.finding import Finding, Heard
from hub.rules.gateways import Gateways
from hub.rules.inactivity import Inactivity
from hub.rules.mains import MainsBack
from hub.rules.maintenance import Maintenance
from hub.rules.silence import Silence
from hub.rules.watch import TimedRule

RULES: tuple[Callable[[Heard], Finding | None], ...] = (
    sos.evaluate,
    hazard.evaluate,
    unknown.evaluate,
    delivery.evaluate,
    battery.evaluate,
    mains.evaluate,
    trouble.evaluate,
)
# What a device says of itself ends what it said before, without a person.
ENDINGS: tuple[Callable[[Heard], str | None], ...] = (battery.ended, trouble.ended)


def findings(heard: Heard) -> list[Finding]:
    """Return what the rules see in one reading."""
    return [finding for rule in RULES if (finding := rule(heard)) is not None]


def endings(heard: Heard) -> list[str]:
    """Return the causes whose alerts one reading ends."""
    return [cause for rule in ENDINGS if (cause := rule(heard)) is not None]


# Rules that judge what is not said: looked at when a watch of theirs is due.
TIMED: Mapping[str, TimedRule] = {
    rule.name: rule for rule in (Inactivity(), Silence(), Gateways(), MainsBack(), Maintenance())
}
# Watches of these are made by what people do, and stay until a look says that they are done.
BY_DEED = frozenset({maintenance.NAME})
# The first word of causes whose alerts are changed by a word of the home or the device they are about.
AWAITED = frozenset({"inactivity", battery.NAME})


def waits_for_a_word(cause: str) -> bool:
    """Whether an alert of this cause wants to know when somebody moves, or something speaks, again."""
    return cause.partition(":")[0] in AWAITED
