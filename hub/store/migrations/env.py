"""Run the migrations on the connection that was handed over; the caller opened its transaction and commits it."""

from alembic import context

from hub.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change a column in place: Alembic writes the table anew.
    render_as_batch=True,
    # With BEGIN IMMEDIATE SQLite rolls a failed migration back as a whole, which Alembic does not expect of it.
    transactional_ddl=True,
)
context.run_migrations()
