"""What Twilio tells us through its webhooks, and what a stranger cannot make us believe."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlencode

import aiohttp
import pytest
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from hub.alerts.notification import Fate
from hub.channels.twilio_sms import TwilioSms
from hub.ports import FateReport, Inbound, StoreUnavailable, Verdict
from hub.web.app import SECURITY_HEADERS, build
from hub.web.forms import LARGEST_FORM
from hub.web.ports import AppPorts, Part
from hub.web.server import Server
from hub.web.webhooks import COMMIT_LIMIT

PUBLIC = "https://care.example.org/hub"
ACCOUNT, TOKEN = "AC" + "1" * 32, "the token of the first account"
OTHER_ACCOUNT, OTHER_TOKEN = "AC" + "2" * 32, "the token of the second account"
OURS, OURS_TOO, THEIRS = "+15005550006", "+15005550007", "+447700900101"
SID = "SM" + "3" * 32


class Hub:
    """Stands in for the engine: keeps what it is handed, or refuses it."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, FateReport]] = []
        self.inbound: list[Inbound] = []
        self.sick: Exception | None = None
        self.unknown = False

    async def report(self, channel: str, report: FateReport) -> bool:
        if self.sick:
            raise self.sick
        self.reports.append((channel, report))
        return not self.unknown

    async def receive(self, inbound: Inbound) -> None:
        if self.sick:
            raise self.sick
        self.inbound.append(inbound)

    def ready(self) -> dict[str, Part]:
        return {"broker": Part(True, "connected")}


def twilio(name: str, number: str, account: str, token: str) -> TwilioSms:
    return TwilioSms(name=name, from_number=number, account_sid=account, auth_token=token, public_url=PUBLIC)


