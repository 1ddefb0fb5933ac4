"""Rules: from readings and time to findings. One file per rule, and one line here."""

from collections.abc import Callable

from hub.rules import delivery, hazard, sos, unknown
from hub.rules.finding import Finding, Heard

RULES: tuple[Callable[[Heard], Finding | None], ...] = (
    sos.evaluate,
    hazard.evaluate,
    unknown.evaluate,
    delivery.evaluate,
)


def findings(heard: Heard) -> list[Finding]:
    """Return what the rules see in one reading."""
    return [finding for rule in RULES if (finding := rule(heard)) is not None]
