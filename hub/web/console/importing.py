"""Homes from a spreadsheet: upload, look at what would change, then take all of it or nothing."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.engine.editing import ChangedMeanwhile, Edit, imported, save_all
from hub.engine.news import News
from hub.ports import Lane
from hub.web.console.console import Site
from hub.web.console.drawing import draw
from hub.web.console.ports import Importer, Proposal
from hub.web.console.visit import Visit
from hub.web.uploads import file_bytes, read_upload

PATH = "/import"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What was looked at waits so long for the word to take it; ten thousand homes lie in memory meanwhile.
KEPT_FOR, _MOST_KEPT = timedelta(minutes=30), 3
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Looked:
    """A spreadsheet that somebody looked at, and what it would change."""

    account_id: str
    areas: tuple[str, ...]
    at: datetime
    name: str
    data: bytes
    proposal: Proposal


class ImportPages:
    """`/import`."""

    def __init__(self, site: Site, importer: Importer) -> None:
        self._site = site
        self._engine = site.engine
        self._importer = importer
        self._looked: OrderedDict[str, Looked] = OrderedDict()
        # One at a time: each holds a file and all that comes of it in memory.
        self._reading = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the pages, the templates and the forms."""
        gate, right = self._site.gate, Right.IMPORT
        return [
            gate.page(PATH, self._page, right),
            gate.form(PATH, self._read, right, read=read_upload),
            gate.form(f"{PATH}/take", self._take, right),
            gate.page(f"{PATH}/homes.xlsx", self._workbook, right),
            gate.page(f"{PATH}/homes.csv", self._table, right),
        ]

    async def _page(self, visit: Visit, request: Request) -> Response:
        done = request.query_params.get("done", "")
        return self._draw(visit, done=int(done) if done.isascii() and done.isdigit() and len(done) < 7 else None)

    def _draw(self, visit: Visit, status: int = HTTPStatus.OK, **facts: Any) -> Response:
        shown = {"proposal": None, "token": "", "name": "", "done": None, "again": False, "shown": _MOST_SHOWN}
        return draw(visit, "import.html", status, **{**shown, **facts})

    async def _workbook(self, visit: Visit, _request: Request) -> Response:
        data = await asyncio.to_thread(self._importer.template, visit.words.language)
        return _file(data, "homes.xlsx", _XLSX)

    async def _table(self, visit: Visit, _request: Request) -> Response:
        return _file(self._importer.template(visit.words.language, csv=True), "homes.csv", "text/csv; charset=utf-8")

    # --- a spreadsheet

    async def _read(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        name, data = form.get("file.name", ""), file_bytes(form, "file")
        if not data:
            said = visit.words.say("Choose a file first: .xlsx or .csv.")
            return self._draw(visit, HTTPStatus.UNPROCESSABLE_ENTITY, proposal=Proposal((said,)), name=name)
        return await self._show(visit, name, data)

    async def _show(self, visit: Visit, name: str, data: bytes, *, again: bool = False) -> Response:
        """Show what the file would change; remember it for the word to take it."""
        async with self._reading:
            proposal = await asyncio.to_thread(
                self._importer.read,
                *(name, data, self._engine.world.registry),
                lambda area: visit.may(Right.IMPORT, area),
                visit.words.language,
            )
        if proposal.faults or proposal.is_empty:
            status = HTTPStatus.UNPROCESSABLE_ENTITY if proposal.faults else HTTPStatus.OK
            return self._draw(visit, status, proposal=proposal, name=name)
        token = secrets.token_urlsafe(16)
        self._forget(visit)
        self._looked[token] = Looked(visit.account.id, visit.account.areas, visit.now, name, data, proposal)
        status = HTTPStatus.CONFLICT if again else HTTPStatus.OK
        return self._draw(visit, status, proposal=proposal, token=token, name=name, again=again)

    def _forget(self, visit: Visit) -> None:
        """Drop what waited too long, what this account looked at before, and the oldest if there are many."""
        for token, looked in list(self._looked.items()):
            if looked.account_id == visit.account.id or visit.now - looked.at > KEPT_FOR:
                del self._looked[token]
        while len(self._looked) >= _MOST_KEPT:
            self._looked.popitem(last=False)

    async def _take(self, visit: Visit, _request: Request, form: Mapping[str, str]) -> Response:
        looked = self._looked.pop(form.get("token", ""), None)
        if looked is None or looked.account_id != visit.account.id or visit.now - looked.at > KEPT_FOR:
            said = visit.words.say("This was looked at too long ago. Nothing was changed; choose the file once more.")
            return self._draw(visit, HTTPStatus.CONFLICT, proposal=Proposal((said,)))
        if looked.areas != visit.account.areas:  # some of it may be somebody else's business by now
            return await self._show(visit, looked.name, looked.data, again=True)
        found = looked.proposal
        edit = Edit("homes", "", visit.account.who, found.version, visit.account.area)
        try:
            known = self._engine.world.registry
            acts = await asyncio.to_thread(imported, known, found.people, found.homes, edit, visit.now)
            await self._engine.write(
                Lane.SLOW, lambda work: save_all(work, found.people, found.homes, found.areas, edit, acts)
            )
        except ChangedMeanwhile:
            await self._engine.load()
            return await self._show(visit, looked.name, looked.data, again=True)
        await self._engine.load()
        self._engine.tell(News(everything=True))
        return RedirectResponse(f"{PATH}?done={len(found.homes)}", HTTPStatus.SEE_OTHER)


def _file(data: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type=kind, headers=headers)
