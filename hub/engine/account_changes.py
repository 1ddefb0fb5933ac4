"""What is done to accounts, in one transaction each, with a line in the log that says before and after."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from ulid import ULID

from hub.accounts import (
    FIRST_LINK_HOLDS,
    INVITATION_HOLDS,
    Account,
    AccountRole,
    Invitation,
    account_name,
    has_administrator,
)
from hub.engine.work import Work
from hub.homes import Act

# Who made the change, when it was a command on the hub's own machine.
MACHINE = "@machine"
# Who typed a wrong password: it may have been anybody.
SOMEBODY = "@somebody"


class Why(StrEnum):
    """Why an account is not made or changed."""

    NAME = "name"
    TAKEN = "taken"
    NO_ROLE = "no_role"
    AREA = "area"
    PERSON = "person"
    PERSON_TAKEN = "person_taken"
    NOT_YOURS = "not_yours"
    LAST_ADMINISTRATOR = "last_administrator"
    HAS_ADMINISTRATOR = "has_administrator"
    UNKNOWN = "unknown"


class AccountRefused(Exception):
    """This is not done to an account; `why` says the reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


def make(work: Work, by: Account | None, wanted: Account) -> Account:
    """Make an account with the name, roles, areas, person and language of `wanted`; `by` None: the machine itself."""
    name = account_name(wanted.name)
    if name is None:
        raise AccountRefused(Why.NAME)
    if work.transaction.account_named(name) is not None:
        raise AccountRefused(Why.TAKEN)
    made = replace(wanted, id=str(ULID.from_datetime(work.now)), name=name, created_at=work.now)
    _check(work, by, made)
    work.transaction.save_account(made)
    record(work, by, "account_made", made, after=told(made))
    return made


def change(work: Work, by: Account | None, id: str, wanted: Account) -> Account:
    """Give an account the roles, areas, person and language of `wanted`; it is signed out if its rights change."""
    before = yours(work, by, id)
    after = replace(before, roles=wanted.roles, areas=wanted.areas, person=wanted.person, language=wanted.language)
    if after == before:
        return before
    _check(work, by, after)
    save(work, after)
    if (after.roles, after.areas, after.person) != (before.roles, before.areas, before.person):
        work.transaction.drop_sign_ins(id)
    record(work, by, "account_changed", after, before=told(before), after=told(after))
    return after


def disable(work: Work, by: Account | None, id: str) -> Account:
    """Sign an account out everywhere, for good: nobody signs in with it until it is enabled again."""
    before = yours(work, by, id)
    if before.disabled_at is not None:
        return before
    after = replace(before, disabled_at=work.now)
    save(work, after)
    work.transaction.drop_sign_ins(id)
    work.transaction.drop_invitations(id)
    record(work, by, "account_disabled", after)
    return after


def enable(work: Work, by: Account | None, id: str) -> Account:
    """Let an account sign in again, with the password it had."""
    before = yours(work, by, id)
    if before.disabled_at is None:
        return before
    after = replace(before, disabled_at=None, failures=0, locked_until=None)
    save(work, after)
    record(work, by, "account_enabled", after)
    return after


def sign_out(work: Work, by: Account | None, id: str) -> Account:
    """Sign an account out on all browsers; its password stays."""
    account = yours(work, by, id)
    browsers = work.transaction.drop_sign_ins(id)
    record(work, by, "account_signed_out", account, detail={"browsers": browsers})
    return account


def link(work: Work, by: Account | None, id: str, digest: bytes) -> Invitation:
    """Keep a one-time link with which an account chooses a password; the one before opens nothing any more."""
    account = yours(work, by, id)
    if account.disabled_at is not None:
        raise AccountRefused(Why.UNKNOWN)
    record(work, by, "account_link", account)
    return _invite(work, id, digest, INVITATION_HOLDS)


def first_link(work: Work, digest: bytes) -> Invitation:
    """Keep a one-time link that makes the first administrator; refused when there is one who can sign in."""
    if has_administrator(work.transaction.accounts()):
        raise AccountRefused(Why.HAS_ADMINISTRATOR)
    work.transaction.record_act(Act(work.now, MACHINE, "first_link"))
    return _invite(work, None, digest, FIRST_LINK_HOLDS)


def _invite(work: Work, account_id: str | None, digest: bytes, holds: timedelta) -> Invitation:
    work.transaction.drop_invitations(account_id)
    made = Invitation(digest, account_id, work.now, work.now + holds)
    work.transaction.save_invitation(made)
    return made


def yours(work: Work, by: Account | None, id: str) -> Account:
    """Return an account that `by` may change: one with no more rights and areas than they may give."""
    account = work.transaction.account(id)
    if account is None:
        raise AccountRefused(Why.UNKNOWN)
    if by is not None and not may_change(by, account):
        raise AccountRefused(Why.NOT_YOURS)
    return account


def may_change(by: Account, account: Account) -> bool:
    """Whether somebody may change this account; one without an area belongs to whoever covers everything."""
    return by.may_grant(account.roles, account.areas or ("0" * 12,))


def save(work: Work, account: Account) -> None:
    """Keep an account's new form, unless nobody could administrate the hub any more."""
    accounts = work.transaction.accounts()
    if has_administrator(accounts):
        after = [account if known.id == account.id else known for known in accounts]
        if not has_administrator(after):
            raise AccountRefused(Why.LAST_ADMINISTRATOR)
    work.transaction.save_account(account)


def _check(work: Work, by: Account | None, wanted: Account) -> None:
    if not wanted.roles:
        raise AccountRefused(Why.NO_ROLE)
    if not wanted.areas or not all(len(area) == 12 and area.isascii() and area.isdigit() for area in wanted.areas):
        raise AccountRefused(Why.AREA)
    if by is not None and not by.may_grant(wanted.roles, wanted.areas):
        raise AccountRefused(Why.NOT_YOURS)
    if wanted.person is not None:
        _check_person(work, by, wanted)


def _check_person(work: Work, by: Account | None, wanted: Account) -> None:
    """Whoever signs in as a person acts in that person's name: only staff, and only one account for each."""
    person = work.world.registry.people.get(wanted.person or "")
    if person is None or not person.areas:
        raise AccountRefused(Why.PERSON)
    if by is not None and AccountRole.ADMINISTRATOR not in by.roles and not all(map(by.covers, person.areas)):
        raise AccountRefused(Why.PERSON)
    if any(a.person == wanted.person and a.id != wanted.id for a in work.transaction.accounts()):
        raise AccountRefused(Why.PERSON_TAKEN)


# --- the log


def told(account: Account) -> dict[str, str]:
    """Return what the log says of an account's form."""
    return {
        "roles": " ".join(sorted(role.value for role in account.roles)),
        "areas": " ".join(account.areas),
        "person": account.person or "",
        "language": account.language or "",
    }


def record(
    work: Work,
    by: Account | None,
    event: str,
    account: Account,
    *,
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
    detail: Mapping[str, str | int] | None = None,
) -> None:
    """Write what was done to an account; of before and after only what differs."""
    said: dict[str, str | int] = {"account": account.id, "name": account.name, **(detail or {})}
    was, now = before or {}, after or {}
    for field in {**was, **now}:
        if was.get(field, "") != now.get(field, ""):
            said |= {f"{side}.{field}": one[field] for side, one in (("before", was), ("after", now)) if one.get(field)}
    who = MACHINE if by is None else by.who
    work.transaction.record_act(Act(work.now, who, event, None, said, account.area))
