"""What the name of an action says: a press, a press that calls for help, the end of a press, or nothing.

Source: the action values of the published Zigbee2MQTT definitions; tests/recorded/dialects/zigbee2mqtt.jsonl.
"""

import re
from dataclasses import dataclass

from devices.fields import word
from devices.reading import State

_TOKENS = re.compile(r"[a-z0-9]+")
_CALLS = frozenset({"sos", "emergency", "panic"})
_NOTHING = frozenset({"", "none", "null", "nan", "unknown", "unavailable", "undefined"})
# Raw edges of a wall switch that come beside the press itself.
_EDGES = frozenset({"btn_down", "btn_up"})
_RELEASES = frozenset({"off", "clear"})
_RELEASE_TOKENS = frozenset({"release", "released"})
_END_TOKENS = _RELEASE_TOKENS | {
    "off",
    "clear",
    "cleared",
    "cancel",
    "canceled",
    "cancelled",
    "end",
    "reset",
    "restore",
}


@dataclass(frozen=True, slots=True)
class Press:
    """An action as published; ACTIVE is a press, CLEAR the end of one. `sos`: it calls for help by itself."""

    action: str
    state: State
    sos: bool


def press(action: object, *, has_on: bool = False) -> Press | None:
    """Return what an action says; None if it is empty, unknown or no action at all.

    `off` alone is the end of a press: emergency buttons say it when their zone clears. Remote controls with an "on"
    and an "off" key say it too; only the device's definition can tell (`has_on`), so by name it is no press.
    """
    published = word(str(action) if isinstance(action, int) and not isinstance(action, bool) else action)
    if published is None:
        return None
    low = published.lower()
    if low in _NOTHING or low in _EDGES or low.startswith("-"):
        return None
    tokens = set(_TOKENS.findall(low))
    if tokens & _CALLS:
        # "sos_release" ends a call; anything else with such a word in it is one.
        return Press(published, State.CLEAR if tokens & _END_TOKENS else State.ACTIVE, sos=True)
    released = (low in _RELEASES and not (has_on and low == "off")) or bool(tokens & _RELEASE_TOKENS)
    return Press(published, State.CLEAR if released else State.ACTIVE, sos=False)


def is_call(action: str) -> bool:
    """Whether an action calls for help by itself, whatever the button's role."""
    said = press(action)
    return said is not None and said.sos and said.state is State.ACTIVE


def is_unclear(action: object) -> bool:
    """Whether something that is no action stands where an action should: a list, an object, a boolean, a long text."""
    if action is None or (isinstance(action, int) and not isinstance(action, bool)):
        return False
    return not isinstance(action, str) or (word(action) is None and bool(action.strip()))
