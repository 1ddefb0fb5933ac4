"""What the database keeps of those who sign in, and the log of who did what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.accounts import Account, Invitation, SignIn
from hub.homes import Act


@dataclass(frozen=True, slots=True)
class LogWish:
    """Which lines of the log are wanted, newest first.

    `stems`: only acts about areas that begin with one of these, those without an area only if "" is among them.
    `events` empty: all. `below` is the number of the last line that was shown.
    """

    stems: Sequence[str] = ("",)
    home_id: str | None = None
    who: str | None = None
    events: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    below: int | None = None
    limit: int = 100


class AccountKeeping(Protocol):
    """The part of a transaction that keeps accounts. Names are compared as they are written here."""

    def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        ...

    def account(self, id: str) -> Account | None:
        """Return one account."""
        ...

    def account_named(self, name: str) -> Account | None:
        """Return the account that signs in under this name."""
        ...

    def save_account(self, account: Account) -> None:
        """Insert or replace an account."""
        ...

    def sign_in(self, digest: bytes) -> SignIn | None:
        """Return the browser whose cookie digests to this, whether its time is over or not."""
        ...

    def sign_ins(self, account_id: str) -> list[SignIn]:
        """Return the browsers of an account, the one used last first."""
        ...

    def save_sign_in(self, sign_in: SignIn) -> None:
        """Insert or replace a browser."""
        ...

    def drop_sign_in(self, digest: bytes) -> None:
        """Sign one browser out."""
        ...

    def drop_sign_ins(self, account_id: str, *, but: bytes = b"") -> int:
        """Sign all browsers of an account out, but one; return how many there were."""
        ...

    def invitation(self, digest: bytes) -> Invitation | None:
        """Return the one-time link whose token digests to this, used and expired ones too."""
        ...

    def save_invitation(self, invitation: Invitation) -> None:
        """Insert or replace a one-time link."""
        ...

    def drop_invitations(self, account_id: str | None) -> None:
        """Forget the unused links of an account (None: those for the first administrator); a new one replaces them."""
        ...

    def log(self, wish: LogWish) -> list[tuple[int, Act]]:
        """Return lines of the log with their numbers, newest first."""
        ...
