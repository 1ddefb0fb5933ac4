"""Who signs in, with what, and for how long; one-time links."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

import structlog

from hub.accounts import (
    EVERYWHERE,
    Account,
    AccountRole,
    Invitation,
    SignIn,
    account_name,
    has_administrator,
    is_over,
    lock_after,
)
from hub.engine import account_changes as changes
from hub.engine.account_changes import SOMEBODY, AccountRefused, Why
from hub.engine.engine import Engine
from hub.engine.news import News
from hub.engine.passwords import Passwords, Unfit, unfit
from hub.engine.work import Work
from hub.homes import Act
from hub.ports import Lane, StoreUnavailable, Transaction

T = TypeVar("T")
log = structlog.get_logger("accounts")

# A page is no reason to write: that somebody is still there is noted once a minute.
SEEN_EVERY = timedelta(minutes=1)
# Browsers in which one account may be signed in; the one not used for longest goes.
MOST_BROWSERS = 20
MOST_REMEMBERED = 2000


class WrongSignIn(Exception):
    """No such account, or another password: nobody hears which."""


class Locked(Exception):
    """Too many wrong passwords; the next try counts from `until` on."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class LinkOver(Exception):
    """A one-time link that opens nothing: `used`, `expired`, or there never was one."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class UnfitPassword(Exception):
    """A password that nobody should have."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why.value)
        self.why = why


class Fresh(NamedTuple):
    """A new sign-in: what the browser's cookie holds, and whose it is."""

    token: str
    account: Account


def digest(token: str) -> bytes:
    """Return what is kept of a cookie or a one-time link. 256 random bits need no slow hash."""
    return hashlib.sha256(b"carehub sign-in\0" + token.encode("utf-8", "replace")).digest()


