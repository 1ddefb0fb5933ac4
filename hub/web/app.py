"""The web application: its routes, and headers that hold for every answer."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.web.health import HealthRoutes
from hub.web.metrics import MetricsRoute
from hub.web.ports import AppPorts, TwilioWebhooks
from hub.web.webhooks import TwilioHooks

# A page that needs more (styles, scripts of our own) sets its own policy; these are what holds otherwise.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI middleware: adds to each answer the security headers it does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers added where the answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, add)


async def _broken(_request: Request, _failed: Exception) -> Response:
    """Answer for a handler that raised; this answer is made outside of the middleware above."""
    return PlainTextResponse("internal error", 500, headers=SECURITY_HEADERS)


def build(ports: AppPorts, channels: Sequence[TwilioWebhooks]) -> Starlette:
    """Return the application; `channels` are those of type Twilio, any number of them, also while it runs."""
    hooks = TwilioHooks(channels, ports.receipts, ports.inboxes)
    health = HealthRoutes(ports.health, hooks.counts)
    metrics = MetricsRoute(ports.measured, hooks.counts).routes() if ports.measured else []
    pages = ports.pages.routes() if ports.pages else []
    console = ports.console.routes() if ports.console else []
    return Starlette(
        routes=[*health.routes(), *metrics, *hooks.routes(), *pages, *console],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={Exception: _broken},
    )
