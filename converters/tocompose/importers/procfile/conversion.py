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
    leftovers,
    ports,
    processes,
    scan,
    services,
)
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.backing import Backing, dependencies
from tocompose.importers.procfile.defaults import default_web, supplied
from tocompose.importers.procfile.dependencies import dependencies as libraries
from tocompose.importers.procfile.environment import Entry
from tocompose.importers.procfile.gather import gather, jobs
from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Ledger
from tocompose.model import Service, Setting, Stack
from tocompose.project import Project
from tocompose.values import identifier


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
    def first(self) -> str:
        """The service that the ledger names for what all of the app's services get: web, or the first one."""
        names = [item.service for item in self.processes if item.publishes] or [item.service for item in self.processes]
        return names[0]


def convert(project: Project, ledger: Ledger, settings: Settings) -> Stack:
    """The stack of the project. Raises SourceError when it holds nothing that could be run."""
    given = _read(Repository(project, ledger, settings))
    images = _images(given)
    found = scan.scan(given.repository)
    backings, outside = _backings(given, found)
    entries, port_entry, settings_ = _environment(given, backings, outside)
    plan = _plan(given, images, entries, port_entry, backings)
    built = tuple(services.service(plan, item) for item in given.processes)
    leftovers.settle(given.repository, given.app, plan, found, built)
    return _stack(given, plan, built, backings, settings_)


def _read(repository: Repository) -> Given:
    app, heroku = app_json.read(repository), heroku_yml.read(repository)
    found = gather(repository, app, heroku)
    spoken = language.language(repository, found, app.at("buildpacks"))
    if not any(item.type not in ("release", *app_json.ONE_OFF) for item in found):
        found = (*found, *default_web(repository, spoken, heroku))
    if not found:
        raise SourceError(f"{repository.project.name}: no process type, no app.json and no language was found to run")
    taken: set[str] = set()
    named = jobs(repository, processes.named(repository, found, taken))
    return Given(repository, app, heroku, named, _name(repository, app), spoken, taken)


def _name(repository: Repository, app: AppJson) -> str:
    """The stack's name: the user's, the folder's, or app.json's for a source that has no folder."""
    written = app.root.at("name")
    if written:
        written.skip("the stack is named after its folder, as docker compose does")
    return identifier(repository.settings.name or repository.project.name)


def _images(given: Given) -> dict[str, image.Image]:
    mode = given.repository.option("dockerfile") or "auto"
    return image.images(given.repository, given.heroku, image.Wish(given.name, given.language, mode))


def _backings(given: Given, found: scan.Scan) -> tuple[tuple[Backing, ...], addons.Provided]:
    """The services that stand in for add-ons, and those that the code gives away."""
    used = libraries(given.repository)
    wanted = addons.wanted(given.app.at("addons"), given.heroku.addons)
    clues = inference.Clues.of(given.repository, given.processes, used, found, given.app)
    provided = addons.provide(given.repository, wanted, given.taken, clues.search, given.first)
    inferred = inference.infer(given.repository, clues, provided, given.taken)
    backings = tuple(inference.with_extensions(given.repository, item, found) for item in (*provided.backings, *inferred))
    return backings, provided


def _environment(
    given: Given, backings: tuple[Backing, ...], outside: addons.Provided
) -> tuple[tuple[Entry, ...], Entry | None, tuple[Setting, ...]]:
    repository = given.repository
    platform = supplied(repository, given.language, given.name, backings)
    served = tuple(entry for item in backings for entry in item.entries())
    known = {entry.name: entry.value or "" for entry in (*platform.offered, *served)}
    dotenv = environment.replace_local(repository, environment.of_dotenv(repository), served)
    layers = (
        environment.of_examples(repository),
        platform.always,
        outside.entries,
        environment.of_app(repository, given.app, known),
        tuple(environment.of_config(given.heroku.settings)),
        tuple(entry for entry in served if entry.name not in {item.name for item in dotenv}),
        dotenv,
    )
    entries, losers = environment.join(layers)
    port = next((entry for entry in entries if entry.name == "PORT"), None)
    shared = tuple(entry for entry in entries if entry.name != "PORT")
    environment.settle(shared, losers, given.first)
    settings = tuple(entry.setting for entry in shared if entry.setting)
    return shared, port, (*settings, *(setting for item in backings for setting in item.settings))


def _plan(
    given: Given,
    images: dict[str, image.Image],
    entries: tuple[Entry, ...],
    port_entry: Entry | None,
    backings: tuple[Backing, ...],
) -> services.Plan:
    web = next((item for item in given.processes if item.publishes), given.processes[0])
    first = images.get(web.image) or images.get(web.type) or next(iter(images.values()))
    known = environment.port_of(port_entry, web)
    names = {item.type: item.service for item in given.processes}
    return services.Plan(
        repository=given.repository,
        images=images,
        entries=entries,
        dependencies=dependencies(backings),
        scales=formation.known(formation.scales(given.repository, given.app.at("formation")), names),
        checks=health.checks(given.repository, given.app, names, first.runtime),
        port=ports.web_port(web, first.exposed, known, given.language),
        releases=tuple(item for item in given.processes if item.traits.get("once")),
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
    port = Setting(name="WEB_PORT", value=plan.port.number, description="Port of the web service on this machine")
    single = any("WEB_PORT" in (item.published or "") for service in built for item in service.ports)
    return Stack(
        name=given.name,
        services=(*with_dev, *(item.service for item in backings)),
        volumes=(*volumes, *(volume for item in backings for volume in item.volumes)),
        settings=(*settings, *((port,) if web and single else ())),
        files=image.files(plan.images.values()),
    )

