"""Ten thousand homes and two hundred open alerts: few bytes, few questions, none of them about readings.

How long a first page takes is measured by `make bench`; here it is what a slow machine cannot change.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from hub.accounts import AccountRole
from hub.alerts.alert import Stage
from hub.alerts.policy import Severity
from hub.homes import DeviceState, Home
from hub.ports import Lane, Transaction
from hub.store import SqlStore
from hub.store.prepared import Prepared
from hub.store.rows import Rows
from tests.store.samples import an_alert
from tests.web.console import desk
from tests.web.console.county_desk import COUNTY, HOUR, NOW, CountyDesk, county_desk, home, words_of

HOMES, ALERTS = 10_000, 200
MOST_BYTES = 300 * 1024
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
ZHOU = desk.account(AccountRole.COUNTY, areas=(COUNTY,))


def homes() -> list[Home]:
    """Twenty townships with fifteen villages each."""
    found = []
    for n in range(HOMES):
        township, village = 100 + n % 20, 200 + n // 20 % 15
        found.append(
            home(f"h-{n:05}", f"620702{township}{village}", f"王{n:05}", f"{village}村{n // 300}社{n % 300}号")
        )
    return found


def words(all_homes: list[Home]) -> Iterator[DeviceState]:
    """One home in twenty lacks something, one in fifty never spoke."""
    for n, one in enumerate(all_homes):
        if n % 50 == 7:
            continue
        said = words_of(one)
        yield from said[:2] if n % 20 == 3 else said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CountyDesk]:
    all_homes = homes()
    names = {COUNTY: "安河县"} | {f"620702{100 + n}000": f"第{n + 1}镇" for n in range(20)}
    folder: Path = tmp_path_factory.mktemp("county")
    async with county_desk(folder, all_homes, account=ZHOU, names=names) as found:
        await found.store.write(Lane.SLOW, lambda t: t.save_device_states(list(words(all_homes))))
        await found.store.write(Lane.SLOW, _alerts)
        while "正在清点" in (await found.page("/areas"))[1]:
            pass
        yield found


def _alerts(transaction: Transaction) -> None:
    for n in range(ALERTS):
        severity = list(Severity)[n % 3]
        stage = Stage.ACKNOWLEDGED if n % 5 else Stage.OPEN
        alert = an_alert(f"01{n:05}", f"h-{n * 40:05}", severity=severity, stage=stage, opened_at=NOW - n * HOUR)
        transaction.save_alert(alert)


@contextmanager
def questions(store: SqlStore) -> Iterator[list[str]]:
    """Note what is asked of the database meanwhile, whichever way it is asked."""
    asked: list[str] = []
    rows, run = Prepared.rows, Rows._rows

    def noted(self: Prepared, raw: object, values: object) -> list[tuple[object, ...]]:
        asked.append(self._sql)
        return rows(self, raw, values)  # type: ignore[arg-type]

    from sqlalchemy import Engine, event

    def executed(_db: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    Prepared.rows = noted  # type: ignore[method-assign,assignment]
    event.listen(Engine, "before_cursor_execute", executed)
    try:
        yield asked
    finally:
        Prepared.rows, Rows._rows = rows, run  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", executed)


PAGES = (
    "/areas",
    "/areas/620702100000",
    "/areas/620702100200",
    "/homes",
    "/homes?is=gaps",
    "/devices",
    "/devices?is=all&page=100",
    "/find?q=村",
    "/find?q=王00042",
    "/health",
)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_a_large_county_is_small_and_asks_little(county: CountyDesk, path: str) -> None:
    with questions(county.store) as asked:
        status, page = await county.page(path)
    assert status == 200
    assert len(page.encode()) <= MOST_BYTES
    assert len(asked) <= 12, asked
    assert not [sql for sql in asked if "readings" in sql]


async def test_all_homes_are_counted(county: CountyDesk) -> None:
    _, page = await county.page("/areas")
    assert "<dd>10000</dd>" in page


async def test_readings_change_nothing_of_what_is_asked(county: CountyDesk) -> None:
    """Whoever speaks and is well is not looked at again; of those that lack something each once in a while."""
    well = [state for n in range(0, HOMES, 2) for state in words_of(home(f"h-{n:05}", "", "", ""))[:1]]
    await county.say(well)
    with questions(county.store) as asked:
        await county.page("/areas")
    assert len(asked) <= 12, asked


async def test_a_village_of_ten_thousand_that_lost_its_power_is_still_small(tmp_path: Path) -> None:
    all_homes = [home(f"h-{n:05}", "620702100200", f"王{n:05}", f"{n}号") for n in range(HOMES)]
    async with county_desk(tmp_path, all_homes, account=ZHOU) as found:
        # Every second home spoke: as many runs of equal squares as there can be.
        await found.store.write(
            Lane.SLOW, lambda t: t.save_device_states([s for one in all_homes[::2] for s in words_of(one)])
        )
        while "正在清点" in (await found.page("/areas"))[1]:
            pass
        _, page = await found.page("/areas/620702100200")
    assert len(page.encode()) <= MOST_BYTES
