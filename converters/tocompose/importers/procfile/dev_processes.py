"""The development side of an app, from Procfile.dev: watchers, and the servers that a developer starts beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.importers.procfile.backing import Backing, BackingRequest, make_backing
from tocompose.importers.procfile.dev_overlays import (
    told,
    with_assigned,
    with_variables,
    without_env,
)
from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.listening import listens_openly
from tocompose.importers.procfile.nested import called_script, of_development
from tocompose.importers.procfile.ports import (
    open_address,
    opening_words,
    stated_port,
)
from tocompose.importers.procfile.processes import (
    Process,
    StatedProcess,
    name_services,
    of_procfile,
)
from tocompose.importers.procfile.programs import note_missing_in_development
from tocompose.importers.procfile.services import AppPlan, process_variables
from tocompose.importers.procfile.shell import convert_command
from tocompose.importers.procfile.sources import development_file
from tocompose.importers.procfile.watchers import (
    find_asset_server,
    unneeded_variables,
)
from tocompose.knowledge.servers import servers
from tocompose.knowledge.versions import default_version
from tocompose.languages import language_rows
from tocompose.ledger import Cursor
from tocompose.model import (
    ComposeFileRole,
    Dependency,
    EnvSetting,
    EnvVariable,
    Service,
    Volume,
)
from tocompose.patterns import regex
from tocompose.readers.procfile import read_procfile
from tocompose.record import NamedTuple, replace
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load

_SCRIPT = regex(r"\.(?:[cm]?[jt]s|py|rb|php|exs?)$")
_BUILDS = regex(r"\bbuild\b.*(?:--watch\b|\s-w\b)|\bwatch:\w+")
# Corepack asks before it fetches a package manager where there is a terminal, and nobody answers.
# https://github.com/nodejs/corepack#environment-variables
_FETCHED_TOOLS = ("yarn", "pnpm")
_NO_QUESTION = EnvVariable(name="COREPACK_ENABLE_DOWNLOAD_PROMPT", value="0")
_LESS = "; it only builds, so it waits for no server and gets no password"
_THIS_MACHINE = regex(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0):\d+")


class DevelopmentSide(NamedTuple):
    """The services, those of the base with what Procfile.dev changes; those that only the dev override has.

    `volumes` and `settings` are what these need.
    """

    services: tuple[Service, ...]
    added: tuple[Service, ...] = ()
    volumes: tuple[Volume, ...] = ()
    settings: tuple[EnvSetting, ...] = ()


def add_development_side(
    plan: AppPlan, services: tuple[Service, ...], names: set[str]
) -> DevelopmentSide:
    """The development side; where no service runs from the mounted source a note says that the file was left aside."""
    repository = plan.repository
    path = development_file(repository.project)
    is_asked = repository.option("procfile") in ("", "Procfile")
    if not path or not is_asked:
        return DevelopmentSide(services)
    web = next((service for service in services if _runs_source(service)), None)
    if web is None:
        repository.add_note("TC335", Span(path, 1, 1, 1, 1), file=path)
        return DevelopmentSide(services)
    tree = repository.open(path, read_procfile, "procfile")
    development_side = _DevelopmentSide(plan, services, web, path, names)
    processes = of_development(repository, of_procfile(tree))
    serving = (process for process in processes if not _BUILDS.search(process.text))
    types = frozenset(process.type for process in serving)
    for process in processes:
        development_side.add(process, types)
    return development_side.result()


def _runs_source(service: Service) -> bool:
    overlay = service.overlays.get(ComposeFileRole.DEV)
    return overlay is not None and bool(overlay.mounts)


class _DevelopmentSide:
    """What the processes of the file came to so far."""

    def __init__(
        self,
        plan: AppPlan,
        services: tuple[Service, ...],
        web: Service,
        path: str,
        names: set[str],
    ) -> None:
        self._plan = plan
        self._services = {service.name: service for service in services}
        self._web = web
        self._path = path
        self._names = names
        self._added: dict[str, Service] = {}
        self._backings: list[Backing] = []
        self._settings: list[EnvSetting] = []
        self._told: list[EnvVariable] = []

    def result(self) -> DevelopmentSide:
        """The development side of all processes."""
        variables = [
            EnvVariable(name=str(servers()[backing.kind]["sets"]), value=value)
            for backing in self._backings
            for value in self._address(backing)
        ]
        services = tuple(
            with_variables(service, [*variables, *self._told])
            for service in self._services.values()
        )
        added = tuple(told(service, variables) for service in self._added.values())
        servers_added = tuple(backing.service for backing in self._backings)
        return DevelopmentSide(
            services,
            (*servers_added, *added),
            tuple(volume for backing in self._backings for volume in backing.volumes),
            (
                *(setting for backing in self._backings for setting in backing.settings),
                *self._settings,
            ),
        )

    def _address(self, backing: Backing) -> Iterator[str]:
        return (value for _, value in backing.variables)

    def add(self, process: StatedProcess, types: frozenset[str]) -> None:
        """Puts a process where it belongs: a service of the stack, a server, or a service of its own."""
        program = find_program(process.text).name
        rows = load("development")
        kind = rows["servers"].get(program)
        same_type = self._process_of_base(process, types)
        if kind is not None:
            self._add_server(process, kind)
        elif program in rows["tunnels"]:
            process.cursor.note("TC572", name=process.type, file=self._path)
        elif same_type is not None and self._only_watches(process, same_type):
            self._add_watcher(process._replace(type=f"{process.type}-watch"))
        elif same_type is not None:
            self._change(process, same_type)
        elif program == "stripe":
            self._add_stripe(process)
        else:
            self._add_watcher(process)

    def _process_of_base(
        self, process: StatedProcess, types: frozenset[str]
    ) -> Process | None:
        """The process of the base in whose place one runs: that of its name, or the one that runs the same file.

        `types` are the processes of the file: what has its name there runs in its place.
        """
        by_type = {base.type: base for base in self._plan.processes}
        if process.type in by_type:
            return by_type[process.type]
        words = set(process.text.split())
        for base in self._plan.processes:
            file = base.text.split()[-1] if base.text else ""
            runs_file = _SCRIPT.search(file) and file in words
            if base.publishes and runs_file and base.type not in types:
                return base
        return None

    def _only_watches(self, process: StatedProcess, base: Process) -> bool:
        """Whether a process of web's name makes files anew, and serves nothing, as `ember build --watch`."""
        is_watching = _BUILDS.search(process.text) is not None
        return base.publishes and is_watching and not _BUILDS.search(base.text)

    def _add_server(self, process: StatedProcess, kind: str) -> None:
        repository = self._plan.repository
        present = [
            name for name in self._names if name == kind or name.startswith(f"{kind}-")
        ]
        if not present:
            row = servers()[kind]
            variables = {row["sets"]: row["url"]} if "sets" in row else {}
            request = BackingRequest(kind, kind.upper(), variables, "", process.cursor.span)
            backing = make_backing(repository, request, self._names)
            unbound = replace(backing.service, profiles=())
            self._backings.append(backing._replace(service=unbound))
        service = min(present, default=kind)
        facts: dict[str, Any] = {
            "name": process.type,
            "file": self._path,
            "service": service,
        }
        process.cursor.note("TC570", subject=ModelPath.service(service), **facts)

    def _change(self, stated: StatedProcess, process: Process) -> None:
        """The command of a service that the base has: the framework's own for development goes before it."""
        service = self._services[process.service]
        overlay = service.overlays.get(ComposeFileRole.DEV)
        if process.span and process.span.file == self._path:
            stated.cursor.skip("the base runs it, in development too")
            return
        own = process._replace(text=self._fit(stated.text, process))
        is_changed = stated.text.strip() != process.text.strip()
        if overlay is None or not is_changed or not self._keeps_own(own, overlay):
            self._keep_framework(stated, service)
            return
        command = convert_command(without_env(own.text)).argv
        path = ModelPath.service(service.name, "command")
        stated.cursor.map(to=path)
        own_line = process._replace(cursor=stated.cursor, text=stated.text)
        note_missing_in_development(self._plan.repository, own_line)
        entrypoint = self._entrypoint_of(process)
        if entrypoint is not None and service.entrypoint is None:
            facts: dict[str, Any] = {"name": f"{process.type} in development"}
            facts["entrypoint"] = self._plan.image(process).swallowing_entrypoint
            stated.cursor.annotate("TC382", subject=path, **facts)
        changed = replace(overlay, command=command, entrypoint=entrypoint)
        self._services[service.name] = with_assigned(service, changed, stated.text)

    def _keep_framework(self, stated: StatedProcess, service: Service) -> None:
        """Says that the framework's command, or that of the base, stays; it gets the variables that the line sets."""
        overlay = service.overlays.get(ComposeFileRole.DEV)
        if overlay is not None:
            self._services[service.name] = with_assigned(service, overlay, stated.text)
        shown = " ".join((overlay and overlay.command) or service.command or ())
        facts: dict[str, Any] = {"name": stated.type, "file": self._path, "command": shown}
        stated.cursor.note("TC571", subject=ModelPath.service(service.name), **facts)

    def _keeps_own(self, own: Process, overlay: Service) -> bool:
        """Whether a command of the file goes before the framework's own: there is none, or it is another server.

        Options of another server, such as a file of settings, mean nothing to the framework's.
        """
        framework = find_program(" ".join(overlay.command or ())).name
        is_other = find_program(own.text).name != framework
        is_open = listens_openly(self._plan.repository, own, self._plan.port.number)
        return not framework or (is_other and is_open)

    def _entrypoint_of(self, process: Process) -> tuple[str, ...] | None:
        """Nothing in the place of an entrypoint that would not run a command; None keeps the image's."""
        return () if self._plan.image(process).swallowing_entrypoint else None

    def _fit(self, text: str, process: Process) -> str:
        """The command with the port of the base, and on all addresses."""
        number = stated_port(text)
        if process.publishes and number:
            text = re.sub(rf"\b{number}\b", self._plan.port.number, text)
        if not process.publishes:
            return text
        port = self._plan.port.number
        words = opening_words(text, called_script(self._plan.repository, text), port)
        return " ".join((open_address(text, port), *words))

    def _add_stripe(self, process: StatedProcess) -> None:
        """The client of Stripe in its own image, which passes events on to web."""
        target = f"{self._web.name}:{self._plan.port.number}"
        arguments = find_program(process.text).arguments[1:]
        command = tuple(_THIS_MACHINE.sub(target, argument) for argument in arguments)
        named = self._name(process)
        self._added[named.service] = Service(
            name=named.service,
            image=f"stripe/stripe-cli:{default_version('stripe-cli')}",
            command=tuple(map(literal, command)),
            environment=(EnvVariable(name="STRIPE_API_KEY", value=None),),
            origin=process.cursor.span,
        )
        self._settle(process.cursor, named)
        description = "Key of Stripe's client, for development"
        self._settings.append(
            EnvSetting(name="STRIPE_API_KEY", secret=True, description=description)
        )
        facts: dict[str, Any] = {"name": process.type, "target": target}
        process.cursor.annotate("TC574", subject=ModelPath.service(named.service), **facts)

    def _add_watcher(self, process: StatedProcess) -> None:
        """A process beside the app: in the image for development, with a terminal, since watchers end without one."""
        named = self._name(process)
        text = _THIS_MACHINE.sub(self._other_host, process.text)
        asset_server = find_asset_server(self._plan, text, named.service)
        if asset_server is not None:
            text = " ".join((text, *asset_server.options))
            self._told += asset_server.told
        run = convert_command(text)
        unneeded = unneeded_variables(self._plan, text)
        overlay = self._web.overlays[ComposeFileRole.DEV]
        variables = {
            variable.name: variable
            for variable in (
                *process_variables(self._plan, named, run),
                *overlay.environment,
                *([_NO_QUESTION] if find_program(text).name in _FETCHED_TOOLS else ()),
                *(asset_server.own if asset_server else ()),
            )
            if variable.name not in unneeded
        }
        self._added[named.service] = replace(
            overlay,
            name=named.service,
            image=overlay.image or self._web.image,
            build=overlay.build or self._web.build,
            command=run.argv,
            entrypoint=self._entrypoint_of(named),
            environment=tuple(variables.values()),
            ports=(asset_server.published,) if asset_server else (),
            # The check of web asks the server, which a watcher is not.
            healthcheck=None,
            depends_on=self._dependencies_of(variables, unneeded),
            init=True,
            options={"stdin_open": True, "tty": True},
            origin=process.cursor.span,
        )
        self._settle(process.cursor, named)
        note_missing_in_development(self._plan.repository, named)
        facts: dict[str, Any] = {
            "name": process.type,
            "file": self._path,
            "less": _LESS if unneeded else "",
        }
        process.cursor.annotate("TC573", subject=ModelPath.service(named.service), **facts)

    def _dependencies_of(
        self, variables: Mapping[str, EnvVariable], unneeded: frozenset[str]
    ) -> tuple[Dependency, ...]:
        """The servers that a watcher waits for: none for one that builds, and is told of none."""
        served = {
            variable.name
            for variable in self._plan.app_variables
            if variable.leads_to_service
        }
        is_told = not served.isdisjoint(variables)
        return self._plan.dependencies if is_told or not unneeded else ()

    def _other_host(self, match: re.Match[str]) -> str:
        """The address of web for one on this machine, where its port is the web process's."""
        number = match[0].rpartition(":")[2]
        ports = {self._plan.port.number, *(row["port"] for row in language_rows().values())}
        is_target = number in ports and not match[0].startswith("0")
        return f"{self._web.name}:{self._plan.port.number}" if is_target else match[0]

    def _name(self, process: StatedProcess) -> Process:
        return name_services(self._plan.repository, (process,), self._names)[0]

    def _settle(self, cursor: Cursor, named: Process) -> None:
        cursor.map(to=ModelPath.service(named.service, "command"))
