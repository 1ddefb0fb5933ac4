"""`carehub accounts`: who may sign in, from the hub's own machine."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from hub.cli.failure import USAGE, fail
from hub.cli.helping import Commands
from hub.cli.place import ConfigOption, JsonOption, hub_alone

if TYPE_CHECKING:
    from hub.accounts import Account, AccountRole, Invitation
    from hub.engine.account_changes import Why
    from hub.engine.accounts import Accounts
    from hub.settings import Configuration

T = TypeVar("T")

app = Commands("""Who may sign in to the console.

    An account has roles (installer, village, township, county, administrator) and areas. Nobody's password is typed
    here: a link that works once lets its owner choose it.
    """)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]


def list_accounts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List all accounts: name, roles, areas, person, and whether they can sign in."""

    async def read(accounts: "Accounts") -> "list[Account]":
        return await accounts.all()

    found = _with_accounts(hub_alone(config), read)
    if as_json:
        typer.echo(json.dumps([_row(account) for account in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("There is no account yet. `carehub accounts link` makes a link for the first administrator.")
    for account in found:
        typer.echo(_line(account))


def add(
    name: NameArgument,
    role: Annotated[
        list[str], typer.Option("--role", metavar="ROLE", help="installer, village, township, county, administrator.")
    ],
    area: Annotated[
        list[str],
        typer.Option("--area", metavar="CODE", help="12 digits; zeros at the end: all below. May be repeated."),
    ],
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="PERSON", help="Who it is, by id. Without it the account takes no alerts."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make an account, and a link with which its owner chooses a password."""
    from hub.accounts import Account

    loaded = hub_alone(config)
    wanted = Account("", name, _roles(role), tuple(dict.fromkeys(area)), person)

    async def make(accounts: "Accounts") -> "tuple[str, Invitation]":
        made = await accounts.make(None, wanted)
        return await accounts.link(None, made.id)

    _tell_link(loaded, *_with_accounts(loaded, make), f"Account {name} is made. Its owner chooses a password at")


def link(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Whose password is set anew. Without it: for the first administrator."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Print a link that works once: for the first administrator, or for a new password of an account.

    The first administrator's holds for 24 hours, others for 7 days. A new link takes the place of the one before; the
    old password holds until the link is used.
    """
    loaded = hub_alone(config)

    async def make(accounts: "Accounts") -> "tuple[str, Invitation]":
        if name is None:
            return await accounts.first_link()
        return await accounts.link(None, (await _named(accounts, name)).id)

    what = "Make the first administrator at" if name is None else f"{name} chooses a new password at"
    _tell_link(loaded, *_with_accounts(loaded, make), what)


def disable(name: NameArgument, config: ConfigOption = None) -> None:
    """Keep an account out: it is signed out everywhere and cannot sign in until it is enabled again."""

    async def run(accounts: "Accounts") -> None:
        await accounts.disable(None, (await _named(accounts, name)).id)

    _with_accounts(hub_alone(config), run)
    typer.echo(f"{name} is disabled and signed out everywhere.")


def enable(name: NameArgument, config: ConfigOption = None) -> None:
    """Let an account sign in again, with the password it had."""

    async def run(accounts: "Accounts") -> None:
        await accounts.enable(None, (await _named(accounts, name)).id)

    _with_accounts(hub_alone(config), run)
    typer.echo(f"{name} may sign in again.")


def address(public_url: str, token: str) -> str:
    """Return the address of a one-time link."""
    return f"{public_url.rstrip('/')}/welcome/{token}"


def _with_accounts(loaded: "Configuration", do: "Callable[[Accounts], Awaitable[T]]") -> T:
    """Do something beside a running hub, which sees it within a second; what is refused ends with a sentence."""
    from hub.cli.opened import opened
    from hub.engine.account_changes import AccountRefused
    from hub.engine.accounts import Accounts

    async def run() -> T:
        async with opened(loaded) as engine:
            return await do(Accounts(engine))

    try:
        return asyncio.run(run())
    except AccountRefused as refused:
        fail(_sentence(refused.why))


def _sentence(why: "Why") -> str:
    from hub.engine.account_changes import Why

    return {
        Why.NAME: "A name has 2 to 40 letters or digits, also . - _ @, and no blanks. Choose such a name.",
        Why.TAKEN: "Another account has this name. Choose another, or see `carehub accounts list`.",
        Why.NO_ROLE: "Give at least one --role.",
        Why.AREA: "An --area is a code of 12 digits, zeros at the end for all below. Correct it.",
        Why.PERSON: "There is no such person with areas of their own. Name one of the staff by id.",
        Why.PERSON_TAKEN: "This person has an account already. See `carehub accounts list`.",
        Why.LAST_ADMINISTRATOR: "This is the last administrator. Make another one first.",
        Why.HAS_ADMINISTRATOR: "There is an administrator already. `carehub accounts link NAME` sets a password anew.",
        Why.UNKNOWN: "The account is disabled. `carehub accounts enable NAME` lets it in again.",
        Why.NOT_YOURS: "These roles or areas may not be given.",
    }[why]


async def _named(accounts: "Accounts", name: str) -> "Account":
    found = await accounts.named(name)
    if found is None:
        fail(f'There is no account "{name}". `carehub accounts list` shows all.')
    return found


def _roles(given: list[str]) -> "frozenset[AccountRole]":
    from hub.accounts import AccountRole

    known = {role.value: role for role in AccountRole}
    wrong = next((name for name in given if name not in known), None)
    if wrong is not None:
        fail(f'"{wrong}" is not a role. Write one of {", ".join(known)}.', USAGE)
    return frozenset(known[name] for name in given)


def _tell_link(loaded: "Configuration", token: str, invitation: "Invitation", what: str) -> None:
    """Print the link alone on standard output, and beside it what it is for."""
    until = invitation.expires_at.astimezone(loaded.hub.timezone)
    typer.echo(f"{what} (once, until {until:%Y-%m-%d %H:%M}):", err=True)
    typer.echo(address(loaded.hub.web.public_url, token))


def _row(account: "Account") -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "roles": sorted(account.roles),
        "areas": list(account.areas),
        "person": account.person,
        "state": _state(account),
    }


def _line(account: "Account") -> str:
    parts = (account.name, " ".join(sorted(account.roles)), " ".join(account.areas), account.person or "")
    return " · ".join([*(part for part in parts if part), _state(account)])


def _state(account: "Account") -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "no password yet" if account.password is None else "can sign in"


app.add("list", list_accounts, "carehub accounts list", "carehub accounts list --json")
app.add(
    "add",
    add,
    "carehub accounts add li.qiang --role village --area 620702207200 --person li-qiang",
    "carehub accounts add meng --role installer --area 620702000000",
)
app.add("link", link, "carehub accounts link", "carehub accounts link li.qiang")
app.add("disable", disable, "carehub accounts disable li.qiang")
app.add("enable", enable, "carehub accounts enable li.qiang")
