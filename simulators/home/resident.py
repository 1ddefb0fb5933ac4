"""The resident and the devices as a page draws them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from simulators.home.habits import AWAY, IN_BED, Doing
from simulators.home.words import sentence


@dataclass(frozen=True, slots=True)
class Resident:
    """Where somebody is now, since when, from where they came, and what they do there."""

    who: str
    room: str
    doing: Doing
    since: datetime
    came_from: str
    rooms: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_away(self) -> bool:
        """Whether nobody is at home."""
        return self.doing in AWAY

    @property
    def is_in_bed(self) -> bool:
        """Whether they lie in bed."""
        return self.doing in IN_BED

    @property
    def has_fallen(self) -> bool:
        """Whether they lie on the floor."""
        return self.doing is Doing.ON_FLOOR

    def sentence(self, language: str) -> str:
        """Return what they do, without a full stop: zh-CN, or English."""
        return sentence(self.who, self.doing, self.room, self.rooms, language)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as a page shows it. `active`: what it senses, None if it senses nothing; `pokes`: what can be done."""

    id: str
    kind: str
    role: str
    room: str
    active: bool | None
    battery_pct: int | None
    is_alive: bool
    faults: tuple[str, ...]
    pokes: tuple[str, ...]
