"""Uvicorn inside the hub's own event loop."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_REQUESTS = 1000  # connections at once; more are answered 503
STOP_LIMIT_S = 2.0
HEAD_LIMIT_S = 10.0  # whoever begins a request and does not end its head in time keeps no connection
LARGEST_PORT = 65535
_GRACE_S = 1  # for answers under way, before they are broken off
# In the scope of each request: an asyncio.Event that is set when the server stops, for answers that never end.
STOPPING = "carehub.stopping"


class CannotListen(Exception):
    """The address of `web.listen` cannot be had; the text is one sentence that says what to do."""


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the hub, which stops all its parts in order."""
        yield


class Patient(H11Protocol):
    """One connection; it is closed if the head of a request does not come to its end in time."""

    _slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is whole is awaited no more."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        elif self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing more."""
        if self._slow is not None:
            self._slow.cancel()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._slow is None:
            self._slow = self.loop.call_later(HEAD_LIMIT_S, self._give_up)

    def _give_up(self) -> None:
        self._slow = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


class Server:
    """Serves `app` at `listen`, "host:port" or "[ipv6]:port"; port 0 takes a free one."""

    def __init__(self, app: ASGIApp, listen: str) -> None:
        self._app = app
        self._listen = listen
        self._server: _Uvicorn | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.port = 0

    async def start(self) -> None:
        """Listen, and return once requests are answered; raises CannotListen."""
        listener = _listener(self._listen)
        self.port = listener.getsockname()[1]
        self._stopping.clear()
        config = uvicorn.Config(
            self._serve,
            http=Patient,
            interface="asgi3",  # it cannot tell from a method
            lifespan="off",
            log_config=None,
            access_log=False,  # it would write tokens of pages
            server_header=False,
            proxy_headers=False,  # nothing here believes what a request says of itself
            limit_concurrency=MOST_REQUESTS,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Uvicorn(config)
        self._task = asyncio.create_task(self._server.serve([listener]), name="web")
        while not self._server.started:
            if self._task.done():
                listener.close()
                self._task.result()
                raise CannotListen(f"web.listen {self._listen}: the server ended at once.")
            await asyncio.sleep(0.005)  # uvicorn tells nobody when it is up

    async def stop(self) -> None:
        """Stop listening, end what is under way; returns within 2 s whatever requests do."""
        server, task = self._server, self._task
        if server is None or task is None:
            return
        self._server = self._task = None
        self._stopping.set()
        server.should_exit = True
        done, _ = await asyncio.wait([task], timeout=STOP_LIMIT_S - 0.2)
        if not done:
            server.force_exit = True
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=0.2)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[STOPPING] = self._stopping
        await self._app(scope, receive, send)


def _listener(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > LARGEST_PORT:
        raise CannotListen(f'web.listen "{listen}" is not host:port. Write for example 127.0.0.1:8080.')
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError:
        raise CannotListen(f"web.listen {listen}: no such address. Write an address of this machine.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as failed:
        listener.close()
        raise CannotListen(_sentence(listen, failed)) from None
    listener.setblocking(False)
    return listener


def _sentence(listen: str, failed: OSError) -> str:
    match failed.errno:
        case errno.EADDRINUSE:
            why = "another program has this port. Stop it (perhaps a second hub) or choose another port"
        case errno.EACCES:
            why = "this user may not take that port. Choose one from 1024 on"
        case errno.EADDRNOTAVAIL:
            why = "this machine has no such address. Choose one it has, for example 127.0.0.1"
        case _:
            why = "the port cannot be had. Choose another"
    return f"web.listen {listen}: {why} (web.listen in hub.yaml, or CAREHUB_WEB__LISTEN)."
