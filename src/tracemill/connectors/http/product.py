"""A product: everything a pack says, compiled once, with every problem found on the way."""

from collections.abc import Mapping

from tracemill.connectors.http import control
from tracemill.connectors.http.auth import NEEDS
from tracemill.connectors.http.control import ProbePlan
from tracemill.connectors.http.feed import compile_feed
from tracemill.connectors.http.operation import compile_operation
from tracemill.connectors.http.problem import Problem, Problems
from tracemill.connectors.http.readback import compile_read
from tracemill.connectors.http.request import compile_request
from tracemill.connectors.http.secret import Secret
from tracemill.connectors.http.spec import HttpPackSpec, HttpSystemSpec
from tracemill.connectors.http.template import BUILTIN, Filter, TemplateCompiler, code_filter
from tracemill.connectors.http.verdict import compile_rules
from tracemill.connectors.http.webhook import SECRETS, standard_key
from tracemill.model.status import Once


class Product:
    """A compiled pack."""

    def __init__(self, pack: HttpPackSpec) -> None:
        self.pack = pack
        self.problems = problems = Problems()
        templates = TemplateCompiler(_filters(pack, problems), problems)
        self.rules = compile_rules(pack.errors, problems, ("errors",))
        request = compile_request(pack.probe.request, templates, ("probe", "request"), control.ROOTS)
        self.probe = ProbePlan(request, problems.cell(pack.probe.accept, ("probe", "accept")))
        self.operations = {
            name: compile_operation(name, spec, templates, problems, ("operations", name))
            for name, spec in pack.operations.items()
        }
        reads = {name: compile_read(name, spec, templates, problems, ("reads", name)) for name, spec in pack.reads.items()}
        self.reads = {name: read for name, read in reads.items() if read is not None}
        looks = {name: read.read for name, read in self.reads.items()}
        feeds = {name: compile_feed(name, spec, templates, problems, ("feeds", name), looks) for name, spec in pack.feeds.items()}
        self.feeds = {name: feed for name, feed in feeds.items() if feed is not None}
        _check(pack, problems)


def check(pack: HttpPackSpec) -> list[Problem]:
    """List why a pack cannot be used, as (path, text); empty where it can."""
    return Product(pack).problems.errors


def warnings(pack: HttpPackSpec) -> list[Problem]:
    """List what a pack leaves to people or to luck: blind operations, absences that cannot be proven."""
    return Product(pack).problems.warnings


def check_system(pack: HttpPackSpec, system: HttpSystemSpec) -> list[Problem]:
    """List what a system's connection lacks for its pack."""
    problems = Problems()
    if not system.url.startswith(("http://", "https://")):
        problems.error(("url",), f"{system.url!r} does not start with http:// or https://")
    for name in NEEDS[pack.auth.kind]:
        if not system.credentials.get(name):
            problems.error(("credentials", name), f"{pack.pack} wants to know the {name} ({pack.auth.kind})")
    if pack.signature is not None and pack.signature.kind == "standard-webhooks":
        for name in SECRETS:
            if name in system.credentials and standard_key(Secret(system.credentials[name])) is None:
                problems.error(("credentials", name), "the secret must be whsec_ and base64")
    return problems.errors


def _filters(pack: HttpPackSpec, problems: Problems) -> dict[str, Filter]:
    """Make the writing direction of the pack's code lists: of several codes for one word the first is written."""
    filters: dict[str, Filter] = {}
    lists: dict[str, Mapping[str, str]] = {}
    for name, spec in pack.codes.items():
        codes: dict[str, str] = {}
        for code, word in spec.entries.items():
            codes.setdefault(word, code)
        lists[name] = codes
    if pack.status.write:
        lists["status"] = {str(status): code for status, code in pack.status.write.items()}
    for name, written in lists.items():
        if name in BUILTIN:
            problems.error(("codes", name), f"{name} is a filter of every pack; give the code list another name")
        filters[name] = code_filter(name, written)
    return filters


def _check(pack: HttpPackSpec, problems: Problems) -> None:
    needs_proof = any(spec.once is Once.FINDABLE for spec in pack.operations.values()) or pack.reads
    if pack.probe.accept is None and (needs_proof or any(feed.control for feed in pack.feeds.values())):
        problems.warn(("probe",), "without accept nothing can be proven absent; write accept: status = 200, or better")
    for name, hook in pack.webhooks.items():
        if hook.feed not in pack.feeds:
            problems.error(("webhooks", name, "feed"), f"there is no feed {hook.feed}")
