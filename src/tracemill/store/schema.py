"""The schema: all tables together, as migrations make them."""

from tracemill.store import genealogy_tables, order_tables, quality_tables, recall_tables, tables

TABLES = (tables, genealogy_tables, recall_tables, quality_tables, order_tables)  # each adds its own to the metadata
metadata = tables.metadata
