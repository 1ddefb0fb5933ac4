"""A simulated home as a machine without a clock: it is told what time it is and answers what happens.

The same plan, seed, start and pokes give the same messages to the byte, live or in virtual time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from simulators.home.agenda import Agenda
from simulators.home.dice import between, dice
from simulators.home.failing import COPIES, WORDS, Failing, victim
from simulators.home.gateway import Gateway
from simulators.home.habits import Doing, Habits, minutes
from simulators.home.happenings import Happening, Said, Told
from simulators.home.life import Life
from simulators.home.node import LOW_PCT, Clocks, Fact, Fault, Node
from simulators.home.plan import Plan
from simulators.home.pokes import ON_STATES, CannotPoke, allowed, plain, told
from simulators.home.resident import DeviceView, Resident
from simulators.home.scenarios import Deed, Scenario
from simulators.home.senses import Senses
from simulators.home.words import room_name

# How often devices show that they live although nothing happens: Aqara sensors report their battery about every 50 min;
# the others as often as their published reporting settings ask for.
_CHECK_INS = {
    "button": minutes(220, 260),
    "gas": minutes(25, 35),
    "co": minutes(55, 65),
    "smoke": minutes(110, 130),
    "fall": minutes(25, 35),
    "mains": minutes(8, 12),
}
_USUAL_CHECK_IN = minutes(48, 58)
# In a scenario she stays where it puts her, until it says otherwise.
_STAYS = timedelta(hours=36)


class Machine:
    """One home in operation. Every method takes the time and returns what happens then, in order."""

    def __init__(self, plan: Plan, start: datetime, *, seed: int = 0, habits: Habits | None = None) -> None:
        self.plan, self.started_at = plan, start
        rng = dice("machine", seed, plan.home)
        self._agenda = Agenda()
        self._nodes = [Node.of(device, seed) for device in plan.devices]
        self.gateway = Gateway(plan, self._nodes, self._agenda)
        self._senses = Senses(plan, self._nodes, self.gateway, self._agenda, rng)
        self._failing = Failing(self.gateway, self._senses, self._agenda)
        self._life = Life(plan, start, seed, habits or Habits(), rng)
        self.scenario: Scenario | None = None
        # What the hub's broker does is not for a home to say: whoever runs one hears of it here.
        self.broker_asked: Callable[[bool], None] | None = None
        self._story = 0

    # --- time

    def next_due(self) -> datetime:
        """When something happens next by itself: a health report or a climate sample at the latest."""
        due = [at for at in (self._agenda.next_due, self._life.next_due()) if at is not None]
        return min(due, default=self.started_at)

    def start(self) -> list[Happening]:
        """Begin: bridges connect, what is so is said."""
        now = self.started_at
        for node in self._nodes:
            self._check_in_later(now, node, first=True)
        return [*self.gateway.start(now), *self._senses.start(now, self._life.act), self._told_act(now)]

    def advance(self, now: datetime) -> list[Happening]:
        """Do all that is due until `now`, each at its own time."""
        found: list[Happening] = []
        while (due := self.next_due()) <= now:
            if due == self._life.next_due():
                found += self._enact()
            else:
                at, action = self._agenda.take()
                found += action(at)
        return found

    def stop(self, now: datetime) -> list[Happening]:
        """End: bridges and devices say goodbye."""
        return [*self.gateway.stop(now)]

    # --- what is seen

    @property
    def resident(self) -> Resident:
        """Where the resident is, and what she does."""
        return self._life.resident

    def views(self) -> list[DeviceView]:
        """Return all devices as a page shows them."""
        return [self._view(node) for node in self._nodes]

    def _view(self, node: Node) -> DeviceView:
        device = node.device
        return DeviceView(
            device.id,
            device.kind,
            device.role,
            device.room,
            node.active.get(device.kind),
            node.battery_pct,
            node.alive,
            tuple(sorted(node.faults)),
            _choices(node),
        )

    # --- by hand

    def poke(self, now: datetime, id: str, what: str) -> list[Happening]:
        """Do something to a device: press it, open it, let it smell gas, take its battery. Raises CannotPoke."""
        node = self._node(id)
        word = plain(node.device.kind, what)
        if word not in _choices(node):
            can = ", ".join(_choices(node)) or "nothing"
            raise CannotPoke(f"{id} is a {node.device.kind} and knows no {what!r}; what can be done to it: {can}")
        return [self._told_of(now, "poke", node, told(node.device.kind, word)), *self._do(now, node, word)]

    def _do(self, now: datetime, node: Node, word: str) -> list[Said]:
        if word == "press":
            return self._press(now, node)
        if word.startswith("battery"):
            return self._battery(now, node, word)
        if node.device.kind == "mains":
            return self.gateway.set_mains(now, word == "back")
        if word == "motion":
            return self._senses.sees(now, node)
        if node.device.kind == "contact":
            return self._senses.opens(now, node, ON_STATES[word])
        return self.gateway.hear(now, node, Fact(node.device.kind, ON_STATES[word]))

    def _press(self, now: datetime, node: Node) -> list[Said]:
        said = self.gateway.hear(now, node, Fact("button", True, action=node.model.press))
        if Fault.SIX_COPIES in node.faults:
            for after in COPIES:
                self._agenda.put(now + after, lambda at: [replace(one, at=at) for one in said])
        return said

    def _battery(self, now: datetime, node: Node, word: str) -> list[Said]:
        if word == "battery-dead":
            self.gateway.falls_silent(now, node)
            return []
        changed = node.set_battery(LOW_PCT if word == "battery-low" else 100)
        was_dead, node.alive = not node.alive, True
        if word == "battery-new":
            node.faults.discard(Fault.DEAD_BATTERY)
        return [*(self.gateway.announce(now, node) if was_dead else []), *self.gateway.check_in(now, node, changed)]

    def add_fault(self, now: datetime, fault: Fault, id: str | None = None) -> list[Happening]:
        """Let something be wrong with a device, the most telling one if none is named. Raises CannotPoke."""
        if fault is Fault.CLOCK_1970:
            self.gateway.set_clocks(Clocks.YEAR_1970)
            return [Told(now, "fault", "设备时钟回到了 1970 年", "the clocks of devices and gateway show 1970")]
        node = victim(fault, self._nodes, self._node(id) if id else None, self.plan.home)
        return [self._told_of(now, "fault", node, WORDS[fault]), *self._failing.strike(now, node, fault)]

    # --- the world

    def set_mains(self, now: datetime, on: bool) -> list[Happening]:
        """Switch the mains of the home."""
        line = Told(now, "world", "来电了" if on else "停电了", "the mains are back" if on else "the mains are lost")
        return [line, *self.gateway.set_mains(now, on)]

    def set_network(self, now: datetime, on: bool) -> list[Happening]:
        """Cut or mend the home's line to the broker."""
        line = Told(now, "world", "家里网络通了" if on else "家里断网了", f"the home is {'on' if on else 'off'}line")
        return [line, *self.gateway.set_network(now, on)]

    def set_bridges(self, now: datetime, on: bool) -> list[Happening]:
        """Stop or start the bridges' processes."""
        zh, en = f"网关程序{'启动了' if on else '停了'}", f"the bridge {'starts' if on else 'stops'}"
        return [Told(now, "world", zh, en), *(self.gateway.start_bridges if on else self.gateway.stop_bridges)(now)]

    def reconnected(self, now: datetime) -> list[Happening]:
        """Say what bridges and devices say when the broker has come back."""
        return [*self.gateway.reconnected(now)]

    def set_broker(self, now: datetime, on: bool) -> list[Happening]:
        """Ask whoever has it to stop or start the broker."""
        if self.broker_asked is not None:
            self.broker_asked(on)
        zh, en = f"消息服务器{'回来了' if on else '断开了'}", f"the broker is {'back' if on else 'gone'}"
        return [Told(now, "world", zh, en)]

    # --- scenarios

    def play(self, now: datetime, scenario: Scenario) -> list[Happening]:
        """Begin a scenario: the resident follows it instead of her day. Raises CannotPoke if a device is missing."""
        for kind in scenario.needs:
            if not self.plan.of_kind(kind):
                raise CannotPoke(f"{scenario.name} needs a {kind} device, and {self.plan.home} has none")
        self.scenario = scenario
        self._story += 1
        story = self._story
        if any(deed.verb == "go" for deed in scenario.deeds):
            self._life.stop_plan()
        else:
            self._life.resume(now)
        for deed in scenario.deeds:
            self._later(now + deed.after, story, deed)
        if scenario.day_after is not None:
            self._agenda.put(now + scenario.lasts, lambda at: self._ends(at, story))
        return [Told(now, "scenario", f"情景：{scenario.title_zh}", f"Scenario: {scenario.title_en}")]

    def go_on(self, now: datetime) -> list[Happening]:
        """End the scenario: the resident's usual day goes on from where she is, as after help has come."""
        self._story += 1
        self.scenario = None
        self._life.resume(now)
        return []

    def _ends(self, now: datetime, story: int) -> list[Happening]:
        return self.go_on(now) if story == self._story else []

    def _later(self, at: datetime, story: int, deed: Deed) -> None:
        self._agenda.put(at, lambda now: self._deed(now, deed) if story == self._story else [])

    def _deed(self, now: datetime, deed: Deed) -> Sequence[Happening]:
        match deed.verb:
            case "go":
                self._life.stop_plan()
                self._life.walk(now, self.plan.house.place(deed.place), deed.doing, lasting=_STAYS)
                return []
            case "press":
                return self._press_for_help(now)
            case "alarm" | "calm":
                device = self.plan.of_kind(deed.place)[0]
                return self.poke(now, device.id, "on" if deed.verb == "alarm" else "off")
        switches = {
            "mains": self.set_mains,
            "network": self.set_network,
            "bridge": self.set_bridges,
            "broker": self.set_broker,
        }
        return switches[deed.verb](now, deed.on)

    def _press_for_help(self, now: datetime) -> list[Happening]:
        """Press the call button that is nearest: one with role sos, in her room if there is one."""
        room = self._life.act.room
        button = min(self.plan.of_kind("button"), key=lambda device: (device.role != "sos", device.room != room))
        return self.poke(now, button.id, "press")

    # --- the resident

    def _enact(self) -> list[Happening]:
        before, act = self._life.go_on()
        said = self._senses.notice(before, act)
        is_news = act.doing is not Doing.PASSING and (act.doing, act.room) != (before.doing, before.room)
        return [self._told_act(act.at), *said] if is_news and not act.stirs else [*said]

    def _told_act(self, now: datetime) -> Told:
        resident = self._life.resident
        return Told(now, "resident", resident.sentence("zh-CN"), resident.sentence("en"))

    # --- devices

    def _check_in_later(self, now: datetime, node: Node, *, first: bool = False) -> None:
        if node.device.kind in ("temperature", "humidity"):
            return  # these have something to say at least once an hour
        usual = _CHECK_INS.get(node.device.kind, _USUAL_CHECK_IN)
        wait = between(node.rng, (timedelta(0), usual[1]) if first else usual)
        self._agenda.put(now + wait, lambda at: self._check_in(at, node))

    def _check_in(self, now: datetime, node: Node) -> list[Said]:
        self._check_in_later(now, node)
        return self.gateway.check_in(now, node)

    def _node(self, id: str) -> Node:
        found = next((node for node in self._nodes if node.device.id == id), None)
        if found is None:
            known = ", ".join(node.device.id for node in self._nodes) or "none"
            raise CannotPoke(f"{self.plan.home} has no device {id}; it has: {known}")
        return found

    def _told_of(self, now: datetime, what: str, node: Node, words: tuple[str, str]) -> Told:
        """Tell what a device does, with where it hangs."""
        device, own = node.device, self.plan.rooms
        zh = f"{room_name(device.room, own, 'zh')}的 {device.id} " if device.room else f"{device.id} "
        en = f"{device.id} in the {room_name(device.room, own, 'en')}" if device.room else device.id
        return Told(now, what, zh + words[0], f"{en} {words[1]}")


def _choices(node: Node) -> tuple[str, ...]:
    return allowed(node.device.kind, has_battery=node.battery_pct is not None)
