"""A load: events sent to a contender, each followed to the target and to its verification, and what that showed."""

import json
import time
import urllib.request
from typing import Any

from bench.contender import Contender
from bench.figures import percentiles
from bench.processes import Sender, ask, cpu

PATIENCE = 60.0  # seconds without anything new
OVERLAP = 1_000_000  # microseconds by which a later commit may carry an earlier time
LOOK = 0.01  # seconds between two looks at what is verified
NEW = """SELECT d.id, l.number, d.value, d.next_at FROM delivery d JOIN lot l ON l.id = d.lot_id
WHERE d.system = 'target' AND d.state = 'verified' AND d.next_at > :after"""


class Unproven(Exception):
    """A load whose outcome is wrong: its figures are worth nothing."""


class Load:
    """The outcome of one load."""

    def __init__(self, told: dict[str, Any], arrived: dict[str, int], verified: dict[str, int], seconds_cpu: float) -> None:
        first: int = told["began"]
        self.sent: dict[str, int] = told["sent"]
        self.count = len(self.sent)
        self.arrived = {k: at for k, at in arrived.items() if k in self.sent}
        self.verified = {k: at for k, at in verified.items() if k in self.sent}
        self.delivered_rate = self.count / ((max(self.arrived.values()) - first) / 1e9)
        self.verified_rate = self.count / ((max(self.verified.values()) - first) / 1e9)
        self.acks = percentiles([a / 1000 for a in told["acks_us"]])
        self.delivered = percentiles([(at - self.sent[k]) / 1e6 for k, at in self.arrived.items()])
        self.proven = percentiles([(at - self.sent[k]) / 1e6 for k, at in self.verified.items()])
        self.cpu_ms = seconds_cpu * 1000 / self.count


def run(contender: Contender, kind: str, lots: list[str], values: list[int], *, rate: int = 0, connections: int = 64,
        superseding: bool = False) -> Load:  # fmt: skip
    """Send events about lots and wait until every one of them is verified. Raises Unproven where one is not."""
    before = cpu(contender.pid)
    plan = {"kind": kind, "lots": lots, "values": values, "connections": connections, "rate": rate}
    sender = Sender({**contender.door, **plan})
    try:
        verified = _watch(contender, sender)
    except BaseException:
        sender.stop()
        raise
    load = Load(sender.told(), ask(f"{contender.target}/arrivals"), verified, cpu(contender.pid) - before)
    if not superseding:
        for what, found in (("arrived at the target", load.arrived), ("was verified", load.verified)):
            if missing := load.sent.keys() - found.keys():
                raise Unproven(f"{len(missing)} of {load.count} never {what}, among them {min(missing)}")
    _final(contender, lots, max(values) if kind == "decision" else 0)
    return load


def _watch(contender: Contender, sender: Sender) -> dict[str, int]:
    """Note when each delivery is first seen as verified, by a reader of the database in another process: ours."""
    seen, found, after, end = set[int](), dict[str, int](), _now(contender), time.time() + PATIENCE
    while True:
        over = not sender.going() and not contender.glass.busy()
        for row_id, lot, value, at in contender.glass.rows(NEW, after=after - OVERLAP):
            if row_id not in seen:
                seen.add(row_id)
                found[f"{lot}:{json.loads(value)['available']}"] = time.time_ns()
                after, end = max(after, at), time.time() + PATIENCE
        if over:
            return found
        if time.time() > end:
            raise Unproven("it did not come to an end")
        time.sleep(LOOK)


def _now(contender: Contender) -> int:
    newest = contender.glass.rows("SELECT max(next_at) FROM delivery WHERE system = 'target' AND state = 'verified'")[0][0]
    return int(newest or 0) + OVERLAP  # what was verified before is not ours


def _final(contender: Contender, lots: list[str], value: int) -> None:
    """The target shows what was decided last, and never went back; the order within a lot was kept."""
    journal = ask(f"{contender.target}/journal")
    if journal["backwards"]:
        raise Unproven(f"{journal['backwards']} effects overtook a later one")
    for start in range(0, len(lots), 100):
        some = lots[start : start + 100]
        url = f"{contender.target}/lots?ids={'%2C'.join(some)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            shown = {r["id"]: {s["status"]: s["qty"] for s in r["rows"]} for r in json.loads(answer.read())["lots"]}
        wrong = [lot for lot in some if shown.get(lot, {}).get("A", "0") != str(value)]
        if wrong:
            raise Unproven(f"{len(wrong)} lots do not show {value}, among them {wrong[0]}: {shown.get(wrong[0])}")
