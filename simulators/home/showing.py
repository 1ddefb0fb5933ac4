"""How a simulated home is shown in a terminal: a line for each act, or JSON."""

import contextlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from simulators.home.happenings import Happening, Said
from simulators.home.scenarios import SCENARIOS, Scenario


@dataclass(frozen=True, slots=True)
class Shown:
    """Prints happenings: sentences in one language, with all messages if wanted, or everything as JSON lines."""

    zone: ZoneInfo
    language: str
    messages: bool = False
    as_json: bool = False

    def __call__(self, happening: Happening) -> None:
        """Print one happening, if it is to be shown."""
        line = self.line(happening)
        if line is not None:
            with contextlib.suppress(OSError):  # whoever read along has gone; the home goes on
                print(line, flush=True)

    def line(self, happening: Happening) -> str | None:
        """Return the line for a happening; None if it is not to be shown."""
        if self.as_json:
            return json.dumps(_plain(happening), ensure_ascii=False)
        at = happening.at.astimezone(self.zone).strftime("%m-%d %H:%M:%S")
        if not isinstance(happening, Said):
            text = happening.text(self.language)
            # A sentence begins with a capital; the id of a device stays as it is.
            is_word = text.split(" ", 1)[0].isalpha()
            return f"{at}  {text[:1].upper() + text[1:] if is_word else text}"
        if not self.messages:
            return None
        marks = f"QoS {happening.qos}{', retained' if happening.retain else ''}"
        return f"{at}    {happening.topic} {happening.payload}  [{marks}]"


def _plain(happening: Happening) -> dict[str, object]:
    """Return a happening as plain values; a message is what `carehub decode` reads."""
    at = happening.at.isoformat(timespec="milliseconds")
    if isinstance(happening, Said):
        return {
            "at": at,
            "topic": happening.topic,
            "payload": happening.payload,
            "qos": happening.qos,
            "retain": happening.retain,
        }
    return {"at": at, "what": happening.what, "zh": happening.zh, "en": happening.en}


def expectations(scenario: Scenario, language: str) -> Iterable[str]:
    """Return what a hub is expected to make of a scenario, as lines."""
    yield "预期：" if language.startswith("zh") else "Expected:"
    for sentence in scenario.expects(language):
        yield f"  - {sentence}"


def listing(language: str) -> Iterable[str]:
    """Return all scenarios with what is expected of each, as lines."""
    for scenario in SCENARIOS.values():
        yield f"{scenario.name}  {scenario.title(language)} ({scenario.begins:%H:%M})"
        for sentence in scenario.expects(language):
            yield f"    - {sentence}"


def say(lines: Iterable[str]) -> None:
    """Write lines beside the result, to standard error: standard output may be JSON."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)
