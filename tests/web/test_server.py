"""The server itself: is it alive, could the hub alarm, does it start and stop as it should."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hub.ports import FateReport, Inbound
from hub.web import server
from hub.web.app import SECURITY_HEADERS, build
from hub.web.ports import AppPorts, Part
from hub.web.server import CannotListen, Server


class Hub:
    """A hub that says of itself what it is told to."""

    def __init__(self, **parts: Part) -> None:
        self.parts: Mapping[str, Part] | Exception = parts

    async def report(self, channel: str, report: FateReport) -> None:
        raise AssertionError

    async def receive(self, inbound: Inbound) -> None:
        raise AssertionError

    def ready(self) -> Mapping[str, Part]:
        if isinstance(self.parts, Exception):
            raise self.parts
        return self.parts


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """Serve a hub; give its port, for whoever speaks HTTP by hand."""
    one = Server(app_of(Hub(database=Part(True, "answers"))), "127.0.0.1:0")
    await one.start()
    yield one.port
    await one.stop()


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve an application on a free port."""
    server = Server(app, "127.0.0.1:0")
    await server.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session
    await server.stop()


def app_of(hub: Hub) -> Starlette:
    return build(AppPorts(hub, hub, hub), [])


async def test_alive_hub_says_ok() -> None:
    async with served(app_of(Hub(database=Part(False, "locked")))) as session, session.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")


async def test_ready_hub_says_so_part_by_part() -> None:
    hub = Hub(broker=Part(True, "three sessions connected"), database=Part(True, "writes"))
    async with served(app_of(hub)) as session, session.get("/readyz") as answer:
        assert answer.status == 200
        body = await answer.json()
    assert body["ready"] is True
    assert body["parts"]["broker"] == {"ready": True, "says": "three sessions connected"}


async def test_one_missing_part_makes_the_hub_not_ready() -> None:
    hub = Hub(broker=Part(True, "connected"), audit=Part(False, "has not run yet"))
    async with served(app_of(hub)) as session, session.get("/readyz") as answer:
        assert answer.status == 503
        body = await answer.json()
    assert body["ready"] is False
    assert body["says"] == "not ready: audit"
    assert body["parts"]["audit"] == {"ready": False, "says": "has not run yet"}


async def test_unknown_is_not_ready() -> None:
    hub = Hub()
    async with served(app_of(hub)) as session:
        async with session.get("/readyz") as answer:
            assert answer.status == 503
        hub.parts = RuntimeError("password of the database")
        async with session.get("/readyz") as answer:
            assert answer.status == 503
            assert "password" not in await answer.text()


async def test_broken_page_says_nothing_of_its_inside() -> None:
    async def broken(_request: Request) -> Response:
        raise ValueError("+447700900101")

    app = app_of(Hub())
    app.router.routes.append(Route("/broken", broken))
    async with served(app) as session, session.get("/broken") as answer:
        assert (answer.status, await answer.text()) == (500, "internal error")
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


async def test_taken_port_is_one_clear_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(CannotListen, match=f"web.listen {listen}: another program has this port"):
            await Server(app_of(Hub()), listen).start()


@pytest.mark.parametrize("listen", ["8080", "", ":8080", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:99999", "[::1"])
async def test_address_that_is_none_is_refused(listen: str) -> None:
    with pytest.raises(CannotListen, match=r"web\.listen"):
        await Server(app_of(Hub()), listen).start()


async def test_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotListen, match="no such address"):
        await Server(app_of(Hub()), "192.0.2.1:0").start()


async def test_server_starts_again_on_the_port_it_had() -> None:
    first = Server(app_of(Hub()), "127.0.0.1:0")
    await first.start()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{first.port}/healthz") as answer:
            assert answer.status == 200
        await first.stop()
        second = Server(app_of(Hub()), f"127.0.0.1:{first.port}")
        await second.start()
        async with session.get(f"http://127.0.0.1:{first.port}/healthz") as answer:
            assert answer.status == 200
        await second.stop()


async def test_stop_does_not_wait_for_a_request_that_never_ends() -> None:
    entered = asyncio.Event()

    async def endless(_request: Request) -> Response:
        entered.set()
        await asyncio.Event().wait()
        return PlainTextResponse("never")

    server = Server(Starlette(routes=[Route("/", endless)]), "127.0.0.1:0")
    await server.start()
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.get(f"http://127.0.0.1:{server.port}/"))
        await entered.wait()
        idle = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(2.1):
            await server.stop()
        idle[1].close()
        outcome = (await asyncio.gather(request, return_exceptions=True))[0]
        assert isinstance(outcome, aiohttp.ClientError) or outcome.status == 500
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_stop_twice_or_before_start_is_harmless() -> None:
    server = Server(app_of(Hub()), "127.0.0.1:0")
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


async def test_a_head_that_never_ends_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_LIMIT_S", 0.2)
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nX-A: ")
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_a_second_head_that_never_ends_keeps_no_connection_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_LIMIT_S", 0.2)
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\nok")
            writer.write(b"GET /hea")
            assert await reader.read() == b""
        writer.close()
