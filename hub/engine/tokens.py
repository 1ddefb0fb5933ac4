"""What programs sign in with: made by whoever they act for, shown once, kept as a digest, over on a day."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from ulid import ULID

from hub.accounts import Account, ApiToken, Right
from hub.engine.account_changes import may_change
from hub.engine.engine import Engine
from hub.engine.work import Work
from hub.homes import Act
from hub.ports import Lane, StoreUnavailable, Transaction

log = structlog.get_logger("tokens")

PREFIX = "ch_"
_TOKEN = re.compile(r"ch_[A-Za-z0-9_-]{43}")
# A program that nobody looks after must not keep its key for ever.
LONGEST = timedelta(days=366)
LONGEST_NAME = 60
# That a token is used is no reason to write each time.
USED_EVERY = timedelta(minutes=1)
MOST = 20  # of one account, that can be used
# Six months of logs (Cybersecurity Law of the PRC, article 21 (3)): as long one can see what a token was.
KEPT_AFTER = timedelta(days=184)


class WhyNot(StrEnum):
    """Why a token is not made."""

    NAME = "name"
    NO_RIGHTS = "no_rights"
    RIGHTS = "rights"
    UNTIL = "until"
    TOO_MANY = "too_many"


class TokenRefused(Exception):
    """This token is not made; `why` says the reason."""

    def __init__(self, why: WhyNot) -> None:
        super().__init__(why.value)
        self.why = why


class NoSuchToken(LookupError):
    """No token has this id, or it is none of this account's business."""


@dataclass(frozen=True, slots=True)
class Scoped(Account):
    """An account as a program acts for it: of its rights only those of the token."""

    scopes: frozenset[Right] = frozenset()
    token: str = ""  # its id

    @property
    def rights(self) -> frozenset[Right]:
        """All that its roles allow somewhere, and the token as well."""
        return Account.rights.fget(self) & self.scopes  # type: ignore[attr-defined,no-any-return]


def scoped(account: Account, token: ApiToken) -> Scoped:
    """Return the account with the rights of a token."""
    own = {field.name: getattr(account, field.name) for field in fields(Account)}
    return Scoped(**own, scopes=token.rights, token=token.id)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that asks: its token, and the account with what that allows."""

    token: ApiToken
    account: Scoped


def digest(token: str) -> bytes:
    """Return what is kept of a token. 256 random bits need no slow hash."""
    return hashlib.sha256(b"carehub token\0" + token.encode("utf-8", "replace")).digest()


def is_over(token: ApiToken, now: datetime) -> bool:
    """Whether a token opens nothing any more."""
    return token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now)


class Tokens:
    """Tokens, on the engine's store. Everything durable when it returns; all raise StoreUnavailable."""

    def __init__(self, engine: Engine) -> None:
        """Know nobody yet."""
        self._engine = engine

    async def caller(self, token: str) -> Caller | None:
        """Return who asks with this token; None if it opens nothing (any more)."""
        if not _TOKEN.fullmatch(token):
            return None
        mark, now = digest(token), self._engine.clock.now()

        def read(transaction: Transaction) -> tuple[ApiToken, Account] | None:
            kept = transaction.api_token(mark)
            account = transaction.account(kept.account_id) if kept else None
            return (kept, account) if kept is not None and account is not None else None

        found = await self._engine.store.read(read)
        if found is None or is_over(found[0], now) or found[1].disabled_at is not None:
            return None
        kept, account = found
        if kept.used_at is None or now - kept.used_at >= USED_EVERY:
            await self._used(kept)
        return Caller(kept, scoped(account, kept))

    async def _used(self, token: ApiToken) -> None:
        """Note that it was used; a sick store is no reason to refuse it."""

        def note(work: Work) -> None:
            current = work.transaction.api_token(token.digest)
            if current is not None:
                work.transaction.save_api_token(replace(current, used_at=work.now))

        try:
            await self._engine.write(Lane.SLOW, note)
        except StoreUnavailable:
            log.warning("use_not_kept", token=token.id)

    async def seen_by(self, account: Account, accounts: Iterable[Account]) -> list[ApiToken]:
        """Return one's own tokens and those of accounts that one may change, newest first."""
        ids = [one.id for one in accounts if one.id == account.id or may_change(account, one)]
        return await self._engine.store.read(lambda t: t.api_tokens(ids))

    async def make(
        self, account: Account, name: str, rights: Iterable[Right], holds: timedelta
    ) -> tuple[str, ApiToken]:
        """Make a token for one's own account; return it, once, and what is kept of it. Raises TokenRefused."""
        wanted, called = frozenset(rights), " ".join(name.split())
        _check(account, called, wanted, holds)
        text = PREFIX + secrets.token_urlsafe(32)

        def make(work: Work) -> ApiToken:
            current = work.transaction.account(account.id)
            if current is None or current.disabled_at is not None or not wanted <= current.rights:
                raise TokenRefused(WhyNot.RIGHTS)
            work.transaction.drop_api_tokens(work.now - KEPT_AFTER)
            usable = [t for t in work.transaction.api_tokens([account.id]) if not is_over(t, work.now)]
            if len(usable) >= MOST:
                raise TokenRefused(WhyNot.TOO_MANY)
            id = str(ULID.from_datetime(work.now))
            made = ApiToken(id, digest(text), account.id, called, wanted, work.now, work.now + holds)
            work.transaction.save_api_token(made)
            scopes = " ".join(sorted(right.value for right in wanted))
            _record(work, account, "token_made", made, scopes=scopes)
            return made

        return text, await self._engine.write(Lane.DUTY, make)

    async def revoke(self, account: Account, id: str) -> ApiToken:
        """End a token at once: one's own, or of an account that one may change. Raises NoSuchToken."""

        def revoke(work: Work) -> ApiToken:
            token = next((t for t in work.transaction.api_tokens() if t.id == id), None)
            owner = work.transaction.account(token.account_id) if token else None
            mine = token is not None and token.account_id == account.id
            if token is None or not (mine or (owner is not None and may_change(account, owner))):
                raise NoSuchToken(id)
            if token.revoked_at is not None:
                return token
            ended = replace(token, revoked_at=work.now)
            work.transaction.save_api_token(ended)
            _record(work, account, "token_revoked", ended)
            return ended

        return await self._engine.write(Lane.DUTY, revoke)


def _check(account: Account, name: str, rights: frozenset[Right], holds: timedelta) -> None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise TokenRefused(WhyNot.NAME)
    if not rights:
        raise TokenRefused(WhyNot.NO_RIGHTS)
    if not rights <= account.rights:
        raise TokenRefused(WhyNot.RIGHTS)
    if not timedelta(0) < holds <= LONGEST:
        raise TokenRefused(WhyNot.UNTIL)


def _record(work: Work, account: Account, event: str, token: ApiToken, **more: str) -> None:
    said: dict[str, str | int] = {"token_id": token.id, "name": token.name, **more}
    work.transaction.record_act(Act(work.now, account.who, event, None, said, account.area))
