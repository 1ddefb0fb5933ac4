"""What a running hub can take of another configuration, and what it cannot."""

from dataclasses import replace

from hub.settings.load import Configuration


def taken(running: Configuration, wanted: Configuration) -> tuple[Configuration, tuple[str, ...]]:
    """Return what to go on with, and the keys that changed but stay as they are until a restart.

    A hub holds its database, its broker sessions and its listener from its start to its end, and ids carry the site.
    """
    old, new = running.hub, wanted.hub
    pairs = {
        "site": (old.site, new.site),
        "database": (old.database, new.database),
        "mqtt.url": (old.mqtt.url, new.mqtt.url),
        "mqtt.client_id": (old.mqtt.client_id, new.mqtt.client_id),
        "mqtt.username": (old.mqtt.username, new.mqtt.username),
        "the MQTT password": (old.mqtt.password, new.mqtt.password),
        "web.listen": (old.web.listen, new.web.listen),
    }
    web = replace(new.web, listen=old.web.listen)
    hub = replace(new, site=old.site, database=old.database, mqtt=old.mqtt, web=web)
    return replace(wanted, hub=hub), tuple(key for key, (was, wants) in pairs.items() if was != wants)
