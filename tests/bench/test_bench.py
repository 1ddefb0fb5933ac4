"""`python -m bench` runs, and its parts count right; what it measures is not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import WHAT
from bench.figures import Figure, Spread, line, percentile, table
from bench.publisher import Publisher
from tests.harness.broker import DEVICE, HUB, BrokerProcess


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(1, 201)]
    assert [percentile(values, p) for p in (0, 50, 99, 100)] == [1, 100, 198, 200]
    assert percentile([7.0], 99) == 7
    assert Spread.of([0.001, 0.003]) == Spread(1.0, 3.0, 3.0, 2)


def test_a_figure_says_whether_it_holds() -> None:
    text = line(Figure("x", "a", Spread.of([0.01]), Spread.of([0.005]), 2.0, "at most 2", True))
    assert "p50 10.0 ms" in text
    assert text.endswith("wanted at most 2: holds")
    assert line(Figure("x", "a", "b", wanted="c", holds=False)).endswith("MISSED")


def test_the_table_has_a_row_for_each_figure_and_columns_that_stand_below_each_other() -> None:
    found = [
        Figure("idle", "a press", Spread.of([0.01]), Spread.of([0.004]), 2.5, "at most 2", False),
        Figure("gateway", "a hub that does nothing", "97 MB", wanted="at most 125 MB", holds=True),
        Figure("other", "nothing is asked for", "5"),
    ]
    head, first, second, third = table(found).splitlines()
    assert first.endswith("MISSED")
    assert second.endswith("holds")
    assert third.split() == ["other", "nothing", "is", "asked", "for", "5"]
    assert "p50 10.0  p99 10.0 ms" in first
    assert head.index("hub") == first.index("p50 10.0") == second.index("97 MB")
    assert head.index("wanted") == first.index("at most 2") == second.index("at most 125 MB")
    assert first.split()[0] == "idle"


async def test_the_publisher_publishes_in_order_and_hears_each_acknowledgement(tmp_path: Path) -> None:
    broker = BrokerProcess(tmp_path).start()
    try:
        async with broker.client(HUB) as client:
            await client.subscribe("carehub/#", qos=1)
            publisher = Publisher(broker.port, DEVICE.username, DEVICE.password)
            publisher.burst(publisher.encode([(f"carehub/{n}", b"x" * 300) for n in range(250)]))
            sent_at, number = publisher.send("carehub/last", b"{}")
            assert publisher.acked_at(number) >= sent_at
            topics = [str((await anext(client.messages)).topic) for _ in range(251)]
            publisher.close()
        assert topics == [*(f"carehub/{n}" for n in range(250)), "carehub/last"]
    finally:
        broker.stop()


@pytest.mark.timeout(110)
def test_every_measurement_runs_with_small_numbers(tmp_path: Path) -> None:
    small = ["--homes=30", "--presses=2", "--rate=200", "--configured=20"]
    small += ["--bursts=1", "--burst-size=100", "--together=3", "--watch=0.2"]
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", *small, "--folder", str(tmp_path), "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=Path(__file__).parents[2])
    assert file.exists(), done.stderr
    found = json.loads(file.read_text())
    assert {figure["part"] for figure in found["figures"]} == set(WHAT)
    assert found["machine"]["cores"] >= 1
    crowd = next(f for f in found["figures"] if "homes press" in f["name"])
    assert (crowd["more"]["lost"], crowd["more"]["doubled"]) == (0, 0)
    assert all(figure["name"] in done.stdout for figure in found["figures"])
