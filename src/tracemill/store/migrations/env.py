"""Alembic's entry: runs the migrations on the URL that the store hands over."""

from alembic import context
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from tracemill.store.schema import metadata

engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
if engine.dialect.name == "sqlite":
    event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA journal_mode=WAL"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
