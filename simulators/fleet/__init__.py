"""Many homes that never were, in one process: what thousands of bridges publish, at a believable or a chosen rate."""

from simulators.fleet.traffic import DEVICES, Message, Traffic, home_id, prefix, usual_rate

__all__ = ["DEVICES", "Message", "Traffic", "home_id", "prefix", "usual_rate"]
