"""Ruby: gems, versions, what Rails reads, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tocompose.languages import node, versions
from tocompose.languages.language import (
    DockerfileFacts,
    DockerfileInput,
    Language,
    note_missing_lock,
    note_no_libraries,
    stand_in_address,
)
from tocompose.languages.versions import slim_image
from tocompose.patterns import regex
from tocompose.repository import Repository, StatedVersion
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load

_GEM = regex(r"""^\s*gem\s+["']([^"']+)["'](.*)""")
_GROUP = regex(r"^\s*group\s+(.*?)\s+do\b")
_OTHER_BLOCK = regex(r"^\s*(platforms?|source|path|git|install_if)\b.*\bdo\b")
_BLOCK_END = regex(r"^\s*end\b")
_GROUPS_OF_GEM = regex(r"groups?(?::|\s*=>)\s*(\[[^\]]*\]|:\w+)")
_LOCKED_GEM = regex(r"^  ([A-Za-z0-9._-]+)!?(?: \(.*\))?$")
_DEVELOPMENT = frozenset({"development", "test", "dev", "ci", "cucumber"})
_BUILDING = (
    "webpacker",
    "shakapacker",
    "vite_rails",
    "jsbundling-rails",
    "cssbundling-rails",
)
# Gems that bring an engine for JavaScript of their own.
_ENGINES = ("mini_racer", "therubyracer", "duktape")
_PIPELINES = ("sprockets", "propshaft", *_BUILDING)
# What the Gemfile takes from the rest of the repository.
_TAKES_FILES = regex(
    r"^[ \t]*(?:gemspec|eval_gemfile|path)\b|\bpath:\s|:path\s*=>"
    r"|require_relative|instance_eval|File\.(?:join|expand_path|exist)",
    re.MULTILINE,
)
# Without what production does not load.
_SETTINGS = regex(r"^config/(?!deploy|locales/|environments/(?!production)).*\.(?:rb|yml)$")
_SERVERS_SETTINGS = regex(r"^config/(?:puma|unicorn|sidekiq)")
# ENV.fetch("X") without a default or a block.
_FETCHED = regex(r"ENV\.fetch\(\s*[\"']([A-Z][A-Z0-9_]{1,60})[\"']\s*\)(?!\s*(?:\{|do\b))")
_RAILS_ENVIRONMENT = {
    "RAILS_ENV": "production",
    "RAILS_LOG_TO_STDOUT": "enabled",
    "RAILS_SERVE_STATIC_FILES": "enabled",
}


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    gemfile = repository.read_text("Gemfile")
    if gemfile is None:
        yield from _read_lock(repository)
        return
    for_development: list[bool] = []
    for line in gemfile.splitlines():
        group, gem = _GROUP.match(line), _GEM.match(line)
        if group or _OTHER_BLOCK.match(line):
            for_development.append(group is not None and _is_development(group[1]))
        elif _BLOCK_END.match(line) and for_development:
            for_development.pop()
        elif gem and not any(for_development):
            groups = _GROUPS_OF_GEM.search(gem[2])
            if groups is None or not _is_development(groups[1]):
                yield gem[1], "Gemfile"


def _is_development(groups: str) -> bool:
    """Whether production needs none of the groups."""
    names = re.findall(r":(\w+)|[\"'](\w+)[\"']", groups)
    return all((symbol or text) in _DEVELOPMENT for symbol, text in names)


def _read_lock(repository: Repository) -> Iterator[tuple[str, str]]:
    """The direct dependencies that Gemfile.lock lists, where there is no Gemfile; it does not tell the groups."""
    listed = False
    for line in (repository.read_text("Gemfile.lock") or "").splitlines():
        listed = line == "DEPENDENCIES" or (listed and line.startswith("  "))
        if listed and (match := _LOCKED_GEM.match(line)):
            yield match[1], "Gemfile.lock"


def _declared_libraries(repository: Repository) -> str:
    gemfile = repository.read_text("Gemfile") or ""
    if _TAKES_FILES.search(gemfile):
        return ""
    return gemfile and gemfile + (repository.read_text("Gemfile.lock") or "")


def is_rails(repository: Repository) -> bool:
    """Whether the app is a Rails app, by its lock file or its Gemfile."""
    lock = repository.read_text("Gemfile.lock") or ""
    gemfile = repository.read_text("Gemfile") or ""
    locked = re.search(r"^    rail(s|ties) \(", lock, re.MULTILINE)
    named = re.search(r"^[ \t]*gem\s+[\"']rails[\"']", gemfile, re.MULTILINE)
    return locked is not None or named is not None


def _default_command(repository: Repository) -> str:
    if is_rails(repository):
        return "bin/rails server -b 0.0.0.0 -p $PORT -e $RAILS_ENV"
    if repository.has_file("config.ru"):
        return "bundle exec rackup config.ru -o 0.0.0.0 -p $PORT"
    return ""


def _environment(repository: Repository) -> Mapping[str, str]:
    """https://github.com/heroku/heroku-buildpack-ruby"""
    return _RAILS_ENVIRONMENT if is_rails(repository) else {}


