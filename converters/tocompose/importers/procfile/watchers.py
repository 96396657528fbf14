"""What a process of Procfile.dev needs that only builds the front end, and how its server is reached from web."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.importers.procfile.environment import AppVariable
from tocompose.importers.procfile.language import ends_by_itself, find_program
from tocompose.importers.procfile.named_files import (
    NamedProgram,
    named_programs,
    script_argument,
    started_program,
)
from tocompose.importers.procfile.nested import called_script
from tocompose.importers.procfile.ports import opening_words, stated_port
from tocompose.importers.procfile.services import AppPlan
from tocompose.model import EnvVariable, Port
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository, map_at
from tocompose.source import Span
from tocompose.tables import load

_DEEPEST = 4
# The version that npx is to fetch: `tailwindcss@4`.
_VERSION = regex(r"(?<=.)@[^@/]*$")
# Files at the root, or of a folder for it, that configure a bundler, and read variables of the environment.
_CONFIGURATION = regex(
    r"(?:[^/]*(?:config|esbuild|webpack|vite|rollup|build)[^/]*|config/webpack/.*)\.[cm]?[jt]s"
)
_NAME = regex(r"\b[A-Z][A-Z0-9_]{2,}\b")
_CONFIGURATIONS = ("vite.config.js", "vite.config.ts", "vite.config.mjs", "vite.config.mts")
# A target of `server.proxy`.
_PROXY = regex(
    r"\bproxy\b[\s\S]{0,400}?[\"'](https?://(?:localhost|127\.0\.0\.1)(?::\d+)?)[\"'/]"
)
_STATED_PORT = regex(r"\bport:\s*(\d{2,5})\b")


class AssetServer(NamedTuple):
    """A server of a front end: its port, the options that open it, and what it and the app are told of each other.

    `own` are its variables, `told` those of the services that ask it.
    """

    port: str
    options: tuple[str, ...] = ()
    own: tuple[EnvVariable, ...] = ()
    told: tuple[EnvVariable, ...] = ()

    @property
    def published(self) -> Port:
        """Its port, which the browser asks too."""
        return Port(target=self.port, published=self.port, host_ip="127.0.0.1")


def only_builds(repository: Repository, text: str, depth: int = _DEEPEST) -> bool:
    """Whether a command runs nothing but programs that build a front end, or serve it while it is built."""
    programs = [program for program in named_programs(text) if program.name != "cd"]
    return bool(programs) and all(
        _is_builder(repository, program, depth) for program in programs
    )


def _is_builder(repository: Repository, program: NamedProgram, depth: int) -> bool:
    table, started = load("development"), started_program(program)
    scoped = _VERSION.sub("", started.name)
    name = scoped.rpartition("/")[2]
    if name in table["builders"] or scoped in table["builders"]:
        return True
    if name in load("process_managers")["package_tools"]:
        script = called_script(repository, started.call)
        return bool(script) and depth > 0 and only_builds(repository, script, depth - 1)
    file = script_argument(started).rpartition("/")[2]
    return name == "node" and re.search(table["building_scripts"], file) is not None


def unneeded_variables(plan: AppPlan, text: str) -> frozenset[str]:
    """The secrets and the addresses of servers that a command which only builds has no use for.

    What the bundler's own files, or the script, name is needed.
    """
    if not only_builds(plan.repository, text):
        return frozenset()
    named = frozenset(_named_by_build(plan.repository, text))
    return frozenset(
        variable.name
        for variable in plan.app_variables
        if _is_of_server(variable) and variable.name not in named
    )


def _is_of_server(variable: AppVariable) -> bool:
    is_secret = variable.setting is not None and variable.setting.secret
    return is_secret or variable.leads_to_service


def _named_by_build(repository: Repository, text: str) -> Iterator[str]:
    texts = [text, called_script(repository, text)]
    for path in repository.project.files():
        if _CONFIGURATION.fullmatch(path):
            texts.append(repository.read_text(path) or "")
    for one_text in texts:
        yield from _NAME.findall(one_text)


def note_local_proxies(plan: AppPlan, commands: Iterable[tuple[str, ...]]) -> None:
    """Says that a front end's server passes requests on to localhost, where one of the commands starts one.

    https://vite.dev/config/server-options#server-proxy
    """
    repository = plan.repository
    texts = (" ".join(command) for command in commands)
    scripts = (called_script(repository, text) or text for text in texts)
    if not any(find_program(script).name == "vite" for script in scripts):
        return
    for path in _CONFIGURATIONS:
        text = repository.read_text(path) or ""
        if proxy := _PROXY.search(text):
            line = text.count("\n", 0, proxy.start(1)) + 1
            span = Span(path, line, 1, line, 1)
            repository.add_note("TC855", span, file=path, address=proxy[1])
            return


def find_asset_server(plan: AppPlan, text: str, service: str) -> AssetServer | None:
    """The front end's server that a command starts; None for another command, and where web has its port."""
    repository = plan.repository
    script = called_script(repository, text)
    program = find_program(script or text)
    row = load("development")["asset_servers"].get(program.name)
    if row is None or ends_by_itself(script or text) or not only_builds(repository, text):
        return None
    if repository.has_file(row["needs"]):
        return _server_of_gem(repository, row, service)
    own_port = row.get("port", plan.port.number)
    port = stated_port(script or text) or _configured_port(repository) or own_port
    if port == plan.port.number:
        return None
    return AssetServer(port, opening_words(text, script, port))


def _server_of_gem(
    repository: Repository, row: dict[str, str], service: str
) -> AssetServer:
    """A server that Rails asks, which its gem tells by one variable where it is, and where to listen."""
    settings = map_at(repository.read_json(row["needs"]), "development")
    port = str(settings.get("port") or row["gem_port"])
    own = [EnvVariable(name=row["host"], value="0.0.0.0")]
    if "allowed" in row:
        own.append(EnvVariable(name=row["allowed"], value=service))
    host_variable = EnvVariable(name=row["host"], value=service)
    return AssetServer(port, own=tuple(own), told=(host_variable,))


def _configured_port(repository: Repository) -> str:
    """The port that the bundler's own file states."""
    for path in _CONFIGURATIONS:
        text = repository.read_text(path) or ""
        if stated := _STATED_PORT.search(text):
            return stated[1]
    return ""
