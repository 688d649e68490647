"""The one place that wires: from a project folder to a hub that runs."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tracemill.app.config import ConfigError, Project, Reader, SiteConfig, SystemConfig
from tracemill.app.inspection import check_inspection, inspection_policy, read_seed
from tracemill.app.packs import compile_mappings, find_pack, pack_names, read_pack
from tracemill.app.release import check_release, release_rules
from tracemill.app.secrets import SecretMissing, resolve
from tracemill.connectors.http.connector import HttpConnector
from tracemill.connectors.http.spec import HttpPackSpec, HttpSystemSpec
from tracemill.connectors.mail.connector import MailConnector
from tracemill.connectors.mail.spec import MailPackSpec, MailSystemSpec
from tracemill.hub.hub import Hub
from tracemill.hub.link import Link
from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Reach, passed
from tracemill.mapping.cell import compile_cell
from tracemill.mapping.pack import PackSpec
from tracemill.model.connector import Connector
from tracemill.model.policy import AuthorityRule, Policy, Recurrence, ShelfLife, SystemPolicy, Tolerance
from tracemill.model.quantity import Conversion
from tracemill.model.record import encode
from tracemill.model.vessel import VesselRule
from tracemill.store.store import Store

Clock = Callable[[], datetime]
HUB = "hub"  # people decide here where a plant has no system for it


def utc_now() -> datetime:
    """The one clock of a running hub."""
    return datetime.now(UTC)


def load_packs(project: Project, reader: Reader) -> dict[str, PackSpec]:
    """Read the pack of every system; findings go to the reader."""
    packs: dict[str, PackSpec] = {}
    for name, system in project.systems.items():
        path = find_pack(system.pack, project.folder)
        if path is None:
            known = ", ".join(pack_names(project.folder))
            reader.at(f"systems/{name}.yaml", ("pack",), f"there is no pack {system.pack}", f"known packs: {known}")
        elif (spec := read_pack(path, reader)) is not None:
            packs[name] = spec
            _check_verbs(name, system, spec, reader)
    return packs


def _check_verbs(name: str, system: SystemConfig, pack: PackSpec, reader: Reader) -> None:
    for n, verb in enumerate(system.verbs or ()):
        if verb not in pack.operations:
            known = f"operations of the pack: {', '.join(pack.operations) or 'none'}"
            reader.at(f"systems/{name}.yaml", ("verbs", n), f"pack {system.pack} has no operation {verb}", known)


def build_links(project: Project, reader: Reader, clock: Clock) -> dict[str, Link]:
    """Make the connected systems of a project; raises ConfigError with everything that is wrong."""
    packs = load_packs(project, reader)
    links: dict[str, Link] = {}
    for name, pack in packs.items():
        system = project.systems[name]
        try:
            links[name] = _link(name, system, pack, project, clock)
        except SecretMissing as error:
            reader.at(f"systems/{name}.yaml", ("connection", "credentials"), str(error), code="T130")
        except ValueError as error:
            for line in str(error).splitlines()[:10]:
                reader.at(f"systems/{name}.yaml", ("connection",), line, code="T131")
    if reader.findings:
        raise ConfigError(reader.findings)
    return links


def _link(name: str, system: SystemConfig, pack: PackSpec, project: Project, clock: Clock) -> Link:
    reads = getattr(pack, "reads", {}).get("stock")
    verbs = pack.operations if system.verbs is None else {v: o for v, o in pack.operations.items() if v in system.verbs}
    limits = getattr(pack, "limits", None)
    return Link(
        name=name,
        site=system.site,
        mode=system.mode,
        pack=pack,
        connector=_connector(name, system, pack, project, clock),
        feeds=pack.feeds,
        operations=verbs,
        mappings=compile_mappings(pack),
        declared=frozenset(c.unit for found in project.sites[system.site].conversions.values() for c in found),
        stock_mapping=reads.mapping if reads else "",
        list_size=reads.list.max if reads else 1,
        assign=compile_cell(pack.identity.assign) if pack.identity.assign else None,
        concurrency=limits.concurrency if limits else 2,
    )


def _connector(name: str, system: SystemConfig, pack: PackSpec, project: Project, clock: Clock) -> Connector:
    connection: dict[str, Any] = dict(system.connection)
    references = connection.get("credentials") or {}
    connection["credentials"] = {k: resolve(str(v), project.folder) for k, v in references.items()}
    if isinstance(pack, HttpPackSpec):
        return HttpConnector(name, pack, HttpSystemSpec.model_validate(connection), clock)
    if isinstance(pack, MailPackSpec):
        return MailConnector(name, pack, MailSystemSpec.model_validate(connection), clock)
    raise ValueError(f"protocol {pack.protocol} has no connector")


def build_policies(project: Project, links: dict[str, Link], reader: Reader) -> dict[str, Policy]:
    """Turn the site files into what decisions read; raises ConfigError where a site's rules cannot be used."""
    for site in project.hub.sites:
        for where, level, text, hint in check_inspection(project.sites[site].inspection):
            if level == "error":
                reader.at(f"sites/{site}.yaml", where, text, hint, "T140")
        for text, hint in check_release(project.sites[site].release):
            reader.at(f"sites/{site}.yaml", ("release", "mode"), text, hint, "T140")
        _check_seed(site, project, reader)
    if reader.findings:
        raise ConfigError(reader.findings)
    return {site: _policy(site, project, links) for site in project.hub.sites}


