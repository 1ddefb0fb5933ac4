"""The console's words in one language: sentences from the catalogues, times, dates and numbers as people write them.

English is what stands in code and pages; `words/*.po` hold the Chinese, and a test finds what is missing there.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.alerts.catalogue import Catalogue
from hub.alerts.catalogue.en import ENGLISH
from hub.alerts.catalogue.zh_cn import CHINESE
from hub.homes import Home

_FOLDER = Path(__file__).parent / "words"
LANGUAGES = ("zh-CN", "en")
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


@cache
def _chinese() -> Mapping[str, str | tuple[str, ...]]:
    """Read all catalogues; done with the first page, an idle hub does without."""
    from babel.messages.pofile import read_po

    found: dict[str, str | tuple[str, ...]] = {}
    for path in sorted(_FOLDER.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if message.id and message.string and not message.fuzzy:
                    key = message.id[0] if isinstance(message.id, tuple) else message.id
                    found[str(key)] = message.string if isinstance(message.string, str) else tuple(message.string)
    return found


def load_words() -> None:
    """Load what the first page of each language would load."""
    _chinese()
    for language in LANGUAGES:
        words = Words(language, ZoneInfo("UTC"))
        words.date(datetime(2000, 1, 1, tzinfo=UTC))
        words.number(0)


class Words:
    """Words for one language and time zone."""

    def __init__(self, language: str, timezone: ZoneInfo) -> None:
        """Take `zh-CN` or `en`; anything else is English."""
        self.language = "zh-CN" if language.lower().startswith("zh") else "en"
        self.timezone = timezone

    @property
    def is_chinese(self) -> bool:
        """Whether the reader reads Chinese."""
        return self.language == "zh-CN"

    @property
    def catalogue(self) -> Catalogue:
        """The words of texts: rooms, outcomes, what happened."""
        return CHINESE if self.is_chinese else ENGLISH

    def say(self, text: str, **values: object) -> str:
        """Return a sentence, with `%(name)s` filled in."""
        if self.is_chinese:
            found = _chinese().get(text, text)
            text = found if isinstance(found, str) else found[0]
        return text % values if values else text

    def count(self, one: str, more: str, n: int, **values: object) -> str:
        """Return a sentence with a number, `%(n)s`."""
        if self.is_chinese:
            found = _chinese().get(one, one)
            text = found if isinstance(found, str) else found[0]
        else:
            text = one if n == 1 else more
        return text % {"n": n, **values}

    # --- time

    def clock(self, at: datetime) -> str:
        """Return the time of day to the second."""
        return f"{at.astimezone(self.timezone):%H:%M:%S}"

    def moment(self, at: datetime, now: datetime) -> str:
        """Return the time of day, with the date if it is another day."""
        local, today = at.astimezone(self.timezone), now.astimezone(self.timezone)
        if local.date() == today.date():
            return f"{local:%H:%M:%S}"
        return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"

    def date(self, at: datetime) -> str:
        """Return the day as the language writes it."""
        from babel.dates import format_date

        return format_date(at.astimezone(self.timezone), "medium", locale=self.language.replace("-", "_"))

    def number(self, value: float) -> str:
        """Return a number as the language writes it."""
        from babel.numbers import format_decimal

        return format_decimal(value, locale=self.language.replace("-", "_"))

    def span(self, length: timedelta) -> str:
        """Return a length of time in words: 42 s, 2 min 18 s, 3 h 10 min, 2 days."""
        seconds = max(0, int(length.total_seconds()))
        if seconds < 60:
            return self.say("%(s)s s", s=seconds)
        minutes, seconds = divmod(seconds, 60)
        if minutes < 60:
            return self.say("%(m)s min %(s)s s", m=minutes, s=seconds) if seconds else self.say("%(m)s min", m=minutes)
        hours, minutes = divmod(minutes, 60)
        if hours < 72:
            return self.say("%(h)s h %(m)s min", h=hours, m=minutes) if minutes else self.say("%(h)s h", h=hours)
        return self.count("%(n)s day", "%(n)s days", hours // 24)

    def countdown(self, left: timedelta) -> str:
        """Return what a countdown shows: 0:42, 6:34, 1:32:40; 0:00 when it is over."""
        seconds = max(0, int(left.total_seconds()))
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def channel(self, name: str) -> str:
        """Return what people call a channel; its own name if it is none of the usual ones."""
        word = {"sms": self.say("text"), "voice": self.say("call"), "call": self.say("call")}
        return word.get(name.partition("_")[0].partition("-")[0], name)

    # --- places

    @staticmethod
    def begin(text: str) -> str:
        """Return a name as it stands at the beginning: English rooms and devices begin with a capital letter there."""
        return text[:1].upper() + text[1:]

    def room(self, room: str | None, home: Home | None = None) -> str:
        """Return a room's name: the home's own, or the built-in one."""
        own = home.rooms.get(room or "") if home is not None else None
        return own or self.catalogue.rooms.get(room or "", room or "")
