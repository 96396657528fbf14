"""Which files of a repository this importer reads, which of several it prefers, and what the user may say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import filterfalse

from tocompose.importers import ImportOptions, SourceError
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.json_data import read_plain_json
from tocompose.record import NamedTuple
from tocompose.tables import load

# Read at the root only, as the platforms do.
PLATFORM_FILES = (
    "Procfile",
    "heroku.yml",
    "heroku.yaml",
    "app.json",
    "DOKKU_SCALE",
    "CHECKS",
)
# Never picked by a platform; taken when nothing else names processes, or when the user names one. Best first.
VARIANTS = (
    "Procfile.production",
    "Procfile.heroku",
    "Procfile.docker",
    "Procfile.dev",
    "Procfile.local",
)
MODES = ("auto", "never", "pack")
_VARIANT = regex(r"Procfile\.[A-Za-z0-9_.-]+|[A-Za-z0-9_.-]+\.procfile", re.IGNORECASE)
_NOT_FOR_PRODUCTION = regex(r"(?i)windows|test|ci\b")
# What a script tells a process manager to read: `foreman start -f Procfile.dev`.
_NAMED_FILE = regex(r"(?:-f|--procfile)[ =]([\w./-]+)")
_PROCESS_LINE = regex(r"[A-Za-z0-9_-]+:[ \t]+[^\s\[{&*!|>'\"%@`].*")
_STANDARD_INPUT = ("-", "<stdin>", "stdin", "standard input")
MANIFESTS = (
    "Gemfile",
    "requirements.txt",
    "Pipfile",
    "composer.json",
    "mix.exs",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "package.json",
    "static.json",
)
OTHER_FORMATS = (".yml", ".yaml", ".sh", ".bash", ".service", "Makefile", "justfile")


class ProcfileChoice(NamedTuple):
    """The Procfile that is read (empty for none), and the variants that are left aside."""

    path: str
    left_aside: tuple[str, ...]
    fallback: bool = False


def find_sources(project: Project) -> tuple[str, ...]:
    """The files that speak of a Procfile or Heroku-style repository."""
    paths = [path for path in _root_files(project) if _speaks_of_platform(project, path)]
    paths += [path for path in _named_procfiles(project) if path not in paths]
    return tuple(paths) or _find_manifest(project)


def _root_files(project: Project) -> list[str]:
    return [path for path in project.files() if "/" not in path]


def _speaks_of_platform(project: Project, path: str) -> bool:
    if path == "app.json":
        return _is_app_json(project)
    return path in PLATFORM_FILES or _VARIANT.fullmatch(path) is not None


def _is_app_json(project: Project) -> bool:
    content = project.read("app.json") or b""
    data = read_plain_json(content, "app.json").data
    if not isinstance(data, dict) or "expo" in data:
        return False
    return any(row.get("telling") for key, row in load("app_json").items() if key in data)


def _named_procfiles(project: Project) -> Iterator[str]:
    """The files that the user named and that are Procfiles: by their name, or by what one without a name holds."""
    for path in project.named:
        name = path.rsplit("/", 1)[-1]
        has_name = name == "Procfile" or _VARIANT.fullmatch(name) is not None
        is_nameless = name in _STANDARD_INPUT
        if has_name or (is_nameless and _holds_processes(project.read(path) or b"")):
            yield path


def _holds_processes(content: bytes) -> bool:
    lines = content.decode("utf-8", "replace").splitlines()
    stated = [line for line in lines if line.strip() and not line.startswith("#")]
    return bool(stated) and all(_PROCESS_LINE.fullmatch(line) for line in stated)


def _find_manifest(project: Project) -> tuple[str, ...]:
    """A repository without a platform file, which a buildpack could still run; only where no other format may be."""
    paths = _root_files(project)
    if project.named or any(path.endswith(OTHER_FORMATS) for path in paths):
        return ()
    return tuple(path for path in paths if path in MANIFESTS)[:1]


def apps_below(project: Project) -> tuple[str, ...]:
    """The folders that hold a Procfile, where the root holds none: a repository of several apps."""
    paths = (path for path in project.files() if path.endswith("/Procfile"))
    return tuple(sorted(path.rpartition("/")[0] for path in paths))


def choose_procfile(project: Project, asked_path: str) -> ProcfileChoice:
    """The Procfile to read: the one that the user names, else the platform's, else the variant nearest production."""
    variants = list(filter(_VARIANT.fullmatch, _root_files(project)))
    named = list(_named_procfiles(project))
    path = asked_path or (named[0] if len(named) == 1 else "")
    if project.exists("Procfile"):
        path = path or "Procfile"
        variants.insert(0, "Procfile")
    if path:
        return ProcfileChoice(path, _all_but(variants, path))
    variants.sort(key=_variant_rank)
    path = next(filterfalse(_NOT_FOR_PRODUCTION.search, variants), "")
    return ProcfileChoice(path, _all_but(variants, path), fallback=bool(path))


def development_file(project: Project) -> str:
    """The Procfile for development: the one that bin/dev starts, else Procfile.dev; empty where the user names it.

    Beside the platform's Procfile, or in its place where there is none.
    """
    if (
        not project.exists("Procfile")
        and choose_procfile(project, "").path != "Procfile.dev"
    ):
        return ""
    script = (project.read("bin/dev") or b"").decode("utf-8", "replace")
    match = _NAMED_FILE.search(script)
    for path in (match[1].removeprefix("./") if match else "", "Procfile.dev"):
        if path and path != "Procfile" and project.exists(path):
            return path
    return ""


def _all_but(paths: list[str], excluded: str) -> tuple[str, ...]:
    return tuple(path for path in paths if path != excluded)


def _variant_rank(path: str) -> tuple[int, str]:
    return (VARIANTS.index(path) if path in VARIANTS else len(VARIANTS), path)


def check_options(project: Project, settings: ImportOptions) -> None:
    """Raises SourceError for an option that asks for what there is not."""
    option_values = settings.options.get
    for mode in option_values("dockerfile", ()):
        if mode not in MODES:
            raise SourceError(f"dockerfile={mode}: it is one of {', '.join(MODES)}")
    for path in filterfalse(project.exists, option_values("procfile", ())):
        present = [name for name in _root_files(project) if name.startswith("Procfile")]
        there_is = ", ".join(present) or "no Procfile"
        raise SourceError(f"procfile={path}: no such file; there is {there_is}")
    environments = _app_environments(project)
    for name in filterfalse(environments.__contains__, option_values("environment", ())):
        there_is = ", ".join(environments) or "none"
        raise SourceError(
            f"environment={name}: app.json has no such environment; there is {there_is}"
        )


def _app_environments(project: Project) -> list[str]:
    data = read_plain_json(project.read("app.json") or b"{}", "app.json").data
    environments = data.get("environments") if isinstance(data, dict) else None
    return sorted(environments) if isinstance(environments, dict) else []
