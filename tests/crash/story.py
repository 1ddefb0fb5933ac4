"""One story that crosses every kind of commit, told to the end however often the hub is killed on the way."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from hub.alerts.alert import Alert, Outcome, Stage
from simulators.carrier import Fault, FaultKind
from tests.crash.ledger import Books, Device, Ledger, check, drained
from tests.harness.process import STAFF, Gateway, family_of, until

HOMES = 3
# Their family's number takes nothing: the next step comes at once, and staff get a notice.
DEAD = 3


@asynccontextmanager
async def kept_running(gateway: Gateway, kills: Iterator[int]) -> AsyncIterator[None]:
    """Start the hub, let it kill itself at each of `kills` in turn, and start it again each time, as systemd does."""

    async def keep() -> None:
        while True:
            await gateway.start_hub(kill_at=next(kills, None), wait=False)
            code = await gateway.hub_ended()
            assert code == -signal.SIGKILL, f"the hub ended with {code}:\n{''.join(gateway.log[-30:])}"

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        if keeper.done():
            keeper.result()
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper


def newest(gateway: Gateway, home: int, cause: str) -> Alert | None:
    """Return a home's newest alert of a cause."""
    books = gateway.read(Books.read)
    return next(iter(books.of(home, cause)), None) if books else None


async def stage_is(gateway: Gateway, home: int, cause: str, stage: Stage) -> Alert:
    """Wait until the newest alert of this cause has this stage."""

    def look() -> Alert | None:
        alert = newest(gateway, home, cause)
        return alert if alert is not None and alert.stage is stage else None

    return await until(look, f"{cause} of home {home} is {stage}")


async def tell(gateway: Gateway) -> tuple[Ledger, Books]:
    """Tell the story beside a hub that may be killed at any moment; return what was published and the books."""
    gateway.carrier.faults.add(Fault(FaultKind.DEAD_NUMBER, number=family_of(DEAD)))
    ledger = Ledger()
    simple, careful = Device(gateway, ledger, qos=0), Device(gateway, ledger, qos=1)
    await gateway.until_ready()  # before its first subscription the broker holds nothing for the hub
    try:
        await simple.presses_zigbee(1)
        await careful.says("carehub/h2-gas", ledger.numbered("gas", "active"))
        await careful.presses(DEAD)
        await gateway.gets(family_of(1), "pressed")
        await gateway.gets(family_of(2), "GAS")
        await gateway.gets(STAFF, f"Resident {DEAD} pressed")
        await _dealt_with(gateway, careful, ledger)
        await simple.presses(1)  # what was closed stays closed: this is a new emergency
        await gateway.gets(family_of(1), "pressed", times=2)
        books = await drained(gateway, ledger, lambda b: any(m.key == "number.dead" for m in b.messages))
    finally:
        await simple.leave()
        await careful.leave()
    return ledger, books


async def _dealt_with(gateway: Gateway, careful: Device, ledger: Ledger) -> None:
    """The families answer; one press more while somebody is on the way; both alerts are closed."""
    gas = "gas:h2-gas"
    gateway.carrier.reply(family_of(1), "1")
    await stage_is(gateway, 1, "sos", Stage.ACKNOWLEDGED)
    await careful.presses(1)
    gateway.carrier.reply(family_of(1), "3")
    await until(lambda: (a := newest(gateway, 1, "sos")) and a.arrived_at, "the daughter has arrived")
    gateway.carrier.reply(family_of(2), "1")
    await stage_is(gateway, 2, gas, Stage.ACKNOWLEDGED)
    await careful.says("carehub/h2-gas", ledger.numbered("gas", "clear"))
    await until(lambda: (a := newest(gateway, 2, gas)) and not a.active, "the gas is gone")
    gateway.carrier.reply(family_of(2), "4")
    await stage_is(gateway, 2, gas, Stage.RESOLVED)
    await until(lambda: (a := newest(gateway, 1, "sos")) and a.count == 2, "the second press is counted")
    gateway.carrier.reply(family_of(1), "4")
    await stage_is(gateway, 1, "sos", Stage.RESOLVED)


def hold(gateway: Gateway, ledger: Ledger, books: Books, *, doubled: int = 0) -> None:
    """Check that the story ended as it must, and that nothing was lost or doubled on the way."""
    check(gateway, ledger, books, doubled=doubled)
    again, first = books.of(1, "sos")
    assert (first.stage, first.outcome, first.count) == (Stage.RESOLVED, Outcome.GENUINE, 2)
    assert (again.stage, again.count) == (Stage.OPEN, 1)
    [gas] = books.of(2, "gas:h2-gas")
    assert gas.stage is Stage.RESOLVED
    for alert in (first, gas):
        events = [e.event for e in books.history[alert.id]]
        assert events.count("acknowledge") == 1, events
        assert events.count("resolve") == 1, events
    keys = [(m.person_id, m.key) for m in books.messages if m.alert_id in (first.id, gas.id)]
    assert keys.count(("family-1", "answer.take")) == 1, keys
    assert keys.count(("family-1", "answer.arrived")) == 1, keys
    [dead] = books.of(DEAD, "sos")
    assert dead.step == 2, "after the dead number the next step came at once"
    assert len([m for m in books.messages if m.key == "number.dead"]) == 1, "staff hear once of a dead number"


def boundaries(gateway: Gateway) -> list[list[str]]:
    """Return the boundaries that each life of the hub crossed, in order."""
    lives: dict[str, list[str]] = {}
    for line in (gateway.folder / "boundaries").read_text().splitlines():
        pid, _, what = line.split(" ", 2)
        lives.setdefault(pid, []).append(what)
    return list(lives.values())


def described(gateway: Gateway) -> str:
    """Return where each life ended, for a failing test."""
    ends = [f"{len(life)}: {life[-1]}" for life in boundaries(gateway)]
    return json.dumps(ends, ensure_ascii=False)
