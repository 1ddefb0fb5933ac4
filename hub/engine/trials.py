"""What devices do in the tests that run in their homes, in the transaction that holds their messages."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hub.alerts.change import Change
from hub.engine.work import Work
from hub.homes import HomeMode
from hub.ports import Arrival
from hub.rules.finding import Heard
from hub.walktest import WalkTest, listen, signal_of, unreadable


class Trials:
    """The tests that run in the homes of one batch of messages; read once, written once."""

    def __init__(self, work: Work) -> None:
        """Read nothing yet: most batches touch no home under test."""
        self._work = work
        self._tests: dict[str, WalkTest | None] = {}
        self._changed: set[str] = set()

    def homes(self, ids: Iterable[str]) -> set[str]:
        """Return those of these homes that are under test now."""
        tested = self._work.world.registry.under_test
        return {id for id in tested.intersection(ids) if self._runs(id)} if tested else set()

    def of(self, home_id: str) -> WalkTest | None:
        """Return the test that runs in a home; its lock is held."""
        if home_id not in self._work.world.registry.under_test or not self._runs(home_id):
            return None
        if home_id not in self._tests:
            self._work.load([home_id])
            self._tests[home_id] = self._work.transaction.running_home_test(home_id)
        return self._tests[home_id]

    def hear(self, test: WalkTest, heard: Heard, arrival: Arrival, changes: Sequence[Change]) -> None:
        """Note what a device said, and the alert that its press opened for the tester."""
        mine = (c.alert for c in changes if c.alert.in_test and c.alert.device_id == heard.device_id)
        opened = next((alert.id for alert in mine), None)
        self._keep(test, listen(test, heard, opened, signal_of(arrival.delivery.message.payload)))

    def unreadable(self, home_id: str, device: str, at: datetime) -> None:
        """Note that nobody could read what a device said."""
        if (test := self.of(home_id)) is not None:
            self._keep(test, unreadable(test, device, at))

    def save(self) -> None:
        """Write what changed."""
        for home_id in sorted(self._changed):
            if (test := self._tests[home_id]) is not None:
                self._work.transaction.save_home_test(test)

    def _keep(self, before: WalkTest, after: WalkTest) -> None:
        if after != before:
            self._tests[after.home_id] = after
            self._changed.add(after.home_id)

    def _runs(self, home_id: str) -> bool:
        mode = self._work.world.registry.homes[home_id].mode_at(self._work.now)
        return mode is not None and mode[0] is HomeMode.TEST
