"""What people are told, in every language: one file each, all with the same keys.

How a text is written down: `{name}` is filled in, a part in square brackets goes if a name in it has no value, and a
bracketed part without a name is advice that goes when the text is too long for anything else. `{Name}` is `{name}`
with a capital. No name stands beside another one: some carriers refuse such templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One text: what is the matter, then how to answer where answers reach us, or what to do where they do not."""

    head: str
    reply: str = ""
    one_way: str = ""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The small parts from which values are made. `{n}`, `{h}`, `{m}` are numbers, `{span}` a span of time."""

    stop: str
    opening: str
    signed: str
    again: str
    link: str
    sick: str
    minutes: str
    hours: str
    hours_minutes: str
    days: str
    late: str
    late_most: str
    device_in: str
    joined: str
    with_note: str
    percent: str
    low: str
    somebody: str
    others: str
    device: str
    battery: str
    alert: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All words of one language. `remarks` are the words of a reply that say how it ended."""

    phrases: Phrases
    texts: Mapping[str, Text]
    what: Mapping[str, str]
    outcomes: Mapping[str, str]
    rooms: Mapping[str, str]
    devices: Mapping[str, str]
    remarks: Mapping[str, str]
