"""People, homes and devices changed in the database: one transaction each, with who did it, before and after."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from hub.accounts import masked
from hub.alerts.alert import Alert, Stage
from hub.engine.work import Work
from hub.homes import Act, Home, Person, Registry

# Said to have changed, never copied: a log is read by more people than a home.
_NAMED_ONLY = frozenset({"health"})
_NUMBERS = frozenset({"phone"})
# Set for some time by other ways: no part of what is edited.
_RUNNING = ("away_until", "mode", "mode_until", "tester")
_LONGEST_STORY = 2000


class ChangedMeanwhile(Exception):
    """What was edited is not what it was when the form was opened, or what it was checked against."""


class StillNeeded(Exception):
    """An open alert needs what would be removed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `what` is person, home, resident, contact, room or device, `id` names it, `by` who does it.

    `area` is whose business it is where that is not the home's. `version`: of people and homes when it was checked.
    `parts`: what the record shows as before and after, where that is not all of the home.
    """

    what: str
    id: str
    by: str
    version: int
    area: str | None = None
    parts: tuple[Any, Any] | None = None


def mark(thing: Any) -> str:
    """Return a short mark of what something says, the same for equal things: forms carry it. None has one too."""
    return blake2b(_compact(thing).encode(), digest_size=12).hexdigest()


def save_home(work: Work, before: Home | None, after: Home, people: Sequence[Person], edit: Edit) -> None:
    """Write a home and the people who came with it; raises ChangedMeanwhile, StillNeeded."""
    _require_version(work, edit)
    gone = {device.id for device in before.devices} - {device.id for device in after.devices} if before else set[str]()
    _require_unneeded([a for a in _open(work, [after.id]) if a.device_id in gone] if gone else [])
    if people:
        work.transaction.save_people(people)
    current = work.world.registry.homes.get(after.id)
    if current is not None:  # a mode may have been set since: that is no part of what was edited
        after = replace(after, **{name: getattr(current, name) for name in _RUNNING})
    work.transaction.save_homes([after])
    for person in people:
        work.transaction.record_act(_act(work.now, replace(edit, what="person", id=person.id), after, None, person))
    work.transaction.record_act(_act(work.now, edit, after, *(edit.parts or (before, after))))
    work.heard.add(after.id)


def drop_home(work: Work, home: Home, edit: Edit) -> None:
    """Remove a home with its devices; raises ChangedMeanwhile, StillNeeded."""
    _require_version(work, edit)
    _require_unneeded(_open(work, [home.id]))
    work.transaction.drop_home(home.id)
    work.transaction.record_act(_act(work.now, edit, home, home, None))


def save_person(work: Work, before: Person | None, after: Person, edit: Edit) -> None:
    """Write a person; raises ChangedMeanwhile. Open alerts text the number that is here when they do."""
    _require_version(work, edit)
    work.transaction.save_people([after])
    work.transaction.record_act(_act(work.now, edit, None, before, after))


def drop_person(work: Work, person: Person, edit: Edit) -> None:
    """Remove a person; raises ChangedMeanwhile, StillNeeded."""
    _require_version(work, edit)
    _require_unneeded([alert for alert in _open(work, None) if person.id in needed(alert)])
    work.transaction.drop_person(person.id)
    work.transaction.record_act(_act(work.now, edit, None, person, None))


def imported(
    known: Registry, people: Sequence[Person], homes: Sequence[Home], edit: Edit, now: datetime
) -> Sequence[Act]:
    """Return the record of what a spreadsheet brings, for `save_all`; raises ChangedMeanwhile.

    Of ten thousand homes it takes longer than all the writing: it is made before, where no press waits for it.
    """
    if known.version != edit.version:
        raise ChangedMeanwhile
    acts = [
        _act(now, replace(edit, what="home", id=home.id), home, known.homes.get(home.id), home, event="imported")
        for home in homes
    ]
    for person in people:
        one = replace(edit, what="person", id=person.id)
        acts.append(_act(now, one, None, known.people.get(person.id), person, event="imported"))
    return acts


def save_all(
    work: Work,
    people: Sequence[Person],
    homes: Sequence[Home],
    areas: Mapping[str, str],
    edit: Edit,
    acts: Sequence[Act],
) -> None:
    """Write what a spreadsheet brings and its record, all or nothing; raises ChangedMeanwhile.

    Devices that are in a home and not in the spreadsheet are expected in `homes`: nothing is removed here.
    """
    _require_version(work, edit)
    if people:
        work.transaction.save_people(people)
    if homes:
        work.transaction.save_homes(homes)
    if areas:
        work.transaction.save_areas(areas)
    work.transaction.record_acts(acts)


def needed(alert: Alert) -> set[str]:
    """Return the ids of the people an open alert rests on."""
    rungs = {person for rung in alert.ladder.rungs for person in rung.people}
    return {person for person in (*rungs, alert.holder, *alert.helpers) if person}


def _require_unneeded(alerts: Sequence[Alert]) -> None:
    if alerts:
        raise StillNeeded(alerts[0].code)


def _open(work: Work, homes: Sequence[str] | None) -> list[Alert]:
    found = work.transaction.unresolved(homes)
    return [alert for alert in found if alert.stage is not Stage.RESOLVED]


def _require_version(work: Work, edit: Edit) -> None:
    """A change that was checked against other people and homes is checked again before it is written."""
    if work.transaction.registry_version() != edit.version:
        raise ChangedMeanwhile


# --- the record


def _act(now: datetime, edit: Edit, home: Home | None, before: Any, after: Any, event: str | None = None) -> Act:
    if event is None:
        event = "added" if before is None else "removed" if after is None else "changed"
    detail = {"id": edit.id, **story(before, after)}
    area = home.area if home is not None else edit.area
    return Act(now, edit.by, f"{edit.what}_{event}", home.id if home is not None else None, detail, area)


def story(before: Any, after: Any) -> dict[str, str]:
    """Return what something said before and says now, by `before.` and `after.` each key that differs.

    Lists are compact JSON. Numbers are masked, what a resident lives with is only named.
    """
    was, now = ({} if thing is None else _plain(thing) for thing in (before, after))
    told: dict[str, str] = {}
    for key in dict.fromkeys((*was, *now)):
        if was.get(key) == now.get(key):
            continue
        for side, each in (("before", was), ("after", now)):
            if key in each:
                told[f"{side}.{key}"] = _cut(_text(_shown(key, each[key])))
    return told


def _plain(thing: Any) -> dict[str, Any]:
    """Return a dataclass as plain values without what is empty, its own parts included."""
    if isinstance(thing, Mapping):
        return dict(thing)
    values = {each.name: getattr(thing, each.name) for each in fields(thing) if each.name not in (*_RUNNING, "home")}
    return {name: _value(value) for name, value in values.items() if value not in (None, (), "", frozenset(), {})}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    if isinstance(value, (frozenset, set)):
        return sorted(str(each) for each in value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, (str, int)) else _plain(value)


def _shown(key: str, value: Any) -> Any:
    if key in _NAMED_ONLY:
        return "…"
    if key in _NUMBERS:
        return masked(str(value))
    if isinstance(value, list):
        return [{k: _shown(k, v) for k, v in each.items()} if isinstance(each, dict) else each for each in value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_STORY else text[:_LONGEST_STORY] + "…"


def _compact(thing: Any) -> str:
    return "" if thing is None else json.dumps(_plain(thing), ensure_ascii=False, sort_keys=True)
