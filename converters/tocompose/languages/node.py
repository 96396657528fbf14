"""Node.js: packages, versions, package managers, and what the Dockerfile of an app needs.

Apps in other languages have stages with Node.js too, where it builds their front ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.knowledge.versions import default_version
from tocompose.languages import versions
from tocompose.languages.language import (
    DockerfileFacts,
    DockerfileInput,
    Language,
    note_missing_lock,
    note_no_libraries,
)
from tocompose.languages.node_development import BUILD_SCRIPTS, development_command
from tocompose.languages.versions import slim_image
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository, StatedVersion, map_at
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, load

# What an install needs beside package.json, when the repository has it.
_FILES_BESIDE = (
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    "bunfig.toml",
)
_FOLDERS_BESIDE = (".yarn", "patches")
_REQUIREMENTS = ("dependencies", "devDependencies", "optionalDependencies")
# https://docs.npmjs.com/cli/v10/configuring-npm/package-json#local-paths, and what Yarn and pnpm call it.
_LOCAL = ("file:", "link:", "portal:", "workspace:", "./", "../", "~/")
_INSTALL_HOOKS = ("preinstall", "install", "postinstall", "prepare")
# A step of a script that changes the database, such as `yarn db:migrate` or `prisma migrate deploy`.
_MIGRATION = regex(r"\bmigrat(?:e|ions?)\b")
# Corepack no longer comes with Node.js from this version on.
_WITHOUT_COREPACK = 25
_OF_REPOSITORY = regex(r"(?:git[+@:]|github:|gitlab:|bitbucket:|[\w.-]+/[\w.-]+(?:#|$))")
# https://devcenter.heroku.com/articles/nodejs-support#package-installation: any value of these keeps them.
_KEEPS_DEVELOPMENT = ("NPM_CONFIG_PRODUCTION", "YARN_PRODUCTION", "PNPM_SKIP_PRUNING")
# Puppeteer with Debian's Chromium: the one that it downloads stays in the build's home folder.
_BROWSER = {
    "PUPPETEER_SKIP_DOWNLOAD": "true",
    "PUPPETEER_EXECUTABLE_PATH": "/usr/bin/chromium",
}


class PackageTool(NamedTuple):
    """A package manager: its lock file, and how it installs all, only what production needs, and runs a script."""

    name: str
    lock: str
    install: str
    prune: str
    run: str


class NodeStage(NamedTuple):
    """What a stage with Node.js packages does; `setup` brings the package manager, `steps` run the build scripts.

    `manifests` and `folders` are what the install needs; with `whole_first` it needs the whole repository.
    """

    image: str
    install: str
    steps: tuple[str, ...]
    setup: str = ""
    manifests: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    whole_first: bool = False


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    package = repository.read_json("package.json")
    for key in ("dependencies", "optionalDependencies"):
        for name in map_at(package, key):
            yield name, "package.json"


def _default_command(repository: Repository) -> str:
    scripts = package_scripts(repository.read_json("package.json"))
    # npm itself runs server.js where no script of that name is.
    return "npm start" if "start" in scripts or repository.has_file("server.js") else ""


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    package = repository.read_json("package.json")
    stated_version = choose_node_version(repository)
    version = stated_version.number
    tool = package_tool(repository, package, notes_lock=True)
    steps = tuple(build_steps(package, tool))
    _note_migrating_build(source, package)
    stage = node_stage(repository, package, tool, version, steps)
    has_browser = source.uses("puppeteer", "whatsapp-web.js")
    return DockerfileFacts(
        image=stage.image,
        version_reason=stated_version.reason,
        default_command=("npm", "start") if package else ("node", "server.js"),
        development_command=development_command(source, package_scripts(package), version),
        build_packages=_packages_for_git(package),
        build_steps=steps,
        template={
            "node": stage,
            "prune": "" if _needs_development(source, package) else tool.prune,
            "environment": _BROWSER if has_browser else {},
        },
    )


def _packages_for_git(package: dict[str, Any]) -> tuple[str, ...]:
    """What an install needs for packages that come from a repository; the slim image has neither."""
    for key in _REQUIREMENTS:
        for requirement in map_at(package, key).values():
            if _OF_REPOSITORY.match(str(requirement)):
                return ("ca-certificates", "git")
    return ()


def package_scripts(package: dict[str, Any]) -> dict[str, str]:
    """The scripts of package.json that are text."""
    scripts = map_at(package, "scripts")
    return {name: script for name, script in scripts.items() if isinstance(script, str)}


def choose_node_version(repository: Repository) -> StatedVersion:
    """The version: engines.node first, as on the platform, then the files of version managers."""
    version = versions.choose_version(
        repository, "node", _stated_versions(repository), versions.node_version
    )
    if version is None:
        version = versions.use_default(repository, "node")
    return version


def _stated_versions(repository: Repository) -> Iterator[StatedVersion]:
    stated = map_at(repository.read_json("package.json"), "engines").get("node")
    if isinstance(stated, str):
        yield StatedVersion(stated, f"engines.node is {stated}")
    yield from versions.read_version_files(repository, "node")


def _note_lack_of_lock(repository: Repository, package: dict[str, Any]) -> None:
    if not repository.has_file("package.json"):
        note_no_libraries(repository, "Node.js", "package.json")
    elif any(map_at(package, key) for key in _REQUIREMENTS):
        problem = "package.json has no lock file"
        note_missing_lock(repository, problem, "npm install --package-lock-only")


def package_tool(
    repository: Repository, package: dict[str, Any], notes_lock: bool = False
) -> PackageTool:
    """The package manager: by its lock file, then by packageManager."""
    rows = load("languages")["node"]["package_tools"]
    locks = ((name, lock) for name, row in rows.items() for lock in row["locks"])
    for name, lock in locks:
        if repository.has_file(lock):
            is_classic = name == "yarn" and not _is_yarn_berry(repository, package)
            return _find_tool("yarn-classic" if is_classic else name, lock)
    if notes_lock:
        _note_lack_of_lock(repository, package)
    return _find_tool("npm", "")._replace(install="npm install")


def _find_tool(name: str, lock: str) -> PackageTool:
    row = load("languages")["node"]["package_tools"][name]
    return PackageTool(name, lock, row["install"], row["prune"], row["run"])


def _is_yarn_berry(repository: Repository, package: dict[str, Any]) -> bool:
    """Whether Yarn is of version 2 or later."""
    stated = str(package.get("packageManager") or "")
    if repository.project.exists(".yarnrc.yml") or re.match(r"yarn@[2-9]", stated):
        return True
    return "__metadata:" in (repository.read_text("yarn.lock") or "")[:400]


def build_stage(repository: Repository) -> NodeStage | None:
    """The Node.js stage of an app in another language whose package.json has a build; None where it has none."""
    package = repository.read_json("package.json")
    tool = package_tool(repository, package)
    steps = tuple(build_steps(package, tool))
    if not steps:
        return None
    version = choose_node_version(repository).number
    return node_stage(repository, package, tool, version, steps)


def node_stage(
    repository: Repository,
    package: dict[str, Any],
    tool: PackageTool,
    version: str,
    steps: tuple[str, ...],
) -> NodeStage:
    """The stage that installs the packages and runs the steps."""
    has_package = repository.has_file("package.json")
    beside = ("package.json", tool.lock, *filter(repository.has_file, _FILES_BESIDE))
    scripts = package_scripts(package)
    has_hooks = any(name in scripts for name in _INSTALL_HOOKS)
    clean_up = " && yarn cache clean" if tool.name.startswith("yarn") else ""
    return NodeStage(
        image=slim_image("node", version),
        install=f"{tool.install}{clean_up}" if has_package else "",
        steps=steps,
        setup=_tool_setup(package, tool, version),
        manifests=tuple(filter(None, beside)) if has_package else (),
        folders=tuple(filter(repository.project.exists, _FOLDERS_BESIDE)),
        whole_first=has_hooks
        or has_workspaces(repository, package)
        or _names_folders(package)
        or repository.project.exists("prisma"),
    )


def has_workspaces(repository: Repository, package: dict[str, Any]) -> bool:
    """Whether the repository holds several packages, which a package manager links."""
    return "workspaces" in package or repository.has_file("pnpm-workspace.yaml")


def _names_folders(package: dict[str, Any]) -> bool:
    """Whether a package is a folder of the repository, which must be there when it is installed."""
    requirements = (
        str(requirement)
        for key in _REQUIREMENTS
        for requirement in map_at(package, key).values()
    )
    return any(requirement.startswith(_LOCAL) for requirement in requirements)


def _tool_setup(package: dict[str, Any], tool: PackageTool, version: str) -> str:
    """How the package manager comes into the image; empty for the one that Node.js brings along."""
    stated = str(package.get("packageManager") or "")
    is_pinned = re.match(r"(?:yarn|pnpm)@(\d[\w.-]*)", stated) is not None
    has_corepack = int(version.split(".")[0]) < _WITHOUT_COREPACK
    if tool.name == "npm":
        return ""
    if tool.name == "bun":
        return _install_tool("bun")
    if tool.name == "yarn-classic" and not is_pinned:
        return "" if has_corepack else _install_tool("yarn")
    if tool.name == "pnpm" and not is_pinned:
        return _install_tool("pnpm")
    if has_corepack:
        return "corepack enable"
    return f"{_install_tool('corepack')} && corepack enable"


def _install_tool(name: str) -> str:
    return f"npm install --global {name}@{default_version(name)}"


def build_steps(package: dict[str, Any], tool: PackageTool) -> Iterator[str]:
    """The build scripts, as the platform runs them: heroku-postbuild in the place of build.

    One that migrates the database gives way to one that does not.
    """
    scripts = package_scripts(package)
    stated = [name for name in BUILD_SCRIPTS if name in scripts]
    for name in sorted(stated, key=lambda name: _migrates(scripts[name]))[:1]:
        yield f"{tool.run} {name}"


def _migrates(script: str) -> bool:
    return _MIGRATION.search(script) is not None


def _note_migrating_build(source: DockerfileInput, package: dict[str, Any]) -> None:
    """Says that the platform's build script needs the database, and what runs in its place if anything does."""
    scripts = package_scripts(package)
    stated = [name for name in BUILD_SCRIPTS if name in scripts]
    if not stated or not _migrates(scripts[stated[0]]):
        return
    others = [name for name in stated if not _migrates(scripts[name])]
    outcome = (
        f"the image runs {others[0]} alone"
        if others
        else "`docker compose build` will fail"
    )
    source.repository.add_note(
        "TC569",
        Span("package.json", 1, 1, 1, 1),
        subject=ModelPath.of("files", "Dockerfile"),
        service=source.service,
        script=stated[0],
        outcome=outcome,
    )