class Carrier:
    """Calls the hub as the carrier does, or as somebody who would like to be it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(
        self, path: str, form: dict[str, str], *, token: str = TOKEN, url: str | None = None, **headers: str
    ) -> aiohttp.ClientResponse:
        """Post a form signed with `token` for `url`, by default the one the hub is known by."""
        signature = RequestValidator(token).compute_signature(url or PUBLIC + path, form)
        return await self.raw(path, urlencode(form), **{"X-Twilio-Signature": signature, **headers})

    async def raw(self, path: str, body: object, method: str = "POST", **headers: str) -> aiohttp.ClientResponse:
        head = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", **headers}
        return await self._session.request(method, path, data=body, headers=head)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def carrier(hub: Hub) -> AsyncIterator[Carrier]:
    """Serve three channels on two accounts and give a caller."""
    channels = [
        twilio("first", OURS, ACCOUNT, TOKEN),
        twilio("second", OURS_TOO, ACCOUNT, TOKEN),
        twilio("third", OURS, OTHER_ACCOUNT, OTHER_TOKEN),
    ]
    server = Server(build(AppPorts(hub, hub, hub), channels), "127.0.0.1:0")
    await server.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield Carrier(session)
    await server.stop()


def status(**more: str) -> dict[str, str]:
    form = {"AccountSid": ACCOUNT, "From": OURS, "To": THEIRS, "MessageSid": SID, "MessageStatus": "delivered"}
    return {**form, **more}


def reply(**more: str) -> dict[str, str]:
    return {"AccountSid": ACCOUNT, "From": THEIRS, "To": OURS, "MessageSid": SID, "Body": "收到 & thanks", **more}


async def counted(carrier: Carrier) -> dict[str, int]:
    seen: dict[str, int] = (await (await carrier.raw("/readyz", None, "GET")).json())["webhooks"]
    return seen


async def test_delivery_is_handed_on(hub: Hub, carrier: Carrier) -> None:
    answer = await carrier.post("/twilio/status", status())
    assert answer.status == 204
    assert hub.reports == [("first", FateReport(SID, Fate.DELIVERED))]


async def test_failure_keeps_its_reason(hub: Hub, carrier: Carrier) -> None:
    await carrier.post("/twilio/status", status(MessageStatus="undelivered", ErrorCode="30006"))
    report = FateReport(SID, Fate.FAILED, "30006 landline", Verdict.DEAD_NUMBER)
    assert hub.reports == [("first", report)]


async def test_reply_is_handed_on_and_answered_with_nothing(hub: Hub, carrier: Carrier) -> None:
    answer = await carrier.post("/twilio/sms", reply())
    assert answer.status == 200
    assert answer.content_type == "text/xml"
    assert (await answer.text()).endswith("<Response/>")
    assert hub.inbound == [Inbound("first", SID, THEIRS, "收到 & thanks")]


async def test_each_channel_is_found_by_account_and_number(hub: Hub, carrier: Carrier) -> None:
    await carrier.post("/twilio/sms", reply(To=OURS_TOO))
    await carrier.post("/twilio/sms", reply(AccountSid=OTHER_ACCOUNT), token=OTHER_TOKEN)
    await carrier.post("/twilio/status", status(From=OURS_TOO))
    await carrier.post("/twilio/status", status(AccountSid=OTHER_ACCOUNT), token=OTHER_TOKEN)
    assert [one.channel for one in hub.inbound] == ["second", "third"]
    assert [channel for channel, _ in hub.reports] == ["second", "third"]


async def test_query_is_part_of_what_is_signed(hub: Hub, carrier: Carrier) -> None:
    assert (await carrier.post("/twilio/sms?tag=a%20b&x=1", reply())).status == 200
    assert (await carrier.post("/twilio/sms?tag=a%20b&x=2", reply(), url=PUBLIC + "/twilio/sms?tag=a")).status == 403
    assert len(hub.inbound) == 1


@pytest.mark.parametrize("path", ["/twilio/status", "/twilio/sms"])
async def test_forged_webhook_is_refused_counted_and_not_repeated_in_the_log(
    hub: Hub, carrier: Carrier, path: str
) -> None:
    form = reply(MessageStatus="delivered", Body="1 我去")
    good = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
    with capture_logs() as logs:
        answers = [
            await carrier.raw(path, urlencode(form)),
            await carrier.post(path, form, token="a guess"),
            await carrier.post(path, form, token=OTHER_TOKEN),  # another account's signature
            await carrier.post(path, form, url=f"http://care.example.org/hub{path}"),  # not our public address
            await carrier.post(path, form, url=PUBLIC + "/twilio/voice"),
            await carrier.post(path, {**form, "AccountSid": "AC" + "9" * 32}),
            await carrier.post(path, {name: value for name, value in form.items() if name != "AccountSid"}),
            await carrier.raw(path, urlencode({**form, "Body": "4"}), **{"X-Twilio-Signature": good}),
            await carrier.raw(path, urlencode(form), **{"X-Twilio-Signature": "签名"}),
            await carrier.raw(path, urlencode(form), **{"X-Twilio-Signature": b64encode(b"0" * 20).decode()}),
        ]
    assert [answer.status for answer in answers] == [403] * 10
    assert hub.reports == []
    assert hub.inbound == []
    assert await counted(carrier) == {"forged": 10}
    assert len(logs) == 10
    assert THEIRS not in str(logs)
    assert "我去" not in str(logs)


async def test_replayed_webhook_is_handed_on_unchanged(hub: Hub, carrier: Carrier) -> None:
    """It is truly the carrier's; the engine takes each id once, and the same fate twice is one fate."""
    for _ in range(3):
        assert (await carrier.post("/twilio/status", status())).status == 204
        assert (await carrier.post("/twilio/sms", reply())).status == 200
    assert len({repr(one) for one in hub.reports}) == 1
    assert len({repr(one) for one in hub.inbound}) == 1


