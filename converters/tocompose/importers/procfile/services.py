"""From process types to services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.procfile.database_files import DatabaseFile
from tocompose.importers.procfile.environment import AppVariable, environment_variables
from tocompose.importers.procfile.formation import Scale, settle_size
from tocompose.importers.procfile.health import StatedCheck, choose_healthcheck
from tocompose.importers.procfile.heroku_yml import NAMES
from tocompose.importers.procfile.image import LAUNCHER, Image, find_image
from tocompose.importers.procfile.listening import (
    all_opening_variables,
    note_local_listening,
    without_port,
)
from tocompose.importers.procfile.ports import (
    WebPort,
    front_of_process,
)
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import (
    ComposeCommand,
    convert_command,
    named_variables,
)
from tocompose.importers.procfile.stage_programs import is_shell_settled
from tocompose.importers.procfile.upload_folders import UploadFolder
from tocompose.languages.php import document_root
from tocompose.model import (
    Dependency,
    EnvVariable,
    Mount,
    Port,
    Role,
    Service,
    Stop,
    Volume,
)
from tocompose.record import NamedTuple, replace
from tocompose.repository import Repository
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.wording import enumerated_up_to

# https://devcenter.heroku.com/articles/dynos#shutdown: SIGTERM, and SIGKILL 30 seconds later.
_GRACE = "30s"
# So many names of those that wait are told.
_MOST_WAITING = 5


class AppPlan(NamedTuple):
    """What all services of the app share."""

    repository: Repository
    images: Mapping[str, Image]
    app_variables: tuple[AppVariable, ...]
    dependencies: tuple[Dependency, ...]
    scales: Mapping[str, Scale]
    checks: Mapping[str, StatedCheck]
    port: WebPort
    processes: tuple[Process, ...]
    # The processes that run to their end before the others start.
    releases: tuple[Process, ...]
    databases: tuple[DatabaseFile, ...] = ()
    uploads: tuple[UploadFolder, ...] = ()

    def image(self, process: Process) -> Image:
        """The image that a process runs in."""
        return find_image(self.images, process)

    def note(self, code: str, process: Process, key: str, **facts: object) -> None:
        """Adds a note on a process, whose subject is a key of its service."""
        subject = ModelPath.service(process.service, *([key] if key else []))
        self.repository.add_note(code, process.span, subject=subject, **facts)


def convert_process(plan: AppPlan, process: Process) -> Service:
    """The service of a process type, without what the dev override adds."""
    image = plan.image(process)
    if process.publishes and process.type not in plan.checks:
        process = without_port(plan.repository, process, image.language)
    size = settle_size(process, plan.scales.get(process.type), plan.repository)
    run = _convert_command(plan, process, image)
    service = Service(
        name=process.service,
        image=image.reference,
        build=image.build,
        entrypoint=_choose_entrypoint(plan, process, image),
        command=run.argv or None,
        environment=tuple(process_variables(plan, process, run)),
        depends_on=_process_dependencies(plan, process),
        resources=size.resources,
        stop=Stop(signal=image.stop_signal or None, grace_period=_GRACE),
        init=True,
        role=Role(process.traits["role"]),
        origin=process.span,
    )
    service = _settle_occasion(plan, process, service, size.quantity)
    if process.publishes:
        service = _publish_port(plan, process, service, size.quantity)
    check = plan.checks.get(process.type)
    healthcheck = choose_healthcheck(check, image, process, plan.port.number)
    return replace(service, healthcheck=healthcheck)


def _convert_command(plan: AppPlan, process: Process, image: Image) -> ComposeCommand:
    run = convert_command(process.text)
    if "heroku-php-" in process.text:
        run = _replace_php_launcher(plan, process, image) or run
    # A command without words stays unread, which a note tells.
    if process.cursor and run.argv:
        process.cursor.map(to=ModelPath.service(process.service, "command"))
        for name, _ in run.environment:
            process.cursor.map(to=ModelPath.service(process.service, "environment", name))
        _note_command(plan, process, run)
    return run


def _choose_entrypoint(
    plan: AppPlan, process: Process, image: Image
) -> tuple[str, ...] | None:
    """None keeps the image's; it is cleared for a Procfile's command that it would not run.

    The command of heroku.yml goes to the entrypoint on the platform too.
    """
    entrypoint, span = image.swallowing_entrypoint, process.span
    is_swallowed = entrypoint and process.text and span
    if not is_swallowed or (span and span.file in NAMES):
        return image.entrypoint
    facts = {"name": process.type, "entrypoint": entrypoint}
    plan.note("TC382", process, "entrypoint", **facts)
    return ()


def _replace_php_launcher(
    plan: AppPlan, process: Process, image: Image
) -> ComposeCommand | None:
    """The buildpack's own web server launcher, which a generated image does without: Apache serves the same folder."""
    if image.entrypoint == LAUNCHER:
        return None
    if not image.generated or image.language != "php":
        plan.note("TC374", process, "command", name=process.type)
        return None
    project = plan.repository.project
    folder_prefix = f"{process.image}/" if process.image else ""
    root = document_root(process.text, lambda path: project.exists(folder_prefix + path))
    served = f"the folder {root.rstrip('/')}/" if root else "the root of the source"
    plan.note("TC375", process, "command", root=served)
    folder = f"/app/{root}".rstrip("/")
    return ComposeCommand(
        argv=("apache2-foreground",),
        environment=(("APACHE_DOCUMENT_ROOT", folder),),
        shell="",
        comment="",
        balanced=True,
    )