def _needs_development(source: DockerfileInput, package: dict[str, Any]) -> bool:
    """Whether something that runs in production is a development dependency: then they stay."""
    if any(name in source.settings for name in _KEEPS_DEVELOPMENT):
        return True
    text = " ".join((*source.commands, package_scripts(package).get("start", "")))
    if re.search(r"\b(?:npm|yarn|pnpm)\s+(?:run\s+)?build\b", text):
        return True
    programs = set(_development_programs(package))
    return any(
        re.search(rf"(?:^|[\s/]){re.escape(name)}(?:\s|$)", text) for name in programs
    )


def _development_programs(package: dict[str, Any]) -> Iterator[str]:
    listed = package.get("devDependencies")
    if isinstance(listed, dict):
        yield from (name.rsplit("/", 1)[-1] for name in listed)
        yield "ts-node"
        if "typescript" in listed:
            yield "tsc"


def inlined_prefixes() -> tuple[str, ...]:
    """How the names of variables begin that a bundler writes into pages, which everybody can read."""
    return tuple(load("bundlers")["inlined"])


def inlined_names(repository: Repository, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names whose values the front end gets when it is built; none where nothing builds one."""
    package = repository.read_json("package.json")
    if not any(name in package_scripts(package) for name in BUILD_SCRIPTS):
        return ()
    libraries = {**map_at(package, "dependencies"), **map_at(package, "devDependencies")}
    prefixes = tuple(
        prefix
        for prefix, needed in load("bundlers")["inlined"].items()
        if not needed or not libraries.keys().isdisjoint(needed)
    )
    return tuple(sorted(name for name in names if name.startswith(prefixes)))


def find_bundler(repository: Repository) -> Row | None:
    """The row of bundlers.yaml that package.json's build script runs; None where a start script serves by itself."""
    package = repository.read_json("package.json")
    scripts = map_at(package, "scripts")
    libraries = {**map_at(package, "dependencies"), **map_at(package, "devDependencies")}
    rows: Mapping[str, Any] = load("bundlers")
    if not libraries.keys().isdisjoint(rows["renders"]):
        return None
    start = str(scripts.get("start", "")).strip()
    is_served = start and not re.fullmatch(rows["serves"]["match"], start)
    if is_served or repository.project.exists("server.js"):
        return None
    build = str(scripts.get("build", ""))
    for row in rows.values():
        if isinstance(row, dict) and "root" in row and re.search(row["match"], build):
            return row
    return None


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
)
