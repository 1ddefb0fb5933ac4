"""`carehub demo --headless`: the whole story in seconds of virtual time, printed as a timeline, and checked."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hub.alerts.alert import Alert, Outcome, Stage
from hub.cli.demo_chapters import A_MOMENT, CHAPTERS, missing
from hub.cli.demo_home import played
from hub.cli.demo_play import MOST_READINGS, stories
from hub.cli.demo_tale import Last, Line, Tale
from hub.cli.failure import FAILED, INTERRUPTED, fail, say
from hub.homes import DeviceKind, Home, Registry
from simulators.home import Told

if TYPE_CHECKING:
    from hub.cli.demo_world import World
    from hub.clock import PacedClock
    from hub.settings import Configuration
    from simulators.carrier import Carrier, Event
    from simulators.home import SimulatedHome

# When the story begins, in the site's own time: a night in March.
BEGINS = datetime(2026, 3, 2, 1, 0)  # the site's time zone is known later
EARLIER = datetime(2026, 2, 28, tzinfo=UTC)
# Half a day without a sign of life takes long to play. Here a resident's limit is this, if it is not shorter anyway.
STILL_AFTER = timedelta(hours=2)
SEED = 1
_LIFE = frozenset({"motion", "contact", "bed"})
_LABELS = {"told": ("短信", "Text"), "answer": ("回信", "Reply")}


def play_story(place: Path, data: Path | None) -> int:
    """Play and print the story; return 0 only if everything expected happened."""
    from hub.cli.demo import log_in

    with contextlib.ExitStack() as ends:
        kept = data.absolute() if data else Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="carehub-")))
        ends.enter_context(log_in(kept))
        try:
            return asyncio.run(_play(place, kept))
        except asyncio.CancelledError:
            return INTERRUPTED


async def _play(place: Path, data: Path) -> int:
    from hub.cli.demo import carrier_for, database
    from hub.cli.demo_world import World
    from hub.clock import PacedClock
    from hub.store import AlreadyRunning, RunLock

    clock = PacedClock(EARLIER, pace=0)
    this = asyncio.current_task()
    if this is not None:  # whoever ends it early leaves no broker behind either
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    try:
        with RunLock(database(data)):
            async with carrier_for(place, data, 0, clock) as (loaded, carrier, _):
                clock.raise_to(await _beginning(loaded))
                world = World(_hastened(loaded), carrier, clock, data)
                try:
                    await world.start(SEED)
                    return await _tell(world, carrier, clock)
                finally:
                    await world.stop()
                    await world.broker.stop()
    except AlreadyRunning as error:
        fail(f"A demo runs already: {error} Or give this one a folder of its own with --data.")


async def _beginning(loaded: "Configuration") -> datetime:
    """Return when the story begins; with data of an earlier one, in the night after that."""
    from hub.cli.demo_world import open_store
    from hub.engine import floor

    begins = BEGINS.replace(tzinfo=loaded.hub.timezone).astimezone(UTC)
    store = await open_store(loaded)
    try:
        last = await store.read(floor)
    finally:
        await store.close()
    days = -((begins - last) // timedelta(days=1)) if last is not None else 0
    return begins + max(0, days) * timedelta(days=1)


def _hastened(loaded: "Configuration") -> "Configuration":
    """Return the configuration with shorter limits of stillness."""
    homes = {
        id: replace(
            home,
            residents=tuple(replace(r, inactivity_after=min(r.inactivity_after, STILL_AFTER)) for r in home.residents),
        )
        for id, home in loaded.registry.homes.items()
    }
    return replace(loaded, registry=Registry(loaded.registry.people, homes, loaded.registry.version))


async def _tell(world: "World", carrier: "Carrier", clock: "PacedClock") -> int:
    house = played(world.registry)
    if world.home is None or house is None:
        fail("The story needs a home with devices, and this configuration has none.")
    teller = Teller(world, carrier, clock, world.home.home, house)
    lacks = missing(teller)
    if lacks:
        fail(f"The story cannot be played: {lacks}. Use the example configuration, or add it.")
    await teller.tell(aloud=False)  # what is known from an earlier story is not told again
    for number, chapter in enumerate(CHAPTERS, 1):
        teller.headline(f"{number}. {chapter.zh}", f"{number}. {chapter.en}")
        await chapter.play(teller)
        await teller.tell()
        teller.verdicts()
    return teller.end()


class Teller:
    """Lets time pass, prints what happens, and keeps what was expected and did not happen."""

    def __init__(
        self, world: "World", carrier: "Carrier", clock: "PacedClock", home: "SimulatedHome", house: Home
    ) -> None:
        self.world, self.home = world, home
        self.tale = Tale(world.registry, world.loaded.hub.timezone, world.loaded.hub.language)
        self.broken: list[str] = []
        self.held = 0
        self._carrier, self._clock, self._house = carrier, clock, house
        self._checks: list[tuple[bool, str]] = []
        self._lines: list[Line] = []
        self._printed: set[str] = set()
        self._reading = self._life = self._count = 0
        self._since = 0
        self._heard: set[tuple[str, str]] = set()
        self._said: Last = {}
        home.listen(lambda happening: self._happened(happening) if isinstance(happening, Told) else None)
        carrier.events.listen(self._texted)

    # --- time

    async def forward(self, span: timedelta) -> None:
        """Let so much time pass."""
        await self.world.forward(self._clock.now() + span)
        await self.tell()

    async def until(self, hour: int, minute: int, days: int = 0) -> None:
        """Let time pass until a time of the day, today or days later."""
        await self.world.forward(self.local(hour, minute, days))
        await self.tell()

    def local(self, hour: int, minute: int, days: int = 0) -> datetime:
        """Return a time of the site's day, today or days later."""
        today = self._clock.now().astimezone(self.tale.zone)
        at = (today + timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return at.astimezone(UTC)

    # --- what is done

    async def replies(self, person: str, text: str) -> None:
        """Answer from somebody's phone."""
        self._carrier.reply(self.world.registry.people[person].phone, text)
        await self.forward(A_MOMENT)

    async def closes(self, alert: Alert, person: str) -> None:
        """Have somebody close an alert by text, and check that it is closed and everybody told knows it."""
        await self.replies(person, "4")
        now = await self.again(alert)
        self.check(
            now.stage is Stage.RESOLVED and now.outcome is not None and now.outcome is not Outcome.TEST,
            f"{self.tale.name(person)}回复 4，办结",
            f"{self.tale.name(person)} closes it with 4",
        )
        self.check(not await self.alerts(), "没有告警还开着", "no alert is left open")

    async def away(self, until: datetime) -> None:
        """Note that she is away until then."""
        if self.world.hub is not None:
            await self.world.hub.engine.away(self._house.id, until, "hub")
            await self.world.hub.refresh()

    def device(self, kind: DeviceKind) -> str:
        """Return the home's first device of a kind."""
        return next(device.id for device in self._house.devices if device.kind is kind)

    # --- what is seen

    @property
    def house(self) -> Home:
        """The home that is played."""
        return self._house

    @property
    def stillness_after(self) -> timedelta:
        """After how long without a sign of life somebody is asked to look."""
        return min((r.inactivity_after for r in self._house.residents), default=timedelta(hours=12))

    async def alerts(self) -> list[Alert]:
        """Return what is open."""
        return await self.world.alerts()

    async def again(self, alert: Alert) -> Alert:
        """Return the alert as it is now."""
        found = await self.world.hub.store.read(lambda t: t.alert(alert.id)) if self.world.hub else None
        return found or alert

    def texts(self, *people: str) -> list[str]:
        """Return the texts of this chapter that arrived, on these people's phones or on all."""
        registry = self.world.registry
        numbers = {registry.people[p].phone for p in people} if people else {p.phone for p in registry.people.values()}
        fresh = [m for m in self._carrier.messages if m.number > self._since and not m.inbound and m.arrived_at]
        return [m.body for m in fresh if m.to in numbers]

    def signs_of_life(self) -> int:
        """Return how often the hub heard her move in this chapter."""
        return self._life

    # --- what must be so

    def check(self, holds: bool, zh: str, en: str) -> None:
        """Note whether something expected is so."""
        self._checks.append((holds, zh if self.tale.say.chinese else en))

    def check_told(self, people: Iterable[str], zh: str, en: str) -> None:
        """Check that each of these people got a text since the last check of them."""
        for person in people:
            fresh = [text for text in self.texts(person) if (person, text) not in self._heard]
            self._heard |= {(person, text) for text in fresh}
            name = self.tale.name(person)
            self.check(bool(fresh), f"{name}：{zh}", f"{name}: {en}")

    async def check_stage(self, alert: Alert, stage: Stage, zh: str, en: str, person: str = "") -> None:
        """Check where an alert is, and who has it."""
        now = await self.again(alert)
        name = self.tale.name(person)
        said = (f"{name}{zh}", f"{name} {en}".strip())
        self.check(now.stage is stage and (not person or now.holder == person), *said)

    async def one_alert(self, what: str, zh: str, en: str) -> Alert | None:
        """Check that exactly one alert is open, and of this kind; return it."""
        found = await self.alerts()
        mine = [alert for alert in found if alert.what == what]
        self.check(len(mine) == 1 and len(found) == 1, zh, en)
        return mine[0] if mine else None

    # --- printing

    def headline(self, zh: str, en: str) -> None:
        """Begin a chapter."""
        self._checks, self._heard, self._life = [], set(), 0
        self._since = max((m.number for m in self._carrier.messages), default=0)
        typer.echo(f"\n== {zh if self.tale.say.chinese else en}")

    async def tell(self, *, aloud: bool = True) -> None:
        """Print what has happened since the last time, in its order."""
        hub = self.world.hub
        if hub is None:
            return
        found, readings = await hub.store.read(lambda t: (stories(t), t.readings_after(self._reading, MOST_READINGS)))
        if readings:
            self._reading = readings[-1].number
        self._life += sum(r.kind in _LIFE and r.state == "active" and not r.retained for r in readings)
        plain = [reading for reading in readings if reading.kind not in _LIFE]
        lines = [*self._lines, *self.tale.heard(plain, self._said)]
        for story in found:
            lines += self.tale.decided(story)
        self._lines = []
        for line in sorted((one for one in lines if one.id not in self._printed), key=lambda one: (one.at, one.order)):
            self._printed.add(line.id)
            if aloud:
                typer.echo(self._printable(line))

    def _printable(self, line: Line) -> str:
        label = _LABELS[line.kind][0 if self.tale.say.chinese else 1] if line.kind in _LABELS else ""
        label = label or self.tale.say(f"label.{line.kind}")
        pad = " " * (6 - sum(2 if ord(char) > 0x2E80 else 1 for char in label))
        why = f"  —— {line.why}" if line.why else ""
        return f"  {self.tale.clock(line.at, '%m-%d %H:%M:%S')}  {label}{pad} {line.text}{why}"

    def verdicts(self) -> None:
        """Print what was expected of the chapter."""
        for holds, what in self._checks:
            typer.echo(f"  {'✓' if holds else '✗'} {what}")
            self.held += holds
            if not holds:
                self.broken.append(what)

    def end(self) -> int:
        """Print the sum; return the command's exit code."""
        total = self.held + len(self.broken)
        if not self.broken:
            typer.echo(
                f"\n{total} 件预期的事都发生了。"
                if self.tale.say.chinese
                else f"\nAll {total} things expected happened."
            )
            return 0
        say(f"{len(self.broken)} of {total} things expected did not happen: {'; '.join(self.broken)}.")
        return FAILED

    def _happened(self, told: Told) -> None:
        self._count += 1
        text = told.text("zh-CN" if self.tale.say.chinese else "en")
        self._lines.append(Line(told.at, 0, f"w{self._count}", "world", text))

    def _texted(self, event: "Event") -> None:
        if event.what not in ("arrived", "inbound"):
            return
        self._count += 1
        people = self.world.registry.by_phone.get(event.phone, ())
        name = self.tale.say.comma.join(person.name for person in people) or event.phone
        kind = "told" if event.what == "arrived" else "answer"
        arrow = "→" if event.what == "arrived" else "←"
        self._lines.append(Line(event.at, 4, f"t{self._count}", kind, f"{arrow} {name}：{event.text}"))
