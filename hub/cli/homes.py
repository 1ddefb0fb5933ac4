"""`carehub check-config` and `carehub apply`: people, homes and devices from the files into the database."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.engine import make_url

from hub.alerts.alert import Alert, Stage
from hub.cli.failure import fail
from hub.cli.opened import opened
from hub.cli.place import ConfigOption, configuration
from hub.homes import Registry
from hub.ports import Lane, Transaction

if TYPE_CHECKING:
    from hub.settings import Configuration

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def check_config(config: ConfigOption = None) -> None:
    """Check hub.yaml and homes*.yaml: every mistake with file, line, what is allowed and what to do, all at once."""
    loaded = configuration(config)
    for warning in loaded.warnings:
        sys.stderr.write(f"{warning}\n")
    homes, people = len(loaded.registry.homes), len(loaded.registry.people)
    devices = sum(len(home.devices) for home in loaded.registry.homes.values())
    typer.echo(f"{loaded.folder}: {homes} homes, {people} people, {devices} devices. No mistakes found.")
    url = make_url(loaded.hub.database)
    if url.get_backend_name() == "sqlite" and Path(url.database or "").exists() and (said := _differs(loaded)):
        typer.echo(said)


def apply(
    config: ConfigOption = None,
    yes: YesOption = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also undo what was changed in the database since the last apply.")
    ] = False,
) -> None:
    """Bring people, homes and devices of the files into the database, after showing the difference.

    A running hub follows within a second: new topics are subscribed before old ones are dropped.
    """
    from hub.app import applied, dump_text
    from hub.app import apply as write
    from hub.settings.difference import MergeRefused, difference, merge

    loaded = configuration(config)

    async def run() -> None:
        async with opened(loaded) as engine:
            database = engine.world.registry
            before = await engine.store.read(applied)
            found = difference(before, database, loaded.registry)
            try:
                wanted = merge(found, overwrite=overwrite)
            except MergeRefused as error:
                fail(str(error))
            for line in found.lines(overwrite=overwrite):
                typer.echo(line)
            if found.is_empty and before is not None and dump_text(before) == dump_text(loaded.registry):
                typer.echo("The database is as the files say.")
                return
            if not yes and not typer.confirm("Apply this?"):
                fail("Nothing was changed.")

            def change(transaction: Transaction) -> int:
                _refuse_open(transaction.unresolved(), transaction.registry(), wanted)
                return write(transaction, wanted, loaded.registry)

            await engine.store.write(Lane.SLOW, change)
            typer.echo("Applied.")

    try:
        asyncio.run(run())
    except StillNeeded as error:
        fail(str(error))


class StillNeeded(Exception):
    """What would be removed has an open alert."""


def _refuse_open(alerts: Sequence[Alert], before: Registry, after: Registry) -> None:
    """Refuse to remove a home, device or person that an open alert needs."""
    from hub.settings.difference import removed

    gone = removed(before, after)
    for alert in alerts:
        if alert.stage is Stage.RESOLVED:
            continue
        needed = {p for rung in alert.ladder.rungs for p in rung.people} | {alert.holder, *alert.helpers}
        lost = [f"person {p}" for p in gone.people if p in needed]
        lost += [f"home {h}" for h in gone.homes if h == alert.home_id]
        lost += [f"device {d}" for h, d in gone.devices if (h, d) == (alert.home_id, alert.device_id)]
        if lost:
            raise StillNeeded(
                f"{lost[0]} cannot be removed while alert {alert.code} is open. "
                f"Resolve it (`carehub alerts resolve {alert.code}`), then apply again. Nothing was changed."
            )


def _differs(loaded: "Configuration") -> str:
    """Say when the database holds something else than the files."""
    from hub.settings.difference import difference

    async def run() -> str:
        async with opened(loaded) as engine:
            if engine.world.registry.version == 0:
                return ""
            found = difference(await engine.store.read(_applied), engine.world.registry, loaded.registry)
            return "" if found.is_empty else "The database differs from the files; `carehub apply` shows how."

    return asyncio.run(run())


def _applied(transaction: Transaction) -> Registry | None:
    from hub.app import applied

    return applied(transaction)
