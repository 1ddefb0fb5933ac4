"""The weekly test of the buttons that call for help: when it is due, whether it was done.

Any press that the hub heard proves a button, a real one as well as one of a test.
Source: JGJ/T 484-2019, 10.3: the call devices are checked every seven days.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.homes import Device, DeviceKind, DeviceRole, Home

EVERY = timedelta(days=7)
# Whoever goes round a village wants to know the day before.
DUE_BEFORE = timedelta(days=1)


class Standing(StrEnum):
    """How a button stands."""

    DONE = "done"
    DUE = "due"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Weekly:
    """`due_at`: until when it has to be pressed again; `last_press` None: never since it was installed."""

    standing: Standing
    due_at: datetime
    last_press: datetime | None

    @property
    def is_overdue(self) -> bool:
        """Whether its week is over."""
        return self.standing is Standing.MISSED


def due(last_press: datetime | None, since: datetime, now: datetime) -> Weekly:
    """Return how a button stands. `since`: from when the hub has known it; a new one has a week too."""
    due_at = (since if last_press is None else last_press) + EVERY
    if now >= due_at:
        return Weekly(Standing.MISSED, due_at, last_press)
    if last_press is None or now >= due_at - DUE_BEFORE:
        return Weekly(Standing.DUE, due_at, last_press)
    return Weekly(Standing.DONE, due_at, last_press)


def is_call_button(device: Device) -> bool:
    """Whether a device is a button that calls for people, and so is tried each week."""
    return device.kind is DeviceKind.BUTTON and device.role in (DeviceRole.SOS, DeviceRole.CALL)


@dataclass(frozen=True, slots=True)
class Button:
    """One button that calls for people, and how it stands."""

    home: Home
    device: Device
    weekly: Weekly


@dataclass(frozen=True, slots=True)
class Village:
    """The week of one area: how many buttons are done, due, missed; those that are not done, the latest first."""

    area: str
    done: int
    due: int
    missed: int
    waiting: tuple[Button, ...]


def week(
    homes: Iterable[Home],
    presses: Mapping[tuple[str, str], datetime],
    since: Mapping[tuple[str, str], datetime],
    now: datetime,
) -> list[Village]:
    """Return how the buttons of these homes stand, by area; areas with the most that was missed first.

    `presses`: when each button (home id, device id) was last pressed; `since`: from when the hub has known it.
    """
    counts: dict[str, Counter[Standing]] = {}
    waiting: dict[str, list[Button]] = {}
    for home in homes:
        for device in home.devices:
            if not is_call_button(device):
                continue
            key = (home.id, device.id)
            weekly = due(presses.get(key), since.get(key, now), now)
            counts.setdefault(home.area, Counter())[weekly.standing] += 1
            if weekly.standing is not Standing.DONE:
                waiting.setdefault(home.area, []).append(Button(home, device, weekly))
    villages = [_village(area, standing, waiting.get(area, [])) for area, standing in counts.items()]
    return sorted(villages, key=lambda village: (-village.missed, -village.due, village.area))


def unpressed(homes: Iterable[Home], presses: Mapping[tuple[str, str], datetime]) -> list[str]:
    """Return the homes with a button that was never pressed: since when the hub knows them matters."""
    return [h.id for h in homes if any(is_call_button(d) and (h.id, d.id) not in presses for d in h.devices)]


def _village(area: str, counts: Counter[Standing], waiting: list[Button]) -> Village:
    waiting.sort(key=lambda one: (one.weekly.due_at, one.home.id, one.device.id))
    return Village(area, counts[Standing.DONE], counts[Standing.DUE], counts[Standing.MISSED], tuple(waiting))
