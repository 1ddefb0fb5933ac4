"""A faulty link in front of the broker: it drops, delays, freezes and cuts."""

from simulators.wire.wire import Condition as Condition
from simulators.wire.wire import Wire as Wire
