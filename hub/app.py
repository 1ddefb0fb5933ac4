"""Builds all parts of the hub from its configuration, and runs them."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy.engine import make_url

from devices.dialects import build as build_dialects
from hub.about import about
from hub.alerts.notification import Notification
from hub.channels.twilio_sms import TwilioSms
from hub.clock import Clock
from hub.dispatch.audit import Auditor
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.lifeline import Lifeline
from hub.dispatch.poller import Poller
from hub.dispatch.words import Words
from hub.engine import Engine, floor, testing
from hub.engine.accounts import Accounts
from hub.engine.links import Links
from hub.engine.news import News
from hub.engine.restored import put_back
from hub.engine.retention import Retention
from hub.engine.work import Work
from hub.homes import Home, Registry
from hub.ingest.client import Broker
from hub.ingest.reception import Ingest
from hub.ports import Channel, Channels, FateReport, Inbound, Lane, Session, StoreUnavailable, Transaction
from hub.rules import faults
from hub.settings import Configuration, HubSettings
from hub.settings.editing import FormEditor
from hub.settings.importing import SheetImporter
from hub.settings.registry_json import dump, dump_to_tell, parse
from hub.store import NoStore, SqlStore
from hub.store.secret import secret
from hub.web.about import About
from hub.web.app import build as build_web
from hub.web.console.console import Console, Site
from hub.web.console.cookies import Cookies
from hub.web.console.gate import Gate
from hub.web.contact import ContactPages
from hub.web.ports import AppPorts, Figures, Part, SessionFigures
from hub.web.server import Server
from hub.web.view import PageSettings

T = TypeVar("T")
log = structlog.get_logger("hub")

# Real time: how soon another process's commit is seen, and how often the wall clock is looked at.
LOOK_EVERY_S = 0.5
# Real time: how long whoever reads the figures waits for the database's.
TALLY_LIMIT_S = 2.0
# Real time: how long a stop waits to hear that all was heard.
LAST_MARKER_S = 0.5
# Files and database may differ while somebody edits; after a day staff are told.
DIFFERS_FOR = timedelta(hours=24)
APPLIED, DIFFERS_SINCE = "applied", "differs_since"


class Hub:
    """All parts of one running hub. With NoStore presses are told from the image alone."""

    def __init__(self, configuration: Configuration, store: SqlStore | NoStore, clock: Clock, broker: Broker) -> None:
        """Build the parts; nothing runs before `start`."""
        settings = configuration.hub
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.started_at = clock.now()
        self.broker = broker
        self.channels = channels_of(configuration, clock)
        self.links = Links(secret(beside_database(configuration, ".links.key")), settings.web.public_url)
        words = Words(settings.language, settings.timezone, settings.desk, self.links)
        self.engine = Engine(store, clock, settings.site, settings.policies)
        self.lifeline = Lifeline(clock, self.channels, words, image_path(configuration))
        self.engine.on_shelved = self.lifeline.shelved
        self.engine.passes = self._link_passes
        self.dispatcher = Dispatcher(self.engine, self.channels, clock, words)
        self.poller = Poller(self.engine, self.channels, clock, self.lifeline, self.dispatcher.emergency)
        self.auditor = Auditor(self.engine, clock, self._links, settings.audit.deadman_url)
        self.retention = Retention(store, clock, settings.keep.readings, settings.keep.alerts)
        self.hooks = [c for c in self.channels.by_name.values() if isinstance(c, TwilioSms)]
        pages = ContactPages(self.engine, self._page_settings, clock)
        self.accounts = Accounts(self.engine)
        ports = AppPorts(self, self, self, measured=self, pages=pages, console=Console(self._site()))
        self.server = Server(build_web(ports, self.hooks), settings.web.listen)
        self.ingest: Ingest | None = None
        # What the last reload did not take of the configuration, and why; for /readyz.
        self.not_taken = ""
        self._retired: list[TwilioSms] = []
        # Called whenever people and homes have been loaded, and all that stays is in memory.
        self.on_loaded: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []
        self._loaded = True
        self._spread_version = 0  # of people and homes as all parts know them

    # --- life

    async def start(self) -> None:
        """Start all parts; the audit has run once when this returns."""
        try:
            registry = await self._load()
        except StoreUnavailable as error:
            log.error("store_unusable", why=str(error))
            registry = self._recalled()
            self._loaded = False
        await self.server.start()
        settings = self.configuration.hub
        dialects = build_dialects(settings.dialects)
        self.ingest = Ingest(
            *(self.broker, settings.mqtt.client_id, registry, dialects, self.engine, self.clock, self.lifeline),
            store=self.store,
        )
        await self.ingest.recall()
        self.engine.caught_up = lambda: self.ingest is not None and self.ingest.caught_up
        self.ingest.start()
        self._tasks = [self._task(run) for run in (self.lifeline.run, self.dispatcher.run, self.poller.run)]
        with suppress(StoreUnavailable):
            await self.engine.due()  # what fell due while the hub was away is done before it is called late
        await self.auditor.once()
        self._tasks += [self._task(run) for run in (self.auditor.run, self._look, self.retention.run, self._tests)]
        self.on_loaded()

    async def stop(self) -> None:
        """Stop in order, within 5 s: hear no more, finish what is in hand, close."""
        if self.ingest and self.ingest.caught_up:
            # A last marker: until this moment all was heard, so that the next start knows when nobody watched.
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_MARKER_S):
                    await self.ingest.barrier()
        await asyncio.gather(self.server.stop(), self.ingest.stop() if self.ingest else asyncio.sleep(0))
        await self._end_tasks()
        await self._close()

    async def kill(self) -> None:
        """End as a killed process does, as far as one process can: nothing more is committed or acknowledged."""
        if self.ingest:
            await self.ingest.kill()
        self.dispatcher.kill()
        await self._end_tasks()
        await self.server.stop()
        await self._close()

    async def _close(self) -> None:
        await self._close_channels(*self._retired, *self.hooks)
        await self.store.close()

    @staticmethod
    async def _close_channels(*channels: TwilioSms) -> None:
        for channel in channels:
            await channel.close()

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _task(self, run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Keep a part running: what it did not expect is logged, and it goes on."""

        async def keep() -> None:
            while True:
                try:
                    await run()
                    return
                except Exception as error:
                    log.exception("part_failed", part=run.__qualname__, error=repr(error))
                    await asyncio.sleep(LOOK_EVERY_S)

        return asyncio.create_task(keep(), name=run.__qualname__)

    # --- people and homes

    async def _load(self) -> Registry:
        committed = await self.store.read(floor)
        if committed is not None:
            self.clock.raise_to(committed)
            self.poller.missed(committed)
        files = self.configuration.registry
        if await self.store.read(lambda t: t.registry_version()) == 0 and files.homes:
            await self.store.write(Lane.SLOW, lambda t: apply(t, files))
        registry = await self.engine.load()
        if isinstance(self.store, SqlStore) and self.store.lost:
            await self.engine.write(Lane.SLOW, lambda work: work.report(faults.database_lost(work.now)))
        await self.engine.write(Lane.SLOW, put_back)
        await self.lifeline.use(registry, dump_to_tell)
        await self.engine.follow()
        self._spread_version = registry.version
        await self._compare(registry)
        await self.dispatcher.recover()
        return registry

    def _recalled(self) -> Registry:
        """Without a store: the image kept beside it, else the files."""
        if not self.lifeline.recall(parse):
            self.lifeline.registry = self.configuration.registry
        return self.lifeline.registry

    async def _compare(self, registry: Registry) -> None:
        """Say when files and database differ; tell staff after a day."""
        files = self.configuration.registry
        same = dict(registry.people) == dict(files.people) and _lasting(registry) == _lasting(files)
        same = same and dict(registry.areas) == dict(files.areas)
        now = self.clock.now()
        since = await self.store.read(lambda t: t.fact(DIFFERS_SINCE))
        if same:
            if since:
                await self.store.write(Lane.SLOW, lambda t: t.set_fact(DIFFERS_SINCE, ""))
            return
        log.warning("files_and_database_differ", what="see `carehub apply`")
        if not since:
            await self.store.write(Lane.SLOW, lambda t: t.set_fact(DIFFERS_SINCE, now.isoformat()))
        elif now - datetime.fromisoformat(since) > DIFFERS_FOR:
            await self.engine.write(Lane.SLOW, lambda work: _differs(work, now))

    async def _look(self) -> None:
        """See what other processes committed, and what the wall clock does."""
        token = await self.store.change_token()
        compared = self.clock.now()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if await self.engine.follow_clock():
                log.warning("clock_stepped_forward")
            with suppress(StoreUnavailable):
                if not self._loaded:
                    await self._load_late()
                seen = await self.store.change_token()
                if seen != token or seen is None:
                    token = seen
                    await self.refresh()
                await self._spread()
                if self.clock.now() - compared > timedelta(hours=1):
                    compared = self.clock.now()
                    await self._compare(self.engine.world.registry)

    async def _tests(self) -> None:
        """Give tests of homes whose time is over their result."""
        await testing.keep_ending(self.engine, self.clock)

    async def _load_late(self) -> None:
        """Do what the start could not do while the store was sick."""
        registry = await self._load()
        self._loaded = True
        self.engine.wake()
        if self.ingest:
            await self.ingest.recall()
            await self.ingest.reconfigure(registry)

    async def refresh(self) -> None:
        """Take over what another process wrote."""
        await self.engine.load()
        self.engine.wake()
        self.engine.tell(News(everything=True))
        await self._spread()

    async def _spread(self) -> None:
        """Let all parts follow people and homes, if they do not yet: a store that was sick meanwhile is no excuse."""
        registry = self.engine.world.registry
        if registry.version == self._spread_version:
            return
        await self.engine.follow()
        await self.lifeline.use(registry, dump_to_tell)
        if self.ingest:
            await self.ingest.reconfigure(registry)
        self._spread_version = registry.version
        self.on_loaded()

    async def reconfigure(self, wanted: Configuration) -> None:
        """Go on with another configuration. What cannot change while the hub runs is as it was (`settings.taken`).

        Open alerts keep their ladders. People, homes and devices of the files are taken only if the database has none;
        else it is said that they differ.
        """
        before, self.configuration = self.configuration, wanted
        settings = wanted.hub
        await self._replace_channels(before)
        self.engine.world = replace(self.engine.world, policies=settings.policies)
        self.dispatcher.words = _reworded(self.dispatcher.words, settings)
        self.lifeline.words = _reworded(self.lifeline.words, settings)
        self.links.public_url = settings.web.public_url.rstrip("/")
        self.auditor.deadman_url = settings.audit.deadman_url
        self.retention.readings, self.retention.alerts = settings.keep.readings, settings.keep.alerts
        if self.ingest and settings.dialects != before.hub.dialects:
            await self.ingest.reconfigure(self.engine.world.registry, build_dialects(settings.dialects))
        with suppress(StoreUnavailable):
            if wanted.registry.homes and await self.store.read(lambda t: t.registry_version()) == 0:
                await self.store.write(Lane.SLOW, lambda t: apply(t, wanted.registry))
                await self.refresh()
            await self._compare(self.engine.world.registry)

    async def _replace_channels(self, before: Configuration) -> None:
        """Build the channels that changed. Those they replace may still be talking: they are closed at the next one."""
        await self._close_channels(*self._retired)
        same = _unchanged_channels(before, self.configuration)
        kept = {name: channel for name, channel in self.channels.by_name.items() if name in same}
        self._retired = [c for c in self.hooks if c.name not in kept]
        self.channels = channels_of(self.configuration, self.clock, kept)
        self.hooks[:] = [c for c in self.channels.by_name.values() if isinstance(c, TwilioSms)]
        self.lifeline.channels = self.dispatcher.channels = self.poller.channels = self.channels

    def _link_passes(self, message: Notification) -> bool:
        """Whether a text with a link gets through the way this message went."""
        channel = self.channels.by_name.get(message.channel)
        return channel is not None and channel.links(message.to or "")

    def _page_settings(self) -> PageSettings:
        """Return what pages say of this hub; who signs its texts signs its pages."""
        settings = self.configuration.hub
        sender = next((c.signature for c in self.channels.by_name.values() if c.signature), None)
        return PageSettings(settings.language, settings.timezone, settings.web.public_url, settings.desk, sender)

    def _site(self) -> Site:
        """Return what the console is built from."""
        cookies = Cookies(
            self.accounts, secret(beside_database(self.configuration, ".console.key")), self._page_settings
        )
        gate = Gate(cookies, self.engine, self._page_settings, self.clock)
        return Site(
            self.engine,
            self.clock,
            gate,
            self._page_settings,
            health=self,
            measured=self,
            accounts=self.accounts,
            cookies=cookies,
            about=self._about,
            editor=FormEditor(lambda: self.configuration.hub, self.clock),
            importer=SheetImporter(lambda: self.configuration.hub, self.clock),
        )

    def _about(self) -> About:
        """Return how this hub is set up."""
        return about(
            self.configuration.hub,
            self.started_at,
            audit=self.auditor.last,
            forgotten_at=self.retention.last_at,
            not_taken=self.not_taken,
        )

    # --- what webhooks hand in (hub.web.ports)

    async def report(self, channel: str, report: FateReport) -> bool | None:
        """Take a receipt; ids are the carrier's own, whichever channel they came by."""
        log.debug("receipt", channel=channel, fate=report.fate.value)
        return await self.engine.report(report)

    async def receive(self, inbound: Inbound) -> bool | None:
        """Take a reply; with a sick store it is at least passed on to the others who were told."""
        asked_at = self.clock.now()
        try:
            await self.engine.received(inbound)
        except (StoreUnavailable, asyncio.CancelledError) as error:
            self.poller.missed(asked_at)  # the carrier does not repeat it; when the store is back, we ask
            if isinstance(error, StoreUnavailable):
                await self.lifeline.received(inbound)
            raise
        return True

    # --- how it is

    def ready(self) -> Mapping[str, Part]:
        """Return whether we could alarm now, part by part."""
        broker = self._broker_faults()
        audit = self.auditor.last
        sick = self.store.sick or ("" if self.dispatcher.healthy else "the database does not answer")
        return {
            "broker": Part(not broker, "; ".join(broker) or "all sessions connected"),
            "database": Part(not sick, sick or "answers"),
            "dispatcher": Part(
                self.dispatcher.healthy, "runs" if self.dispatcher.healthy else "waits for the database"
            ),
            "audit": Part(
                audit is not None and not audit.faults,
                "has not run yet" if audit is None else "; ".join(audit.faults) or "holds",
            ),
            "configuration": Part(True, self.not_taken or "as loaded"),
        }

    @property
    def living(self) -> bool:
        """Whether all parts run and the dispatcher turns.

        A store that hangs is no reason to begin anew: the next hub would hang before it could text without it.
        """
        return bool(self._tasks) and not any(task.done() for task in self._tasks) and self.dispatcher.turns

    async def figures(self) -> Figures:
        """Return what a watcher from outside may know."""
        now, audit = self.clock.now(), self.auditor.last
        forgotten_at, sending = self.retention.last_at, self.dispatcher.sending
        tally = None
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(TALLY_LIMIT_S):
                tally = await self.store.read(lambda t: t.tally(now - timedelta(days=1)))
        return Figures(
            now=now,
            parts={name: part.ready for name, part in self.ready().items()},
            sessions={
                s.session.value: SessionFigures(s.connected, s.caught_up, s.waiting, s.counts)
                for s in (self.ingest.states() if self.ingest else ())
            },
            shelved={session.value: self.engine.shelved[session] for session in Session},
            commits={lane.value: spread for lane, spread in self.store.commits().items()},
            waiting={lane.value: count for lane, count in self.store.waiting().items()},
            store_sick=bool(self.store.sick),
            sending={"emergency": sending[True], "other": sending[False]},
            told=self.lifeline.sent,
            audit_age_s=(now - audit.at).total_seconds() if audit else None,
            audit_faults=len(audit.faults) if audit else None,
            pings=self.auditor.pings,
            forgotten_age_s=(now - forgotten_at).total_seconds() if forgotten_at else None,
            tally=tally,
        )

    def _links(self) -> Sequence[str]:
        return self._broker_faults() if self.ingest is not None and self.auditor.last is not None else []

    def _broker_faults(self) -> list[str]:
        if self.ingest is None:
            return ["not started yet"]
        return [
            f"session {state.session.value}: {state.fault or 'not connected'}"
            for state in self.ingest.states()
            if state.session is not Session.WATCH and (not state.connected or state.refused)
        ]

    @property
    def idle(self) -> bool:
        """Whether nothing is under way at this instant of hub time; for tests."""
        quiet = self.dispatcher.idle and not self.poller.busy and self.lifeline.idle
        return quiet and (self.ingest is None or self.ingest.idle)


