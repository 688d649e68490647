"""The cascade: a raw lot with a thousand descendants is rejected, until the last of their holds is read back in four systems.

`python -m bench.cascade [--runs 10] [--database sqlite]`. Each run has lots of its own: one raw lot, ten made from it, a hundred
made from those, and 890 from the hundred. All are released and shown as released everywhere before quality rejects the raw one.
"""

import argparse
import json
import shutil
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.database import Glass, fresh, server, workspace
from bench.figures import middle, percentiles, table
from bench.hub import FILES, PACKS, SITE
from bench.processes import ask, cpu, started

SYSTEMS = ("erp", "wms", "mes", "shop")
LAYERS = (10, 100, 890)
BATCH = 200
PATIENCE = 120.0  # seconds for one run
OPEN = "SELECT count(*) FROM delivery WHERE state IN ('pending','sending','retrying','in_doubt','delivered')"
VERIFIED = "SELECT next_at FROM delivery WHERE state = 'verified' AND value LIKE '%\"available\":\"0\"%' AND decided_at >= :since"
HELD = "SELECT count(*) FROM hold WHERE reason = 'rejected' AND lifted_at IS NULL AND placed_at >= :since"


class Unproven(Exception):
    """A run whose outcome is wrong: its time is worth nothing."""


@dataclass(frozen=True)
class Run:
    """What one rejection took, in seconds, and what it cost the hub."""

    last_hold: float
    percentile: float  # 95 of 100 holds were read back by then
    cpu: float


