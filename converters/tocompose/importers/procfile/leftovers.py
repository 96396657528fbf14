"""What stands beside the Procfile and is settled last: buildpacks, runtime files, scripts, code that forces TLS."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.language import settle_buildpacks
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.scan import Scan
from tocompose.importers.procfile.services import Plan
from tocompose.knowledge.servers import family_kinds, servers
from tocompose.ledger import Cursor
from tocompose.notes import note
from tocompose.readers.lines import read_lines
from tocompose.source import Span

_OTHER_PLATFORMS = (
    "captain-definition",
    "railway.json",
    "railway.toml",
    "nixpacks.toml",
    "railpack.json",
    "fly.toml",
)
_RUNTIME_FILES = ("runtime.txt", "system.properties", "elixir_buildpack.config")
_PLATFORM_VARIABLES = (
    "DYNO",
    "DYNO_RAM",
    "HEROKU_SLUG_COMMIT",
    "HEROKU_RELEASE_VERSION",
    "HEROKU_APP_ID",
    "STACK",
)
# Set by the image, the shell or the language itself.
_SET_BY_LANGUAGES = (
    "PATH",
    "HOME",
    "USER",
    "PWD",
    "TMPDIR",
    "CI",
    "NODE_ENV",
    "RAILS_ENV",
    "RACK_ENV",
    "MIX_ENV",
    "LANG",
)
_SHOWN = 12


def settle(
    repository: Repository,
    app: AppJson,
    buildpacks: tuple[Cursor, ...],
    plan: Plan,
    found: Scan,
    backings: tuple[Backing, ...],
) -> None:
    """Settles the rest of the sources, and says what the code would stumble over."""
    generated = any(item.generated for item in plan.images.values())
    language = next((item.language for item in plan.images.values()), "")
    settle_buildpacks(buildpacks, generated, language)
    _settle_stack(app)
    if not generated:
        _settle_runtime_files(repository)
    _say_scripts(repository)
    _say_hooks(repository, language if generated else "")
    _say_code(repository, found, backings)
    _say_variables(repository, plan, found)
    for path in _OTHER_PLATFORMS:
        if repository.project.read(path) is not None:
            repository.say("TC368", Span(path, 1, 1, 1, 1), file=path)
    if any(service.publishes for service in plan.processes):
        repository.say("TC373", None, subject="services")


def _settle_stack(app: AppJson) -> None:
    """The base image of the platform: a generated image has its own, `container` means a Dockerfile."""
    for root in (app.root, app.environment):
        for entry in root:
            if entry.key == "stack":
                entry.skip(
                    "the stack is the platform's base image; the Dockerfile names its own"
                )
            elif entry.style in ("{}", "[]", "null"):
                entry.skip("it is empty")


def _settle_runtime_files(repository: Repository) -> None:
    for path in _RUNTIME_FILES:
        for line in repository.open(path, read_lines, "lines"):
            line.skip("the Dockerfile of the repository names the version")


def _say_scripts(repository: Repository) -> None:
    for path in _profile_scripts(repository):
        repository.say("TC351", Span(path, 1, 1, 1, 1), file=path)


def _say_hooks(repository: Repository, language: str) -> None:
    """https://devcenter.heroku.com/articles/python-support#pre-and-post-compile-hooks"""
    for path in ("bin/pre_compile", "bin/post_compile") if language == "python" else ():
        if repository.project.read(path) is not None:
            repository.say(
                "TC385", Span(path, 1, 1, 1, 1), subject="files.Dockerfile", file=path
            )


def _profile_scripts(repository: Repository) -> Iterator[str]:
    for path in repository.project.files():
        if path == ".profile" or (path.startswith(".profile.d/") and path.endswith(".sh")):
            yield path


def _say_code(repository: Repository, found: Scan, backings: tuple[Backing, ...]) -> None:
    present = {item.kind: item.service.name for item in backings}
    for kind, row in servers().items():
        places = [place for name, place in found.tls if name == kind]
        if places and kind in present:
            first, *others = places
            subject, related = f"services.{present[kind]}", [place.span for place in others]
            said = note(
                "TC369",
                first.span,
                subject=subject,
                related=related,
                target=row["title"],
                what=first.what,
            )
            repository.ledger.say(said)
    for place in found.redirects:
        repository.say("TC353", place.span, subject="services.web", what=place.what)
    if found.sqlite and not set(family_kinds("sql")) & present.keys():
        repository.say("TC414", found.sqlite[0].span)
    for what, where, span in found.disk[:1]:
        repository.say(
            "TC352", span, subject="services.web.volumes", what=what, where=where
        )
    if found.skipped:
        repository.say("TC376", None, count=found.skipped)


def _say_variables(repository: Repository, plan: Plan, found: Scan) -> None:
    """Variables that only the platform sets and that the code reads."""
    given = {item.name for item in plan.entries} | {"PORT"} | set(_SET_BY_LANGUAGES)
    for name in _PLATFORM_VARIABLES:
        if name in found.variables and name not in given:
            repository.say("TC341", found.variables[name], subject="services", name=name)
    unset = sorted(
        name
        for name in found.variables
        if name not in given and name not in _PLATFORM_VARIABLES
    )
    if unset:
        shown = ", ".join(unset[:_SHOWN]) + (
            f" and {len(unset) - _SHOWN} more" if len(unset) > _SHOWN else ""
        )
        repository.say("TC377", found.variables[unset[0]], subject="services", names=shown)
