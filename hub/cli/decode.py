"""`carehub decode`: what devices' messages say, line by line, without a hub."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TextIO

import typer

from devices import fields
from devices.dialect import Dialect
from devices.dialects import InvalidSetting, build, route
from devices.directory import LOW_PERCENT, Directory, Role
from devices.events import Event, Events
from devices.message import Message
from devices.reading import Kind, Listed, Reading, State, Undecodable

# Where a line says no time; only `device_at` and `at` of the stream ever reach the answer.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
# A line carries one payload, escaped at worst six times as long as it is.
LONGEST_LINE = 6 * fields.LIST_LIMIT + 64 * 1024


class InvalidConfig(ValueError):
    """A configuration is not what the command reads; the text says what is allowed."""


def decode(
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings: a JSON file, the same object as in a line."),
    ] = None,
) -> None:
    """Read messages as JSON lines from standard input and tell what each says.

    A line is an object with topic and payload, perhaps retain and at (the time); or config with settings for what
    follows; or reset, true, to forget what was learned. Each line has one answer, at once: its number n, the
    readings, the events (what is new in them), and a note if it could not be read.

    No hub, no broker and no configuration folder are needed.
    """
    settings: Mapping[str, object] = {}
    if config is not None:
        try:
            settings = fields.json_object(config.read_bytes(), fields.LIST_LIMIT)
            Stream(settings)
        except OSError as error:
            raise typer.BadParameter(f"{config}: {error.strerror}", param_hint="--config") from None
        except (Undecodable, InvalidConfig) as error:
            raise typer.BadParameter(f"{config}: {error}", param_hint="--config") from None
    try:
        answer(sys.stdin.buffer, sys.stdout, settings)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more; Python would say so at its end


def answer(lines: BinaryIO, out: TextIO, settings: Mapping[str, object]) -> None:
    """Answer each line at once, so that a partner at the other end of a pipe can talk line by line."""
    stream = Stream(settings)
    for number, line in enumerate(_lines(lines), 1):
        try:
            said = stream.take(line)
        except Exception as error:
            # One line's fault is that line's: whatever comes in, the next one is read.
            said = _nothing(f"the decoder failed ({type(error).__name__})")
        out.write(json.dumps({"n": number, **said}, ensure_ascii=True, separators=(",", ":")) + "\n")
        out.flush()


def _lines(lines: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long only as much as shows it."""
    while line := lines.readline(LONGEST_LINE):
        rest = line
        while not rest.endswith(b"\n") and len(rest) == LONGEST_LINE:
            rest = lines.readline(LONGEST_LINE)
        yield line


def _nothing(note: str) -> dict[str, Any]:
    return {"readings": [], "note": note}


class Stream:
    """One MQTT stream: what was learned in it, and how it is to be read."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        """Raises InvalidConfig if the settings cannot be used."""
        self._given = dict(settings)
        self._dialects: Sequence[Dialect] = ()
        self._directory = Directory()
        self._events = Events()
        self._reset()

    def take(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one line, its number aside."""
        if len(line) >= LONGEST_LINE:
            return _nothing(f"the line is longer than {LONGEST_LINE} bytes")
        if not line.strip():
            return _nothing("an empty line")
        try:
            content = fields.json_object(line, LONGEST_LINE)
        except Undecodable as error:
            return _nothing(str(error).replace("the payload", "the line"))
        if content.get("reset") is True:
            self._reset()
            return {"readings": []}
        if "config" in content:
            return self._configure(content["config"])
        return self._message(content)

    def _reset(self) -> None:
        self._settings: dict[str, object] = {}
        self._directory = Directory()
        self._events = Events()
        self._use(self._given)

    def _configure(self, config: object) -> dict[str, Any]:
        if not isinstance(config, dict):
            return _nothing("config is not an object")
        try:
            self._use(config)
        except InvalidConfig as error:
            return _nothing(str(error))
        return {"readings": []}

    def _use(self, config: Mapping[str, object]) -> None:
        """Merge settings: of objects the keys, of all else the last counts. Those of other dialects are kept unread."""
        merged = dict(self._settings)
        for key, value in config.items():
            before = merged.get(key)
            merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
        topics = merged.get("base_topics")
        try:
            dialects = build({"zigbee2mqtt": {"base_topics": topics}} if topics is not None else {})
        except InvalidSetting as error:
            raise InvalidConfig(f"base_topics: {error.reason}") from None
        roles, low = _roles(merged.get("roles")), _low_percent(merged.get("battery_low_percent"))
        self._settings, self._dialects = merged, dialects
        self._directory = Directory(self._directory.networks, roles=roles, battery_low_percent=low)

    def _message(self, content: Mapping[str, object]) -> dict[str, Any]:
        topic, payload = content.get("topic"), content.get("payload")
        if not isinstance(topic, str) or not isinstance(payload, str):
            return _nothing("neither a message (topic and payload are text), nor config, nor reset")
        at = _instant(content.get("at"))
        message = Message(
            topic, payload.encode("utf-8", "surrogatepass"), at or _NO_TIME, content.get("retain") is True
        )
        dialect = route(self._dialects, topic)
        if dialect is None:
            return _nothing("no dialect reads this topic")
        self._directory = dialect.learn(message, topic, self._directory)
        try:
            readings = [_as_told(reading) for reading in dialect.decode(message, topic, self._directory)]
        except Undecodable as error:
            return _nothing(f"{dialect.name}: {error}")
        readings = [reading for reading in readings if not (reading.retained and reading.kind is Kind.BUTTON)]
        events = self._events.of(readings, topic, at)
        said: dict[str, Any] = {"readings": [_reading(reading) for reading in readings]}
        return {**said, "events": [_event(event) for event in events]} if events else said


