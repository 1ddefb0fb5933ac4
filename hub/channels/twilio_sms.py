"""Text messages through Twilio: sending, asking for fates and replies, reading its webhooks.

Source: twilio.com/docs/messaging/api/message-resource, /docs/usage/webhooks; the SDK's traps are in twilio_client.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from hub.alerts.emergency import is_emergency_number
from hub.alerts.notification import Fate
from hub.channels.addresses import is_public
from hub.channels.twilio_answers import (
    CALLBACK_REFUSED,
    MAY_HAVE_ACCEPTED,
    MESSAGE_UNKNOWN,
    Refused,
    Unanswered,
    fate_report,
    rejection,
)
from hub.channels.twilio_settings import TwilioSmsSettings
from hub.clock import Clock
from hub.ports import Accepted, FateReport, Inbound, NoAnswer, Rejected, Verdict

LONGEST_BODY = 1600  # Twilio takes no more
STATUS_PATH = "/twilio/status"
# Twilio repeats a webhook by itself only when it cannot connect; this asks it to try again after an error or a
# time-out too (twilio.com/docs/usage/webhooks/webhooks-connection-overrides). It takes no part in the signature.
RETRIES = "#rc=3&rp=ct,rt,5xx"

PAGE_SIZE = 50
MOST_PAGES = 6
# The carrier writes whole seconds, and its clock is not ours.
SKEW = timedelta(minutes=2)
# Twilio puts this before every text of a trial account.
TRIAL_PREFIX = "Sent from your Twilio trial account - "

_E164 = re.compile(r"\+[1-9]\d{6,14}")
# What the SDK raises when a 2xx answer is not what the documentation promises.
_UNREADABLE: tuple[type[Exception], ...] = (ValueError, LookupError, TypeError, AttributeError)
_log = structlog.get_logger(__name__)


class TwilioSms:
    """One Twilio sender as a channel of the hub; also reads and checks that sender's webhooks."""

    def __init__(
        self,
        *,
        name: str,
        from_number: str,
        account_sid: str,
        auth_token: str,
        public_url: str,
        signature: str | None = None,
        links: bool = True,
        api_base: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Load the SDK now, not in the first SOS.

        `clock` lets the channel learn how far the carrier's clock is from ours, and look up a text that was answered
        with an error 500; without it, clocks are taken to agree within two minutes, and a 500 means "not taken".
        """
        from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
        from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

        from hub.channels.twilio_client import CarrierClient, within

        self.name = name
        self.signature = signature
        self.account_sid = account_sid
        self.number = from_number
        self._links = links
        self._public_url = public_url.rstrip("/")
        reachable = is_public(public_url) or (api_base is not None and not is_public(api_base))
        self._callback = f"{self._public_url}{STATUS_PATH}{RETRIES}" if reachable else None
        self._client = CarrierClient(account_sid, auth_token, api_base)
        self._validator = RequestValidator(auth_token)
        self._within = within
        self._unreadable = (*_UNREADABLE, TwilioException)
        self._clock = clock
        self._ahead = timedelta(0)  # the carrier's clock against ours, as its last answer showed
        _ = self._client.messages  # the SDK imports its products when they are first touched

    def __repr__(self) -> str:
        return f"TwilioSms(name={self.name!r})"

    async def close(self) -> None:
        """Close the connections to the carrier."""
        await self._client.http_client.close()

    # --- what the dispatcher asks ---------------------------------------------------------------------------

    @property
    def polled(self) -> bool:
        """Whether no webhook can reach us: Twilio calls no private address and refuses it with 21609."""
        return self._callback is None

    def replies(self, to: str) -> bool:
        """Whether an answer from this number can reach us: Twilio takes none from mainland China."""
        return TwilioSmsSettings.replies(to)

    def links(self, to: str) -> bool:
        """Whether a link gets through to this number and leads here: what Twilio can call, a phone can open.

        Not to mainland China, where links are filtered: twilio.com/en/guidelines/cn/sms.
        """
        return self._links and self._callback is not None and TwilioSmsSettings.links_pass(to)

    async def send(self, to: str, text: str, *, limit: timedelta) -> Accepted | Rejected | NoAnswer:
        """Hand one message to Twilio; NoAnswer only if the request may have left and nothing certain came back."""
        if is_emergency_number(to):
            return Rejected(Verdict.DEAD_NUMBER, "emergency number, never dialled by the hub")
        if not _E164.fullmatch(to):
            return Rejected(Verdict.DEAD_NUMBER, "not an international number")
        started = self._clock.now() if self._clock is not None else None
        with self._within(limit):
            outcome, refused = await self._create(to, text)
            if refused and refused.code == CALLBACK_REFUSED and self._callback is not None:
                _log.warning("twilio_callback_refused", channel=self.name, code=refused.code)
                self._callback = None
                outcome, refused = await self._create(to, text)
            broke = refused is not None and refused.status in MAY_HAVE_ACCEPTED
            if broke and started is not None and not isinstance(outcome, Accepted):
                outcome = await self._settled(outcome, to, text, started, limit)
        return outcome

    async def _settled(
        self, outcome: Rejected | NoAnswer, to: str, text: str, started: datetime, limit: timedelta
    ) -> Accepted | Rejected | NoAnswer:
        """Ask the carrier whether it took a text that it answered with an error of its own, before it is repeated."""
        found = await self.look_up(to, text, started, limit=limit)
        if found is None:
            return outcome if isinstance(outcome, Rejected) else Rejected(Verdict.LATER, outcome.error)
        return outcome if isinstance(found, NoAnswer) else found

    async def _create(self, to: str, text: str) -> tuple[Accepted | Rejected | NoAnswer, Refused | None]:
        wanted = {"to": to, "from_": self.number, "body": text}
        if self._callback is not None:
            wanted["status_callback"] = self._callback
        try:
            message = await self._client.messages.create_async(**wanted)
        except Unanswered as lost:
            return (NoAnswer(lost.why) if lost.sent else Rejected(Verdict.LATER, lost.why)), None
        except Refused as refused:
            return rejection(refused), refused
        except self._unreadable:
            return NoAnswer("answer unreadable"), None
        self._learn_time(message)
        return _accepted(message) or NoAnswer("answer without an id"), None

    async def look_up(self, to: str, text: str, since: datetime, *, limit: timedelta) -> Accepted | None | NoAnswer:
        """Return our message to this number with this very text made since then; of several, one that lives.

        Not asked by date: a message still in Twilio's queue has no `DateSent`, and a date filter would hide it.
        """
        try:
            with self._within(limit):
                messages, ended = await self._newest(since, to=to, from_=self.number)
                ours = [found for m in messages if _same(m.body, text) and (found := _accepted(m)) is not None]
        except Unanswered as lost:
            return NoAnswer(lost.why)
        except Refused as refused:
            return NoAnswer(rejection(refused).error)
        except self._unreadable:
            return NoAnswer("answer unreadable")
        if not ours:
            return None if ended else NoAnswer("too many messages to look through")
        return next((one for one in ours if one.fate is not Fate.FAILED), ours[0])

    async def fate(self, provider_id: str, *, limit: timedelta) -> FateReport | None:
        """Ask for the fate of one message; one that Twilio does not know has failed."""
        try:
            with self._within(limit):
                message = await self._client.messages(provider_id).fetch_async()
        except Refused as refused:
            if refused.code == MESSAGE_UNKNOWN:
                error = f"{MESSAGE_UNKNOWN} the carrier does not know this message"
                return FateReport(provider_id, Fate.FAILED, error, Verdict.NEXT_CHANNEL)
            return None
        except (Unanswered, *self._unreadable):
            return None
        return fate_report(provider_id, message.status, message.error_code)

    async def inbox(self, since: datetime, *, limit: timedelta) -> Sequence[Inbound] | None:
        """Fetch what people sent to our number since then (a little earlier too), oldest first; None: no answer."""
        try:
            with self._within(limit):
                messages, ended = await self._newest(since, to=self.number)
                found = [
                    Inbound(self.name, m.sid, m.from_, (m.body or "")[:LONGEST_BODY], self._hub_time(m.date_created))
                    for m in messages
                    if m.direction == "inbound" and m.sid and m.from_
                ]
        except (Unanswered, Refused, *self._unreadable) as broken:
            _log.info("twilio_inbox_unanswered", channel=self.name, error=type(broken).__name__)
            return None
        if not ended:
            _log.warning("twilio_inbox_too_long", channel=self.name, read=len(found))
        return found[::-1]

    async def _newest(self, since: datetime, **asked: str) -> tuple[list[Any], bool]:
        """Return the messages made since then, newest first, and whether these are all."""
        oldest = since + self._ahead - SKEW
        found: list[Any] = []
        page = await self._client.messages.page_async(page_size=PAGE_SIZE, **asked)
        for _ in range(MOST_PAGES):
            fresh = [m for m in page if not isinstance(m.date_created, datetime) or m.date_created >= oldest]
            found += fresh
            page = await page.next_page_async() if fresh else None
            if page is None:
                return found, True
        return found, False

    def _hub_time(self, made: object) -> datetime | None:
        """Return the carrier's time as ours; None if it says none."""
        return made - self._ahead if isinstance(made, datetime) else None

    def _learn_time(self, message: Any) -> None:
        made = message.date_created
        if self._clock is not None and isinstance(made, datetime):
            self._ahead = made - self._clock.now()

    # --- what the web asks ----------------------------------------------------------------------------------

    def signed(self, path: str, form: Mapping[str, str], signature: str) -> bool:
        """Whether Twilio signed this webhook; `path` is what was asked, query included.

        Checked against `public_url`, whatever the request says of itself: a proxy may have changed scheme and
        host. The fragment that we give Twilio is tried as well.
        """
        url = self._public_url + path
        valid = self._validator.validate
        return bool(valid(url, form, signature) or valid(url + RETRIES, form, signature))

    def status_of(self, form: Mapping[str, str]) -> FateReport | None:
        """Return what a status webhook tells; None if it is not about the fate of a message."""
        sid = form.get("MessageSid") or form.get("SmsSid")
        code = form.get("ErrorCode", "")
        number = int(code) if code.isascii() and code.isdigit() and len(code) < 9 else None
        return fate_report(sid, form.get("MessageStatus") or form.get("SmsStatus"), number) if sid else None

    def inbound_of(self, form: Mapping[str, str]) -> Inbound | None:
        """Return the message a person sent; None if the webhook carries none."""
        sid = form.get("MessageSid") or form.get("SmsSid")
        sender = form.get("From")
        return Inbound(self.name, sid, sender, form.get("Body", "")[:LONGEST_BODY]) if sid and sender else None


def _accepted(message: Any) -> Accepted | None:
    if not isinstance(message.sid, str) or not message.sid:
        return None
    known = fate_report(message.sid, message.status, message.error_code)
    return Accepted(message.sid, known.fate, known.error, known.verdict) if known else Accepted(message.sid)


def _same(body: object, text: str) -> bool:
    return isinstance(body, str) and body.removeprefix(TRIAL_PREFIX).strip() == text.strip()
