"""A press that calls for help: by the role the installer gave, or by the action itself."""

from datetime import timedelta

from devices.reading import Kind, Reading, State
from devices.wordlists import calls_for_help
from hub.homes import DeviceRole
from hub.rules.finding import Finding, Heard, Severity, is_edge

# Radio repeats, and one press on two topics of the same bridge, arrive within milliseconds; a finger does not.
SAME_PRESS = timedelta(milliseconds=500)


def evaluate(heard: Heard) -> Finding | None:
    """Return the call for help in this reading, or None.

    Retained presses are of unknown age and never call; the hub reports them after a lost session instead. An ordinary
    press of what is called an SOS button is a call until the installer says that it is a doorbell.
    """
    reading = heard.reading
    if reading.kind is not Kind.BUTTON or reading.state is not State.ACTIVE or reading.retained or reading.test:
        return None
    if heard.device is None:
        return None  # the rule for unknown devices
    role = heard.device.role
    named = role is not DeviceRole.DOORBELL and is_named_so(reading)
    if not reading.sos and not named and role not in (DeviceRole.SOS, DeviceRole.CALL):
        return None
    calm = role is DeviceRole.CALL and not reading.sos
    return Finding(
        cause="call" if calm else "sos",
        what="call" if calm else "sos",
        severity=Severity.WARNING if calm else Severity.EMERGENCY,
        home_id=heard.home_id,
        device_id=heard.device_id,
        room=heard.device.room,
        since=heard.at,
        again=not is_repeat(heard),
    )


def is_named_so(reading: Reading) -> bool:
    """Whether its description or its name says that this is a button to call for help."""
    return reading.maybe_sos or calls_for_help(reading.device)


def is_repeat(heard: Heard) -> bool:
    """Whether this is no second press: a copy, or a state such as `sos: true` that is only said again."""
    is_state = heard.reading.property not in (None, "action") and heard.reading.seq is None
    return is_same_press(heard) or (is_state and not is_edge(heard))


def is_same_press(heard: Heard) -> bool:
    """Whether this is a copy of the press before: same device and action at the same moment, or the same count.

    Native devices number their presses: the same `seq` and `at` is a repeat. Others: the same action within
    500 ms of hub time since the press was first heard, unless the device's own times differ. Messages that waited
    arrive all at once: for them only the device's own time can say that two are one.
    """
    before, reading = heard.previous, heard.reading
    if before is None or before.state != State.ACTIVE or before.action != reading.action:
        return False
    if reading.seq is not None and before.seq is not None:
        return reading.seq == before.seq and reading.device_at == before.device_at
    if reading.device_at and before.device_at:
        if abs(reading.device_at - before.device_at) > SAME_PRESS:
            return False
    elif heard.waited:
        return False
    return timedelta(0) <= heard.at - before.since <= SAME_PRESS