def _generated_key(repository: Repository) -> tuple[str, str] | None:
    """https://github.com/heroku/heroku-buildpack-ruby: it makes the key once for each app."""
    if not is_rails(repository):
        return None
    return "SECRET_KEY_BASE", "Key that Rails signs cookies with"


def _required_variables(repository: Repository) -> Iterator[str]:
    return _fetched_variables(repository, _settings_files(repository))


def _settings_files(repository: Repository) -> Iterator[str]:
    return (path for path in repository.project.files() if _SETTINGS.search(path))


def _fetched_variables(repository: Repository, paths: Iterable[str]) -> Iterator[str]:
    """What the configuration fetches without a default, each once."""
    names: dict[str, None] = {}
    for path in paths:
        names |= dict.fromkeys(_FETCHED.findall(repository.read_text(path) or ""))
    yield from names


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    candidates = _stated_versions(repository)
    version = versions.choose_version(repository, "ruby", candidates, versions.dotted)
    if version is None:
        version = versions.use_default(repository, "ruby")
    lock = repository.read_text("Gemfile.lock")
    _note_missing_files(repository)
    has_gemfile = any(_manifests(repository))
    assets = _node_stage(source, lock or "")
    gemfile = repository.read_text("Gemfile") or ""
    return DockerfileFacts(
        # Bundler refuses another patch release than the Gemfile's, so the version stays as it is.
        image=slim_image("ruby", version.number),
        version_reason=version.reason,
        default_command=("bundle", "exec", "rackup", "-o", "0.0.0.0")
        if has_gemfile
        else ("ruby", "app.rb"),
        development_command=_development_command(source),
        template={
            "manifests": (*_manifests(repository), *_files_beside(repository, gemfile)),
            "bundler": _bundler_version(lock or ""),
            "frozen": lock is not None,
            "whole_first": _TAKES_FILES.search(gemfile) is not None,
            "assets_steps": tuple(
                _assets_steps(source, _precompile_step(source, lock or ""), assets)
            ),
            "node": assets,
            "keeps_node": "node" in source.spoken or _asks_for_node(lock or ""),
            "has_package": repository.has_file("package.json"),
            "rails": is_rails(repository),
        },
    )


def _manifests(repository: Repository) -> tuple[str, ...]:
    """What `bundle install` reads: the Gemfile, which a lock file is never without, and its lock."""
    if repository.has_file("Gemfile.lock"):
        return ("Gemfile", "Gemfile.lock")
    return ("Gemfile",) if repository.has_file("Gemfile") else ()


def _note_missing_files(repository: Repository) -> None:
    """Says which of the two files of Bundler is not there, and what comes of it."""
    has_gemfile, has_lock = map(repository.has_file, ("Gemfile", "Gemfile.lock"))
    if has_gemfile and not has_lock:
        problem = "the Gemfile has no Gemfile.lock"
        note_missing_lock(repository, problem, "bundle lock")
    elif has_lock and not has_gemfile:
        subject = ModelPath.of("files", "Dockerfile")
        span = Span("Gemfile.lock", 1, 1, 1, 1)
        repository.add_note("TC583", span, subject=subject)
    elif not has_gemfile:
        note_no_libraries(repository, "Ruby", "Gemfile")


def _files_beside(repository: Repository, gemfile: str) -> Iterator[str]:
    """Files that the Gemfile reads: `ruby file: ".ruby-version"`."""
    for path in load("languages")["ruby"]["version_files"]:
        if path in gemfile and repository.has_file(path):
            yield path


def _stated_versions(repository: Repository) -> Iterator[StatedVersion]:
    stated = re.search(
        r"^[ \t]*ruby\s+[\"']([^\"']+)[\"']",
        repository.read_text("Gemfile") or "",
        re.MULTILINE,
    )
    if stated:
        yield StatedVersion(versions.minor_line(stated[1]), "the Gemfile says so")
    yield from versions.read_version_files(repository, "ruby", ".ruby-version")
    locked = re.search(
        r"^RUBY VERSION\n\s+ruby (\d{1,9}\.\d{1,9}\.\d{1,9})",
        repository.read_text("Gemfile.lock") or "",
        re.MULTILINE,
    )
    if locked:
        yield StatedVersion(locked[1], "Gemfile.lock says so")
    yield from versions.read_version_files(repository, "ruby", ".tool-versions")


