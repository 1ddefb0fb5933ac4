"""A carrier that answers at once: a process of its own, so that what it does is not the hub's work.

It speaks as much of Twilio's REST API as sending a text needs. Each text is a line on stdout: when its request had
arrived (monotonic seconds, the same in all processes of a machine), the number, the process that sent it. A second text
with a link is taken, since its work is the hub's, and not told: no figure waits for it. The carrier of `carehub
simulate` plays phones, receipts and faults too; here that would only take time from what is measured.
"""

import asyncio
import json
import sys
import time
from urllib.parse import parse_qs

_ANSWER = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


class _Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other."""

    taken = 0

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        arrived_s = time.monotonic()
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].decode("latin-1")
            whole = end + 4 + _length(head)
            if len(self._data) < whole:
                return
            body, self._data = self._data[end + 4 : whole], self._data[whole:]
            self._answer(head, body, arrived_s)

    def _answer(self, head: str, body: bytes, arrived_s: float) -> None:
        method, path, _ = head.split(" ", 2)
        if method == "POST":
            form = parse_qs(body.decode())
            type(self).taken += 1
            sid = f"SM{self.taken:032x}"
            if "http" not in form["Body"][0]:
                print(f"{arrived_s!r} {form['To'][0]}", flush=True)
            message = _message(sid, form["To"][0], form["Body"][0], "queued")
            self._say(b"201 Created", message)
        elif path.endswith("/Messages.json") or "?" in path:
            self._say(b"200 OK", {"messages": [], "next_page_uri": None, "page": 0, "page_size": 50, "uri": path})
        else:
            sid = path.rpartition("/")[2].removesuffix(".json")
            self._say(b"200 OK", _message(sid, "", "", "delivered"))

    def _say(self, status: bytes, body: object) -> None:
        if self._transport is not None:
            text = json.dumps(body).encode()
            self._transport.write(_ANSWER % (status, len(text), text))


def _length(head: str) -> int:
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _message(sid: str, to: str, body: str, status: str) -> dict[str, object]:
    return {"sid": sid, "to": to, "body": body, "status": status, "error_code": None, "date_created": None}


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(_serve())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
