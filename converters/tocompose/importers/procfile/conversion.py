"""From a repository to a stack: the phases, in order."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers import Settings, SourceError
from tocompose.importers.procfile import (
    addons,
    app_json,
    development,
    environment,
    formation,
    health,
    heroku_yml,
    image,
    inference,
    language,
    launchers,
    leftovers,
    locality,
    outright,
    packages,
    ports,
    processes,
    scan,
    services,
    sources,
)
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.backing import Backing, dependencies
from tocompose.importers.procfile.clues import Clues
from tocompose.importers.procfile.defaults import default_web, supplied
from tocompose.importers.procfile.dependencies import Dependency
from tocompose.importers.procfile.dependencies import dependencies as libraries
from tocompose.importers.procfile.dockerfiles.generate import Brief
from tocompose.importers.procfile.environment import Entry
from tocompose.importers.procfile.gather import gather, jobs
from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Service, Setting, Stack
from tocompose.project import Project
from tocompose.syntax.names import identifier


class Given(NamedTuple):
    """The repository's own words, read."""

    repository: Repository
    app: AppJson
    heroku: HerokuYml
    processes: tuple[Process, ...]
    name: str
    language: str
    taken: set[str]

    @property
    def buildpacks(self) -> tuple[Cursor, ...]:
        """The buildpacks of app.json and those of heroku.yml, the last of which decides."""
        return (*self.app.at("buildpacks"), *self.heroku.buildpacks)

    @property
    def first(self) -> str:
        """The service that the ledger names for what all of the app's services get: web, or the first one."""
        names = [item.service for item in self.processes if item.publishes] or [
            item.service for item in self.processes
        ]
        return names[0]


def convert(project: Project, ledger: Ledger, settings: Settings) -> Stack:
    """The stack of the project. Raises SourceError when it holds nothing that could be run."""
    given = _read(Repository(project, ledger, settings))
    found = scan.scan(given.repository)
    used = libraries(given.repository)
    backings, outside = _backings(given, found, used)
    entries, known, settings_ = _environment(given, found, backings, outside)
    images = _images(given, used, entries, known)
    plan = _plan(given, images, entries, known, backings)
    built = tuple(services.service(plan, item) for item in given.processes)
    leftovers.settle(given.repository, given.app, given.buildpacks, plan, found, backings)
    return _stack(given, plan, built, backings, settings_)


def _read(repository: Repository) -> Given:
    app, heroku = app_json.read(repository), heroku_yml.read(repository)
    found = gather(repository, app, heroku)
    spoken = language.language(
        repository, found, (*app.at("buildpacks"), *heroku.buildpacks)
    )
    if not (
        found
        or spoken
        or app.root
        or heroku.root
        or repository.project.exists("Dockerfile")
    ):
        raise SourceError(_nothing(repository))
    if not any(item.type not in ("release", *app_json.ONE_OFF) for item in found):
        found = (*found, *default_web(repository, spoken))
    taken: set[str] = set()
    named = jobs(repository, processes.named(repository, found, taken))
    said = frozenset(formation.types(app.at("formation"))) | _scaled_by_dokku(repository)
    named = launchers.scaled(launchers.read(repository), named, said)
    return Given(repository, app, heroku, named, _name(repository, app), spoken, taken)


def _nothing(repository: Repository) -> str:
    below = sources.below(repository.project)
    verb = "holds" if len(below) == 1 else "hold"
    hint = (
        f"; {', '.join(below)} {verb} a Procfile: convert each such folder" if below else ""
    )
    return f"{repository.project.name}: no process type, no app.json and no language was found to run{hint}"


def _scaled_by_dokku(repository: Repository) -> frozenset[str]:
    return frozenset(
        formation.pairs((repository.text("DOKKU_SCALE") or "").replace("\n", ","))
    )


def _name(repository: Repository, app: AppJson) -> str:
    """The stack's name: the user's, the folder's, or app.json's for a source that has no folder."""
    written = app.root.at("name")
    if written:
        written.skip("the stack is named after its folder, as docker compose does")
    return identifier(repository.settings.name or repository.project.name)


def _images(
    given: Given, used: tuple[Dependency, ...], entries: tuple[Entry, ...], known: str
) -> dict[str, image.Image]:
    repository = given.repository
    ordered = sorted(given.processes, key=lambda item: not item.publishes)
    packs = [language.buildpack(url) for url in language.urls(given.buildpacks)]
    brief = Brief(
        repository=repository,
        commands=tuple(item.text for item in ordered if item.text),
        libraries=used,
        packages=packages.of(repository, packs, given.heroku.recipes),
        port=ports.web_port(ordered[0], (), known, given.language).number,
        demanded=tuple(
            item.name for item in entries if item.value == f"${{{item.name}:?}}"
        ),
        settings={
            item.name: item.setting.value
            for item in entries
            if item.setting and item.setting.value
        }
        | {
            item.name: item.value
            for item in entries
            if item.value and "$" not in item.value
        },
        mixed=any(row.get("language") == "node" for row in packs)
        or "heroku-postbuild" in _scripts(repository),
    )
    mode = repository.option("dockerfile") or "auto"
    return image.images(
        repository, given.heroku, image.Wish(given.name, given.language, mode, brief)
    )


