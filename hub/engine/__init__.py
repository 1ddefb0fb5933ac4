"""Load, decide, commit: every write of the hub passes here."""

from hub.engine.engine import Engine as Engine
from hub.engine.engine import floor as floor
from hub.engine.modes import NoSuchHome as NoSuchHome
from hub.engine.modes import NoSuchTime as NoSuchTime
from hub.engine.people import NoSuchAlert as NoSuchAlert
