"""The log: who did, looked at and was refused what, in the areas of whoever reads it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.accounts import Account, AccountRole, Right
from hub.engine.account_changes import MACHINE, SOMEBODY
from hub.homes import Act, Home, area_stem
from hub.ports.accounts import LogWish
from hub.web.console.account_words import role_words
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.finding import By, find
from hub.web.console.log_words import GROUPS, detail_words, event_words, field_words, group_words
from hub.web.console.visit import Visit

PATH = "/log"
LINES = 100
CHOICES = 12
_BEFORE, _AFTER = "before.", "after."
_YEARS = range(2000, 2200)
_DESK = "@desk"
_ACCOUNT = "@account:"


@dataclass(frozen=True, slots=True)
class Changed:
    """One field before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log in words. `who` is how it is asked for."""

    at: datetime
    who: str
    name: str
    said: str
    refused: bool
    home_id: str
    home: str
    area: str
    detail: str
    changes: Sequence[Changed]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see of the log, as the form has it."""

    home: str = ""
    who: str = ""
    what: str = ""
    since: str = ""
    until: str = ""

    def query(self, **more: str) -> str:
        """Return the address of the same question, with something more."""
        said = {"home": self.home, "who": self.who, "what": self.what, "since": self.since, "until": self.until}
        return f"{PATH}?{urlencode({name: value for name, value in {**said, **more}.items() if value})}"


class Log:
    """`/log`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the page."""
        return [self._site.gate.page(PATH, self._show, Right.SEE_LOG)]

    async def _show(self, visit: Visit, request: Request) -> Response:
        asked, below = _asked(request.query_params), _number(request.query_params.get("below", ""))
        meant = _homes(visit, asked.home)
        wish = _wish(visit, asked, meant[0].id if len(meant) == 1 else asked.home, below)
        rows, accounts = await self._site.engine.store.read(lambda t: (t.log(wish), t.accounts()))
        shown = rows[:LINES]
        names = {account.id: account.name for account in accounts}
        older = asked.query(below=str(shown[-1][0])) if len(rows) > LINES else ""
        facts: dict[str, Any] = {
            "lines": [_line(visit, act, names) for _, act in shown],
            "asked": asked,
            "choices": meant[:CHOICES] if len(meant) > 1 else (),
            "older": older,
            "people": _people(visit, accounts),
            "groups": [(group, group_words(group, visit.words)) for group in GROUPS],
            "is_first": below is None,
        }
        return draw(visit, "log.html", **facts)


def _asked(query: Mapping[str, str]) -> Asked:
    return Asked(*(query.get(name, "").strip()[:100] for name in ("home", "who", "what", "since", "until")))


def _homes(visit: Visit, text: str) -> list[Home]:
    """Return the homes that a reader means: one by its id, else by name, address or village."""
    exact = visit.registry.homes.get(text)
    if exact is not None and visit.may(Right.SEE_HOMES, exact.area):
        return [exact]
    hits = find(visit.registry, text, lambda area: visit.may(Right.SEE_HOMES, area))
    surest = min((hit.by for hit in hits), default=By.NAME)
    return [hit.home for hit in hits if hit.by is surest]


def _wish(visit: Visit, asked: Asked, home: str, below: int | None) -> LogWish:
    """Return what is asked of the database; what cannot be read of the question is left out."""
    since, until = _day(visit, asked.since), _day(visit, asked.until)
    return LogWish(
        stems=[area_stem(area) for area in visit.account.areas],
        home_id=home or None,
        who=asked.who or None,
        events=GROUPS.get(asked.what, ()),
        since=since,
        until=until + timedelta(days=1) if until else None,
        below=below,
        limit=LINES + 1,
    )


def _day(visit: Visit, text: str) -> datetime | None:
    """Return the beginning of a day, local time; None for what is no day of this hub's life."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), visit.timezone) if day.year in _YEARS else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _people(visit: Visit, accounts: Sequence[Account]) -> list[tuple[str, str]]:
    """Return whom one can ask for: accounts of the reader's areas, the desk, the machine."""
    mine = [a for a in accounts if a.areas and all(map(visit.account.covers, a.areas))]
    known = [(a.who, visit.registry.names.get(a.person or "", a.name)) for a in mine]
    return [*known, (_DESK, visit.words.say("the duty desk")), (MACHINE, visit.words.say("the hub's own machine"))]


def _line(visit: Visit, act: Act, names: Mapping[str, str]) -> Line:
    home = visit.registry.homes.get(act.home_id or "")
    if home is not None and not visit.may(Right.SEE_HOMES, home.area):
        home = None  # it has moved since to an area of others
    detail = {key: str(value) for key, value in act.detail.items()}
    changes = _changes(visit, detail)
    rest = {key: value for key, value in detail.items() if not key.startswith((_BEFORE, _AFTER))}
    if act.event.startswith("person_") and "id" in rest:
        rest["id"] = visit.registry.names.get(rest["id"], rest["id"])
    if "person" in rest:
        rest["person"] = visit.registry.names.get(rest["person"], rest["person"])
    name = _name(visit, act.who, names)
    if rest.get("name") == name:
        del rest["name"]
    return Line(
        at=act.at,
        who=act.who,
        name=name,
        said=event_words(act.event, visit.words),
        refused=act.event in GROUPS["refused"],
        home_id=act.home_id or "",
        home=home.who if home else act.home_id or "",
        area=visit.registry.area_name(act.area) if act.area and act.area.strip("0") else "",
        detail=detail_words(rest, visit.words, visit.now),
        changes=changes,
    )


def _changes(visit: Visit, detail: Mapping[str, str]) -> list[Changed]:
    """Return what an edit changed: its record holds each field that differs, by `before.` and `after.`."""
    fields = dict.fromkeys(key.partition(".")[2] for key in detail if key.startswith((_BEFORE, _AFTER)))
    return [
        Changed(
            field_words(field, visit.words),
            _value(visit, field, detail.get(_BEFORE + field, "")),
            _value(visit, field, detail.get(_AFTER + field, "")),
        )
        for field in fields
    ]


def _value(visit: Visit, field: str, value: str) -> str:
    """Return what a field said, in words where its codes have some."""
    names: dict[str, Callable[[str], str]] = {
        "roles": lambda code: role_words(AccountRole(code), visit.words) if code in set(AccountRole) else code,
        "areas": lambda code: visit.registry.area_name(code) if code.strip("0") else visit.words.say("everywhere"),
        "person": lambda code: visit.registry.names.get(code, code),
        "language": lambda code: {"zh-CN": "中文", "en": "English"}.get(code, code),
    }
    return " · ".join(map(names[field], filter(None, re.split(r"[,\s]+", value)))) if field in names else value


def _name(visit: Visit, who: str, names: Mapping[str, str]) -> str:
    """Return who it was; one whose account or person is gone by their id."""
    if who == MACHINE:
        return visit.words.say("the hub's own machine")
    if who == SOMEBODY:
        return visit.words.say("somebody")
    if who == _DESK:
        return visit.words.say("the duty desk")
    if who.startswith(_ACCOUNT):
        return names.get(who.removeprefix(_ACCOUNT), who)
    return visit.registry.names.get(who, who)
