"""How a hub is set up, for its page about the system: from its configuration, without anything secret."""

from datetime import datetime
from importlib.metadata import version

from sqlalchemy.engine import make_url

from hub.dispatch.audit import Audited
from hub.settings import HubSettings
from hub.web.about import About, ChannelAbout

_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def about(
    settings: HubSettings,
    started_at: datetime,
    *,
    audit: Audited | None,
    forgotten_at: datetime | None,
    not_taken: str,
) -> About:
    """Return it. Of addresses only what tells no password; of the dead-man only whether there is one."""
    kind = make_url(settings.database).get_backend_name()
    mqtt = settings.mqtt
    scheme = "mqtts" if mqtt.uses_tls else "mqtt"
    return About(
        version=version("carehub"),
        site=settings.site,
        started_at=started_at,
        database=_DATABASES.get(kind, kind),
        broker="embedded" if mqtt.is_embedded else f"{scheme}://{mqtt.host}:{mqtt.port}",
        listens=settings.web.listen,
        public_url=settings.web.public_url,
        channels=[ChannelAbout(name, c.type, c.from_, c.signature) for name, c in settings.channels.items()],
        keep_readings=settings.keep.readings,
        keep_alerts=settings.keep.alerts,
        deadman=settings.audit.deadman_url is not None,
        audit_at=audit.at if audit else None,
        audit_faults=audit.faults if audit else (),
        forgotten_at=forgotten_at,
        not_taken=not_taken,
    )
