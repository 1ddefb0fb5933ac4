"""`carehub homes template` and `carehub homes import`: homes in bulk from a county's spreadsheet."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.alert_lines import DESK
from hub.cli.failure import USAGE, fail, say, sentence
from hub.cli.place import ConfigOption, configuration, hub_alone
from hub.cli.place import language as terminal_language

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.settings import Configuration
    from hub.settings.importing import SheetImporter
    from hub.web.console.ports import Proposal

LanguageOption = Annotated[
    str | None,
    typer.Option("--language", metavar="zh-CN|en", help="Language of the header and of mistakes. Default: hub.yaml's."),
]
# Of a mistake that was copied into ten thousand rows the first tell enough.
_MOST_SHOWN = 200


def template(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to write it: .xlsx or .csv. Default: homes.xlsx.")
    ] = Path("homes.xlsx"),
    language: LanguageOption = None,
    config: ConfigOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Write an empty spreadsheet to fill in: header, an example to write over, and what each column may hold.

    The workbook has a sheet of homes, one of devices and one of explanations. A CSV has all columns in one table, with
    a row for each device; the columns of its home may stay empty from the second row on.
    """
    ending = file.suffix.lower()
    if ending not in (".xlsx", ".csv"):
        fail(f"{file} is neither .xlsx nor .csv. Name one of them.", USAGE)
    if file.exists() and not force:
        fail(f"{file} is there already. Name another file, or add --force.")
    importer = _importer(hub_alone(config))
    try:
        file.write_bytes(importer.template(_language(language, config), csv=ending == ".csv"))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}. Name a folder you may write to.")
    typer.echo(f"Wrote {file}. Fill it in, then: carehub homes import {file}")


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The spreadsheet: .xlsx or .csv.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Bring homes, people and devices of a spreadsheet into the database.

    Shows first what would be new and changed, or every mistake with its row and column; then asks. All of it is
    written in one transaction or nothing. What the spreadsheet leaves out stays: no home, person or device is removed.
    The same file once more finds nothing to do. A running hub follows within a second.
    """
    loaded = configuration(config)
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}. Name the spreadsheet.", USAGE)
    words = _language(language, config)

    async def run() -> None:
        from hub.cli.opened import opened

        async with opened(loaded) as engine:
            proposal = _importer(loaded).read(file.name, data, engine.world.registry, lambda _: True, words)
            await _take(engine, proposal, yes=yes)

    asyncio.run(run())


def _language(given: str | None, config: Path | None) -> str:
    if given is not None and given not in ("zh-CN", "en"):
        fail(f"--language {given} is not known. Write zh-CN or en.", USAGE)
    return given or (terminal_language() if sys.stderr.isatty() else hub_alone(config).hub.language)


def _importer(loaded: "Configuration") -> "SheetImporter":
    from hub.clock import HubClock
    from hub.settings.importing import SheetImporter

    return SheetImporter(lambda: loaded.hub, HubClock())


async def _take(engine: "Engine", proposal: "Proposal", *, yes: bool) -> None:
    from hub.engine.editing import ChangedMeanwhile, Edit, imported, save_all
    from hub.ports import Lane
    from hub.settings.importing import changes

    if proposal.faults:
        for fault in proposal.faults[:_MOST_SHOWN]:
            say(fault)
        more = len(proposal.faults) - _MOST_SHOWN
        fail(
            f"{f'And {more} more. ' if more > 0 else ''}{_count(len(proposal.faults), 'mistake')}: nothing was changed."
        )
    for warning in proposal.warnings[:_MOST_SHOWN]:
        say(f"Warning: {warning}")
    for line in changes(proposal, engine.world.registry):
        typer.echo(line)
    typer.echo(
        f"{_count(len(proposal.new), 'new home')}, {len(proposal.changed)} changed, {proposal.unchanged} unchanged; "
        f"{_count(proposal.devices, 'new device')}."
    )
    if proposal.is_empty:
        typer.echo("There is nothing to do: the database says the same.")
        return
    if not yes:
        _ask()
    edit = Edit("homes", "", DESK, proposal.version)
    try:
        acts = imported(engine.world.registry, proposal.people, proposal.homes, edit, engine.clock.now())
        await engine.write(
            Lane.SLOW, lambda work: save_all(work, proposal.people, proposal.homes, proposal.areas, edit, acts)
        )
    except ChangedMeanwhile:
        fail(sentence("the database was changed while you read; nothing was changed: import again"))
    typer.echo("Imported.")


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def _ask() -> None:
    """Ask on the terminal; no answer is no."""
    if sys.stdin.isatty():
        agreed = typer.confirm("Import this?", err=True)
    else:
        sys.stderr.write("Import this? [y/N]: ")
        agreed = sys.stdin.readline().strip().lower() in ("y", "yes")
        sys.stderr.write("\n")
    if not agreed:
        fail("Nothing was changed. Answer y, or add --yes.")
