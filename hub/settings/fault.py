"""What is wrong with a configuration: one sentence each, in either language, with the place to look at."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hub.settings.sentences import SENTENCES, Phrase

# A line of a file, or the name of the environment variable that gave the value.
Place = int | str

Fact = str | int | Phrase | Sequence[str]

_LONGEST_VALUE = 60
_LONGEST_LIST = 20
_MOST_HINTS = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake. `line` counts from 1; None when it is about the whole file, or an environment variable."""

    path: str
    line: int | None
    sentence: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.say("en")

    def say(self, language: str) -> str:
        """Return the whole line in `en` or `zh-CN`: where, what, what is allowed, what to do."""
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where} {self.text(language)}" if language.startswith("zh") else f"{where}: {self.text(language)}"

    def text(self, language: str) -> str:
        """Return the sentence without its place, for whoever shows it there."""
        chinese = language.startswith("zh")
        template = SENTENCES[self.sentence][1 if chinese else 0]
        return template.format_map({name: _render(fact, chinese=chinese) for name, fact in self.facts.items()})


class ConfigurationError(Exception):
    """The configuration cannot be used; `faults` holds all mistakes, `warnings` what else was noticed."""

    def __init__(self, faults: Sequence[Fault], warnings: Sequence[Fault] = (), language: str = "en") -> None:
        """Keep all faults; `language` is that of the site, as far as it could be read."""
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = list(faults)
        self.warnings = list(warnings)
        self.language = language


class Wrong(ValueError):
    """One value is wrong; whoever reads its section adds the place and the subject."""

    def __init__(self, sentence: str, **facts: Fact) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


@dataclass
class Report:
    """Collects the faults and warnings of one file."""

    path: str
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def fault(self, place: Place | None, sentence: str, **facts: Fact) -> None:
        """Add a mistake."""
        self.faults.append(self._at(place, sentence, facts))

    def warn(self, place: Place | None, sentence: str, **facts: Fact) -> None:
        """Add something that may be meant so."""
        self.warnings.append(self._at(place, sentence, facts))

    def _at(self, place: Place | None, sentence: str, facts: Mapping[str, Fact]) -> Fault:
        if isinstance(place, str):
            return Fault(place, None, sentence, facts)
        return Fault(self.path, place, sentence, facts)

    def where(self, place: Place) -> str:
        """Return a place as it is shown inside another fault."""
        return place if isinstance(place, str) else f"{self.path}:{place}"


def closest(word: str, allowed: Iterable[str]) -> list[str]:
    """Return `allowed`, the most similar to `word` first when there is a similar one."""
    words = tuple(allowed)
    near = _near(word, words, 3)
    return [*near, *(each for each in words if each not in near)]


def hint(word: str, allowed: Collection[str]) -> Phrase:
    """Return the clause that asks whether a similar word was meant, or nothing."""
    # Among thousands of ids every word has a neighbour, and to find it for thousands of mistakes takes minutes.
    near = _near(word.lower(), tuple(sorted(allowed)), 1) if len(allowed) <= _MOST_HINTS else ()
    return Phrase(f'; did you mean "{near[0]}"?', f"，是不是“{near[0]}”？") if near else Phrase(".", "。")


@lru_cache(maxsize=256)  # a mistake copied into ten thousand homes is looked up once
def _near(word: str, words: tuple[str, ...], count: int) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(word[:_LONGEST_VALUE], words, n=count, cutoff=0.6))


def shown(value: object) -> str:
    """Return a value as it may stand in a sentence: on one line, and not too long."""
    text = value if isinstance(value, str) else str(value)
    text = text[: _LONGEST_VALUE + 1]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _render(fact: Fact, *, chinese: bool) -> str:
    if isinstance(fact, Phrase):
        return fact.chinese if chinese else fact.english
    if isinstance(fact, (str, int)):
        return shown(fact)
    items = [shown(item) for item in fact[:_LONGEST_LIST]]
    if len(fact) > _LONGEST_LIST:
        items.append("…")
    return ("、" if chinese else ", ").join(items)
