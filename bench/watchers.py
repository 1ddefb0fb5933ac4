"""Many consoles in one process of their own: each keeps the stream of open alerts and says when an alert reached it.

Each line on stdout: monotonic seconds, which console, the home of an alert that was new to it. "ready" comes first,
once all have had everything.
"""

import asyncio
import re
import sys
import time

_HOME = re.compile(rb"/homes/(h\d{4})")
_REQUEST = "GET /live HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n"


async def _watch(number: int, port: int, cookie: str, ready: asyncio.Semaphore) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    writer.write(_REQUEST.format(host=f"127.0.0.1:{port}", cookie=cookie).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n", 1)[0] + b" ", head
    known: set[bytes] = set()
    is_first = True
    async for line in reader:
        if not line.startswith(b"data: "):
            continue
        at = time.monotonic()
        new = set(_HOME.findall(line)) - known
        known |= new
        if is_first:
            is_first = False
            ready.release()
            continue
        for home in new:
            print(f"{at!r} {number} {home.decode()}", flush=True)


async def _all(port: int, count: int, cookie: str) -> None:
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(_watch(number, port, cookie, ready)) for number in range(count)]
    for _ in range(count):
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    try:
        asyncio.run(_all(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
    except (KeyboardInterrupt, BrokenPipeError, asyncio.IncompleteReadError):
        sys.exit(0)
