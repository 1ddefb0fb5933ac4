"""A life-safety device whose messages the broker would have dropped had the hub been away."""

from hub.homes import SITE
from hub.rules.finding import Finding, Heard, Severity

CAUSE = "qos0"


def evaluate(heard: Heard) -> Finding | None:
    """Return the standing fault that a press or hazard arrives with QoS 0, or None; one for the whole site.

    The cure is one line in the broker's configuration (`upgrade_outgoing_qos true`), so one alert says it.
    """
    if heard.qos > 0 or heard.reading.retained or heard.device is None or not heard.device.is_life_safety:
        return None
    return Finding(
        cause=CAUSE,
        what="qos0",
        severity=Severity.NOTICE,
        home_id=SITE,
        device_id=heard.device_id,
        room=None,
        since=heard.at,
        again=False,
        facts={"dev": heard.device_id, "of": heard.home_id},
    )
