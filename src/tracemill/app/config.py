"""The project folder: what a user writes, typed. Everything wrong with it is found at once, with file, line and column."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tracemill.app.document import Document, DocumentError, Finding, load_document, validate
from tracemill.app.release import ReleaseConfig
from tracemill.app.value import Address, Amount, DeclaredUnit, Moment, Role, StoreUrl, Zone
from tracemill.core.decision_table_spec import DecisionTableSpec
from tracemill.mapping.pack import Duration, Spec, Unit
from tracemill.model.status import ComplaintSeverity, HoldReason, Mode, Receipt, VesselKind

PROJECT_FILE = "tracemill.yaml"


class HubConfig(Spec):
    """tracemill.yaml"""

    name: str = "tracemill"
    listen: Address = "127.0.0.1:8420"
    store: StoreUrl = "sqlite:///data/tracemill.db"
    sites: list[str] = Field(min_length=1)
    token_minutes: int = Field(default=60, ge=1, le=1440)
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class SystemConfig(Spec):
    """systems/<name>.yaml"""

    pack: str
    site: str
    mode: Mode = Mode.OBSERVE
    user: str = ""
    roles: list[Role] = []
    verbs: list[str] | None = Field(default=None, description="which of the pack's operations to use; all where not given")
    receipt: Receipt | None = Field(default=None, description="how this plant receives, where it differs from the pack's way")
    connection: dict[str, Any]


class RuleConfig(Spec):
    facet: Literal["quality", "stock", "place", "movement", "item", "master_data"]
    owner: str
    item_class: str = ""
    valid_from: Moment | None = None


class AuthorityConfig(Spec):
    """authority.yaml"""

    rules: list[RuleConfig]


class ConversionConfig(Spec):
    """One `unit` of the item is `factor` `to`: 1 DRM = 25 KGM. What is declared here is a unit that systems may write."""

    unit: DeclaredUnit
    to: Unit
    factor: Amount


class SkipLotConfig(Spec):
    """Skip-lot inspection (ISO 2859-3:2005). Compare the figures with your copy of the standard, and write them out."""

    seed: str = Field(description="secret, at least 16 characters, by reference: env:NAME or file:PATH; it draws the lots")
    qualify_score: int = Field(default=50, ge=1, description="points that qualify a product (5.3)")
    qualify_lots: int = Field(default=20, ge=10, description="within at most so many lots")
    frequencies: dict[int, Annotated[int, Field(ge=2, le=5)]] = Field(
        default={11: 4, 14: 3, 20: 2}, description="up to so many lots to qualify: inspect one lot in so many (6.2)"
    )
    rarest: int = Field(default=5, ge=2, le=5, description="never less often than one lot in so many (6.3)")
    score_clean: int = Field(default=5, ge=1, description="points of a lot that the AQL two steps tighter accepts")
    score_near: int = Field(default=3, ge=1, description="points of a lot that the AQL one step tighter accepts, or Ac 0")
    requalify_score: int = Field(default=18, ge=1, description="points that end an interruption (6.6)")
    requalify_lots: int = Field(default=4, ge=1, description="in at least so many lots")
    interrupted_lots: int = Field(default=10, ge=1, description="not qualified again within so many: disqualified (6.7)")
    idle_days: int = Field(default=60, ge=1, description="days without a lot that disqualify (6.7)")


class InspectionConfig(Spec):
    plan_owner: Literal["qms", "hub"] = "qms"
    level: str = "II"
    aql: str = "1.0"
    severity: Literal["normal", "tightened", "reduced"] = "normal"
    container: Amount | None = None
    table: DecisionTableSpec | None = None
    approvals: dict[str, str] = {}
    risks: dict[str, str] = {}
    defects: dict[str, int] = Field(default={}, description="rejected lots lately; where not given, of the last 10 inspected")
    switching: bool = Field(default=False, description="severity follows the results of first submissions (ISO 2859-1, 9.3)")
    skip_lot: SkipLotConfig | None = None


class NotifyConfig(Spec):
    system: str
    to: str


class ShelfLifeConfig(Spec):
    """What must be left of a lot's shelf life when it is shipped: the stricter counts where both are given."""

    days: int | None = Field(default=None, ge=1)
    percent: Annotated[Amount, Field(gt=0, le=100)] | None = Field(
        default=None, description="of the days from manufacture to expiry"
    )

    @model_validator(mode="after")
    def demands(self) -> Self:
        if self.days is None and self.percent is None:
            raise ValueError("give days, percent, or both")
        return self


