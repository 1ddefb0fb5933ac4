"""`carehub alerts`: see what is open and act on it, beside a running hub."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from hub.alerts import events as ev
from hub.alerts.alert import Alert, Outcome, Stage
from hub.alerts.machine import InvalidTransition, StillDangerous
from hub.cli.failure import fail
from hub.cli.opened import opened
from hub.cli.place import ConfigOption, JsonOption, configuration
from hub.engine import Engine, NoSuchAlert
from hub.homes import Registry

T = TypeVar("T")
DESK = "@desk"

app = typer.Typer(help="See alerts and act on them, beside a running hub.", no_args_is_help=True)
RefArgument = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's code, such as K7, or its id.")]
ByOption = Annotated[
    str, typer.Option("--by", metavar="PERSON", help="Who does it: a person's id. Default: the duty desk.")
]


@app.command("list")
def list_alerts(
    config: ConfigOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List alerts, newest first: who, what, since when, who has it."""

    async def act(engine: Engine, zone: ZoneInfo) -> None:
        alerts = await engine.store.read(lambda t: t.alerts(everything=everything))
        if as_json:
            typer.echo(json.dumps([summary(a) for a in alerts], ensure_ascii=False))
            return
        if not alerts:
            typer.echo("No alerts." if everything else "No open alerts.")
        for alert in alerts:
            typer.echo(_line(alert, engine.world.registry, zone))

    _run(config, act)


