"""Life safety first, on the event loop too: while a press waits for its commit, nothing less urgent is read."""

import asyncio
from collections.abc import Callable

from hub.ports import Session

# Nothing is held longer than this at a stretch: a burst of hazards, or a sick store, must not silence other devices.
HELD_S = 0.25

_URGENT = (Session.SOS, Session.LIFE)
_RANK = {session: rank for rank, session in enumerate(Session)}


class Precedence:
    """What urgent sessions have in hand, and who is held for it; shared by all sessions of one hub."""

    def __init__(self) -> None:
        self._holds: dict[Session, Callable[[bool], None]] = {}
        self._busy: dict[Session, asyncio.TimerHandle | None] = {}

    def holds(self, session: Session, hold: Callable[[bool], None]) -> None:
        """Have `hold` called when the session may not be read, and when it may again."""
        self._holds[session] = hold

    def begin(self, session: Session) -> None:
        """Note that the session has something to commit."""
        if session in _URGENT and session not in self._busy:
            self._busy[session] = asyncio.get_running_loop().call_later(HELD_S, self._let_go, session)
            self._apply()

    def end(self, session: Session) -> None:
        """Note that it has nothing to commit any more."""
        if session in self._busy:
            if timer := self._busy.pop(session):
                timer.cancel()
            self._apply()

    def _let_go(self, session: Session) -> None:
        """Hold nobody for this session again until it had nothing to commit."""
        self._busy[session] = None
        self._apply()

    def is_held(self, session: Session) -> bool:
        """Whether something more urgent is being committed."""
        return any(timer is not None and _RANK[busy] < _RANK[session] for busy, timer in self._busy.items())

    def _apply(self) -> None:
        for session, hold in self._holds.items():
            hold(self.is_held(session))
