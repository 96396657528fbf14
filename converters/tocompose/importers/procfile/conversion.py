"""From a repository to a stack: the phases, in order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

from tocompose.importers import SourceError
from tocompose.importers.procfile import (
    app_folders,
    app_json,
    dev_fallback,
    dev_processes,
    development,
    environment,
    environment_checks,
    formation,
    gather,
    health,
    image,
    inference,
    language,
    launchers,
    leftovers,
    migrations,
    missing_manifests,
    ports,
    processes,
    services,
    sources,
    watchers,
)
from tocompose.importers.procfile.addons import AddonTable, ProvidedAddons, read_requests
from tocompose.importers.procfile.app import App, AppEnvironment
from tocompose.importers.procfile.app_images import choose_app_images, plain_values
from tocompose.importers.procfile.app_json import AppJson, required_names, variables_of_app
from tocompose.importers.procfile.backing import Backing, dependencies_on
from tocompose.importers.procfile.base_ports import base_port
from tocompose.importers.procfile.database_files import find_databases
from tocompose.importers.procfile.database_volumes import share_databases
from tocompose.importers.procfile.defaults import (
    default_web,
    note_buildpack_values,
    platform_variables,
)
from tocompose.importers.procfile.environment import AppVariable
from tocompose.importers.procfile.evidence import collect_evidence, used_libraries
from tocompose.importers.procfile.heroku_yml import read_heroku_yml
from tocompose.importers.procfile.listening import configured_port
from tocompose.importers.procfile.new_app_values import note_new_app_values
from tocompose.importers.procfile.own_commands import start_as_built
from tocompose.importers.procfile.processes import Process, StatedProcess
from tocompose.importers.procfile.project_toml import (
    read_project_toml,
    variables_of_build,
)
from tocompose.importers.procfile.scan import CodeScan, scan_code
from tocompose.importers.procfile.settings_files import (
    note_local_settings,
    read_server_settings,
    with_settings,
)
from tocompose.importers.procfile.upload_folders import find_upload_folders
from tocompose.importers.procfile.upload_volumes import share_uploads
from tocompose.knowledge.servers import family_kinds
from tocompose.languages import read_libraries
from tocompose.languages.language import Library
from tocompose.model import ComposeFileRole, EnvSetting, Runtime, Service, Stack
from tocompose.repository import Repository
from tocompose.syntax.names import identifier

_OLD_ADDRESS = "set OLD_URL in your shell to that address"


def convert_repository(repository: Repository) -> Stack:
    """The stack of the repository. Raises SourceError when it holds nothing that could be run."""
    app = _read_app(repository)
    code = scan_code(repository)
    libraries = (
        *used_libraries(repository, app.language),
        *chain.from_iterable(map(_folder_libraries, repeat(repository), app.folders)),
    )
    app = app._replace(processes=start_as_built(app, libraries))
    settings = read_server_settings(repository)
    backings, provided = _find_backings(app, with_settings(code, settings), libraries)
    variables = _collect_variables(app, code, backings, provided)
    if not any(backing.kind in family_kinds("sql") for backing in backings):
        databases = find_databases(repository, code.sqlite, variables.app_variables)
        variables = variables._replace(databases=databases)
    values = plain_values(variables)
    uploads = find_upload_folders(repository, code.disk, values)
    variables = variables._replace(uploads=uploads)
    note_local_settings(repository, settings, _set_names(variables))
    images = choose_app_images(app, libraries, variables)
    plan = _make_plan(app, images, variables, backings)
    converted = tuple(services.convert_process(plan, process) for process in app.processes)
    migrations.note_missing_tables(
        repository, app.language, app.processes, backings, variables.databases
    )
    keeps_data = any(backing.volumes for backing in backings) or bool(variables.databases)
    migrations.note_setup_commands(repository, app.processes, keeps_data)
    launchers.note_launchers(plan)
    missing_manifests.note_missing_manifests(plan)
    leftovers.settle_leftovers(app.app_json, app.buildpacks, plan, code, backings)
    return _assemble_stack(app, plan, converted, backings, variables.settings)


def _folder_libraries(repository: Repository, folder: str) -> tuple[Library, ...]:
    """The libraries of a folder's app, with the files that declare them seen from the root."""
    libraries = read_libraries(app_folders.folder_repository(repository, folder))
    return tuple(library._replace(file=f"{folder}/{library.file}") for library in libraries)


