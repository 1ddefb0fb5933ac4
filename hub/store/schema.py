"""Whether a database has the schema this hub was written for. Alembic's own comparison overlooks CHECK constraints."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Inspector, create_engine, inspect, text

from hub.store.tables import metadata

_SCRATCH = "carehub_scratch"
_OURS = frozenset(metadata.tables)


def differences(db: Connection) -> list[str]:
    """Compare an open database with the tables of this hub; one sentence for each difference.

    The tables as they should be are built beside (in memory, or in a schema that is rolled back), so that both are
    described by the same database in its own words. The transaction of `db` is rolled back.
    """
    found = _describe(inspect(db), None)
    if db.dialect.name == "postgresql":
        db.execute(text(f"CREATE SCHEMA {_SCRATCH}"))
        metadata.create_all(db.execution_options(schema_translate_map={None: _SCRATCH}))
        wanted = _describe(inspect(db), _SCRATCH)
        db.rollback()
    else:
        db.rollback()
        engine = create_engine("sqlite://")
        with engine.connect() as beside:
            metadata.create_all(beside)
            wanted = _describe(inspect(beside), None)
        engine.dispose()
    return list(_compare(found, wanted))


def _describe(inspector: Inspector, schema: str | None) -> dict[str, dict[str, str]]:
    """Return, for each of our tables, its parts by name."""
    return {
        name: dict(_parts(inspector, name, schema))
        for name in inspector.get_table_names(schema=schema)
        if name in _OURS
    }


def _parts(inspector: Inspector, table: str, schema: str | None) -> Iterator[tuple[str, str]]:
    for column in inspector.get_columns(table, schema=schema):
        null = "NULL" if column["nullable"] else "NOT NULL"
        yield f"column {column['name']}", f"{column['type']} {null}"
    key = inspector.get_pk_constraint(table, schema=schema)
    yield f"primary key {key.get('name')}", ", ".join(key["constrained_columns"])
    for check in inspector.get_check_constraints(table, schema=schema):
        yield f"check {check['name']}", " ".join(str(check["sqltext"]).split())
    for unique in inspector.get_unique_constraints(table, schema=schema):
        yield f"unique {unique['name']}", ", ".join(unique["column_names"])
    for foreign in inspector.get_foreign_keys(table, schema=schema):
        target = f"{foreign['referred_table']}({', '.join(foreign['referred_columns'])})"
        yield f"foreign key {foreign['name']}", f"{foreign['constrained_columns']} {target} {foreign['options']}"
    for index in inspector.get_indexes(table, schema=schema):
        yield f"index {index['name']}", f"{index['column_names']} {bool(index['unique'])} {_where(index)}"


def _where(index: Any) -> str:
    options = index.get("dialect_options") or {}
    return next((str(rule) for name, rule in options.items() if name.endswith("_where")), "")


def _compare(found: dict[str, dict[str, str]], wanted: dict[str, dict[str, str]]) -> Iterator[str]:
    for table in sorted(wanted):
        if table not in found:
            yield f"table {table} is missing"
            continue
        have, want = found[table], wanted[table]
        yield from (f"table {table}: {part} is missing" for part in sorted(want.keys() - have.keys()))
        yield from (f"table {table}: {part} does not belong there" for part in sorted(have.keys() - want.keys()))
        for part in sorted(have.keys() & want.keys()):
            if have[part] != want[part]:
                yield f"table {table}: {part} is {have[part]}, not {want[part]}"
