"""The page of one alert for one person: its token, what it shows, and what a tap on it does."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hub.alerts.alert import Alert, Entry, Stage
from hub.alerts.change import Change
from hub.alerts.events import NeedHelp
from hub.alerts.links import LASTS, Said, Tap, events
from hub.alerts.notification import Notification
from hub.decide import act
from hub.engine.modes import set_away
from hub.engine.work import Work
from hub.homes import Home, Person, Registry
from hub.ports import PageLink, Transaction

PATH = "/a/"
# What may stand in the path: 16 bytes in base64url, without its padding.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_TOKEN_BYTES = 16


class NoSuchLink(LookupError):
    """No link has this token, or what it led to is gone: the same answer for a forged one and for a foreign one."""


class LinkExpired(Exception):
    """The link was right once."""

    def __init__(self, person: Person | None) -> None:
        """`person`: whose link it was, for the language of the answer."""
        super().__init__()
        self.person = person


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the page of one person may be made of."""

    now: datetime
    person: Person
    alert: Alert
    home: Home | None
    history: tuple[Entry, ...]
    sent: tuple[Notification, ...]
    names: Mapping[str, str]
    expires_at: datetime


class Links:
    """Makes the tokens. They come from a key and are stored nowhere, so a text can be made again word by word."""

    def __init__(self, key: bytes, public_url: str) -> None:
        """`key`: the site's own secret; `public_url`: where phones find this hub."""
        self._key = key
        self.public_url = public_url.rstrip("/")

    def __repr__(self) -> str:
        return f"Links({self.public_url!r})"

    def token(self, alert_id: str, person_id: str) -> str:
        """Return the token that opens this alert for this person: 128 bits that nobody without the key can make."""
        what = "\0".join(("page", alert_id, person_id)).encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, what, "sha256")[:_TOKEN_BYTES]).decode().rstrip("=")

    def url(self, message: Notification) -> str:
        """Return the address that stands in a text with a link."""
        return f"{self.public_url}{PATH}{self.token(message.alert_id or '', message.person_id or '')}"

    def keep(self, work: Work, message: Notification) -> None:
        """Note what the link of this message opens, so that it opens it when the text arrives."""
        if message.alert_id and message.person_id:
            token = digest(self.token(message.alert_id, message.person_id))
            link = PageLink(token, message.alert_id, message.person_id, work.now, work.now + LASTS)
            work.transaction.save_link(link)


def digest(token: str) -> bytes:
    """Return what is kept of a token. Looking for it compares no secret, so it takes no time that tells anything."""
    return hashlib.sha256(b"carehub page\0" + token.encode()).digest()


def is_token(text: str) -> bool:
    """Whether this has the shape of a token."""
    return _TOKEN.fullmatch(text) is not None


def look(transaction: Transaction, registry: Registry, token: str, now: datetime) -> Sight:
    """Return what a page shows; changes nothing. Raises NoSuchLink, LinkExpired."""
    link, person = _opened(transaction, registry, token, now)
    alert = transaction.alert(link.alert_id)
    if alert is None or alert.id != link.alert_id:
        raise NoSuchLink
    return Sight(
        now,
        person,
        alert,
        registry.homes.get(alert.home_id),
        tuple(transaction.history(alert.id)),
        tuple(transaction.notifications(alert.id)),
        registry.names,
        link.expires_at,
    )


def tap(work: Work, token: str, what: Tap, *, watched: bool = False, until: datetime | None = None) -> Said:
    """Do what a person tapped; return what the page answers. Raises NoSuchLink, LinkExpired."""
    link, person = _opened(work.transaction, work.world.registry, token, work.now)
    found = work.transaction.alert(link.alert_id)
    if found is None or found.id != link.alert_id:
        raise NoSuchLink
    alert = work.hold(found)
    wanted, said = events(alert, person.id, what, watched=watched)
    if alert.stage is Stage.RESOLVED and any(isinstance(event, NeedHelp) for event in wanted):
        alert = _same_again(work, alert)
    change = Change(alert)
    for event in wanted:
        change = change.then(act(change.alert, event, work.world, work.now, work.sent(alert.id)))
    if wanted:
        work.take(_quiet(change, person.id))
    if what is Tap.AWAY and said is Said.DONE and until is not None:
        set_away(work, alert.home_id, until, person.id)
    return said


def _opened(transaction: Transaction, registry: Registry, token: str, now: datetime) -> tuple[PageLink, Person]:
    link = transaction.link(digest(token)) if is_token(token) else None
    if link is None:
        raise NoSuchLink
    person = registry.people.get(link.person_id)
    if link.expires_at <= now:
        raise LinkExpired(person)
    if person is None:
        raise NoSuchLink
    return link, person


def _same_again(work: Work, alert: Alert) -> Alert:
    """Return the alert that asks for the same now, if this one was closed and another one came after it."""
    later = (a for a in work.of(alert.home_id) if a.cause == alert.cause and a.stage is not Stage.RESOLVED)
    return next(later, alert)


def _quiet(change: Change, person: str) -> Change:
    """Leave out the text that answers whoever tapped, the page does; of an end nobody hears twice."""
    ended = change.alert.stage is Stage.RESOLVED
    tells = tuple(
        tell
        for tell in change.tells
        if not (tell.person == person and tell.key.startswith("answer.")) and not (ended and tell.key == "arrived")
    )
    return replace(change, tells=tells)
