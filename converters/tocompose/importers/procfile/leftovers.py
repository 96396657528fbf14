"""What stands beside the Procfile and is settled last: buildpacks, runtime files, scripts, code that forces TLS."""

from __future__ import annotations

from tocompose.importers.procfile.app_json import METADATA, AppJson
from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.database_volumes import shared_databases
from tocompose.importers.procfile.encryption import encrypts
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import settle_buildpacks
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.scan import CodeScan, Occurrence
from tocompose.importers.procfile.services import AppPlan
from tocompose.knowledge.servers import family_kinds, servers
from tocompose.languages import find_language
from tocompose.ledger import Cursor
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.readers.reading import read_lines
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.syntax.names import SetBy, names_set_by
from tocompose.wording import counted, enumerated

_OTHER_PLATFORMS = (
    "captain-definition",
    "railway.json",
    "railway.toml",
    "nixpacks.toml",
    "railpack.json",
    "fly.toml",
)
# https://github.com/heroku/heroku-buildpack-nginx
_BUILD_SETTINGS = ("config/nginx.conf.erb", "config/pgbouncer.ini.erb")
# https://github.com/heroku/heroku-buildpack-static
# How an address says that TLS is meant.
_TLS_SIGNS = {
    "postgres": "contains sslmode=require",
    "redis": "begins with rediss://",
}
_SITE = ("static.json",)
_RUNTIME_FILES = ("runtime.txt", "system.properties", "elixir_buildpack.config")
# https://devcenter.heroku.com/articles/python-support#pre-and-post-compile-hooks
_PYTHON_HOOKS = ("bin/pre_compile", "bin/post_compile")
_PLATFORM_VARIABLES = ("DYNO", "DYNO_RAM", *METADATA, "STACK")
# Set by the image, the session or the language itself.
_SET_ANYWAY = names_set_by(SetBy.SYSTEM, SetBy.SESSION, SetBy.LANGUAGE) | {"PORT", "CI"}
_MOST_SHOWN = 12
# https://devcenter.heroku.com/articles/stack, those of the past too.
_STACK = regex(r"heroku(?:-\d{2})?|cedar(?:-14)?|bamboo[\w.-]*|aspen[\w.-]*|container|cnb")
_OF_PLATFORM = "Heroku's stack is its base image; the Dockerfile names its own"
_OF_DOCKERFILE = (
    "the stack container means that Heroku builds a Dockerfile, as Compose does"
)
# Settings that production does not load.
_OTHER_MODES = regex(r"(?:^|[/_.-])(?:development|dev|local|test|testing)\.\w+$")


def settle_leftovers(
    app: AppJson,
    buildpacks: tuple[Cursor, ...],
    plan: AppPlan,
    code: CodeScan,
    backings: tuple[Backing, ...],
) -> None:
    """Settles the rest of the sources, and says what the code would stumble over."""
    repository = plan.repository
    generated = any(image.generated for image in plan.images.values())
    language = next(iter(plan.images.values())).language
    settle_buildpacks(buildpacks, generated, language)
    _settle_stack(app)
    if not generated:
        _settle_runtime_files(repository)
    _note_profile_scripts(repository)
    if generated and language == "python":
        _note_files(repository, "TC385", _PYTHON_HOOKS, ModelPath.of("files", "Dockerfile"))
    services = {backing.kind: backing.service.name for backing in backings}
    _note_tls(repository, code, services)
    _note_code(repository, code)
    _note_databases(plan, code, services)
    _note_variables(plan, code)
    _note_files(repository, "TC368", _OTHER_PLATFORMS)
    if generated:
        subject = ModelPath.of("files", "Dockerfile")
        site = () if any(_is_site(image) for image in plan.images.values()) else _SITE
        _note_files(repository, "TC576", (*_BUILD_SETTINGS, *site), subject)
    if any(process.publishes for process in plan.processes):
        repository.add_note("TC373", subject=ModelPath.of("services"))


def _is_site(image: Image) -> bool:
    return image.language == "static"


def _settle_stack(app: AppJson) -> None:
    """The base image of the platform: a generated image has its own, `container` means a Dockerfile."""
    for root in (app.root, app.environment):
        for member in root:
            if member.key == "stack" and not _STACK.fullmatch(member.peek() or "heroku"):
                stacks = "a stack of the platform, such as heroku-24 or container"
                member.note("TC315", what="stack", wanted=stacks)
            elif member.key == "stack":
                is_container = member.peek() == "container"
                member.skip(_OF_DOCKERFILE if is_container else _OF_PLATFORM)
            elif member.style in ("{}", "[]", "null"):
                member.skip("it is empty")


def _settle_runtime_files(repository: Repository) -> None:
    for path in _RUNTIME_FILES:
        for line in repository.open(path, read_lines, "lines"):
            line.skip("the image is built from a Dockerfile, which names the version")


def _note_profile_scripts(repository: Repository) -> None:
    for path in repository.project.files():
        is_script = path.startswith(".profile.d/") and path.endswith(".sh")
        if is_script or path == ".profile":
            repository.add_note("TC351", Span(path, 1, 1, 1, 1), file=path)


