"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _alerts()
    _deliveries()
    _device_states()
    _facts()
    _history()
    _homes()
    _inbound()
    _notifications()
    _people()
    _readings()
    _sessions()
    _shelf()
    _tries()
    _devices()
    _duties()


def downgrade() -> None:
    raise RuntimeError("there is nothing before the first tables")


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("home_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("stage IN ('open', 'acknowledged', 'resolved')", name=op.f("ck_alerts_stage_known")),
        sa.CheckConstraint("severity IN (0, 1, 2)", name=op.f("ck_alerts_severity_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_code"), "alerts", ["code"], unique=False)
    op.create_index(op.f("ix_alerts_live_home_id"), "alerts", ["live", "home_id"], unique=False)
    op.create_index(op.f("ix_alerts_next_due"), "alerts", ["next_due"], unique=False)
    op.create_index(op.f("ix_alerts_opened_at"), "alerts", ["opened_at"], unique=False)
    op.create_index(
        "uq_alerts_unresolved",
        "alerts",
        ["home_id", "cause"],
        unique=True,
        sqlite_where=sa.text("stage != 'resolved'"),
        postgresql_where=sa.text("stage != 'resolved'"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("connection", sa.BigInteger(), nullable=False),
        sa.Column("mid", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("session IN ('sos', 'life', 'main', 'watch')", name=op.f("ck_deliveries_session_known")),
        sa.PrimaryKeyConstraint("session", "connection", "mid", name=op.f("pk_deliveries")),
    )
    op.create_index(
        op.f("ix_deliveries_session_digest_connection"), "deliveries", ["session", "digest", "connection"], unique=False
    )


def _device_states() -> None:
    op.create_table(
        "device_states",
        sa.Column("home_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("property", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("retained", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("home_id", "device_id", "kind", "property", name=op.f("pk_device_states")),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_alert_id"), "history", ["alert_id"], unique=False)


def _homes() -> None:
    op.create_table(
        "homes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("away_until", sa.BigInteger(), nullable=True),
        sa.Column("rooms", sa.Text(), nullable=False),
        sa.Column("residents", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homes")),
    )


def _inbound() -> None:
    op.create_table(
        "inbound",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider_id", name=op.f("pk_inbound")),
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=True),
        sa.Column("home_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("then", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("to", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sending_since", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "fate IN ('queued', 'sending', 'accepted', 'delivered', 'failed', 'unknown', 'cancelled')",
            name=op.f("ck_notifications_fate_known"),
        ),
        sa.CheckConstraint("severity IN (0, 1, 2)", name=op.f("ck_notifications_severity_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(op.f("ix_notifications_alert_id"), "notifications", ["alert_id"], unique=False)
    op.create_index(
        "ix_notifications_due",
        "notifications",
        ["severity", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_notifications_due_at"), "notifications", ["due_at"], unique=False)
    op.create_index(op.f("ix_notifications_fate"), "notifications", ["fate"], unique=False)
    op.create_index(
        op.f("ix_notifications_person_id_alert_id"), "notifications", ["person_id", "alert_id"], unique=False
    )
    op.create_index(op.f("ix_notifications_provider_id"), "notifications", ["provider_id"], unique=False)


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )


def _readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("home_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("property", sa.Text(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("sos", sa.Boolean(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("retained", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
    )
    op.create_index(op.f("ix_readings_home_id_received_at"), "readings", ["home_id", "received_at"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("connection", sa.BigInteger(), nullable=False),
        sa.Column("alive_at", sa.BigInteger(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.CheckConstraint("session IN ('sos', 'life', 'main', 'watch')", name=op.f("ck_sessions_session_known")),
        sa.PrimaryKeyConstraint("session", name=op.f("pk_sessions")),
    )


def _shelf() -> None:
    op.create_table(
        "shelf",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("session IN ('sos', 'life', 'main', 'watch')", name=op.f("ck_shelf_session_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf")),
    )
    op.create_index(op.f("ix_shelf_topic_id"), "shelf", ["topic", "id"], unique=False)


def _tries() -> None:
    op.create_table(
        "tries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("session IN ('sos', 'life', 'main', 'watch')", name=op.f("ck_tries_session_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
    )
    op.create_index(op.f("ix_tries_session_digest"), "tries", ["session", "digest"], unique=True)


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("home_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("full_topic", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("room", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('button', 'fall', 'gas', 'smoke', 'co', 'leak', 'motion', 'contact', 'bed', "
            "'temperature', 'humidity', 'mains', 'siren', 'valve', 'other')",
            name=op.f("ck_devices_kind_known"),
        ),
        sa.CheckConstraint(
            "role IS NULL OR role IN ('sos', 'call', 'doorbell', 'entrance', 'bed', 'bathroom', 'siren', 'valve')",
            name=op.f("ck_devices_role_known"),
        ),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_devices_home_id")),
        sa.PrimaryKeyConstraint("home_id", "id", name=op.f("pk_devices")),
        sa.UniqueConstraint("full_topic", name=op.f("uq_devices_full_topic")),
    )


def _duties() -> None:
    op.create_table(
        "duties",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("wait_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('step', 'remind', 'promise', 'confirm', 'tell', 'watch')", name=op.f("ck_duties_kind_known")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_duties_alert_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", "kind", name=op.f("pk_duties")),
    )
