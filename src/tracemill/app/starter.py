"""The starter: a commented project folder that observes two systems and changes nothing in them."""

from pathlib import Path

from tracemill.app.secrets import PLACEHOLDER

FILES = {
    "tracemill.yaml": """\
# The hub. Everything that is not written here has a sensible default; see docs/reference/configuration.md.
name: my-plant
listen: 127.0.0.1:8420          # loopback: put a gateway in front of it before others may reach it
store: sqlite:///data/tracemill.db   # or postgresql://user@host/database
sites: [PLANT-1]
""",
    "authority.yaml": """\
# Who owns which fact. The owner decides; on disagreement the more restrictive statement counts meanwhile.
# facets: quality, stock, place, movement, item, master_data
rules:
  - {facet: quality, owner: qms}
  - {facet: stock, owner: erp}
""",
    "systems/erp.yaml": """\
# One connected system. The pack is data: it teaches the hub this product (endpoints, status codes, examples).
pack: demo-erp                   # tracemill packs beside this folder: packs/<name>/pack.yaml
site: PLANT-1
# observe: read only; every command that would be sent is shown by `tracemill status --commands`
# propose: a person approves each command with `tracemill approve`
# act:     the hub does it, and reads it back
mode: observe
user: HUB                        # the name our own writes carry in that system
roles: [erp]
connection:
  url: http://127.0.0.1:8101
  credentials:                   # by reference: env:NAME, file:secrets/name, or plain:text for what is no secret
    client_id: plain:HUB
    client_secret: file:secrets/erp
""",
    "systems/qms.yaml": """\
# The system that decides about quality.
pack: demo-qms
site: PLANT-1
mode: observe
user: hub-api
roles: [qms]
connection:
  url: http://127.0.0.1:8102
  credentials:
    api_key: file:secrets/qms
""",
    "sites/PLANT-1.yaml": """\
# One plant: its rules, tables and people.
title: Plant 1
zone: Europe/Berlin
grace: 5m                        # how long a restriction may take before people are alarmed
inspection:
  plan_owner: qms                # or hub: a decision table and ISO 2859-1 say what is inspected
lifters:                         # who may lift holds that somebody else placed
  unread: [hub]
""",
    "secrets/.gitignore": "*\n!.gitignore\n",
    "secrets/erp": f"{PLACEHOLDER}\n",
    "secrets/qms": f"{PLACEHOLDER}\n",
    ".gitignore": "data/\n",
}


class FolderNotEmpty(ValueError):
    """A folder with something in it is never written over."""


def write_starter(folder: Path) -> list[Path]:
    """Write the starter into a new or empty folder and return its files."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(f"{folder} is not empty; nothing was written")
    written = []
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if name.startswith("secrets/") and not name.endswith(".gitignore"):
            path.chmod(0o600)
        written.append(path)
    return written
