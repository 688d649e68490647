"""The schema: all tables together, as migrations make them."""

from tracemill.store import genealogy_tables, recall_tables, tables, vessel_tables

TABLES = (tables, genealogy_tables, recall_tables, vessel_tables)  # each adds its own to the metadata
metadata = tables.metadata
