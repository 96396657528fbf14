"""How the files are divided, and whether docker compose reads them all: M-07 and T27."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.files import BASE_NAMES, CLASSIC_NAMES, MODERN_NAMES
from tocompose.compose.loading import ComposeFiles
from tocompose.model import ComposeFileRole, Limits, Service
from tocompose.rules import Excuse, Rule, Startup, Verdict, View, verdict
from tocompose.rules.data_ports import own_ports
from tocompose.rules.service_images import facts_of
from tocompose.syntax.model_path import ModelPath

_FOR_DEVELOPMENT = "what only development needs (Docker Compose loads it by itself)"
_FOR_PRODUCTION = "what only production needs (limits, secrets, replicas)"


def _judge_layout(view: View) -> Iterator[Verdict]:
    names, startup = view.names, view.main
    if names is None:
        return
    is_modern = names.base.rpartition("/")[2].startswith("compose")
    file_names = MODERN_NAMES if is_modern else CLASSIC_NAMES
    for role, purpose, file, need_of in (
        (ComposeFileRole.DEV, _FOR_DEVELOPMENT, names.override, _need_of_override),
        (ComposeFileRole.PROD, _FOR_PRODUCTION, names.production, _need_of_production),
    ):
        needs = ((service, need_of(startup, service)) for service in startup.stack.services)
        service, need = next((pair for pair in needs if pair[1]), (None, ""))
        span = startup.span(service) if service else None
        facts = {"service": service.name if service else "", "need": need}
        facts |= {"file": file_names[role], "purpose": purpose}
        subject = ModelPath.of("files", names.base)
        yield verdict("M-07", bool(file) or not need, "TC748", span, subject, **facts)
    if not names.listed:
        yield _judge_bases(view, names)


def _judge_bases(view: View, names: ComposeFiles) -> Verdict:
    """Whether only one base file is there."""
    candidates = [name for name in BASE_NAMES if name != names.base]
    other_files = [name for name in candidates if view.project.exists(name)]
    facts = {"other": ", ".join(other_files), "read": names.base, "own": names.base}
    subject = ModelPath.of("files", names.base)
    return verdict("T27", not other_files, "TC745", None, subject, **facts)


def _need_of_production(_: Startup, service: Service) -> str:
    return "has no limits" if service.resources.limits == Limits() else ""


def _need_of_override(startup: Startup, service: Service) -> str:
    """What of a service is for development only: mounted code, a database's open port; empty for nothing."""
    folders = (".", service.build.context.rstrip("/") if service.build else ".")
    for mount in service.mounts:
        if mount.kind == "bind" and (mount.source or "").rstrip("/") in folders:
            return "mounts its code"
    image = facts_of(service)
    if (image is not None and image.lan) or not own_ports(service, startup.stack):
        return ""
    return "publishes its port for development"


RULE = Rule(
    id="FILES",
    title="Separate base, development and production",
    summary=(
        "Reports several base files in one folder, and settings of one environment in the "
        "base file."
    ),
    tells=("TC745", "TC748"),
    severity="should",
    judge=_judge_layout,
    excuses=(
        Excuse(
            "TC748",
            "a stack of databases alone keeps their ports in the base, on 127.0.0.1: there is no other way in",
        ),
    ),
)
