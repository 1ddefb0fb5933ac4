"""The control API under /control/: phones, replies, faults, settings and what happened, as JSON, for tests and pages.

It has no password: it belongs on loopback, where nobody else is.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from simulators.carrier.carrier import Carrier
from simulators.carrier.faults import Fault
from simulators.carrier.message import Message

LONGEST_WAIT_S = 60.0
_PACES = ("sending", "sent", "final", "webhook")
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Control:
    """The handlers of one carrier's control API."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def routes(self) -> list[web.RouteDef]:
        """Return what the server serves."""
        phone = "/control/phones/{number}"
        return [
            web.get("/control/phones", _checked(self._phones)),
            web.get(phone, _checked(self._phone)),
            web.post(f"{phone}/reply", _checked(self._reply)),
            web.get("/control/messages", _checked(self._messages)),
            web.get("/control/faults", _checked(self._list_faults)),
            web.post("/control/faults", _checked(self._add_fault)),
            web.delete("/control/faults", _checked(self._clear_faults)),
            web.delete("/control/faults/{id}", _checked(self._remove_fault)),
            web.get("/control/settings", _checked(self._settings)),
            web.patch("/control/settings", _checked(self._change_settings)),
            web.get("/control/timers", _checked(self._timers)),
            web.get("/control/events", _checked(self._events)),
            web.post("/control/reset", _checked(self._reset)),
        ]

    async def _phones(self, _request: web.Request) -> web.Response:
        return web.json_response({"phones": [self._show_phone(number) for number in self._carrier.phones()]})

    async def _phone(self, request: web.Request) -> web.Response:
        return web.json_response(self._show_phone(request.match_info["number"]))

    def _show_phone(self, number: str) -> dict[str, Any]:
        mine = [show_message(message) for message in self._carrier.messages if message.phone == number]
        return {
            "number": number,
            "opted_out": number in self._carrier.opted_out,
            "texts": [show_message(message) for message in self._carrier.texts(number)],
            "messages": mine,
        }

    async def _reply(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if not isinstance(text := body.get("text"), str):
            raise ValueError('a reply looks like {"text": "1"}, with "to" if we have several numbers')
        message = self._carrier.reply(request.match_info["number"], text, body.get("to"))
        return web.json_response(show_message(message), status=201)

    async def _messages(self, _request: web.Request) -> web.Response:
        return web.json_response({"messages": [show_message(message) for message in self._carrier.messages]})

    async def _list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": [fault.to_json() for fault in self._carrier.faults]})

    async def _add_fault(self, request: web.Request) -> web.Response:
        fault = self._carrier.faults.add(Fault.from_json(await _body(request)))
        return web.json_response(fault.to_json(), status=201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._carrier.faults.clear(request.query.get("number"))
        return web.Response(status=204)

    async def _remove_fault(self, request: web.Request) -> web.Response:
        fault_id = request.match_info["id"]
        if not fault_id.isdecimal() or not self._carrier.faults.remove(int(fault_id)):
            return web.json_response({"error": f"no fault {fault_id} is switched on"}, status=404)
        return web.Response(status=204)

    async def _settings(self, _request: web.Request) -> web.Response:
        settings = self._carrier.settings
        return web.json_response(
            {
                "account_sid": self._carrier.account_sid,
                "numbers": list(self._carrier.numbers),
                "webhook_url": settings.webhook_url,
                "refuse_private_callbacks": settings.refuse_private_callbacks,
                **{f"{name}_s": getattr(settings.pace, name).total_seconds() for name in _PACES},
            }
        )

    async def _change_settings(self, request: web.Request) -> web.Response:
        body = await _body(request)
        known = {"webhook_url", "refuse_private_callbacks"} | {f"{name}_s" for name in _PACES}
        if unknown := set(body) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        settings = self._carrier.settings
        paces = {name: timedelta(seconds=float(body[f"{name}_s"])) for name in _PACES if f"{name}_s" in body}
        settings.pace = replace(settings.pace, **paces)
        settings.webhook_url = body.get("webhook_url", settings.webhook_url)
        settings.refuse_private_callbacks = bool(
            body.get("refuse_private_callbacks", settings.refuse_private_callbacks)
        )
        return await self._settings(request)

    async def _timers(self, _request: web.Request) -> web.Response:
        timers = [{"due_at": due.isoformat(), "what": what} for due, what in self._carrier.pending()]
        return web.json_response({"now": self._carrier.clock.now().isoformat(), "timers": timers})

    async def _events(self, request: web.Request) -> web.Response:
        after, wait_s = int(request.query.get("after", "0")), float(request.query.get("wait_s", "0"))
        events = await self._carrier.events.wait(after, min(wait_s, LONGEST_WAIT_S))
        return web.json_response({"last": self._carrier.events.last, "events": [event.to_json() for event in events]})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._carrier.reset()
        return web.Response(status=204)


def show_message(message: Message) -> dict[str, Any]:
    """Return a message as pages and tests want it: who, what, when, what became of it."""
    return {
        "sid": message.sid,
        "from": message.from_,
        "to": message.to,
        "text": message.body,
        "segments": message.segments,
        "direction": message.direction,
        "fate": message.status,
        "error": message.error_code,
        "accepted_at": message.created_at.isoformat(),
        "arrived_at": message.arrived_at.isoformat() if message.arrived_at else None,
    }


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise ValueError("the body is a JSON object")
    return body


def _checked(handler: Handler) -> Handler:
    """Answer 400 with the sentence of a ValueError."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (ValueError, TypeError, OverflowError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer
