"""The words that device makers use in names, values and descriptions, as sets; what they mean is decided elsewhere.

Source: the published converter definitions of Zigbee2MQTT (property names, enum values, descriptions).
"""

import re

_PIECES = re.compile(r"[a-z]+[0-9]*|[0-9]+")
# A digit after letters is a channel's number, except in formulas: co2 is not the second co.
_FORMULAS = frozenset({"co2", "pm25", "pm10", "pm1", "no2", "o3", "ch4", "h2", "nh3", "so2"})


def pieces(text: str) -> list[str]:
    """Return the words of a name, a value or a description; numbers of channels stand alone (`area1` is two)."""
    found: list[str] = []
    for piece in _PIECES.findall(text.lower()):
        stem = piece.rstrip("0123456789")
        if piece in _FORMULAS or stem in ("", piece):
            found.append(piece)
        else:
            found += [stem, piece[len(stem) :]]
    return found


def words(text: str) -> frozenset[str]:
    """Return blank-separated words as a set."""
    return frozenset(text.split())


# --- values of enums: one of these among a value's words decides -----------------------------------------------

NOT = words("no not none non never un null without undetected")
ALARMED = words(
    "alarm alarmed alarming alert alerting detected active triggered critical danger on true yes leak leakage leaking "
    "wet flood flooded flooding smoke fire gas monoxide"
)
CALM = words("normal clear idle safe ok inactive dry off false standby work working none no not")
# A suspicion, a test, a muted siren: they say neither that the hazard is there nor that it is gone.
UNDECIDED = words(
    "pre prealarm warning detecting test testing checking preparation preheating heating silenced silence mute muted "
    "hush hushed unknown undefined fault error failure invalid disabled other others maybe interconnect"
)
NOBODY = words("none no not nobody absence absent unoccupied vacant empty clear inactive idle leave left away null")
UNKNOWN = words("unknown undefined disabled error invalid offline fault unavailable")
OUT_OF_BED = NOBODY | words("out off")
OPEN = words("open opened ajar tilt tilted")
SHUT = words("closed close shut")
JAMMED = words("jammed unspecified error undefined unknown invalid")
BROKEN = words("fault error failure failed trouble malfunction unreliable expired broken")
FALLEN = words("fall fallen falldown falls")
FALLING = words("falling")
SUSPECTED = words("maybe warning pre suspected low posture falling recovering possible")
LOW = words("low critical empty exhausted replace flat")
SOMEBODY = words("presence present occupied occupancy motion move movement activity person somebody human peaceful")
IN_BED = words("sit sitting sedentary lying lie bed")

# --- descriptions ----------------------------------------------------------------------------------------------

# An SOS button that publishes ordinary presses says what it is only here.
CALLS = words("sos panic emergency")
_CALLS_CHINESE = ("紧急", "求救", "求助", "呼救", "呼叫", "一键报警")
# Radio check-ins of the thing itself, not a person in the room.
CARRIED = words("fob keyfob keypad tag arrival keyring")
_LAMPS = words("light lighting luminaire lamp exit ballast driver")


def calls_for_help(text: str) -> bool:
    """Whether a name or description says that this is an SOS, emergency or panic button."""
    found = set(pieces(text))
    named = found & CALLS or any(piece.startswith("sos") or piece.endswith("sos") for piece in found)  # sosbutton
    return bool(named and not found & _LAMPS) or any(word in text for word in _CALLS_CHINESE)
