"""One reader's words: times as a clock shows them, people by name, sentences with names that stay whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from hub.alerts.alert import Alert
from hub.alerts.catalogue import Catalogue
from hub.alerts.catalogue.en import ENGLISH
from hub.alerts.catalogue.zh_cn import CHINESE
from hub.homes import Home
from hub.web.contact_words import Phrases, phrases

_REMARKS = {
    word.casefold(): remark for catalogue in (CHINESE, ENGLISH) for remark, word in catalogue.remarks.items()
} | {"done": "handled"}
# A name up to this long stays on one line; a longer one may have to break on a narrow screen.
_UNBROKEN = 12
_MOST_NAMES = 3
_SECONDS_UP_TO = timedelta(seconds=100)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Teller:
    """Words for one reader at one moment. `me` is the reader's id; `names` are people's names by id."""

    language: str
    timezone: ZoneInfo
    now: datetime
    me: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> Phrases:
        """The page's own words."""
        return phrases(self.language)

    @property
    def catalogue(self) -> Catalogue:
        """The words of texts: rooms, outcomes, what happened."""
        return CHINESE if self.language.lower().startswith("zh") else ENGLISH

    def say(self, key: str, **values: object) -> Markup:
        """Return a sentence; names in it are isolated, so that no writing direction or sign leaks out of them."""
        text = self.bit(key, **values)
        return text[:1].upper() + text[1:]

    def bit(self, key: str, **values: object) -> Markup:
        """Return a part of a sentence, as it is."""
        return escape(self.words[key]).format(**values)

    # --- time

    def clock(self, at: datetime) -> str:
        """Return the time of day, with the date if it is another day."""
        local, today = at.astimezone(self.timezone), self.now.astimezone(self.timezone)
        return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%m-%d %H:%M}"

    def day(self, at: datetime) -> str:
        """Return the time with "today", "yesterday" or "tomorrow", else with the date."""
        local, today = at.astimezone(self.timezone), self.now.astimezone(self.timezone)
        key = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((local.date() - today.date()).days)
        return str(self.bit(key, at=f"{local:%H:%M}")) if key else f"{local:%m-%d %H:%M}"

    def exact(self, at: datetime) -> str:
        """Return the time to the second."""
        return f"{at.astimezone(self.timezone):%H:%M:%S}"

    def ago(self, at: datetime) -> Markup:
        """Return how long ago something was."""
        span = max(self.now - at, timedelta(0))
        if span < timedelta(seconds=10):
            return self.bit("now")
        if span < _SECONDS_UP_TO:
            return self.bit("ago.s", n=int(span.total_seconds()))
        if span < _HOUR:
            return self.bit("ago.m", n=span // timedelta(minutes=1))
        return self.bit("ago.h", n=span // _HOUR) if span < _DAY else self.bit("ago.d", n=span // _DAY)

    def until(self, at: datetime) -> Markup:
        """Return how soon something will be."""
        span = at - self.now
        if span <= timedelta(0):
            return self.bit("in.now")
        if span < _SECONDS_UP_TO:
            return self.bit("in.s", n=int(span.total_seconds()) or 1)
        if span < _HOUR:
            return self.bit("in.m", n=span // timedelta(minutes=1))
        return self.bit("in.at", at=self.clock(at))

    def span(self, span: timedelta) -> str:
        """Return a length of time in minutes, hours or days."""
        words, minutes = self.catalogue.phrases, max(0, span // timedelta(minutes=1))
        if minutes <= 60:
            return words.minutes.format(m=minutes)
        hours, rest = divmod(minutes, 60)
        if hours >= 72:
            return words.days.format(n=hours // 24)
        return (words.hours_minutes if rest else words.hours).format(h=hours, m=rest)

    # --- people and places

    def name(self, person: str | None) -> Markup:
        """Return what the reader calls somebody: you, the desk, or a name."""
        if person and person == self.me:
            return self.bit("you")
        if person and person.startswith("@"):
            return self.bit("desk")
        known = self.names.get(person or "")
        return whole(known) if known else self.bit("somebody")

    def known(self, person: str, alert: Alert) -> Markup:
        """Return a name with what the person is to this alert, for those whom the reader may never have met."""
        name = self.name(person)
        if person == self.me:
            return name
        if person in alert.ladder.supervisors and person not in alert.ladder.staff:
            return self.bit("supervisor", name=name)
        return self.bit("staff", name=name) if person in alert.ladder.staff else name

    def listed(self, people: Sequence[Markup]) -> Markup:
        """Return names one after the other, of many the first ones and how many there are."""
        joint = escape(self.words["and"])
        shown = joint.join(people[:_MOST_NAMES])
        return shown if len(people) <= _MOST_NAMES else joint.join([shown, self.bit("more", n=len(people))])

    def parts(self, *parts: object) -> Markup:
        """Join what there is of these with commas; each part stays on one line where it can."""
        return escape(self.words["comma"]).join(unbroken(part) for part in parts if part)

    def room(self, alert: Alert, home: Home | None) -> str:
        """Return the room's name, if there is one."""
        room = alert.room or ""
        own = home.rooms.get(room) if home is not None else None
        return own or self.catalogue.rooms.get(room, "")

    def what(self, alert: Alert) -> str:
        """Return what the alert is about, in a word or two."""
        return self.catalogue.what.get(alert.what, self.catalogue.phrases.alert)

    def outcome(self, outcome: str, note: str | None) -> str:
        """Return how it ended, with the words that somebody added."""
        said = self.catalogue.outcomes.get(outcome, outcome)
        remark = _REMARKS.get((note or "").casefold())
        words = self.catalogue.remarks[remark] if remark else (note or "").strip()
        return self.catalogue.phrases.with_note.format(outcome=said, note=words) if words else said


def remark_of(note: str | None) -> str | None:
    """Return which of the known words a note is, if it is one."""
    return _REMARKS.get((note or "").casefold())


def whole(name: str) -> Markup:
    """Return a name that is isolated from the text around it, and kept on one line if it is short."""
    kept = Markup(' class="nb"') if len(name) <= _UNBROKEN else Markup("")
    return Markup("<bdi{}>{}</bdi>").format(kept, name)


def unbroken(part: object) -> Markup:
    """Return a part of a line that is kept together."""
    return Markup('<span class="nb">{}</span>').format(part)