def _read_app(repository: Repository) -> App:
    app, heroku = app_json.read_app_json(repository), read_heroku_yml(repository)
    project = read_project_toml(repository)
    stated = gather.gather_processes(repository, app, heroku)
    app_language = language.find_language(
        repository,
        stated,
        (*app.at("buildpacks"), *heroku.buildpacks, *project.buildpacks),
    )
    if not heroku.recipes:
        stated = app_folders.place_processes(repository, stated, app_language)
    app_language = app_language or _language_of_processes(repository, stated)
    stated = dev_fallback.leave_development(repository, stated, app_language)
    states_something = stated or app_language or app.root or heroku.root
    if not states_something and not repository.has_file("Dockerfile"):
        raise SourceError(_say_nothing_runs(repository))
    if all(process.type in ("release", *app_json.ONE_OFF) for process in stated):
        stated = (*stated, default_web(repository, app_language))
    service_names: set[str] = set()
    named = _apply_quantities(
        repository, app, _name_processes(repository, stated, service_names)
    )
    return App(
        repository,
        app,
        heroku,
        project,
        named,
        _stack_name(repository, app),
        app_language,
        service_names,
    )


def _language_of_processes(
    repository: Repository, stated: tuple[StatedProcess, ...]
) -> str:
    """The language of the web process's folder, or of the commands, where the root has none."""
    folders = (process.image for process in stated if process.type == "web")
    folder = next(folders, "")
    if folder and (name := app_folders.folder_language(repository.project, folder)):
        return name
    return language.language_of_commands(repository, stated)


def _name_processes(
    repository: Repository, stated: tuple[StatedProcess, ...], service_names: set[str]
) -> tuple[Process, ...]:
    named = processes.name_services(repository, stated, service_names)
    gather.note_kept_dollars(repository, named)
    return gather.publish_server(repository, gather.sort_out_tasks(repository, named))


def _apply_quantities(
    repository: Repository, app: AppJson, named: tuple[Process, ...]
) -> tuple[Process, ...]:
    """The processes with the quantities of settings files that only process managers read."""
    dokku_scale = (repository.read_text("DOKKU_SCALE") or "").replace("\n", ",")
    types = formation.scaled_types(app.at("formation"))
    scaled = frozenset((*types, *formation.parse_pairs(dokku_scale)))
    quantities = formation.read_quantities(repository)
    return formation.apply_quantities(quantities, named, scaled)


def _say_nothing_runs(repository: Repository) -> str:
    folders = sources.apps_below(repository.project)
    verb = "holds" if len(folders) == 1 else "hold"
    hint = ""
    if folders:
        hint = f"; {', '.join(folders)} {verb} a Procfile: convert each such folder"
    return f"{repository.project.name}: no process type, no app.json and no language was found to run{hint}"


def _stack_name(repository: Repository, app: AppJson) -> str:
    """The stack's name: the user's, the folder's, or app.json's for a source that has no folder."""
    stated = app.root.at("name")
    if stated:
        stated.skip("the project is named after the folder of the source")
    return identifier(repository.name or repository.project.name)


def _find_backings(
    app: App, code: CodeScan, libraries: tuple[Library, ...]
) -> tuple[tuple[Backing, ...], ProvidedAddons]:
    """The services that stand in for add-ons, and those that the code gives away."""
    repository = app.repository
    evidence = collect_evidence(repository, app.processes, libraries, code, app.app_json)
    table = AddonTable(
        repository,
        app.service_names,
        evidence.search_engine,
        app.web.service,
        evidence.sends_by_smtp,
        evidence.encrypted,
    )
    asked_names = required_names(app.app_json)
    for request in read_requests(app.app_json.at("addons"), app.heroku.addons):
        table.add(request, asked_names)
    provided = table.provide()
    inferred = inference.infer_services(repository, evidence, provided, app.service_names)
    backings = tuple(
        inference.add_extension(repository, backing, code)
        for backing in (*provided.backings, *inferred)
    )
    return inference.tell_in_parts(repository, evidence, backings), provided


