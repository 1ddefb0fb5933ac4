"""The form that says what a home is in until when: its choices, and what was chosen. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from hub.engine.modes import LONGEST
from hub.homes import HomeMode
from hub.web.console.words import Words

# A test of a home has pages of its own.
MODES = (HomeMode.AWAY, HomeMode.VISITOR, HomeMode.HOSPITAL, HomeMode.MAINTENANCE)
AS_ALWAYS, OWN_TIME = "home", "at"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EVENING, _NOON = 18, 12

Say = Callable[[Words], str]
# Spans are counted on the clock on the wall: "in three days" is the same time of day, whatever the clocks do.
PRESETS: Mapping[str, tuple[Say, Callable[[datetime], datetime]]] = {
    "1h": (lambda w: w.say("1 hour"), lambda now: now + _HOUR),
    "2h": (lambda w: w.say("2 hours"), lambda now: now + 2 * _HOUR),
    "4h": (lambda w: w.say("4 hours"), lambda now: now + 4 * _HOUR),
    "8h": (lambda w: w.say("8 hours"), lambda now: now + 8 * _HOUR),
    "evening": (lambda w: w.say("until 18:00, the next one"), lambda now: _next(now, _EVENING)),
    "noon": (lambda w: w.say("until tomorrow 12:00"), lambda now: _at(now + _DAY, _NOON)),
    "3d": (lambda w: w.say("3 days"), lambda now: now + 3 * _DAY),
    "7d": (lambda w: w.say("7 days"), lambda now: now + 7 * _DAY),
    "30d": (lambda w: w.say("30 days"), lambda now: now + 30 * _DAY),
}
_HOURLY = frozenset({"1h", "2h", "4h", "8h"})


class NotATime(ValueError):
    """What the form says is no end of a mode; the text is one sentence for whoever sent it."""


def choices(words: Words) -> list[tuple[str, str]]:
    """Return the ends that can be chosen, with their words."""
    return [(name, called(words)) for name, (called, _) in PRESETS.items()]


def chosen(form: Mapping[str, str], now: datetime, words: Words) -> tuple[HomeMode | None, datetime | None]:
    """Return the mode and its end in UTC; (None, None): as always. Raises NotATime."""
    wanted = form.get("mode", "")
    if wanted == AS_ALWAYS:
        return None, None
    if wanted not in MODES:
        raise NotATime(words.say("Choose what the home is in."))
    mode, until = HomeMode(wanted), _end(form, now, words)
    if until <= now:
        raise NotATime(words.say("That time is past. Choose one that lies ahead."))
    if until > now + LONGEST[mode]:
        if mode is HomeMode.MAINTENANCE:
            raise NotATime(words.say("Maintenance lasts 8 hours at most. Choose an earlier end; it can be set anew."))
        raise NotATime(words.say("That is more than a year ahead. Choose an earlier end."))
    return mode, until


def _end(form: Mapping[str, str], now: datetime, words: Words) -> datetime:
    until, own = form.get("until", ""), form.get("at", "").strip()
    if until in _HOURLY:
        return PRESETS[until][1](now)
    local = now.astimezone(words.timezone)
    if until in PRESETS:
        return PRESETS[until][1](local).astimezone(UTC)
    if until != OWN_TIME:
        raise NotATime(words.say("Choose until when."))
    try:
        # A browser writes no zone: it is the site's own.
        said = datetime.strptime(own[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=words.timezone)
        return said.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotATime(words.say("Write date and time of the end, for example 2026-11-24 18:00.")) from None


def _at(local: datetime, hour: int) -> datetime:
    return local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)


def _next(local: datetime, hour: int) -> datetime:
    found = _at(local, hour)
    return found if found > local else _at(local + _DAY, hour)
