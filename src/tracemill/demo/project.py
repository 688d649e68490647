"""The demo's project folder: what an integration engineer would write for this plant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SITE = "PLANT-DE"

HUB = """\
# The hub of the demo plant.
name: demo
listen: 127.0.0.1:{port}
store: sqlite:///data/tracemill.db
sites: [PLANT-DE]
"""

AUTHORITY = """\
# Who owns which fact. On disagreement the owner decides; anybody may restrict.
rules:
  - {facet: quality, owner: qms}
  - {facet: stock, owner: erp}
  - {facet: place, owner: wms}
  - {facet: movement, owner: mes}
"""

SITE_FILE = """\
title: Demo plant
zone: Europe/Berlin
grace: 20s
inspection:
  plan_owner: qms
lifters:
  unread: [hub]
procurement: {system: mail, to: procurement@plant.example}
alerts: {system: mail, to: oncall@plant.example}
"""

SYSTEM = """\
# {title}
pack: {pack}
site: PLANT-DE
mode: {mode}
user: {user}
roles: [{roles}]
connection:
  url: {url}
  credentials: {{{credentials}}}
"""

MAIL = """\
pack: mail
site: PLANT-DE
mode: {mode}
connection: {{host: 127.0.0.1, port: {port}, sender: tracemill@plant.example}}
"""


@dataclass(frozen=True)
class System:
    """One connected system: where it is, what it is, and what the hub needs to know to enter. Secrets go to files."""

    title: str
    pack: str
    user: str
    url: str
    secret: Mapping[str, str] = field(repr=False)  # the one credential that is a secret, by name
    plain: Mapping[str, str] = field(default_factory=dict)
    more: str = ""  # further lines of its file


DEMO_PLANT: Mapping[str, Mapping[str, Any]] = {
    "erp": {
        "title": "Stock, purchase orders, receipts", "pack": "demo-erp", "user": "HUB", "plain": {"client_id": "HUB"},
        "secret": {"client_secret": "erp-demo-secret"},
    },
    "qms": {
        "title": "Inspections and dispositions", "pack": "demo-qms", "user": "hub-api", "secret": {"api_key": "qms-demo-key"},
    },
    "mes": {
        "title": "Consumption", "pack": "demo-mes", "user": "hub", "plain": {"username": "hub"},
        "secret": {"password": "mes-demo-password"},
    },
    "wms": {"title": "Places and blocks", "pack": "demo-wms", "user": "hub-api", "secret": {"token": "wms-demo-token"}},
}  # fmt: skip


class Project:
    """The folder of one demo, written anew where the mode changes."""

    def __init__(
        self, folder: Path, hub_port: int, mail_port: int, systems: Mapping[str, System], authority: str = AUTHORITY
    ) -> None:
        self.folder, self._hub_port, self._mail_port = folder, hub_port, mail_port
        self._systems, self._authority = systems, authority

    def write(self, mode: str) -> None:
        """Write all files, with every system in this mode."""
        for name in ("systems", "sites", "secrets"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "tracemill.yaml").write_text(HUB.format(port=self._hub_port))
        (self.folder / "authority.yaml").write_text(self._authority)
        (self.folder / "sites" / f"{SITE}.yaml").write_text(SITE_FILE)
        (self.folder / "systems" / "mail.yaml").write_text(MAIL.format(port=self._mail_port, mode=mode))
        for name, system in self._systems.items():
            self._write_system(name, system, mode)

    def _write_system(self, name: str, system: System, mode: str) -> None:
        ((credential, secret),) = system.secret.items()
        path = self.folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secret)
        references = {**{k: f"plain:{v}" for k, v in system.plain.items()}, credential: f"file:secrets/{name}"}
        text = SYSTEM.format(
            title=system.title, pack=system.pack, user=system.user, url=system.url, mode=mode, roles=name,
            credentials=", ".join(f"{k}: '{v}'" for k, v in references.items()),
        )  # fmt: skip
        (self.folder / "systems" / f"{name}.yaml").write_text(text + system.more)