class Accounts:
    """Accounts and sign-ins, on the engine's store. Everything durable when it returns; all raise StoreUnavailable."""

    def __init__(self, engine: Engine) -> None:
        """Know nobody yet."""
        self._engine = engine
        self._passwords = Passwords()
        # Who asked lately, so that a page costs no question to the database.
        self._known: OrderedDict[bytes, tuple[SignIn, Account]] = OrderedDict()
        # Wrong tries at names that nobody has: they are told the same as those at names that somebody has.
        self._nobody: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()
        self._forgotten = 0
        engine.listen(self._heard)

    def _heard(self, news: News) -> None:
        if news.everything:  # another process may have disabled somebody
            self._forget()

    def _forget(self) -> None:
        self._known.clear()
        self._forgotten += 1

    async def _write(self, work: Callable[[Work], T]) -> T:
        """Write, and forget what was known of who is signed in."""
        try:
            # A sign-in does not wait behind readings: whoever signs in may have been called.
            return await self._engine.write(Lane.DUTY, work)
        finally:
            self._forget()

    # --- who is there

    async def signed_in(self, token: str, *, act: bool) -> Account | None:
        """Return whose cookie this is; None when nobody is signed in with it any more. `act`: a person's doing."""
        mark, now = digest(token), self._engine.clock.now()
        found = self._known.get(mark) or await self._look_up(mark)
        if found is None or is_over(*found, now):
            return None
        sign_in, account = found
        if act and now - sign_in.seen_at >= SEEN_EVERY:
            await self._seen(replace(sign_in, seen_at=now), account)
        return account

    async def _look_up(self, mark: bytes) -> tuple[SignIn, Account] | None:
        before = self._forgotten
        found = await self._engine.store.read(lambda t: _signed_in(t, mark))
        if found is not None and before == self._forgotten:  # else it may be from before a change
            self._remember(found)
        return found

    def _remember(self, found: tuple[SignIn, Account]) -> None:
        self._known[found[0].digest] = found
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    async def _seen(self, sign_in: SignIn, account: Account) -> None:
        """Note that somebody is still there; a sick store is no reason to send them away."""
        if sign_in.digest in self._known:
            self._known[sign_in.digest] = sign_in, account

        def note(work: Work) -> None:
            if work.transaction.sign_in(sign_in.digest) is not None:  # else somebody signed them out meanwhile
                work.transaction.save_sign_in(sign_in)

        try:
            await self._engine.write(Lane.SLOW, note)
        except StoreUnavailable:
            log.warning("presence_not_kept", account=account.id)

    async def has_any(self) -> bool:
        """Whether anybody could sign in at all."""
        accounts = await self._engine.store.read(lambda t: t.accounts())
        return any(a.password is not None and a.disabled_at is None for a in accounts)

    async def browsers(self, account: Account) -> list[SignIn]:
        """Return where an account is signed in now, the one used last first."""
        now = self._engine.clock.now()
        found = await self._engine.store.read(lambda t: t.sign_ins(account.id))
        return [one for one in found if not is_over(one, account, now)]

    async def all(self) -> list[Account]:
        """Return all accounts by name."""
        return await self._engine.store.read(lambda t: t.accounts())

    async def account(self, id: str) -> Account | None:
        """Return one account."""
        return await self._engine.store.read(lambda t: t.account(id))

    async def named(self, name: str) -> Account | None:
        """Return the account with this name, however it is written."""
        kept = account_name(name)
        return await self._engine.store.read(lambda t: t.account_named(kept)) if kept else None

    # --- in and out

    async def sign_in(self, name: str, password: str, *, before: str | None = None) -> Fresh:
        """Sign somebody in; `before` is the cookie the browser had. Raises WrongSignIn, Locked, TooMany."""
        now = self._engine.clock.now()
        kept = account_name(name) or ""
        account = await self._engine.store.read(lambda t: t.account_named(kept))
        until = account.locked_until if account else self._nobody.get(kept, (0, None))[1]
        if until is not None and until > now:
            raise Locked(until)
        usable = account if account is not None and account.disabled_at is None else None
        if not await self._passwords.is_right(usable.password if usable else None, password):
            await self._failed(kept, account)
            raise WrongSignIn
        if usable is None or usable.password is None:  # no password is right without one
            raise WrongSignIn
        checked, token = usable.password, secrets.token_urlsafe(32)
        new_hash = await self._passwords.hash(password) if self._passwords.is_stale(checked) else None

        def enter(work: Work) -> Account:
            current = work.transaction.account(usable.id)
            if current is None or current.password != checked or current.disabled_at is not None:
                raise WrongSignIn
            if current.locked_until is not None and current.locked_until > work.now:
                raise Locked(current.locked_until)  # guesses that ran beside this one locked it
            fresh = replace(current, failures=0, locked_until=None, password=new_hash or current.password)
            if before:
                work.transaction.drop_sign_in(digest(before))
            _enter(work, fresh, token)
            return fresh

        return Fresh(token, await self._write(enter))

    async def _failed(self, name: str, account: Account | None) -> None:
        """Count a wrong password; for a name that nobody has it takes as long, and locks alike."""

        def count(work: Work) -> None:
            current = work.transaction.account(account.id) if account else None
            if current is None:
                return
            failures = current.failures + 1
            lock = lock_after(failures)
            until = work.now + lock if lock else None
            work.transaction.save_account(replace(current, failures=failures, locked_until=until))
            said: dict[str, str | int] = {"account": current.id, "name": current.name, "failures": failures}
            work.transaction.record_act(Act(work.now, SOMEBODY, "sign_in_failed", None, said, current.area))

        await self._write(count)
        if account is None:
            failures = self._nobody.pop(name, (0, None))[0] + 1
            lock = lock_after(failures)
            self._nobody[name] = failures, self._engine.clock.now() + lock if lock else None
            while len(self._nobody) > MOST_REMEMBERED:
                self._nobody.popitem(last=False)

    async def sign_out(self, token: str) -> None:
        """End one sign-in."""
        mark = digest(token)

        def leave(work: Work) -> None:
            found = _signed_in(work.transaction, mark)
            work.transaction.drop_sign_in(mark)
            if found is not None:
                account = found[1]
                said = {"account": account.id, "name": account.name}
                work.transaction.record_act(Act(work.now, account.who, "signed_out", None, said, account.area))

        await self._write(leave)

    async def sign_out_everywhere(self, by: Account | None, id: str, *, but: str | None = None) -> int:
        """End all sign-ins of an account, but the one of this cookie; return how many ended."""

        def leave(work: Work) -> int:
            if but is None:
                changes.sign_out(work, by, id)
                return 0
            account = work.transaction.account(id)
            ended = work.transaction.drop_sign_ins(id, but=digest(but))
            if account is not None:
                changes.record(work, account, "account_signed_out", account, detail={"browsers": ended})
            return ended

        return await self._write(leave)

    async def change_password(self, account: Account, old: str, new: str) -> Fresh:
        """Change one's own password: all sign-ins end, and this browser gets a new one.

        Raises WrongSignIn, Locked, UnfitPassword, TooMany.
        """
        now = self._engine.clock.now()
        current = await self.account(account.id)
        if current is None or (current.locked_until is not None and current.locked_until > now):
            raise Locked(current.locked_until) if current and current.locked_until else WrongSignIn
        if not await self._passwords.is_right(current.password, old):
            await self._failed(current.name, current)
            raise WrongSignIn
        hashed = await self._hash(new, current.name)
        checked, token = current.password, secrets.token_urlsafe(32)

        def put(work: Work) -> Account:
            kept = work.transaction.account(account.id)
            if kept is None or kept.password != checked or kept.disabled_at is not None:
                raise WrongSignIn
            fresh = replace(kept, password=hashed, failures=0, locked_until=None)
            work.transaction.drop_sign_ins(account.id)
            changes.record(work, fresh, "password_changed", fresh)
            _enter(work, fresh, token)
            return fresh

        return Fresh(token, await self._write(put))

    async def speak(self, account: Account, language: str | None) -> None:
        """Keep in which language an account wants its pages; None: as the person, or the site."""

        def put(work: Work) -> None:
            kept = work.transaction.account(account.id)
            if kept is not None:
                work.transaction.save_account(replace(kept, language=language))

        await self._write(put)

    async def _hash(self, password: str, name: str) -> str:
        why = unfit(password, name)
        if why is not None:
            raise UnfitPassword(why)
        return await self._passwords.hash(password)

    # --- one-time links

    async def first_link(self) -> tuple[str, Invitation]:
        """Return the token of a link that makes the first administrator; raises AccountRefused when there is one."""
        token = secrets.token_urlsafe(24)
        return token, await self._write(lambda work: changes.first_link(work, digest(token)))

    async def link(self, by: Account | None, id: str) -> tuple[str, Invitation]:
        """Return the token of a link with which an account chooses its password; raises AccountRefused."""
        token = secrets.token_urlsafe(24)
        return token, await self._write(lambda work: changes.link(work, by, id, digest(token)))

    async def opened(self, token: str) -> Account | None:
        """Return whose password this link sets; None: the first administrator's. Raises LinkOver; changes nothing."""
        mark, now = digest(token), self._engine.clock.now()
        return await self._engine.store.read(lambda t: _opened(t, mark, now))

    async def welcome(self, token: str, name: str, password: str) -> Fresh:
        """Use a one-time link: keep the password, sign in. `name` counts for the first administrator alone.

        Raises LinkOver, AccountRefused, UnfitPassword, TooMany.
        """
        whose = await self.opened(token)
        kept = whose.name if whose else account_name(name)
        if kept is None:
            raise AccountRefused(Why.NAME)
        hashed = await self._hash(password, kept)
        mark, cookie = digest(token), secrets.token_urlsafe(32)

        def use(work: Work) -> Account:
            account = _opened(work.transaction, mark, work.now)
            invitation = work.transaction.invitation(mark)
            if invitation is None:
                raise LinkOver("unknown")
            work.transaction.save_invitation(replace(invitation, used_at=work.now))
            account = account or changes.make(work, None, _administrator(kept))
            fresh = replace(account, password=hashed, failures=0, locked_until=None)
            work.transaction.drop_sign_ins(account.id)
            changes.record(work, fresh, "password_chosen", fresh)
            _enter(work, fresh, cookie)
            return fresh

        return Fresh(cookie, await self._write(use))

    # --- changes by whoever manages accounts; all raise AccountRefused

    async def make(self, by: Account | None, wanted: Account) -> Account:
        """Make an account; it gets its password through `link`."""
        return await self._write(lambda work: changes.make(work, by, wanted))

    async def change(self, by: Account | None, id: str, wanted: Account) -> Account:
        """Change roles, areas, person and language."""
        return await self._write(lambda work: changes.change(work, by, id, wanted))

    async def disable(self, by: Account | None, id: str) -> Account:
        """Keep somebody out."""
        return await self._write(lambda work: changes.disable(work, by, id))

    async def enable(self, by: Account | None, id: str) -> Account:
        """Let somebody in again."""
        return await self._write(lambda work: changes.enable(work, by, id))

    async def put(self, wanted: Account, password: str) -> Account:
        """Make an account that has its password at once, or give it a new one, for a hub that only demonstrates.

        Raises UnfitPassword, AccountRefused.
        """
        hashed = await self._hash(password, wanted.name)

        def put(work: Work) -> Account:
            known = work.transaction.account_named(account_name(wanted.name) or "")
            made = changes.change(work, None, known.id, wanted) if known else changes.make(work, None, wanted)
            made = replace(made, password=hashed, disabled_at=None, failures=0, locked_until=None)
            work.transaction.save_account(made)
            return made

        return await self._write(put)


