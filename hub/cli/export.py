"""`carehub export`: people, homes and devices from the database back into a file."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hub.cli.failure import USAGE, fail, say
from hub.cli.place import ConfigOption, hub_alone

if TYPE_CHECKING:
    from hub.homes import Registry
    from hub.settings import Configuration

STDOUT = "-"
HOMES = "homes.yaml"
# What is replaced is kept under this ending, which no configuration reads.
KEPT = ".old"


def export(
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR|-", help="Folder for homes.yaml, or - for standard output. Default: --config."),
    ] = None,
    config: ConfigOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is there; it is kept beside, with .old at its end.")
    ] = False,
) -> None:
    """Write people, homes and devices of the database back as homes.yaml.

    What was changed by command or page since the last apply is in it; `check-config` and `apply` then find no
    difference. hub.yaml is not touched. Comments of the replaced file are not in it. It holds personal data: a new
    file can be read by its owner alone, a replaced one by whoever could read it before, others left out.
    """
    loaded = hub_alone(config)
    registry = asyncio.run(_registry(loaded))
    text = _text(registry, loaded)
    if out == STDOUT:
        typer.echo(text, nl=False)
        return
    folder = Path(out) if out is not None else loaded.folder
    try:
        folder.mkdir(exist_ok=True, mode=0o700)  # one level: a misspelt path is not built
    except OSError:
        fail(f"--out {folder} is not a folder and cannot become one. Name another, or - for standard output.", USAGE)
    replaced = sorted(folder.glob("homes*.yaml"))
    if replaced and not force:
        names = ", ".join(path.name for path in replaced)
        fail(f"{folder} holds {names} already. Add --force to replace it (it is kept beside), or name another folder.")
    try:
        _write(folder / HOMES, text, replaced)
    except OSError as error:
        _unwritable(folder, error)
    typer.echo(_done(folder, registry, replaced))


async def _registry(loaded: "Configuration") -> "Registry":
    from hub.cli.opened import opened

    async with opened(loaded) as engine:
        return engine.world.registry


def _text(registry: "Registry", loaded: "Configuration") -> str:
    """Return the file's text, once it is proven that it says what the database holds."""
    from hub.settings.export import homes_yaml, read_again
    from hub.settings.registry_json import dump

    text = homes_yaml(registry, loaded.hub.timezone, loaded.hub.site)
    again, faults = read_again(text, loaded.hub)
    for fault in faults:  # the database may hold what hub.yaml has made wrong since: a dialect that went
        say(f"Warning: {fault}")
    if not faults and dump(again) != dump(registry):
        fail("What would be written does not say what the database holds. Nothing was written; please report this.")
    return text


def _write(path: Path, text: str, replaced: list[Path]) -> None:
    """Put the file in its place whole or not at all; what it replaces moves aside just before."""
    fresh = path.with_name(path.name + ".part")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _keep_rights(fresh, path)
        for old in replaced:
            kept = old.with_name(old.name + KEPT)
            kept.unlink(missing_ok=True)
            if old == path:
                os.link(old, kept)  # the name itself is never without a file
            else:
                old.rename(kept)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _keep_rights(fresh: Path, path: Path) -> None:
    """Let whoever could read the replaced file, the hub among them, read the new one; all others no longer."""
    if not path.exists():
        return
    before = path.stat()
    fresh.chmod(before.st_mode & 0o660 | 0o600)
    if os.geteuid() == 0:
        shutil.chown(fresh, before.st_uid, before.st_gid)


def _done(folder: Path, registry: "Registry", replaced: list[Path]) -> str:
    homes, people = len(registry.homes), len(registry.people)
    said = (
        f"Wrote {folder / HOMES}: {homes} home{'s' * (homes != 1)}, {people} {'person' if people == 1 else 'people'}."
    )
    if replaced:
        said += f" What was there is kept as {', '.join(path.name + KEPT for path in replaced)}."
    return said


def _unwritable(folder: Path, error: OSError) -> NoReturn:
    fail(f"{error.filename or folder} cannot be written: {error.strerror}. Name a folder you may write to with --out.")
