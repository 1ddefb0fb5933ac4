"""`carehub alerts`: see what is open and act on it, beside a running hub."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.alerts import events as ev
from hub.alerts.alert import Alert, Outcome, Stage
from hub.cli.alert_lines import DESK, Shown, summary, whole
from hub.cli.failure import fail, say
from hub.cli.helping import Commands
from hub.cli.place import ConfigOption, JsonOption, configuration

if TYPE_CHECKING:
    from hub.engine import Engine

Act = Callable[["Engine", Shown], Awaitable[None]]

app = Commands("""See alerts and act on them, beside a running hub.

    An alert is named by its code, such as K7, or by its id. Whoever acts is a person's id of homes.yaml; without --by
    it is the duty desk. The texts that follow (to the others, to the next person) are sent by the running hub.
    """)

RefArgument = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's code, such as K7, or its id.")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="PERSON", help="Who does it: a person's id. Default: the duty desk."),
]
ArrivedOption = Annotated[
    str | None,
    typer.Option("--by", metavar="PERSON", help="Who arrived: a person's id. Default: whoever has it, else the desk."),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="PERSON", help="Hand it to this person, who is asked before the next step."),
]
OutcomeOption = Annotated[
    Outcome, typer.Option(metavar="OUTCOME", help=f"How it ended: {', '.join(each.value for each in Outcome)}.")
]


def list_alerts(
    config: ConfigOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Show at most so many, the newest.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """List unresolved alerts, newest first: code, what, whose, since when, who has it."""

    async def act(engine: "Engine", shown: Shown) -> None:
        found = await engine.store.read(lambda t: t.alerts(everything=everything, limit=limit + 1))
        alerts = found[:limit]
        if as_json:
            typer.echo(json.dumps([summary(alert) for alert in alerts], ensure_ascii=False))
        elif not alerts:
            typer.echo("No alerts." if everything else "No open alerts.")
        else:
            for alert in alerts:
                typer.echo(shown.line(alert))
        if len(found) > limit:
            say(f"These are the newest {limit}; there are more. Show them with --limit.")

    _run(config, act)


def show(ref: RefArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one alert whole: what is due next, who was told and how that fared, who did what when."""

    async def act(engine: "Engine", shown: Shown) -> None:
        from hub.engine import NoSuchAlert

        alert = await engine.store.read(lambda t: t.alert(ref))
        if alert is None:
            raise NoSuchAlert(ref)
        history = await engine.store.read(lambda t: t.history(alert.id))
        messages = await engine.store.read(lambda t: t.notifications(alert.id))
        if as_json:
            typer.echo(json.dumps(whole(alert, history, messages), ensure_ascii=False))
        else:
            typer.echo("\n".join(shown.page(alert, history, messages)))

    _run(config, act)


def ack(ref: RefArgument, by: ByOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Take an alert: nobody else is woken while the promise runs."""
    _do(config, ref, (by,), lambda _: ev.Acknowledge(by or DESK, via="command"), as_json=as_json)


def arrived(
    ref: RefArgument, by: ArrivedOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Note that somebody is there; after two hours without an outcome staff are asked."""
    _do(config, ref, (by,), lambda alert: ev.Arrived(by or alert.holder or DESK, via="command"), as_json=as_json)


def pass_on(
    ref: RefArgument,
    by: ByOption = None,
    to: ToOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody cannot go: the next step is due now, or with --to this person is asked.

    If somebody else has the alert, it stays with them.
    """

    def event(alert: Alert) -> ev.Event:
        who = by or DESK
        if to is not None:
            return ev.HandOver(who, to)
        held_by_another = alert.stage is Stage.ACKNOWLEDGED and who not in (alert.holder, DESK)
        return ev.Withdraw(who, via="command") if held_by_another else ev.Pass(who, via="command")

    _do(config, ref, (by, to), event, as_json=as_json)


def resolve(
    ref: RefArgument,
    by: ByOption = None,
    outcome: OutcomeOption = Outcome.GENUINE,
    note: Annotated[str | None, typer.Option(metavar="WORDS", help="A few words on what happened.")] = None,
    watched: Annotated[
        bool,
        typer.Option("--watched", help="The hazard is still active and somebody watches it: looked at after 15 min."),
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an alert, with its outcome."""
    _do(config, ref, (by,), lambda _: ev.Resolve(by or DESK, outcome, note, watched, via="command"), as_json=as_json)


def _do(
    config: Path | None,
    ref: str,
    people: tuple[str | None, ...],
    event: Callable[[Alert], ev.Event],
    *,
    as_json: bool,
) -> None:
    """Let a person do something; say what became of the alert."""
    from hub.alerts.machine import InvalidTransition, StillDangerous

    was: list[Stage] = []

    def noticing(alert: Alert) -> ev.Event:
        was.append(alert.stage)
        return event(alert)

    async def act(engine: "Engine", shown: Shown) -> None:
        _require_people(engine, people)
        try:
            alert = await engine.command(ref, noticing)
        except StillDangerous as error:
            fail(
                f"{error} still reports danger. If somebody watches it, add --watched: "
                "the alert opens again in 15 minutes should it stay so."
            )
        except InvalidTransition as error:
            fail(f"That does not fit: {error}. See `carehub alerts show {ref}`.")
        if as_json:
            typer.echo(json.dumps(summary(alert), ensure_ascii=False))
        else:
            typer.echo(shown.line(alert))
        if was[-1] is Stage.RESOLVED:
            say("It was resolved already: this went into its history and changed nothing else.")

    _run(config, act)


def _require_people(engine: "Engine", people: tuple[str | None, ...]) -> None:
    known = engine.world.registry.people
    for person in people:
        if person is not None and person not in known:
            some = ", ".join(sorted(known)[:8]) + (" …" if len(known) > 8 else "")
            fail(f"There is no person {person}. Name one by id: {some}.")


def _run(config: Path | None, act: Act) -> None:
    loaded = configuration(config)

    async def run() -> None:
        from hub.cli.opened import opened
        from hub.engine import NoSuchAlert

        async with opened(loaded) as engine:
            try:
                await act(engine, Shown(engine.world.registry, loaded.hub.timezone))
            except NoSuchAlert as error:
                fail(f"There is no alert {error}. `carehub alerts list --all` shows their codes and ids.")

    asyncio.run(run())


app.add("list", list_alerts, "carehub alerts list", "carehub alerts list --all --json")
app.add("show", show, "carehub alerts show K7")
app.add("ack", ack, "carehub alerts ack K7 --by li-qiang")
app.add("arrived", arrived, "carehub alerts arrived K7")
app.add("pass", pass_on, "carehub alerts pass K7 --by wang-li", "carehub alerts pass K7 --by li-qiang --to zhao-min")
app.add(
    "resolve",
    resolve,
    'carehub alerts resolve K7 --by li-qiang --outcome false --note "pressed by mistake"',
    "carehub alerts resolve K7 --watched",
)
