"""Life safety first, on the event loop too: until a press is committed and on its way, nothing less urgent is read."""

import asyncio
from collections.abc import Callable

from hub.ports import Session

# Nothing is held longer than this at a stretch: a burst of hazards, or a sick store, must not silence other devices.
HELD_S = 0.25
# What follows a commit is held so much longer: a first text may need a new connection to the carrier, some ten turns of
# the event loop, which in a burst took 60 to 160 ms.
FOLLOWS_S = 0.03

_URGENT = (Session.SOS, Session.LIFE)
_RANK = {session: rank for rank, session in enumerate(Session)}


class Precedence:
    """What urgent sessions have in hand, and who is held for it; shared by all sessions of one hub."""

    def __init__(self) -> None:
        self._holds: dict[Session, Callable[[bool], None]] = {}
        self._busy: dict[Session, asyncio.TimerHandle | None] = {}
        self._ending: dict[Session, asyncio.TimerHandle] = {}

    def holds(self, session: Session, hold: Callable[[bool], None]) -> None:
        """Have `hold` called when the session may not be read, and when it may again."""
        self._holds[session] = hold

    def begin(self, session: Session) -> None:
        """Note that the session has something to commit."""
        if session in _URGENT and session not in self._busy:
            self._ends(session)
            self._busy[session] = asyncio.get_running_loop().call_later(HELD_S, self._let_go, session)
            self._apply()

    def end(self, session: Session) -> None:
        """Note that it has nothing to commit any more."""
        if session not in self._busy:
            return
        timer = self._busy.pop(session)
        if timer is not None:
            timer.cancel()
            self._ending[session] = asyncio.get_running_loop().call_later(FOLLOWS_S, self._ended, session)
        self._apply()

    def _let_go(self, session: Session) -> None:
        """Hold nobody for this session again until it had nothing to commit."""
        self._busy[session] = None
        self._apply()

    def _ended(self, session: Session) -> None:
        self._ends(session)
        self._apply()

    def _ends(self, session: Session) -> None:
        if timer := self._ending.pop(session, None):
            timer.cancel()

    def is_held(self, session: Session) -> bool:
        """Whether something more urgent is being committed."""
        urgent = [*(busy for busy, timer in self._busy.items() if timer is not None), *self._ending]
        return any(_RANK[busy] < _RANK[session] for busy in urgent)

    def _apply(self) -> None:
        for session, hold in self._holds.items():
            hold(self.is_held(session))
