"""The demo plant: four small applications with their own state, words and habits, spoken to over HTTP.

Each module's first docstring is that product's manual: `erp`, `qms`, `mes`, `wms`.
`serve.plant` runs them inside a test, `python -m tracemill.demo.plant` on their own.
"""
