"""Whatever is pressed, confirmed and ended in tests of a home: no press goes unanswered for over a minute (P9)."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devices.reading import Kind, Reading, State
from hub.alerts.alert import Alert, Outcome, Stage
from hub.engine import testing
from hub.ports import Session
from hub.walktest import CONFIRM_WITHIN, WalkKind, WalkTest
from tests.engine.pocket import CHEN, MINUTE, SECOND, WANG, Pocket, button

BUTTONS = ("bed-sos", "bath-sos", "call")
FAMILY = frozenset({"daughter", "nurse", "boss"})
SPANS = st.sampled_from([SECOND, 14 * SECOND, 16 * SECOND, 59 * SECOND, 60 * SECOND, 4 * MINUTE, 31 * MINUTE])


class TestsHideNothing(RuleBasedStateMachine):
    """One home under test now and then, another one never."""

    __test__ = False  # hypothesis runs the machine

    @initialize()
    def start(self) -> None:
        self.hub = Pocket(WANG, CHEN)
        self.test: WalkTest | None = None
        self.gas = False

    # --- tests

    @rule(kind=st.sampled_from(WalkKind), span=st.sampled_from([MINUTE, 5 * MINUTE, 30 * MINUTE]))
    def begin(self, kind: WalkKind, span: timedelta) -> None:
        def start(work: object) -> WalkTest | None:
            try:
                return testing.start(work, "wang", kind, span, "son", "son")  # type: ignore[arg-type]
            except testing.AlreadyTested:
                return None

        self.test = self.hub.do(start) or self.test
        self.hub.turn()

    @precondition(lambda self: self.test is not None)
    @rule()
    def confirm(self) -> None:
        assert self.test is not None
        id = self.test.id
        self.hub.do(lambda work: testing.confirm(work, id, "son"))
        self.hub.turn()

    @rule(text=st.sampled_from(["1", "2", "4误按", "4试验"]))
    def tester_replies(self, text: str) -> None:
        self.hub.reply("son", text)

    @precondition(lambda self: self.test is not None)
    @rule()
    def end(self) -> None:
        assert self.test is not None
        id = self.test.id
        self.hub.do(lambda work: testing.finish(work, id, "son"))
        self.hub.turn()
        assert not [a for a in self._alerts("wang") if a.in_test], "what nobody confirmed is real when a test ends"

    # --- devices

    @rule(name=st.sampled_from(BUTTONS))
    def press(self, name: str) -> None:
        self.hub.forward(SECOND)  # no copy of the press before
        tried = self._may_be_tried(name)
        self.hub.press(name)
        kind = "call" if name == "call" else "sos"
        mine = [a for a in self._alerts("wang") if a.what == kind and a.stage is not Stage.RESOLVED]
        assert mine, "a press is always on an alert"
        if not tried:
            assert any(not a.in_test for a in mine), (
                "a press that is not a device's first one in a test is real at once"
            )

    @rule()
    def other_home_presses(self) -> None:
        self.hub.forward(SECOND)
        self.hub.press("bed-sos", prefix="homes/chen/")
        assert any(a.stage is not Stage.RESOLVED for a in self._alerts("chen"))

    @rule(active=st.booleans(), own=st.booleans())
    def detector(self, active: bool, own: bool) -> None:
        state = State.ACTIVE if active else State.CLEAR
        reading = Reading("zigbee2mqtt/kitchen-gas", "kitchen-gas", Kind.GAS, state, "gas", test=own and active)
        self.hub.arrive(self.hub.arrival(reading, session=Session.LIFE))

    @rule(name=st.sampled_from(BUTTONS))
    def press_from_before_the_test(self, name: str) -> None:
        """It waited at the broker since before anything was tested."""
        self.hub.forward(SECOND)
        self.hub.waiting_since = self.hub.now - timedelta(days=1)
        arrival = self.hub.arrival(button(name))
        self.hub.waiting_since = None
        self.hub.arrive(arrival)
        assert any(not a.in_test and a.stage is not Stage.RESOLVED for a in self._alerts("wang"))

    def _may_be_tried(self, name: str) -> bool:
        running = self.hub.memory.running_home_test("wang")
        probe = running.probe(name) if running is not None and running.runs(self.hub.now) else None
        return probe is not None and probe.alert is None

    # --- time

    @rule(span=SPANS)
    def time_passes(self, span: timedelta) -> None:
        self.hub.forward(span)

    @rule(step=st.sampled_from([timedelta(0), 5 * SECOND, timedelta(hours=-3), timedelta(hours=3)]))
    def hub_restarts(self, step: timedelta) -> None:
        self.hub.restart(step)
        self.hub.turn()

    # --- what always holds

    def _alerts(self, home: str) -> list[Alert]:
        return [a for a in self.hub.memory.by_id.values() if a.home_id == home]

    @invariant()
    def nothing_waits_for_a_tester_for_over_a_minute(self) -> None:
        if not hasattr(self, "hub"):
            return
        for alert in self._alerts("wang"):
            if alert.in_test:
                assert alert.next_due is not None
                assert alert.next_due <= alert.opened_at + CONFIRM_WITHIN
                assert self.hub.now <= alert.next_due
        assert not [a for a in self._alerts("chen") if a.in_test], "other homes are untouched"

    @invariant()
    def what_was_a_test_told_nobody_else_and_what_is_real_told_the_family(self) -> None:
        if not hasattr(self, "hub"):
            return
        for alert in self._alerts("wang"):
            told = {m.person_id for m in self.hub.memory.notifications(alert.id) if m.step is not None}
            if alert.only_test:
                assert not told & FAMILY
            elif alert.stage is Stage.OPEN and not alert.facts.get("test"):
                assert told & FAMILY or alert.holder, "what is open and no test was told"
            if alert.outcome is Outcome.TEST and alert.only_test:
                assert alert.resolved_by in ("son", "hub")


TestTestsHideNothing = pytest.mark.promise("P9")(TestsHideNothing.TestCase)
TestTestsHideNothing.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
