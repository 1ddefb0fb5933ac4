"""Where a command finds its configuration, and the store behind it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.failure import FAILED, USAGE, fail

if TYPE_CHECKING:
    from hub.settings import Configuration

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="Configuration folder. Default: $CAREHUB_CONFIG, else ./config, else /etc/carehub.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def folder(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the configuration folder; end with a sentence if there is none."""
    if given is not None:
        if not given.is_dir():
            fail(f"{given} is not a folder. Give --config the folder that holds hub.yaml and homes.yaml.", USAGE)
        return given
    named = environ.get("CAREHUB_CONFIG")
    if named:
        return folder(Path(named), {})
    for place in (Path("config"), Path("/etc/carehub")):
        if (place / "hub.yaml").is_file():
            return place
    return fail("No configuration found in ./config or /etc/carehub. Name its folder with --config DIR.", USAGE)


def configuration(given: Path | None, environ: Mapping[str, str] = os.environ) -> "Configuration":
    """Load the configuration; print every fault and end with 2 if it has any."""
    from hub.settings import ConfigurationError, load

    try:
        return load(folder(given, environ), environ)
    except ConfigurationError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)


def failed(sentence: str) -> None:
    """End with 1."""
    fail(sentence, FAILED)