def _note_command(plan: AppPlan, process: Process, run: ComposeCommand) -> None:
    if not run.balanced:
        plan.note("TC333", process, "command", name=process.type)
    image = plan.image(process)
    is_settled = image.generated or is_shell_settled(image.own_stage, run.shell)
    if run.shell == "bash" and not is_settled:
        plan.note("TC334", process, "command", name=process.type)
    if run.comment:
        plan.note("TC311", process, "command", name=process.type)


def process_variables(
    plan: AppPlan, process: Process, run: ComposeCommand
) -> Iterator[EnvVariable]:
    """The variables of all processes, and in their place those of this one."""
    hoisted = {name: literal(value) for name, value in run.environment}
    own_values = plan.image(process).environment
    values = {**own_values, **_platform_values(plan, process), **hoisted}
    for variable in environment_variables(plan.app_variables):
        if variable.name not in values:
            yield variable
    for name, value in {**hoisted, **values}.items():
        origin = process.span if name in hoisted else None
        yield EnvVariable(name=name, value=value, origin=origin)


def _platform_values(plan: AppPlan, process: Process) -> dict[str, str]:
    """What the platform would tell the process, and what makes its server listen for others."""
    number, values = plan.port.number, dict[str, str]()
    names = named_variables(process.text)
    front = front_of_process(process, plan.image(process), plan.app_variables)
    # A program in front tells the app behind it another port.
    if (process.publishes and not front) or "PORT" in names:
        values["PORT"] = number
    if "DYNO" in names:
        # https://devcenter.heroku.com/articles/dynos#local-environment-variables: the type and a number.
        values["DYNO"] = literal(f"{process.type}.1")
    if "HOME" in names and plan.image(process).generated:
        # https://devcenter.heroku.com/articles/dynos#local-environment-variables: where the app is.
        values["HOME"] = plan.image(process).workdir
    if process.publishes and not front:
        values |= all_opening_variables(plan.repository, process, number)
    return values


def _process_dependencies(plan: AppPlan, process: Process) -> tuple[Dependency, ...]:
    """What a process waits for: on request only the setup of a new app waits for releases, which `run` would repeat."""
    is_on_request = process.traits.get("profile") and process.kind != "postdeploy"
    if process.traits.get("once") or is_on_request:
        return plan.dependencies
    releases = (
        Dependency(
            service=release.service,
            condition="service_completed_successfully",
            origin=release.span,
        )
        for release in plan.releases
    )
    return (*plan.dependencies, *releases)


