"""Reading a form with a file in it: bounded in size and time, nothing is written to the disk."""

from collections.abc import Mapping
from datetime import timedelta
from email.message import Message
from http import HTTPStatus

from starlette.requests import Request

from hub.web.forms import BadForm, read_body

_TYPE = "multipart/form-data"
LARGEST_UPLOAD = 17_000_000
# A spreadsheet over a slow line from a township: 16 MB at 1 Mbit/s.
READ_LIMIT = timedelta(minutes=3)
_MOST_PARTS = 20


async def read_upload(request: Request) -> dict[str, str]:
    """Return the fields of a form with a file, as text; raises BadForm.

    A file's bytes are in the field of its name as Latin-1 (`file_bytes` gives them back), its name in `<name>.name`.
    """
    boundary = _parameter(request.headers.get("content-type", ""), "boundary")
    if not boundary or len(boundary) > 200:
        raise BadForm(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {_TYPE}")
    body = await read_body(request, LARGEST_UPLOAD, within=READ_LIMIT)
    parts = body.split(b"--" + boundary.encode("latin-1"))
    if len(parts) < 3 or len(parts) > _MOST_PARTS or not parts[-1].startswith(b"--"):
        raise BadForm(HTTPStatus.BAD_REQUEST, "not a form")
    form: dict[str, str] = {}
    for part in parts[1:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        if not found or not content.endswith(b"\r\n"):
            raise BadForm(HTTPStatus.BAD_REQUEST, "not a form")
        for name, value in _fields(head, content[:-2]).items():
            if name in form:
                raise BadForm(HTTPStatus.BAD_REQUEST, "a field comes twice")
            form[name] = value
    return form


def file_bytes(form: Mapping[str, str], name: str) -> bytes:
    """Return what was in the file of a form."""
    return form.get(name, "").encode("latin-1")


def _fields(head: bytes, content: bytes) -> dict[str, str]:
    """Return what one part says: a field, or a file with its name."""
    lines = head.decode("utf-8", "replace").split("\r\n")
    shown = next((line for line in lines if line.lower().startswith("content-disposition:")), "").partition(":")[2]
    name, file = _parameter(shown, "name"), _parameter(shown, "filename")
    if not name:
        raise BadForm(HTTPStatus.BAD_REQUEST, "not a form")
    if file is None:
        return {name: content.decode("utf-8", "replace")}
    return {name: content.decode("latin-1"), f"{name}.name": file[-100:]}


def _parameter(header: str, name: str) -> str | None:
    """Return one parameter of a header, quotes taken off."""
    message = Message()
    message["content-type"] = header.replace("\r", "").replace("\n", "") if "/" in header else f"x/x; {header}"
    found = message.get_param(name)
    return found if isinstance(found, str) else None
