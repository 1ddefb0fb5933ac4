"""The carrier on a loopback port."""

import socket
from types import TracebackType

from aiohttp import web

from simulators.carrier.carrier import Carrier
from simulators.carrier.control import Control
from simulators.carrier.rest import Rest

BACKLOG = 1024
GRACE_S = 2.0


class CarrierServer:
    """Serves a carrier; can be stopped, also abruptly, and started again on the same port with the same carrier."""

    def __init__(self, carrier: Carrier, host: str = "127.0.0.1", port: int = 0) -> None:
        """Port 0: any free one at the first start, the same ever after."""
        self.carrier = carrier
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens, for instance http://127.0.0.1:8090."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def port(self) -> int:
        """Its port."""
        return self._port

    async def start(self) -> None:
        """Listen and let the carrier act; raises OSError if the port is taken."""
        listener = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
        except OSError:
            listener.close()
            raise
        self._port = int(listener.getsockname()[1])
        app = web.Application()
        app.add_routes([*Rest(self.carrier).routes(), *Control(self.carrier).routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
        await self._runner.setup()
        await self.carrier.start()
        await web.SockSite(self._runner, listener, backlog=BACKLOG).start()

    async def stop(self, *, abrupt: bool = False) -> None:
        """Stop listening; `abrupt` breaks every connection at once, as a crash would."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        for site in list(runner.sites):
            await site.stop()
        if abrupt and runner.server is not None:
            for connection in runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        await self.carrier.stop(abrupt=abrupt)
        await runner.cleanup()

    async def __aenter__(self) -> "CarrierServer":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
