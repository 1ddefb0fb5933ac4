"""People, homes and devices as the YAML that describes them: what is read from it again is exactly the same.

Written by hand, not by a library: short things stand on one line each as people write them, and everything that YAML
could take for something else (no, 0123, 12:30, +86…, a date) is quoted.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, UTC, datetime
from zoneinfo import ZoneInfo

from devices.dialects import build
from hub.homes import Contact, Device, Home, Person, Registry, Resident
from hub.settings.fault import Fault, Report
from hub.settings.fields import spell
from hub.settings.homes_entries import Scope
from hub.settings.homes_file import Source, read_homes
from hub.settings.hub_settings import HubSettings
from hub.settings.tree import Unquoted, read_tree

_DEFAULT_INACTIVITY = Resident("").inactivity_after
# Truth values to some readers of YAML 1.1, though not to ours.
_SWITCHES = ("y", "n")
_HEAD = """\
# People, homes and devices of {site}, as its database holds them. Written by `carehub export`.
# It holds personal data: keep it readable by the hub alone. After a change `carehub apply` shows the difference
# and asks. What each line may say is explained in the example that comes with carehub, config/homes.yaml.
"""


def homes_yaml(registry: Registry, timezone: ZoneInfo, site: str) -> str:
    """Return the text of a homes.yaml, ordered by id; equal registries give equal texts. Modes are left out."""
    lines = [_HEAD.format(site=site)]
    if registry.areas:
        lines += ["areas:", *(f"  {quoted(code)}: {plain(name)}" for code, name in sorted(registry.areas.items())), ""]
    lines += _list("people", [_flow(_person(each)) for _, each in sorted(registry.people.items())])
    lines.append("")
    if not registry.homes:
        lines.append("homes: []")
    else:
        lines.append("homes:")
        for _, home in sorted(registry.homes.items()):
            lines += _home(home, timezone)
    return "\n".join(lines) + "\n"


def _list(key: str, items: Sequence[str], indent: str = "") -> list[str]:
    if not items:
        return [f"{indent}{key}: []"]
    return [f"{indent}{key}:", *(f"{indent}  - {item}" for item in items)]


def _home(home: Home, timezone: ZoneInfo) -> Iterable[str]:
    first, *rest = [
        f"id: {plain(home.id)}",
        f"area: {quoted(home.area)}",
        f"address: {plain(home.address)}",
        *([f"prefix: {quoted(home.prefix)}"] if home.prefix else []),
        *([f"away_until: {quoted(_local(home.away_until, timezone))}"] if home.away_until else []),
        *([f"access: {plain(home.access)}"] if home.access is not None else []),
        *([f"rooms: {_flow({key: plain(name) for key, name in sorted(home.rooms.items())})}"] if home.rooms else []),
    ]
    yield f"  - {first}"
    yield from (f"    {line}" for line in rest)
    # One who lives alone and whom nobody visits is written as such: an empty list is a statement.
    yield from _list("residents", [_flow(_resident(each)) for each in home.residents], "    ")
    yield from _list("contacts", [_flow(_contact(each)) for each in home.contacts], "    ")
    yield from _list("devices", [_flow(_device(each)) for each in home.devices], "    ")


def _person(person: Person) -> Mapping[str, str | None]:
    return {
        "id": plain(person.id),
        "name": plain(person.name),
        "phone": quoted(person.phone),
        "roles": _words(sorted(role.value for role in person.roles)),
        "areas": _words(person.areas, quote=True),
        "language": person.language,
    }


def _resident(resident: Resident) -> Mapping[str, str | None]:
    return {
        "name": plain(resident.name),
        "born": None if resident.born is None else str(resident.born),
        "phone": None if resident.phone is None else quoted(resident.phone),
        "needs": _words(sorted(resident.needs)),
        "inactivity_after": (
            None if resident.inactivity_after == _DEFAULT_INACTIVITY else spell(resident.inactivity_after)
        ),
        **{name: _plain_or_none(getattr(resident, name)) for name in ("mobility", "doctor", "notes", "health")},
    }


def _contact(contact: Contact) -> Mapping[str, str | None]:
    return {"person": plain(contact.person), "role": contact.role.value}


def _device(device: Device) -> Mapping[str, str | None]:
    return {
        "id": plain(device.id),
        "kind": device.kind.value,
        "role": device.role.value if device.role else None,
        "room": None if device.room is None else plain(device.room),
        "topic": plain(device.topic),
        "model": _plain_or_none(device.model),
        "place": _plain_or_none(device.place),
        "installed_on": quoted(device.installed_on.isoformat()) if device.installed_on else None,
        "subsidy": _plain_or_none(device.subsidy),
    }


def _plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain(text)


def _flow(pairs: Mapping[str, str | None]) -> str:
    """Return a section on one line, without what has nothing to say."""
    return "{" + ", ".join(f"{plain(key)}: {value}" for key, value in pairs.items() if value is not None) + "}"


def _words(words: Sequence[str], *, quote: bool = False) -> str | None:
    return f"[{', '.join(quoted(word) if quote else plain(word) for word in words)}]" if words else None


def _local(moment: datetime, timezone: ZoneInfo) -> str:
    """Return local time as people write it; where a clock shows it twice, with its offset."""
    local = moment.astimezone(timezone)
    to = "minutes" if local.second == local.microsecond == 0 else "auto"
    text = local.replace(tzinfo=None, fold=0).isoformat(" ", to)
    same = datetime.fromisoformat(text).replace(tzinfo=timezone).astimezone(UTC) == moment
    return text if same else local.isoformat(" ")


def read_again(text: str, settings: HubSettings) -> tuple[Registry, list[Fault]]:
    """Return what the text says to whoever reads it with these settings, and what is wrong with it."""
    report = Report("homes.yaml")
    tree = read_tree(text, report)
    scope = Scope(settings.timezone, build(settings.dialects), MAXYEAR)
    draft = read_homes([Source(tree, report)], scope)
    return Registry.of(draft.people.values(), draft.homes.values(), areas=draft.areas), report.faults


def plain(text: str) -> str:
    """Return a text without quotes where it reads the same inside a flow section, else quoted."""
    words = text.replace(" ", "")
    simple = text == text.strip() and "  " not in text and words[:1].isalpha() and text.lower() not in _SWITCHES
    if not simple or not all(char.isalnum() or char in "._-/" for char in words):
        return quoted(text)
    found = read_tree(text, Report(""))
    return text if found == text and not isinstance(found, Unquoted) else quoted(text)


def quoted(text: str) -> str:
    """Return a text in double quotes; what is no printable character is escaped, as JSON and YAML both do."""
    return "".join(_escaped(char) for char in json.dumps(text, ensure_ascii=False))


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\U{ord(char):08x}" if ord(char) > 0xFFFF else f"\\u{ord(char):04x}"