def _as_told(reading: Reading) -> Reading:
    """Return a reading as this command tells it: what a detector says while it tests itself is no alarm.

    The hub itself gives a test 60 s to end, because a test bit that stays set must not hide a fire.
    """
    if not reading.test or reading.state is not State.ACTIVE:
        return reading
    return reading._replace(state=State.CLEAR)


# --- settings --------------------------------------------------------------------------------------------------


def _roles(value: object) -> dict[str, Role]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidConfig('roles: an object is allowed, e.g. {"bed_sos": "sos"}')
    found: dict[str, Role] = {}
    for name, text in value.items():
        try:
            found[name] = Role.parse(text if isinstance(text, str) else "")
        except ValueError:
            raise InvalidConfig(
                f"roles: {name}: allowed are sos and the kinds, perhaps with :active or :clear"
            ) from None
    return found


def _low_percent(value: object) -> int:
    if value is None:
        return LOW_PERCENT
    percent = None if isinstance(value, str) else fields.percent(value)
    if percent is None:
        raise InvalidConfig("battery_low_percent: a number from 0 to 100 is allowed")
    return percent


def _instant(value: object) -> datetime | None:
    """Return a time of the stream: ISO 8601, or milliseconds since 1970, whatever the year."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


# --- answers ---------------------------------------------------------------------------------------------------


def _sos(sos: bool, maybe: bool) -> bool | str:
    return True if sos else "by_role" if maybe else False


def _reading(reading: Reading) -> dict[str, Any]:
    if reading.kind is Kind.DISCOVERY:
        return {"kind": "discovery", "devices": [_listed(device) for device in reading.devices]}
    said: dict[str, Any] = {
        "kind": reading.kind.value,
        "state": reading.state.value if reading.state else None,
        "device": reading.device,
        "property": reading.property,
        "value": reading.value,
        "unit": reading.unit if reading.value is not None else None,
        "percent": reading.percent,
        "action": reading.action,
        "test": reading.test or None,
        "muted": reading.muted or None,
        "retained": reading.retained or None,
        "reason": reading.reason,
        "device_at": reading.device_at.isoformat() if reading.device_at else None,
        "seq": reading.seq,
    }
    if reading.kind is Kind.BUTTON:
        said["sos"] = _sos(reading.sos, reading.maybe_sos)
    return {key: value for key, value in said.items() if value is not None}


def _listed(device: Listed) -> dict[str, Any]:
    said = {
        "ieee_address": device.identity,
        "device": device.device,
        "vendor": device.vendor,
        "model": device.model,
        "supported": device.supported,
        "disabled": device.disabled,
        "power_source": device.power_source,
        "room_hint": device.room_hint,
        "sos": _sos(device.sos, device.maybe_sos),
        "capabilities": [{"property": name, "kind": kind.value} for name, kind in device.capabilities],
    }
    return {key: value for key, value in said.items() if value is not None}


def _event(event: Event) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": event.kind.value, "edge": event.edge.value, "device": event.device}
    if event.kind is Kind.BUTTON:
        said["sos"] = _sos(event.sos, event.maybe_sos)
    return said if event.action is None else {**said, "action": event.action}
