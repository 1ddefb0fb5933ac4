"""Where a command finds its configuration."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.failure import USAGE, fail
from hub.cli.logs import hide

if TYPE_CHECKING:
    from hub.settings import Configuration, ConfigurationError

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="Configuration folder. Default: $CAREHUB_CONFIG, else ./config, else /etc/carehub.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]

# Where a configuration is looked for when nobody names one.
PLACES = (Path("config"), Path("/etc/carehub"))
_SECRET_NAMES = ("TOKEN", "SECRET", "PASSWORD", "KEY")


def folder(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the configuration folder; end with a sentence if there is none."""
    named = environ.get("CAREHUB_CONFIG")
    if given is not None:
        if not given.is_dir():
            fail(f"--config {given} is not a folder. Name the one that holds hub.yaml and homes.yaml.", USAGE)
        return given
    if named:
        if not Path(named).is_dir():
            fail(f"CAREHUB_CONFIG={named} is not a folder. Name the one that holds hub.yaml and homes.yaml.", USAGE)
        return Path(named)
    for place in PLACES:
        if (place / "hub.yaml").is_file():
            return place
    looked = " or ".join(f"./{place}" if not place.is_absolute() else str(place) for place in PLACES)
    return fail(f"No configuration found in {looked}. Name its folder with --config DIR.", USAGE)


def configuration(given: Path | None, environ: Mapping[str, str] = os.environ) -> "Configuration":
    """Load the configuration; say every mistake and end with 2 if it has any."""
    from hub.settings import ConfigurationError, load

    try:
        loaded = load(folder(given, environ), environ)
    except ConfigurationError as error:
        fail(mistakes(error, environ), USAGE)
    keep_secret(loaded)
    return loaded


def hub_alone(given: Path | None, environ: Mapping[str, str] = os.environ) -> "Configuration":
    """Load hub.yaml alone, for commands that need none of the other files; homes and people are empty then."""
    from hub.homes import Registry
    from hub.settings import Configuration, ConfigurationError, load_hub

    place = folder(given, environ)
    try:
        loaded = Configuration(place, load_hub(place, environ), Registry(), [])
    except ConfigurationError as error:
        fail(mistakes(error, environ), USAGE)
    keep_secret(loaded)
    return loaded


def mistakes(error: "ConfigurationError", environ: Mapping[str, str] = os.environ) -> str:
    """Return all mistakes, then what else was noticed, one a line."""
    words = language(environ)
    return "\n".join(fault.say(words) for fault in (*error.faults, *error.warnings))


def language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language in which the terminal speaks, as far as we do: zh-CN or en."""
    wanted = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    return "zh-CN" if wanted.lower().startswith("zh") else "en"


def keep_secret(loaded: "Configuration") -> None:
    """See that no secret of this configuration can be logged, wherever it turns up."""
    from sqlalchemy.engine import make_url

    settings = loaded.hub
    hide(settings.mqtt.password, settings.audit.deadman_url, make_url(settings.database).password)
    hide(*(value for name, value in settings.channel_environment.items() if name.endswith(_SECRET_NAMES)))
