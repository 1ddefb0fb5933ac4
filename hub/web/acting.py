"""All acts on an alert without a page: what the console's forms and the API call."""

from hub.accounts import Account, Right
from hub.alerts.alert import Alert, Outcome
from hub.alerts.deeds import NEEDS_PERSON, Deed, Reason, Wish
from hub.alerts.place import area_of
from hub.engine import Engine, NoSuchAlert
from hub.engine.deeds import Done, do
from hub.homes import Registry
from hub.ports import Lane
from hub.web.console.visit import NotFound, Refused


class NeedsPerson(Exception):
    """The account is no person: whoever has an alert must be reachable."""


async def act(
    engine: Engine,
    account: Account,
    ref: str,
    deed: Deed,
    *,
    to: str | None = None,
    outcome: Outcome | None = None,
    note: str = "",
    watched: bool = False,
    reason: Reason | None = None,
    for_holder: bool = False,
    via: str = "console",
) -> Done:
    """Do `deed` on the alert with this id or code as `account`; durable when it returns.

    Raises NotFound, Refused (which its caller records), NeedsPerson, StoreUnavailable.
    """
    person = account.person if account.person in engine.world.registry.people else None
    wish = Wish(
        person or f"@account:{account.id}",
        deed,
        via,
        "" if person else account.name,
        to,
        outcome,
        note,
        watched,
        reason,
        for_holder,
    )

    def allowed(alert: Alert, registry: Registry) -> None:
        may_act_on(account, alert, registry)
        if deed in NEEDS_PERSON and person is None:
            raise NeedsPerson

    try:
        return await engine.write(Lane.DUTY, lambda work: do(work, ref, wish, allowed))
    except NoSuchAlert:
        raise NotFound(ref) from None


def may_act_on(account: Account, alert: Alert, registry: Registry, right: Right = Right.ACT) -> None:
    """Raise Refused unless the account may do this to the alert."""
    area = area_of(alert, registry)
    if not account.may(right, area):
        raise Refused(right, area, alert.home_id if alert.home_id in registry.homes else None)
