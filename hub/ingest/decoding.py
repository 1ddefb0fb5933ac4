"""From a message to what it says: whose prefix, which dialect, which readings."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from devices.dialect import Dialect
from devices.directory import NOTHING_KNOWN
from devices.message import Message
from devices.reading import Reading, Undecodable
from hub.homes import Registry
from hub.ingest.learning import Learning

# A device's own message is some hundred bytes; only a gateway's list of devices is large. What is larger is not read,
# because parsing it would hold up every other message.
DEVICE_LIMIT = 256 * 1024
GATEWAY_LIMIT = 4 * 1024 * 1024

_ROUTES = 20_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says; `fault` why it could not be read; `foreign`: no dialect of ours writes such topics.

    `prefix` is the part of the topic in front of the dialect's own. `teaches`: it is a bridge's list, not yet read.
    """

    prefix: str = ""
    readings: tuple[Reading, ...] = ()
    fault: str | None = None
    foreign: bool = False
    teaches: bool = False


@dataclass
class Decoder:
    """Reads messages as the registry's prefixes, the dialects and what was learned of devices say."""

    registry: Registry
    dialects: Sequence[Dialect]
    learning: Learning | None = None
    _routes: dict[str, tuple[Dialect, str] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort out where prefixes may end; the longest that fits is the right one."""
        self._prefixes = {*self.registry.homes_by_prefix, ""}
        self._lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)
        # The gateway of a home that nobody has configured yet has a prefix like the others'.
        self._depths = sorted({p.count("/") for p in self._prefixes if p.endswith("/")}, reverse=True)

    def read(self, message: Message, limit: int = GATEWAY_LIMIT) -> Said:
        """Return what `message` says; never raises, and reads no payload above `limit` bytes."""
        route = self.route(message.topic)
        if route is None:
            return Said(fault="no dialect reads this topic", foreign=True)
        dialect, topic = route
        prefix = message.topic.removesuffix(topic)
        if len(message.payload) > limit:
            return Said(prefix, fault=f"{len(message.payload)} bytes: more than {limit} are not read")
        known = self.learning.directory if self.learning is not None else NOTHING_KNOWN
        try:
            if dialect.teaches(topic):
                return Said(prefix, teaches=True)
            return Said(prefix, tuple(dialect.decode(message, topic, known)))
        except Undecodable as error:
            return Said(prefix, fault=f"{dialect.name}: {error}")
        except Exception as error:
            # A decoder's mistake is one message's fault: it is kept and shown, and its session goes on.
            return Said(prefix, fault=f"{dialect.name}: the decoder failed ({type(error).__name__})")

    def route(self, topic: str) -> tuple[Dialect, str] | None:
        """Return the dialect that writes `topic`, and the topic without the home's prefix."""
        try:
            return self._routes[topic]
        except KeyError:
            if len(self._routes) >= _ROUTES:
                self._routes.clear()  # topics that nobody configured may be endless
            found = self._routes[topic] = self._find(topic)
            return found

    def _find(self, topic: str) -> tuple[Dialect, str] | None:
        rests = [topic[n:] for n in self._lengths if topic[:n] in self._prefixes]
        rests += [parts[-1] for depth in self._depths if len(parts := topic.split("/", depth)) > depth]
        for rest in rests:
            for dialect in self.dialects:
                if dialect.claims(rest):
                    return dialect, rest
        return None
