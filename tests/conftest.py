"""What holds for all tests: no real accounts, no other machines, reproducible random tests, bounded long ones."""

import ipaddress
import os
import sys
from dataclasses import dataclass
from datetime import timedelta

import hypothesis
import pytest

# A developer's own hub or paid account must not be what the tests talk to.
for _name in [name for name in os.environ if name.startswith(("CAREHUB_", "TWILIO_"))]:
    del os.environ[_name]

SOAK_SECONDS = int(os.environ.get("SOAK_SECONDS", "600"))
SOAK_KILLS = int(os.environ.get("SOAK_KILLS", "200"))

# A slow machine is not a fault, so there is no deadline. `make test` draws the same examples each time; `make soak`
# draws new ones, about as many as it has seconds, and prints how to repeat a failure.
hypothesis.settings.register_profile("test", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=max(100, SOAK_SECONDS), print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def _refuse_other_machines(event: str, args: tuple[object, ...]) -> None:
    """Fail a connection that would leave this machine, before its first packet."""
    if event != "socket.connect" or not isinstance(args[1], tuple):
        return
    host = str(args[1][0])
    try:
        leaves = not ipaddress.ip_address(host).is_loopback
    except ValueError:
        leaves = host not in ("localhost", "")
    if leaves:
        raise PermissionError(f"a test tried to reach {host}; tests stay on this machine")


sys.addaudithook(_refuse_other_machines)


@dataclass(frozen=True, slots=True)
class SoakLimits:
    """How long one long test may go on: `duration` of real time, and how many `kills` a crash test makes."""

    duration: timedelta
    kills: int


@pytest.fixture(scope="session")
def soak_limits() -> SoakLimits:
    """Return the limits of this run, from SOAK_SECONDS and SOAK_KILLS."""
    return SoakLimits(timedelta(seconds=SOAK_SECONDS), SOAK_KILLS)