@pytest.mark.promise("P1")
@pytest.mark.parametrize(
    ("sick", "code"), [(StoreUnavailable("disk full"), 503), (TimeoutError(), 503), (ValueError("+447700900101"), 500)]
)
async def test_carrier_is_asked_to_come_again_when_nothing_could_be_stored(
    hub: Hub, carrier: Carrier, sick: Exception, code: int
) -> None:
    hub.sick = sick
    with capture_logs() as logs:
        answers = [await carrier.post("/twilio/status", status()), await carrier.post("/twilio/sms", reply())]
    assert [answer.status for answer in answers] == [code, code]
    assert "+447700900101" not in str(logs)
    hub.sick = None
    assert (await carrier.post("/twilio/sms", reply())).status == 200
    assert len(hub.inbound) == 1


async def test_fate_of_a_message_that_is_not_ours_is_counted(hub: Hub, carrier: Carrier) -> None:
    hub.unknown = True
    assert (await carrier.post("/twilio/status", status())).status == 204
    assert await counted(carrier) == {"unknown_message": 1}


@pytest.mark.parametrize(
    "form", [status(MessageStatus="dancing"), {**status(), "MessageSid": ""}, {"AccountSid": ACCOUNT, "From": OURS}]
)
async def test_status_without_meaning_is_counted(hub: Hub, carrier: Carrier, form: dict[str, str]) -> None:
    assert (await carrier.post("/twilio/status", form)).status == 204
    assert hub.reports == []
    assert await counted(carrier) == {"meaningless": 1}


async def test_reply_without_a_sender_is_counted(hub: Hub, carrier: Carrier) -> None:
    assert (await carrier.post("/twilio/sms", {"AccountSid": ACCOUNT, "To": OURS, "MessageSid": SID})).status == 200
    assert hub.inbound == []


@pytest.mark.parametrize("path", ["/twilio/status", "/twilio/sms"])
async def test_what_is_no_form_is_refused(hub: Hub, carrier: Carrier, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_FORM // 4096 + 2):
            yield b"a" * 4096

    big = "Body=" + "a" * LARGEST_FORM
    assert (await carrier.raw(path, None, "GET")).status == 405
    assert (await carrier.raw(path, "x=1", "PUT")).status == 405
    assert (await carrier.raw(path, '{"a":1}', **{"Content-Type": "application/json"})).status == 415
    assert (await carrier.raw(path, big)).status == 413
    assert (await carrier.raw(path, endless())).status == 413
    assert (await carrier.raw(path, b"Body=\xff\xfe")).status == 400
    assert (await carrier.raw(path, "Body=%ff")).status == 400
    assert (await carrier.raw(path, "nonsense")).status == 400
    assert (await carrier.raw(path, "Body=1&Body=2")).status == 400
    assert (await carrier.raw(path, "&".join(f"f{n}=1" for n in range(300)))).status == 400
    assert (await carrier.raw(path, "")).status == 403
    assert (await carrier.post("/twilio/sms", reply())).status == 200  # and nothing else is disturbed
    assert hub.reports == []
    assert len(hub.inbound) == 1


async def test_largest_text_is_taken(hub: Hub, carrier: Carrier) -> None:
    assert (await carrier.post("/twilio/sms", reply(Body="字" * 1600))).status == 200
    assert hub.inbound[0].text == "字" * 1600


async def test_every_answer_has_security_headers_and_no_name_of_the_server(hub: Hub, carrier: Carrier) -> None:
    answers = [
        await carrier.raw("/healthz", None, "GET"),
        await carrier.raw("/readyz", None, "GET"),
        await carrier.raw("/nothing/here", None, "GET"),
        await carrier.raw("/twilio/sms", None, "GET"),
        await carrier.raw("/twilio/sms", "Body=1"),
        await carrier.post("/twilio/sms", reply()),
        await carrier.post("/twilio/status", status()),
    ]
    for answer in answers:
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items(), answer
        assert "Server" not in answer.headers


def test_waiting_for_our_commit_ends_before_the_carrier_gives_up() -> None:
    assert timedelta(seconds=15) > COMMIT_LIMIT
