"""The foundation: every table of the first release; monthly partitions on PostgreSQL from the first day."""

from alembic import op

from tracemill.store.partitions import PARTITIONED
from tracemill.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    if connection.dialect.name == "postgresql":
        for table in PARTITIONED:
            op.execute(f"CREATE TABLE IF NOT EXISTS {table}_default PARTITION OF {table} DEFAULT")
