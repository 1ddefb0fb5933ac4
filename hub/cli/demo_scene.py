"""The home as the page draws it: plan, devices, the resident on her way, what can be poked, the switches around."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hub.alerts.alert import Stage
from hub.cli.demo_tale import Tale
from hub.cli.demo_view import Seen, hot_rooms
from hub.homes import Home
from simulators.home import OUTSIDE, SCENARIOS, DeviceView, Doing, Resident
from simulators.stage import Room, draw

if TYPE_CHECKING:
    from hub.cli.demo_world import World
    from simulators.home import SimulatedHome
    from simulators.stage.floorplan import Drawing

Json = dict[str, Any]

LOW_PCT = 10
# (kind, poke): the words on its button, Chinese and English.
_POKES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("button", "press"): ("按{room}呼叫", "Press call, {room}"),
    ("gas", "on"): ("放燃气", "Let gas out"),
    ("gas", "off"): ("关燃气", "Air the gas out"),
    ("smoke", "on"): ("放烟", "Make smoke"),
    ("smoke", "off"): ("散烟", "Let the smoke out"),
    ("co", "on"): ("放一氧化碳", "Let CO out"),
    ("co", "off"): ("散一氧化碳", "Air the CO out"),
    ("leak", "on"): ("倒水", "Spill water"),
    ("leak", "off"): ("擦干", "Wipe it dry"),
    ("motion", "motion"): ("在{room}走动", "Move, {room}"),
    ("contact", "open"): ("开大门", "Open the door"),
    ("contact", "close"): ("关大门", "Close the door"),
    ("bed", "in"): ("躺上床", "Lie down"),
    ("bed", "out"): ("床上起身", "Get out of bed"),
    ("fall", "fall"): ("摔倒", "Fall"),
    ("fall", "up"): ("站起来", "Stand up"),
    ("mains", "lost"): ("停电", "Cut the mains"),
    ("mains", "back"): ("来电", "Mains back"),
}
_DEAD = ("{dev}没电", "Dead battery: {dev}")
_TOGGLES: Mapping[str, tuple[str, str]] = {
    "gas": ("on", "off"),
    "smoke": ("on", "off"),
    "co": ("on", "off"),
    "leak": ("on", "off"),
    "contact": ("open", "close"),
    "bed": ("in", "out"),
    "fall": ("fall", "up"),
    "mains": ("lost", "back"),
}
_SUBS: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("contact", True): ("开着", "open"),
    ("bed", True): ("有人", "in bed"),
    ("gas", True): ("有燃气", "gas"),
    ("leak", True): ("有水", "water"),
    ("mains", True): ("停电", "no mains"),
}
_ALARM = ("有告警", "in alarm")
_DOING: Mapping[Doing, tuple[str, str]] = {
    Doing.ON_FLOOR: ("摔倒了", "has fallen"),
    Doing.SLEEPING: ("在睡觉", "asleep"),
    Doing.NAPPING: ("在午睡", "napping"),
    Doing.OUT: ("出门了", "out"),
    Doing.AT_NEIGHBOURS: ("在邻居家", "at the neighbour's"),
}
_ASLEEP = frozenset({Doing.SLEEPING, Doing.NAPPING, Doing.LYING})


class Scene:
    """The picture of one home in one language."""

    def __init__(self, world: "World", home: Home, simulated: "SimulatedHome", tale: Tale) -> None:
        self.world, self.home, self.simulated, self.tale = world, home, simulated, tale
        self._place = 0 if tale.say.chinese else 1

    def picture(self, seen: Seen, now: datetime) -> Json:
        """Return all of it."""
        drawing = self._drawing()
        hot, resident = hot_rooms(seen.readings, self.home, now), self.simulated.resident
        plan = dict(drawing.to_json())
        plan["rooms"] = [
            {**room, "name": self.tale.room(self.home.id, room["id"]), "hot": room["id"] in hot}
            for room in plan["rooms"]
        ]
        way = (resident.came_from, *self.simulated.plan.house.path(resident.came_from, resident.room))
        trail = drawing.path(way)
        alarming = {s.alert.device_id for s in seen.stories if s.alert.stage is not Stage.RESOLVED}
        stop = "。" if self.tale.say.chinese else "."
        own = self.home.who
        return {
            "title": f"{own}的家" if self.tale.say.chinese else f"Home of {own}",
            "plan": plan,
            "trail": [list(point) for point in trail],
            "devices": [self._device(view, drawing, alarming) for view in self.simulated.devices],
            "resident": self._resident(resident, drawing),
            "pokes": self._pokes(),
            "say": resident.sentence("zh-CN" if self.tale.say.chinese else "en") + stop,
        }

    def _drawing(self) -> "Drawing":
        house = self.simulated.plan.house
        devices = self.simulated.plan.devices
        rooms = [
            Room(room, tuple(d.id for d in devices if d.room == room), outdoors=room in ("yard", "balcony"))
            for room in house.rooms
        ]
        return draw(rooms, house.centre, house.entrance)

    # --- devices

    def _device(self, view: DeviceView, drawing: "Drawing", alarming: set[str | None]) -> Json:
        x, y = drawing.places.get(view.id, (0.0, 0.0))
        device = next((d for d in self.home.devices if d.id == view.id), None)
        name = self.tale.device(device) if device else view.id
        what = self._click(view)
        look, sub = self._look(view, alarming)
        action = self._label(view, what) if what else ""
        short = self.tale.words.devices.get(view.kind, view.id)
        if view.role == "entrance":
            short = name
        return {
            "id": view.id,
            "kind": view.kind,
            "x": x,
            "y": y,
            "name": short,
            "sub": sub,
            "look": look,
            "what": what,
            # What is shown by colour is also said.
            "title": " · ".join(
                part for part in (name, _ALARM[self._place] if look == "alarm" else sub, action) if part
            ),
        }

    def _look(self, view: DeviceView, alarming: set[str | None]) -> tuple[str, str]:
        battery = ("电池 {n}%", "{n} % battery")[self._place].format(n=view.battery_pct)
        if not view.is_alive:
            return "lost", ("没电", "dead")[self._place]
        if view.id in alarming:
            return "alarm", ""
        if view.battery_pct is not None and view.battery_pct <= LOW_PCT:
            return "low", battery
        sub = _SUBS.get((view.kind, bool(view.active)), ("", ""))[self._place]
        return ("active" if view.active else "ok"), sub

    def _click(self, view: DeviceView) -> str:
        """Return what a click does: the other state, or the one thing there is to do."""
        if not view.is_alive and "battery-new" in view.pokes:
            return "battery-new"
        toggle = _TOGGLES.get(view.kind)
        if toggle:
            return toggle[1] if view.active else toggle[0]
        return next((poke for poke in view.pokes if not poke.startswith("battery")), "")

    def _label(self, view: DeviceView, what: str) -> str:
        if what == "battery-new":
            return ("换电池", "New battery")[self._place]
        words = _POKES.get((view.kind, what), (what, what))[self._place]
        return words.format(room=self.tale.room(self.home.id, view.room))

    def _pokes(self) -> list[Json]:
        """Return the buttons below the plan: all buttons, one of each other kind, and a battery to take out."""
        found, kinds = [], set[str]()
        views = self.simulated.devices
        for view in views:
            what = self._click(view)
            if not what or (view.kind in kinds and view.kind != "button"):
                continue
            kinds.add(view.kind)
            found.append({"device": view.id, "what": what, "label": self._label(view, what)})
        victim = next((v for v in views if v.kind == "motion" and v.battery_pct is not None and v.is_alive), None)
        if victim is not None:
            name = self.tale.words.phrases.device_in.format(
                room=self.tale.room(self.home.id, victim.room), device=self.tale.words.devices["motion"]
            )
            found.append({"device": victim.id, "what": "battery-dead", "label": _DEAD[self._place].format(dev=name)})
        return found

    # --- who lives there

    def _resident(self, resident: Resident, drawing: "Drawing") -> Json | None:
        room = OUTSIDE if resident.is_away else resident.room
        at = drawing.stands.get(room) or drawing.stands.get(resident.room)
        if at is None:
            return None
        doing = _DOING.get(resident.doing)
        label = resident.who + (f" {doing[self._place]}" if doing else "")
        width = 18 + sum(14 if ord(char) > 0x2E80 else 7.4 for char in label)
        look = "down" if resident.has_fallen else "asleep" if resident.doing in _ASLEEP else "up"
        x = min(at[0], drawing.width - width - 24)
        return {"x": x, "y": at[1], "label": label, "label_width": round(width), "look": look}

    # --- around the home

    def switches(self, carrier: str, clocks: str) -> list[Json]:
        """Return what of the world can be switched."""
        names = _SWITCHES_ZH if self.tale.say.chinese else _SWITCHES_EN
        on = {
            "mains": self.simulated.mains,
            "network": self.simulated.network,
            "broker": self.world.broker.runs,
            "hub": self.world.hub is not None,
        }
        found: list[Json] = [
            {"name": name, "icon": name, "label": names[name], "on": is_on} for name, is_on in on.items()
        ]
        found.append(self._choice("carrier", "carrier", carrier, CARRIERS))
        found.append(self._choice("clocks", "clock", clocks, CLOCKS))
        found.append(self._away())
        return found

    def _choice(self, name: str, icon: str, value: str, options: Mapping[str, tuple[str, str]]) -> Json:
        names = _SWITCHES_ZH if self.tale.say.chinese else _SWITCHES_EN
        choices = [{"value": key, "label": words[self._place]} for key, words in options.items()]
        return {"name": name, "icon": icon, "label": names[name], "value": value, "options": choices}

    def _away(self) -> Json:
        until = self.home.away_until
        away = until is not None and until > self.world.clock.now()
        options = dict(AWAYS)
        if until is not None and away:
            at = self.tale.clock(until, "%m-%d %H:%M")
            options = {"set": (f"外出到 {at}", f"Away until {at}"), **options}
        return self._choice("away", "away", "set" if away else "home", options)

    def scenarios(self) -> list[Json]:
        """Return the scenarios that this home has the devices for."""
        language = "zh-CN" if self.tale.say.chinese else "en"
        running = self.simulated.scenario
        return [
            {
                "name": name,
                "label": one.title(language),
                "about": ("；" if self.tale.say.chinese else "; ").join(one.expects(language)),
                "on": running is not None and running.name == name,
            }
            for name, one in SCENARIOS.items()
            if all(self.simulated.plan.of_kind(kind) for kind in one.needs)
        ]


_SWITCHES_ZH = {
    "mains": "家里市电",
    "network": "家里网络",
    "broker": "消息服务器",
    "hub": "carehub 本身",
    "carrier": "运营商短信",
    "clocks": "设备时钟",
    "away": "她在家吗",
}
_SWITCHES_EN = {
    "mains": "The home's mains",
    "network": "The home's network",
    "broker": "Message broker",
    "hub": "carehub itself",
    "carrier": "Phone carrier",
    "clocks": "Device clocks",
    "away": "Is she at home",
}
CARRIERS: Mapping[str, tuple[str, str]] = {
    "normal": ("正常", "normal"),
    "slow": ("慢 30 秒", "30 s slow"),
    "loses": ("丢一半", "loses half"),
    "twice": ("回执重复", "receipts twice"),
    "reordered": ("回执乱序", "receipts out of order"),
    "no-credit": ("没余额", "no credit"),
}
CLOCKS: Mapping[str, tuple[str, str]] = {
    "right": ("准", "right"),
    "1970": ("1970 年", "in 1970"),
    "ahead": ("快 3 小时", "3 h ahead"),
}
AWAYS: Mapping[str, tuple[str, str]] = {
    "home": ("在家", "At home"),
    "evening": ("外出到今晚 20:00", "Away until 20:00"),
    "morning": ("外出到明早 9:00", "Away until 9:00 tomorrow"),
    "days": ("外出 3 天", "Away for 3 days"),
}


def away_until(choice: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return until when a choice means; `home` is now. Raises KeyError."""
    local = now.astimezone(zone)
    at = {
        "home": local,
        "evening": local.replace(hour=20, minute=0, second=0, microsecond=0),
        "morning": (local + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0),
        "days": local + timedelta(days=3),
    }[choice]
    if choice == "evening" and at <= local:
        at += timedelta(days=1)
    return at.astimezone(now.tzinfo)
