"""One transaction's work: what it loaded, what it changed, written once at its end."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from ulid import ULID

from hub.alerts.alert import Alert, Entry, Stage
from hub.alerts.change import Change
from hub.alerts.links import asks, awaiting, companion, is_link
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.alerts.replies import new_code
from hub.decide import CODES_UNIQUE_FOR, World, messages, over, report
from hub.engine.news import News
from hub.ports import Transaction
from hub.rules.finding import Finding
from hub.rules.watch import Over


class Work:
    """Loads alerts once, keeps their newest form, collects history and messages; `finish` writes them."""

    def __init__(self, transaction: Transaction, world: World, now: datetime, awaiting: Set[str] = frozenset()) -> None:
        """Work on `transaction` at `now`. `awaiting`: homes whose unresolved alerts wait for a word, at least."""
        self.transaction = transaction
        self.world = world
        self.now = now
        self.awaiting = awaiting
        self.opened: list[Alert] = []
        self._alerts: dict[str, Alert] = {}
        self._loaded: set[str] = set()
        self._entries: dict[str, list[Entry]] = {}
        self._sent: dict[str, list[Notification]] = {}
        self._new: list[Notification] = []
        self._changed: dict[str, Notification] = {}
        self._codes: set[str] | None = None
        # Whether a link gets through the way a message went; without it no link is sent.
        self.passes: Callable[[Notification], bool] | None = None
        self._settled: dict[str, None] = {}
        self._hurried = False
        # A call for help waits for no look that is under way: what it makes due is hurried after its commit.
        self.defers_looks = False
        self.later: dict[tuple[str, str, str], datetime] = {}
        # Homes of which something was heard, for whoever shows them.
        self.heard: set[str] = set()

    # --- alerts

    def load(self, homes: Iterable[str]) -> None:
        """Lock and load the alerts of these homes that are unresolved or watched."""
        missing = set(homes) - self._loaded
        if missing:
            self.transaction.lock_homes(missing)
            for alert in self.transaction.unresolved(missing):
                self._alerts.setdefault(alert.id, alert)
            self._loaded |= missing

    def of(self, *homes: str) -> list[Alert]:
        """Return the loaded alerts of these homes, as they are now."""
        self.load(homes)
        return [a for a in self._alerts.values() if a.home_id in homes]

    def hold(self, alert: Alert) -> Alert:
        """Work on this alert too; return its newest form. Its home is locked and read anew."""
        self.load([alert.home_id])
        if alert.id not in self._alerts:
            self._alerts[alert.id] = self.transaction.alert(alert.id) or alert
        return self._alerts[alert.id]

    def sent(self, alert_id: str) -> list[Notification]:
        """Return the messages of one alert, those of this transaction included."""
        if alert_id not in self._sent:
            kept = self.transaction.notifications(alert_id)
            self._sent[alert_id] = [self._changed.get(message.id, message) for message in kept]
        return self._sent[alert_id]

    # --- changes

    def take(self, change: Change) -> None:
        """Take a change: the alert's new form, its history, its messages; drop step messages it made needless."""
        alert = change.alert
        if alert.id not in self._alerts:
            self.opened.append(alert)
            self._sent.setdefault(alert.id, [])  # a new alert has no messages yet
        self._alerts[alert.id] = alert
        self._entries.setdefault(alert.id, []).extend(change.entries)
        if change.cancel:
            self._cancel(alert.id)
            self._settled[alert.id] = None
        elif any(tell.step is not None for tell in change.tells):
            self._cancel(alert.id, before=alert.round)
        self.queue(messages(change, self.now, self.new_id))

    def queue(self, wanted: Iterable[Notification]) -> None:
        """Queue messages; the desk and people who are gone have no number to send to."""
        wanted = [m for m in wanted if m.phone or m.person_id in self.world.registry.people]
        self._new.extend(wanted)
        for message in wanted:
            if message.alert_id is not None:
                self.sent(message.alert_id).append(message)

    def update(self, message: Notification) -> None:
        """Keep a message's new form."""
        self._changed[message.id] = message
        if message.alert_id in self._sent:
            kept = self._sent[message.alert_id]
            self._sent[message.alert_id] = [message if m.id == message.id else m for m in kept]

    def settle(self, message: Notification) -> None:
        """Note that it is known whether a call for help left: its link, or that of another one, may follow it."""
        if message.alert_id is not None and asks(message):
            self._settled[message.alert_id] = None

    def due_emergencies(self) -> list[Notification]:
        """Return the emergencies among the messages of this transaction that could leave now."""
        newest = (self._changed.get(m.id, m) for m in self._new if m.severity is Severity.EMERGENCY)
        return [m for m in newest if m.fate is Fate.QUEUED and m.due_at is not None and m.due_at <= self.now]

    def report(self, finding: Finding) -> None:
        """Open the alert of a finding of the hub itself, unless it is open."""
        for change in report(finding, self.of(finding.home_id), self.world, self.now, self.fresh, self.sent):
            self.take(change)

    def hurry(self, due: Mapping[tuple[str, str, str], datetime]) -> None:
        """Have these (home id, rule, subject) looked at by then at the latest."""
        if self.defers_looks:
            self.later |= due
            return
        self.transaction.hurry_watches(due)
        self._hurried = self._hurried or bool(due)

    def end(self, ended: Over) -> None:
        """End the alert of what is no longer so, if it is open."""
        for change in over(ended, self.of(ended.home_id), self.world, self.now, self.sent):
            self.take(change)

    def finish(self) -> bool:
        """Write all that changed; return whether anything may have become due."""
        self._follow()
        for id, entries in self._entries.items():
            self.transaction.save_alert(self._alerts[id], entries)
        new = [self._changed.pop(m.id, m) for m in self._new]
        if new:
            self.transaction.add_notifications(new)
        for message in self._changed.values():
            self.transaction.save_notification(message)
        return bool(self._entries or new or self._changed or self._hurried)

    def touched(self) -> list[Alert]:
        """Return the alerts that something happened to, as they are now."""
        return [self._alerts[id] for id in self._entries]

    def news(self) -> News:
        """Return what whoever shows alerts and homes should look at anew."""
        messages = (m.alert_id for m in (*self._new, *self._changed.values()))
        return News(frozenset(filter(None, (*self._entries, *messages))), frozenset(self.heard))

    def story(self) -> list[dict[str, str]]:
        """Return what happened to which alert, for the log: ids and events, no words."""
        return [
            {"alert": id, "home": alert.home_id, "cause": alert.cause, "what": entry.event, "by": entry.who}
            for id, entries in self._entries.items()
            for alert in (self._alerts[id],)
            for entry in entries
        ]

    def _follow(self) -> None:
        """Queue the links that follow the first texts of the alerts whose calls for help have left."""
        for alert_id in self._settled if self.passes is not None else ():
            alert = self._alerts.get(alert_id) or self.transaction.alert(alert_id)
            if alert is not None and self.passes is not None:
                first = awaiting(alert, self.sent(alert_id), self.passes)
                self.queue([companion(one, alert, self.new_id(), self.now) for one in first])

    def _cancel(self, alert_id: str, before: int | None = None) -> None:
        """Drop step messages that have not left; with `before`, only those of earlier rounds, which are said anew.

        Once an alert is resolved there is nothing to take on its page any more.
        """
        resolved = self._alerts[alert_id].stage is Stage.RESOLVED
        for message in self.sent(alert_id):
            old = before is None or message.round < before
            unwanted = message.step is not None or (resolved and is_link(message.key))
            if unwanted and message.fate is Fate.QUEUED and old:
                self.update(replace(message, fate=Fate.CANCELLED, due_at=None, ended_at=self.now))

    # --- names

    def new_id(self) -> str:
        """Return an id that sorts by time and carries the site."""
        return f"{ULID.from_datetime(self.now)}@{self.world.site}"

    def fresh(self) -> tuple[str, str]:
        """Return id and code for a new alert; the code is unique among the last seven days."""
        if self._codes is None:
            self._codes = self.transaction.codes_since(self.now - CODES_UNIQUE_FOR)
        code = new_code(self._codes, os.urandom(64))
        self._codes.add(code)
        return self.new_id(), code


Sent = Callable[[str], Sequence[Notification]]
