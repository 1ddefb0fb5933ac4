"""A carrier on virtual time, the official SDK pointed at it, and an account's web server that checks signatures."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import pytest
from aiohttp import web
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulators.carrier import Carrier, CarrierServer, VirtualClock

ACCOUNT = "AC" + "a1" * 16
TOKEN = "0123456789abcdef0123456789abcdef"
OURS = "+15005550006"
DAUGHTER = "+447700900101"
STAFF = "+447700900102"


class PointedClient(Client):
    """The official client; only the host it talks to is another."""

    carrier_url = ""

    def get_hostname(self, uri: str) -> str:
        parts, base = urlsplit(uri), urlsplit(self.carrier_url)
        return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))


def sdk(url: str, *, token: str = TOKEN, http_client: AsyncTwilioHttpClient | None = None) -> PointedClient:
    client = PointedClient(ACCOUNT, token, http_client=http_client)
    client.carrier_url = url
    return client


@dataclass
class Account:
    """The web server of the account's owner: what it was told, in order, each with a valid signature or not."""

    url: str = ""
    told: list[dict[str, str]] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)
    answer: str = "<Response></Response>"
    status: int = 200

    @property
    def statuses(self) -> list[str]:
        return [params.get("MessageStatus", params["SmsStatus"]) for params in self.told]

    async def hear(self, request: web.Request) -> web.Response:
        params = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers["X-Twilio-Signature"]
        self.signed.append(RequestValidator(TOKEN).validate(str(request.url), params, signature))
        self.told.append(params)
        return web.Response(text=self.answer, content_type="text/xml", status=self.status)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    heard = Account()
    app = web.Application()
    app.router.add_post("/{path:.*}", heard.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    heard.url = f"http://{host}:{port}"
    yield heard
    await runner.cleanup()


@pytest.fixture
def carrier(clock: VirtualClock, account: Account) -> Carrier:
    carrier = Carrier(ACCOUNT, TOKEN, [OURS], clock=clock, webhook_url=f"{account.url}/sms")
    clock.join(carrier)
    return carrier


@pytest.fixture
async def server(carrier: Carrier) -> AsyncIterator[CarrierServer]:
    async with CarrierServer(carrier) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def client(server: CarrierServer) -> AsyncIterator[PointedClient]:
    async with AsyncTwilioHttpClient() as http_client:
        yield sdk(server.url, http_client=http_client)


@pytest.fixture
def new_client() -> Callable[..., PointedClient]:
    return sdk


@pytest.fixture
def numbers() -> tuple[str, str, str]:
    """Our number, the daughter's, the staff's."""
    return OURS, DAUGHTER, STAFF
