"""The commands to run after a conversion, with the names of the files and services that it made."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.compose.files import BASE_NAMES
from tocompose.model import Role, Service
from tocompose.reports.inventory import deleted_volumes
from tocompose.reports.report import Report, settings_of


class NextStep(NamedTuple):
    """One step: what it does, the command line, and what to know before."""

    title: str
    line: str
    warning: str = ""


def next_steps(report: Report) -> tuple[NextStep, ...]:
    """From filling in the settings to taking the stack down; only what this stack has."""
    names = [output_file.path for output_file in report.files]
    base = names[0] if names else "docker-compose.yml"
    steps = [
        *_fill_in_settings(report, names),
        NextStep(
            "Check what docker compose makes of it",
            _compose_command(base, "config --quiet"),
        ),
    ]
    steps.append(
        NextStep(
            "Start everything and wait until it is healthy",
            _compose_command(base, "up -d --wait"),
        )
    )
    steps += [
        NextStep(
            "The same for production", f"docker compose -f {base} -f {name} up -d --wait"
        )
        for name in names
        if ".prod." in name
    ]
    service = _example_service(report)
    if service is not None:
        steps += _service_steps(base, service)
    return (*steps, _take_down(base, report))


def _compose_command(base: str, arguments: str) -> str:
    """`-f` only where docker compose would not find the file by itself (then it reads the override file too)."""
    named = "" if base in BASE_NAMES else f"-f {base} "
    return f"docker compose {named}{arguments}"


def _fill_in_settings(report: Report, names: list[str]) -> list[NextStep]:
    missing = [name for name, needed in settings_of(report).items() if needed]
    if not missing:
        return []
    line = "$EDITOR .env" if ".env" in names else "cp .env.example .env && $EDITOR .env"
    return [NextStep(f"Fill in {', '.join(missing)}", line)]


def _example_service(report: Report) -> Service | None:
    """The service to show commands with: an application if there is one."""
    services = report.stack.services
    return next(
        (service for service in services if service.role is Role.APP),
        services[0] if services else None,
    )


def _service_steps(base: str, service: Service) -> list[NextStep]:
    name = service.name
    rebuild = f"up -d --build {name}"
    built = service.build is not None or any(
        overlay.build for overlay in service.overlays.values()
    )
    return [
        NextStep(
            f"Follow the log of {name}", _compose_command(base, f"logs --follow {name}")
        ),
        NextStep(f"Open a shell in {name}", _compose_command(base, f"exec {name} sh")),
        NextStep(f"Build {name} again and restart it", _compose_command(base, rebuild))
        if built
        else NextStep(
            f"Fetch a newer image of {name} and restart it",
            _compose_command(base, f"up -d --pull always {name}"),
        ),
    ]


def _take_down(base: str, report: Report) -> NextStep:
    volumes = deleted_volumes(report.stack)
    if not volumes:
        return NextStep("Stop and remove everything", _compose_command(base, "down"))
    return NextStep(
        "Stop and remove everything, the data too",
        _compose_command(base, "down --volumes"),
        f"This deletes the data in {', '.join(volumes)}. Without --volumes the data stays.",
    )
