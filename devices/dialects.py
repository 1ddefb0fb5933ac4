"""The dialects this hub reads. A new one is a file of its own, and a line in SETTINGS and in `build`."""

from collections.abc import Mapping, Sequence

from devices.dialect import Dialect
from devices.native import ROOT, Native
from devices.zigbee2mqtt import Zigbee2mqtt

# What may stand under `dialects:`, by dialect and key, each with a sentence that says what it holds.
SETTINGS: Mapping[str, Mapping[str, str]] = {"native": Native.SETTINGS, "zigbee2mqtt": Zigbee2mqtt.SETTINGS}


class InvalidSetting(ValueError):
    """A setting of a dialect is wrong. `path` is where it stands below `dialects:`, the text what is allowed."""

    def __init__(self, path: tuple[str, ...], reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{'.'.join(path)}: {reason}")


def build(settings: Mapping[str, Mapping[str, object]]) -> tuple[Dialect, ...]:
    """Build all dialects, with the given settings or their defaults. Raises InvalidSetting."""
    for name, keys in settings.items():
        if name not in SETTINGS:
            raise InvalidSetting((name,), f"no such dialect; there are {', '.join(SETTINGS)}")
        for key in keys:
            if key not in SETTINGS[name]:
                allowed = ", ".join(SETTINGS[name]) or "none"
                raise InvalidSetting((name, key), f"no such setting; {name} has {allowed}")
    return (Native(), _zigbee2mqtt(settings.get("zigbee2mqtt", {})))


def route(dialects: Sequence[Dialect], topic: str) -> Dialect | None:
    """Return the dialect that reads a topic (without the home's prefix), or None."""
    return next((dialect for dialect in dialects if dialect.claims(topic)), None)


def _zigbee2mqtt(settings: Mapping[str, object]) -> Zigbee2mqtt:
    published = settings.get("base_topics")
    if published is None:
        return Zigbee2mqtt()
    path = ("zigbee2mqtt", "base_topics")
    if isinstance(published, str) or not isinstance(published, Sequence) or not published:
        raise InvalidSetting(path, 'a list of topics is allowed, e.g. ["zigbee2mqtt"]')
    topics = tuple(_topic(path, topic) for topic in published)
    for topic in topics:
        others = [other for other in (*topics, ROOT) if other != topic]
        if topics.count(topic) > 1 or topic == ROOT or any(topic.startswith(f"{other}/") for other in others):
            raise InvalidSetting(path, f"{topic} lies inside another base topic; each message must have one reader")
    return Zigbee2mqtt(topics)


def _topic(path: tuple[str, ...], topic: object) -> str:
    plain = isinstance(topic, str) and topic.isprintable() and 0 < len(topic) <= 250 and not set(topic) & set("+#")
    if not isinstance(topic, str) or not plain or topic.startswith(("/", "$")) or topic.endswith("/"):
        raise InvalidSetting(path, "a base topic is text without wildcards, and without a slash at its ends")
    return topic
