"""What every page of the console says of alerts that wait: how many, whether they sound, the newest emergencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.alerts.policy import Severity
from hub.web.console.board import Board, Card
from hub.web.console.picture import event
from hub.web.console.sayings import Sayings

# Which of them are named: more than these came at one moment only in a flood, and then the number says it.
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Waits:
    """What all who see the same alerts in the same language are told."""

    facts: Mapping[str, Any]

    def since(self, before: "Waits", now: datetime) -> bytes:
        """Return what a page lacks that was told `before`; empty if it lacks nothing."""
        return b"" if self.facts == before.facts else event("waiting", {**self.facts, "now": now.timestamp()})


UNTOLD = Waits({})


def waits(board: Board, sayings: Sayings, title: str, waiting: int) -> Waits:
    """Return what waits on this board. `title` is what the tab says; it is said while an emergency waits."""
    urgent = [card for card in board.cards if card.waits and card.severity is Severity.EMERGENCY]
    return Waits(
        {
            "n": str(waiting),
            "title": title if urgent else "",
            "sounds": sum(card.sounds for card in urgent),
            "newest": [_named(card, sayings) for card in _newest(urgent)],
            "rev": f"{max((card.item.revision for card in board.cards), default=0)}.{len(board.cards)}",
        }
    )


def _newest(cards: Sequence[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: (card.alert.opened_at, card.alert.id), reverse=True)[:MOST_NAMED]


def _named(card: Card, sayings: Sayings) -> dict[str, str]:
    return {"id": card.alert.id, "say": sayings.announced(card)}
