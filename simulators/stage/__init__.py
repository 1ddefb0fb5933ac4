"""One page on loopback: a simulated home to poke, the phones around it, and what the hub under test does with both.

It shows what a `Play` tells it and hands back what somebody clicks; it shares no code with what it shows.
"""

from simulators.stage.floorplan import Room, draw
from simulators.stage.page import ConsoleLink
from simulators.stage.play import Play, Refused
from simulators.stage.server import StageServer

__all__ = ["ConsoleLink", "Play", "Refused", "Room", "StageServer", "draw"]
