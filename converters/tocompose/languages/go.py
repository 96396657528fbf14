"""Go: modules, versions, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.languages import versions
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.patterns import regex
from tocompose.repository import Repository, StatedVersion

_REQUIRED = regex(r"^\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+)\s+v")
_STATED_VERSIONS = (
    regex(r"^//\s*\+heroku\s+goVersion\s+(?:go)?([\d.]+)", re.MULTILINE),
    regex(r"^toolchain\s+go([\d.]+)", re.MULTILINE),
    regex(r"^go\s+([\d.]+)", re.MULTILINE),
)
# Commands that run the toolchain itself.
_RUNS_TOOL = regex(r"(?:^|[\s;&|(])go\s")


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    for line in (repository.read_text("go.mod") or "").splitlines():
        match = _REQUIRED.match(line)
        if match and "// indirect" not in line:
            yield _without_major(match[1]), "go.mod"


def _without_major(module: str) -> str:
    return re.sub(r"/v\d+$", "", module)


def module_name(repository: Repository) -> str:
    """The last part of the module's path, which is what its program is called."""
    match = re.search(
        r"^module\s+(\S+)", repository.read_text("go.mod") or "", re.MULTILINE
    )
    module = _without_major(match[1]) if match else "app"
    return module.rsplit("/", 1)[-1]


def _built_program(repository: Repository) -> str:
    """The program that the Go buildpack builds: `bin/` and the last part of the module's path."""
    name = module_name(repository)
    commands = _command_folders(repository)
    has_own = name in commands or "." in _main_packages(repository)
    return f"bin/{name if has_own or len(commands) != 1 else commands[0]}"


def _command_folders(repository: Repository) -> tuple[str, ...]:
    """The folders right below cmd/ that hold a program."""
    matches = (
        re.fullmatch(r"cmd/([^/]+)/[^/]+\.go", path) for path in repository.project.files()
    )
    return tuple(dict.fromkeys(match[1] for match in matches if match))


def _stated_versions(module_text: str) -> Iterator[StatedVersion]:
    """The versions that go.mod states, that of Heroku's comment first."""
    for pattern in _STATED_VERSIONS:
        if match := pattern.search(module_text):
            yield StatedVersion(match[1], "go.mod says so")


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    text = repository.read_text("go.mod") or ""
    stated_versions = _stated_versions(text)
    version = versions.choose_version(repository, "go", stated_versions, versions.dotted)
    if version is None:
        version = versions.use_default(repository, "go")
    stated = re.search(r"^//\s*\+heroku\s+install\s+(.+)$", text, re.MULTILINE)
    return DockerfileFacts(
        image=f"golang:{version.number}-alpine",
        version_reason=version.reason,
        default_command=(_built_program(repository),),
        development_command=("go", "run", _web_package(source)),
        template={
            "sums": repository.has_file("go.sum"),
            "vendored": repository.project.exists("vendor/modules.txt"),
            "packages": stated[1].split() if stated else _main_packages(repository),
            "release": "bookworm",
            "cgo": source.uses("github.com/mattn/go-sqlite3"),
            # The packages that are asked for are Debian's, and the image of the toolchain is Alpine.
            "tools": not source.packages and any(map(_RUNS_TOOL.search, source.commands)),
        },
    )


def _main_packages(repository: Repository) -> list[str]:
    """What the platform installs: the commands below cmd/, and the root where it holds a main package."""
    files = repository.project.files()
    has_commands = any(re.fullmatch(r"cmd/.+\.go", path) for path in files)
    has_root = any(re.fullmatch(r"[^/]+\.go", path) for path in files)
    packages = ["./cmd/..."] if has_commands else []
    return [*packages, "."] if has_root or not has_commands else packages


def _web_package(source: DockerfileInput) -> str:
    """The package that the web command is built from."""
    arguments = source.web_command.split()
    program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    folder = f"cmd/{program}/"
    files = source.repository.project.files()
    if program and any(path.startswith(folder) for path in files):
        return f"./cmd/{program}"
    return "."


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_built_program,
)
