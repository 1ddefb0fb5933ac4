"""The words people get: a key and facts in, one finished text out."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub.alerts.catalogue import Catalogue, Phrases, Text
from hub.alerts.catalogue.en import ENGLISH
from hub.alerts.catalogue.zh_cn import CHINESE
from hub.alerts.limits import GSM_PART, GSM_SINGLE, UCS2_PART, UCS2_SINGLE, cut, fold, septets, units
from hub.alerts.shorten import ADVICE, address_forms, list_forms, name_forms, names, shorten

Facts = Mapping[str, str | int]

# Texts that ask somebody to come or to act: they carry the round, and can carry a link.
CALLS = frozenset(
    {"sos", "sos.late", "sos.late.most", "call", "gas", "smoke", "co", "fall", "leak", "inactivity", "wandering"}
    | {"unproven", "unheard", "unheard.homes", "tamper", "fault"}
    | {"silent", "battery", "mains", "gateway", "area", "unknown", "still_active", "nobody_reachable", "empty_step"}
    | {"session_lost", "database_lost", "restored"}
    | {"qos0", "unreadable", "channel_refused", "stranger_code", "config_differs"}
    | {"lapsed.others", "need_help", "nobody", "other"}
)
KEYS = frozenset(CHINESE.texts) | {f"{key}.link" for key in CALLS} | {"sick"}

_HAZARDS = frozenset({"gas", "smoke", "co", "fall", "leak"})
_DEVICE_OF = {"sos": "button", "call": "button", **{kind: kind for kind in _HAZARDS}}
_KIND_CALLS = {"button": "sos", **{kind: kind for kind in _HAZARDS}}
# What the words of a reply stand for, so that everybody reads them in their own language.
_REMARKS = {
    word.casefold(): remark
    for catalogue in (CHINESE, ENGLISH)
    for remark, word in catalogue.remarks.items()
} | {"done": "handled"}  # fmt: skip
# A signature is at most this long with the carriers that want one.
_LONGEST_SIGNATURE = 12
_LONGEST_DESK = 16
_LONGEST_NAME = 60
# A link is never cut; a longer one than this takes a part more.
LONGEST_LINK = 60
# How other names than that of the person in need are shortened.
_PERSON = (16, 12, 8, 6, 4)
_LINK = re.compile(r"(?:https?|ftp)://\S*|\bwww\.\S*", re.IGNORECASE)


class _Setting(NamedTuple):
    """What a text depends on beside its facts."""

    words: Catalogue
    timezone: ZoneInfo
    now: datetime | None
    desk: str


def render(
    key: str,
    facts: Facts,
    *,
    language: str,
    timezone: ZoneInfo,
    replies: bool,
    signature: str | None = None,
    desk: str | None = None,
    round: int = 1,
    now: datetime | None = None,
) -> str:
    """Return one text, ready to be sent.

    `facts` are language-neutral: ISO times, codes of rooms, kinds and outcomes. What is missing is left out; a key
    that does not exist becomes a plain call to act, since no text at all would be worse. `replies`: whether an
    answer can reach us.

    Length: Chinese at most 70 UTF-16 units with the signature. English at most 160 in the GSM alphabet; with a name
    that it cannot spell (accents are dropped, Han is not) at most 134 UTF-16 units, two parts. A text with a link:
    one part more, and all but the link stands before that. The address is shortened first, then the room goes; the
    code and how to answer always stay, and a name of up to 20 characters is cut only when all else is gone.
    """
    words = CHINESE if language.lower().startswith("zh") else ENGLISH
    setting = _Setting(words, timezone, now, _clean(desk or "", _LONGEST_DESK))
    text, linked = _text(key, facts, words)
    signed = _clean(signature or "", _LONGEST_SIGNATURE)
    opening = words.phrases.opening or (words.phrases.signed.format(signature=signed) if signed else "")
    if round > 1 and key.removesuffix(".link") in CALLS | {"sick"}:
        opening += words.phrases.again.format(n=_number(round))
    ending = words.phrases.link if linked else (text.reply if replies else text.one_way)
    if linked or key == "sick":
        ending = _stop(text.head, words) + ending
    forms = _forms(_Said(facts, setting, text), names(text.head + ending))

    def finished(body: str) -> str:
        whole = opening + body.strip()
        return fold(whole) if words is ENGLISH else whole

    link = forms["link"][0] if linked else ""
    return finished(shorten(text.head + ending, forms, lambda body: _fits(finished(body), words, link)))


def _text(key: str, facts: Facts, words: Catalogue) -> tuple[Text, bool]:
    """Return the text for the key, and whether it ends with a link."""
    linked = key.endswith(".link") and key.removesuffix(".link") in CALLS
    key = key.removesuffix(".link") if linked else key
    sick = key == "sick"
    if sick:
        key = str(facts.get("what")) if facts.get("what") in _HAZARDS | {"sos", "call", "unknown"} else "other"
    if key in ("sos", "sos.late") and "mins" in facts:
        key = "sos.late.most" if facts.get("late_max") else "sos.late"
    if key == "again" and facts.get("what") in _HAZARDS:
        key = "again.hazard"
    text = words.texts.get(key) or words.texts["other"]
    if sick:
        text = Text(text.head, words.phrases.sick, words.phrases.sick)
    return text, linked


def _stop(head: str, words: Catalogue) -> str:
    """Return the full stop that a sentence needs before another one, where it has none."""
    return "" if head.rstrip("]").endswith((words.phrases.stop, "?")) else words.phrases.stop


def _fits(text: str, words: Catalogue, link: str) -> bool:
    """Whether a finished text keeps its limit; with a link, the first part must say all the rest."""
    length = septets(text) if words is ENGLISH else None
    if not link:
        if length is not None:
            return length <= GSM_SINGLE
        return units(text) <= (2 * UCS2_PART if words is ENGLISH else UCS2_SINGLE)
    size, part = (units(text), UCS2_PART) if length is None else (length, GSM_PART)
    if length is None and words is ENGLISH:
        size -= part  # English needs twice the room: one part more
    before = size - len(link) - len(words.phrases.link.removesuffix("{link}"))
    return before <= part and (size <= 2 * part or len(link) > LONGEST_LINK)


# --- facts into words -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """The facts of one text, each made presentable when it is first asked for: most texts need few of them."""

    facts: Facts
    setting: _Setting
    text: Text
    _clean: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """Return a fact on one line, at most 200 units."""
        if name not in self.facts:
            return default
        if name not in self._clean:
            self._clean[name] = _clean(self.facts[name], 200)
        return self._clean[name]

    @property
    def phrases(self) -> Phrases:
        """The words around the facts."""
        return self.setting.words.phrases

    @property
    def who(self) -> str:
        """Whom it is about; a place if there is nobody."""
        return self.get("who") or self.get("addr")

    @property
    def room(self) -> str:
        """The room's name."""
        known = self.setting.words.rooms.get(self.get("room"))
        return _clean(known or self.get("room_name") or self.get("room"), 20)

    def place(self, *, has_address: bool) -> tuple[str, ...]:
        """Return whom it is about, if there is an address or none, as asked."""
        return (*_FORMS["who"](self), "") if bool(self.get("addr")) is has_address else ("",)

    def number(self, name: str) -> tuple[str, ...]:
        """Return a count; empty if none was given."""
        return (_number(self.facts[name]), "") if name in self.facts else ("",)

    def late(self) -> tuple[str, ...]:
        """Return how late a press is told."""
        if "mins" not in self.facts:
            return ("",)
        phrase = self.phrases.late_most if self.facts.get("late_max") else self.phrases.late
        return (phrase.format(span=_span(self.facts["mins"], self.setting.words)), "")


