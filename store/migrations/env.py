"""What Alembic runs around a migration: it uses the connection that it is handed and no other."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
