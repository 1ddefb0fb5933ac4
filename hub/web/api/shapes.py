"""The shapes of what the API takes and answers; its OpenAPI document is made from them."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from hub.accounts import Right
from hub.alerts.alert import Outcome
from hub.alerts.deeds import LONGEST_NOTE, Reason


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such time") from None


def _written(value: str) -> str:
    """Refuse what no text holds: control characters and halves of characters, which databases refuse as well."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t" for char in value):
        raise ValueError("write plain text, without control characters")
    return value


Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="ISO 8601, UTC")]
Until = Annotated[AwareDatetime, AfterValidator(_utc)]
Written = Annotated[str, Field(max_length=LONGEST_NOTE), AfterValidator(_written)]
Id = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_written)]


class Body(BaseModel):
    """What programs send: keys that nobody knows are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Alert(BaseModel):
    """An alert, as `carehub alerts list --json` prints it."""

    id: str
    home: str = Field(description="Id of the home; @site for the site itself")
    area: str | None = Field(description="Code of the home's area")
    cause: str
    severity: Literal["emergency", "warning", "notice"]
    stage: Literal["open", "acknowledged", "resolved"]
    opened_at: Instant
    taken_by: str | None = Field(description="Id of the person who has it")
    late_s: int | None = Field(description="How long the press waited before the hub heard of it")
    count: int
    code: str
    what: str
    device: str | None
    room: str | None
    active: bool
    moved_at: Instant | None
    resolved_at: Instant | None
    outcome: str | None


class HistoryLine(BaseModel):
    """One line of an alert's history."""

    at: Instant
    who: str = Field(description="Id of a person, @account:…, or hub")
    event: str
    detail: dict[str, Any]


class Message(BaseModel):
    """One message to one person, and its fate. Its text and number are not told."""

    id: str
    at: Instant
    person: str | None
    channel: str
    key: str
    fate: Literal["queued", "sending", "accepted", "delivered", "failed", "unknown", "cancelled"]
    error: str | None


class Duty(BaseModel):
    """What happens next with an alert."""

    kind: str
    due_at: Instant


class WholeAlert(Alert):
    """An alert with its history, its messages, and what comes next."""

    resolved_by: str | None
    note: str | None
    promised_until: Instant | None
    duties: list[Duty]
    history: list[HistoryLine]
    messages: list[Message]


class Alerts(BaseModel):
    """A page of alerts, newest first. It may hold fewer than asked for; the last page has no `next`."""

    items: list[Alert]
    next: str | None = Field(description="The cursor of the next page")


class History(BaseModel):
    """An alert's history, oldest first."""

    items: list[HistoryLine]


class Messages(BaseModel):
    """An alert's messages, oldest first."""

    items: list[Message]


class Done(BaseModel):
    """What came of an act. `mine`, `quiet`: it was so already."""

    answer: Literal["done", "mine", "quiet"]
    alert: Alert


class HandOver(Body):
    """To whom."""

    to: Id = Field(description="Id of a person; /alerts/{ref}/takers lists them")


class Resolve(Body):
    """How it ended."""

    outcome: Outcome
    note: Written = ""
    watched: bool = Field(False, description="The detector still alarms, and somebody watches it")


class Arrived(Body):
    """Who arrived."""

    holder: bool = Field(False, description="It is whoever has the alert that arrived; somebody else says so")


class Note(Body):
    """What is to be known."""

    text: Annotated[Written, Field(min_length=1)]


class Silence(Body):
    """Why it is silenced."""

    reason: Reason
    text: Written = Field("", description="Needed if the reason is another one")


class Named(BaseModel):
    """A person by name."""

    id: str
    name: str


class Takers(BaseModel):
    """To whom an alert can be handed over."""

    items: list[Named]


class Mode(BaseModel):
    """What a home is in until when."""

    mode: Literal["away", "visitor", "hospital", "maintenance", "test"]
    until: Instant


class SetMode(Body):
    """What a home is in until when. No mode silences a call, gas, smoke, CO or a fall."""

    mode: Literal["away", "visitor", "hospital", "maintenance"]
    until: Until