_Form = Callable[[_Said], tuple[str, ...]]


def _name(name: str) -> _Form:
    return lambda said: (*name_forms(said.get(name), (20, 12, 8)), "")


def _other(name: str) -> _Form:
    return lambda said: name_forms(said.get(name) or said.phrases.others, _PERSON)


def _short(name: str, length: int = 4) -> _Form:
    return lambda said: (cut(said.get(name), length),)


def _count(name: str) -> _Form:
    return lambda said: said.number(name)


def _time(name: str) -> _Form:
    return lambda said: _moment(said.get(name), said.setting)


# What each name in a text stands for, with its shorter forms; a name that is not here is a fact as it was given.
_FORMS: Mapping[str, _Form] = {
    "who": lambda said: name_forms(cut(said.who, _LONGEST_NAME) or said.phrases.somebody, range(20, 3, -1)),
    "addr": lambda said: address_forms(said.get("addr")) if said.get("addr") not in ("", said.who) else ("",),
    "room": lambda said: (said.room, ""),
    "what": lambda said: (_what(said), ""),
    "dev": lambda said: name_forms(_device(said), (20, 12, 8), _least_device(said)),
    "list": lambda said: list_forms(
        [item for item in re.split(r"\s*[、,，;]\s*", said.get("list")) if item], said.phrases.joined
    ),
    "outcome": lambda said: _outcome(said),
    "note": lambda said: _note(said),
    "desk": lambda said: (said.setting.desk,),
    "link": lambda said: ("".join(str(said.facts.get("link", "")).split()),),
    "tail": lambda said: ("".join(char for char in said.get("number") if char.isdigit())[-4:],),
    "pct": lambda said: (
        said.phrases.percent.format(n=_number(said.facts["pct"])) if "pct" in said.facts else said.phrases.low,
    ),
    "type": lambda said: (cut(said.get("type"), 12) or said.phrases.battery, said.phrases.battery),
    ADVICE: lambda _: (ADVICE, ""),
    "home": lambda said: said.place(has_address=True),
    "site": lambda said: said.place(has_address=False),
    "by": lambda said: name_forms(said.get("by") or said.phrases.somebody, _PERSON),
    **{name: _other(name) for name in ("next", "who2")},
    **{name: _name(name) for name in ("area", "channel", "error")},
    **{name: _short(name) for name in ("code", "code2", "ref")},
    "pin": _short("pin", 8),
    **{name: _count(name) for name in ("n", "h", "h2")},
    **{name: _time(name) for name in ("at", "eta", "end", "from", "to")},
    "span": lambda said: (_span(said.facts["mins"], said.setting.words) if "mins" in said.facts else "",),
    "late": lambda said: said.late(),
}


