"""A home that never was: rooms, devices, a resident with habits, scenarios and faults.

It publishes what real bridges and devices would: the zigbee2mqtt dialect, and carehub's own. Written from public
documentation and published payloads; it shares no code with what it is used to test.

    plan = Plan.of({"id": "ah-001", "who": "王秀兰", "timezone": "Asia/Shanghai", "devices": [...]})
    home = SimulatedHome(plan, clock, publisher, seed=1)
    home.listen(print)
    await home.start()
    await home.poke("bed-sos", "press")
"""

from simulators.home.habits import Doing, Habits
from simulators.home.happenings import Happening, Publisher, PublisherAway, Said, Told
from simulators.home.home import SimulatedHome
from simulators.home.house import OUTSIDE, House
from simulators.home.machine import Machine
from simulators.home.node import Clocks, Fault
from simulators.home.plan import DIALECTS, NATIVE, ZIGBEE2MQTT, Device, Plan
from simulators.home.pokes import CannotPoke
from simulators.home.resident import DeviceView, Resident
from simulators.home.route import Act
from simulators.home.scenarios import SCENARIOS, NoScenario, Scenario, scenario_named
from simulators.home.words import room_name

__all__ = [
    "Act",
    "CannotPoke",
    "Clocks",
    "DIALECTS",
    "Device",
    "DeviceView",
    "Doing",
    "Fault",
    "Habits",
    "Happening",
    "House",
    "Machine",
    "NATIVE",
    "NoScenario",
    "OUTSIDE",
    "Plan",
    "Publisher",
    "PublisherAway",
    "Resident",
    "SCENARIOS",
    "Said",
    "Scenario",
    "SimulatedHome",
    "Told",
    "ZIGBEE2MQTT",
    "room_name",
    "scenario_named",
]