class Home(BaseModel):
    """A home in a list."""

    id: str
    area: str
    address: str
    name: str = Field(description="The first resident's name, else the address")
    mode: Mode | None


class Homes(BaseModel):
    """A page of homes, by id."""

    items: list[Home]
    next: str | None


class State(BaseModel):
    """The last word of a device about one thing."""

    kind: str
    property: str
    state: str
    since: Instant
    at: Instant


class Device(BaseModel):
    """A device with its last words; none: it was never heard."""

    id: str
    kind: str
    role: str | None
    room: str | None
    model: str | None
    place: str | None
    heard_at: Instant | None
    states: list[State]


class Resident(BaseModel):
    """Who lives there. Mobility, doctor and notes are told to those who answer alerts there; numbers are masked."""

    name: str
    born: int | None
    needs: list[str]
    phone: str | None
    mobility: str | None
    doctor: str | None
    notes: str | None


class Contact(BaseModel):
    """Who is told; the number is masked."""

    person: str
    name: str
    role: str
    phone: str


class Lacking(BaseModel):
    """One thing that keeps a home from being protected."""

    what: str
    device: str | None
    since: Instant | None


class WholeHome(Home):
    """A home with its people and devices. That it was looked at is recorded."""

    access: str | None = Field(description="How one gets in; for those who answer alerts there")
    residents: list[Resident]
    contacts: list[Contact]
    devices: list[Device]
    coverage: Literal["protected", "gaps", "not_protected", "not_known"]
    missing: list[Lacking]


class Waiting(BaseModel):
    """Unresolved alerts of one severity."""

    waiting: int
    taken: int


class Area(BaseModel):
    """An area with all below it, counted."""

    code: str
    name: str
    homes: dict[Literal["protected", "gaps", "not_protected", "not_known"], int]
    alerts: dict[Literal["emergency", "warning", "notice"], Waiting]
    below: list[str] = Field(description="Codes of the areas right below")


class Areas(BaseModel):
    """The account's areas, each with its counts."""

    items: list[Area]


class Person(BaseModel):
    """A person; the number is masked."""

    id: str
    name: str
    phone: str
    roles: list[str]
    areas: list[str]
    homes: list[str] = Field(description="Ids of homes whose contact the person is, as far as the account sees them")


class People(BaseModel):
    """A page of people, by id."""

    items: list[Person]
    next: str | None


class Phone(BaseModel):
    """A whole number. That it was asked for is recorded."""

    phone: str


class Test(BaseModel):
    """One test of a home. `passed` is null while it runs."""

    id: str
    home: str
    area: str
    kind: Literal["home", "weekly"]
    began_at: Instant
    ended_at: Instant | None
    by: str
    tester: str | None
    passed: bool | None


class Tests(BaseModel):
    """A page of tests, newest first."""

    items: list[Test]
    next: str | None


class Probe(BaseModel):
    """One device in a test."""

    device: str
    kind: str
    verdict: Literal["waiting", "passed", "failed"]
    fault: str | None
    heard_at: Instant | None
    delay_s: float | None
    signal: int | None
    battery_pct: int | None


class WholeTest(Test):
    """A test with each device."""

    devices: list[Probe]
    signed: dict[str, str]


class SystemPart(BaseModel):
    """One part of the hub."""

    ready: bool
    says: str


class System(BaseModel):
    """How the hub fares."""

    site: str
    ready: bool = Field(description="It could alarm now")
    parts: dict[str, SystemPart]
    waiting: dict[str, int] = Field(description="Writes that wait, by lane")
    sending: dict[str, int]
    shelved: dict[str, int]
    audit_age_s: float | None
    audit_faults: int | None


class Token(BaseModel):
    """The token itself."""

    id: str
    name: str
    scopes: list[Right]
    created_at: Instant
    expires_at: Instant | None


class Account(BaseModel):
    """For whom the program acts. `scopes` of the token count only as far as the roles reach."""

    id: str
    name: str
    roles: list[str]
    areas: list[str]
    person: str | None
    token: Token


class Trouble(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="One sentence: what is wrong and what to do")