def _forms(said: _Said, wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    return {name: _FORMS[name](said) if name in _FORMS else (cut(said.get(name), 40),) for name in wanted}


def _clean(value: str | int, longest: int) -> str:
    """Return the value on one line, without what is invisible, turns direction, or looks like a signature or link."""
    text = unicodedata.normalize("NFC", str(value)[: 4 * longest])
    if not text.isprintable():
        text = "".join(" " if char.isspace() else char for char in text)
        text = "".join(char for char in text if unicodedata.category(char)[0] != "C")
    text = text.replace("【", " ").replace("】", " ")
    return cut(" ".join(_LINK.sub(" ", text).split()), longest)


def _number(value: str | int) -> str:
    """Return a count; what no count is, and more than anybody counts, as 999+."""
    digits = str(value)
    return digits if digits.isdecimal() and len(digits) <= 3 else "999+"


def _is_stray(said: _Said) -> bool:
    """Whether the text is about a device that nobody configured: it has only the name that it calls itself."""
    return said.text.head == said.setting.words.texts["unknown"].head


def _what(said: _Said) -> str:
    what = said.get("what").partition(".")[0]
    if what == "unknown":
        what = _KIND_CALLS.get(said.get("device_kind"), "unknown") if _is_stray(said) else what
    return said.setting.words.what.get(what, said.phrases.alert)


def _device(said: _Said) -> str:
    """Return what a device is called: by kind and room if it is known, else as it calls itself."""
    devices = said.setting.words.devices
    kind = said.get("device_kind") or _DEVICE_OF.get(said.get("what"), "")
    if _is_stray(said) or kind not in devices:
        return cut(said.get("dev"), 40) or _least_device(said)
    if not said.room or "{room}" in said.text.head:
        return devices[kind]
    return said.phrases.device_in.format(room=said.room, device=devices[kind])


def _least_device(said: _Said) -> str:
    return "" if _is_stray(said) else said.phrases.device


def _note(said: _Said) -> tuple[str, ...]:
    note, remarks = said.get("note"), said.setting.words.remarks
    remark = _REMARKS.get(note.casefold())
    return (remarks[remark],) if remark else (*name_forms(cut(note, 40), (20, 12, 8)), "")


def _outcome(said: _Said) -> tuple[str, ...]:
    """Return how it ended, with the words somebody added; these are shortened first."""
    words = said.setting.words
    outcome, notes = words.outcomes.get(said.get("outcome"), ""), _note(said)
    if not outcome:
        return notes if notes[-1] == "" else (*notes, "")
    both = [words.phrases.with_note.format(outcome=outcome, note=note) for note in notes if note]
    return (*both, outcome, "")


def _moment(value: str, setting: _Setting) -> tuple[str, ...]:
    """Return an ISO 8601 instant in local time, with the date if it is not today; empty if it is none."""
    try:
        at = datetime.fromisoformat(value)
        local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(setting.timezone)
        today = setting.now.astimezone(setting.timezone) if setting.now else local
    except (ValueError, OverflowError):
        return ("",)
    if local.date() == today.date():
        return f"{local:%H:%M}", ""
    if abs(local - today) > timedelta(days=300):
        return f"{local:%Y-%m-%d}", ""
    return f"{local:%m-%d %H:%M}", f"{local:%H:%M}", ""


def _span(minutes: str | int, words: Catalogue) -> str:
    """Return a span as people say it: minutes up to an hour, then hours and minutes, then days."""
    total = max(0, int(minutes)) if str(minutes).lstrip("-").isdecimal() else 0
    hours, rest = divmod(total, 60)
    if total <= 60:
        return words.phrases.minutes.format(m=total)
    if hours >= 100:
        return words.phrases.days.format(n=_number(hours // 24))
    return (words.phrases.hours_minutes if rest else words.phrases.hours).format(h=hours, m=rest)
