"""Whatever order of steps, restarts, clock jumps and absences: nobody is found still too early, nobody too late."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine import watching
from hub.rules.gaps import HUB, SHORTEST, Gap
from tests.engine.pocket import HOUR, MINUTE, SECOND
from tests.engine.test_watching import Watched

LIMIT = 12 * HOUR

_spans = st.one_of(st.integers(1, 119).map(lambda n: n * SECOND), st.integers(1, 400).map(lambda n: n * MINUTE))
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("moves"), st.just(timedelta(0))),
        st.tuples(st.sampled_from(["watches", "restart", "jump", "away", "changed"]), _spans),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.promise("P4")
@pytest.mark.promise("P8")
@settings(max_examples=150, deadline=None)
@given(_steps)
def test_stillness_is_found_exactly_after_its_limit_of_watched_time(steps: list[tuple[str, timedelta]]) -> None:
    hub = Watched()
    quiet = timedelta(0)  # watched time since the last life, the first watch, or the end of being away
    for what, span in steps:
        if what == "moves":
            hub.moves()
            quiet = timedelta(0)
        elif what == "restart":
            hub.stopped(span)
            quiet += span if span <= SHORTEST else timedelta(0)
        elif what == "jump":
            hub.memory.clock.instant += span
            if span > SHORTEST:
                hub.do(lambda work, since=hub.now - span: watching.step(work, Gap(HUB, since, work.now)))  # type: ignore[misc]
            quiet += span if span <= SHORTEST else timedelta(0)
        elif what == "away":
            hub.away("wang", hub.now + span)
            hub.forward(span)
            quiet = timedelta(0)
        elif what == "changed":
            hub.memory.replace_registry(hub.memory.registry())
            hub.do(watching.follow)
        else:
            assert quiet < LIMIT
            rest = LIMIT - quiet
            hub.forward(min(span, rest - SECOND))
            assert hub.still == [], "too early"
            if span >= rest:
                hub.forward(SECOND + SECOND)
                assert len(hub.still) == 1, "too late"
                return
            quiet += min(span, rest - SECOND)
        if quiet >= LIMIT:  # a short restart may be the last part of it
            hub.forward(2 * SECOND)
            assert len(hub.still) == 1
            return
        assert hub.still == []
