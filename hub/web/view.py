"""What the template of a contact's page shows, and the pages that show no alert."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from hub.web.contact_history import Line
from hub.web.telling import Teller

# Pages without an alert show no time.
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What pages need from the settings of this hub. `sender` is who signs its texts, if anybody does."""

    language: str
    timezone: ZoneInfo
    public_url: str
    desk: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to do: a tap that is posted, or a number to call."""

    label: Markup
    tap: str = ""
    href: str = ""
    small: Markup | None = None
    main: bool = False
    watched: bool = False
    until: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the template shows; what is empty is left out. `tone` colours the top: red, amber, held or calm."""

    language: str
    title: str
    sender: Markup
    tone: str
    label: Markup
    head: Markup
    when: Markup
    shape: str = ""
    test: Markup | None = None
    notice: Markup | None = None
    now: Markup | None = None
    soft: Sequence[Markup] = ()
    buttons: Sequence[Button] = ()
    away: Sequence[Button] = ()
    away_head: Markup | None = None
    away_soft: Markup | None = None
    danger: Markup | None = None
    dial: Sequence[Button] = ()
    history_head: Markup | None = None
    history: Sequence[Line] = ()
    place_head: Markup | None = None
    place: Sequence[str] = ()
    foot: Sequence[Markup] = ()
    refresh: timedelta | None = None
    links: Sequence[Button] = ()


def bare_page(name: str, settings: PageSettings, language: str | None = None, *, retry: bool = False) -> View:
    """Return a page that shows no alert, and so tells a stranger nothing: expired, unknown, not_sent, sick, busy."""
    tell = Teller(language or settings.language, settings.timezone, _NEVER)
    href = dial(settings.desk)
    buttons = [Button(tell.say("call.number", number=settings.desk), href=href, main=True)] if href else []
    if retry:
        buttons.append(Button(tell.say("retry"), href="?"))
    head = tell.say(f"{name}.head")
    return View(
        tell.language,
        title=head.striptags(),
        sender=escape(settings.sender) if settings.sender else tell.say("from.nobody"),
        tone="calm",
        label=Markup(),
        head=head,
        when=tell.say(f"{name}.when"),
        soft=(tell.say(f"{name}.box" if href else f"{name}.box.plain"),),
        buttons=buttons,
    )


def dial(number: str | None) -> str:
    """Return the `tel:` address of a number as people write it."""
    digits = "".join(char for char in number or "" if char.isascii() and (char.isdigit() or char == "+"))
    return f"tel:{digits}" if digits else ""
