"""`carehub simulate home`: one home of the configuration, lived in by a simulated resident."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import typer

from hub.cli.failure import USAGE, fail, say
from hub.cli.place import ConfigOption, JsonOption, configuration, language

if TYPE_CHECKING:
    from hub.homes import Home
    from hub.settings import Configuration
    from simulators.carrier import Clock
    from simulators.home import Fault, Plan, Scenario
    from simulators.home.line import SignIn

DEMO = "demo"
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        help="mqtt://host:port, or `demo` for the broker of a running demo. Default: mqtt.url of the configuration.",
    ),
]
UsernameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="User of the broker. Default: mqtt.username of the configuration.")
]
PasswordOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="File that holds the user's password. Default: $CAREHUB_MQTT__PASSWORD."),
]
SeedOption = Annotated[int, typer.Option(metavar="NUMBER", help="The same number, the same days.")]


def home(
    config: ConfigOption = None,
    id: Annotated[
        str | None, typer.Option("--home", metavar="HOME", help="Which home. Default: the first one with devices.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME", help="What happens; `list` shows all. Default: days as usual.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:DEVICE]",
            help="What is wrong: dead-battery, stuck, six-copies, clock-1970, chatter. May be given again.",
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(metavar="TIMES", help="So many times as fast as real time.", min=0.1, max=3600)
    ] = 1.0,
    virtual: Annotated[
        bool, typer.Option("--virtual", "--dry-run", help="No broker and no waiting: show what would happen.")
    ] = False,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin at this local time: 07:40, or 2026-03-01 07:40.")
    ] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", metavar="SPAN", help="End after this time of the home: 90s, 10m, 24h, 2d.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option(metavar="NAME", help="zigbee2mqtt or native. Default: what each topic says.")
    ] = None,
    messages: Annotated[bool, typer.Option("--messages", help="Show every message too.")] = False,
    as_json: JsonOption = False,
    seed: SeedOption = 0,
    broker: BrokerOption = None,
    username: UsernameOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Let a resident live in a home of the configuration; its devices publish as real ones do.

    Prints a line for each thing that happens. With a scenario it says what a hub is expected to make of it. Devices
    speak the dialect of their topics: zigbee2mqtt as the real bridge does, or carehub's own.
    """
    from simulators.home.command import Task, rehearse, run
    from simulators.home.showing import Shown, listing

    tongue = language()
    if scenario == "list":
        typer.echo("\n".join(listing(tongue)))
        return
    loaded = configuration(config)
    chosen = _scenario(scenario)
    plan = _plan(loaded, _home(loaded, id), _dialect(dialect))
    begins = _start(start, plan.zone, chosen if virtual else None).astimezone(UTC)
    task = Task(plan, begins, seed, chosen, [_fault(each) for each in fault or ()], span(lasting))
    shown = Shown(plan.zone, tongue, messages, as_json)
    if virtual:
        raise typer.Exit(rehearse(task, shown))
    sign_in = signed_in(loaded, broker, username, password_file, will=_will(plan))
    raise typer.Exit(run(task, _clock(speed, begins if start else None), sign_in, shown))


# --- what is simulated


def _home(loaded: "Configuration", id: str | None) -> "Home":
    homes = loaded.registry.homes
    if id is not None and id not in homes:
        fail(f"{loaded.folder} has no home {id}. It has: {', '.join(homes) or 'none'}.", USAGE)
    found = homes[id] if id is not None else next((home for home in homes.values() if home.devices), None)
    if found is None or not found.devices:
        fail(f"{id or loaded.folder} has no devices to simulate. Add some to homes.yaml.", USAGE)
    return found


def _plan(loaded: "Configuration", home: "Home", dialect: str | None) -> "Plan":
    from simulators.home import Plan

    plan = Plan.of(described(home, loaded), dialect)
    if plan.skipped:
        say(f"Not simulated, because nobody here speaks their dialect: {', '.join(plan.skipped)}.")
    if not plan.devices:
        fail(f"No device of {home.id} speaks zigbee2mqtt or carehub's own dialect. Try --dialect native.", USAGE)
    ours = {home.prefix + device.topic for device in home.devices}
    if moved := [device.topic for device in plan.devices if device.topic not in ours]:
        say(f"These topics are not in the configuration, so a hub takes them for unknown devices: {', '.join(moved)}.")
    return plan


