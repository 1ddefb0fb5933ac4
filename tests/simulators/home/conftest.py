"""Homes with every kind of device."""

import pytest

from simulators.home import Plan
from tests.simulators.home.simulated import described


@pytest.fixture
def plan() -> Plan:
    """Return a home behind a Zigbee bridge, with every kind of device."""
    return Plan.of(described())


@pytest.fixture
def native() -> Plan:
    """Return the same home with devices of carehub's own dialect, and its mains watched."""
    return Plan.of(described("carehub", ("mains", "mains", "", "hall")))
