"""Mappings: tables of cells that turn one system's record into a canonical event. Pure."""