@app.command()
def show(ref: RefArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one alert whole: what happened, who was told and how that fared, who did what when."""

    async def act(engine: Engine, zone: ZoneInfo) -> None:
        alert = await engine.store.read(lambda t: t.alert(ref))
        if alert is None:
            raise NoSuchAlert(ref)
        history = await engine.store.read(lambda t: t.history(alert.id))
        messages = await engine.store.read(lambda t: t.notifications(alert.id))
        registry = engine.world.registry
        if as_json:
            typer.echo(json.dumps(_whole(alert, history, messages), ensure_ascii=False))
            return
        typer.echo(_line(alert, registry, zone))
        if alert.duties:
            typer.echo("Next:")
            for kind, duty in sorted(alert.duties.items(), key=lambda item: item[1].due_at):
                typer.echo(f"  {_at(duty.due_at, zone)} {kind.value}")
        typer.echo("Messages:")
        for message in messages:
            why = f" ({message.error})" if message.error else ""
            typer.echo(
                f"  {_at(message.created_at, zone)} {_name(registry, message.person_id)} by {message.channel}: "
                f"{message.key}, {message.fate.value}{why}"
            )
        typer.echo("History:")
        for entry in history:
            detail = ", ".join(f"{k} {v}" for k, v in entry.detail.items() if v != "")
            typer.echo(f"  {_at(entry.at, zone)} {_name(registry, entry.who)}: {entry.event} {detail}".rstrip())

    _run(config, act)


@app.command()
def ack(ref: RefArgument, by: ByOption = DESK, config: ConfigOption = None) -> None:
    """Take an alert: nobody else is woken while the promise runs."""
    _command(config, ref, by, lambda _: ev.Acknowledge(by, via="command"))


@app.command()
def arrived(ref: RefArgument, by: ByOption = DESK, config: ConfigOption = None) -> None:
    """Note that somebody is there; the outcome is asked for after two hours."""
    _command(config, ref, by, lambda _: ev.Arrived(by, via="command"))


@app.command("pass")
def pass_on(
    ref: RefArgument,
    by: ByOption = DESK,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PERSON", help="Hand it to this person instead of the next step.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Cannot go: the next step is due now; with --to this person is asked first."""

    def event(alert: Alert) -> ev.Event:
        if to is not None:
            return ev.HandOver(by, to)
        held = alert.stage is Stage.ACKNOWLEDGED and by not in (alert.holder, DESK)
        return ev.Withdraw(by, via="command") if held else ev.Pass(by, via="command")

    _command(config, ref, by, event, to)


@app.command()
def resolve(
    ref: RefArgument,
    by: ByOption = DESK,
    outcome: Annotated[Outcome, typer.Option(help="How it ended.")] = Outcome.GENUINE,
    note: Annotated[str | None, typer.Option(help="A few words on what happened.")] = None,
    watched: Annotated[
        bool, typer.Option(help="The hazard is still active and somebody watches it: it is looked at after 15 min.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """End an alert, with its outcome."""
    _command(config, ref, by, lambda _: ev.Resolve(by, outcome, note, watched, via="command"))


def summary(alert: Alert) -> dict[str, Any]:
    """Return what a script reads of an alert."""
    return {
        "id": alert.id,
        "home": alert.home_id,
        "cause": alert.cause,
        "severity": alert.severity.value,
        "stage": alert.stage.value,
        "opened_at": alert.opened_at.isoformat(),
        "taken_by": alert.holder,
        "late_s": int(alert.late.age.total_seconds()) if alert.late else None,
        "count": alert.count,
        "code": alert.code,
    }


def _whole(alert: Alert, history: list[Any], messages: list[Any]) -> dict[str, Any]:
    return summary(alert) | {
        "room": alert.room,
        "device": alert.device_id,
        "active": alert.active,
        "outcome": alert.outcome.value if alert.outcome else None,
        "note": alert.note,
        "duties": [{"kind": k.value, "due_at": d.due_at.isoformat()} for k, d in alert.duties.items()],
        "history": [
            {"at": e.at.isoformat(), "who": e.who, "event": e.event, "detail": dict(e.detail)} for e in history
        ],
        "messages": [
            {
                "id": m.id,
                "at": m.created_at.isoformat(),
                "person": m.person_id,
                "channel": m.channel,
                "key": m.key,
                "fate": m.fate.value,
                "error": m.error,
            }
            for m in messages
        ],
    }


def _command(config: Any, ref: str, by: str, event: Callable[[Alert], ev.Event], to: str | None = None) -> None:
    async def act(engine: Engine, zone: ZoneInfo) -> None:
        registry = engine.world.registry
        for person in filter(None, (by if by != DESK else None, to)):
            if person not in registry.people:
                known = ", ".join(sorted(registry.people)[:8])
                fail(f"There is no person {person}. Use a person's id: {known}.")
        try:
            alert = await engine.command(ref, event)
        except StillDangerous as error:
            fail(
                f"{error} still reports danger. If somebody watches it, add --watched: "
                "it opens again in 15 minutes should it stay so."
            )
        except InvalidTransition as error:
            fail(f"That does not fit: {error}.")
        typer.echo(_line(alert, engine.world.registry, zone))

    _run(config, act)


def _run(config: Any, act: Callable[[Engine, ZoneInfo], Awaitable[T]]) -> T:
    loaded = configuration(config)

    async def run() -> T:
        async with opened(loaded) as engine:
            try:
                return await act(engine, loaded.hub.timezone)
            except NoSuchAlert as error:
                fail(f"There is no alert {error}. See `carehub alerts list --all` for ids and codes.")

    return asyncio.run(run())


def _line(alert: Alert, registry: Registry, zone: ZoneInfo) -> str:
    where = f"{alert.facts.get('who', '')} {alert.facts.get('addr', '')}".strip()
    parts = [alert.code, alert.severity.value, alert.what, alert.home_id, where, f"since {_at(alert.opened_at, zone)}"]
    if alert.count > 1:
        parts.append(f"{alert.count} times")
    if alert.late:
        parts.append(f"late by {'' if alert.late.exact else 'up to '}{int(alert.late.age.total_seconds() // 60)} min")
    if alert.stage is Stage.ACKNOWLEDGED:
        until = f" until {_at(alert.promised_until, zone)}" if alert.promised_until else ""
        parts.append(f"taken by {_name(registry, alert.holder)}{until}")
    elif alert.stage is Stage.RESOLVED:
        parts.append(f"resolved {alert.outcome.value if alert.outcome else ''} by {_name(registry, alert.resolved_by)}")
    else:
        parts.append("waits for somebody")
    return " · ".join(p for p in parts if p)


def _at(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%m-%d %H:%M:%S") if at else ""


def _name(registry: Registry, person: str | None) -> str:
    if person == DESK:
        return "the duty desk"
    known = registry.people.get(person or "")
    return known.name if known else (person or "nobody")
