"""The carrier itself: what it accepts, what becomes of it, and the phones it reaches. HTTP comes on top."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from simulators.carrier.check import E164, check_sending
from simulators.carrier.clock import Clock, RealClock
from simulators.carrier.errors import RestError
from simulators.carrier.events import EventLog
from simulators.carrier.faults import Faults, Phase, Traffic
from simulators.carrier.journal import Journal
from simulators.carrier.message import FINAL, Message, Step
from simulators.carrier.plan import Pace, plan_inbound, plan_outbound
from simulators.carrier.timers import Timers
from simulators.carrier.webhooks import Outcome, Poster, callback_params, inbound_params, twiml_messages

GRACE_S = 2.0
# twilio.com/docs/messaging/tutorials/advanced-opt-out: the default English words, read alone and without case.
_STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_START_WORDS = frozenset({"START", "YES", "UNSTOP"})


@dataclass(slots=True)
class Settings:
    """What can be changed while the carrier runs.

    `webhook_url`: where messages to our numbers are reported. `refuse_private_callbacks`: answer 21609 to a
    StatusCallback on a loopback or private address, as the real carrier does; off, for ours is on loopback itself.
    """

    webhook_url: str | None = None
    refuse_private_callbacks: bool = False
    pace: Pace = field(default_factory=Pace)


class Carrier:
    """One account at a carrier that never was. It acts only between `start` and `stop`; its state outlives both."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        numbers: Sequence[str],
        *,
        clock: Clock | None = None,
        webhook_url: str | None = None,
        seed: int = 0,
        pace: Pace | None = None,
        journal: Journal | None = None,
    ) -> None:
        """`numbers` are the account's own, E.164. `seed` decides when faults with a probability strike."""
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.numbers = tuple(numbers)
        self.clock: Clock = clock or RealClock()
        self.settings = Settings(webhook_url=webhook_url, pace=pace or Pace())
        self.faults = Faults(seed)
        self.events = EventLog()
        self.opted_out: set[str] = set()
        self._messages: dict[str, Message] = {}
        self._numbered = 0
        self._journal = journal
        self._answering = 0
        self._stir = asyncio.Event()
        self._timers = Timers(self.clock, self._stir.set)
        self._poster = Poster(auth_token, self._stir.set)
        self._running: asyncio.Task[None] | None = None
        if journal:
            self._restore(journal)

    # --- life -------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to act: what became due meanwhile happens now."""
        if self._running is None:
            self._poster.start()
            self._running = asyncio.create_task(self._timers.run())

    async def stop(self, *, abrupt: bool = False) -> None:
        """Cease to act; not abruptly, reports under way get two seconds to end."""
        if self._running is None:
            return
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running
        self._running = None
        self._timers.release()
        if not abrupt:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await self._reported()
        await self._poster.stop()
        if self._journal:
            self._journal.close()

    @property
    def busy(self) -> bool:
        """Whether at this instant a request is being answered, a report posted, or something is due."""
        due = self.next_due()
        return self._answering > 0 or self._poster.busy or (due is not None and due <= self.clock.now())

    def next_due(self) -> datetime | None:
        """Return when something will happen by itself."""
        acting = self._running is not None and not self._running.done()
        return self._timers.next_due() if acting else None

    async def settled(self) -> None:
        """Wait until nothing is under way at this instant of the clock."""
        while self.busy:
            self._stir.clear()
            self._timers.nudge()
            if self.busy:
                await self._stir.wait()

    def pending(self) -> list[tuple[datetime, str]]:
        """Return what will happen by itself, soonest first, in words."""
        return self._timers.pending()

    # --- requests under way (the HTTP side tells) ---------------------------------------------------------------

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request as under way."""
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1
            self._stir.set()

    async def hold(self, span: timedelta, label: str) -> None:
        """Keep a request waiting; meanwhile it does not count as under way."""
        self.events.add(self.clock.now(), "held", text=label)
        self._answering -= 1
        self._stir.set()
        try:
            await self._timers.hold(span, label)
        finally:
            self._answering += 1

    # --- messages -----------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        return list(self._messages.values())

    def message(self, sid: str) -> Message | None:
        """Return one message."""
        return self._messages.get(sid)

    def accept(self, form: Mapping[str, str]) -> Message:
        """Check a request to send and take the message; raises RestError."""
        sending = check_sending(
            form,
            numbers=self.numbers,
            opted_out=self.opted_out,
            faults=self.faults,
            allow_private=not self.settings.refuse_private_callbacks,
        )
        message = self._new(sending.from_, sending.to, sending.body, "outbound-api", "queued")
        message.status_callback = sending.callback
        message.plan = plan_outbound(
            message.created_at,
            self.settings.pace,
            callbacks=sending.callback is not None,
            fate=self.faults.strike(Phase.FATE, Traffic.CREATE, sending.to),
            late=self.faults.strike(Phase.PACE, Traffic.CREATE, sending.to),
            report=self.faults.strike(Phase.REPORT, Traffic.CREATE, sending.to),
        )
        self._take(message)
        self._note("accepted", message, fate="queued" if message.plan else "lost")
        return message

    def reply(self, phone: str, text: str, to: str | None = None) -> Message:
        """A person writes to `to` (our first number if not given); it is listed at once and reported to the webhook.

        Raises ValueError if a number is impossible or not the account's.
        """
        to = to or self.numbers[0]
        if to not in self.numbers:
            raise ValueError(f"{to} is not a number of this account ({', '.join(self.numbers)})")
        if not E164.fullmatch(phone):
            raise ValueError(f"{phone} is not a number in the form +447700900101")
        message = self._new(phone, to, text, "inbound", "received")
        message.sent_at = message.arrived_at = message.created_at
        self._obey(phone, text)
        if self.settings.webhook_url:
            message.plan = plan_inbound(
                message.created_at,
                self.settings.pace,
                late=self.faults.strike(Phase.PACE, Traffic.INBOUND, phone),
                report=self.faults.strike(Phase.REPORT, Traffic.INBOUND, phone),
            )
        self._take(message)
        self._note("inbound", message)
        return message

    def texts(self, phone: str) -> list[Message]:
        """Return what arrived on a phone, in the order of arrival."""
        arrived = [
            (message.arrived_at, message.number, message)
            for message in self._messages.values()
            if message.arrived_at is not None and message.to == phone and not message.inbound
        ]
        return [message for _, _, message in sorted(arrived, key=lambda entry: entry[:2])]

    def phones(self) -> list[str]:
        """Return the numbers that were written to, or wrote."""
        return sorted({message.phone for message in self._messages.values()})

    def redact(self, message: Message) -> None:
        """Blank a message's text, as an update with an empty Body asks."""
        message.body = ""
        self._keep(message)

    def delete(self, message: Message) -> None:
        """Remove a message; raises RestError 20009 while its delivery goes on."""
        if message.status not in FINAL:
            raise RestError(20009)
        del self._messages[message.sid]
        if self._journal:
            self._journal.forget(message.sid)

    def reset(self) -> None:
        """Forget all messages, faults, opt-outs and what was to happen; settings and the count of events stay."""
        self._timers.clear()
        self._messages.clear()
        self.faults.clear()
        self.opted_out.clear()
        if self._journal:
            self._journal.rewrite((), ())

    # --- inside -------------------------------------------------------------------------------------------------

    def _new(self, from_: str, to: str, body: str, direction: str, status: str) -> Message:
        self._numbered += 1
        now = self.clock.now()
        sid = f"SM{uuid.uuid4().hex}"
        return Message(sid, self._numbered, self.account_sid, from_, to, body, direction, status, now, now)

    def _take(self, message: Message) -> None:
        self._messages[message.sid] = message
        self._keep(message)
        self._schedule(message)

    def _keep(self, message: Message) -> None:
        if self._journal:
            self._journal.keep(message)

    def _schedule(self, message: Message) -> None:
        for step in message.plan:
            label = f"{step.what} {step.status}".strip() + f" of {message.sid} ({message.phone})"
            self._timers.at(step.due_at, label, partial(self._do, message, step))

    def _restore(self, journal: Journal) -> None:
        messages, self.opted_out = journal.load()
        journal.rewrite(messages, self.opted_out)
        for message in messages:
            self._messages[message.sid] = message
            self._numbered = max(self._numbered, message.number)
            self._schedule(message)

    def _obey(self, phone: str, text: str) -> None:
        """Take a person off the list, or on it again, when the whole text is one of the words for that."""
        word = text.strip().upper()
        if word in _STOP_WORDS:
            self.opted_out.add(phone)
        elif word in _START_WORDS:
            self.opted_out.discard(phone)
        else:
            return
        if self._journal:
            self._journal.keep_opted_out(self.opted_out)

    def _do(self, message: Message, step: Step) -> None:
        """Let one step of a message's plan happen."""
        if message.sid not in self._messages:
            return  # deleted meanwhile
        message.plan.remove(step)
        act: Mapping[str, Callable[[Message, Step], None]] = {
            "status": self._change,
            "arrive": self._arrive,
            "callback": self._report,
            "webhook": self._tell,
        }
        act[step.what](message, step)
        self._keep(message)

    def _change(self, message: Message, step: Step) -> None:
        message.status, message.error_code, message.updated_at = step.status, step.error_code, self.clock.now()
        if step.status == "sent":
            message.sent_at = message.updated_at
        self._note("status", message, error=str(step.error_code or ""))

    def _arrive(self, message: Message, _step: Step) -> None:
        message.arrived_at = self.clock.now()
        self._note("arrived", message)

    def _report(self, message: Message, step: Step) -> None:
        if message.status_callback:
            done = partial(self._reported_as, "callback", message, step)
            self._poster.post(message.sid, message.status_callback, callback_params(message, step), done)

    def _tell(self, message: Message, step: Step) -> None:
        if self.settings.webhook_url:
            done = partial(self._reported_as, "webhook", message, step)
            self._poster.post(message.sid, self.settings.webhook_url, inbound_params(message), done)

    def _reported_as(self, what: str, message: Message, step: Step, outcome: Outcome) -> None:
        failed = outcome.status is None or outcome.status >= 400
        error = f"11200 {outcome.summary}" if failed else ""
        self._note(what, message, fate=step.status or message.status, error=error)
        if what == "webhook" and not failed:
            for text in twiml_messages(outcome.body):
                self._answer(message, text)

    def _answer(self, message: Message, text: str) -> None:
        """Send what the webhook's TwiML said."""
        answer = self._new(message.to, message.from_, text, "outbound-reply", "queued")
        answer.plan = plan_outbound(
            self.clock.now(), self.settings.pace, callbacks=False, fate=None, late=None, report=None
        )
        self._take(answer)

    def _note(self, what: str, message: Message, *, fate: str | None = None, error: str = "") -> None:
        self.events.add(
            self.clock.now(),
            what,
            phone=message.phone,
            sid=message.sid,
            text=message.body,
            fate=message.status if fate is None else fate,
            error=error,
        )

    async def _reported(self) -> None:
        while self._poster.busy:
            self._stir.clear()
            await self._stir.wait()
