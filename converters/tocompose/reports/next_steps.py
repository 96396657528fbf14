"""The commands to run after a conversion, with the names of the files and services that it made."""

from __future__ import annotations

from collections.abc import Container, Iterator

from tocompose.compose.files import BASE_NAMES
from tocompose.compose.start_order import joined_service
from tocompose.knowledge.images import LOCAL_TAG
from tocompose.knowledge.jobs import COMPLETED, unawaited_jobs
from tocompose.knowledge.old_containers import image_copy_command
from tocompose.knowledge.servers import has_development_password
from tocompose.model import Role, Runtime, Service, Stack
from tocompose.record import NamedTuple
from tocompose.reports.carried_files import outer_files_to_copy
from tocompose.reports.inventory import deleted_volumes
from tocompose.reports.report import Report, image_checked_services
from tocompose.reports.values_to_set import (
    MOST_IN_A_SENTENCE,
    values_to_set,
)
from tocompose.syntax.interpolation import variables
from tocompose.wording import enumerated, listed_names


class NextStep(NamedTuple):
    """One step: what it does, the command line, and what to know before."""

    title: str
    line: str
    warning: str = ""


def next_steps(report: Report) -> tuple[NextStep, ...]:
    """From filling in the settings to taking the stack down; only what this stack has."""
    names = [output_file.path for output_file in report.files]
    return (
        *_fill_in_settings(report, names),
        *first_steps(report),
        *later_steps(report),
    )


def first_steps(report: Report) -> tuple[NextStep, ...]:
    """How a stack that has its settings is started the first time; nothing where no service came of the source."""
    base = base_of(report)
    if not report.stack.services:
        return ()
    check = NextStep(
        "Check the files with docker compose", compose_command(base, "config --quiet")
    )
    return (check, *start_steps(report))


def later_steps(report: Report) -> tuple[NextStep, ...]:
    """What is done with a stack that has been started once."""
    base = base_of(report)
    if not report.stack.services:
        return ()
    build = " --build" if built_services(report.stack) else ""
    production = (
        NextStep(
            "Start it in production",
            f"docker compose -f {base} -f {output_file.path} up -d --wait{build}",
            _production_warning(report, f"{base}:{output_file.path}"),
        )
        for output_file in report.files
        if ".prod." in output_file.path
    )
    service = _example_service(report)
    of_service = _service_steps(base, service, report.stack) if service else ()
    return (*production, *of_service, _take_down(base, report))


def _production_warning(report: Report, file_list: str) -> str:
    """What to do before others can reach the stack, and how other commands come to use the files of production.

    https://docs.docker.com/compose/how-tos/environment-variables/envvars/#compose_file
    """
    chosen_files = (
        f"On that machine, first add `COMPOSE_FILE={file_list}` to .env (on Windows with `;` for `:`). Otherwise a "
        "later `docker compose up` without both -f recreates the containers without production's settings."
    )
    values = _development_values(report.stack)
    sentences = (values, chosen_files, outer_files_to_copy(report))
    return " ".join(filter(None, sentences))


def _development_values(stack: Stack) -> str:
    """Which values are a developer's own: beside a Procfile only the tools of a developer's machine read `.env`."""
    names = [
        setting.name
        for setting in stack.settings
        if setting.value and setting.origin and setting.origin.file == ".env"
    ]
    if not names or stack.runs_in is not Runtime.PLATFORM:
        return ""
    shown = listed_names(names, MOST_IN_A_SENTENCE)
    return f"Set production's values in .env: those of the source's .env ({shown}) are for development."


def development_passwords(stack: Stack) -> list[str]:
    """The variables whose value is the well-known password that lets the first start succeed."""
    return [setting.name for setting in stack.settings if has_development_password(setting)]


def passwords_to_change(report: Report) -> list[str]:
    """Those that are to be changed before a start in production."""
    has_production = any(".prod." in file.path for file in report.files)
    return development_passwords(report.stack) if has_production else []


def base_of(report: Report) -> str:
    """The name of the base file, as commands name it."""
    return report.files[0].path if report.files else "docker-compose.yml"


def start_steps(report: Report) -> list[NextStep]:
    """How the stack is started and waited for: a job that nobody waits for would make the waiting fail."""
    stack, base = report.stack, base_of(report)
    build = " --build" if built_services(stack) else ""
    started = "Build the images, start everything" if build else "Start everything"
    jobs = {job.name for job in unawaited_jobs(stack)}
    if not jobs:
        state = "is healthy" if _has_checks(report) else "runs"
        title = f"{started} and wait until it {state}"
        return [NextStep(title, compose_command(base, f"up -d --wait{build}"))]
    lasting = _lasting_services(stack, jobs)
    steps = [NextStep(started, compose_command(base, f"up -d{build}"))]
    if lasting:
        line = compose_command(base, f"up -d --wait {' '.join(lasting)}")
        steps.append(NextStep("Wait until the permanent services are healthy", line))
    return steps


