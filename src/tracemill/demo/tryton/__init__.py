"""A real Tryton 8.2 on this machine: the demo plant's ERP and stock, and what the tests prove the pack against.

with running(install(), folder) as server:
    plant = seed(server)
"""

from tracemill.demo.tryton.client import Answer, Refused, Rest, Session
from tracemill.demo.tryton.guard import lower_guard, raise_guard
from tracemill.demo.tryton.install import Installation, NotInstallable, install
from tracemill.demo.tryton.order import place_order
from tracemill.demo.tryton.plant import People, Receipt
from tracemill.demo.tryton.seed import Plant, seed
from tracemill.demo.tryton.server import NotStarted, Server, running, start

__all__ = [
    "Answer",
    "Installation",
    "NotInstallable",
    "NotStarted",
    "People",
    "Plant",
    "Receipt",
    "Refused",
    "Rest",
    "Server",
    "Session",
    "install",
    "lower_guard",
    "place_order",
    "raise_guard",
    "running",
    "seed",
    "start",
]