def _check_seed(site: str, project: Project, reader: Reader) -> None:
    skip = project.sites[site].inspection.skip_lot
    try:
        if skip is not None:
            read_seed(skip, project.folder)
    except SecretMissing as error:
        reader.at(f"sites/{site}.yaml", ("inspection", "skip_lot", "seed"), str(error), code="T130")


def _policy(site: str, project: Project, links: dict[str, Link]) -> Policy:
    conf: SiteConfig = project.sites[site]
    systems = {n: _system_policy(project.systems[n], link) for n, link in links.items() if link.site == site}
    rules = tuple(
        AuthorityRule(
            facet=r.facet,
            owner=r.owner,
            item_class=r.item_class,
            valid_from=r.valid_from,
        )
        for r in project.authority.rules
        if r.owner in systems or r.owner == HUB
    )
    return Policy(
        site=site,
        version=_version(project, site, systems),
        systems=systems,
        authority=rules,
        inspection=inspection_policy(conf.inspection, project.folder),
        conversions={
            item: tuple(Conversion(unit=c.unit, to=c.to, factor=c.factor) for c in found)
            for item, found in conf.conversions.items()
        },
        base_units=conf.base_units,
        lifters={reason: tuple(who) for reason, who in conf.lifters.items()},
        procurement=conf.procurement.model_dump() if conf.procurement else {},
        alerts=conf.alerts.model_dump() if conf.alerts else {},
        grace_seconds=int(conf.grace),
        zone=conf.zone,
        shelf_life={who: ShelfLife(days=d.days, percent=d.percent) for who, d in conf.shipments.shelf_life.items()},
        tolerances={item: Tolerance(percent=t.percent, quantity=t.quantity) for item, t in conf.tolerance.items()},
        dispatch=conf.shipments.dispatch,
        vessels={n: VesselRule(kind=v.kind, band=v.band or Decimal(0), unit=v.unit or "") for n, v in conf.vessels.items()},
        release=release_rules(conf.release),
        recurrence=Recurrence(times=conf.recurrence.times, days=conf.recurrence.days),
        suspected=tuple(conf.complaints.hold),
    )


def _system_policy(system: SystemConfig, link: Link) -> SystemPolicy:
    pack = link.pack
    return SystemPolicy(
        name=link.name,
        mode=system.mode,
        roles=tuple(system.roles),
        verbs=tuple(link.operations),
        user=system.user,
        assigns=link.assign is not None,
        receipt=system.receipt or pack.receipt,
        enforces={str(k): v for k, v in pack.enforces.items()},
        expresses=pack.status.expresses,
        scope=pack.identity.scope,
        stock_feed=next((name for name, feed in link.feeds.items() if link.stock_mapping in feed.mappings), ""),
    )


def _version(project: Project, site: str, systems: dict[str, SystemPolicy]) -> str:
    """Return the hash of what decisions of a site are based on: it is kept with every change."""
    said = f"{project.sites[site].model_dump_json()}{project.authority.model_dump_json()}".encode()
    return sha256(said + encode(systems)).hexdigest()[:16]


def build_hub(project: Project, reader: Reader, *, clock: Clock = utc_now, reach: Reach = passed, polls: bool = True) -> Hub:
    """Open the store and make the hub of a project. Raises ConfigError or AlreadyRunning."""
    links = build_links(project, reader, clock)
    policies = build_policies(project, links, reader)
    store = Store(project.store_url)
    return Hub(Runtime(store, policies, links, clock, reach), polls=polls)
