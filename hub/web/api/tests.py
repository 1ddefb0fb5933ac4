"""Tests of homes, the hub's own state and the account over the API."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from hub.accounts import Right
from hub.engine import testing
from hub.engine.tokens import Caller
from hub.homes import area_stem
from hub.ports.tests import HomeTestLine
from hub.walktest import Judged, WalkTest, judge
from hub.web.api import shapes
from hub.web.api.caller import Asked, asked
from hub.web.api.contract import scope
from hub.web.api.homes import iso
from hub.web.api.paging import Cursor, Limit, cursor, instant, place
from hub.web.console.console import Site
from hub.web.console.visit import NotFound, Refused

By = Annotated[Asked, Depends(asked)]


def routes(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _tests(router)
    _system(router, site)

    @router.get("/account", summary="For whom this token acts, and what it may", tags=["account"])
    async def account(by: By) -> shapes.Account:
        return shapes.Account.model_validate(_account(by.caller))

    return router


def _tests(router: APIRouter) -> None:
    see = scope(Right.SEE_HOMES) | {"tags": ["tests"]}

    @router.get("/tests", summary="List tests of homes, newest first", **see)
    async def list_tests(
        by: By, home: Annotated[str | None, Query(max_length=64)] = None, limit: Limit = 50, cursor: Cursor = None
    ) -> shapes.Tests:
        if home is not None:
            by.home(home, Right.SEE_HOMES)
        parts = place(cursor, 1)
        before = instant(parts[0]) if parts else None
        await testing.end_those_over(by.engine)
        stems = [area_stem(area) for area in by.account.areas]
        found = await by.engine.store.read(lambda t: t.home_tests(stems, home_id=home, before=before, limit=limit + 1))
        items = [_line(one) for one in found[:limit]]
        return shapes.Tests.model_validate({"items": items, "next": _following(found, limit)})

    @router.get("/tests/{test_id}", summary="One test with each device; the look is recorded", **see)
    async def one_test(by: By, test_id: str) -> shapes.WholeTest:
        await testing.end_those_over(by.engine)
        test = await by.engine.store.read(
            lambda t: testing.seen(t, found) if (found := t.home_test(test_id)) is not None else None
        )
        if test is None:
            raise NotFound(test_id)
        if not by.may(Right.SEE_HOMES, test.area):
            raise Refused(Right.SEE_HOMES, test.area, test.home_id)
        await by.record("looked", test.home_id, page="test")
        return shapes.WholeTest.model_validate(_whole(by, test))


def _following(found: list[HomeTestLine], limit: int) -> str | None:
    return cursor(found[limit - 1].began_at.isoformat()) if len(found) > limit else None


def _line(test: HomeTestLine | WalkTest) -> dict[str, Any]:
    return {
        "id": test.id,
        "home": test.home_id,
        "area": test.area,
        "kind": test.kind.value,
        "began_at": iso(test.began_at),
        "ended_at": iso(test.ended_at),
        "by": test.by,
        "tester": test.tester,
        "passed": test.passed,
    }


def _whole(by: Asked, test: WalkTest) -> dict[str, Any]:
    return _line(test) | {
        "devices": [_probe(one) for one in judge(test, by.now)],
        "signed": dict(test.signed),
    }


def _probe(judged: Judged) -> dict[str, Any]:
    probe = judged.probe
    return {
        "device": probe.device,
        "kind": probe.kind.value,
        "verdict": judged.verdict.value,
        "fault": judged.fault.value if judged.fault else None,
        "heard_at": iso(probe.heard_at),
        "delay_s": probe.delay.total_seconds() if probe.delay is not None else None,
        "signal": probe.signal,
        "battery_pct": probe.battery,
    }


def _system(router: APIRouter, site: Site) -> None:
    @router.get("/system", summary="How the hub fares: its parts, queues and last audit", tags=["system"],
                **scope(Right.SEE_SYSTEM))  # fmt: skip
    async def system(by: By) -> shapes.System:
        figures = await site.measured.figures()
        parts = site.health.ready()
        return shapes.System(
            site=by.engine.world.site,
            ready=all(part.ready for part in parts.values()),
            parts={name: shapes.SystemPart(ready=part.ready, says=part.says) for name, part in parts.items()},
            waiting=dict(figures.waiting),
            sending=dict(figures.sending),
            shelved=dict(figures.shelved),
            audit_age_s=figures.audit_age_s,
            audit_faults=figures.audit_faults,
        )


def _account(caller: Caller) -> dict[str, Any]:
    account, token = caller.account, caller.token
    return {
        "id": account.id,
        "name": account.name,
        "roles": sorted(role.value for role in account.roles),
        "areas": list(account.areas),
        "person": account.person,
        "token": {
            "id": token.id,
            "name": token.name,
            "scopes": sorted(token.rights),
            "created_at": iso(token.created_at),
            "expires_at": iso(token.expires_at),
        },
    }