def _administrator(name: str) -> Account:
    return Account("", name, frozenset({AccountRole.ADMINISTRATOR}), (EVERYWHERE,))


def _signed_in(transaction: Transaction, mark: bytes) -> tuple[SignIn, Account] | None:
    sign_in = transaction.sign_in(mark)
    account = transaction.account(sign_in.account_id) if sign_in else None
    return (sign_in, account) if sign_in is not None and account is not None else None


def _enter(work: Work, account: Account, token: str) -> None:
    """Keep the account and a new sign-in; of very many browsers the oldest go."""
    work.transaction.save_account(account)
    for old in work.transaction.sign_ins(account.id)[MOST_BROWSERS - 1 :]:
        work.transaction.drop_sign_in(old.digest)
    work.transaction.save_sign_in(SignIn(digest(token), account.id, work.now, work.now))
    said = {"account": account.id, "name": account.name}
    work.transaction.record_act(Act(work.now, account.who, "signed_in", None, said, account.area))


def _opened(transaction: Transaction, mark: bytes, now: datetime) -> Account | None:
    """Return whose password a link sets, None for the first administrator's; raises LinkOver."""
    invitation = transaction.invitation(mark)
    if invitation is None:
        raise LinkOver("unknown")
    if invitation.used_at is not None:
        raise LinkOver("used")
    if now >= invitation.expires_at:
        raise LinkOver("expired")
    if invitation.account_id is None:
        if has_administrator(transaction.accounts()):
            raise LinkOver("used")
        return None
    account = transaction.account(invitation.account_id)
    if account is None or account.disabled_at is not None:
        raise LinkOver("expired")
    return account
