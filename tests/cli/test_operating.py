"""A running hub as its operator watches it: figures without people, and old data that goes by itself."""

import http.client
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from devices.reading import Kind, Reading, State
from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.process import eventually

DAUGHTER = "+447700900101"


def metrics(live: Live) -> str:
    """Return what /metrics says."""
    address = urlsplit(live.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read().decode()


def figure(text: str, name: str, **labels: str) -> float:
    """Return one figure; 0 if it is not told."""
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


@pytest.mark.promise("P10")
def test_figures_follow_a_press_and_name_nobody(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.press()
    live.publish("zigbee2mqtt/bed_sos", "{")
    live.gets(DAUGHTER, "按了紧急呼叫")
    text = eventually(
        lambda: text if figure(text := metrics(live), "carehub_alerts", severity="emergency", stage="open") else None
    )
    assert figure(text, "carehub_ready") == 5
    assert figure(text, "carehub_messages_received_total", session="sos") >= 2
    assert figure(text, "carehub_session_connected") == 4
    assert figure(text, "carehub_commit_seconds_count", lane="sos") >= 1
    assert figure(text, "carehub_notifications_day") >= 1
    assert figure(text, "carehub_audit_holds") == 1
    eventually(lambda: figure(metrics(live), "carehub_messages_shelved_total", session="sos") == 1)
    for personal in ("王", "上堡村", "ah-001", "bed", "447700", "wang", live.unique):
        assert personal not in text
    assert hub.stop() == 0


def leave_old_readings(place: Place) -> None:
    """Keep a reading of six weeks ago, and one of today."""
    reading = Reading("zigbee2mqtt/hall_motion", "hall_motion", Kind.MOTION, State.ACTIVE)
    now = datetime.now(UTC)
    rows = [("ah-001", "hall-motion", reading, now - timedelta(days=days)) for days in (42, 0)]
    place.work(lambda work: work.transaction.add_readings(rows))


def test_a_running_hub_forgets_what_was_kept_long_enough(live: Live) -> None:
    live.place.prepare()
    leave_old_readings(live.place)
    live.start_carrier()
    hub = live.start_hub()
    assert '"readings": 1' in hub.says('"forgotten"')
    assert figure(metrics(live), "carehub_retention_age_seconds") >= 0
    assert hub.stop() == 0
