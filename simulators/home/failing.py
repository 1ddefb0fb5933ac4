"""How devices fail, and what becomes of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from simulators.home.agenda import Agenda
from simulators.home.gateway import Gateway
from simulators.home.happenings import Said
from simulators.home.node import Fault, Node
from simulators.home.pokes import CannotPoke
from simulators.home.senses import Senses

# One press as a weak radio repeats it: six within half a second.
COPIES = tuple(timedelta(seconds=after) for after in (0.07, 0.15, 0.24, 0.33, 0.45))
_DIES_AFTER = timedelta(minutes=5)
_CHATTERS_EVERY = timedelta(hours=1)
# Which kinds of devices a fault can strike, the most telling first.
_STRIKES: Mapping[Fault, tuple[str, ...]] = {
    Fault.DEAD_BATTERY: ("motion", "contact", "button", "leak", "bed", "smoke", "temperature"),
    Fault.STUCK: ("motion",),
    Fault.SIX_COPIES: ("button",),
    Fault.CHATTER: ("contact",),
}
# What is told, to stand behind the device's name: Chinese, English.
WORDS: Mapping[Fault, tuple[str, str]] = {
    Fault.DEAD_BATTERY: ("电池报 100%，其实快没电了", "says 100 % and has a dying battery"),
    Fault.STUCK: ("一直说有人", "is stuck: it goes on seeing somebody"),
    Fault.SIX_COPIES: ("每按一次发六遍", "sends each press six times"),
    Fault.CHATTER: ("接触不良，反复开关", "has a loose contact and chatters"),
}


def victim(fault: Fault, nodes: Sequence[Node], named: Node | None, home: str) -> Node:
    """Return the device that a fault strikes: the named one, or the most telling. Raises CannotPoke."""
    kinds = _STRIKES[fault]
    if named is not None:
        if named.device.kind not in kinds:
            raise CannotPoke(f"{named.device.id} is a {named.device.kind}; {fault} strikes {', '.join(kinds)}")
        return named
    for kind in kinds:
        for node in nodes:
            if node.device.kind == kind and not node.faults:
                return node
    raise CannotPoke(f"{fault} strikes {', '.join(kinds)}, and {home} has none that is sound")


class Failing:
    """Lets devices fail."""

    def __init__(self, gateway: Gateway, senses: Senses, agenda: Agenda) -> None:
        self._gateway, self._senses, self._agenda = gateway, senses, agenda

    def strike(self, now: datetime, node: Node, fault: Fault) -> list[Said]:
        """Let a fault begin."""
        node.faults.add(fault)
        if fault is Fault.DEAD_BATTERY:
            self._agenda.put(now + _DIES_AFTER, lambda at: self._dies(at, node))
            return self._gateway.check_in(now, node, node.set_battery(100))
        if fault is Fault.STUCK:
            return self._senses.sees(now, node)
        if fault is Fault.CHATTER:
            return self._chatters(now, node)
        return []

    def _dies(self, now: datetime, node: Node) -> list[Said]:
        self._gateway.falls_silent(now, node)
        return []

    def _chatters(self, now: datetime, node: Node) -> list[Said]:
        if Fault.CHATTER in node.faults:
            self._senses.chatter(now, node)
            self._agenda.put(now + _CHATTERS_EVERY, lambda at: self._chatters(at, node))
        return []
