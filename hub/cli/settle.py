"""How Python itself is kept from holding up a press."""

import gc
import sys

# Threads hand the interpreter over when this is over. With Python's 5 ms a press, which changes threads some ten times
# on its way, waited 50 ms for the batches of a burst beside it; with 1 ms still 3 ms longer than now.
_TURN_S = 0.0003
# How many new objects bring about a collection, how many of those one of the older objects, and so on.
_THRESHOLDS = (5_000, 20, 50)


def settle() -> None:
    """Call when what stays has been loaded: code, people and homes.

    Collecting garbage looks at every object that is not frozen, and stops everything meanwhile: 60 to 200 ms with some
    hundred homes, several times in a burst. What stays is frozen; its reference count frees it all the same.
    """
    sys.setswitchinterval(_TURN_S)
    gc.set_threshold(*_THRESHOLDS)
    gc.collect(1)
    gc.freeze()
