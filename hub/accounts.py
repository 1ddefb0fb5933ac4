"""Who may see and do what on the pages and over the API: accounts, their roles, their areas."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hub.homes import area_stem, joint_area


class AccountRole(StrEnum):
    """What somebody does with carehub."""

    INSTALLER = "installer"
    VILLAGE = "village"
    TOWNSHIP = "township"
    COUNTY = "county"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One kind of thing that an account may see or do in its areas."""

    SEE_ALERTS = "see_alerts"
    ACT = "act"  # take, on my way, arrived, hand over, resolve, note, silence
    SEE_HOMES = "see_homes"  # names, addresses, rooms, devices, activity; numbers masked
    SEE_PHONES = "see_phones"  # whole numbers, one by one, recorded
    SEE_HEALTH = "see_health"  # what a resident lives with, recorded
    SET_MODE = "set_mode"
    TEST_HOMES = "test_homes"
    EDIT_DEVICES = "edit_devices"  # devices and rooms
    EDIT_HOMES = "edit_homes"  # people, homes, residents, contacts
    IMPORT = "import"
    SEE_SYSTEM = "see_system"  # how the hub fares
    SEE_LOG = "see_log"  # who did and looked at what
    MANAGE_ACCOUNTS = "manage_accounts"


_LOOKS = frozenset({Right.SEE_ALERTS, Right.SEE_HOMES, Right.SEE_SYSTEM})
_VILLAGE = _LOOKS | {Right.ACT, Right.SEE_PHONES, Right.SEE_HEALTH, Right.SET_MODE, Right.TEST_HOMES}
_TOWNSHIP = _VILLAGE | {Right.EDIT_DEVICES, Right.EDIT_HOMES, Right.SEE_LOG}
_COUNTY = _TOWNSHIP | {Right.IMPORT, Right.MANAGE_ACCOUNTS}

# Who keeps the hub running needs nobody's number and nobody's illness, and does not answer calls for help: whoever
# does both has two roles, and the log says who gave them.
RIGHTS: Mapping[AccountRole, frozenset[Right]] = {
    AccountRole.INSTALLER: _LOOKS | {Right.SET_MODE, Right.TEST_HOMES, Right.EDIT_DEVICES},
    AccountRole.VILLAGE: _VILLAGE,
    AccountRole.TOWNSHIP: _TOWNSHIP,
    AccountRole.COUNTY: _COUNTY,
    AccountRole.ADMINISTRATOR: (_COUNTY - {Right.ACT, Right.SEE_PHONES, Right.SEE_HEALTH}),
}

# The area of an account that covers all areas.
EVERYWHERE = "000000000000"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signs in. `name` is what they type; `person` who they are among the people of this site.

    Alerts are taken by persons, since their holder must be reachable. `password` is a hash, None until it is chosen
    through a one-time link. `areas` are 12-digit codes, zeros at the end mean all below.
    """

    id: str
    name: str
    roles: frozenset[AccountRole]
    areas: tuple[str, ...]
    person: str | None = None
    language: str | None = None
    password: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
    disabled_at: datetime | None = None
    failures: int = 0
    locked_until: datetime | None = None

    @property
    def rights(self) -> frozenset[Right]:
        """All that its roles allow somewhere."""
        return frozenset(right for role in self.roles for right in RIGHTS[role])

    def covers(self, area: str) -> bool:
        """Whether one of its areas is `area` or contains it."""
        return any(area.startswith(area_stem(own)) for own in self.areas)

    def may(self, right: Right, area: str | None = None) -> bool:
        """Whether it may do this in `area`; None: somewhere, or about the site as a whole."""
        return self.disabled_at is None and right in self.rights and (area is None or self.covers(area))

    def may_grant(self, roles: Iterable[AccountRole], areas: Iterable[str]) -> bool:
        """Whether it may make an account with these roles and areas: never more than it has itself.

        Only an administrator makes administrators; a county's staff makes the other roles in its own areas.
        """
        wanted = frozenset(roles)
        if not self.may(Right.MANAGE_ACCOUNTS) or not all(self.covers(area) for area in areas):
            return False
        return AccountRole.ADMINISTRATOR in self.roles or AccountRole.ADMINISTRATOR not in wanted

    @property
    def area(self) -> str:
        """The smallest area that holds all of its own: what it does outside of any home is recorded there."""
        return joint_area(self.areas)

    @property
    def who(self) -> str:
        """Under which name its acts are recorded: the person's id, or the account's."""
        return self.person or f"@account:{self.id}"


def account_name(text: str) -> str | None:
    """Return the name somebody signs in with as it is kept, or None if nobody can have it: 2 to 40 characters.

    Capitals and full-width letters are the same as small ones: a name is typed on phones, by tired people.
    """
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    fits = 2 <= len(name) <= 40 and all(char.isalnum() or char in ".-_@" for char in name)
    return name if fits and not name.startswith("@") else None


def has_administrator(accounts: Iterable[Account]) -> bool:
    """Whether somebody can sign in who may do everything an administrator may, everywhere."""
    return any(
        account.password is not None
        and account.disabled_at is None
        and AccountRole.ADMINISTRATOR in account.roles
        and account.covers(EVERYWHERE)
        for account in accounts
    )


@dataclass(frozen=True, slots=True)
class SignIn:
    """One browser that is signed in. Of its cookie only the digest is kept."""

    digest: bytes
    account_id: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link to choose a password. `account_id` None: it makes the site's first administrator."""

    digest: bytes
    account_id: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What a program signs in with; it may do what its account may, and of that only `rights`."""

    id: str
    digest: bytes
    account_id: str
    name: str
    rights: frozenset[Right]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None


# --- limits

# The console is a shift's alarm: it must not fall silent because the night is quiet. Everything else ends sooner.
IDLE_ON_DUTY = timedelta(hours=13)
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
FIRST_LINK_HOLDS = timedelta(hours=24)
INVITATION_HOLDS = timedelta(days=7)
FREE_TRIES = 5
_FIRST_LOCK, _LONGEST_LOCK = timedelta(seconds=30), timedelta(minutes=30)


def idle_limit(account: Account) -> timedelta:
    """Return after how long without a person's act a browser is signed out."""
    return IDLE_ON_DUTY if account.may(Right.ACT) else IDLE


def is_over(sign_in: SignIn, account: Account, now: datetime) -> bool:
    """Whether a browser has to sign in anew: idle for too long, signed in for a day, or not allowed any more."""
    idle = now - sign_in.seen_at > idle_limit(account)
    return idle or now - sign_in.created_at > LONGEST or account.disabled_at is not None


def lock_after(failures: int) -> timedelta | None:
    """Return for how long an account is locked after so many wrong passwords in a row: 30 s, doubling up to 30 min.

    Source: NIST SP 800-63B 5.2.2 asks for a limit on tries and allows a growing wait.
    """
    if failures < FREE_TRIES:
        return None
    return min(_FIRST_LOCK * int(2 ** min(failures - FREE_TRIES, 10)), _LONGEST_LOCK)


def masked(phone: str) -> str:
    """Return a number as those see it who do not need it: `+44****0101`."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > 7 else "****"