def _scripts(repository: Repository) -> tuple[str, ...]:
    package = repository.json("package.json")
    found = package.get("scripts") if isinstance(package, dict) else None
    return tuple(found) if isinstance(found, dict) else ()


def _backings(
    given: Given, found: scan.Scan, used: tuple[Dependency, ...]
) -> tuple[tuple[Backing, ...], addons.Provided]:
    """The services that stand in for add-ons, and those that the code gives away."""
    wanted = addons.wanted(given.app.at("addons"), given.heroku.addons)
    clues = Clues.of(given.repository, given.processes, used, found, given.app)
    provided = addons.provide(
        given.repository, wanted, given.taken, clues.search, given.first, clues.smtp
    )
    inferred = inference.infer(given.repository, clues, provided, given.taken)
    backings = tuple(
        inference.with_extensions(given.repository, item, found)
        for item in (*provided.backings, *inferred)
    )
    return inference.in_parts(clues, backings), provided


def _environment(
    given: Given, found: scan.Scan, backings: tuple[Backing, ...], outside: addons.Provided
) -> tuple[tuple[Entry, ...], str, tuple[Setting, ...]]:
    repository = given.repository
    platform = supplied(repository, given.language, given.name, backings)
    served = tuple(entry for item in backings for entry in item.entries())
    supplied_ = {entry.name: entry.value or "" for entry in (*platform.offered, *served)}
    apart = {name: item.service.name for item in backings for name in item.apart}
    dotenv = environment.replace_local(
        repository, environment.of_dotenv(repository), served, apart
    )
    layers = (
        outright.outright(repository, given.language, found),
        environment.of_commands(given.processes),
        environment.of_examples(repository),
        platform.always,
        outside.entries,
        environment.of_app(repository, given.app, supplied_),
        tuple(environment.of_config(given.heroku.settings)),
        tuple(
            entry for entry in served if entry.name not in {item.name for item in dotenv}
        ),
        dotenv,
    )
    entries, losers = environment.join(layers)
    port = next((entry for entry in entries if entry.name == "PORT"), None)
    shared = locality.fitted(
        repository, (entry for entry in entries if entry.name != "PORT"), backings
    )
    environment.settle(shared, losers, given.first)
    outright.say(repository, shared)
    settings = tuple(entry.setting for entry in shared if entry.setting)
    known = environment.port_of(
        port, next((item for item in given.processes if item.publishes), given.processes[0])
    )
    return (
        shared,
        known,
        (*settings, *(setting for item in backings for setting in item.settings)),
    )


def _plan(
    given: Given,
    images: dict[str, image.Image],
    entries: tuple[Entry, ...],
    known: str,
    backings: tuple[Backing, ...],
) -> services.Plan:
    web = next((item for item in given.processes if item.publishes), given.processes[0])
    first = images.get(web.image) or images.get(web.type) or next(iter(images.values()))
    names = {item.type: item.service for item in given.processes}
    return services.Plan(
        repository=given.repository,
        images=images,
        entries=entries,
        dependencies=dependencies(backings),
        scales=formation.known(
            formation.scales(given.repository, given.app.at("formation")), names
        ),
        checks=health.checks(given.repository, given.app, names, first.runtime),
        port=ports.web_port(web, first.exposed, known, given.language),
        processes=given.processes,
    )


def _stack(
    given: Given,
    plan: services.Plan,
    built: tuple[Service, ...],
    backings: tuple[Backing, ...],
    settings: tuple[Setting, ...],
) -> Stack:
    web = [item for item in given.processes if item.publishes]
    with_data, volumes = services.with_volumes(plan, built, given.name)
    with_dev = development.overlay(plan, given.processes, with_data)
    port = Setting(
        name="WEB_PORT",
        value=plan.port.number,
        description="Port of the web service on this machine",
    )
    single = any(
        "WEB_PORT" in (item.published or "") for service in built for item in service.ports
    )
    return Stack(
        name=given.name,
        services=(*with_dev, *(item.service for item in backings)),
        volumes=(*volumes, *(volume for item in backings for volume in item.volumes)),
        settings=(*settings, *((port,) if web and single else ())),
        files=image.files(plan.images.values()),
    )
