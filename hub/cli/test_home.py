"""`carehub test-home`: each device of a home must speak; presses go to the tester; beside a running hub."""

import asyncio
import json
import shutil
import signal
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.alert_lines import DESK
from hub.cli.failure import FAILED, USAGE, fail, say
from hub.cli.place import ConfigOption, JsonOption, configuration, language

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.homes import Home
    from hub.settings import Configuration
    from hub.walktest import WalkTest
    from hub.web.console.probes import Line

LOOK_EVERY_S = 0.5
_MARKS = {"passed": "[ok]", "failed": "[!!]", "waiting": "[..]"}


def run_test(
    home: Annotated[str, typer.Argument(metavar="HOME", help="The home's id.")],
    tester: Annotated[
        str | None,
        typer.Option(
            metavar="PERSON",
            help="Who stands beside the devices and is told of presses. Default: the first of the home's staff.",
        ),
    ] = None,
    minutes: Annotated[
        int, typer.Option(metavar="N", min=1, max=240, help="End by itself after so many minutes.")
    ] = 30,
    buttons: Annotated[bool, typer.Option("--buttons", help="Only the buttons that call, as every week.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test a home: each device must speak and do its part; what is wrong is said at once.

    The first press of each button, and the first alarm of each detector, goes to the tester alone: confirm it with
    Enter, or by replying 1, within 60 s. Whatever nobody confirms, and any second press, is real: the family is called.
    The test ends when all passed, with Ctrl-C, or by itself. It ends with 0 if all passed, with 1 if not.
    """
    loaded = configuration(config)

    async def run() -> bool:
        from hub.cli.opened import opened

        async with opened(loaded) as engine:
            test = await _begin(engine, home, tester, timedelta(minutes=minutes), buttons=buttons)
            return await _Terminal(engine, loaded, test, as_json=as_json).run()

    if not asyncio.run(run()):
        raise typer.Exit(FAILED)


async def _begin(engine: "Engine", home_id: str, tester: str | None, span: timedelta, *, buttons: bool) -> "WalkTest":
    """Begin a test, or go on with the one that runs: its terminal may have been closed."""
    from hub.engine import testing
    from hub.ports import Lane
    from hub.walktest import WalkKind

    registry = engine.world.registry
    home = registry.homes.get(home_id)
    if home is None:
        fail(f"There is no home {home_id}. Name one by id: {_some(registry.homes)}.", USAGE)
    if not home.devices:
        fail(f"{home_id} has no devices to test. Add them to homes.yaml and run `carehub apply`.")
    told = tester or _default_tester(engine, home)
    kind = WalkKind.WEEKLY if buttons else WalkKind.HOME
    try:
        return await engine.write(Lane.DUTY, lambda work: testing.start(work, home_id, kind, span, told or DESK, told))
    except testing.NoSuchTester:
        fail(f"There is no person {told} with a number. Name one by id: {_some(registry.people)}.", USAGE)
    except testing.AlreadyTested as running:
        test = running.test
        if tester is not None and tester != test.tester:
            fail(f"{home_id} is being tested, and {test.tester} is told. End that test, or leave --tester out.")
        zh = language() == "zh-CN"
        say(f"{home_id} 正在试验，接着试。" if zh else f"A test of {home_id} runs already; going on with it.")
        return test


def _default_tester(engine: "Engine", home: "Home") -> str:
    """Return the first person who can be told: staff of the area, then a contact."""
    from hub.homes import Role

    registry = engine.world.registry
    staff = (person.id for role in (Role.VILLAGE, Role.STAFF) for person in registry.staff(role, home.area))
    found = next(iter((*staff, *(contact.person for contact in home.contacts))), None)
    if found is None:
        fail(f"Nobody can be told of a press in {home.id}. Name somebody with --tester PERSON.", USAGE)
    return found


def _some(known: Any) -> str:
    return ", ".join(sorted(known)[:8]) + (" …" if len(known) > 8 else "")


class _Terminal:
    """Shows a test as it goes on, and ends it."""

    def __init__(self, engine: "Engine", loaded: "Configuration", test: "WalkTest", *, as_json: bool) -> None:
        from hub.web.console.words import Words

        self._engine = engine
        self._loaded = loaded
        self._test = test
        self._as_json = as_json
        self._words = Words(language(), loaded.hub.timezone)
        self._stop = asyncio.Event()
        self._entered = False
        self._drawn = 0
        self._shown: list[str] = []
        self._said: dict[str, tuple[str, str]] = {}

    async def run(self) -> bool:
        """Follow the test to its end; return whether all passed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        self._listen(loop)
        self._greet()
        while not self._stop.is_set():
            lines = await self._look()
            if all(line.verdict == "passed" for line in lines) or not self._test.runs(self._engine.clock.now()):
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._stop.wait()
        return await self._end()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take Enter as the tester's word, where there is somebody to press it."""

        def entered() -> None:
            if sys.stdin.readline():
                self._entered = True
                self._drawn += 1  # the line that Enter began
            else:
                loop.remove_reader(sys.stdin.fileno())

        with suppress(OSError, ValueError):  # no terminal, or a file
            loop.add_reader(sys.stdin.fileno(), entered)

    def _greet(self) -> None:
        test, until = self._test, self._test.ends_at.astimezone(self._loaded.hub.timezone)
        if self._words.is_chinese:
            say(f"{test.home_id} 试验到 {until:%H:%M}，按按钮只通知 {test.tester}。回车：是在试。Ctrl-C：结束试验。")
            return
        say(
            f"{test.home_id} is tested until {until:%H:%M}; {test.tester} is told of presses. "
            "Enter confirms a press, Ctrl-C ends the test."
        )

    async def _look(self) -> "list[Line]":
        """Read the test anew, take an Enter, show what changed."""
        from hub.engine import testing
        from hub.ports import Lane
        from hub.web.console.probes import lines_now

        id, by = self._test.id, self._test.tester or DESK
        if self._entered:
            self._entered = False
            await self._engine.write(Lane.DUTY, lambda work: testing.confirm(work, id, by))
        self._test = await self._engine.store.read(lambda t: testing.seen(t, t.home_test(id) or self._test))
        lines = lines_now(self._words, self._test, self._engine.clock.now())
        if not self._as_json:
            self._draw(lines)
        return lines

    def _draw(self, lines: "Sequence[Line]") -> None:
        if sys.stdout.isatty():
            self._redraw([line for one in lines for line in self._rows(one)])
            return
        for one in lines:
            if self._said.get(one.device) != (one.verdict, one.why):
                self._said[one.device] = (one.verdict, one.why)
                typer.echo("\n".join(self._rows(one)))
                sys.stdout.flush()

    def _redraw(self, shown: list[str]) -> None:
        """Draw the list over the last one, where it changed."""
        if shown == self._shown:
            return
        if self._drawn:
            sys.stdout.write(f"\x1b[{self._drawn}A\x1b[J")  # back to the first line
        sys.stdout.write("".join(f"{line}\n" for line in shown))
        sys.stdout.flush()
        columns = max(1, shutil.get_terminal_size().columns)
        self._shown, self._drawn = shown, sum(-(-max(1, _width(line)) // columns) for line in shown)

    async def _end(self) -> bool:
        from hub.engine import testing
        from hub.ports import Lane
        from hub.web.console.probes import lines_now

        id, by = self._test.id, self._test.tester or DESK
        ended = await self._engine.write(Lane.DUTY, lambda work: testing.finish(work, id, by))
        lines = lines_now(self._words, ended, self._engine.clock.now())
        if self._as_json:
            typer.echo(json.dumps(_summary(ended, lines), ensure_ascii=False))
            return bool(ended.passed)
        self._draw(lines)
        passed = sum(line.verdict == "passed" for line in lines)
        sheet = f"{self._loaded.hub.web.public_url}/tests/{ended.id}"
        if self._words.is_chinese:
            typer.echo(f"{len(lines)} 个设备，{passed} 个通过。试验单：{sheet}")
        else:
            typer.echo(f"{passed} of {len(lines)} passed. Sheet: {sheet}")
        return bool(ended.passed)

    def _rows(self, line: "Line") -> list[str]:
        named = (
            ("Delay %(span)s", {"span": line.delay}),
            ("Signal %(value)s", {"value": line.signal}),
            ("Battery %(value)s", {"value": line.battery}),
        )
        facts = (self._words.say(words, **value) for words, value in named if any(value.values()))
        told = " · ".join((f"{_MARKS[line.verdict]} {line.device}", line.name, line.word, *facts))
        what = line.why or (line.ask if line.verdict == "waiting" else "")
        return [told, f"     {what}"] if what else [told]


def _width(text: str) -> int:
    """Return how many columns a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _summary(test: "WalkTest", lines: "Sequence[Line]") -> dict[str, Any]:
    return {
        "test": test.id,
        "home": test.home_id,
        "kind": test.kind.value,
        "tester": test.tester,
        "began_at": test.began_at.isoformat(),
        "ended_at": test.ended_at and test.ended_at.isoformat(),
        "passed": bool(test.passed),
        "devices": [_device(line) for line in lines],
    }


def _device(line: "Line") -> dict[str, Any]:
    probe = line.probe
    instants = {"heard_at": probe.heard_at, "told_at": probe.told_at, "confirmed_at": probe.confirmed_at}
    return {
        "device": line.device,
        "verdict": line.verdict.value,
        "why": line.why,
        **{name: at and at.isoformat() for name, at in instants.items()},
        "delay_s": probe.delay.total_seconds() if probe.delay is not None else None,
        "signal": probe.signal,
        "battery_pct": probe.battery,
    }
