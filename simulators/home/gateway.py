"""What stands between a home's devices and the broker: mains, the line, the bridges, and devices of their own."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from simulators.home import native
from simulators.home.agenda import Action, Agenda
from simulators.home.bridge import HEALTH_EVERY, Bridge
from simulators.home.happenings import Said
from simulators.home.node import Clocks, Fact, Node
from simulators.home.plan import NATIVE, ZIGBEE2MQTT, Plan

# MQTT 3.1.1, 3.1.2.10: the broker gives a client up after one and a half times its keep-alive, 60 s for Zigbee2MQTT.
GIVEN_UP = timedelta(seconds=90)
# How long a small computer takes from power to a bridge that publishes; lib/mqtt.ts: 2 s to the retained messages.
BOOTS = timedelta(seconds=25)
RESTARTS = timedelta(seconds=12)
RETAINED_AFTER = timedelta(seconds=2)
# A gateway in a home whose mains are watched has a battery: what UPS boards for small computers last.
BACKUP = timedelta(minutes=30)
# A native device remembers so many messages while nobody takes them.
REMEMBERED = 200


class Gateway:
    """Turns what devices have to say into messages, as far as there is a way to the broker."""

    def __init__(self, plan: Plan, nodes: Sequence[Node], agenda: Agenda) -> None:
        self._agenda, self._zone = agenda, plan.zone
        self.nodes = nodes
        self.bridges = [
            Bridge(base, [n for n in nodes if n.device.dialect == ZIGBEE2MQTT and n.device.base == base])
            for base in plan.bases
        ]
        self.clocks = Clocks.RIGHT
        self.mains = self.network = True
        self.has_backup = bool(plan.of_kind("mains"))
        self._powered = True
        self._linked = False
        self._cut = 0
        self._given_up = False
        self._started_at: datetime | None = None
        self._unsent: deque[Said] = deque(maxlen=REMEMBERED)

    # --- the beginning and the end

    def start(self, now: datetime) -> list[Said]:
        """Switch everything on."""
        self._started_at, self._linked = now, True
        for number, bridge in enumerate(self.bridges):
            self._agenda.put(now + HEALTH_EVERY * (1 + number / 100), self._health(bridge))
        return [*self._natives(now, online=True), *(said for bridge in self.bridges for said in bridge.start(now))]

    def stop(self, now: datetime) -> list[Said]:
        """Switch everything off in order: bridges say so; so do devices of their own."""
        found = [said for bridge in self.bridges if bridge.runs for said in bridge.stop(now)]
        found += self._natives(now, online=False, by_broker=False)
        said = found if self._linked else []
        self._linked = False
        return said

    # --- what devices say

    def hear(self, now: datetime, node: Node, fact: Fact) -> list[Said]:
        """Let a device say something; nothing comes of it if the device is dead or nobody listens."""
        changed = node.feels(fact)
        if not self._speaks(node):
            return []
        if node.device.dialect == NATIVE:
            return self._sent([native.say(now, node, fact, self.clocks, self._started_at or now, self._zone)])
        return self._publish(now, node, changed)

    def check_in(self, now: datetime, node: Node, changed: dict[str, Any] | None = None) -> list[Said]:
        """Let a device show that it lives, as battery devices do about once an hour."""
        if not self._speaks(node):
            return []
        if node.device.dialect == NATIVE:
            return self._sent(
                [native.say(now, node, native.battery(node), self.clocks, self._started_at or now, self._zone)]
            )
        return self._publish(now, node, changed or {})

    def announce(self, now: datetime, node: Node) -> list[Said]:
        """Let a device come back, with a new battery or after a power cut."""
        if node.device.dialect == NATIVE:
            return self._sent([native.link(now, node, online=True)])
        bridge = self.bridge_of(node)
        return self._if_linked([*bridge.event(now, "device_announce", node)] if bridge else [])

    def falls_silent(self, now: datetime, node: Node) -> None:
        """Let a device die without a word; the broker notices the end of a connection, a bridge much later."""
        node.alive = False
        if node.device.dialect == NATIVE:
            self._agenda.put(now + GIVEN_UP, lambda at: [] if node.alive else self._lost(at, node))

    def _lost(self, now: datetime, node: Node) -> list[Said]:
        return [native.link(now, node, online=False, by_broker=True)]

    def bridge_of(self, node: Node) -> Bridge | None:
        """Return the bridge that a device speaks to."""
        return next((bridge for bridge in self.bridges if node in bridge.nodes), None)

    def set_clocks(self, clocks: Clocks) -> None:
        """Set what the clocks of devices and bridges show."""
        self.clocks = clocks
        for bridge in self.bridges:
            bridge.clocks = clocks

    # --- mains, line, bridges

    def set_mains(self, now: datetime, on: bool) -> list[Said]:
        """Switch the home's mains off or on."""
        if on is self.mains:
            return []
        self.mains = on
        said = [s for n in self.nodes if n.device.kind == "mains" for s in self.hear(now, n, Fact("mains", not on))]
        if on:
            return said + self._power(now, True)
        if self.has_backup:
            self._agenda.put(now + BACKUP, lambda at: [] if self.mains else self._power(at, False))
            return said
        return self._power(now, False)

    def set_network(self, now: datetime, on: bool) -> list[Said]:
        """Cut the home's line to the broker, or mend it."""
        self.network = on
        if on == self._linked or not self._powered:
            return []
        return self._reconnect(now) if on else self._cut_off(now)

    def stop_bridges(self, now: datetime) -> list[Said]:
        """Stop the bridges as an update does."""
        return self._if_linked([said for bridge in self.bridges if bridge.runs for said in bridge.stop(now)])

    def start_bridges(self, now: datetime) -> list[Said]:
        """Start the bridges again: cached states are published as if they were new."""
        if not self._powered:
            return []
        return self._if_linked([said for bridge in self.bridges if not bridge.runs for said in bridge.start(now)])

    def reconnected(self, now: datetime) -> list[Said]:
        """Say what bridges and devices say when the broker has come back."""
        return self._reconnect(now) if self._linked else []

    def _power(self, now: datetime, on: bool) -> list[Said]:
        if on is self._powered:
            return []
        self._powered = on
        if on:
            self._agenda.put(now + BOOTS, self._boot)
            return []
        for bridge in self.bridges:
            bridge.die()
        return self._cut_off(now)

    def _boot(self, now: datetime) -> list[Said]:
        """Come back after a power cut: whoever hangs on the mains announces itself."""
        if not self._powered:
            return []
        said = (self._reconnect(now) if self.network else []) + self.start_bridges(now)
        return said + [s for n in self.nodes if n.model.mains and n.alive for s in self.announce(now, n)]

    def _cut_off(self, now: datetime) -> list[Said]:
        self._linked, self._given_up = False, False
        self._cut += 1
        cut = self._cut

        def give_up(at: datetime) -> list[Said]:
            if self._linked or cut != self._cut:
                return []
            self._given_up = True
            return [*(bridge.will(at) for bridge in self.bridges), *self._natives(at, online=False)]

        self._agenda.put(now + GIVEN_UP, give_up)
        return []

    def _reconnect(self, now: datetime) -> list[Said]:
        self._linked = True
        running = [bridge for bridge in self.bridges if bridge.runs]
        self._agenda.put(
            now + RETAINED_AFTER,
            lambda at: self._if_linked([said for bridge in running if bridge.runs for said in bridge.retained(at)]),
        )
        unsent = list(self._unsent)
        self._unsent.clear()
        return [
            *self._natives(now, online=True),
            *(said for bridge in running for said in bridge.reconnect(now)),
            *unsent,
        ]

    # --- the way out

    def _speaks(self, node: Node) -> bool:
        return node.alive and (self.mains or not node.model.mains or node.device.kind == "mains")

    def _publish(self, now: datetime, node: Node, changed: dict[str, Any]) -> list[Said]:
        bridge = self.bridge_of(node)
        said = bridge.hear(now, node, changed) if bridge else []
        return self._if_linked(said)

    def _if_linked(self, said: list[Said]) -> list[Said]:
        """Return what gets through; a bridge forgets what it cannot publish."""
        return said if self._linked else []

    def _sent(self, said: list[Said]) -> list[Said]:
        """Return what gets through; a native device sends the rest later."""
        if self._linked:
            return said
        self._unsent.extend(said)
        return []

    def _natives(self, now: datetime, *, online: bool, by_broker: bool = True) -> list[Said]:
        return [
            native.link(now, node, online=online, by_broker=by_broker and not online)
            for node in self.nodes
            if node.device.dialect == NATIVE and (node.alive or not online)
        ]

    def _health(self, bridge: Bridge) -> Action:
        def beat(now: datetime) -> list[Said]:
            self._agenda.put(now + HEALTH_EVERY, beat)
            # A mains device answers its bridge's pings without a message of its own.
            for node in bridge.nodes:
                if node.model.mains and self._speaks(node) and bridge.runs:
                    node.heard_at = now
            silent = [n for n in bridge.nodes if n.model.mains and n.available and not self._speaks(n)]
            failed = [said for node in silent for said in bridge.failed(now, node)]
            return self._if_linked([*failed, *bridge.check(now), *bridge.health(now)])

        return beat
