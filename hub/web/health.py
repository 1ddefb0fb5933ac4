"""Whether the hub is alive, and whether it could alarm now."""

from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hub.web.ports import Health

_log = structlog.get_logger(__name__)


class HealthRoutes:
    """`/healthz` and `/readyz`. `counts` are shown as they are: what webhooks brought."""

    def __init__(self, health: Health, counts: Mapping[str, int]) -> None:
        self._health = health
        self._counts = counts

    def routes(self) -> list[Route]:
        """Return both routes."""
        return [Route("/healthz", self.alive, methods=["GET"]), Route("/readyz", self.ready, methods=["GET"])]

    async def alive(self, _request: Request) -> Response:
        """Answer at all: the process runs and its loop turns."""
        return PlainTextResponse("ok")

    async def ready(self, _request: Request) -> Response:
        """Answer 200 only if every part can do its share of an alarm; say what each part does."""
        try:
            parts = dict(self._health.ready())
        except Exception as failed:  # whatever fails here, the answer must be "not ready"
            _log.exception("readiness_unknown")
            parts, says = {}, f"readiness cannot be told: {type(failed).__name__}"
        else:
            waiting = [name for name, part in parts.items() if not part.ready]
            says = f"not ready: {', '.join(waiting)}" if waiting else "ready" if parts else "not ready: nothing runs"
        body = {
            "ready": says == "ready",
            "says": says,
            "parts": {name: {"ready": part.ready, "says": part.says} for name, part in parts.items()},
            "webhooks": dict(self._counts),
        }
        return JSONResponse(body, 200 if body["ready"] else 503)
