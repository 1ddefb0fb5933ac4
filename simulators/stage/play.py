"""What the page needs of whoever plays behind it."""

from typing import Any, Protocol

State = dict[str, Any]


class Refused(Exception):
    """Something was asked for that cannot be done; the text says in one sentence why, `status` in HTTP's words."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Play(Protocol):
    """The world behind the page. Every command raises Refused with a sentence for the reader."""

    async def wait(self, seen: int, wait_s: float) -> int:
        """Return the number of the newest state; waits `wait_s` of real time at most for one newer than `seen`."""
        ...

    async def state(self, language: str) -> State:
        """Return everything that is shown, in words of this language; docs/developers.md lists the keys."""
        ...

    def time(self) -> State:
        """Return `now_ms` and `pace`: the page's clock runs by them."""
        ...

    async def poke(self, device: str, what: str) -> None:
        """Do something to a device: press, on, off, open, close, ..."""
        ...

    async def reply(self, number: str, text: str) -> None:
        """Send a text from a phone to the hub."""
        ...

    async def scenario(self, name: str) -> None:
        """Begin a scenario; "none" ends the running one."""
        ...

    async def speed(self, pace: float) -> None:
        """Let time run so many times as fast; 0 stops it."""
        ...

    async def next_step(self) -> None:
        """Let time run to the next thing that is due."""
        ...

    async def world(self, name: str, value: str) -> None:
        """Switch something of the world around the hub."""
        ...
