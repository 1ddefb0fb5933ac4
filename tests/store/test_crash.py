"""P1: what was reported as committed is there after kill -9 at any moment."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from hub.store import check, open_store
from tests.conftest import SoakLimits

CHILD = """
import asyncio, sys
from hub.ports import Lane
from hub.store import open_store

async def main():
    store = open_store(sys.argv[1])
    first = int(sys.argv[2])

    async def press(lane, number):
        while True:
            def work(tx, number=number):
                tx.set_fact(f"press {number}", "half")
                tx.set_fact(f"press {number}", "kept")
            await store.write(lane, work)
            print(number, flush=True)
            number += 40

    lanes = list(Lane)
    await asyncio.gather(*(press(lanes[n % 4], first + n) for n in range(40)))

asyncio.run(main())
"""


def one_life(url: str, first: int, commits: int) -> set[int]:
    """Let a child commit until it reported so many; return all that it reported before kill -9 reached it."""
    command = [sys.executable, "-c", CHILD, url, str(first)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(commits)]
    child.kill()
    lines += child.stdout.readlines()
    child.wait()
    return {int(line) for line in lines if line.endswith("\n")}  # the last one may have been cut


async def kill_and_look(url: str, seed: int) -> None:
    """Let a child commit, kill it after a number of commits drawn from `seed`, and look for each of them."""
    draw = random.Random(seed)
    reported: set[int] = set()
    for life in range(2):
        reported |= await asyncio.to_thread(one_life, url, life * 1_000_000, draw.randrange(1, 300))
    store = open_store(url)
    found = await store.read(lambda tx: {number: tx.fact(f"press {number}") for number in reported})
    await store.close()
    lost = sorted(number for number, value in found.items() if value != "kept")
    assert not lost, f"seed {seed}: lost {lost[:10]}"
    assert check(url).faults == (), f"seed {seed}"


@pytest.mark.promise("P1")
@pytest.mark.parametrize("seed", range(2))
async def test_what_was_reported_is_there_after_kill_nine(url: str, seed: int) -> None:
    await kill_and_look(url, seed)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.promise("P1")
async def test_what_was_reported_is_there_after_many_kills(tmp_path: Path, soak_limits: SoakLimits) -> None:
    for seed in range(100, 100 + soak_limits.kills // 2):
        await kill_and_look(f"sqlite:///{tmp_path}/{seed}.db", seed)
