"""What Prometheus reads: how the hub is, in counts and times, and nothing of a person."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.policy import Severity
from hub.alerts.tally import Spread, Tally
from hub.store.latency import BOUNDS_S, Lane, Latencies
from hub.web.app import build
from hub.web.ports import AppPorts, Figures, Part, SessionFigures
from tests.store.samples import NOON
from tests.web.test_server import Hub, served

FIGURES = Figures(
    now=NOON,
    parts={"broker": True, "database": False},
    sessions={"sos": SessionFigures(True, False, 3, {"received": 12, "redelivered": 1, "unreadable": 2})},
    shelved={"sos": 2},
    commits={"sos": Spread((0.001, 0.01), (4, 2, 1), 0.5)},
    waiting={"sos": 0, "slow": 7},
    store_sick=True,
    sending={"emergency": 5, "other": 0},
    told=1,
    audit_age_s=12.5,
    audit_faults=2,
    pings=9,
    forgotten_age_s=None,
    tally=Tally({(Severity.EMERGENCY, Stage.OPEN): 2}, {Fate.DELIVERED: 8}, NOON - timedelta(seconds=90), 4),
)


@dataclass
class Measuring:
    """Gives figures, or fails."""

    found: Figures | Exception = FIGURES
    asked: int = field(default=0)

    async def figures(self) -> Figures:
        self.asked += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def app_of(measured: Measuring) -> Any:
    hub = Hub(broker=Part(True, "connected"))
    return build(AppPorts(hub, hub, hub, measured=measured), [])


async def scraped(session: aiohttp.ClientSession) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name and the values of its labels."""
    async with session.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation for family in families)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def test_every_figure_has_its_place() -> None:
    async with served(app_of(Measuring())) as session:
        found = await scraped(session)
    for name, value in {
        ("carehub_ready", "broker"): 1,
        ("carehub_ready", "database"): 0,
        ("carehub_messages_received_total", "sos"): 12,
        ("carehub_messages_redelivered_total", "sos"): 1,
        ("carehub_messages_unreadable_total", "sos"): 2,
        ("carehub_messages_shelved_total", "sos"): 2,
        ("carehub_session_connected", "sos"): 1,
        ("carehub_session_caught_up", "sos"): 0,
        ("carehub_session_waiting", "sos"): 3,
        ("carehub_commit_seconds_bucket", "sos", "0.001"): 4,
        ("carehub_commit_seconds_bucket", "sos", "0.01"): 6,
        ("carehub_commit_seconds_bucket", "sos", "+Inf"): 7,
        ("carehub_commit_seconds_count", "sos"): 7,
        ("carehub_commit_seconds_sum", "sos"): 0.5,
        ("carehub_store_waiting", "slow"): 7,
        ("carehub_store_sick",): 1,
        ("carehub_sending", "emergency"): 5,
        ("carehub_told_without_store_total",): 1,
        ("carehub_audit_holds",): 0,
        ("carehub_audit_faults",): 2,
        ("carehub_audit_age_seconds",): 12.5,
        ("carehub_deadman_pings_total",): 9,
        ("carehub_alerts", "emergency", "open"): 2,
        ("carehub_notifications_day", "delivered"): 8,
        ("carehub_oldest_unsent_emergency_seconds",): 90,
        ("carehub_shelf",): 4,
        ("carehub_info", "0.1.0"): 1,
    }.items():
        assert found[name] == value, name
    assert found["process_resident_memory_bytes",] > 10_000_000
    assert ("carehub_retention_age_seconds",) not in found


async def test_without_a_database_the_rest_is_still_told() -> None:
    async with served(app_of(Measuring(replace(FIGURES, tally=None, audit_age_s=None)))) as session:
        found = await scraped(session)
    assert found["carehub_store_sick",] == 1
    assert not any(name.startswith("carehub_alerts") for name, *_ in found)


async def test_who_asks_all_the_time_costs_no_more() -> None:
    measuring = Measuring()
    async with served(app_of(measuring)) as session:
        for _ in range(5):
            await scraped(session)
    assert measuring.asked < 5


async def test_a_fault_of_the_figures_is_theirs_alone() -> None:
    async with served(app_of(Measuring(LookupError("+447700900101")))) as session:
        async with session.get("/metrics") as answer:
            assert (answer.status, await answer.text()) == (503, "no figures: LookupError")
        async with session.get("/healthz") as answer:
            assert answer.status == 200


async def test_posting_is_refused() -> None:
    async with served(app_of(Measuring())) as session, session.post("/metrics") as answer:
        assert answer.status == 405


def test_a_hub_that_nobody_scrapes_does_not_load_the_library() -> None:
    program = "import sys; import hub.app; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("seconds", "at"), [(0.0, 0), (0.001, 0), (0.0011, 1), (5.0, 11), (5.1, 12), (900.0, 12)])
def test_a_commit_is_counted_in_its_step(seconds: float, at: int) -> None:
    latencies = Latencies()
    latencies.note(Lane.SOS, seconds)
    found: Mapping[Lane, Spread] = latencies.by_lane()
    assert found[Lane.SOS].counts == tuple(int(step == at) for step in range(len(BOUNDS_S) + 1))
    assert found[Lane.SOS].total_s == seconds
    assert sum(found[Lane.LIFE].counts) == 0
