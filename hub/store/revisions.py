"""The revisions of the schema. Known here by name, so that Alembic is imported only when there is work for it."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

# Oldest first; a test compares them with the scripts.
REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]
SCRIPTS = Path(__file__).parent / "migrations"


def revision_of(db: Connection) -> str | None:
    """Return the revision of an open database; None if it holds no tables, "" if its tables are not ours."""
    names = inspect(db).get_table_names()
    if "alembic_version" in names:
        found = db.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found is not None:
            return str(found)
        names = [name for name in names if name != "alembic_version"]
    return "" if names else None


def migrate(db: Connection) -> None:
    """Bring an open database to HEAD inside the transaction that `db` is in; the caller commits."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = db
    command.upgrade(config, "head")
