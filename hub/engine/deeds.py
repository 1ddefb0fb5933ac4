"""Doing what somebody at a console or a program wants of an alert, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hub.alerts.alert import Alert
from hub.alerts.change import Change
from hub.alerts.deeds import Answer, Wish, events
from hub.alerts.place import takers
from hub.decide import act
from hub.engine.people import NoSuchAlert
from hub.engine.work import Work
from hub.homes import Registry


@dataclass(frozen=True, slots=True)
class Done:
    """The alert before and after, and what is answered."""

    before: Alert
    alert: Alert
    answer: Answer


def do(work: Work, ref: str, wish: Wish, allowed: Callable[[Alert, Registry], None]) -> Done:
    """Do it if `allowed` does not raise for the alert as it is now; raises NoSuchAlert.

    Who acts on a page hears the answer there: the text that would answer them is left out.
    """
    found = work.transaction.alert(ref)
    if found is None:
        raise NoSuchAlert(ref)
    alert = work.hold(found)
    registry = work.world.registry
    allowed(alert, registry)
    others = [person.id for person in takers(alert, registry) if person.id != wish.who]
    wanted, answer = events(alert, work.transaction.history(alert.id), wish, others)
    change = Change(alert)
    for event in wanted:
        change = change.then(act(change.alert, event, work.world, work.now, work.sent(alert.id)))
    if wanted:
        heard = tuple(t for t in change.tells if not (t.person == wish.who and t.key.startswith("answer.")))
        work.take(replace(change, tells=heard))
    return Done(alert, work.hold(alert), answer)
