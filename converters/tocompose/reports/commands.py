"""The commands to run after a conversion, with the names of the files and services that it made."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.model import Role, Service
from tocompose.reports.inventory import deleted_volumes
from tocompose.reports.report import Report, settings_of


class Command(NamedTuple):
    """One step: what it does, the command line, and what to know before."""

    title: str
    line: str
    warning: str = ""


def commands(report: Report) -> tuple[Command, ...]:
    """From filling in the settings to taking the stack down; only what this stack has."""
    names = [item.path for item in report.files]
    base = names[0] if names else "docker-compose.yml"
    found = [
        *_settings(report, names),
        Command("Check what docker compose makes of it", _compose(base, "config --quiet")),
    ]
    found.append(
        Command(
            "Start everything and wait until it is healthy", _compose(base, "up -d --wait")
        )
    )
    found += [
        Command(
            "The same for production", f"docker compose -f {base} -f {name} up -d --wait"
        )
        for name in names
        if ".prod." in name
    ]
    service = _example(report)
    if service is not None:
        found += _of_service(base, service)
    return (*found, _down(base, report))


def _compose(base: str, rest: str) -> str:
    """`-f` only where docker compose would not find the file by itself (then it reads the override file too)."""
    found = base in (
        "compose.yaml",
        "compose.yml",
        "docker-compose.yml",
        "docker-compose.yaml",
    )
    return f"docker compose {rest}" if found else f"docker compose -f {base} {rest}"


def _settings(report: Report, names: list[str]) -> list[Command]:
    missing = [name for name, needed in settings_of(report).items() if needed]
    if not missing:
        return []
    line = "$EDITOR .env" if ".env" in names else "cp .env.example .env && $EDITOR .env"
    return [Command(f"Fill in {', '.join(missing)}", line)]


def _example(report: Report) -> Service | None:
    """The service to show commands with: an application if there is one."""
    services = report.stack.services
    return next(
        (item for item in services if item.role is Role.APP),
        services[0] if services else None,
    )


def _of_service(base: str, service: Service) -> list[Command]:
    name = service.name
    rebuild = f"up -d --build {name}"
    built = service.build is not None or any(
        part.build for part in service.overlays.values()
    )
    return [
        Command(f"Follow the log of {name}", _compose(base, f"logs --follow {name}")),
        Command(f"Open a shell in {name}", _compose(base, f"exec {name} sh")),
        Command(f"Build {name} again and restart it", _compose(base, rebuild))
        if built
        else Command(
            f"Fetch a newer image of {name} and restart it",
            _compose(base, f"up -d --pull always {name}"),
        ),
    ]


def _down(base: str, report: Report) -> Command:
    volumes = deleted_volumes(report.stack)
    if not volumes:
        return Command("Stop and remove everything", _compose(base, "down"))
    return Command(
        "Stop and remove everything, the data too",
        _compose(base, "down --volumes"),
        f"This deletes the data in {', '.join(volumes)}. Without --volumes the data stays.",
    )
