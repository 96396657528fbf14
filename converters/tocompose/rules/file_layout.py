"""How the files are divided, and whether docker compose reads them all: M-07 and T27."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.files import BASE_NAMES
from tocompose.model import Limits, Service
from tocompose.rules import Excuse, Rule, Startup, Verdict, View, verdict
from tocompose.rules.data_ports import own_ports
from tocompose.syntax.model_path import ModelPath

_FOR_DEVELOPMENT = "what only development needs (Docker Compose loads it by itself)"
_FOR_PRODUCTION = "what only production needs (limits, secrets, replicas)"


def _judge_layout(view: View) -> Iterator[Verdict]:
    names, services = view.names, view.main.stack.services
    if names is None:
        return
    subject = ModelPath.of("files", names.base)
    span = view.main.places.span("services")
    needed = any(_needs_override(view.main, service) for service in services)
    divided = bool(names.override) or not needed
    facts = {"file": "docker-compose.override.yml", "purpose": _FOR_DEVELOPMENT}
    yield verdict("M-07", divided, "TC748", span, subject, **facts)
    needed = any(service.resources.limits == Limits() for service in services)
    divided = bool(names.production) or not needed
    facts = {"file": "docker-compose.prod.yml", "purpose": _FOR_PRODUCTION}
    yield verdict("M-07", divided, "TC748", span, subject, **facts)
    if not names.listed:
        candidates = [name for name in BASE_NAMES if name != names.base]
        other_files = [name for name in candidates if view.project.exists(name)]
        facts = {"other": ", ".join(other_files), "read": names.base, "own": names.base}
        yield verdict("T27", not other_files, "TC745", None, subject, **facts)


def _needs_override(startup: Startup, service: Service) -> bool:
    """Whether a part of the service is for development only: mounted code, a database's open port."""
    folders = (".", service.build.context.rstrip("/") if service.build else ".")
    for mount in service.mounts:
        if mount.kind == "bind" and (mount.source or "").rstrip("/") in folders:
            return True
    return bool(own_ports(service, startup.stack))


RULE = Rule(
    id="FILES",
    title="Divide base, development and production",
    severity="should",
    judge=_judge_layout,
    excuses=(
        Excuse(
            "TC748",
            "a stack of databases alone keeps their ports in the base, on 127.0.0.1: there is no other way in",
        ),
    ),
)
