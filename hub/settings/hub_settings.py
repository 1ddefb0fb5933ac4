"""The checked content of hub.yaml: how this hub runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hub.alerts.policy import Policy, Severity
from hub.channels import ChannelSettings

EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Where the broker is. `url` is `embedded`, `mqtt://host[:port]` or `mqtts://host[:port]`."""

    url: str
    client_id: str = "carehub"
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_embedded(self) -> bool:
        """Whether the hub runs the broker itself."""
        return self.url == EMBEDDED

    @property
    def uses_tls(self) -> bool:
        """Whether the link is encrypted."""
        return self.url.startswith("mqtts:")

    @property
    def host(self) -> str:
        """The broker's host; the loopback address for an embedded one."""
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        """The broker's port; the protocol's own if the address names none."""
        return urlsplit(self.url).port or (8883 if self.uses_tls else 1883)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where pages, API and webhooks listen, and under which address the world reaches them (no `/` at the end)."""

    listen: str = "127.0.0.1:8080"
    public_url: str = "http://127.0.0.1:8080"

    @property
    def host(self) -> str:
        """The address to listen on, without the brackets of IPv6."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """How long personal data is kept."""

    readings: timedelta = timedelta(days=30)
    alerts: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """`deadman_url` is asked for each minute while the audit holds; who runs it pages people when it stops."""

    deadman_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HubSettings:
    """How this hub runs. Secrets are not part of its representation.

    `database` is an SQLAlchemy URL with an absolute path; `dialects` goes to `devices.dialects.build` as it is;
    `channel_environment` holds what the channels need from the environment, by variable name.
    """

    site: str
    timezone: ZoneInfo
    database: str = field(repr=False)
    mqtt: MqttSettings
    channels: Mapping[str, ChannelSettings]
    policies: Mapping[Severity, Policy]
    promise: Mapping[Severity, timedelta]
    web: WebSettings = WebSettings()
    keep: KeepSettings = KeepSettings()
    audit: AuditSettings = AuditSettings()
    desk: str | None = None
    language: str = "zh-CN"
    dialects: Mapping[str, Any] = field(default_factory=dict)
    channel_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
