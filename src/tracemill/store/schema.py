"""The schema: all tables together, as migrations make them."""

from tracemill.store import (
    genealogy_tables,
    master_tables,
    order_tables,
    quality_tables,
    recall_tables,
    tables,
    unit_tables,
    vessel_tables,
)

# each adds its own to the metadata
TABLES = (
    tables,
    genealogy_tables,
    recall_tables,
    quality_tables,
    order_tables,
    master_tables,
    vessel_tables,
    unit_tables,
)
metadata = tables.metadata
