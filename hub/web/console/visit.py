"""One request of somebody who is signed in: who they are, what they may, in which words."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.accounts import Account, Right
from hub.homes import SITE, Home, Registry
from hub.web.console.words import Words


class Refused(Exception):
    """The account may not do this; the answer is a page that says so, and the try is recorded."""

    def __init__(self, right: Right, area: str | None = None, home_id: str | None = None) -> None:
        super().__init__(right)
        self.right, self.area, self.home_id = right, area, home_id


class NotFound(Exception):
    """There is no such home, alert or person, or it is none of this account's business: the same answer."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What handlers and templates know of the visitor. `csrf` stands in each form; `desk` is the duty desk's number."""

    account: Account
    registry: Registry
    words: Words
    now: datetime
    csrf: str
    site: str
    desk: str | None = None
    theme: str = ""  # "", "light", "dark"
    contrast: str = ""  # "", "more"
    large: bool = False
    keys: bool = True  # single keys act on alerts
    path: str = ""
    waiting: int = 0  # alerts that nobody has, for the number in the menu

    named: frozenset[str] = frozenset()  # whom a ladder names by id

    @property
    def timezone(self) -> ZoneInfo:
        """The site's time zone: a county has one."""
        return self.words.timezone

    @property
    def name(self) -> str:
        """What others call the visitor."""
        person = self.registry.people.get(self.account.person or "")
        return person.name if person else self.account.name

    def may(self, right: Right, area: str | None = None) -> bool:
        """Whether the visitor may do this in an area; None: anywhere."""
        return self.account.may(right, area)

    def require(self, right: Right, area: str | None = None, home_id: str | None = None) -> None:
        """Raise Refused unless the visitor may."""
        if not self.may(right, area):
            raise Refused(right, area, home_id)

    def home(self, home_id: str, right: Right = Right.SEE_HOMES) -> Home:
        """Return a home that the visitor may see, or do something about; raises NotFound, Refused."""
        home = self.registry.homes.get(home_id)
        if home is None:
            raise NotFound(home_id)
        self.require(right, home.area, home_id)
        return home

    def sees(self, home_id: str, right: Right = Right.SEE_ALERTS) -> bool:
        """Whether what hangs on this home, or on the site itself, is the visitor's business."""
        if home_id == SITE:
            return self.may(right)
        home = self.registry.homes.get(home_id)
        return home is not None and self.may(right, home.area)
