"""What the database holds. The migrations build it; a test compares both, CHECK constraints included."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    text,
)

from hub.alerts.alert import DutyKind, Stage
from hub.alerts.notification import Fate
from hub.homes import DeviceKind, DeviceRole, HomeMode
from hub.ports import Session
from hub.store.columns import Counter, Instant, Json, Names, Rank, Span, Whole, Word, Words, one_of

# Constraints have names, so that a migration can drop them on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

people = Table(
    "people",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("phone", Words, nullable=False),
    Column("roles", Names, nullable=False),
    Column("areas", Names, nullable=False),
    Column("language", Words),
)

homes = Table(
    "homes",
    metadata,
    Column("id", Words, primary_key=True),
    Column("area", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("prefix", Words, nullable=False),
    Column("away_until", Instant),
    Column("rooms", Json, nullable=False),
    Column("residents", Json, nullable=False),
    Column("contacts", Json, nullable=False),
    Column("access", Words),
    # No CHECK: to add one to a table that is there, SQLite has to write it anew, with devices pointing at its rows.
    Column("mode", Word(HomeMode)),
    Column("mode_until", Instant),
    Column("tester", Words),
)

# What people call an area, by its 12-digit code.
areas = Table(
    "areas",
    metadata,
    Column("code", Words, primary_key=True),
    Column("name", Words, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("home_id", Words, ForeignKey("homes.id"), primary_key=True),
    Column("id", Words, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("full_topic", Words, nullable=False, unique=True),
    Column("topic", Words, nullable=False),
    Column("kind", Word(DeviceKind), nullable=False),
    Column("role", Word(DeviceRole)),
    Column("room", Words),
    Column("model", Words),
    Column("place", Words),
    Column("installed_on", Words),
    Column("subsidy", Words),
    one_of("kind", DeviceKind),
    one_of("role", DeviceRole, optional=True),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", Words, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session", Word(Session), primary_key=True),
    Column("connection", Whole, nullable=False),
    Column("alive_at", Instant, nullable=False),
    Column("filters", Names, nullable=False),
    one_of("session", Session),
)

# The connection belongs to the key: a broker may give a redelivered message a packet id that a message of an
# earlier connection, not yet acknowledged there, still bears.
deliveries = Table(
    "deliveries",
    metadata,
    Column("session", Word(Session), primary_key=True),
    Column("connection", Whole, primary_key=True),
    Column("mid", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    one_of("session", Session),
    Index(None, "session", "digest", "connection"),
)

tries = Table(
    "tries",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("session", Word(Session), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
    one_of("session", Session),
    Index(None, "session", "digest", unique=True),
)

shelf = Table(
    "shelf",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("session", Word(Session), nullable=False),
    Column("topic", Words, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Words, nullable=False),
    Column("tries", Integer, nullable=False),
    one_of("session", Session),
    Index(None, "topic", "id"),
)

# No CHECK on `kind` and `state` here and in device_states: dialects will bring new ones, and to widen a constraint
# SQLite has to write a month of readings anew.
readings = Table(
    "readings",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("home_id", Words, nullable=False),
    Column("device_id", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("state", Words),
    Column("property", Words),
    Column("value", Double),
    Column("unit", Words),
    Column("percent", Whole),
    Column("action", Words),
    Column("sos", Boolean, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("muted", Boolean, nullable=False),
    Column("retained", Boolean, nullable=False),
    Column("reason", Words),
    Column("device_at", Instant),
    Column("seq", Whole),
    Index(None, "home_id", "received_at"),
)

device_states = Table(
    "device_states",
    metadata,
    Column("home_id", Words, primary_key=True),
    Column("device_id", Words, primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("property", Words, primary_key=True),
    Column("state", Words, nullable=False),
    Column("since", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("action", Words),
    Column("device_at", Instant),
    Column("seq", Whole),
    Column("retained", Boolean, nullable=False),
    Column("life_at", Instant),
    Column("cleared_at", Instant),
)

# What bridges published about their devices, by the bridge's full topic: after a restart the backlog is read with it.
definitions = Table(
    "definitions",
    metadata,
    Column("source", Words, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

# Time in which nobody watched: the hub itself (source ""), or a bridge (its full topic). Open while `until` is NULL.
gaps = Table(
    "gaps",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("source", Words, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Index(None, "source", "since"),
)

# When a rule next looks at something that says nothing: a home's stillness, a device's silence.
watches = Table(
    "watches",
    metadata,
    Column("home_id", Words, primary_key=True),
    Column("rule", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("wait_us", Span, nullable=False),
    Index(None, "due_at"),
)

# `live`: not resolved, or resolved with a duty left. Few rows are, so they have an index of their own.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Words, primary_key=True),
    Column("home_id", Words, nullable=False),
    Column("cause", Words, nullable=False),
    Column("what", Words, nullable=False),
    Column("severity", Rank, nullable=False),
    Column("stage", Word(Stage), nullable=False),
    Column("code", Words, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("next_due", Instant),
    Column("holder", Words),
    Column("live", Boolean, nullable=False),
    Column("state", Json, nullable=False),
    CheckConstraint("severity IN (0, 1, 2)", name="severity_known"),
    one_of("stage", Stage),
    Index(
        "uq_alerts_unresolved",
        "home_id",
        "cause",
        unique=True,
        sqlite_where=text("stage != 'resolved'"),
        postgresql_where=text("stage != 'resolved'"),
    ),
    Index(None, "live", "home_id"),
    Index(None, "next_due"),
    Index(None, "code"),
    Index(None, "opened_at"),
)

duties = Table(
    "duties",
    metadata,
    Column("alert_id", Words, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Word(DutyKind), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("wait_us", Span, nullable=False),
    one_of("kind", DutyKind),
)

# History and messages name their alert without a foreign key: within one transaction they may come before it.
history = Table(
    "history",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("alert_id", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", Words, nullable=False),
    Column("event", Words, nullable=False),
    Column("detail", Json, nullable=False),
    Index(None, "alert_id"),
)

# The columns are the fields of a Notification, in their order.
notifications = Table(
    "notifications",
    metadata,
    Column("id", Words, primary_key=True),
    Column("alert_id", Words),
    Column("home_id", Words, nullable=False),
    Column("person_id", Words),
    Column("phone", Words),
    Column("channel", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("severity", Rank, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("facts", Json, nullable=False),
    Column("then", Names, nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer),
    Column("fate", Word(Fate), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("text", Words),
    Column("to", Words),
    Column("provider_id", Words),
    Column("error", Words),
    Column("sending_since", Instant),
    Column("accepted_at", Instant),
    Column("ended_at", Instant),
    CheckConstraint("severity IN (0, 1, 2)", name="severity_known"),
    one_of("fate", Fate),
    Index(
        "ix_notifications_due",
        "severity",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(None, "due_at"),
    Index(None, "alert_id"),
    Index(None, "person_id", "alert_id"),
    Index(None, "provider_id"),
    Index(None, "fate"),
)

inbound = Table(
    "inbound",
    metadata,
    Column("channel", Words, primary_key=True),
    Column("provider_id", Words, primary_key=True),
    Column("at", Instant, nullable=False),
)

# A contact's page for one alert. The token itself is nowhere: only what it digests to.
links = Table(
    "links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("alert_id", Words, nullable=False),
    Column("person_id", Words, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "alert_id"),
    Index(None, "expires_at"),
)

# What people did that is not part of an alert: said a home is away, changed a device, looked at a resident's page.
acts = Table(
    "acts",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Words, nullable=False),
    Column("event", Words, nullable=False),
    Column("home_id", Words),
    Column("detail", Json, nullable=False),
    Column("area", Words),
    Index(None, "home_id", "at"),
    Index(None, "at"),
)

# Who signs in. Of passwords only their hash is here, of cookies, links and tokens only their digest.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("roles", Names, nullable=False),
    Column("areas", Names, nullable=False),
    Column("person", Words),
    Column("language", Words),
    Column("password", Words),
    Column("created_at", Instant),
    Column("disabled_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", Words, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index(None, "account_id"),
    Index(None, "seen_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", Words),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index(None, "expires_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Words, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("account_id", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("rights", Names, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
    Index(None, "account_id"),
)

# Tests of homes: of a new installation, and of the call button each week. `state` is what each device did.
home_tests = Table(
    "home_tests",
    metadata,
    Column("id", Words, primary_key=True),
    Column("home_id", Words, nullable=False),
    Column("area", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("by", Words, nullable=False),
    Column("tester", Words),
    Column("passed", Boolean),
    Column("state", Json, nullable=False),
    Index(None, "home_id", "began_at"),
    Index(None, "began_at"),
)
