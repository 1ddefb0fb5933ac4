"""`/api/docs`: the OpenAPI document as a page of our own, drawn by the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.web.console.console import Site
from hub.web.console.drawing import draw_outside
from hub.web.console.gate import look_of
from hub.web.console.words import LANGUAGES, Words

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of a body."""

    name: str
    type: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can ask for."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    shape: str


def page(document: Json, site: Site, request: Request) -> Response:
    """Return the page in the language of the browser's choice, else the site's."""
    settings = site.settings()
    chosen = request.query_params.get("lang") or request.cookies.get("language") or ""
    words = Words(chosen if chosen in LANGUAGES else settings.language, settings.timezone)
    facts = {
        "look": look_of(request),
        "site": settings.sender or site.engine.world.site,
        "about": document["info"]["description"].split("\n\n"),
        "groups": _groups(document),
    }
    return draw_outside(words, "api_docs.html", **facts)


def _groups(document: Json) -> dict[str, list[Operation]]:
    """Return all operations by what they are about, in the document's order."""
    found: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            made = _operation(document, path, method, operation)
            found.setdefault(operation["tags"][0], []).append(made)
    return found


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    parameters = tuple(
        Field(one["name"], _type(one["schema"]), one.get("required", False), one["schema"].get("description", ""))
        for one in operation.get("parameters", ())
    )
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation.get("summary", ""),
        operation.get("x-scope", ""),
        parameters,
        _fields(document, body),
        _fields(document, answer),
        _type(answer),
    )


def _fields(document: Json, schema: Json) -> tuple[Field, ...]:
    """Return the fields of an object."""
    named = next((one for one in (schema, *schema.get("anyOf", ())) if "$ref" in one), None)
    if named is None:
        return ()
    found = document["components"]["schemas"][_name(named)]
    required = found.get("required", ())
    return tuple(
        Field(name, _type(field), name in required, field.get("description", ""))
        for name, field in found.get("properties", {}).items()
    )


def _type(schema: Json) -> str:
    """Return what a schema takes, in a word or two."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", ""))


def _name(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
