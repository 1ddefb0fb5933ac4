"""A simulated home as a machine without a clock: it is told what time it is and answers what happens.

The same plan, seed, start and pokes give the same messages to the byte, live or in virtual time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from simulators.home.agenda import Agenda
from simulators.home.day import plan_day
from simulators.home.dice import between, dice
from simulators.home.gateway import Gateway
from simulators.home.habits import Doing, Habits, minutes
from simulators.home.happenings import Happening, Said, Told
from simulators.home.node import LOW_PCT, Clocks, Fact, Fault, Node
from simulators.home.plan import Plan
from simulators.home.pokes import ON_STATES, CannotPoke, allowed, plain, told
from simulators.home.resident import DeviceView, Resident
from simulators.home.route import Act, Route
from simulators.home.scenarios import Deed, Scenario
from simulators.home.senses import Senses
from simulators.home.words import room_name, sentence

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
# One press as a weak radio repeats it: six within half a second.
_COPIES = (0.07, 0.15, 0.24, 0.33, 0.45)
_DIES_AFTER = timedelta(minutes=5)
_CHATTERS_EVERY = timedelta(hours=1)
# Which kinds of devices a fault can strike, the most telling first.
_STRIKES: dict[Fault, tuple[str, ...]] = {
    Fault.DEAD_BATTERY: ("motion", "contact", "button", "leak", "bed", "smoke", "temperature"),
    Fault.STUCK: ("motion",),
    Fault.SIX_COPIES: ("button",),
    Fault.CHATTER: ("contact",),
}
_PLACES: dict[str, Callable[["Machine"], str]] = {
    "bed": lambda machine: "bedroom",
    "toilet": lambda machine: machine.plan.house.toilet,
    "kitchen": lambda machine: "kitchen",
    "sitting": lambda machine: machine.plan.house.sitting,
    "entrance": lambda machine: machine.plan.house.entrance,
    "outside": lambda machine: "outside",
}


class Machine:
    """One home in operation. Every method takes the time and returns what happens then, in order."""

    def __init__(self, plan: Plan, start: datetime, *, seed: int = 0, habits: Habits | None = None) -> None:
        self.plan, self.seed, self.habits = plan, seed, habits or Habits()
        self.started_at = start
        self.rng = dice("machine", seed, plan.home)
        self.agenda = Agenda()
        self.nodes = [Node.of(device, seed) for device in plan.devices]
        self.gateway = Gateway(plan, self.nodes, self.agenda)
        self.senses = Senses(plan, self.nodes, self.gateway, self.agenda, self.rng)
        self.scenario: Scenario | None = None
        # What the hub's broker does is not for a home to say: whoever runs one hears of it here.
        self.broker_asked: Callable[[bool], None] = lambda on: None
        self._acts: deque[Act] = deque()
        self._now = start
        self._lives_by_plan = True
        self._story = 0
        self._act, self._since, self._came_from = self._plan_from(start)

    # --- time

    def next_due(self) -> datetime:
        """When something happens next by itself."""
        due = self.agenda.next_due
        act = self._acts[0].at if self._acts else None
        return min((at for at in (due, act) if at is not None), default=self._now + timedelta(days=1))

    def start(self) -> list[Happening]:
        """Begin: bridges connect, what is so is said."""
        now = self.started_at
        for node in self.nodes:
            self._check_in_later(now, node, first=True)
        self.agenda.put(now, self._next_days)
        return [*self.gateway.start(now), *self.senses.start(now, self._act), self._told_act(now)]

    def advance(self, now: datetime) -> list[Happening]:
        """Do all that is due until `now`, each at its own time."""
        found: list[Happening] = []
        while (due := self.next_due()) <= now:
            if self._acts and self._acts[0].at == due:
                found += self._enact(self._acts.popleft())
            else:
                at, action = self.agenda.take()
                found += action(at)
        self._now = max(self._now, now)
        return found

    def stop(self, now: datetime) -> list[Happening]:
        """End: bridges and devices say goodbye."""
        return [*self.gateway.stop(now)]

    # --- what is seen

    @property
    def resident(self) -> Resident:
        """Where the resident is, and what she does."""
        return Resident(self.plan.who, self._act.room, self._act.doing, self._since, self._came_from, self.plan.rooms)

    def views(self) -> list[DeviceView]:
        """Return all devices as a page shows them."""
        return [self._view(node) for node in self.nodes]

    def _view(self, node: Node) -> DeviceView:
        device = node.device
        active = node.active.get(device.kind)
        pokes = allowed(device.kind, has_battery=node.battery_pct is not None)
        faults = tuple(sorted(node.faults))
        return DeviceView(
            device.id, device.kind, device.role, device.room, active, node.battery_pct, node.alive, faults, pokes
        )

    # --- by hand

    def poke(self, now: datetime, id: str, what: str) -> list[Happening]:
        """Do something to a device: press it, open it, let it smell gas, take its battery. Raises CannotPoke."""
        node = self._node(id)
        kind, word = node.device.kind, plain(node.device.kind, what)
        choices = allowed(kind, has_battery=node.battery_pct is not None)
        if word not in choices:
            raise CannotPoke(f"{id} is a {kind}: it can be {', '.join(choices) or 'nothing'}")
        zh, en = told(kind, word)
        line = Told(now, "poke", f"{self._name(node, 'zh')}{zh}", f"{self._name(node, 'en')} {en}")
        return [line, *self._do(now, node, word)]

    def _do(self, now: datetime, node: Node, word: str) -> list[Said]:
        if word == "press":
            return self.press(now, node)
        if word.startswith("battery"):
            return self._battery(now, node, word)
        if node.device.kind == "mains":
            return self.gateway.set_mains(now, word == "back")
        if word == "motion":
            return self.senses.sees(now, node)
        if node.device.kind == "contact":
            return self.senses.opens(now, node, ON_STATES[word])
        return self.gateway.hear(now, node, Fact(node.device.kind, ON_STATES[word]))

    def press(self, now: datetime, node: Node) -> list[Said]:
        """Press a button once."""
        fact = Fact("button", True, action=node.model.press)
        if Fault.SIX_COPIES in node.faults and node.alive:
            for after in _COPIES:
                self.agenda.put(now + timedelta(seconds=after), lambda at: self._copy(at, node, fact))
        return self.gateway.hear(now, node, fact)

    def _copy(self, now: datetime, node: Node, fact: Fact) -> list[Said]:
        """Send a press again as the radio did: the device counted it once."""
        node.seq -= 1 if node.seq else 0
        return self.gateway.hear(now, node, fact)

    def _battery(self, now: datetime, node: Node, word: str) -> list[Said]:
        if word == "battery-dead":
            self.gateway.falls_silent(now, node)
            return []
        changed = node.set_battery(LOW_PCT if word == "battery-low" else 100)
        came_back = not node.alive
        node.alive = True
        return [*(self.gateway.announce(now, node) if came_back else []), *self.gateway.check_in(now, node, changed)]

    def add_fault(self, now: datetime, fault: Fault, id: str | None = None) -> list[Happening]:
        """Let something be wrong with a device, of the right kind if none is named. Raises CannotPoke."""
        if fault is Fault.CLOCK_1970:
            self.gateway.set_clocks(Clocks.YEAR_1970)
            return [Told(now, "fault", "设备时钟回到 1970 年", "the clocks of devices and gateway show 1970")]
        node = self._node(id) if id else self._victim(fault)
        if node.device.kind not in _STRIKES[fault]:
            raise CannotPoke(f"{node.device.id} is a {node.device.kind}: {fault} strikes {', '.join(_STRIKES[fault])}")
        node.faults.add(fault)
        zh, en = _FAULT_WORDS[fault]
        line = Told(now, "fault", f"{self._name(node, 'zh')}{zh}", f"{self._name(node, 'en')} {en}")
        return [line, *self._break(now, node, fault)]

    def _break(self, now: datetime, node: Node, fault: Fault) -> list[Said]:
        if fault is Fault.DEAD_BATTERY:
            self.agenda.put(now + _DIES_AFTER, lambda at: self._battery(at, node, "battery-dead"))
            return self.gateway.check_in(now, node, node.set_battery(100))
        if fault is Fault.STUCK:
            return self.senses.sees(now, node)
        if fault is Fault.CHATTER:
            self.agenda.put(now + _CHATTERS_EVERY, lambda at: self._chatters(at, node))
            self.senses.chatter(now, node)
        return []

    def _chatters(self, now: datetime, node: Node) -> list[Said]:
        if Fault.CHATTER in node.faults:
            self.senses.chatter(now, node)
            self.agenda.put(now + _CHATTERS_EVERY, lambda at: self._chatters(at, node))
        return []

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
        act = "starts" if on else "stops"
        line = Told(now, "world", f"网关程序{'启动' if on else '停止'}", f"the bridge {act}")
        return [line, *(self.gateway.start_bridges(now) if on else self.gateway.stop_bridges(now))]

    def reconnected(self, now: datetime) -> list[Happening]:
        """Say what bridges and devices say when the broker has come back."""
        return [*self.gateway.reconnected(now)]

    def set_broker(self, now: datetime, on: bool) -> list[Happening]:
        """Ask whoever has it to stop or start the broker."""
        self.broker_asked(on)
        return [
            Told(now, "world", f"消息服务器{'回来了' if on else '断开'}", f"the broker is {'back' if on else 'gone'}")
        ]

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
            self._acts.clear()
            self._lives_by_plan = False
        for deed in scenario.deeds:
            self.agenda.put(now + deed.after, lambda at, deed=deed: self._deed(at, story, deed))  # type: ignore[misc]
        if scenario.day_after is not None:
            self.agenda.put(now + scenario.lasts, lambda at: self._ends(at, story))
        return [Told(now, "scenario", f"情景：{scenario.title_zh}", f"scenario: {scenario.title_en}")]

    def _ends(self, now: datetime, story: int) -> list[Happening]:
        if story != self._story:
            return []
        self.scenario = None
        return self.go_on(now)

    def go_on(self, now: datetime) -> list[Happening]:
        """Let the resident's usual day go on from here, as after help has come."""
        self._story += 1
        if self._lives_by_plan:
            return []
        self._lives_by_plan = True
        wanted, _, _ = self._plan_from(now)
        self._walk(now, wanted.room, wanted.doing)
        return []

    def _deed(self, now: datetime, story: int, deed: Deed) -> Sequence[Happening]:
        if story != self._story:
            return []
        match deed.verb:
            case "go":
                room = _PLACES[deed.place](self) if deed.place in _PLACES else deed.place
                self._acts.clear()
                self._walk(now, room, deed.doing, lasting=timedelta(hours=36))
                return []
            case "press":
                return self._pressed_for_help(now)
            case "alarm" | "calm":
                node = next(n for n in self.nodes if n.device.kind == deed.place)
                return self.poke(now, node.device.id, "on" if deed.verb == "alarm" else "off")
        switch = {
            "mains": self.set_mains,
            "network": self.set_network,
            "bridge": self.set_bridges,
            "broker": self.set_broker,
        }
        return switch[deed.verb](now, deed.on)

    def _pressed_for_help(self, now: datetime) -> list[Happening]:
        """Press the call button that is nearest: in her room, else any with role sos, else any."""
        buttons = [n for n in self.nodes if n.device.kind == "button"]
        buttons.sort(key=lambda n: (n.device.room != self._act.room, n.device.role != "sos"))
        return self.poke(now, buttons[0].device.id, "press")

    # --- the resident's day

    def _plan_from(self, now: datetime) -> tuple[Act, datetime, str]:
        """Plan the days around now; return what she is at by now, since when, and where she came from."""
        local = now.astimezone(self.plan.zone).date()
        acts = [
            act
            for offset in (-1, 0, 1)
            for act in plan_day(self.seed, local + timedelta(days=offset), self.habits, self.plan.house, self.plan.zone)
        ]
        past = [act for act in acts if act.at <= now]
        self._acts = deque(act for act in acts if act.at > now)
        since = next(act for act in reversed(past) if not act.stirs)
        rooms = [act.room for act in past if act.room != since.room]
        return past[-1], since.at, rooms[-1] if rooms else since.room

    def _next_days(self, now: datetime) -> list[Happening]:
        """Add the day after tomorrow; done once a day."""
        self.agenda.put(now + timedelta(days=1), self._next_days)
        if self._lives_by_plan and now > self.started_at:
            self._plan_from(now)
        return []

    def _walk(self, now: datetime, room: str, doing: Doing, lasting: timedelta = timedelta(0)) -> None:
        """Let her walk there now, before whatever else she would do."""
        route = Route(self.plan.house, self.rng, now, self._act.room, self._act.doing)
        route.go(room, doing)
        route.stay(lasting)
        after = [act for act in self._acts if act.at > route.acts[-1].at]
        self._acts = deque((*route.acts, *after))

    def _enact(self, act: Act) -> list[Happening]:
        before, self._act = self._act, act
        said = self.senses.notice(before, act)
        if act.stirs:
            return [*said]
        self._since = act.at
        if act.room != before.room:
            self._came_from = before.room
        is_news = act.doing is not Doing.PASSING and (act.doing, act.room) != (before.doing, before.room)
        return [self._told_act(act.at), *said] if is_news else [*said]

    def _told_act(self, now: datetime) -> Told:
        act, own = self._act, self.plan.rooms
        words = {tongue: sentence(self.plan.who, act.doing, act.room, own, tongue) for tongue in ("zh", "en")}
        return Told(now, "resident", words["zh"], words["en"])

    # --- devices

    def _check_in_later(self, now: datetime, node: Node, *, first: bool = False) -> None:
        if node.device.kind in ("temperature", "humidity"):
            return  # these have something to say at least once an hour
        usual = _CHECK_INS.get(node.device.kind, _USUAL_CHECK_IN)
        wait = between(node.rng, (timedelta(0), usual[1]) if first else usual)
        self.agenda.put(now + wait, lambda at: self._check_in(at, node))

    def _check_in(self, now: datetime, node: Node) -> list[Said]:
        self._check_in_later(now, node)
        return self.gateway.check_in(now, node)

    def _node(self, id: str) -> Node:
        found = next((node for node in self.nodes if node.device.id == id), None)
        if found is None:
            raise CannotPoke(f"{self.plan.home} has no device {id}; it has {_listed(n.device.id for n in self.nodes)}")
        return found

    def _victim(self, fault: Fault) -> Node:
        kinds = _STRIKES[fault]
        for kind in kinds:
            for node in self.nodes:
                if node.device.kind == kind and not node.faults:
                    return node
        raise CannotPoke(f"{fault} strikes {', '.join(kinds)}, and {self.plan.home} has none left")

    def _name(self, node: Node, language: str) -> str:
        room = room_name(node.device.room, self.plan.rooms, language) if node.device.room else ""
        return f"{room}（{node.device.id}）" if language == "zh" else f"{node.device.id}{f' ({room})' if room else ''}"


_FAULT_WORDS = {
    Fault.DEAD_BATTERY: ("电池报 100%，其实快没电了", "says 100 % and has a dying battery"),
    Fault.STUCK: ("一直说有人", "is stuck: it goes on seeing somebody"),
    Fault.SIX_COPIES: ("每按一次发六遍", "sends each press six times"),
    Fault.CHATTER: ("接触不良，反复开关", "has a loose contact and chatters"),
}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
