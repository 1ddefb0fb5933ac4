"""What a person can do to a device by hand, and the words for it."""

from collections.abc import Mapping

# For each kind: what can be done, and how it is told (Chinese, English).
_BY_KIND: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "button": {"press": ("按一下", "is pressed")},
    "gas": {"on": ("闻到燃气", "smells gas"), "off": ("燃气散了", "smells no gas any more")},
    "smoke": {"on": ("闻到烟", "smells smoke"), "off": ("烟散了", "smells no smoke any more")},
    "co": {
        "on": ("测到一氧化碳", "finds carbon monoxide"),
        "off": ("一氧化碳散了", "finds no carbon monoxide any more"),
    },
    "leak": {"on": ("遇到水", "gets wet"), "off": ("干了", "is dry again")},
    "motion": {"motion": ("看到有人动", "sees somebody move")},
    "contact": {"open": ("打开", "opens"), "close": ("关上", "closes")},
    "bed": {"in": ("有人躺下", "feels somebody lie down"), "out": ("人起来了", "feels somebody get up")},
    "fall": {"fall": ("看到有人摔倒", "sees somebody fall"), "up": ("人站起来了", "sees somebody stand up")},
    "mains": {"lost": ("停电", "loses the mains"), "back": ("来电", "has mains again")},
}
_BATTERY: Mapping[str, tuple[str, str]] = {
    "battery-low": ("电池快没电", "has a low battery"),
    "battery-dead": ("电池没电，不出声了", "has a dead battery and falls silent"),
    "battery-new": ("换了新电池", "gets a new battery"),
}
ON_STATES: Mapping[str, bool] = {
    **dict.fromkeys(("on", "motion", "open", "in", "fall", "lost"), True),
    **dict.fromkeys(("off", "close", "out", "up", "back"), False),
}


class CannotPoke(ValueError):
    """There is no such device, or this cannot be done to it; the text says what can."""


def allowed(kind: str, *, has_battery: bool) -> tuple[str, ...]:
    """Return what can be done to a device of a kind."""
    return (*_BY_KIND.get(kind, {}), *(_BATTERY if has_battery else ()))


def plain(kind: str, what: str) -> str:
    """Return the plain name of a poke: `gas on`, `GAS_ON` and `on` are the same; so are `leak` and `on`."""
    word = what.strip().lower().replace(" ", "-").replace("_", "-")
    word = word.removeprefix(f"{kind}-")
    return "on" if word == kind and "on" in _BY_KIND.get(kind, {}) else word


def told(kind: str, what: str) -> tuple[str, str]:
    """Return the words for a poke, to stand behind the device's name: Chinese, English."""
    return _BY_KIND.get(kind, {}).get(what) or _BATTERY[what]
