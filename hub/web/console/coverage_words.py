"""How a home's coverage, what it lacks and its devices are said in words."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from hub.coverage import Coverage, Lack, Missing
from hub.homes import Device, Home, HomeMode
from hub.levels import Level, level
from hub.web.console.visit import Visit
from hub.web.console.words import Words

# The class of the pill, the picture, and the class in bars and squares.
LOOKS = {
    Coverage.PROTECTED: ("green", "shield", "p"),
    Coverage.GAPS: ("amber", "shield-gap", "g"),
    Coverage.NOT_PROTECTED: ("ink", "shield-off", "n"),
    Coverage.NOT_KNOWN: ("dashed", "lost", "u"),
}
# What is missing, the gravest first.
ORDER = tuple(Lack)


def coverage(words: Words, found: Coverage) -> str:
    """Return the word for it."""
    return {
        Coverage.PROTECTED: words.say("Protected"),
        Coverage.GAPS: words.say("Protected with gaps"),
        Coverage.NOT_PROTECTED: words.say("Not protected"),
        Coverage.NOT_KNOWN: words.say("Not known"),
    }[found]


def lack(words: Words, what: Lack) -> str:
    """Return what is missing, for lists and filters."""
    return {
        Lack.LINK_LOST: words.say("No connection to the home"),
        Lack.NO_DEVICES: words.say("No device installed"),
        Lack.NO_CALL: words.say("No call button"),
        Lack.NEVER_HEARD: words.say("Device never heard"),
        Lack.SILENT: words.say("Device silent"),
        Lack.BROKEN: words.say("Device broken"),
        Lack.UNREADABLE: words.say("Device unreadable"),
        Lack.TAMPERED: words.say("Device opened"),
        Lack.BATTERY: words.say("Battery low"),
        Lack.TEST_OVERDUE: words.say("Call button not tried for a week"),
        Lack.NUMBER_DEAD: words.say("Number takes nothing"),
    }[what]


def device(words: Words, home: Home, found: Device) -> str:
    """Return what people call a device: where it is and what it is."""
    kind = words.catalogue.devices.get(found.kind.value, found.kind.value)
    room = words.room(found.room, home)
    return words.catalogue.phrases.device_in.format(room=room, device=kind) if room else kind


def missing(visit: Visit, home: Home, one: Missing) -> str:
    """Return one thing that is missing, with the device and since when."""
    words = visit.words
    if one.what is Lack.NUMBER_DEAD:
        person = visit.registry.people.get(one.device or "")
        return words.say("The number of %(who)s takes nothing", who=person.name if person else words.say("a contact"))
    own = next((d for d in home.devices if d.id == one.device), None)
    name = words.begin(device(words, home, own)) if own else ""
    if one.what is Lack.LINK_LOST and one.since is not None:
        return words.say("No connection since %(since)s", since=words.moment(one.since, visit.now))
    if one.what is Lack.TEST_OVERDUE:
        return _untested(words, name, one.since, visit.now)
    said = {
        Lack.NEVER_HEARD: lambda: words.say("%(device)s: never heard", device=name),
        Lack.SILENT: lambda: words.say("%(device)s: silent for %(span)s", device=name, span=_span(words, one, visit)),
        Lack.BROKEN: lambda: words.say("%(device)s: broken", device=name),
        Lack.UNREADABLE: lambda: words.say("%(device)s: says what cannot be read", device=name),
        Lack.TAMPERED: lambda: words.say("%(device)s: was opened", device=name),
        Lack.BATTERY: lambda: words.say("%(device)s: battery low", device=name),
    }.get(one.what)
    return said() if said else lack(words, one.what)


def _untested(words: Words, name: str, at: datetime | None, now: datetime) -> str:
    if at is None:
        return words.say("%(device)s: never tried", device=name)
    return words.say("%(device)s: not tried for %(span)s", device=name, span=words.span(now - at))


def _span(words: Words, one: Missing, visit: Visit) -> str:
    return words.span(visit.now - one.since) if one.since is not None else "?"


def counted(words: Words, homes: Iterable[Iterable[Missing]]) -> list[tuple[Lack, int, str]]:
    """Return in how many homes each thing is missing, in most first; given is what each home lacks."""
    counts = Counter(what for missing in homes for what in {one.what for one in missing})
    ordered = sorted(counts.items(), key=lambda item: (-item[1], ORDER.index(item[0])))
    return [(what, count, lack(words, what)) for what, count in ordered]


def area(visit: Visit, code: str) -> str:
    """Return an area's name; its level and code if nobody named it."""
    named = visit.registry.areas.get(code)
    if named:
        return named
    words = visit.words
    if level(code) is Level.WHOLE:
        return words.say("All areas")
    if not code:
        return words.say("No area")
    return {
        Level.PROVINCE: words.say("Province %(code)s", code=code[:2]),
        Level.CITY: words.say("City %(code)s", code=code[:4]),
        Level.COUNTY: words.say("County %(code)s", code=code[:6]),
        Level.TOWNSHIP: words.say("Township %(code)s", code=code[:9]),
        Level.VILLAGE: words.say("Village %(code)s", code=code),
    }[level(code)]


def mode(words: Words, found: HomeMode, until: str) -> str:
    """Return a home's mode with its end: a mode always shows it."""
    return {
        HomeMode.AWAY: words.say("Away until %(at)s", at=until),
        HomeMode.VISITOR: words.say("Visitor until %(at)s", at=until),
        HomeMode.HOSPITAL: words.say("Hospital until %(at)s", at=until),
        HomeMode.MAINTENANCE: words.say("Maintenance until %(at)s", at=until),
        HomeMode.TEST: words.say("Test until %(at)s", at=until),
    }[found]
