"""The carrier as a process of its own: killed, and started again with the same file."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

OURS, DAUGHTER = "+15005550006", "+447700900101"
PROGRAM = """
import sys
from pathlib import Path
from simulators.carrier.command import run
sys.exit(run("127.0.0.1", int(sys.argv[1]), "AC1", "token", "+15005550006", None, Path(sys.argv[2])))
"""


class Process:
    """One life of the carrier process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def line(self) -> str:
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode()


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Any]:
    lives: list[Process] = []

    async def begin(port: int = 0) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, str(port), str(tmp_path / "state.jsonl"), stdout=asyncio.subprocess.PIPE
        )
        life = Process(process, "")
        lives.append(life)
        life.url = (await life.line()).split(",")[0].rpartition(" ")[2]
        assert "curl" in await life.line()
        return life

    yield begin
    for life in lives:
        if life.process.returncode is None:
            life.process.kill()
            await life.process.wait()


async def test_a_killed_carrier_still_has_what_it_accepted_and_delivers_it(start: Any, http: Any) -> None:
    first = await start()
    auth = {"Authorization": aiohttp.encode_basic_auth("AC1", "token")}
    form = {"To": DAUGHTER, "From": OURS, "Body": "王秀兰 按了求助"}
    url = f"{first.url}/2010-04-01/Accounts/AC1/Messages.json"
    async with http.post(url, data=form, headers=auth) as answer:
        sid = json.loads(await answer.text())["sid"]
    first.process.kill()
    await first.process.wait()
    second = await start(int(first.url.rpartition(":")[2]))
    assert "王秀兰 按了求助  [delivered]" in await second.line()
    async with http.get(url, headers=auth) as answer:
        assert [message["sid"] for message in (await answer.json())["messages"]] == [sid]
    second.process.terminate()
    assert await asyncio.wait_for(second.process.wait(), 5) == 0
