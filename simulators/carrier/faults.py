"""Everything that can be made to go wrong, for one number or for all, for ever, n times, or now and then."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from simulators.carrier.errors import FAILURES, REFUSALS


class Traffic(StrEnum):
    """Which requests a fault meets."""

    CREATE = "create"  # sending a message
    READ = "read"  # fetching and listing
    INBOUND = "inbound"  # a phone's answer on its way to the account's webhook
    ANY = "any"


class Phase(StrEnum):
    """Where on its way a request meets the fault; one fault per phase, so that those of several add up."""

    GATE = "gate"  # before anything is looked at
    CHECK = "check"  # when the request is checked
    ANSWER = "answer"  # accepted, not yet answered
    FATE = "fate"  # what becomes of the message
    PACE = "pace"  # how fast
    REPORT = "report"  # how the account hears of it


class FaultKind(StrEnum):
    """What goes wrong."""

    CUT_BEFORE = "cut_before"  # the connection breaks; nothing was accepted
    HANG = "hang"  # nothing for `delay`; then it is accepted and answered all the same
    TOO_MANY = "too_many_requests"  # 429 with Retry-After `delay`
    SERVER_ERROR = "server_error"  # 500, nothing was accepted
    UNAVAILABLE = "unavailable"  # 503
    WRONG_CREDENTIALS = "wrong_credentials"
    NO_CREDIT = "no_credit"  # the account is refused
    DEAD_NUMBER = "dead_number"
    LANDLINE = "landline"
    OPTED_OUT = "opted_out"
    CALLBACK_REFUSED = "callback_refused"  # any request that names a StatusCallback
    REFUSED = "refused"  # with `code`
    CUT_AFTER = "cut_after"  # accepted, then the connection breaks without an answer
    ERROR_AFTER = "error_after"  # accepted, then answered with 500
    LATE_ANSWER = "late_answer"  # accepted at once, answered after `delay`
    LOST = "lost"  # accepted; the text never arrives and no status ever follows
    SILENT = "silent"  # accepted; the text arrives, but no status ever follows
    NO_RECEIPT = "no_receipt"  # it stays "sent": the far network reports nothing; the text arrives
    UNREACHABLE = "unreachable"  # undelivered: phone off
    UNKNOWN_HANDSET = "unknown_handset"  # undelivered: the number is dead, known only later
    LANDLINE_LATER = "landline_later"
    FILTERED = "filtered"
    SUSPENDED = "suspended"  # accepted, then failed: the credit ran out meanwhile
    UNDELIVERED = "undelivered"  # with `code`
    LATE = "late"  # text and statuses `delay` later
    TWICE = "twice"  # each report comes twice
    REORDERED = "reordered"  # the reports come together, the last one first
    LATE_CALLBACKS = "late_callbacks"  # reports `delay` after the fact
    NO_CALLBACKS = "no_callbacks"  # no report; whoever asks finds the truth


class Effect(NamedTuple):
    """Where a kind acts, and its documented error code."""

    phase: Phase
    code: int | None = None


EFFECTS: dict[FaultKind, Effect] = {
    FaultKind.CUT_BEFORE: Effect(Phase.GATE),
    FaultKind.HANG: Effect(Phase.GATE),
    FaultKind.TOO_MANY: Effect(Phase.GATE, 20429),
    FaultKind.SERVER_ERROR: Effect(Phase.GATE, 20500),
    FaultKind.UNAVAILABLE: Effect(Phase.GATE, 20503),
    FaultKind.WRONG_CREDENTIALS: Effect(Phase.GATE, 20003),
    FaultKind.NO_CREDIT: Effect(Phase.CHECK, 20005),
    FaultKind.DEAD_NUMBER: Effect(Phase.CHECK, 21211),
    FaultKind.LANDLINE: Effect(Phase.CHECK, 21614),
    FaultKind.OPTED_OUT: Effect(Phase.CHECK, 21610),
    FaultKind.CALLBACK_REFUSED: Effect(Phase.CHECK, 21609),
    FaultKind.REFUSED: Effect(Phase.CHECK, 21612),
    FaultKind.CUT_AFTER: Effect(Phase.ANSWER),
    FaultKind.ERROR_AFTER: Effect(Phase.ANSWER, 20500),
    FaultKind.LATE_ANSWER: Effect(Phase.ANSWER),
    FaultKind.LOST: Effect(Phase.FATE),
    FaultKind.SILENT: Effect(Phase.FATE),
    FaultKind.NO_RECEIPT: Effect(Phase.FATE),
    FaultKind.UNREACHABLE: Effect(Phase.FATE, 30003),
    FaultKind.UNKNOWN_HANDSET: Effect(Phase.FATE, 30005),
    FaultKind.LANDLINE_LATER: Effect(Phase.FATE, 30006),
    FaultKind.FILTERED: Effect(Phase.FATE, 30007),
    FaultKind.SUSPENDED: Effect(Phase.FATE, 30002),
    FaultKind.UNDELIVERED: Effect(Phase.FATE, 30008),
    FaultKind.LATE: Effect(Phase.PACE),
    FaultKind.TWICE: Effect(Phase.REPORT),
    FaultKind.REORDERED: Effect(Phase.REPORT),
    FaultKind.LATE_CALLBACKS: Effect(Phase.REPORT),
    FaultKind.NO_CALLBACKS: Effect(Phase.REPORT),
}
_OF_INBOUND = {FaultKind.LATE, FaultKind.TWICE, FaultKind.NO_CALLBACKS}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing switched on.

    `number`: the person's number it concerns, None for all. `times`: how often it still strikes, None for ever.
    `probability`: of each meeting, drawn from the carrier's seed. `code`: another documented error than the kind's.
    """

    kind: FaultKind
    number: str | None = None
    on: Traffic = Traffic.CREATE
    times: int | None = None
    probability: float = 1.0
    delay: timedelta = timedelta(seconds=30)
    code: int | None = None
    id: int = 0

    def __post_init__(self) -> None:
        """Refuse what could never strike, in one sentence."""
        phase = self.phase
        if self.on is Traffic.READ and phase not in (Phase.GATE, Phase.ANSWER):
            raise ValueError(f"{self.kind} does not happen to a read: choose one that cuts, delays or refuses answers")
        if self.on is Traffic.INBOUND and self.kind not in _OF_INBOUND:
            raise ValueError(f"{self.kind} does not happen to an inbound message: late, twice or no_callbacks do")
        if self.code is not None and self.code not in (FAILURES if phase is Phase.FATE else REFUSALS):
            raise ValueError(f"code {self.code} is not one this carrier knows for {self.kind}")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability lies between 0 and 1")
        if self.times is not None and self.times < 1:
            raise ValueError("times is at least 1; leave it out for ever")

    @property
    def phase(self) -> Phase:
        """Where it strikes."""
        return EFFECTS[self.kind].phase

    @property
    def error_code(self) -> int | None:
        """The code it answers or reports with."""
        return self.code or EFFECTS[self.kind].code

    def meets(self, phase: Phase, on: Traffic, numbers: tuple[str | None, ...]) -> bool:
        """Whether it concerns this request."""
        return (
            self.phase is phase
            and self.on in (on, Traffic.ANY)
            and (on is not Traffic.INBOUND or self.kind in _OF_INBOUND)
            and (self.number is None or self.number in numbers)
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "number": self.number,
            "on": self.on.value,
            "times": self.times,
            "probability": self.probability,
            "delay_s": self.delay.total_seconds(),
            "code": self.error_code,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Fault":
        """Return the fault a control request describes; raises ValueError with one sentence."""
        known = {"kind", "number", "on", "times", "probability", "delay_s", "code"}
        if unknown := set(body) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        if (kind := body.get("kind")) not in list(FaultKind):
            raise ValueError(f"kind is one of {', '.join(FaultKind)}")
        if (on := body.get("on", "create")) not in list(Traffic):
            raise ValueError(f"on is one of {', '.join(Traffic)}")
        try:
            return cls(
                kind=FaultKind(kind),
                number=body.get("number"),
                on=Traffic(on),
                times=None if body.get("times") is None else int(body["times"]),
                probability=float(body.get("probability", 1.0)),
                delay=timedelta(seconds=float(body.get("delay_s", 30.0))),
                code=None if body.get("code") is None else int(body["code"]),
            )
        except TypeError as error:
            raise ValueError(f"times, probability, delay_s and code are numbers: {error}") from None


class Faults:
    """The faults that are switched on, in the order in which they were."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self._faults: list[Fault] = []
        self._next_id = 1

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._faults))

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on; return it with its id."""
        fault = replace(fault, id=self._next_id)
        self._next_id += 1
        self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Switch one off; False if it was not on."""
        kept = [fault for fault in self._faults if fault.id != fault_id]
        found = len(kept) < len(self._faults)
        self._faults = kept
        return found

    def clear(self, number: str | None = None) -> None:
        """Switch all off, or those of one number."""
        self._faults = [fault for fault in self._faults if number is not None and fault.number != number]

    def strike(self, phase: Phase, on: Traffic, *numbers: str | None, without: FaultKind | None = None) -> Fault | None:
        """Return the first fault that strikes this request in this phase, and count it. `without`: not that kind."""
        for place, fault in enumerate(self._faults):
            if fault.kind is without or not fault.meets(phase, on, numbers):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.times == 1:
                del self._faults[place]
            elif fault.times is not None:
                self._faults[place] = replace(fault, times=fault.times - 1)
            return fault
        return None