def _before_others(plan: AppPlan) -> str:
    """Which services wait for the releases: those that only development has do not."""
    waiting = [
        process.service
        for process in plan.processes
        if not process.traits.get("once") and not process.traits.get("profile")
    ]
    if not waiting:
        return ""
    names = enumerated_up_to(waiting, _MOST_WAITING)
    return f", before {names} {'start' if waiting[1:] else 'starts'}"


def _settle_occasion(
    plan: AppPlan, process: Process, service: Service, quantity: int | None
) -> Service:
    """When the service runs: always, once before the others, or on request only."""
    if process.traits.get("once"):
        plan.note("TC322", process, "", name=process.type, before=_before_others(plan))
        return replace(service, restart="no")
    profile = process.traits.get("profile")
    if profile:
        return _run_on_request(plan, process, service, profile)
    if quantity == 0:
        name = process.service
        plan.note("TC325", process, "profiles", name=process.type, service=name)
        return replace(service, profiles=(name,))
    return replace(service, replicas=quantity)


def _run_on_request(
    plan: AppPlan, process: Process, service: Service, profile: str
) -> Service:
    profile = process.service if profile == "<service>" else profile
    has_terminal = process.traits.get("terminal")
    options = {"stdin_open": True, "tty": True} if has_terminal else {}
    # When such a command is to be run is told with what it does: migrations.note_setup_commands.
    if process.kind != "postdeploy":
        facts = {"name": process.type, "profile": profile, "service": process.service}
        plan.note("TC323", process, "profiles", **facts)
    return replace(service, restart="no", profiles=(profile,), options=options)


def _publish_port(
    plan: AppPlan, process: Process, service: Service, quantity: int | None
) -> Service:
    """The web process's port on this machine; several replicas share a range of host ports."""
    number, image = plan.port.number, plan.image(process)
    published = f"${{WEB_PORT:-{number}}}"
    host = "; set WEB_PORT to change the host port"
    if quantity and quantity > 1:
        published = f"{number}-{int(number) + quantity - 1}"
        host = ""
        plan.note("TC321", process, "ports", number=quantity, ports=published)
    facts = {"service": process.service, "port": number, "why": plan.port.why}
    plan.note("TC320", process, "ports", host=host, **facts)
    front = front_of_process(process, image, plan.app_variables)
    if front is None:
        note_local_listening(plan.repository, process, image.language, number)
    elif front.secure_by:
        facts = {"front": front.title, "variable": front.secure_by}
        plan.note("TC599", process, "ports", port=front.secure_port, **facts)
    port = Port(target=number, published=published, host_ip="127.0.0.1")
    return replace(service, ports=(port,))


def publishes_setting(services: Iterable[Service]) -> bool:
    """Whether a service publishes the port that WEB_PORT names."""
    return any(
        "WEB_PORT" in (port.published or "")
        for service in services
        for port in service.ports
    )


def add_volumes(
    plan: AppPlan, services: tuple[Service, ...]
) -> tuple[tuple[Service, ...], tuple[Volume, ...]]:
    """The services with a named volume for each folder that their image declares as one, shared among them."""
    images = {image.reference: image for image in plan.images.values()}
    volumes: dict[str, Volume] = {}
    result = []
    for service in services:
        image = images.get(service.image or "")
        mounts = []
        for path in image.volumes if image else ():
            name = volume_name(path)
            mounts.append(Mount(kind="volume", source=name, target=path))
            if name in volumes or image is None:
                continue
            span = image.span_of_volume(path)
            volumes[name] = Volume(name=name, origin=span)
            subject = ModelPath.service(service.name, "volumes")
            facts = {"path": path, "volume": name}
            plan.repository.add_note("TC371", span, subject=subject, **facts)
        result.append(replace(service, mounts=tuple(mounts)) if mounts else service)
    return tuple(result), tuple(volumes.values())


def volume_name(path: str) -> str:
    """The name of the volume for a folder of the app."""
    folder = path.strip("/").rsplit("/", 1)[-1]
    return f"app_{identifier(folder).replace('-', '_')}"
