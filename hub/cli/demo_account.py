"""The demo's account for the console: a member of the staff who may do everything, with a new password each time."""

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from hub.cli.logs import hide
from simulators.stage import ConsoleLink

if TYPE_CHECKING:
    from hub.app import Hub

NAME = "demo"
_STARTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_WORDS = 4


async def console_for(hub: "Hub") -> ConsoleLink | None:
    """Make the account, or give it a new password; return how one signs in. None while the store is sick."""
    from hub.accounts import EVERYWHERE, Account, AccountRole
    from hub.engine.account_changes import AccountRefused
    from hub.ports import StoreUnavailable

    password = _password()
    hide(password)
    roles = frozenset({AccountRole.COUNTY, AccountRole.ADMINISTRATOR})
    staff = [person.id for person in hub.engine.world.registry.people.values() if person.areas]
    # Somebody may have given this person an account of their own, in an earlier demo on the same data.
    for person in (*staff, None):
        with suppress(AccountRefused, StoreUnavailable):
            await hub.accounts.put(Account("", NAME, roles, (EVERYWHERE,), person), password)
            return ConsoleLink(f"{hub.configuration.hub.web.public_url}/", NAME, password)
    return None


def _password() -> str:
    """Return a password that is read from one page and typed into another: words that can be spoken."""

    def word() -> str:
        return "".join(secrets.choice(letters) for letters in (_STARTS, _VOWELS, _STARTS, _VOWELS))

    return "-".join(word() for _ in range(_WORDS))
