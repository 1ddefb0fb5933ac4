"""Devices that speak carehub's own dialect: each has a connection of its own, QoS 1, a counter and a clock.

`<prefix>carehub/<device>` with kind, state, at, seq and battery; `<prefix>carehub/<device>/availability`, retained.
"""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.home.happenings import Said
from simulators.home.node import LOW_PCT, Clocks, Fact, Node

QOS = 1


def link(now: datetime, node: Node, *, online: bool, by_broker: bool = False) -> Said:
    """Say that a device is there or not; the broker says it when it has lost one."""
    node.available = online
    topic = f"{node.device.topic}/availability"
    return Said(now, topic, "online" if online else "offline", QOS, True, node.device.id, by_broker)


def say(now: datetime, node: Node, fact: Fact, clocks: Clocks, booted_at: datetime, zone: ZoneInfo) -> Said:
    """Publish one fact. The counter is the device's own, and so is the clock."""
    node.seq += 1
    node.heard_at = now
    content: dict[str, Any] = {"kind": fact.kind}
    if fact.active is not None:
        content["state"] = "active" if fact.active else "clear"
    if fact.value is not None:
        content |= {"value": fact.value, "unit": fact.unit}
    if fact.action:
        content["action"] = fact.action
    shown = clocks.shows(now, booted_at).astimezone(zone)
    content |= {"at": shown.isoformat(timespec="milliseconds"), "seq": node.seq}
    if node.battery_pct is not None:
        content["battery"] = node.battery_pct
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Said(now, node.device.topic, payload, QOS, False, node.device.id)


def battery(node: Node) -> Fact:
    """Return what a device says when it only shows that it lives."""
    return Fact("battery", active=(node.battery_pct or 100) <= LOW_PCT)
