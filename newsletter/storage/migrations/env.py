"""Runs the revisions on the connection, and inside the transaction, that `storage.upgrade` hands over."""

from alembic import context

from newsletter.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
