"""Many homes press in the same second."""

import time
from collections import Counter

from bench.figures import Figure
from bench.homes import PRESS, phone, topic
from bench.publisher import Publisher
from bench.rig import Rig

WITHIN_S = 1.0
WAIT_S = 60.0
QUIET_S = 2.0


def together(rig: Rig, publisher: Publisher, homes: range, floor_number: str) -> Figure:
    """Press the button of each home within one second; every first text must be handed over once."""
    to_floor = b'{"to":"%s"}' % floor_number.encode()
    _, floor_s, _ = _pressed(rig, publisher, [("floor/sos/1", to_floor)] * len(homes))
    pressed_s, took_s, heard = _pressed(rig, publisher, [(topic(home, "sos"), PRESS) for home in homes])
    wanted = {phone(home) for home in homes}
    lost = len(wanted - set(heard))
    doubled = sum(count > 1 for count in heard.values())
    return Figure(
        "together",
        f"{len(homes)} homes press within {pressed_s:.2f} s",
        f"the last text was handed over after {took_s:.2f} s; {lost} lost, {doubled} doubled",
        f"the last one after {floor_s:.2f} s",
        took_s / floor_s,
        f"all within {WITHIN_S:.0f} s, none lost, none doubled",
        took_s <= WITHIN_S and not lost and not doubled,
        {"took_s": round(took_s, 3), "floor_s": round(floor_s, 3), "lost": lost, "doubled": doubled},
    )


def _pressed(rig: Rig, publisher: Publisher, presses: list[tuple[str, bytes]]) -> tuple[float, float, Counter[str]]:
    """Return how long it took to press, until the last text arrived, and how many each number got."""
    packets = publisher.encode(presses)
    started = time.monotonic()
    publisher.burst(packets)
    pressed_s = time.monotonic() - started
    rig.carrier.wait(len(presses), started, WAIT_S)
    time.sleep(QUIET_S)  # a doubled text would come after the last one
    heard = rig.carrier.heard(started)
    took_s = max((at for at, _ in heard), default=started) - started
    return pressed_s, took_s, Counter(number for _, number in heard)
