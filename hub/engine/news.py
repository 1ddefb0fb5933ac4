"""What a commit changed, for whoever shows it on a page."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class News:
    """Ids of alerts that changed, and of homes of which something was heard.

    `everything`: another process wrote, or people and homes changed: whatever is shown may be old.
    """

    alerts: frozenset[str] = frozenset()
    homes: frozenset[str] = frozenset()
    everything: bool = False


# Called on the event loop after the commit; it must return at once and never raise.
Listener = Callable[[News], None]
