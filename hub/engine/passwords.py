"""Passwords: which are refused, and the slow hash of those that are taken."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")

SHORTEST = 10
LONGEST = 256
# Argon2id with 19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's first choice, and what a
# Raspberry Pi does in a fifth of a second.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
# So many are hashed at once, each in 19 MiB; so many more may wait before we say that it is too much.
AT_ONCE, MOST_WAITING = 2, 40

# What people choose first when ten characters are asked for. Compared without case, also backwards.
_COMMON = frozenset(
    # ruff: noqa: SIM905 (one list to read, not fifty quotes)
    "1234567890 12345678910 0123456789 1234567891 0987654321 1111111111 0000000000 8888888888 6666666666 1212121212 "
    "1122334455 1231231230 1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y qwertyuiop qwerty12345 qwerty123456 asdfghjkl1 "
    "password12 password123 password1234 password1! passw0rd123 p@ssw0rd123 administrator admin12345 admin123456 "
    "admin@1234 letmein123 welcome123 welcome1234 changeme123 iloveyou12 a123456789 aa123456789 abc1234567 "
    "abc12345678 abcd123456 abcd1234567 a1234567890 woaini1314 woaini5201314 woaini520520 5201314520 "
    "qq123456789 qwer123456 asd123456789 zhang123456 carehub123 carehub1234 carehub2024 carehub2025 carehub2026".split()
)


class Unfit(StrEnum):
    """Why a password is not taken."""

    SHORT = "short"
    LONG = "long"
    NAME = "name"
    COMMON = "common"


class TooMany(Exception):
    """More sign-ins at once than this machine has memory for; the same again in some seconds."""


def normal(password: str) -> str:
    """Return the password as it is hashed: a Chinese keyboard's full-width digits are the same digits.

    Source: NIST SP 800-63B 5.1.1.2 (normalise with NFKC before hashing).
    """
    return unicodedata.normalize("NFKC", password)


def unfit(password: str, name: str) -> Unfit | None:
    """Return why nobody should have this password; `name` is the account's.

    Length and a list instead of rules about digits and signs: NIST SP 800-63B 5.1.1.2.
    """
    said = normal(password).casefold()
    if len(said) < SHORTEST:
        return Unfit.SHORT
    if len(said) > LONGEST:
        return Unfit.LONG
    own = name.casefold()
    if own in said and said.replace(own, "").strip("0123456789-_.!@ ") == "":
        return Unfit.NAME
    if said in _COMMON or said[::-1] in _COMMON or len(set(said)) < 4:
        return Unfit.COMMON
    return None


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobodys() -> str:
    """Return a hash that no password has, so that an unknown account takes as long as a wrong password."""
    return _hasher().hash(secrets.token_hex(32))


@dataclass
class Passwords:
    """Hashes and checks, in threads, a few at a time."""

    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _waiting: int = 0

    async def hash(self, password: str) -> str:
        """Return what is kept of a password; raises TooMany."""
        return await self._run(lambda: _hasher().hash(normal(password)))

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; takes as long when there is none. Raises TooMany."""
        return await self._run(lambda: _verify(kept, password))

    @staticmethod
    def is_stale(kept: str) -> bool:
        """Whether it was hashed with other costs than are usual now."""
        return _hasher().check_needs_rehash(kept)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= AT_ONCE + MOST_WAITING:
            raise TooMany
        self._waiting += 1
        try:
            async with self._gate:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _verify(kept: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    given = normal(password[: LONGEST * 4])
    try:
        return _hasher().verify(kept or _nobodys(), given) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
