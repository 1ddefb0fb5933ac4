"""What a rule reports: what, where, since when, why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from devices.reading import Reading
from hub.homes import Device, DeviceState


class Severity(StrEnum):
    """How much an alert matters; decides its ladder and the order in which messages leave."""

    EMERGENCY = "emergency"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 leaves first."""
        return (Severity.EMERGENCY, Severity.WARNING, Severity.NOTICE).index(self)


@dataclass(frozen=True, slots=True)
class Heard:
    """One reading with what the rules need to judge it.

    `device` is None for a device nobody configured; `device_id` is then its full topic. `previous` is its last
    word about the same kind and property. `qos` is the level the message was delivered with. `waited`: it may have
    lain at the broker, since `waited_since` at the earliest, so that `at` does not say when it was sent.
    `bridge_online_at`: when its bridge last came online, if that is known.
    """

    reading: Reading
    home_id: str
    device_id: str
    device: Device | None
    at: datetime
    previous: DeviceState | None = None
    qos: int = 1
    waited: bool = False
    waited_since: datetime | None = None
    bridge_online_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person must deal with.

    `cause` makes it one alert per home; `what` is the key of its text. `again`: it is news even while its alert
    is open (a press; a hazard that was clear). `latched`: `Heard.reading` is a state that can clear. `renews`: its
    facts replace those of the open alert. `first`: roles that are told before its severity's ladder begins. `area`:
    whose staff hear of what hangs on the site.
    """

    cause: str
    what: str
    severity: Severity
    home_id: str
    device_id: str | None
    room: str | None
    since: datetime
    again: bool = True
    latched: bool = False
    after: timedelta = timedelta(0)
    facts: Mapping[str, str | int] = field(default_factory=dict)
    renews: bool = False
    first: tuple[str, ...] = ()
    area: str | None = None


def is_edge(heard: Heard) -> bool:
    """Whether the state differs from the device's last word; a cached republish is none."""
    return heard.previous is None or heard.previous.state != heard.reading.state