class Plant:
    """A hub with four live targets, and a sender that tells it what a plant tells."""

    def __init__(self, url: str, token: str, glass: Glass, pid: int, targets: dict[str, str]) -> None:
        self._url, self._token, self._glass, self._pid, self._targets = url, token, glass, pid, targets
        self._told = 0

    def tell(self, kind: str, facts: list[dict[str, Any]]) -> None:
        """Post events of one type, some at a time, each lot called the same everywhere."""
        for start in range(0, len(facts), BATCH):
            events = [self._event(kind, data) for data in facts[start : start + BATCH]]
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/cloudevents-batch+json"}
            path = f"{self._url}/v1/events?system=qms&site={SITE}"
            request = urllib.request.Request(path, json.dumps(events).encode(), headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()

    def _event(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        self._told += 1
        seconds = self._told % 86_400
        at = f"2026-11-23T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"
        head = {"specversion": "1.0", "id": f"E{self._told}", "source": "/bench/qms", "type": kind, "time": at}
        return {**head, "data": data}

    def settled(self) -> None:
        """Wait until nothing is under way."""
        end, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 3:
            if time.monotonic() > end:
                raise Unproven("it did not come to an end")
            time.sleep(0.1)
            quiet = quiet + 1 if not self._waiting() else 0

    def _waiting(self) -> bool:
        told = "SELECT count(*) FROM message WHERE state = 'received'"
        return any(self._glass.rows(sql)[0][0] for sql in (told, OPEN, "SELECT count(*) FROM spread"))

    def family(self, name: str) -> list[str]:
        """Tell of a raw lot and of all that was made from it; every one is accepted, and read back as released everywhere."""
        raw, layers = f"{name}-RAW", [[f"{name}-{n}-{k:03}" for k in range(count)] for n, count in enumerate(LAYERS)]
        self.tell("lot.received.v1", [{"lot": _ref(raw), "quantity": _kg("100"), "receipt": f"R-{raw}"}])
        parents = [raw]
        for n, made in enumerate(layers):
            self.tell("material.consumed.v1", [_booked(p, f"{name}-W{n}-{k}", "50", "in") for k, p in enumerate(parents)])
            orders = [f"{name}-W{n}-{k % len(parents)}" for k in range(len(made))]
            self.tell("material.produced.v1", [_booked(lot, o, "100", "out") for lot, o in zip(made, orders, strict=True)])
            parents = made
        lots = [raw, *(lot for layer in layers for lot in layer)]
        self.decide(lots, "accept")
        self.settled()
        return lots

    def decide(self, lots: list[str], decision: str) -> None:
        made = [{"lot": _ref(lot), "inspection": f"I-{lot}", "parts": [{"decision": decision}], "signer": "QA7"} for lot in lots]
        self.tell("disposition.decided.v1", made)

    def reject(self, lots: list[str]) -> Run:
        """Reject the raw lot of a family and wait for the last hold that is read back."""
        began, before = time.time_ns(), cpu(self._pid)
        since = began // 1000
        self.decide(lots[:1], "reject")
        wanted, end = len(lots) * len(SYSTEMS), time.monotonic() + PATIENCE
        while len(done := self._glass.rows(VERIFIED, since=since)) < wanted:
            if time.monotonic() > end:
                raise Unproven(f"only {len(done)} of {wanted} holds were read back")
            time.sleep(0.02)
        spent = cpu(self._pid) - before
        self._check(lots, since)
        ages = [at / 1e6 - began / 1e9 for (at,) in done]
        return Run(max(ages), percentiles([a * 1000 for a in ages])[1] / 1000, spent)

    def _check(self, lots: list[str], since: int) -> None:
        """Nothing of it is available in any system, and the hub holds every one."""
        held = self._glass.rows(HELD, since=since)[0][0]
        if held != len(lots):
            raise Unproven(f"{held} of {len(lots)} lots are held")
        for system, target in self._targets.items():
            for start in range(0, len(lots), 100):
                shown = ask(f"{target}/lots?ids={'%2C'.join(lots[start : start + 100])}")["lots"]
                free = [r["id"] for r in shown if any(s["status"] == "A" for s in r["rows"])]
                if free or len(shown) != len(lots[start : start + 100]):
                    raise Unproven(f"{len(free)} lots are free in {system}")


def _kg(amount: str) -> dict[str, str]:
    return {"amount": amount, "unit": "KGM"}


def _ref(lot: str) -> dict[str, Any]:
    return {"id": lot, "item": "4711", "aliases": [{"system": s, "id": lot} for s in SYSTEMS]}


def _booked(lot: str, order: str, qty: str, movement: str) -> dict[str, Any]:
    return {"lot": _ref(lot), "quantity": _kg(qty), "work": {"order": order}, "movement": f"{movement}-{order}-{lot}"}


@contextmanager
def plant(url: str, folder: Path) -> Iterator[Plant]:
    """Start four targets and a hub on an empty database."""
    with ExitStack() as stack:
        ports = {s: stack.enter_context(started("bench.target"))[1] for s in SYSTEMS}
        targets = {s: f"http://127.0.0.1:{port}" for s, port in ports.items()}
        _write_project(folder / "project", url, targets)
        process, address = stack.enter_context(started("bench.hub", str(folder / "project")))
        glass = Glass(url)
        stack.callback(glass.close)
        token = json.loads((folder / "project" / "data" / "run.json").read_text())["token"]
        yield Plant(address, token, glass, process.pid, targets)


def _write_project(folder: Path, store: str, targets: dict[str, str]) -> None:
    system, files = FILES["systems/target.yaml"], {k: v for k, v in FILES.items() if k != "systems/target.yaml"}
    texts = {name: text.format(store=store, target=targets["erp"]) for name, text in files.items()}
    texts["authority.yaml"] = texts["authority.yaml"].replace("owner: target", "owner: erp")
    texts |= {f"systems/{name}.yaml": system.format(target=target) for name, target in targets.items()}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(PACKS, folder / "packs", dirs_exist_ok=True)


def measured(url: str, folder: Path, runs: int) -> list[Run]:
    with plant(url, folder) as made:
        return [made.reject(made.family(f"F{n:02}")) for n in range(runs)]


def shown(database: str, runs: list[Run]) -> str:
    last = [r.last_hold for r in runs]
    row = (
        database, str(len(runs)), f"{middle(last):.1f} ({min(last):.1f}-{max(last):.1f})",
        f"{percentiles([s * 1000 for s in last])[1] / 1000:.1f}", f"{middle([r.percentile for r in runs]):.1f}",
        f"{middle([r.cpu for r in runs]):.1f}",
    )  # fmt: skip
    head = ("database", "rejections", "last hold read back, s", "p95 of these, s", "95 of 100 holds, s", "CPU of the hub, s")
    return table(head, [row])


def main() -> int:
    read = argparse.ArgumentParser(prog="python -m bench.cascade", description=__doc__)
    read.add_argument("--runs", type=int, default=10)
    read.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql"))
    options = read.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(workspace())
        url = f"sqlite:///{folder / 'bench.db'}"
        if options.database == "postgresql":
            url = fresh(stack.enter_context(server(folder)), "cascade")
        print(shown(options.database, measured(url, folder, options.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
