"""Accounts, who is signed in, one-time links, and the log of acts, in rows."""

from typing import Any

from sqlalchemy import ColumnElement, delete, false, or_, select

from hub.accounts import Account, AccountRole, Invitation, SignIn
from hub.homes import Act
from hub.ports.accounts import LogWish
from hub.store import tables
from hub.store.rows import Rows

_accounts = tables.accounts
_sign_ins = tables.sign_ins
_invitations = tables.invitations
_acts = tables.acts


class AccountRows(Rows):
    """The part of a transaction that keeps accounts."""

    def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        return [_account(row) for row in self._db.execute(select(_accounts).order_by(_accounts.c.name))]

    def account(self, id: str) -> Account | None:
        """Return one account."""
        return self._one_account(_accounts.c.id == id)

    def account_named(self, name: str) -> Account | None:
        """Return the account that signs in under this name."""
        return self._one_account(_accounts.c.name == name)

    def _one_account(self, which: ColumnElement[bool]) -> Account | None:
        row = self._db.execute(select(_accounts).where(which)).first()
        return _account(row) if row is not None else None

    def save_account(self, account: Account) -> None:
        """Insert or replace an account."""
        row = {
            "id": account.id,
            "name": account.name,
            "roles": tuple(sorted(role.value for role in account.roles)),
            "areas": account.areas,
            "person": account.person,
            "language": account.language,
            "password": account.password,
            "created_at": account.created_at,
            "disabled_at": account.disabled_at,
            "failures": account.failures,
            "locked_until": account.locked_until,
        }
        self._upsert(_accounts, row)

    def sign_in(self, digest: bytes) -> SignIn | None:
        """Return the browser whose cookie digests to this, whether its time is over or not."""
        row = self._db.execute(select(_sign_ins).where(_sign_ins.c.digest == digest)).first()
        return _sign_in(row) if row is not None else None

    def sign_ins(self, account_id: str) -> list[SignIn]:
        """Return the browsers of an account, the one used last first."""
        c = _sign_ins.c
        question = select(_sign_ins).where(c.account_id == account_id).order_by(c.seen_at.desc(), c.digest)
        return [_sign_in(row) for row in self._db.execute(question)]

    def save_sign_in(self, sign_in: SignIn) -> None:
        """Insert or replace a browser."""
        row = {
            "digest": sign_in.digest,
            "account_id": sign_in.account_id,
            "created_at": sign_in.created_at,
            "seen_at": sign_in.seen_at,
        }
        self._upsert(_sign_ins, row)

    def drop_sign_in(self, digest: bytes) -> None:
        """Sign one browser out."""
        self._db.execute(delete(_sign_ins).where(_sign_ins.c.digest == digest))

    def drop_sign_ins(self, account_id: str, *, but: bytes = b"") -> int:
        """Sign all browsers of an account out, but one; return how many there were."""
        c = _sign_ins.c
        return int(self._db.execute(delete(_sign_ins).where(c.account_id == account_id, c.digest != but)).rowcount)

    def invitation(self, digest: bytes) -> Invitation | None:
        """Return the one-time link whose token digests to this, used and expired ones too."""
        row = self._db.execute(select(_invitations).where(_invitations.c.digest == digest)).first()
        return Invitation(bytes(row[0]), *row[1:]) if row is not None else None

    def save_invitation(self, invitation: Invitation) -> None:
        """Insert or replace a one-time link."""
        row = {
            "digest": invitation.digest,
            "account_id": invitation.account_id,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
            "used_at": invitation.used_at,
        }
        self._upsert(_invitations, row)

    def drop_invitations(self, account_id: str | None) -> None:
        """Forget the unused links of an account (None: those for the first administrator); a new one replaces them."""
        c = _invitations.c
        whose = c.account_id.is_(None) if account_id is None else c.account_id == account_id
        self._db.execute(delete(_invitations).where(whose, c.used_at.is_(None)))

    def log(self, wish: LogWish) -> list[tuple[int, Act]]:
        """Return lines of the log with their numbers, newest first."""
        c = _acts.c
        question = select(c.id, c.at, c.who, c.event, c.home_id, c.detail, c.area).where(*_wanted(wish))
        rows = self._db.execute(question.order_by(c.id.desc()).limit(wish.limit))
        return [(row[0], Act(*row[1:])) for row in rows]


def _wanted(wish: LogWish) -> list[ColumnElement[bool]]:
    c = _acts.c
    found: list[ColumnElement[bool]] = []
    if "" not in wish.stems:
        # An area is twelve digits, so a stem holds nothing that LIKE would read as a pattern.
        found.append(or_(false(), *(c.area.startswith(stem, autoescape=True) for stem in wish.stems)))
    if wish.home_id is not None:
        found.append(c.home_id == wish.home_id)
    if wish.who is not None:
        found.append(c.who == wish.who)
    if wish.events:
        found.append(c.event.in_(wish.events))
    if wish.since is not None:
        found.append(c.at >= wish.since)
    if wish.until is not None:
        found.append(c.at < wish.until)
    if wish.below is not None:
        found.append(c.id < wish.below)
    return found


def _account(row: Any) -> Account:
    id_, name, roles, areas, *rest = row
    return Account(id_, name, frozenset(AccountRole(role) for role in roles), tuple(areas), *rest)


def _sign_in(row: Any) -> SignIn:
    return SignIn(bytes(row[0]), *row[1:])
