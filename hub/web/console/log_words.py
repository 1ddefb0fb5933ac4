"""The words of the log: what each event is called, and the groups that one can ask for."""

from collections.abc import Callable, Mapping

from hub.accounts import Right
from hub.web.console.words import Words

# What one can ask for, and the events that it means.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "refused": ("refused", "foreign_form", "sign_in_failed"),
    "looks": ("looked", "revealed", "revealed_phone", "revealed_health"),
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
        "refused": words.say("Refused"),
        "looks": words.say("Looks at homes"),
        "signing": words.say("Signing in and out"),
        "accounts": words.say("Accounts"),
    }[group]


# Each event as the log says it; the person stands in front.
_EVENTS: Mapping[str, Callable[[Words], str]] = {
    "looked": lambda w: w.say("looked at the page of the home"),
    "revealed": lambda w: w.say("had masked data shown"),
    "revealed_phone": lambda w: w.say("had a whole number shown"),
    "revealed_health": lambda w: w.say("had an illness shown"),
    "refused": lambda w: w.say("was refused"),
    "foreign_form": lambda w: w.say("sent a form that was not ours or too old; refused"),
    "away": lambda w: w.say("said that nobody is at home"),
    "back": lambda w: w.say("said that somebody is back"),
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
}


def event_words(event: str, words: Words) -> str:
    """Return what happened; an event without words of its own by its name."""
    known = _EVENTS.get(event)
    return known(words) if known else event.replace("_", " ")


_FIELDS: Mapping[str, Callable[[Words], str]] = {
    "roles": lambda w: w.say("Roles"),
    "areas": lambda w: w.say("Areas"),
    "person": lambda w: w.say("Who it is"),
    "language": lambda w: w.say("Language"),
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


def detail_words(detail: Mapping[str, str], words: Words) -> str:
    """Return the rest of what was recorded; ids that the line shows elsewhere are left out."""
    said = []
    for key, value in detail.items():
        if key in ("account",) or not value:
            continue
        if key == "right" and value in set(Right):
            said.append(_RIGHTS[Right(value)](words))
        elif key in ("name", "path", "until"):
            said.append(value)
        else:
            said.append(f"{field_words(key, words)}: {value}")
    return " · ".join(said)