def _lasting(registry: Registry) -> dict[str, Home]:
    """Return the homes without what is set for some days by command or page: being away is no difference to tell of."""
    nothing: dict[str, Any] = dict.fromkeys(("away_until", "mode", "mode_until", "tester"))
    return {id: replace(home, **nothing) for id, home in registry.homes.items()}


def _differs(work: Work, now: datetime) -> None:
    """Tell staff, and not again before another day has passed."""
    work.report(faults.config_differs(now))
    work.transaction.set_fact(DIFFERS_SINCE, now.isoformat())


def apply(transaction: Transaction, registry: Registry, files: Registry | None = None) -> int:
    """Make people and homes those of `registry`; `files` (the same, unless something was kept) is applied last."""
    version = transaction.replace_registry(registry)
    transaction.set_fact(APPLIED, dump_text(files or registry))
    return version


def applied(transaction: Transaction) -> Registry | None:
    """Return the state applied last; None if nothing was."""
    text = transaction.fact(APPLIED)
    return parse(json.loads(text)) if text else None


def dump_text(registry: Registry) -> str:
    """Return the registry as the text that is kept as last applied."""
    return json.dumps(dump(registry), ensure_ascii=False, sort_keys=True)


def _reworded(words: Words, settings: HubSettings) -> Words:
    """Return how texts are worded from now on."""
    return replace(words, language=settings.language, timezone=settings.timezone, desk=settings.desk)


