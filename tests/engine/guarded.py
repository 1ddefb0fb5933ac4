"""A hub in one process that also looks at what is not said: devices and bridges that speak, fall silent, come back."""

from datetime import timedelta
from typing import Any

from devices.reading import Kind, Reading, State
from hub.engine import watching
from hub.homes import SITE, Device, DeviceKind, Home, Resident
from hub.ports import Session
from hub.rules.gaps import HUB, Gap
from tests.engine.pocket import HOUR, MINUTE, PEOPLE, SECOND, VILLAGE, Pocket

BASE = "zigbee2mqtt"
DAY = timedelta(days=1)
# Nobody is judged still here.
LONG = timedelta(days=365)


def sensors(home: str, base: str = "zigbee2mqtt") -> tuple[Device, ...]:
    """Three sensors and a light switch on one bridge."""
    kinds = {"hall-motion": DeviceKind.MOTION, "front-door": DeviceKind.CONTACT, "kitchen-gas": DeviceKind.GAS}
    found = [Device(home, id, kind, f"{base}/{id}", room="hall") for id, kind in kinds.items()]
    return (*found, Device(home, "switch", DeviceKind.BUTTON, f"{base}/switch", room="bedroom"))


def guarded_home(id: str = "wang", *, prefix: str = "", base: str = "zigbee2mqtt", name: str = "王秀兰",
                 devices: tuple[Device, ...] | None = None, address: str = "上堡村三社12号") -> Home:  # fmt: skip
    own = sensors(id, base) if devices is None else devices
    return Home(id, VILLAGE, address, prefix, residents=(Resident(name, inactivity_after=LONG),), devices=own)


class Guarded(Pocket):
    """One hub that watches; `forward` stops at each look."""

    def __init__(self, *homes: Home, **others: Any) -> None:
        super().__init__(*(homes or (guarded_home(),)), people=PEOPLE, **others)
        self.is_away = False
        self.do(watching.follow)

    # --- time

    def forward(self, span: timedelta) -> None:
        until = self.now + span
        self.turn()
        while (at := self._next()) is not None and at <= until:
            self.memory.clock.instant = max(at, self.now)
            self.turn()
        self.memory.clock.instant = until

    def _next(self) -> Any:
        stops = [at for at in (self.memory.next_due(), self.memory.next_watch()) if at is not None]
        return min(stops, default=None)

    def turn(self) -> None:
        for _ in range(1000):
            looked = self.do(lambda work: watching.look(work, 50)) if not self.is_away else 0
            if not looked and not self.duties() and not self.dispatch():
                return
        raise AssertionError("something is due for ever")

    def is_gone(self, span: timedelta) -> None:
        """The hub is away for so long, and knows it afterwards."""
        since = self.now
        self.memory.clock.instant += span
        self.memory.add_gap(Gap(HUB, since, self.now))
        self.turn()

    # --- what is said

    def says(self, device: str, kind: Kind = Kind.MOTION, state: State | None = State.CLEAR, *, prefix: str = "",
             base: str = "zigbee2mqtt", retained: bool = False, **fields: Any) -> None:  # fmt: skip
        fields.setdefault("property", kind.value)
        reading = Reading(f"{base}/{device}", device, kind, state, retained=retained, **fields)
        self.arrive(self.arrival(reading, prefix=prefix, session=Session.MAIN))

    def link(self, device: str, state: State, *, prefix: str = "", base: str = "zigbee2mqtt",
             retained: bool = False) -> None:  # fmt: skip
        self.says(device, Kind.AVAILABILITY, state, prefix=prefix, base=base, retained=retained, property=None)

    def bridge(self, state: State, *, prefix: str = "", base: str = "zigbee2mqtt", retained: bool = False) -> None:
        self.says("bridge", Kind.BRIDGE, state, prefix=prefix, base=base, retained=retained, property=None)

    def all_speak(self, *, prefix: str = "", base: str = "zigbee2mqtt", battery: int | None = 100) -> None:
        """Every sensor says that all is calm, and its battery."""
        kinds = {"hall-motion": Kind.MOTION, "front-door": Kind.CONTACT, "kitchen-gas": Kind.GAS}
        for device, kind in kinds.items():
            self.says(device, kind, prefix=prefix, base=base)
            if battery is not None:
                self.says(device, Kind.BATTERY, prefix=prefix, base=base, percent=battery)
        self.says("switch", Kind.BUTTON, State.ACTIVE, prefix=prefix, base=base, action="single", property="action")

    def day_goes_on(self, span: timedelta, *, without: tuple[str, ...] = (), prefix: str = "") -> None:
        """Time passes, and every sensor speaks each hour, but these."""
        kinds = {"hall-motion": Kind.MOTION, "front-door": Kind.CONTACT, "kitchen-gas": Kind.GAS}
        until = self.now + span
        while self.now < until:
            self.forward(min(HOUR, until - self.now))
            for device in kinds.keys() - set(without):
                self.says(device, kinds[device], prefix=prefix)

    # --- what can be seen

    def open(self) -> list[str]:
        """Return the causes of all unresolved alerts."""
        return sorted(alert.cause for alert in self.memory.alerts())

    def told(self) -> list[tuple[str, str]]:
        """Return to whom which words went since the last look; that nobody took a notice for a day is no news here."""
        return [(to, key) for to, key in self.said() if key != "nobody"]


__all__ = ["BASE", "DAY", "HOUR", "MINUTE", "SECOND", "SITE", "Guarded", "guarded_home", "sensors"]
