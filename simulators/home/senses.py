"""What devices notice of the resident: movement, doors, bed, warmth and damp; and how they fail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import cos, pi

from simulators.home.agenda import Agenda
from simulators.home.dice import Dice, between
from simulators.home.gateway import Gateway
from simulators.home.habits import IN_BED, Doing
from simulators.home.happenings import Said
from simulators.home.house import OUTSIDE
from simulators.home.node import Fact, Fault, Node
from simulators.home.plan import Plan
from simulators.home.route import Act

# RTCGQ11LM: blind for 60 s after a report; the bridge publishes clear 90 s after the last one (its occupancy_timeout).
BLIND = timedelta(seconds=60)
CLEAR_AFTER = timedelta(seconds=90)
_IN_BED_AFTER, _OUT_OF_BED_AFTER = timedelta(seconds=3), timedelta(seconds=8)
_OUTER_DOOR_OPEN = (timedelta(seconds=5), timedelta(seconds=16))
_INNER_DOOR_OPEN = (timedelta(seconds=2), timedelta(seconds=40))
_SAMPLE = timedelta(minutes=5)
# WSDCGQ11LM reports a change of half a degree or 6 % damp, and at least once an hour.
_DEGREES, _DAMP, _AT_LEAST = 0.5, 6.0, timedelta(minutes=60)
# By how much cooking and washing warm and dampen the room they happen in.
_WARMS = {Doing.COOKING: (4.5, 24.0), Doing.WASHING: (1.5, 22.0), Doing.TEA: (0.8, 6.0)}
CHATTERS = (timedelta(milliseconds=150), timedelta(milliseconds=1900))


class Senses:
    """Watches the resident with the home's devices."""

    def __init__(self, plan: Plan, nodes: Sequence[Node], gateway: Gateway, agenda: Agenda, rng: Dice) -> None:
        self._plan, self._house = plan, plan.house
        self._nodes, self._gateway, self._agenda, self._rng = nodes, gateway, agenda, rng
        self._climate: dict[str, tuple[float, float]] = {}
        self._reported: dict[str, tuple[datetime, float, float]] = {}
        self._where: Act | None = None

    def start(self, now: datetime, act: Act) -> list[Said]:
        """Begin to watch; what is so already is said."""
        self._where = act
        self._agenda.put(now + _SAMPLE, self._sample)
        beds = self._bed(now, act.doing in IN_BED)
        mains = [n for n in self._nodes if n.device.kind == "mains"]
        return beds + [said for node in mains for said in self._gateway.hear(now, node, Fact("mains", False))]

    def notice(self, before: Act, act: Act) -> list[Said]:
        """Return what devices say when the resident goes on from one act to the next."""
        self._where = act
        now, said = act.at, []
        answers = act.doing is Doing.ANSWERING and not act.stirs
        if before.room != act.room or answers:
            said += self._doors(now, before.room, act.room, answers)
        elif act.stirs and act.doing in (Doing.COOKING, Doing.TEA) and self._rng.random() < 0.3:
            said += self._opens(now, self._contacts(act.room), _INNER_DOOR_OPEN)
        if act.room != OUTSIDE:
            said += self.motion(now, act.room)
        if (act.doing in IN_BED) != (before.doing in IN_BED):
            delay = _IN_BED_AFTER if act.doing in IN_BED else _OUT_OF_BED_AFTER
            self._agenda.put(now + delay, lambda at: self._bed(at, self._lies()))
        return said

    def motion(self, now: datetime, room: str) -> list[Said]:
        """Return what the PIR sensors of a room say to a movement: nothing while they are blind."""
        sensors = [n for n in self._nodes if n.device.kind == "motion" and n.device.room == room]
        return [said for node in sensors for said in self.sees(now, node)]

    def sees(self, now: datetime, node: Node) -> list[Said]:
        """Let one PIR sensor see a movement."""
        if node.blind_until is not None and now < node.blind_until:
            return []
        node.blind_until = now + BLIND
        node.round += 1
        seen = node.round

        def clear(at: datetime) -> list[Said]:
            if seen != node.round or Fault.STUCK in node.faults:
                return []
            return self._gateway.hear(at, node, Fact("motion", False))

        self._agenda.put(now + CLEAR_AFTER, clear)
        return self._gateway.hear(now, node, Fact("motion", True))

    def opens(self, now: datetime, node: Node, is_open: bool) -> list[Said]:
        """Let one contact say that its door is open or closed; one that chatters says it many times."""
        said = self._gateway.hear(now, node, Fact("contact", is_open))
        if Fault.CHATTER in node.faults:
            self.chatter(now, node)
        return said

    def chatter(self, now: datetime, node: Node) -> None:
        """Let a loose contact flap for some seconds, and end as the door is."""
        at, flaps = now, self._rng.randint(4, 10)
        for flap in range(2 * flaps):
            at += between(self._rng, CHATTERS)
            self._agenda.put(at, lambda t, flap=flap: self._flap(t, node, flap % 2 == 0))  # type: ignore[misc]

    def _flap(self, now: datetime, node: Node, away: bool) -> list[Said]:
        true = node.active.get("contact", False)
        said = self._gateway.hear(now, node, Fact("contact", true != away))
        node.active["contact"] = true
        return said

    # --- doors and bed

    def _doors(self, now: datetime, left: str, entered: str, answers: bool) -> list[Said]:
        if answers or self._house.is_outer_door(left, entered):
            doors = [n for n in self._nodes if n.device.kind == "contact" and n.device.role == "entrance"]
            return self._opens(now, doors, _OUTER_DOOR_OPEN)
        if entered in ("kitchen", OUTSIDE) or self._rng.random() < 0.5:
            return []  # in the kitchen it is a cupboard's; other doors often stand open
        return self._opens(now, self._contacts(entered), _INNER_DOOR_OPEN)

    def _contacts(self, room: str) -> list[Node]:
        return [
            n
            for n in self._nodes
            if n.device.kind == "contact" and n.device.role != "entrance" and n.device.room == room
        ]

    def _opens(self, now: datetime, nodes: Sequence[Node], lasting: tuple[timedelta, timedelta]) -> list[Said]:
        said: list[Said] = []
        for node in nodes:
            if not node.active.get("contact"):
                said += self.opens(now, node, True)
                close = between(self._rng, lasting)
                self._agenda.put(now + close, lambda at, node=node: self.opens(at, node, False))  # type: ignore[misc]
        return said

    def _lies(self) -> bool:
        return self._where is not None and self._where.doing in IN_BED

    def _bed(self, now: datetime, lies: bool) -> list[Said]:
        beds = [n for n in self._nodes if n.device.kind == "bed" and n.active.get("bed") is not lies]
        return [said for node in beds for said in self._gateway.hear(now, node, Fact("bed", lies))]

    # --- warmth and damp

    def _sample(self, now: datetime) -> list[Said]:
        self._agenda.put(now + _SAMPLE, self._sample)
        said: list[Said] = []
        for node in self._nodes:
            if node.device.kind in ("temperature", "humidity"):
                said += self._weather(now, node)
        return said

    def _weather(self, now: datetime, node: Node) -> list[Said]:
        room, hour = node.device.room, now.astimezone(self._plan.zone).hour
        warmth, damp = self._climate.get(room, (0.0, 0.0))
        where = self._where
        more = _WARMS.get(where.doing, (0.0, 0.0)) if where is not None and where.room == room else (0.0, 0.0)
        # Half of the way to what the room would become, in five minutes; and slower back.
        pace = 0.4 if more[0] > warmth else 0.15
        warmth, damp = warmth + (more[0] - warmth) * pace, damp + (more[1] - damp) * pace
        self._climate[room] = warmth, damp
        degrees = round(20.0 + 1.5 * cos((hour - 16) / 24 * 2 * pi) + warmth + self._rng.uniform(-0.1, 0.1), 2)
        humid = round(44.0 + damp + self._rng.uniform(-0.5, 0.5), 2)
        last = self._reported.get(node.device.id)
        is_small = last is not None and abs(degrees - last[1]) < _DEGREES and abs(humid - last[2]) < _DAMP
        if last is not None and is_small and now - last[0] < _AT_LEAST:
            return []
        self._reported[node.device.id] = now, degrees, humid
        node.cached |= {name: value for name, value in (("temperature", degrees), ("humidity", humid)) if node.cached}
        own = node.device.kind
        fact = Fact(own, value=degrees, unit="°C") if own == "temperature" else Fact(own, value=humid, unit="%")
        return self._gateway.hear(now, node, fact)
