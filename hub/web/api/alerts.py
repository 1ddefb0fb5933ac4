"""Alerts over the API: lists, one with its history and messages, and all acts of the console."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from hub.accounts import Right
from hub.alerts import as_json
from hub.alerts.alert import Alert, Outcome
from hub.alerts.deeds import Answer, Deed, Reason
from hub.alerts.place import area_of, takers
from hub.homes import Registry
from hub.ports import Transaction
from hub.web.acting import act
from hub.web.api import shapes
from hub.web.api.caller import Asked, asked
from hub.web.api.contract import scope
from hub.web.api.paging import Cursor, Limit, cursor, instant, place
from hub.web.api.problems import Problem

By = Annotated[Asked, Depends(asked)]
# A page looks at so many alerts at most: those of other areas lie between one's own.
AT_ONCE, MOST_LOOKED_AT = 500, 5000
_PLAIN = {
    Deed.TAKE: "Take an alert: its holder promises to go",
    Deed.JOIN: "Go as well, although somebody has it",
    Deed.ON_WAY: "Say that one is on the way",
    Deed.CANNOT: "Say that one cannot: the next step is due now",
}


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["alerts"])
    _reading(router)
    _acting(router)
    return router


def _reading(router: APIRouter) -> None:
    see = scope(Right.SEE_ALERTS)

    @router.get("/alerts", summary="List alerts, newest first", **see)
    async def list_alerts(
        by: By,
        everything: Annotated[bool, Query(alias="all", description="Resolved ones, too")] = False,
        home: Annotated[str | None, Query(max_length=64)] = None,
        severity: Literal["emergency", "warning", "notice"] | None = None,
        stage: Literal["open", "acknowledged", "resolved"] | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> shapes.Alerts:
        def fits(alert: Alert) -> bool:
            wanted = (home, alert.home_id), (severity, alert.severity.value), (stage, alert.stage.value)
            return all(want is None or want == is_ for want, is_ in wanted)

        found, following = await _page(by, fits, limit, cursor, everything=everything or stage == "resolved")
        items = [summary(alert, by.registry) for alert in found]
        return shapes.Alerts.model_validate({"items": items, "next": following})

    @router.get("/alerts/{ref}", summary="One alert with its history and messages; by id or code", **see)
    async def one_alert(by: By, ref: str) -> shapes.WholeAlert:
        alert = await by.alert(ref)
        history, messages = await by.engine.store.read(lambda t: (t.history(alert.id), t.notifications(alert.id)))
        whole = as_json.whole(alert, history, messages) | {"area": area_of(alert, by.registry)}
        return shapes.WholeAlert.model_validate(_masked(whole))

    @router.get("/alerts/{ref}/history", summary="Who did what when, oldest first", **see)
    async def history(by: By, ref: str) -> shapes.History:
        alert = await by.alert(ref)
        lines = await by.engine.store.read(lambda t: t.history(alert.id))
        return shapes.History.model_validate(_masked({"history": [as_json.line(one) for one in lines]}, "items"))

    @router.get("/alerts/{ref}/messages", summary="Who was told, and the fate of each message", **see)
    async def messages(by: By, ref: str) -> shapes.Messages:
        alert = await by.alert(ref)
        sent = await by.engine.store.read(lambda t: t.notifications(alert.id))
        return shapes.Messages.model_validate({"items": [as_json.sent(one) for one in sent]})

    @router.get("/alerts/{ref}/takers", summary="To whom it can be handed over", **scope(Right.ACT))
    async def list_takers(by: By, ref: str) -> shapes.Takers:
        alert = await by.alert(ref, Right.ACT)
        people = [{"id": person.id, "name": person.name} for person in takers(alert, by.registry)]
        return shapes.Takers.model_validate({"items": people})


def _acting(router: APIRouter) -> None:
    acts = scope(Right.ACT)
    for deed, words in _PLAIN.items():
        router.post(f"/alerts/{{ref}}/{deed.value}", summary=words, name=deed.value, **acts)(_plain(deed))

    @router.post("/alerts/{ref}/arrived", summary="Say that one has arrived", **acts)
    async def arrived(by: By, ref: str, body: shapes.Arrived | None = None) -> shapes.Done:
        return await _done(by, ref, Deed.ARRIVED, for_holder=body is not None and body.holder)

    @router.post("/alerts/{ref}/hand-over", summary="Hand it over to somebody by name", **acts)
    async def hand_over(by: By, ref: str, body: shapes.HandOver) -> shapes.Done:
        return await _done(by, ref, Deed.HAND_OVER, to=body.to)

    @router.post("/alerts/{ref}/resolve", summary="Close it with an outcome", **acts)
    async def resolve(by: By, ref: str, body: shapes.Resolve) -> shapes.Done:
        return await _done(by, ref, Deed.RESOLVE, outcome=body.outcome, note=body.note, watched=body.watched)

    @router.post("/alerts/{ref}/note", summary="Add a note to its history", **acts)
    async def note(by: By, ref: str, body: shapes.Note) -> shapes.Done:
        return await _done(by, ref, Deed.NOTE, note=body.text)

    @router.post("/alerts/{ref}/silence", summary="Silence its sound on all consoles; its ladder goes on", **acts)
    async def silence(by: By, ref: str, body: shapes.Silence) -> shapes.Done:
        return await _done(by, ref, Deed.SILENCE, reason=body.reason, note=body.text)


def _plain(deed: Deed) -> Callable[..., Awaitable[shapes.Done]]:
    async def do(by: By, ref: str) -> shapes.Done:
        return await _done(by, ref, deed)

    return do


async def _done(
    by: Asked,
    ref: str,
    deed: Deed,
    *,
    to: str | None = None,
    outcome: Outcome | None = None,
    note: str = "",
    watched: bool = False,
    reason: Reason | None = None,
    for_holder: bool = False,
) -> shapes.Done:
    done = await act(
        by.engine,
        by.account,
        ref,
        deed,
        to=to,
        outcome=outcome,
        note=note,
        watched=watched,
        reason=reason,
        for_holder=for_holder,
        via="api",
    )
    said = summary(done.alert, by.registry)
    problem = _PROBLEMS.get(done.answer)
    if problem is not None:
        status, sentence = problem
        raise Problem(status, sentence, answer=done.answer.value, alert=said)
    return shapes.Done.model_validate({"answer": done.answer.value, "alert": said})


_PROBLEMS = {
    Answer.TAKEN: (HTTPStatus.CONFLICT, "Somebody else has this alert. To go as well, post to join."),
    Answer.CLOSED: (HTTPStatus.CONFLICT, "This alert is resolved already. What you did is noted, nothing else."),
    Answer.ACTIVE: (
        HTTPStatus.CONFLICT,
        "The detector still alarms. Look, and send watched: true; it opens again after 15 minutes if it does not end.",
    ),
    Answer.INCOMPLETE: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Something is missing: words in a note, words beside another reason, or a person who can take it over.",
    ),
}


def summary(alert: Alert, registry: Registry) -> dict[str, Any]:
    """Return an alert as lists show it."""
    return as_json.summary(alert) | {"area": area_of(alert, registry)}


def _masked(told: dict[str, Any], name: str = "history") -> dict[str, Any]:
    """Return what is told with strangers' numbers left out of its history."""
    lines = [
        {**line, "detail": {key: value for key, value in line["detail"].items() if key not in ("number", "phone")}}
        for line in told["history"]
    ]
    return {**told, name: lines}


def _rows(below: tuple[datetime, str] | None, everything: bool, transaction: Transaction) -> list[Alert]:
    return transaction.alerts_below(below, AT_ONCE, everything=everything)


async def _page(
    by: Asked, fits: Callable[[Alert], bool], limit: int, word: str | None, *, everything: bool
) -> tuple[list[Alert], str | None]:
    """Return a page of the account's alerts, and where the next one begins."""
    parts = place(word, 2)
    below = (instant(parts[0]), parts[1]) if parts else None
    found: list[Alert] = []
    for _ in range(MOST_LOOKED_AT // AT_ONCE):
        rows = await by.engine.store.read(partial(_rows, below, everything))
        for alert in rows:
            below = (alert.opened_at, alert.id)
            if fits(alert) and by.may(Right.SEE_ALERTS, area_of(alert, by.registry)):
                found.append(alert)
                if len(found) == limit:
                    is_last = alert is rows[-1] and len(rows) < AT_ONCE
                    return found, None if is_last else cursor(below[0].isoformat(), below[1])
        if len(rows) < AT_ONCE:
            return found, None
    return found, cursor(below[0].isoformat(), below[1]) if below else None
