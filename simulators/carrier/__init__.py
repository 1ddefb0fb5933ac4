"""A phone carrier that never was: it speaks Twilio's REST API and webhooks, and shows what reached the phones.

Written from Twilio's public documentation alone; it shares no code with what it is used to test.
"""

from simulators.carrier.carrier import Carrier, Settings
from simulators.carrier.clock import Clock, RealClock, VirtualClock
from simulators.carrier.errors import RestError
from simulators.carrier.events import Event
from simulators.carrier.faults import Fault, FaultKind, Traffic
from simulators.carrier.journal import Journal
from simulators.carrier.message import Message
from simulators.carrier.plan import Pace
from simulators.carrier.server import CarrierServer

__all__ = [
    "Carrier",
    "CarrierServer",
    "Clock",
    "Event",
    "Fault",
    "FaultKind",
    "Journal",
    "Message",
    "Pace",
    "RealClock",
    "RestError",
    "Settings",
    "Traffic",
    "VirtualClock",
]
