"""`carehub broker-config`: Mosquitto as a gateway needs it."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hub.cli.failure import USAGE, fail, say
from hub.cli.place import ConfigOption, configuration

if TYPE_CHECKING:
    from hub.ingest.broker import Account
    from hub.settings import Configuration


def broker_config(
    out: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to write. Default: `broker` in the configuration folder."),
    ] = None,
    config: ConfigOption = None,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address the broker listens on; 0.0.0.0 if bridges are elsewhere.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="Port the broker listens on.", min=1, max=65535)] = 1883,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there; bridges and devices get new passwords.")
    ] = False,
    topics: Annotated[
        bool, typer.Option("--topics", help="Write only acl anew, for homes that were added; passwords stay.")
    ] = False,
) -> None:
    """Write Mosquitto's configuration: mosquitto.conf, passwd and acl.

    It holds the options without which presses are lost: persistence true, autosave_on_changes true,
    upgrade_outgoing_qos true, max_queued_messages 1000; and accounts for the hub, the bridges and the devices, each
    with the rights it needs. The passwords that are made are printed once; the files hold only their hashes.
    """
    from hub.ingest.broker import BrokerConfig, write_config

    loaded = configuration(config)
    folder = (out or loaded.folder / "broker").absolute()
    if topics:
        _write_topics(folder, loaded)
        return
    if (folder / "passwd").exists() and not overwrite:
        fail(
            f"{folder} holds a broker's configuration already, and its bridges and devices would be locked out by new "
            "passwords. Add --topics for the topics of homes that were added, --overwrite if you want new passwords, "
            "or name another folder."
        )
    accounts = _accounts(loaded)
    try:
        path = write_config(folder, accounts, _trees(loaded), BrokerConfig(port=port, listen=listen))
    except OSError as error:
        _not_written(error, folder)
    _tell(path, accounts, loaded)


def _write_topics(folder: Path, loaded: "Configuration") -> None:
    """Write acl anew for the accounts that passwd knows."""
    from hub.ingest.broker import write_acl

    if not (folder / "passwd").exists():
        fail(f"{folder} holds no broker's configuration yet. Run the command without --topics first.")
    try:
        path = write_acl(folder, _accounts(loaded), _trees(loaded))
    except OSError as error:
        _not_written(error, folder)
    typer.echo(f"Wrote {path}. Have the broker read it: systemctl reload carehub-broker")


def _not_written(error: OSError, folder: Path) -> NoReturn:
    fail(f"{error.filename or folder} cannot be written: {error.strerror}. Choose a folder you may write to.", USAGE)


def _trees(loaded: "Configuration") -> list[str]:
    """Return the filters below which devices write; the hub's own markers are not among them."""
    from devices.dialects import build
    from hub.ingest.filters import marker_topic, plan
    from hub.ports import Session

    client_id = loaded.hub.mqtt.client_id
    found = plan(loaded.registry, build(loaded.hub.dialects), client_id).filters[Session.WATCH]
    return [tree for tree in found if tree != marker_topic(client_id, Session.WATCH)]


def _accounts(loaded: "Configuration") -> "list[Account]":
    from hub.ingest.broker import Account, Rights

    mqtt = loaded.hub.mqtt
    names = {Rights.HUB: mqtt.username or "hub", Rights.BRIDGE: "bridge", Rights.DEVICE: "device"}
    given = {Rights.HUB: mqtt.password}
    return [Account(name, given.get(rights) or secrets.token_urlsafe(18), rights) for rights, name in names.items()]


def _tell(path: Path, accounts: "list[Account]", loaded: "Configuration") -> None:
    from hub.ingest.broker import Rights

    mqtt = loaded.hub.mqtt
    typer.echo(f"Wrote {path}, with passwd and acl beside it. Its first lines say how to start it as a service.")
    typer.echo("Accounts (rights, user, password):")
    for account in accounts:
        own = account.rights is Rights.HUB and mqtt.password
        typer.echo(
            f"  {account.rights.value:6}  {account.username}  {'(the password you gave)' if own else account.password}"
        )
    if not mqtt.password:
        say("Give the hub its password: CAREHUB_MQTT__PASSWORD in the environment, or password_file under mqtt:.")
    if not mqtt.username:
        say(f"Add username: {accounts[0].username} under mqtt: in {loaded.folder / 'hub.yaml'}.")
    if os.geteuid() != 0:
        say(f"You are not root, so the files are yours. Let Mosquitto read them: chown -R mosquitto {path.parent}")
