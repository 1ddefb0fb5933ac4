"""The database: one transaction, and the store that runs them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from devices.message import Message
from devices.reading import Reading
from hub.alerts.alert import Alert, Entry
from hub.alerts.kept import Kept, Key
from hub.alerts.notification import Fate, Notification
from hub.alerts.tally import Tally
from hub.homes import Act, DeviceState, HomeMode, Registry
from hub.ports.accounts import AccountKeeping
from hub.ports.arriving import Delivery, Session
from hub.ports.board import BoardReads
from hub.ports.kept import KeptReading, Lane, PageLink, SessionRow, Shelved
from hub.ports.overview import OverviewRows
from hub.ports.registry import RegistryKeeping
from hub.ports.sights import SightRows
from hub.ports.tests import HomeTestKeeping
from hub.ports.tokens import TokenKeeping
from hub.rules.gaps import Gap
from hub.rules.watch import Watch

T = TypeVar("T")


class Transaction(
    AccountKeeping, TokenKeeping, OverviewRows, BoardReads, RegistryKeeping, HomeTestKeeping, SightRows, Protocol
):
    """One open transaction. All writes become durable together, or none does."""

    def give_way(self) -> None:
        """Undo all this and begin again later if something more urgent waits: long work calls it now and then."""
        ...

    # registry
    def registry_version(self) -> int:
        """Rises with every change of people, homes or devices; 0 when there are no homes yet."""
        ...

    def registry(self) -> Registry:
        """Return all people, homes and devices."""
        ...

    def replace_registry(self, registry: Registry) -> int:
        """Make people and homes those of `registry`; return the new version."""
        ...

    def set_away(self, home_id: str, until: datetime | None) -> int:
        """Note until when a home is away; return the new version."""
        ...

    def set_mode(self, home_id: str, mode: HomeMode | None, until: datetime | None, tester: str | None = None) -> int:
        """Note a home's mode and its end, and whom a test tells; return the new version."""
        ...

    # small facts by name (last committed instant, applied configuration, last audit ...)
    def fact(self, name: str) -> str | None:
        """Return a named fact."""
        ...

    def set_fact(self, name: str, value: str) -> None:
        """Keep a named fact."""
        ...

    # sessions and deliveries
    def session(self, session: Session) -> SessionRow | None:
        """Return what is known of a session; None if this database never saw it."""
        ...

    def save_session(self, row: SessionRow) -> None:
        """Keep what is known of a session."""
        ...

    def record_deliveries(self, deliveries: Sequence[tuple[Delivery, bytes]]) -> None:
        """Keep (session, packet id, connection, digest) of QoS 1 messages until the broker surely has our ack."""
        ...

    def swallow(self, session: Session, connection: int, digest: bytes) -> bool:
        """Take one row with this digest of a connection before `connection` away; True if there was one."""
        ...

    def forget_deliveries(self, session: Session, *, before: int | None = None, mids: Sequence[int] = ()) -> None:
        """Drop the rows of connections before `before`, and those of these packet ids."""
        ...

    def count_try(self, session: Session, digest: bytes) -> int:
        """Count one more try at a message that failed; return how many that makes."""
        ...

    def forget_tries(self, session: Session, digest: bytes) -> None:
        """Drop the count of a message that was handled or set aside: equal bytes may come again, and be a press."""
        ...

    def shelve(self, session: Session, message: Message, reason: str, tries: int = 0) -> None:
        """Set a message aside; at most 1,000 are kept, of one topic 20, the oldest go first."""
        ...

    def shelf(self, limit: int = 1000) -> list[Shelved]:
        """Return what was set aside, newest first."""
        ...

    def shelve_again(self, id: int, reason: str, tries: int) -> None:
        """Keep why a message stays on the shelf after it was tried again."""
        ...

    def unshelve(self, id: int) -> bool:
        """Take a message from the shelf; False if it is not there any more."""
        ...

    # readings
    def add_readings(self, rows: Sequence[tuple[str, str, Reading, datetime]]) -> None:
        """Append to history: home id, device id, reading, received_at."""
        ...

    def readings_after(self, number: int, limit: int) -> list[KeptReading]:
        """Return at most so many of the newest readings later than `number`, oldest first."""
        ...

    def device_states(self, devices: Iterable[tuple[str, str]]) -> list[DeviceState]:
        """Return all states of these (home id, device id) pairs."""
        ...

    def save_device_states(self, states: Sequence[DeviceState]) -> None:
        """Insert or replace states."""
        ...

    # what is watched, and when nobody did
    def watches(self) -> list[Watch]:
        """Return all watches of the timed rules."""
        ...

    def due_watches(self, now: datetime, limit: int) -> list[Watch]:
        """Return watches that are due at `now`, oldest first; locked against other workers."""
        ...

    def next_watch(self) -> datetime | None:
        """Return when the next watch is due."""
        ...

    def save_watches(self, watches: Sequence[Watch]) -> None:
        """Insert or replace watches."""
        ...

    def hurry_watches(self, due: Mapping[tuple[str, str, str], datetime]) -> None:
        """Have these (home id, rule, subject) looked at by then at the latest, where they are watched."""
        ...

    def drop_watches(self, watches: Sequence[Watch]) -> None:
        """Watch these no more."""
        ...

    def clamp_watches(self, now: datetime) -> None:
        """Pull in what lies further ahead than its own wait, whatever a clock did."""
        ...

    def gaps(self, sources: Iterable[str], since: datetime) -> list[Gap]:
        """Return the gaps of these sources that end after `since` or have not ended, oldest first."""
        ...

    def add_gap(self, gap: Gap) -> None:
        """Keep a gap; of one source at most one that has not ended."""
        ...

    def end_gap(self, source: str, until: datetime) -> None:
        """Note that a source can be heard again."""
        ...

    # what bridges told of their devices
    def definition_sources(self) -> list[str]:
        """Return the full topics of the lists that are kept."""
        ...

    def definition(self, source: str) -> bytes | None:
        """Return a bridge's list as it was published last."""
        ...

    def keep_definition(self, source: str, payload: bytes, at: datetime) -> None:
        """Keep a bridge's list in place of the one before."""
        ...

    # alerts
    def lock_homes(self, homes: Iterable[str]) -> None:
        """Serialize with other writers of these homes' alerts until the transaction ends (sorted, so no deadlock)."""
        ...

    def unresolved(self, homes: Iterable[str] | None = None) -> list[Alert]:
        """Return unresolved alerts, and resolved ones that still have a duty; of these homes, or all."""
        ...

    def alerts(self, *, everything: bool = False, limit: int = 1000) -> list[Alert]:
        """Return alerts newest first; unresolved only unless `everything`."""
        ...

    def alert(self, id: str) -> Alert | None:
        """Return one alert by id, or by a code used within the last 7 days (case forgiven)."""
        ...

    def alerts_ended(self, homes: Iterable[str], since: datetime) -> list[Alert]:
        """Return alerts of these homes that were resolved after `since`, oldest first."""
        ...

    def codes_since(self, since: datetime) -> set[str]:
        """Return the codes of alerts opened since then or still unresolved."""
        ...

    def save_alert(self, alert: Alert, entries: Sequence[Entry] = ()) -> None:
        """Insert or replace an alert with its duties; append to its history."""
        ...

    def history(self, alert_id: str) -> list[Entry]:
        """Return who did what when, oldest first."""
        ...

    def due_alerts(self, now: datetime, limit: int) -> list[Alert]:
        """Return alerts with a duty due at `now`, most severe and oldest first; locked against other workers."""
        ...

    # notifications
    def add_notifications(self, notifications: Sequence[Notification]) -> None:
        """Queue messages; they exist exactly when the decision that wants them exists."""
        ...

    def save_notification(self, notification: Notification) -> None:
        """Replace one notification."""
        ...

    def notification(self, id: str) -> Notification | None:
        """Return one notification."""
        ...

    def notification_by_provider_id(self, provider_id: str) -> Notification | None:
        """Return the notification the carrier knows by this id."""
        ...

    def notifications(self, alert_id: str) -> list[Notification]:
        """Return all messages of one alert, oldest first."""
        ...

    def notifications_told(self, people: Sequence[str]) -> list[Notification]:
        """Return messages to these people for alerts that are not resolved, or were resolved within 7 days."""
        ...

    def due_notifications(self, now: datetime, limit: int, *, emergency: bool | None = None) -> list[Notification]:
        """Return messages whose attempt or look-up is due, most severe and oldest first; locked as above."""
        ...

    def open_notifications(self, fates: Sequence[Fate]) -> list[Notification]:
        """Return messages with one of these fates."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next duty of any alert or message is due."""
        ...

    # what people did beside the alerts
    def record_act(self, act: Act) -> None:
        """Append who did what when."""
        ...

    def record_acts(self, acts: Sequence[Act]) -> None:
        """Append many, as `record_act` does one."""
        ...

    def acts(self, home_id: str) -> list[Act]:
        """Return what was done about a home, oldest first."""
        ...

    # carriers
    def take_inbound(self, channel: str, provider_id: str, at: datetime) -> bool:
        """Note that an inbound message was taken; False if it had been before."""
        ...

    # contacts' pages
    def save_link(self, link: PageLink) -> None:
        """Keep a link; one that is known keeps its times."""
        ...

    def link(self, digest: bytes) -> PageLink | None:
        """Return what the token with this digest opens, expired or not."""
        ...

    # what was kept long enough
    def old(self, what: Kept, before: datetime, limit: int) -> list[Key]:
        """Return the keys of at most `limit` rows that were over before then; unresolved alerts never are."""
        ...

    def forget(self, what: Kept, keys: Sequence[Key]) -> int:
        """Delete these rows, and what hangs on them; return how many there were."""
        ...

    def tally(self, since: datetime) -> Tally:
        """Count what is open, and the messages made since then."""
        ...


class Store(Protocol):
    """The database."""

    async def write(
        self, lane: Lane, work: Callable[[Transaction], T], durable: Callable[[], object] | None = None
    ) -> T:
        """Run `work` in a transaction of its lane and return its result once it is durable.

        `durable` is called on the event loop at that moment, before the caller has its turn, and also if the caller
        has given up meanwhile.


        Calls that wait are committed together. If that commit fails, each is tried alone: `work` may run more than
        once before it is kept once, and must change nothing but the transaction. What it raises reaches only its own
        caller. Raises StoreUnavailable when the database cannot commit; if a server's connection broke during the
        commit itself, that one may have been heard.
        """
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a snapshot; it must not write."""
        ...
