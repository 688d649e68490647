"""The record: tables, transactions and queries on SQLite and PostgreSQL. Only the hub opens a writing transaction."""
