"""The first page after a start: what draws it is loaded beside the event loop, so that no press waits for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

import pytest
from jinja2 import Environment

from hub.accounts import AccountRole
from hub.web.console import drawing, words
from tests.web.console.doors import House


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    """Be as a hub that has just begun."""
    drawing.environment.cache_clear()
    words._chinese.cache_clear()


@contextmanager
def compiling(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str | None, int]]]:
    """Give the templates that are compiled meanwhile, each with its thread."""
    seen: list[tuple[str | None, int]] = []
    compiled = Environment.compile

    def note(made: Environment, source: str, name: str | None = None, *rest: object, **more: object) -> object:
        seen.append((name, get_ident()))
        return compiled(made, source, name, *rest, **more)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(Environment, "compile", note)
        yield seen


async def test_no_page_that_is_seen_first_is_loaded_on_the_event_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with compiling(monkeypatch) as seen:
        assert (await house.browser().get("/sign-in")).status == 200
        browser = await house.signed_in("li", AccountRole.VILLAGE)
        assert (await browser.get("/")).status == 200
    assert seen
    assert [name for name, thread in seen if thread == get_ident()] == []


async def test_what_is_loaded_first_is_what_the_first_pages_need(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing._load(drawing._FIRST)
    monkeypatch.setattr(drawing, "_load", lambda names=None: None)
    with compiling(monkeypatch) as seen:
        assert (await house.browser().get("/sign-in")).status == 200
        browser = await house.signed_in("li", AccountRole.VILLAGE)
        assert (await browser.get("/")).status == 200
    assert seen == []


async def test_all_who_come_at_once_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = drawing.Loading()
    with compiling(monkeypatch) as seen:
        await asyncio.gather(*(loading.ready() for _ in range(50)))
        assert loading._rest is not None
        await loading._rest
    names = [name for name, _ in seen]
    assert len(names) == len(set(names))
    assert {path.name for path in drawing._FOLDER.glob("pages/*.html")} == set(names)