def _note_files(
    repository: Repository, code: str, paths: tuple[str, ...], subject: ModelPath = ROOT
) -> None:
    """A note on each of the files that the repository has."""
    for path in filter(repository.has_file, paths):
        repository.add_note(code, Span(path, 1, 1, 1, 1), subject=subject, file=path)


def _note_tls(repository: Repository, code: CodeScan, services: dict[str, str]) -> None:
    """Code that insists on TLS, where the stack's own service speaks plain text."""
    for kind, row in servers().items():
        occurrences = [occurrence for occurrence in code.tls if occurrence.name == kind]
        if not occurrences or kind not in services:
            continue
        # Several rules may find the same line of a file.
        by_file = {demand.span.file: demand for demand in reversed(occurrences)}
        first_occurrence, *other_occurrences = reversed(by_file.values())
        repository.ledger.add_note(
            note(
                "TC369",
                first_occurrence.span,
                subject=ModelPath.service(services[kind]),
                related=[occurrence.span for occurrence in other_occurrences],
                target=row["title"],
                what=first_occurrence.words,
                outcome=_tls_outcome(kind, occurrences, services[kind]),
                advice_text=_tls_advice(kind, occurrences),
            )
        )


def _tls_outcome(kind: str, occurrences: list[Occurrence], service: str) -> str:
    if not encrypts(kind, occurrences):
        return "the service of the stack speaks plain text, so such a connection fails"
    certificate = "a self-signed certificate, as the platform's does"
    return f"the service {service} speaks it, with {certificate}"


def _tls_advice(kind: str, occurrences: list[Occurrence]) -> str:
    if encrypts(kind, occurrences):
        return "Nothing to do, unless the code verifies the certificate."
    return f"Make TLS depend on the address, for example on whether it {_TLS_SIGNS[kind]}."


def _note_code(repository: Repository, code: CodeScan) -> None:
    for redirect in code.redirects:
        redirect_text = _with_condition(repository, redirect)
        subject = ModelPath.service("web")
        repository.add_note("TC353", redirect.span, subject=subject, what=redirect_text)
    _note_gates(repository, code)
    if code.skipped:
        repository.add_note("TC376", files=counted(code.skipped, "source file"))


def _note_databases(plan: AppPlan, code: CodeScan, services: dict[str, str]) -> None:
    has_server = not services.keys().isdisjoint(family_kinds("sql"))
    if code.sqlite and not has_server and not shared_databases(plan):
        _note_sqlite(plan, code.sqlite)


def _note_sqlite(plan: AppPlan, found: tuple[Occurrence, ...]) -> None:
    """Says that the database is on no volume; louder where each of several services makes one of its own."""
    span = found[0].span
    names = [process.service for process in plan.processes if _lasts(process)]
    if len(names) < 2:
        plan.repository.add_note("TC414", span)
        return
    paths = (database.path for database in plan.databases)
    path = next(paths, "the database file")
    subject = ModelPath.of("services")
    facts = {"services": enumerated(names), "path": path}
    plan.repository.add_note("TC417", span, subject=subject, **facts)


def _lasts(process: Process) -> bool:
    """Whether the stack starts it by itself."""
    return not process.traits.get("profile")


def _note_gates(repository: Repository, code: CodeScan) -> None:
    """Says which hosts, origins and proxies the code lists, each name once; settings of development are left out."""
    shown: set[str] = set()
    for gate in code.gates:
        if gate.name in shown or _OTHER_MODES.search(gate.span.file):
            continue
        shown.add(gate.name)
        repository.add_note(
            gate.value,
            gate.span,
            subject=ModelPath.service("web"),
            what=_with_condition(repository, gate),
        )


def _with_condition(repository: Repository, occurrence: Occurrence) -> str:
    """The name of what was found, and that it stands below a condition where the syntax of its file shows that."""
    file, line = occurrence.span.file, occurrence.span.line
    if not file.endswith(".py"):
        return occurrence.name
    text = repository.read_text(file) or ""
    is_conditional = find_language("python").conditional_line(text, line)
    return f"{occurrence.name}, under a condition" if is_conditional else occurrence.name


def _note_variables(plan: AppPlan, code: CodeScan) -> None:
    """Variables that only the platform sets, and those that nothing sets, that the code reads."""
    repository = plan.repository
    set_names = {*_SET_ANYWAY, *(variable.name for variable in plan.app_variables)}
    unset = [name for name in code.variables if name not in set_names]
    for name in _PLATFORM_VARIABLES:
        if name in unset:
            repository.add_note(
                "TC341", code.variables[name], subject=ModelPath.of("services"), name=name
            )
    names = sorted(name for name in unset if name not in _PLATFORM_VARIABLES)
    if not names:
        return
    shown = ", ".join(names[:_MOST_SHOWN])
    if len(names) > _MOST_SHOWN:
        shown += f" and {len(names) - _MOST_SHOWN} more"
    repository.add_note(
        "TC377", code.variables[names[0]], subject=ModelPath.of("services"), names=shown
    )
