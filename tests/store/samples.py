"""Alerts, messages and homes to store; what a test does not care for is filled in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.message import Message
from hub.alerts.alert import Alert, Duty, DutyKind
from hub.alerts.notification import Notification
from hub.alerts.policy import Ladder, Rung, Severity
from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LADDER = Ladder((Rung(("wang-li",), ("sms",), MINUTE),), 5 * MINUTE, 20 * MINUTE, ("zhao-min",), ("wang-li",))


def an_alert(id: str = "01A", home: str = "ah-001", **fields: Any) -> Alert:
    """Return an open SOS with its first step due at noon."""
    found = Alert(
        id=id,
        home_id=home,
        cause="sos",
        what="sos",
        severity=Severity.EMERGENCY,
        code="K7",
        opened_at=NOON,
        ladder=LADDER,
        duties={DutyKind.STEP: Duty(NOON, MINUTE)},
    )
    return replace(found, **fields)


def a_notification(id: str = "01N", **fields: Any) -> Notification:
    """Return a queued text of alert 01A to Wang Li, due at noon."""
    found = Notification(
        id=id,
        alert_id="01A",
        home_id="ah-001",
        person_id="wang-li",
        phone=None,
        channel="sms",
        key="sos",
        severity=Severity.EMERGENCY,
        created_at=NOON,
        due_at=NOON,
        facts={"room": "bedroom", "count": 2},
        then=("call",),
    )
    return replace(found, **fields)


def a_message(topic: str = "zigbee2mqtt/bed_sos", payload: bytes = b"{}", **fields: Any) -> Message:
    """Return a message received at noon."""
    return Message(topic, payload, fields.pop("received_at", NOON), **fields)


def a_home(id: str = "ah-001", **fields: Any) -> Home:
    """Return the home of Wang Xiulan with a button and a gas detector."""
    found = Home(
        id=id,
        area="620702207200",
        address="上堡村三社12号",
        prefix=f"homes/{id}/",
        away_until=NOON,
        rooms={"east-room": "东屋"},
        residents=(Resident("王秀兰", 1938, frozenset({"deaf"}), timedelta(hours=11), "+8613912345678"),),
        contacts=(Contact("wang-li", Role.FAMILY),),
        access="钥匙在三社11号赵婶家",
        devices=(
            Device(id, "bed-sos", DeviceKind.BUTTON, "zigbee2mqtt/bed_sos", DeviceRole.SOS, "bedroom"),
            Device(id, "a-gas", DeviceKind.GAS, "zigbee2mqtt/kitchen_gas", None, "kitchen"),
        ),
    )
    return replace(found, **fields)


WANG_LI = Person("wang-li", "王丽", "+447700900101", frozenset({Role.FAMILY}), (), "zh-CN")
ZHAO_MIN = Person("zhao-min", "赵敏", "+447700900103", frozenset({Role.SUPERVISOR, Role.STAFF}), ("620702000000",))


def a_registry(*homes: Home) -> Registry:
    """Return two people and these homes."""
    return Registry.of((WANG_LI, ZHAO_MIN), homes or (a_home(),))
