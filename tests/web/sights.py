"""What contacts' pages are made of, for tests: one night, 03:14:26 in the village, in every face of the page."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.alerts import events as ev
from hub.alerts import machine
from hub.alerts.alert import Alert, DutyKind, Entry, Lateness, Outcome
from hub.alerts.change import Scene
from hub.alerts.climb import step_due, with_duty
from hub.alerts.links import BY_PHONE
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Ladder, Rung, Severity
from hub.decide import message
from hub.engine.links import Sight
from hub.homes import Contact, Home, Person, Resident, Role

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OPENED = datetime(2026, 11, 24, 19, 12, 0, tzinfo=UTC)  # 03:12 on the 25th
NOW = OPENED + 2 * MINUTE + 26 * SECOND
NAMES = {
    "zh-CN": {"daughter": "王丽", "son": "王刚", "nurse": "李强", "boss": "赵建国"},
    "en": {"daughter": "Wang Li", "son": "Wang Gang", "nurse": "Li Qiang", "boss": "Zhao Jianguo"},
}
WHO = {"zh-CN": "王秀兰", "en": "Wang Xiulan"}
PLACE = {
    "zh-CN": ("上堡村三社12号", "钥匙在三社11号赵婶家，大门朝东。"),
    "en": ("Shangbao Village, Group 3, No. 12", "The key is with neighbour Zhao, No. 11. The gate is on the east."),
}
LADDER = Ladder(
    (
        Rung(("daughter", "son"), ("sms",), 60 * SECOND),
        Rung(("nurse",), ("sms",), 120 * SECOND),
        Rung(("boss",), ("sms",), 180 * SECOND),
    ),
    5 * MINUTE,
    20 * MINUTE,
    staff=("nurse",),
    supervisors=("boss",),
)


class Night:
    """One alert, told step by step; `sight` is what the page of one person is made of at that moment."""

    def __init__(self, language: str = "zh-CN", what: str = "sos", severity: Severity = Severity.EMERGENCY,
                 **fields: Any) -> None:  # fmt: skip
        self.language = language
        self.names: Mapping[str, str] = NAMES[language]
        self.now = OPENED
        facts: dict[str, str | int] = {"who": WHO[language], "addr": PLACE[language][0], **fields.pop("facts", {})}
        alert = Alert("A1", "ah-001", what, what, severity, "K7", OPENED, LADDER, facts=facts, last_press_at=OPENED)
        alert = replace(alert, **{"room": "bedroom", **fields})
        self.alert = with_duty(alert, DutyKind.STEP, OPENED, OPENED)
        self.history: list[Entry] = [Entry(OPENED, "hub", "opened", {"device": "bed-sos"})]
        self.sent: list[Notification] = []
        resident = Resident(WHO[language], 1938, phone="+869368210112")
        contacts = (Contact("daughter", Role.FAMILY), Contact("son", Role.FAMILY))
        address, access = PLACE[language]
        self.home: Home | None = Home("ah-001", "620702207200", address, residents=(resident,), contacts=contacts,
                                      access=access)  # fmt: skip
        self.climb()

    def climb(self) -> "Night":
        """Tell the people of the next rung."""
        self._take(step_due(self.alert, self._scene()))
        return self

    def at(self, span: timedelta) -> "Night":
        """Move time to `span` after the alert opened; the texts of before have arrived."""
        self.now = OPENED + span
        self.sent = [replace(m, fate=Fate.DELIVERED) if m.fate is Fate.QUEUED else m for m in self.sent]
        return self

    def does(self, *events: ev.Event) -> "Night":
        """Let something happen."""
        for event in events:
            self._take(machine.apply(self.alert, event, self._scene()))
        return self

    def fails(self, person: str) -> "Night":
        """Say that nothing reached this person."""
        self.sent = [replace(m, fate=Fate.FAILED) if m.person_id == person else m for m in self.sent]
        return self

    def sight(self, person: str = "daughter", now: datetime | None = None) -> Sight:
        name = self.names[person]
        return Sight(
            now or self.now,
            Person(person, name, "+447700900101", language=self.language),
            self.alert,
            self.home,
            tuple(self.history),
            tuple(self.sent),
            self.names,
            OPENED + 24 * HOUR,
        )

    def _scene(self) -> Scene:
        return Scene(self.now, self.sent, self.names, tuple(self.names))

    def _take(self, change: Any) -> None:
        self.alert = change.alert
        self.history += change.entries
        for tell in change.tells:
            fresh = message(tell, self.alert, self.now, lambda: f"N{len(self.sent)}")
            self.sent += [replace(n, fate=Fate.ACCEPTED if n.step is None else Fate.QUEUED) for n in fresh]


def _open(language: str) -> Sight:
    night = Night(language).at(50 * SECOND).does(ev.Again(OPENED + 50 * SECOND, "bedroom")).fails("son")
    return night.at(62 * SECOND).climb().at(146 * SECOND).sight()


def _mine(language: str) -> Sight:
    return Night(language).at(100 * SECOND).does(ev.Acknowledge("daughter", "page")).at(146 * SECOND).sight()


def _mine_again(language: str) -> Sight:
    night = Night(language).at(60 * SECOND).does(ev.Acknowledge("daughter", "page")).at(120 * SECOND)
    return night.does(ev.Again(NOW, "bedroom")).at(146 * SECOND).sight()


def _there(language: str) -> Sight:
    night = Night(language).at(60 * SECOND).does(ev.Acknowledge("daughter", "page"))
    return night.at(15 * MINUTE).does(ev.Arrived("daughter", "page")).at(16 * MINUTE).sight()


def _taken(language: str) -> Sight:
    night = Night(language).at(62 * SECOND).climb().at(120 * SECOND).does(ev.Acknowledge("nurse"))
    return night.at(146 * SECOND).sight()


def _joined(language: str) -> Sight:
    night = Night(language).at(62 * SECOND).climb().at(120 * SECOND).does(ev.Acknowledge("nurse"))
    return night.does(ev.Acknowledge("daughter", "page")).at(146 * SECOND).sight()


def _calling(language: str) -> Sight:
    night = Night(language).at(60 * SECOND).does(ev.Acknowledge("daughter", "page")).at(15 * MINUTE)
    return night.does(ev.Arrived("daughter"), ev.NeedHelp("daughter")).climb().at(16 * MINUTE).sight()


def _done(language: str) -> Sight:
    night = Night(language).at(62 * SECOND).climb().at(120 * SECOND).does(ev.Acknowledge("nurse"))
    night.at(19 * MINUTE).does(ev.Arrived("nurse"))
    return night.at(30 * MINUTE).does(ev.Resolve("nurse", Outcome.GENUINE, "没事")).at(40 * MINUTE).sight()


def _itself(language: str) -> Sight:
    night = Night(language, "gateway", Severity.WARNING, room=None).at(5 * MINUTE)
    return night.does(ev.Resolve("hub", Outcome.GENUINE, via="hub")).at(6 * MINUTE).sight()


def _gas(language: str) -> Sight:
    night = Night(language, "gas", room="kitchen", active=True, device_id="kitchen-gas")
    return night.at(62 * SECOND).climb().at(100 * SECOND).does(ev.Acknowledge("daughter", "page")).sight()


def _gas_watched(language: str) -> Sight:
    night = Night(language, "gas", room="kitchen", active=True, device_id="kitchen-gas").at(5 * MINUTE)
    return night.does(ev.Resolve("daughter", Outcome.GENUINE, BY_PHONE, watched=True)).at(6 * MINUTE).sight()


def _still(language: str) -> Sight:
    night = Night(language, "inactivity", Severity.WARNING, room=None, facts={"h": 14, "h2": 9})
    return night.at(146 * SECOND).sight()


def _late(language: str) -> Sight:
    late = Lateness(190 * MINUTE, exact=False)
    return Night(language, late=late, facts={"test": 1}).at(146 * SECOND).sight()


FACES: dict[str, Callable[[str], Sight]] = {
    "open": _open,
    "mine": _mine,
    "mine_again": _mine_again,
    "there": _there,
    "taken": _taken,
    "joined": _joined,
    "calling": _calling,
    "done": _done,
    "itself": _itself,
    "gas": _gas,
    "gas_watched": _gas_watched,
    "still": _still,
    "late": _late,
}
