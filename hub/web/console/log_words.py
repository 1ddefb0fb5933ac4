"""The words of the log: what each event is called, and the groups that one can ask for."""

from collections.abc import Callable, Mapping
from datetime import datetime

from hub.accounts import Right
from hub.web.console import edit_words
from hub.web.console.words import Words

# What one can ask for, and the events that it means.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "edited": tuple(event for event in edit_words.EVENTS if not event.endswith("_looked")),
    "refused": ("refused", "foreign_form", "sign_in_failed"),
    "looks": ("looked", "person_looked", "numbers", "revealed_phone", "revealed_health"),
    "modes": ("away", "back", "mode_ended", "visitor", "hospital", "maintenance", "test", "test_ended", "signed"),
    "signing": ("signed_in", "signed_out", "sign_in_failed", "password_chosen", "password_changed"),
    "accounts": (
        "account_made",
        "account_changed",
        "account_disabled",
        "account_enabled",
        "account_link",
        "account_signed_out",
        "first_link",
        "token_made",
        "token_revoked",
    ),
}


def group_words(group: str, words: Words) -> str:
    """Return what a group of events is called."""
    return {
        "edited": words.say("Homes and people edited"),
        "refused": words.say("Refused"),
        "looks": words.say("Looks at homes"),
        "modes": words.say("Modes and tests of homes"),
        "signing": words.say("Signing in and out"),
        "accounts": words.say("Accounts"),
    }[group]


# Each event as the log says it; the person stands in front.
_EVENTS: Mapping[str, Callable[[Words], str]] = {
    **edit_words.EVENTS,
    "looked": lambda w: w.say("looked at the page of the home"),
    "numbers": lambda w: w.say("had the numbers for an alert shown"),
    "revealed_phone": lambda w: w.say("had a whole number shown"),
    "revealed_health": lambda w: w.say("had an illness shown"),
    "refused": lambda w: w.say("was refused"),
    "foreign_form": lambda w: w.say("sent a form that was not ours or too old; refused"),
    "away": lambda w: w.say("said that nobody is at home"),
    "back": lambda w: w.say("said that somebody is back"),
    "mode_ended": lambda w: w.say("said that the home is as always"),
    "visitor": lambda w: w.say("said that the home has visitors"),
    "hospital": lambda w: w.say("said that the resident is in hospital"),
    "maintenance": lambda w: w.say("said that the home is worked on"),
    "test": lambda w: w.say("began a test of the home"),
    "test_ended": lambda w: w.say("ended a test of the home"),
    "signed": lambda w: w.say("signed the result of a test"),
    "signed_in": lambda w: w.say("signed in"),
    "signed_out": lambda w: w.say("signed out"),
    "sign_in_failed": lambda w: w.say("wrong password"),
    "password_chosen": lambda w: w.say("chose a password by a one-time link"),
    "password_changed": lambda w: w.say("changed the password"),
    "account_made": lambda w: w.say("made an account"),
    "account_changed": lambda w: w.say("changed an account"),
    "account_disabled": lambda w: w.say("disabled an account"),
    "account_enabled": lambda w: w.say("enabled an account"),
    "account_link": lambda w: w.say("made a one-time link for an account"),
    "account_signed_out": lambda w: w.say("signed an account out everywhere"),
    "first_link": lambda w: w.say("made a one-time link for the first administrator"),
    "token_made": lambda w: w.say("made a token for a program"),
    "token_revoked": lambda w: w.say("revoked a token of a program"),
}


def event_words(event: str, words: Words) -> str:
    """Return what happened; an event without words of its own by its name."""
    known = _EVENTS.get(event)
    return known(words) if known else event.replace("_", " ")


_FIELDS: Mapping[str, Callable[[Words], str]] = {
    **edit_words.FIELDS,
    "roles": lambda w: w.say("Roles"),
    "areas": lambda w: w.say("Areas"),
    "person": lambda w: w.say("Who it is"),
    "language": lambda w: w.say("Language"),
    "alert": lambda w: w.say("Alert"),
    "as": lambda w: w.say("as"),
}


def field_words(field: str, words: Words) -> str:
    """Return what a changed field is called; one without words of its own by its key."""
    known = _FIELDS.get(field)
    return known(words) if known else field


_RIGHTS: Mapping[Right, Callable[[Words], str]] = {
    Right.SEE_ALERTS: lambda w: w.say("see alerts"),
    Right.ACT: lambda w: w.say("act on alerts"),
    Right.SEE_HOMES: lambda w: w.say("see homes"),
    Right.SEE_PHONES: lambda w: w.say("see whole numbers"),
    Right.SEE_HEALTH: lambda w: w.say("see illnesses"),
    Right.SET_MODE: lambda w: w.say("set a home's mode"),
    Right.TEST_HOMES: lambda w: w.say("test homes"),
    Right.EDIT_DEVICES: lambda w: w.say("edit devices"),
    Right.EDIT_HOMES: lambda w: w.say("edit homes and people"),
    Right.IMPORT: lambda w: w.say("import homes"),
    Right.SEE_SYSTEM: lambda w: w.say("see how the hub fares"),
    Right.SEE_LOG: lambda w: w.say("see the log"),
    Right.MANAGE_ACCOUNTS: lambda w: w.say("manage accounts"),
}


# Shown elsewhere in the line, or of no use to a reader.
_LEFT_OUT = frozenset({"account", "version", "page", "test", "token_id"})
_AS_IT_IS = frozenset({"name", "path", "id", "person"})


def right_words(right: Right, words: Words) -> str:
    """Return what somebody with this right can do."""
    return _RIGHTS[right](words)


def detail_words(detail: Mapping[str, str], words: Words, now: datetime) -> str:
    """Return the rest of what was recorded."""
    parts = [_part(key, value, words, now) for key, value in detail.items() if value and key not in _LEFT_OUT]
    return " · ".join(parts)


def _part(key: str, value: str, words: Words, now: datetime) -> str:
    if key == "right" and value in set(Right):
        return right_words(Right(value), words)
    if key == "scopes":
        return words.say(", ").join(right_words(Right(one), words) for one in value.split() if one in set(Right))
    if key == "passed":
        return words.say("not passed") if value in ("0", "False") else words.say("passed")
    if key == "token":
        return words.say("by a program")
    if key == "until":
        try:
            return words.say("until %(moment)s", moment=words.moment(datetime.fromisoformat(value), now))
        except ValueError:
            return value
    if key == "failures":
        return words.count("%(n)s in a row", "%(n)s in a row", int(value) if value.isdigit() else 0)
    if key == "browsers":
        return words.count("%(n)s browser", "%(n)s browsers", int(value) if value.isdigit() else 0)
    return value if key in _AS_IT_IS else f"{field_words(key, words)}: {value}"