def _unchanged_channels(before: Configuration, after: Configuration) -> set[str]:
    """Return the names of channels that are configured as they were, secrets and our own address included."""
    old, new = before.hub, after.hub
    if (old.web.public_url, old.channel_environment) != (new.web.public_url, new.channel_environment):
        return set()
    return {name for name, channel in new.channels.items() if old.channels.get(name) == channel}


def channels_of(configuration: Configuration, clock: Clock, kept: Mapping[str, Channel] | None = None) -> Channels:
    """Build the configured channels but those `kept`; the provider's SDK is loaded here, not in the first SOS."""
    built: dict[str, Channel] = {}
    settings = configuration.hub
    for name, channel in settings.channels.items():
        if kept and name in kept:
            built[name] = kept[name]
            continue
        account = channel.account(settings.channel_environment)
        built[name] = TwilioSms(
            name=name,
            from_number=channel.from_,
            account_sid=account.sid,
            auth_token=account.token,
            public_url=settings.web.public_url,
            signature=channel.signature,
            links=channel.links == "send",
            api_base=account.api_base,
            clock=clock,
        )
    return Channels(built)


def image_path(configuration: Configuration) -> Path:
    """Return where the image for a sick store lies."""
    return beside_database(configuration, ".image.json")


def beside_database(configuration: Configuration, ending: str) -> Path:
    """Return where a file of the hub's own lies: beside an SQLite database, else in the configuration's `var`."""
    url = make_url(configuration.hub.database)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).with_suffix(ending)
    return configuration.folder / "var" / f"carehub{ending}"
