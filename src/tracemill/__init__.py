"""Tracemill: a traceability hub that keeps ERP, MES, QMS and WMS telling the same, true story about every lot."""

__version__ = "0.1.0"
