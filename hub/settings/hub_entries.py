"""What may stand in hub.yaml, one model for each section."""

import re
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, ClassVar
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import PlainValidator

from hub.alerts.emergency import is_emergency_number
from hub.settings.entry import Entry
from hub.settings.fault import Wrong, hint
from hub.settings.fields import Id, ListOf, Text, among, duration, span, spell, text
from hub.settings.homes_entries import LANGUAGES
from hub.settings.hub_settings import EMBEDDED
from hub.settings.sentences import Phrase
from hub.settings.tree import Unquoted

_MAX_URL = 500
_DESK = re.compile(r"[0-9+() \-]{3,20}")
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LISTEN = re.compile(r"([^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")
_POSTGRESQL = ("postgresql", "postgresql+psycopg")

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(days=90)
_wait = span(SHORTEST_WAIT, LONGEST_WAIT)
_promise = span(timedelta(minutes=1), timedelta(days=90))
_LONGEST_KEEP = timedelta(days=36_500)
_keep = span(timedelta(days=1), _LONGEST_KEEP)
# Six months of logs: Cybersecurity Law of the PRC, article 21 (3); the longest six months have 184 days.
SHORTEST_LOGS = timedelta(days=184)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: Any) -> ZoneInfo:
    found = text(value)
    if found not in _zones():
        raise Wrong("timezone", value=found, hint=hint(found, sorted(_zones())))
    return ZoneInfo(found)


def _desk(value: Any) -> str:
    found = text(value)
    if not _DESK.fullmatch(found) or not any(char.isdigit() for char in found):
        raise Wrong("desk", value=found)
    if is_emergency_number(found):
        raise Wrong("desk_emergency", value=found)
    return found


def _split(value: str, sentence: str, **facts: str) -> SplitResult:
    """Return the parts of an address whose port can be read; raises Wrong with `sentence`, never with the value."""
    try:
        parts = urlsplit(value)
        if parts.port == 0:
            raise Wrong(sentence, **facts)
    except Wrong:
        raise
    except ValueError as error:
        raise Wrong(sentence, **facts) from error
    return parts


def _address(value: Any, sentence: str) -> str:
    if isinstance(value, Unquoted):
        raise Wrong(sentence)
    found = text(value, _MAX_URL)
    if any(char.isspace() for char in found):
        raise Wrong(sentence)
    return found


def _database(value: Any) -> str:
    found = text(value, _MAX_URL)
    if found.startswith("sqlite:///") and not found.startswith("sqlite:///:memory:"):
        path = found.removeprefix("sqlite:///")
        if path.strip("/") and "?" not in path and not path.endswith("/"):
            return found
        raise Wrong("database")
    parts = _split(_address(found, "database"), "database")
    if parts.scheme not in _POSTGRESQL or not parts.path.strip("/"):
        raise Wrong("database")
    return found


def _mqtt_url(value: Any) -> str:
    found = _address(value, "mqtt_url")
    if found == EMBEDDED:
        return found
    parts = _split(found, "mqtt_url")
    if parts.password is not None:
        raise Wrong("secret_in_url", instead="CAREHUB_MQTT__PASSWORD")
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.username is not None:
        raise Wrong("mqtt_url")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Wrong("mqtt_url")
    return found.rstrip("/")


def _client_id(value: Any) -> str:
    found = text(value)
    if not _CLIENT_ID.fullmatch(found):
        raise Wrong("client_id", value=found)
    return found


def _listen(value: Any) -> str:
    found = str(value) if isinstance(value, Unquoted) else text(value)
    match = _LISTEN.fullmatch(found)
    # 8080:80 is a number in base 60 to YAML 1.1; it is no address either.
    if isinstance(value, Unquoted) or not match or not 0 < int(match[2]) <= 65535:
        raise Wrong("listen", value=found)
    return found


def _web_url(value: Any) -> str:
    found = _address(value, "web_url")
    parts = _split(found, "web_url")
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        raise Wrong("web_url")
    return found.rstrip("/")