def _has_checks(report: Report) -> bool:
    """Whether the engine checks the health of a service, by the file or by the image."""
    checks = (service.healthcheck for service in report.stack.services)
    return any(check and not check.is_off for check in checks) or bool(
        image_checked_services(report)
    )


def checked_start_steps(report: Report) -> list[NextStep]:
    """The start, and a look at what came of it."""
    title = "Check that all services are running"
    line = compose_command(base_of(report), "ps --all")
    return [*start_steps(report), NextStep(title, line)]


def _lasting_services(stack: Stack, jobs: Container[str]) -> list[str]:
    return [
        service.name
        for service in stack.services
        if service.name not in jobs
        and not service.profiles
        and service.role is not Role.JOB
    ]


def built_services(stack: Stack) -> list[Service]:
    """The services whose image `up` builds before it starts them: none of those that a profile holds back."""
    services = (*stack.services, *stack.development)
    return [service for service in services if _is_built(service) and not service.profiles]


def _is_built(service: Service) -> bool:
    overlays = service.overlays.values()
    return service.build is not None or any(overlay.build for overlay in overlays)


def compose_command(base: str, arguments: str) -> str:
    """The line that calls docker compose: `-f` only where it would not find the file by itself."""
    named = "" if base in BASE_NAMES else f"-f {base} "
    return f"docker compose {named}{arguments}"


def _fill_in_settings(report: Report, names: list[str]) -> list[NextStep]:
    missing = values_to_set(report)
    if not missing:
        return []
    line = "$EDITOR .env" if ".env" in names else "cp .env.example .env && $EDITOR .env"
    number = f"the {len(missing)} missing values" if missing[1:] else "the missing value"
    return [NextStep(f"Set {number}", line)]


def _example_service(report: Report) -> Service | None:
    """The service to show commands with: an application if there is one, best one that is reached from outside."""
    services = report.stack.services
    applications = [service for service in services if service.role is Role.APP]
    published = [service for service in applications if service.ports]
    listening = [service for service in applications if service.expose]
    behind_proxy = [service for service in services if "traefik.enable" in service.labels]
    in_turn = (*published, *listening, *behind_proxy, *applications, *services)
    return next(iter(in_turn), None)


def _service_steps(base: str, service: Service, stack: Stack) -> list[NextStep]:
    name = service.name
    return [
        NextStep(
            f"Follow the log of {name}", compose_command(base, f"logs --follow {name}")
        ),
        NextStep(f"Open a shell in {name}", compose_command(base, f"exec {name} sh")),
        *_renewal(base, service, stack),
    ]


def _renewal(base: str, service: Service, stack: Stack) -> Iterator[NextStep]:
    """How the service gets a new image, where there may be one."""
    name = service.name
    # Those in the namespace of a service keep that of its old container unless they are recreated with it.
    modes = (other.network_mode for other in stack.services)
    is_joined = name in map(joined_service, modes)
    recreated = "" if is_joined else f" {name}"
    # Without it, what the service depends on is built and pulled as well; a job must run again with the new image.
    is_after_job = any(edge.condition == COMPLETED for edge in service.depends_on)
    alone = "" if is_joined or is_after_job else "--no-deps "
    also = " with the services in its network namespace" if is_joined else ""
    if _is_built(service):
        command = compose_command(base, f"up -d {alone}--build{recreated}")
        yield NextStep(f"Build {name} again and restart it{also}", command)
    elif asked_names := [
        one.name for one in variables(service.image or "") if one.is_required
    ]:
        title = f"Start {name} again after a change of {enumerated(asked_names)} in .env"
        yield NextStep(title, compose_command(base, f"up -d{recreated}"))
    elif _may_be_newer(service, stack.runs_in):
        command = compose_command(base, f"up -d {alone}--pull always{recreated}")
        yield NextStep(f"Pull a newer image of {name} and restart it{also}", command)


def _may_be_newer(service: Service, runs_in: Runtime) -> bool:
    """Whether a registry may hold a newer image of the same name: a digest names one image, LOCAL_TAG one of ours."""
    image = service.image or f":{LOCAL_TAG}"
    is_fixed = "@sha256:" in image or image.endswith(f":{LOCAL_TAG}")
    is_elsewhere = not service.has_local_image and not image_copy_command(service, runs_in)
    return is_elsewhere and not is_fixed


def down_command(stack: Stack, base: str) -> str:
    """The line that removes all containers: without its profile, docker compose leaves a service that has one.

    https://docs.docker.com/compose/how-tos/profiles/#start-all-profiles
    """
    has_profiles = any(
        service.profiles for service in (*stack.services, *stack.development)
    )
    return compose_command(base, "--profile '*' down" if has_profiles else "down")


def _take_down(base: str, report: Report) -> NextStep:
    volumes = deleted_volumes(report.stack)
    warning = f"With --volumes it also deletes the data in {', '.join(volumes)}."
    return NextStep(
        "Stop and remove the containers",
        down_command(report.stack, base),
        warning if volumes else "",
    )
