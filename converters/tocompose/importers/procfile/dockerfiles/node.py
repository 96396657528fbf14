"""What the Dockerfile of a Node.js app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tocompose.importers.procfile.dockerfiles import versions
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts
from tocompose.importers.procfile.dockerfiles.suites import tag
from tocompose.importers.procfile.dockerfiles.versions import File, Version
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor

_FILES = (
    File(".nvmrc", r"^v?([\w./*-]+)$"),
    File(".node-version", r"^v?([\w./*-]+)$"),
    File(".tool-versions", r"^node(?:js)?\s+(\S+)"),
)
# What an install needs beside package.json, when the repository has it.
_BESIDE = (
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    "bunfig.toml",
)
_HOOKS = ("preinstall", "install", "postinstall", "prepare")
# Corepack no longer comes with Node.js from this version on.
_NO_COREPACK = 25


class PackageTool(NamedTuple):
    """A package manager: its lock file, and how it installs all, only what production needs, and runs a script."""

    name: str
    lock: str
    install: str
    prune: str
    run: str


_NPM = PackageTool("npm", "package-lock.json", "npm ci", "npm prune --omit=dev", "npm run")
_MANAGERS = (
    _NPM,
    _NPM._replace(lock="npm-shrinkwrap.json"),
    PackageTool(
        "yarn",
        "yarn.lock",
        "yarn install --immutable",
        "yarn workspaces focus --all --production",
        "yarn run",
    ),
    PackageTool(
        "pnpm",
        "pnpm-lock.yaml",
        "pnpm install --frozen-lockfile",
        "pnpm prune --prod",
        "pnpm run",
    ),
    PackageTool(
        "bun",
        "bun.lock",
        "bun install --frozen-lockfile",
        "bun install --production",
        "bun run",
    ),
    PackageTool(
        "bun",
        "bun.lockb",
        "bun install --frozen-lockfile",
        "bun install --production",
        "bun run",
    ),
)
_CLASSIC = PackageTool(
    "yarn",
    "yarn.lock",
    "yarn install --frozen-lockfile",
    "yarn install --production --ignore-scripts --prefer-offline",
    "yarn run",
)


def facts(brief: Brief) -> Facts:
    """The facts of node.j2."""
    repository = brief.repository
    package = package_json(repository)
    version = node_version(repository)
    chosen = package_tool(repository, package, said=True)
    return {
        "version": version.text,
        "image": image(version.text),
        **install(repository, package, chosen, version.text),
        "build_steps": tuple(build_steps(package, chosen)),
        "prune": "" if _needs_development(brief, package) else chosen.prune,
        "more_build": _from_git(package),
        "environment": _browser(brief),
        "default_command": ("npm", "start"),
        "dev_command": development_command(package, brief.commands, version.text),
    }


def _from_git(package: dict[str, Any]) -> tuple[str, ...]:
    """What an install needs for packages that come from a repository; the slim image has neither."""
    listed = [
        package.get(key)
        for key in ("dependencies", "devDependencies", "optionalDependencies")
    ]
    stated = [
        str(value) for part in listed if isinstance(part, dict) for value in part.values()
    ]
    git = any(
        re.match(r"(?:git[+@:]|github:|gitlab:|bitbucket:|[\w.-]+/[\w.-]+(?:#|$))", value)
        for value in stated
    )
    return ("ca-certificates", "git") if git else ()


def _browser(brief: Brief) -> dict[str, str]:
    """Puppeteer with Debian's Chromium: the one that it downloads stays in the build's home folder."""
    if not brief.uses("puppeteer", "whatsapp-web.js"):
        return {}
    return {
        "PUPPETEER_SKIP_DOWNLOAD": "true",
        "PUPPETEER_EXECUTABLE_PATH": "/usr/bin/chromium",
    }


def package_json(repository: Repository) -> dict[str, Any]:
    """What package.json says; empty when there is none, or when it is broken."""
    found = repository.json("package.json")
    return found if isinstance(found, dict) else {}


def scripts(package: dict[str, Any]) -> dict[str, str]:
    """The scripts of package.json that are text."""
    found = package.get("scripts")
    return (
        {key: value for key, value in found.items() if isinstance(value, str)}
        if isinstance(found, dict)
        else {}
    )


def node_version(repository: Repository) -> Version:
    """The version: engines.node first, as on the platform, then the files of version managers."""
    engines = package_json(repository).get("engines")
    stated = engines.get("node") if isinstance(engines, dict) else None
    candidates: list[tuple[Version, Cursor | None]] = []
    if isinstance(stated, str):
        candidates.append((Version(stated, f"engines.node is {stated}"), None))
    candidates += versions.from_files(repository, _FILES, "node|nodejs")
    default = Version("", "")
    found = versions.choose(candidates, default, versions.node_version)
    if found is not default:
        return found
    newest = str(next(iter(versions.NODE_LTS)))
    why = "it is the newest with long-term support"
    repository.say(
        "TC356",
        None,
        subject="files.Dockerfile",
        language="Node.js",
        version=newest,
        why=why,
        file="package.json (engines.node)",
    )
    return Version(newest, why)


def image(version: str) -> str:
    """The official slim image, on the newest Debian release that the version has one on."""
    return tag("node", version)


def package_tool(
    repository: Repository, package: dict[str, Any], said: bool = False
) -> PackageTool:
    """The package manager: by its lock file, then by packageManager."""
    stated = str(package.get("packageManager") or "")
    for item in _MANAGERS:
        if repository.project.read(item.lock) is not None:
            if item.name != "yarn":
                return item
            berry = repository.project.exists(".yarnrc.yml") or re.match(
                r"yarn@[2-9]", stated
            )
            return (
                item
                if berry or "__metadata:" in (repository.text("yarn.lock") or "")[:400]
                else _CLASSIC
            )
    if said:
        what, command = (
            "package.json stands without a lock file",
            "npm install --package-lock-only",
        )
        repository.say(
            "TC357", None, subject="files.Dockerfile", what=what, command=command
        )
    return _NPM._replace(lock="", install="npm install")


def install(
    repository: Repository, package: dict[str, Any], chosen: PackageTool, version: str
) -> dict[str, Any]:
    """The facts that every image with Node.js packages shares."""
    beside = tuple(name for name in _BESIDE if repository.project.read(name) is not None)
    folders = tuple(
        name for name in (".yarn", "patches") if repository.project.exists(name)
    )
    hooks = any(name in scripts(package) for name in _HOOKS) or repository.project.exists(
        "prisma"
    )
    return {
        "manifests_list": tuple(
            name for name in ("package.json", chosen.lock, *beside) if name
        ),
        "manifest_folders": folders,
        "whole_first": hooks
        or "workspaces" in package
        or repository.project.read("pnpm-workspace.yaml") is not None,
        "setup": _setup(repository, package, chosen, version),
        "install": f"{chosen.install} && yarn cache clean"
        if chosen.name == "yarn"
        else chosen.install,
    }


def _setup(
    repository: Repository, package: dict[str, Any], chosen: PackageTool, version: str
) -> str:
    """How the package manager comes into the image; empty for the one that Node.js brings along."""
    if chosen.name == "npm":
        return ""
    if chosen.name == "bun":
        return "npm install --global bun@1.2.22"
    pinned = re.match(
        r"(?:yarn|pnpm)@(\d[\w.-]*)", str(package.get("packageManager") or "")
    )
    if pinned is None and chosen is _CLASSIC:
        return (
            ""
            if int(version.split(".")[0]) < _NO_COREPACK
            else "npm install --global yarn@1.22.22"
        )
    if chosen.name == "pnpm" and pinned is None:
        return "npm install --global pnpm@10.17.1"
    if int(version.split(".")[0]) >= _NO_COREPACK:
        return "npm install --global corepack@0.34.0 && corepack enable"
    return "corepack enable"


def build_steps(package: dict[str, Any], chosen: PackageTool) -> Iterator[str]:
    """The build scripts, as the platform runs them: heroku-postbuild in the place of build."""
    known = scripts(package)
    for name in ("heroku-postbuild",) if "heroku-postbuild" in known else ("build",):
        if name in known:
            yield f"{chosen.run} {name}"


def _needs_development(brief: Brief, package: dict[str, Any]) -> bool:
    """Whether something that runs in production is a development dependency: then they stay."""
    # https://devcenter.heroku.com/articles/nodejs-support#package-installation: any value of these keeps them.
    if brief.settings.keys() & {
        "NPM_CONFIG_PRODUCTION",
        "YARN_PRODUCTION",
        "PNPM_SKIP_PRUNING",
    }:
        return True
    listed = package.get("devDependencies")
    names = (
        {name.rsplit("/", 1)[-1] for name in listed} | {"ts-node"}
        if isinstance(listed, dict)
        else set()
    )
    names |= {"tsc"} if isinstance(listed, dict) and "typescript" in listed else set()
    text = " ".join((*brief.commands, scripts(package).get("start", "")))
    runs_build = re.search(r"\b(?:npm|yarn|pnpm)\s+(?:run\s+)?build\b", text) is not None
    return runs_build or any(
        re.search(rf"(?:^|[\s/]){re.escape(name)}(?:\s|$)", text) for name in names
    )


def development_command(
    package: dict[str, Any], commands: tuple[str, ...], version: str = ""
) -> tuple[str, ...]:
    """What a developer runs in the place of the web command: the dev script, or node with --watch and the inspector."""
    known = scripts(package)
    for name in ("dev", "start:dev", "develop", "watch"):
        # A script called watch often rebuilds files and starts no server.
        if name in known and (
            name != "watch"
            or re.search(r"\b(?:node|nodemon|tsx|ts-node|nest|next)\b", known[name])
        ):
            return ("npm", "run", name)
    first = commands[0] if commands else ""
    command = (
        known.get("start", "")
        if re.fullmatch(r"(?:npm|yarn|pnpm)\s+(?:run\s+)?start", first)
        else first
    )
    match = re.fullmatch(r"node\s+([\w./][^;&|<>`(]*)", command.strip())
    if match is None:
        return ()
    # https://nodejs.org/api/cli.html#--watch: from version 18.11 on.
    watch = "" if re.match(r"(?:\d|1[0-7])(?:\.|$)", version) else "--watch "
    watched = f"node {watch}--inspect=0.0.0.0:9229 {match[1]}"
    return (
        ("sh", "-c", f"exec {watched}")
        if re.search(r"[$*?~'\"\\]", watched)
        else tuple(watched.split())
    )
