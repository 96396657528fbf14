"""What the Dockerfile of a Ruby app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tocompose.importers.procfile.defaults import is_rails
from tocompose.importers.procfile.dockerfiles import demands, node, versions
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts, told
from tocompose.importers.procfile.dockerfiles.suites import tag
from tocompose.importers.procfile.dockerfiles.versions import File, Version
from tocompose.importers.procfile.repository import Repository
from tocompose.knowledge.versions import default_version
from tocompose.ledger import Cursor
from tocompose.patterns import regex

_FILES = (
    File(".ruby-version", r"^(?:ruby-)?(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)"),
    File(".tool-versions", r"^ruby\s+(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)"),
)
_PIPELINES = (
    "sprockets",
    "propshaft",
    "webpacker",
    "shakapacker",
    "vite_rails",
    "jsbundling-rails",
    "cssbundling-rails",
)
_BUILDING = (
    "webpacker",
    "shakapacker",
    "vite_rails",
    "jsbundling-rails",
    "cssbundling-rails",
)
_BESIDE = (".ruby-version", ".tool-versions")
# Settings that production does not load.
_ELSEWHERE = regex(
    r"environments/(?!production)|config/(?:deploy|puma|unicorn|sidekiq)|locales/"
)
# What the Gemfile takes from the rest of the repository.
_LOCAL = regex(
    r"^[ \t]*(?:gemspec|eval_gemfile|path)\b|\bpath:\s|:path\s*=>"
    r"|require_relative|instance_eval|File\.(?:join|expand_path|exist)",
    re.MULTILINE,
)


def facts(brief: Brief) -> Facts:
    """The facts of ruby.j2."""
    repository = brief.repository
    version = _version(repository)
    if not version.why:
        version = Version(
            default_version("ruby"), "it is the newest line that the platform supports"
        )
        told(brief, "Ruby", version.text, version.why, ".ruby-version")
    lock = repository.text("Gemfile.lock")
    if lock is None:
        what, command = "the Gemfile stands without Gemfile.lock", "bundle lock"
        repository.say(
            "TC357", None, subject="files.Dockerfile", what=what, command=command
        )
    found = _node(brief)
    return {
        "image": image(version.text),
        "manifests": (
            "Gemfile",
            *(("Gemfile.lock",) if lock is not None else ()),
            *_beside(repository),
        ),
        "bundler": _bundler(lock or ""),
        "deployment": lock is not None,
        "whole_first": _LOCAL.search(repository.text("Gemfile") or "") is not None,
        "assets_steps": tuple(_assets_steps(_assets_step(brief, lock or ""), found)),
        "node": found,
        "rails": is_rails(repository),
        "default_command": ("bundle", "exec", "rackup", "-o", "0.0.0.0"),
        "dev_command": _development(brief),
    }


def image(version: str) -> str:
    """The official slim image, on the newest Debian release that the version has one on.

    Bundler refuses another patch release than the Gemfile's, so the version stays as it is.
    """
    return tag("ruby", version)


def _beside(repository: Repository) -> tuple[str, ...]:
    """Files that the Gemfile reads: `ruby file: ".ruby-version"`."""
    gemfile = repository.text("Gemfile") or ""
    return tuple(
        name
        for name in _BESIDE
        if name in gemfile and repository.project.read(name) is not None
    )


def _version(repository: Repository) -> Version:
    candidates: list[tuple[Version, Cursor | None]] = []
    stated = re.search(
        r"^[ \t]*ruby\s+[\"']([^\"']+)[\"']", repository.text("Gemfile") or "", re.MULTILINE
    )
    if stated:
        candidates.append(
            (Version(versions.line_of(stated[1]), "the Gemfile says so"), None)
        )
    found = list(versions.from_files(repository, _FILES, "ruby"))
    candidates += [item for item in found if item[0].why.startswith(".ruby-version")]
    locked = re.search(
        r"^RUBY VERSION\n\s+ruby (\d{1,9}\.\d{1,9}\.\d{1,9})",
        repository.text("Gemfile.lock") or "",
        re.MULTILINE,
    )
    if locked:
        candidates.append((Version(locked[1], "Gemfile.lock says so"), None))
    candidates += [item for item in found if not item[0].why.startswith(".ruby-version")]
    return versions.choose(candidates, Version("", ""), versions.dotted)


def _bundler(lock: str) -> str:
    """The version of Bundler to install: from 2.3 on it fetches the locked one by itself."""
    match = re.search(
        r"^BUNDLED WITH\n\s+(\d{1,9})\.(\d{1,9})\.(\d{1,9})", lock, re.MULTILINE
    )
    return (
        f"{match[1]}.{match[2]}.{match[3]}"
        if match and (int(match[1]), int(match[2])) < (2, 3)
        else ""
    )


def _assets_step(brief: Brief, lock: str) -> str:
    repository = brief.repository
    gemfile = repository.text("Gemfile") or ""
    if not is_rails(repository) or not any(
        name in lock or name in gemfile for name in _PIPELINES
    ):
        return ""
    match = re.search(r"^    rail(?:s|ties) \((\d{1,9})\.(\d{1,9})", lock, re.MULTILINE)
    dummy = (
        "SECRET_KEY_BASE_DUMMY=1"
        if match is None or (int(match[1]), int(match[2])) >= (7, 1)
        else "SECRET_KEY_BASE=build"
    )
    program = (
        "bundle exec rails" if match is None or int(match[1]) >= 5 else "bundle exec rake"
    )
    given = {
        key: value
        for key, value in _demanded(brief).items()
        if key not in ("RAILS_ENV", "SECRET_KEY_BASE")
    }
    words = " ".join(f"{key}={value}" for key, value in given.items())
    return f"RAILS_ENV=production {dummy} {words}{' ' if words else ''}{program} assets:precompile"


def _demanded(brief: Brief) -> dict[str, str]:
    """What the configuration fetches without a default when it is loaded for production."""
    repository = brief.repository
    texts = (
        repository.text(path) or ""
        for path in repository.project.files()
        if path.startswith("config/")
        and path.endswith((".rb", ".yml"))
        and not _ELSEWHERE.search(path)
    )
    return demands.of_ruby(
        texts, "mysql2" if brief.uses("mysql2") and not brief.uses("pg") else "postgres"
    )


def _assets_steps(step: str, found: dict[str, Any] | None) -> Iterator[str]:
    if found and found["whole_first"]:
        yield found["install"]
    if found:
        yield from found["steps"]
    if step:
        yield step
    if found:
        yield "rm -rf node_modules"


def _node(brief: Brief) -> dict[str, Any] | None:
    """Node.js for the stages that compile assets: the programs are taken out of its own image."""
    repository = brief.repository
    package = node.package_json(repository)
    if not package or not (
        package.get("dependencies")
        or package.get("devDependencies")
        or node.scripts(package)
    ):
        return None
    version = node.node_version(repository).text
    chosen = node.package_tool(repository, package, said=True)
    # The nodejs buildpack in front of Ruby's builds; without it, and where a gem builds, assets:precompile does.
    lock = repository.text("Gemfile.lock") or ""
    alone = brief.mixed and not any(f"    {name} (" in lock for name in _BUILDING)
    steps = tuple(node.build_steps(package, chosen)) if alone else ()
    return {
        "image": node.image(version),
        "steps": steps,
        **node.install(repository, package, chosen, version),
    }


def _development(brief: Brief) -> tuple[str, ...]:
    if is_rails(brief.repository):
        return ("bundle", "exec", "rails", "server", "-b", "0.0.0.0", "-p", brief.port)
    return ()
