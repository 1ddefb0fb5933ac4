"""A Zigbee2MQTT bridge, as seen from the broker.

Source: zigbee2mqtt.io, "MQTT topics and messages" and "Device availability"; Koenkk/zigbee2mqtt: lib/mqtt.ts (state
and last will, retained messages again 2 s after a reconnect), lib/controller.ts (cached states on start; device states
with QoS 0, not retained), lib/extension/availability.ts, lib/extension/health.ts.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from simulators.home.happenings import Said
from simulators.home.node import Clocks, Node

# Without a sign of a device for so long it is offline (docs of "Device availability").
SILENT_MAINS = timedelta(minutes=10)
SILENT_BATTERY = timedelta(hours=25)
HEALTH_EVERY = timedelta(minutes=10)
VERSION = "2.6.0"


def ieee(*parts: str) -> str:
    """Return the address of a simulated radio: the same for the same parts."""
    return "0x" + hashlib.sha256("/".join(parts).encode()).hexdigest()[:16]


class Bridge:
    """One bridge with its devices. It says what it would publish; it publishes nothing itself."""

    def __init__(self, base: str, nodes: Sequence[Node]) -> None:
        self.base, self.nodes = base, nodes
        self.clocks = Clocks.RIGHT
        self.started_at: datetime | None = None
        self._published = 0

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.started_at is not None

    # --- its life

    def start(self, now: datetime) -> list[Said]:
        """Connect for the first time: all that is retained, then the cached state of every device."""
        if self.started_at is None:
            self.started_at = now
        cached = [self._state(now, node, {}) for node in self.nodes if self._known(node)]
        return [self._online(now), self._log(now, "Connected to MQTT server"), *self.retained(now), *cached]

    def reconnect(self, now: datetime) -> list[Said]:
        """Be connected again; what is retained follows 2 s later, device states do not."""
        return [self._online(now)]

    def stop(self, now: datetime) -> list[Said]:
        """End as told to: it says so itself."""
        self.started_at = None
        return [self._said(now, "bridge/state", {"state": "offline"}, qos=1, retain=True)]

    def die(self) -> None:
        """End without a word; the broker will say so."""
        self.started_at = None

    def will(self, now: datetime) -> Said:
        """Return what the broker says when it has lost the bridge."""
        return Said(now, f"{self.base}/bridge/state", '{"state":"offline"}', 1, True, by_broker=True)

    def retained(self, now: datetime) -> list[Said]:
        """Return what it keeps retained beside its state."""
        found = [
            self._said(now, "bridge/info", self._info(), retain=True),
            self._said(now, "bridge/devices", self._devices(), retain=True),
            self._said(now, "bridge/groups", [], retain=True),
        ]
        return [*found, *(said for node in self.nodes for said in self._availability(now, node, again=True))]

    # --- its devices

    def hear(self, now: datetime, node: Node, changed: Mapping[str, Any]) -> list[Said]:
        """Publish a device's state with all that is cached; a press is in this message alone."""
        if self.started_at is None:
            return []
        node.heard_at = now
        node.cached |= {name: value for name, value in changed.items() if name != "action"}
        return [*self._availability(now, node), self._state(now, node, changed)]

    def event(self, now: datetime, kind: str, node: Node) -> list[Said]:
        """Publish a step in a device's life: device_joined, device_leave, device_announce."""
        if self.started_at is None:
            return []
        data = {"friendly_name": node.device.name, "ieee_address": self._address(node)}
        return [self._said(now, "bridge/event", {"data": data, "type": kind})]

    def check(self, now: datetime) -> list[Said]:
        """Look for devices that have been silent for too long."""
        if self.started_at is None:
            return []
        return [said for node in self.nodes for said in self._availability(now, node)]

    def health(self, now: datetime) -> list[Said]:
        """Publish that it lives, as it does every 10 min."""
        if self.started_at is None:
            return []
        up = round((now - self.started_at).total_seconds())
        content = {
            "response_time": _ms(now),
            "os": {"load_average": [0.12, 0.1, 0.09], "memory_used_mb": 412.5, "memory_percent": 10.9},
            "process": {"uptime_sec": up, "memory_used_mb": 96.4, "memory_percent": 2.6},
            "mqtt": {"connected": True, "queued": 0, "published": self._published, "received": 0},
            "devices": {},
        }
        return [self._said(now, "bridge/health", content, qos=1, retain=True)]

    def failed(self, now: datetime, node: Node) -> list[Said]:
        """Log that a device did not answer: one of the texts that quote anything and mean no reading."""
        if self.started_at is None:
            return []
        return [self._log(now, f"Failed to ping '{node.device.name}' (attempt 1/1, no response received)", "warning")]

    # --- what the messages hold

    def _known(self, node: Node) -> bool:
        """Whether its state is in the bridge's cache: a device that never spoke has none."""
        return bool(node.cached)

    def _state(self, now: datetime, node: Node, changed: Mapping[str, Any]) -> Said:
        content = node.cached | dict(changed)
        content["linkquality"] = node.signal() if changed else node.linkquality
        if self.clocks is not Clocks.RIGHT:
            seen = self.clocks.shows(node.heard_at or now, self.started_at or now)
            content["last_seen"] = _iso(seen)
        return self._said(now, node.device.name, dict(sorted(content.items())), device=node.device.id)

    def _availability(self, now: datetime, node: Node, *, again: bool = False) -> list[Said]:
        """Say whether a device is there, if that has changed; one that was never heard is, as long after the start."""
        limit = SILENT_MAINS if node.model.mains else SILENT_BATTERY
        heard = node.heard_at or self.started_at or now
        is_there = now - heard < limit
        if node.available is is_there and not again:
            return []
        node.available = is_there
        state = {"state": "online" if is_there else "offline"}
        topic = f"{node.device.name}/availability"
        return [self._said(now, topic, state, qos=1, retain=True, device=node.device.id)]

    def _online(self, now: datetime) -> Said:
        return self._said(now, "bridge/state", {"state": "online"}, qos=1, retain=True)

    def _log(self, now: datetime, message: str, level: str = "info") -> Said:
        content = {"level": level, "message": f"z2m: {message}", "namespace": "z2m"}
        return self._said(now, "bridge/logging", content)

    def _said(
        self,
        now: datetime,
        below: str,
        content: object,
        *,
        qos: int = 0,
        retain: bool = False,
        device: str | None = None,
    ) -> Said:
        self._published += 1
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return Said(now, f"{self.base}/{below}", payload, qos, retain, device)

    def _address(self, node: Node) -> str:
        return ieee(self.base, node.device.name)

    def _info(self) -> dict[str, Any]:
        return {
            "commit": "unknown",
            "config": {
                "advanced": {"channel": 15, "last_seen": "disable", "log_level": "info", "output": "json"},
                "availability": {"active": {"timeout": 10}, "enabled": True, "passive": {"timeout": 1500}},
                "mqtt": {"base_topic": self.base, "include_device_information": False, "version": 4},
            },
            "coordinator": {"ieee_address": ieee(self.base), "meta": {"revision": 20230507}, "type": "ZStack3x0"},
            "log_level": "info",
            "network": {"channel": 15, "extended_pan_id": ieee(self.base, "pan"), "pan_id": 6754},
            "permit_join": False,
            "restart_required": False,
            "version": VERSION,
            "zigbee_herdsman": {"version": "5.0.3"},
            "zigbee_herdsman_converters": {"version": "25.15.0"},
        }

    def _devices(self) -> list[dict[str, Any]]:
        told: dict[str, Any] = {"supported": True, "disabled": False, "interviewing": False}
        told |= {"interview_completed": True, "interview_state": "SUCCESSFUL"}
        coordinator = {
            "ieee_address": ieee(self.base),
            "type": "Coordinator",
            "network_address": 0,
            "friendly_name": "Coordinator",
            "endpoints": {},
        }
        return [coordinator | told, *(self._entry(node, number) | told for number, node in enumerate(self.nodes))]

    def _entry(self, node: Node, number: int) -> dict[str, Any]:
        clusters = {"input": ["genBasic", "genPowerCfg", "ssIasZone"], "output": ["genOta"]}
        return {
            "ieee_address": self._address(node),
            "type": "Router" if node.model.mains else "EndDevice",
            "network_address": 20_000 + 977 * number,
            "friendly_name": node.device.name,
            "description": node.device.room,
            "definition": node.model.definition(),
            "power_source": "Mains (single phase)" if node.model.mains else "Battery",
            "model_id": node.model.model,
            "manufacturer": node.model.vendor,
            "endpoints": {"1": {"bindings": [], "configured_reportings": [], "clusters": clusters, "scenes": []}},
        }


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
