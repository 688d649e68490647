"""Connectors: code that speaks one protocol, one folder each. No connector knows another."""
