"""The demo's project folder: what an integration engineer would write for this plant."""

from collections.abc import Mapping
from pathlib import Path

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

SYSTEMS = {
    "erp": ("Stock, purchase orders, receipts", "demo-erp", "HUB", "client_id: 'plain:HUB', client_secret: 'file:secrets/erp'"),
    "qms": ("Inspections and dispositions", "demo-qms", "hub-api", "api_key: 'file:secrets/qms'"),
    "mes": ("Consumption", "demo-mes", "hub", "username: 'plain:hub', password: 'file:secrets/mes'"),
    "wms": ("Places and blocks", "demo-wms", "hub-api", "token: 'file:secrets/wms'"),
}
SECRETS = {"erp": "erp-demo-secret", "qms": "qms-demo-key", "mes": "mes-demo-password", "wms": "wms-demo-token"}


def write_project(
    folder: Path, urls: Mapping[str, str], *, hub_port: int, mail_port: int, modes: Mapping[str, str] | None = None
) -> None:
    """Write the project folder for a plant at these addresses. `modes` changes the mode of single systems (default: act)."""
    for name in ("systems", "sites", "secrets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "tracemill.yaml").write_text(HUB.format(port=hub_port))
    (folder / "authority.yaml").write_text(AUTHORITY)
    (folder / "sites" / f"{SITE}.yaml").write_text(SITE_FILE)
    (folder / "systems" / "mail.yaml").write_text(MAIL.format(port=mail_port, mode=(modes or {}).get("mail", "act")))
    for name, (title, pack, user, credentials) in SYSTEMS.items():
        if name not in urls:
            continue
        secret = folder / "secrets" / name
        secret.write_text(SECRETS[name])
        secret.chmod(0o600)
        mode = (modes or {}).get(name, "act")
        text = SYSTEM.format(title=title, pack=pack, user=user, credentials=credentials, url=urls[name], mode=mode, roles=name)
        (folder / "systems" / f"{name}.yaml").write_text(text)