def described(home: "Home", loaded: "Configuration") -> Mapping[str, Any]:
    """Return a home as the plain values that a simulator's plan is made from."""
    dialects: Mapping[str, Any] = loaded.hub.dialects.get("zigbee2mqtt") or {}
    return {
        "id": home.id,
        "who": home.who,
        "timezone": loaded.hub.timezone.key,
        "prefix": home.prefix,
        "rooms": home.rooms,
        "base_topics": dialects.get("base_topics"),
        "devices": [
            {"id": d.id, "kind": d.kind.value, "role": d.role and d.role.value, "room": d.room, "topic": d.topic}
            for d in home.devices
        ],
    }


def _scenario(name: str | None) -> "Scenario | None":
    from simulators.home import NoScenario, scenario_named

    if name is None:
        return None
    try:
        return scenario_named(name)
    except NoScenario as error:
        fail(f"{error} `--scenario list` says what they are.", USAGE)


def _dialect(name: str | None) -> str | None:
    from simulators.home import DIALECTS

    if name is not None and name not in DIALECTS:
        fail(f"There is no dialect {name} here; there are {' and '.join(DIALECTS)}.", USAGE)
    return name


def _fault(text: str) -> "tuple[Fault, str | None]":
    from simulators.home import Fault

    name, _, device = text.partition(":")
    try:
        return Fault(name), device or None
    except ValueError:
        fail(f"There is no fault {name}; there are {', '.join(Fault)}.", USAGE)


# --- when


def _start(text: str | None, zone: ZoneInfo, scenario: "Scenario | None") -> datetime:
    """Return when it begins: as asked for, else today when the scenario is believable, else now."""
    from hub.clock import HubClock

    now = HubClock().now().astimezone(zone)
    if text is None:
        return now if scenario is None else datetime.combine(now.date(), scenario.begins, zone)
    try:
        if len(text) <= len("07:40"):
            return datetime.combine(now.date(), time.fromisoformat(text), zone)
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        fail(f"--start {text} is no local time. Write 07:40, or 2026-03-01 07:40.", USAGE)


def span(text: str | None) -> timedelta | None:
    """Return a span of time as typed: 90s, 10m, 24h, 2d; end with a sentence if it is none."""
    if text is None:
        return None
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        fail(f"--for {text} is no span of time. Write 90s, 10m, 24h or 2d.", USAGE)
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def _clock(speed: float, start: datetime | None) -> "Clock":
    from hub.clock import PacedClock
    from simulators.carrier import RealClock

    return RealClock() if speed == 1 and start is None else PacedClock(start, speed)


# --- where to


def signed_in(
    loaded: "Configuration",
    broker: str | None,
    username: str | None,
    password_file: Path | None,
    will: tuple[str, str] | None = None,
) -> "SignIn":
    """Return which broker is meant and as whom to speak to it; end with a sentence if that cannot be known."""
    from simulators.home.line import SignIn

    mqtt = loaded.hub.mqtt
    name, secret = username or mqtt.username, _secret(password_file) or mqtt.password
    if broker == DEMO or (broker is None and mqtt.is_embedded):
        folder = loaded.folder / "var" / ("demo/broker" if broker == DEMO else "broker")
        port, kept = _kept(folder)
        return SignIn("127.0.0.1", port, username or "hub", _secret(password_file) or kept, will=will)
    address = urlsplit(broker or mqtt.url)
    is_tls = address.scheme == "mqtts"
    if address.scheme not in ("mqtt", "mqtts") or not address.hostname or address.username or address.password:
        # What was typed is not shown again: people put passwords into addresses.
        fail(
            "--broker is no address of a broker. Write mqtt://host:1883 or demo; the user goes into --username, the "
            "password into CAREHUB_MQTT__PASSWORD or --password-file.",
            USAGE,
        )
    try:
        port = address.port or (8883 if is_tls else 1883)
    except ValueError:
        fail("The port of --broker is no number from 1 to 65535. Write mqtt://host:1883.", USAGE)
    return SignIn(address.hostname, port, name, secret, is_tls, will)


def _kept(folder: Path) -> tuple[int, str]:
    """Return port and password of a broker that a hub or a demo has started from this folder."""
    try:
        return int((folder / "port").read_text("ascii")), (folder / "password").read_text("utf-8").strip()
    except (OSError, ValueError):
        fail(f"No broker was started from {folder} yet. Start `carehub run` or `carehub demo`, or name one: --broker.")


def _secret(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8").strip()
    except OSError as error:
        fail(f"--password-file {file} cannot be read: {error.strerror}.", USAGE)


def _will(plan: "Plan") -> tuple[str, str] | None:
    """Return what the broker is to say when this command is killed: that the bridge is gone."""
    return (f"{plan.bases[0]}/bridge/state", '{"state":"offline"}') if plan.bases else None
