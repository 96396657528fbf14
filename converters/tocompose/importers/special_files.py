"""Files that a service is given and that are none: folders, pipes, sockets and devices, which are never opened."""

from __future__ import annotations

from typing import Any

from tocompose.ledger import Ledger
from tocompose.model import Service
from tocompose.notes import note
from tocompose.project import Project, is_refused
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath


def without_special_files(service: Service, project: Project, ledger: Ledger) -> Service:
    """The service without env files that are a folder or a pipe in the source: Compose refuses the stack, or waits."""
    path = ModelPath.service(service.name, "env_file")
    kept_files = []
    for env_file in service.env_files:
        if not _is_special(project, env_file.path):
            kept_files.append(env_file)
            continue
        facts: dict[str, Any] = {"service": service.name, "key": "env_file"}
        facts |= {"value": env_file.path, "rule": "the path of a file"}
        span = env_file.origin or service.origin
        ledger.add_note(note("TC771", span, subject=path, **facts))
    if len(kept_files) == len(service.env_files):
        return service
    if not kept_files:
        ledger.move(path, ModelPath.service(service.name))
    return replace(service, env_files=tuple(kept_files))


def _is_special(project: Project, path: str) -> bool:
    """Whether something stands at the path that has no text, and that is not just too large or closed to us."""
    if not project.exists(path) or project.read(path) is not None:
        return False
    return path not in project.skipped and not is_refused(project, path)