class ShipmentConfig(Spec):
    """What is demanded of lots that leave, and whom to call about a shipment."""

    dispatch: str = Field(default="", description="whom a page names to call")
    shelf_life: dict[str, ShelfLifeConfig] = Field(default={}, description='by customer; "*" is every other customer')


class VesselConfig(Spec):
    """How the content of a tank or silo mixes. A vessel that is not named here is mixed."""

    kind: VesselKind = Field(
        default=VesselKind.MIXED, description="mixed, or fifo_band: first in, first out, give or take a band"
    )
    band: Annotated[Amount, Field(ge=0)] | None = Field(
        default=None, description="fifo_band: so much before and after may come out with it, in the vessel's unit"
    )
    unit: Unit | None = Field(default=None, description="in which it is measured; else the unit of what is first told of it")

    @model_validator(mode="after")
    def banded(self) -> Self:
        if (self.kind is VesselKind.FIFO_BAND) != (self.band is not None):
            raise ValueError("fifo_band needs a band, and nothing else has one; hint: say how much of its neighbours may mix in")
        return self


class RecurrenceConfig(Spec):
    """When the same defect of the same supplier is a case."""

    times: int = Field(default=3, ge=2, description="so many nonconformances")
    days: int = Field(default=90, ge=1, description="within so many days")


class ComplaintsConfig(Spec):
    """What a customer's complaint does."""

    hold: list[ComplaintSeverity] = Field(default=[], description="of these severities: the lot is held as suspected")


class ToleranceConfig(Spec):
    """How far a balance of an item may be off before it is a case: the larger counts where both are given."""

    percent: Annotated[Amount, Field(ge=0, le=100)] | None = Field(default=None, description="of all that came")
    quantity: Annotated[Amount, Field(ge=0)] | None = Field(default=None, description="in the base unit of the item")

    @model_validator(mode="after")
    def says(self) -> Self:
        if self.percent is None and self.quantity is None:
            raise ValueError("give percent, quantity, or both")
        return self


class SiteConfig(Spec):
    """sites/<site>.yaml"""

    title: str = ""
    zone: Zone = "UTC"
    base_units: dict[str, Unit] = {}
    conversions: dict[str, list[ConversionConfig]] = {}
    inspection: InspectionConfig = InspectionConfig()
    lifters: dict[HoldReason, list[str]] = {}
    procurement: NotifyConfig | None = None
    alerts: NotifyConfig | None = None
    shipments: ShipmentConfig = ShipmentConfig()
    vessels: dict[str, VesselConfig] = {}
    release: ReleaseConfig | None = None
    recurrence: RecurrenceConfig = RecurrenceConfig()
    complaints: ComplaintsConfig = ComplaintsConfig()
    tolerance: dict[str, ToleranceConfig] = Field(
        default={}, description='by item; "*" is every other item. Lots: a case; traces: a gap, beyond 2 % where none is given'
    )
    grace: Duration = 300.0


