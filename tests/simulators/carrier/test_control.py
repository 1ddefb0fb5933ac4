"""The control API, as a test or a page uses it."""

import asyncio
from typing import Any

import pytest

from simulators.carrier import Carrier, CarrierServer, FaultKind, VirtualClock

OURS, DAUGHTER = "+15005550006", "+447700900101"


async def send(client: Any, body: str = "SOS") -> Any:
    return await client.messages.create_async(to=DAUGHTER, from_=OURS, body=body)


async def get(http: Any, server: CarrierServer, path: str) -> Any:
    async with http.get(f"{server.url}/control/{path}") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_phones_show_what_arrived_and_what_was_answered(
    client: Any, server: CarrierServer, http: Any, clock: VirtualClock
) -> None:
    message = await send(client)
    phone = await get(http, server, f"phones/{DAUGHTER}")
    assert (phone["texts"], [m["fate"] for m in phone["messages"]]) == ([], ["queued"])
    await clock.advance(5)
    async with http.post(f"{server.url}/control/phones/%2B447700900101/reply", json={"text": "1"}) as answer:
        assert answer.status == 201
        reply = await answer.json()
    (phone,) = (await get(http, server, "phones"))["phones"]
    assert phone["number"] == DAUGHTER
    assert [(text["sid"], text["text"], text["fate"]) for text in phone["texts"]] == [(message.sid, "SOS", "delivered")]
    assert phone["texts"][0]["arrived_at"] == "2026-03-01T00:00:01.200000+00:00"
    assert [m["direction"] for m in phone["messages"]] == ["outbound-api", "inbound"]
    assert (reply["from"], reply["to"], reply["text"]) == (DAUGHTER, OURS, "1")


async def test_faults_are_switched_on_listed_and_switched_off(
    server: CarrierServer, http: Any, carrier: Carrier
) -> None:
    wish = {"kind": "too_many_requests", "number": DAUGHTER, "times": 2, "delay_s": 5}
    async with http.post(f"{server.url}/control/faults", json=wish) as answer:
        assert answer.status == 201
        fault = await answer.json()
    assert fault == {**wish, "id": fault["id"], "on": "create", "probability": 1.0, "delay_s": 5.0, "code": 20429}
    assert (await get(http, server, "faults"))["faults"] == [fault]
    async with http.delete(f"{server.url}/control/faults/{fault['id']}") as answer:
        assert answer.status == 204
    async with http.delete(f"{server.url}/control/faults/{fault['id']}") as answer:
        assert answer.status == 404
    assert list(carrier.faults) == []


@pytest.mark.parametrize("kind", list(FaultKind))
async def test_every_kind_can_be_asked_for_by_name(server: CarrierServer, http: Any, kind: FaultKind) -> None:
    async with http.post(f"{server.url}/control/faults", json={"kind": kind.value}) as answer:
        assert answer.status == 201


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("faults", {"kind": "gremlins"}, "kind is one of"),
        ("faults", {"kind": "lost", "on": "read"}, "does not happen to a read"),
        ("faults", {"kind": "lost", "nubmer": "x"}, "unknown: nubmer"),
        ("faults", {"kind": "lost", "probability": 2}, "between 0 and 1"),
        ("faults", {"kind": "lost", "times": []}, "numbers"),
        ("faults", ["lost"], "JSON object"),
        (f"phones/{DAUGHTER}/reply", {}, "a reply looks like"),
        (f"phones/{DAUGHTER}/reply", {"text": "1", "to": "+1555"}, "not a number of this account"),
        ("phones/daughter/reply", {"text": "1"}, "in the form"),
    ],
)
async def test_mistakes_are_answered_with_a_sentence(
    server: CarrierServer, http: Any, path: str, body: Any, words: str
) -> None:
    async with http.post(f"{server.url}/control/{path}", json=body) as answer:
        assert answer.status == 400
        assert words in (await answer.json())["error"]


async def test_settings_can_be_read_and_changed(server: CarrierServer, http: Any, carrier: Carrier) -> None:
    change = {"webhook_url": None, "final_s": 9.5, "refuse_private_callbacks": True}
    async with http.patch(f"{server.url}/control/settings", json=change) as answer:
        assert answer.status == 200
    settings = await get(http, server, "settings")
    assert {name: settings[name] for name in change} == change
    assert settings["sent_s"] == 0.4
    async with http.patch(f"{server.url}/control/settings", json={"speed": 1}) as answer:
        assert answer.status == 400


async def test_what_is_still_to_come_is_shown(client: Any, server: CarrierServer, http: Any) -> None:
    message = await send(client)
    timers = (await get(http, server, "timers"))["timers"]
    assert timers[0] == {
        "due_at": "2026-03-01T00:00:00.100000+00:00",
        "what": f"status sending of {message.sid} ({DAUGHTER})",
    }
    assert len(timers) == 4


async def test_a_long_poll_returns_when_something_happens(client: Any, server: CarrierServer, http: Any) -> None:
    waiting = asyncio.create_task(get(http, server, "events?after=0&wait_s=30"))
    message = await send(client)
    events = (await waiting)["events"]
    assert [(event["n"], event["what"], event["sid"], event["text"]) for event in events] == [
        (1, "accepted", message.sid, "SOS")
    ]
    assert (await get(http, server, "events?after=1"))["events"] == []
    assert (await get(http, server, "events?after=1&wait_s=0.01")) == {"last": 1, "events": []}


async def test_reset_forgets_messages_faults_and_what_was_to_come(
    client: Any, server: CarrierServer, http: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    await send(client)
    carrier.reply(DAUGHTER, "STOP")
    async with http.post(f"{server.url}/control/reset") as answer:
        assert answer.status == 204
    await clock.advance(60)
    assert (carrier.messages, carrier.pending(), carrier.opted_out) == ([], [], set())
    await send(client)
