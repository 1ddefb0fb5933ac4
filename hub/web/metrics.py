"""`/metrics`: how the hub is, in the text form that Prometheus reads. Counts and times only, nothing of a person.

Source: prometheus.io/docs/instrumenting/exposition_formats, /docs/practices/naming.
"""

import asyncio
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hub.web.ports import Figures, Measured

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

_log = structlog.get_logger(__name__)

# Whoever asks more often gets the same answer again.
FRESH_S = 1.0
# The sessions' counts, as metrics.
_SESSION_COUNTS = {
    "received": ("messages_received", "Messages that came over a session."),
    "redelivered": ("messages_redelivered", "Messages that came with the broker's mark of a redelivery."),
    "unreadable": ("messages_unreadable", "Messages that could not be read."),
    "committed": ("messages_committed", "Messages that are durable."),
    "failed_commits": ("failed_commits", "Batches that could not be made durable; nothing of them was acknowledged."),
    "lost": ("messages_lost", "Messages of quality of service 0 without room while nothing could be kept."),
    "connections": ("connections", "Connections to the broker."),
}


class MetricsRoute:
    """`GET /metrics`. The client library is loaded by the first scrape: it costs a gateway 14 MB."""

    def __init__(self, measured: Measured, webhooks: Mapping[str, int]) -> None:
        self._measured = measured
        self._webhooks = webhooks
        self._once = asyncio.Lock()
        self._last: tuple[float, bytes] | None = None
        self._process: CollectorRegistry | None = None

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/metrics", self.metrics, methods=["GET"])]

    async def metrics(self, _request: Request) -> Response:
        """Answer with all figures; if they cannot be had, with 503."""
        async with self._once:
            now_s = asyncio.get_running_loop().time()
            if self._last is None or now_s - self._last[0] >= FRESH_S:
                try:
                    text = await self._text()
                except Exception as failed:  # an observer's fault never reaches the hub
                    _log.exception("metrics_failed")
                    return PlainTextResponse(f"no figures: {type(failed).__name__}", 503)
                self._last = (now_s, text)
            return Response(self._last[1], media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _text(self) -> bytes:
        if self._process is None:
            self._process = await asyncio.to_thread(_process_registry)
        figures = await self._measured.figures()
        return _written(figures, self._webhooks, self._process)


def _process_registry() -> "CollectorRegistry":
    """Return a registry of our own that knows the process: memory, processor time, open files."""
    from prometheus_client import CollectorRegistry, ProcessCollector

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    return registry


def _written(figures: Figures, webhooks: Mapping[str, int], process: "CollectorRegistry") -> bytes:
    from prometheus_client import CollectorRegistry, generate_latest

    class _Ours:
        """Gives one scrape's figures to the library."""

        def collect(self) -> "Iterator[Metric]":
            yield _gauge("info", "The version that runs.", {(version("carehub"),): 1}, "version")
            yield from _hub(figures)
            yield from _sessions(figures)
            yield from _store(figures)
            yield from _kept(figures)
            yield _counter("webhooks", "What webhooks brought.", {(what,): n for what, n in webhooks.items()}, "what")

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ours())
    return generate_latest(registry) + generate_latest(process)


def _hub(figures: Figures) -> "Iterator[Metric]":
    yield _gauge("ready", "Whether a part can do its share of an alarm.", _flags(figures.parts), "part")
    yield _gauge("audit_holds", "Whether the last audit found nothing.", {(): figures.audit_faults == 0})
    yield _gauge("audit_faults", "What the last audit found.", {(): figures.audit_faults or 0})
    if figures.audit_age_s is not None:
        yield _gauge("audit_age_seconds", "How long ago the last audit was.", {(): figures.audit_age_s})
    yield _counter("deadman_pings", "Times the second path heard that the audit holds.", {(): figures.pings})
    yield _gauge("sending", "Attempts at carriers under way.", _plain(figures.sending), "urgency")
    yield _counter("told_without_store", "Texts sent from the image while nothing could be kept.", {(): figures.told})
    if figures.forgotten_age_s is not None:
        text = "How long ago old data was last deleted."
        yield _gauge("retention_age_seconds", text, {(): figures.forgotten_age_s})


def _sessions(figures: Figures) -> "Iterator[Metric]":
    by_name = figures.sessions.items()
    connected = {name: one.connected for name, one in by_name}
    caught_up = {name: one.caught_up for name, one in by_name}
    waiting = {name: one.waiting for name, one in by_name}
    yield _gauge("session_connected", "Whether a session is connected.", _flags(connected), "session")
    yield _gauge("session_caught_up", "Whether all that had waited is durable.", _flags(caught_up), "session")
    yield _gauge("session_waiting", "Messages that wait for their commit.", _plain(waiting), "session")
    for count, (name, text) in _SESSION_COUNTS.items():
        yield _counter(name, text, _plain({k: one.counts.get(count, 0) for k, one in by_name}), "session")
    yield _counter("messages_shelved", "Messages set aside.", _plain(figures.shelved), "session")


def _store(figures: Figures) -> "Iterator[Metric]":
    from prometheus_client.metrics_core import HistogramMetricFamily

    yield _gauge("store_sick", "Whether the last write was not kept.", {(): figures.store_sick})
    yield _gauge("store_waiting", "Transactions that wait for the database.", _plain(figures.waiting), "lane")
    text = "Seconds until a transaction was durable, its wait for the database included."
    family = HistogramMetricFamily("carehub_commit_seconds", text, labels=["lane"])
    for lane, spread in figures.commits.items():
        total, buckets = 0, []
        for bound, count in zip((*map(str, spread.bounds), "+Inf"), spread.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric([lane], buckets, spread.total_s)
    yield family


def _kept(figures: Figures) -> "Iterator[Metric]":
    """Give what the database counts; nothing while it does not answer."""
    tally = figures.tally
    if tally is None:
        return
    alerts: dict[tuple[str, ...], float] = {
        (severity.value, stage.value): count for (severity, stage), count in tally.alerts.items()
    }
    fates = _plain({fate.value: count for fate, count in tally.fates.items()})
    age_s = (figures.now - tally.unsent_since).total_seconds() if tally.unsent_since else 0.0
    yield _gauge("alerts", "Alerts that are not resolved.", alerts, "severity", "stage")
    yield _gauge("notifications_day", "Messages made in the last 24 hours, by their fate now.", fates, "fate")
    yield _gauge("shelf", "Messages on the shelf.", {(): tally.shelf})
    text = "Age of the oldest emergency text that has not left; 0 if there is none."
    yield _gauge("oldest_unsent_emergency_seconds", text, {(): max(0.0, age_s)})


def _plain(counts: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(name,): count for name, count in counts.items()}


def _flags(flags: Mapping[str, bool]) -> dict[tuple[str, ...], float]:
    return {(name,): flag for name, flag in flags.items()}


def _gauge(name: str, text: str, values: Mapping[tuple[str, ...], float], *labels: str) -> "Metric":
    from prometheus_client.metrics_core import GaugeMetricFamily

    family = GaugeMetricFamily(f"carehub_{name}", text, labels=labels)
    for of, value in values.items():
        family.add_metric(of, float(value))
    return family


def _counter(name: str, text: str, values: Mapping[tuple[str, ...], float], *labels: str) -> "Metric":
    from prometheus_client.metrics_core import CounterMetricFamily

    family = CounterMetricFamily(f"carehub_{name}", text, labels=labels)
    for of, value in values.items():
        family.add_metric(of, float(value))
    return family