def _deadman_url(value: Any) -> str:
    found = _address(value, "deadman_url")
    parts = _split(found, "deadman_url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong("deadman_url")
    return found


def _keep_alerts(value: Any) -> timedelta:
    found = duration(value, timedelta(0), _LONGEST_KEEP)
    if found < SHORTEST_LOGS:
        raise Wrong("keep_short", value=str(value), low=spell(SHORTEST_LOGS))
    return found


class HubEntry(Entry):
    """The top of hub.yaml; its sections are read on their own."""

    required: ClassVar = ("site", "timezone", "mqtt", "channels", "policies")
    examples: ClassVar = {
        "site": "site: anhe-gateway-017",
        "timezone": "timezone: Asia/Shanghai",
        "mqtt": 'mqtt: {url: "mqtt://127.0.0.1:1883"}',
        "channels": 'channels: {sms: {type: twilio_sms, from: "+15005550006"}}',
        "policies": "policies: {emergency: {steps: [{tell: [staff], by: [sms], wait: 60s}]}, …}",
    }
    secrets_go_to: ClassVar = "CAREHUB_MQTT__PASSWORD"

    site: Id = ""
    timezone: Annotated[ZoneInfo | None, PlainValidator(_timezone)] = None
    desk: Annotated[str | None, PlainValidator(_desk)] = None
    language: Annotated[str, among(LANGUAGES)] = "zh-CN"
    database: Annotated[str, PlainValidator(_database)] = "sqlite:///var/carehub.db"
    mqtt: Any = None
    web: Any = None
    dialects: Any = None
    channels: Any = None
    policies: Any = None
    promise: Any = None
    keep: Any = None
    audit: Any = None


class MqttEntry(Entry):
    """`mqtt:`."""

    required: ClassVar = ("url",)
    examples: ClassVar = {"url": 'url: "mqtt://127.0.0.1:1883"'}
    secrets_go_to: ClassVar = Phrase(
        "CAREHUB_MQTT__PASSWORD or password_file", "CAREHUB_MQTT__PASSWORD 或 password_file"
    )

    url: Annotated[str, PlainValidator(_mqtt_url)] = ""
    client_id: Annotated[str, PlainValidator(_client_id)] = "carehub"
    username: Annotated[str | None, PlainValidator(text)] = None
    password_file: Annotated[str | None, PlainValidator(text)] = None


class WebEntry(Entry):
    """`web:`."""

    listen: Annotated[str, PlainValidator(_listen)] = "127.0.0.1:8080"
    public_url: Annotated[str, PlainValidator(_web_url)] = "http://127.0.0.1:8080"


class StepEntry(Entry):
    """One of a policy's `steps:`."""

    required: ClassVar = ("tell", "by", "wait")
    examples: ClassVar = {"tell": "tell: [family]", "by": "by: [sms]", "wait": "wait: 60s"}

    tell: Annotated[tuple[Text, ...], ListOf] = ()
    by: Annotated[tuple[Text, ...], ListOf] = ()
    wait: Annotated[timedelta, _wait] = timedelta(0)


class PolicyEntry(Entry):
    """One severity of `policies:`; its steps are read on their own."""

    required: ClassVar = ("steps",)
    examples: ClassVar = {"steps": "steps: [{tell: [staff], by: [sms], wait: 60s}]"}

    steps: Any = None
    repeat: Annotated[timedelta | None, _wait] = None


class PromiseEntry(Entry):
    """`promise:`: how long a person who took an alert has."""

    emergency: Annotated[timedelta, _promise] = timedelta(minutes=20)
    warning: Annotated[timedelta, _promise] = timedelta(hours=2)
    notice: Annotated[timedelta, _promise] = timedelta(days=7)


class KeepEntry(Entry):
    """`keep:`."""

    readings: Annotated[timedelta, _keep] = timedelta(days=30)
    alerts: Annotated[timedelta, PlainValidator(_keep_alerts)] = timedelta(days=365)


class AuditEntry(Entry):
    """`audit:`."""

    deadman_url: Annotated[str | None, PlainValidator(_deadman_url)] = None
