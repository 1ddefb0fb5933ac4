"""`carehub broker-config`: Mosquitto as a gateway needs it."""

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.place import ConfigOption, configuration


def broker_config(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write mosquitto.conf, passwd and acl.")],
    config: ConfigOption = None,
    listen: Annotated[str, typer.Option(help="Address the broker listens on; 0.0.0.0 for bridges elsewhere.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port the broker listens on.")] = 1883,
) -> None:
    """Write the configuration of Mosquitto: accounts, rights, and the options without which presses are lost.

    upgrade_outgoing_qos true, persistence true, autosave_on_changes true, max_queued_messages 1000 per session. The
    passwords made for the hub, the bridges and the devices are printed once; only their hashes are written.
    """
    from devices.dialects import build
    from hub.ingest.broker import Account, BrokerConfig, Rights, write_config
    from hub.ingest.filters import plan
    from hub.ports import Session

    loaded = configuration(config)
    mqtt = loaded.hub.mqtt
    hub_name = mqtt.username or "hub"
    accounts = [
        Account(hub_name, mqtt.password or secrets.token_urlsafe(18), Rights.HUB),
        Account("bridge", secrets.token_urlsafe(18), Rights.BRIDGE),
        Account("device", secrets.token_urlsafe(18), Rights.DEVICE),
    ]
    trees = plan(loaded.registry, build(loaded.hub.dialects), mqtt.client_id).filters[Session.WATCH]
    path = write_config(out, accounts, list(trees), BrokerConfig(port=port, listen=listen))
    typer.echo(f"Wrote {path}, passwd and acl beside it. Start it with: mosquitto -c {path}")
    for account in accounts:
        given = account.username == hub_name and mqtt.password
        typer.echo(f"  {account.rights.value}: {account.username} {'(your password)' if given else account.password}")
    if not mqtt.password:
        sys.stderr.write("Give the hub its password in CAREHUB_MQTT__PASSWORD or mqtt.password_file.\n")
