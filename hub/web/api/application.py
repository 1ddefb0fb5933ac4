"""The API as one application: its routes, its OpenAPI document, and what is answered when something is wrong."""

import importlib.metadata
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.ports import StoreUnavailable
from hub.web.acting import NeedsPerson
from hub.web.api import alerts, homes, tests
from hub.web.api.caller import asked
from hub.web.api.contract import ALL
from hub.web.api.problems import Problem, broken, not_found, sick
from hub.web.console.console import Site
from hub.web.console.overview import Overlook
from hub.web.console.visit import NotFound, Refused

log = structlog.get_logger("api")

PREFIX = "/api/v1"
_ABOUT = """What the console shows and does, for programs.

A program signs in with a token that a person makes on the page `/tokens` and sends as `Authorization: Bearer ch_…`.
It may do what that person's account may, in the same areas, and of that only the token's scopes (`x-scope`).
What lies in another area is as if it were not there. Times are ISO 8601 in UTC. Lists have pages: send `next` as
`cursor` until it is null. Ten requests a second, fifty at once. Errors are RFC 9457 problem details."""
_MOST_MISTAKES = 5


def build(site: Site, overlook: Overlook) -> FastAPI:
    """Return the application; it is called only with requests whose token was checked."""
    app = FastAPI(
        title="carehub",
        summary="Alerts of older people who live at home, and who goes to them",
        description=_ABOUT,
        version=importlib.metadata.version("carehub"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        dependencies=[Security(HTTPBearer(auto_error=False, description="A token of the page /tokens"))],
        responses=ALL,
        generate_unique_id_function=lambda route: route.name.replace("-", "_"),
    )
    for router in (alerts.routes(), homes.routes(overlook), tests.routes(site)):
        app.include_router(router, prefix=PREFIX)
    _answer_problems(app)
    return app


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: problems have a media type of their own, and only theirs."""
    made: dict[str, Any] = app.openapi()
    for operations in made["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if int(status) >= HTTPStatus.BAD_REQUEST:
                    schema = {"$ref": "#/components/schemas/Trouble"}
                    answer["content"] = {"application/problem+json": {"schema": schema}}
                elif not content:
                    answer.pop("content", None)
    for name in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(name, None)
    return made


def _answer_problems(app: FastAPI) -> None:
    def say(error: type[Exception], problem: Callable[[Any], Problem]) -> None:
        async def answer(_request: Request, raised: Exception) -> Response:
            return problem(raised).response()

        app.add_exception_handler(error, answer)

    say(Problem, lambda problem: problem)
    say(NotFound, lambda _: not_found())
    say(StoreUnavailable, lambda _: sick())
    say(NeedsPerson, lambda _: _no_person())
    say(RequestValidationError, _mistakes)
    say(HTTPException, _of_http)
    say(Exception, lambda _: broken())
    app.add_exception_handler(Refused, _refused)  # type: ignore[arg-type]


async def _refused(request: Request, refused: Refused) -> Response:
    """Record what was tried. What lies in another area is as if it were not there."""
    by = asked(request)
    await by.record_refusal(refused)
    if by.may(refused.right):
        return not_found().response()
    detail = f"This token may not do that: it needs the scope {refused.right.value}, and an account with that right."
    return Problem(HTTPStatus.FORBIDDEN, detail, scope=refused.right.value).response()


def _no_person() -> Problem:
    detail = "This account is no person, and who takes an alert must be reachable. Use the account of a person."
    return Problem(HTTPStatus.FORBIDDEN, detail)


def _mistakes(error: RequestValidationError) -> Problem:
    """Say what is wrong where; never what was sent, which may be personal."""
    found = [
        {"at": "/".join(str(part)[:60] for part in one["loc"]), "what": one["msg"]}
        for one in error.errors()[:_MOST_MISTAKES]
    ]
    first = f"{found[0]['at']}: {found[0]['what']}" if found else "the request cannot be read"
    detail = f"Something in the request is wrong: {first}. See /api/docs."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=found)


def _of_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        return not_found()
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "This address does not take that method. See /api/docs."
        return Problem(status, detail, headers=dict(error.headers or {}))
    return Problem(status, "The request cannot be read. Send JSON as /api/docs describes it.")
