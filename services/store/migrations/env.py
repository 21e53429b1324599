"""Alembic's entry point: runs the steps on the connection that `migrate` hands over."""

from alembic import context

from services.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
