"""Runs the migrations on the connection that ``gridcase.store.schema`` hands over."""

from alembic import context

from gridcase.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    compare_type=True,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
