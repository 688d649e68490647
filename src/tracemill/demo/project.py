"""The demo's project folder: what an integration engineer would write for this plant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from tracemill.app.packs import SHIPPED

SITE, SECOND = "PLANT-DE", "PLANT-FR"

HUB = """\
# The hub of the demo plant.
name: demo
listen: 127.0.0.1:{port}
store: sqlite:///data/tracemill.db
sites: [{sites}]
"""

AUTHORITY = """\
# Who owns which fact. On disagreement the owner decides; anybody may restrict. Of several rules the last counts whose owner
# a site has: where there is no QMS, people decide at the hub.
rules:
  - {facet: quality, owner: hub}
  - {facet: quality, owner: qms}
  - {facet: stock, owner: erp}
  - {facet: place, owner: wms}
  - {facet: movement, owner: mes}
"""
SECOND_AUTHORITY = """\
  - {facet: stock, owner: erp-fr}
  - {facet: place, owner: wms-fr}
"""

SITE_FILE = """\
title: Demo plant
zone: Europe/Berlin
grace: {grace}
inspection:
  plan_owner: qms
lifters:
  unread: [hub]
shipments:
  dispatch: dispatch office, +49 30 5550 118
procurement: {{system: mail, to: procurement@plant.example}}
alerts: {{system: mail, to: oncall@plant.example}}
"""

SECOND_SITE = """\
title: Second plant
zone: Europe/Paris
grace: 8s
lifters:
  unread: [hub]
alerts: {system: mail-fr, to: astreinte@plant.example}
"""

SITES = {SITE: SITE_FILE.format(grace="20s")}
DEMO_SITES = {SITE: SITE_FILE.format(grace="8s"), SECOND: SECOND_SITE}

SYSTEM = """\
# {title}
pack: {pack}
site: {site}
mode: {mode}
user: {user}
roles: [{roles}]
connection:
  url: {url}
  credentials: {{{credentials}}}
"""

MAIL = """\
pack: mail
site: {site}
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
    site: str = SITE
    role: str = ""


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

# The second plant has an ERP and a WMS of the same products. Its WMS prints the numbers of its own ERP on its labels.
SECOND_PLANT: Mapping[str, Mapping[str, Any]] = {
    "erp-fr": {**DEMO_PLANT["erp"], "title": "Stock and receipts of the second plant", "site": SECOND, "role": "erp"},
    "wms-fr": {**DEMO_PLANT["wms"], "pack": "demo-wms-fr", "site": SECOND, "role": "wms"},
}


def second_wms_pack() -> str:
    """Write the second plant's own pack: that of the WMS, with the other ERP's name in it."""
    shipped = (SHIPPED / "demo-wms" / "pack.yaml").read_text()
    own = (("pack: demo-wms\n", "pack: demo-wms-fr\n"), ("'\"erp\"'", "'\"erp-fr\"'"), ("system: erp,", "system: erp-fr,"))
    return reduce(lambda text, change: text.replace(*change), own, shipped)


class Project:
    """The folder of one demo, written anew where the mode changes."""

    def __init__(
        self, folder: Path, hub_port: int, mail_port: int, systems: Mapping[str, System], authority: str = AUTHORITY,
        sites: Mapping[str, str] = SITES, packs: Mapping[str, str] = {},
    ) -> None:  # fmt: skip
        self.folder, self._hub_port, self._mail_port = folder, hub_port, mail_port
        self._systems, self._authority, self._sites, self._packs = systems, authority, sites, packs

    def write(self, mode: str) -> None:
        """Write all files, with every system in this mode."""
        for name in ("systems", "sites", "secrets"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "tracemill.yaml").write_text(HUB.format(port=self._hub_port, sites=", ".join(self._sites)))
        (self.folder / "authority.yaml").write_text(self._authority)
        for site, text in self._sites.items():
            (self.folder / "sites" / f"{site}.yaml").write_text(text)
            mail = "mail" if site == SITE else "mail-fr"
            (self.folder / "systems" / f"{mail}.yaml").write_text(MAIL.format(port=self._mail_port, mode=mode, site=site))
        for name, text in self._packs.items():
            (self.folder / "packs" / name).mkdir(parents=True, exist_ok=True)
            (self.folder / "packs" / name / "pack.yaml").write_text(text)
        for name, system in self._systems.items():
            self._write_system(name, system, mode)

    def _write_system(self, name: str, system: System, mode: str) -> None:
        ((credential, secret),) = system.secret.items()
        path = self.folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secret)
        references = {**{k: f"plain:{v}" for k, v in system.plain.items()}, credential: f"file:secrets/{name}"}
        text = SYSTEM.format(
            title=system.title, pack=system.pack, user=system.user, url=system.url, mode=mode, roles=system.role or name,
            site=system.site,
            credentials=", ".join(f"{k}: '{v}'" for k, v in references.items()),
        )  # fmt: skip
        (self.folder / "systems" / f"{name}.yaml").write_text(text + system.more)