def _collect_variables(
    app: App, code: CodeScan, backings: tuple[Backing, ...], provided: ProvidedAddons
) -> AppEnvironment:
    repository = app.repository
    platform = platform_variables(repository, app.language, backings)
    served = tuple(variable for backing in backings for variable in backing.app_variables())
    offered = {
        variable.name: variable.value or "" for variable in (*platform.offered, *served)
    }
    dotenv = environment.without_served(
        environment.variables_of_dotenv(repository),
        served,
        _partial_variables(backings),
        {backing.service.name: backing.moving_step(_OLD_ADDRESS) for backing in backings},
    )
    stated = {variable.name for variable in dotenv}
    layers = (
        environment_checks.required_by_code(
            repository, app.language, code, [process.text for process in app.processes]
        ),
        environment_checks.inlined_by_code(repository, code),
        environment_checks.required_by_site(repository, app.language),
        environment.variables_of_commands(app.processes),
        environment_checks.with_selected_servers(
            environment.variables_of_examples(repository), backings
        ),
        environment_checks.switches_in_comments(repository, backings),
        platform.always,
        provided.app_variables,
        variables_of_app(repository, app.app_json, offered),
        environment.variables_of_config(app.heroku.settings),
        variables_of_build(app.project),
        (variable for variable in served if variable.name not in stated),
        dotenv,
    )
    winners, losers = environment.join_layers(layers)
    by_name = {variable.name: variable for variable in winners}
    port_entry = by_name.pop("PORT", None)
    app_variables = environment_checks.fit_values(repository, by_name.values(), backings)
    environment.settle_variables(app_variables, losers, app.web.service)
    environment_checks.note_unset(repository, app.language, app_variables)
    note_buildpack_values(repository, app_variables)
    note_new_app_values(repository, app_variables, backings)
    port = environment.settle_port(port_entry, app.web)
    return AppEnvironment(
        app_variables, port, tuple(_all_settings(app_variables, backings))
    )


def _set_names(variables: AppEnvironment) -> frozenset[str]:
    """The variables that have a value."""
    return frozenset(
        variable.name for variable in variables.app_variables if variable.value is not None
    )


def _all_settings(
    app_variables: tuple[AppVariable, ...], backings: tuple[Backing, ...]
) -> Iterator[EnvSetting]:
    for variable in app_variables:
        if variable.setting:
            yield variable.setting
    for backing in backings:
        yield from backing.settings


def _partial_variables(backings: tuple[Backing, ...]) -> dict[str, str]:
    """The variables that tell a service in parts, with the service's name."""
    return {
        name: backing.service.name
        for backing in backings
        for name in backing.partial_variables
    }


def _make_plan(
    app: App,
    images: dict[str, image.Image],
    variables: AppEnvironment,
    backings: tuple[Backing, ...],
) -> services.AppPlan:
    repository, web = app.repository, app.web
    web_image = images.get(web.image) or images.get(web.type) or next(iter(images.values()))
    names = {process.type: process.service for process in app.processes}
    of_server = base_port(repository, web, web_image)
    configured = of_server or configured_port(repository, web.text)
    scales = formation.read_scales(repository, app.app_json.at("formation"))
    return services.AppPlan(
        repository=repository,
        images=images,
        app_variables=variables.app_variables,
        dependencies=tuple(dependencies_on(backings)),
        scales=formation.keep_existing(scales, names),
        checks=health.read_checks(repository, app.app_json, names, web_image.runtime),
        port=ports.choose_web_port(web, web_image, variables, app.language, configured),
        processes=app.processes,
        releases=tuple(process for process in app.processes if process.traits.get("once")),
        databases=variables.databases,
        uploads=variables.uploads,
    )


def _assemble_stack(
    app: App,
    plan: services.AppPlan,
    converted: tuple[Service, ...],
    backings: tuple[Backing, ...],
    settings: tuple[EnvSetting, ...],
) -> Stack:
    with_volumes, volumes = services.add_volumes(plan, converted)
    with_volumes, shared_volumes = share_databases(plan, with_volumes)
    with_volumes, upload_volumes = share_uploads(plan, with_volumes)
    volumes = (*volumes, *shared_volumes, *upload_volumes)
    overlaid = development.add_overlays(plan, app.processes, with_volumes)
    side = dev_processes.add_development_side(plan, overlaid, app.service_names)
    development.note_commands(plan, app.processes, side.services)
    overlays = (service.overlays.get(ComposeFileRole.DEV) for service in side.services)
    started = (*filter(None, overlays), *side.added)
    watchers.note_local_proxies(plan, (service.command or () for service in started))
    volumes, settings = (*volumes, *side.volumes), (*settings, *side.settings)
    for backing in backings:
        volumes = (*volumes, *backing.volumes)
    if services.publishes_setting(converted):
        port = EnvSetting(
            name="WEB_PORT",
            value=plan.port.number,
            description="Port of the web service on this machine",
        )
        settings = (*settings, port)
    return Stack(
        name=app.name,
        services=(*side.services, *(backing.service for backing in backings)),
        development=side.added,
        volumes=volumes,
        settings=settings,
        files=tuple(file for image in plan.images.values() for file in image.files),
        runs_in=Runtime.PLATFORM,
    )