def _bundler_version(lock: str) -> str:
    """The version of Bundler to install: from 2.3 on it fetches the locked one by itself."""
    match = re.search(
        r"^BUNDLED WITH\n\s+(\d{1,9})\.(\d{1,9})\.(\d{1,9})", lock, re.MULTILINE
    )
    if match is None or (int(match[1]), int(match[2])) >= (2, 3):
        return ""
    return f"{match[1]}.{match[2]}.{match[3]}"


def _precompile_step(source: DockerfileInput, lock: str) -> str:
    """The step that compiles the assets of a Rails app; empty where it has none."""
    text = lock + (source.repository.read_text("Gemfile") or "")
    has_assets = any(name in text for name in _PIPELINES)
    if not has_assets or not is_rails(source.repository):
        return ""
    match = re.search(r"^    rail(?:s|ties) \((\d{1,9})\.(\d{1,9})", lock, re.MULTILINE)
    rails = (int(match[1]), int(match[2])) if match else (99, 0)
    dummy = "SECRET_KEY_BASE_DUMMY=1" if rails >= (7, 1) else "SECRET_KEY_BASE=build"
    assignments = "".join(
        f"{name}={value} "
        for name, value in _build_values(source).items()
        if name not in ("RAILS_ENV", "SECRET_KEY_BASE")
    )
    program = "rails" if rails >= (5, 0) else "rake"
    step = f"bundle exec {program} assets:precompile"
    return f"RAILS_ENV=production {dummy} {assignments}{step}"


def _build_values(source: DockerfileInput) -> dict[str, str]:
    """What the configuration fetches without a default, with values that do for a build step."""
    repository = source.repository
    paths = (
        path for path in _settings_files(repository) if not _SERVERS_SETTINGS.match(path)
    )
    is_mysql = source.uses("mysql2") and not source.uses("pg")
    database = f"{'mysql2' if is_mysql else 'postgres'}://build@localhost/build"
    values = {}
    for name in _fetched_variables(repository, paths):
        names_database = re.search(r"DATABASE\w*_URL$", name) is not None
        values[name] = database if names_database else stand_in_address(name) or "1"
    return values


def _assets_steps(
    source: DockerfileInput, precompile: str, assets: node.NodeStage | None
) -> Iterator[str]:
    has_package = source.repository.has_file("package.json")
    if assets and has_package and assets.whole_first:
        yield assets.install
    if assets:
        yield from assets.steps
    if precompile:
        yield precompile
    if assets and "node" not in source.spoken:
        yield "rm -rf node_modules"


def _node_stage(source: DockerfileInput, lock: str) -> node.NodeStage | None:
    """Node.js for the stages that compile assets: the programs are taken out of its own image."""
    repository = source.repository
    package = repository.read_json("package.json")
    is_used = package.get("dependencies") or package.get("devDependencies")
    runs_node = "node" in source.spoken or _asks_for_node(lock)
    if not is_used and not node.package_scripts(package) and not runs_node:
        return None
    version = node.choose_node_version(repository).number
    tool = node.package_tool(repository, package, notes_lock=True)
    # The nodejs buildpack in front of Ruby's builds; without it, and where a gem builds, assets:precompile does.
    gem_builds = any(f"    {name} (" in lock for name in _BUILDING)
    steps = node.build_steps(package, tool) if source.node_first and not gem_builds else ()
    return node.node_stage(repository, package, tool, version, tuple(steps))


def _asks_for_node(lock: str) -> bool:
    """Whether a gem runs JavaScript: it looks for an engine when it is loaded, and the buildpack brings Node.js.

    https://devcenter.heroku.com/articles/ruby-support-reference#installed-binaries
    """
    return "    execjs (" in lock and not any(f"    {name} (" in lock for name in _ENGINES)


def _development_command(source: DockerfileInput) -> tuple[str, ...]:
    if is_rails(source.repository):
        return ("bundle", "exec", "rails", "server", "-b", "0.0.0.0", "-p", source.port)
    return ()


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
    environment=_environment,
    generated_key=_generated_key,
    required_variables=_required_variables,
    declared_libraries=_declared_libraries,
)