class Project:
    """A project folder that was read and validated as a whole."""

    def __init__(self, folder: Path, hub: HubConfig, systems: dict[str, SystemConfig], authority: AuthorityConfig,
                 sites: dict[str, SiteConfig], documents: dict[str, Document]) -> None:  # fmt: skip
        self.folder, self.hub, self.systems, self.authority, self.sites = folder, hub, systems, authority, sites
        self.documents = documents

    @property
    def store_url(self) -> str:
        """The database URL; a relative SQLite path is relative to the project folder."""
        prefix = "sqlite:///"
        if self.hub.store.startswith(prefix) and not self.hub.store.startswith(prefix + "/"):
            path = (self.folder / self.hub.store.removeprefix(prefix)).resolve()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return f"{prefix}{path}"
        return self.hub.store

    @property
    def data(self) -> Path:
        """Where the hub keeps its key, its address and, by default, its database."""
        path = self.folder / "data"
        path.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # a folder of somebody else's is closed by them
            path.chmod(0o700)
        return path


class ConfigError(ValueError):
    """A project folder that cannot be used; `findings` says where and why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__("\n".join(map(str, findings)))


class Reader:
    """Reads the files of a project folder and collects what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []
        self.documents: dict[str, Document] = {}

    def read(self, path: Path, model: type[Any]) -> Any:
        name = str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)
        try:
            document = load_document(name, path.read_bytes())
        except FileNotFoundError:
            self.findings.append(Finding(name, 1, 1, "T110", "the file is missing", "make a project with: tracemill init"))
            return None
        except DocumentError as error:
            self.findings += error.findings
            return None
        self.documents[name] = document
        value, findings = validate(document, model)
        self.findings += findings
        return value

    def at(self, name: str, path: tuple[str | int, ...], text: str, hint: str = "", code: str = "T120") -> None:
        """Report something at a place of a file."""
        document = self.documents.get(name)
        mark = document.locate(path) if document else None
        self.findings.append(Finding(name, mark.line if mark else 1, mark.column if mark else 1, code, text, hint))


def load_project(folder: Path) -> tuple[Project | None, Reader]:
    """Read and validate a project folder as a whole. The reader holds every finding; the project is None if there is any."""
    reader = Reader(folder)
    hub = reader.read(folder / PROJECT_FILE, HubConfig)
    authority = reader.read(folder / "authority.yaml", AuthorityConfig)
    systems = {p.stem: reader.read(p, SystemConfig) for p in sorted((folder / "systems").glob("*.yaml"))}
    sites = {p.stem: reader.read(p, SiteConfig) for p in sorted((folder / "sites").glob("*.yaml"))}
    if reader.findings:
        return None, reader
    project = Project(folder, hub, systems, authority, sites, reader.documents)
    _cross_check(project, reader)
    return (None if reader.findings else project), reader


def _cross_check(project: Project, reader: Reader) -> None:
    """Check what no single file can know: that names mean something in the others."""
    for n, site in enumerate(project.hub.sites):
        if site not in project.sites:
            reader.at(PROJECT_FILE, ("sites", n), f"site {site} has no file", f"write sites/{site}.yaml")
    for name, system in project.systems.items():
        if system.site not in project.hub.sites:
            hint = f"known sites: {', '.join(project.hub.sites)}"
            reader.at(f"systems/{name}.yaml", ("site",), f"site {system.site} is not in {PROJECT_FILE}", hint)
    known = ", ".join(project.systems) or "none"
    for n, rule in enumerate(project.authority.rules):
        if rule.owner not in (*project.systems, "hub"):
            hint = f"known systems: {known}; hub: people decide at the hub"
            reader.at("authority.yaml", ("rules", n, "owner"), f"system {rule.owner} has no file", hint)
    if not any(r.facet == "quality" for r in project.authority.rules):
        reader.at("authority.yaml", ("rules",), "nobody owns quality", "add: {facet: quality, owner: qms}")
    for site_name, conf in project.sites.items():
        for field in ("procurement", "alerts"):
            notify = getattr(conf, field)
            if notify is not None and notify.system not in project.systems:
                where = (field, "system")
                reader.at(f"sites/{site_name}.yaml", where, f"system {notify.system} has no file", f"known systems: {known}")
