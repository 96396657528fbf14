"""Secrets and configs that services of a swarm are given, as files of one machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocompose.ledger import Ledger
from tocompose.model import FileResource, Service
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.mounts import path_of_folder


def granted_files(
    services: Iterable[Service], section: str, made_from: Mapping[str, str], ledger: Ledger
) -> tuple[FileResource, ...]:
    """The secrets or configs of the services: from the file that each is `made_from`, else from one to be written."""
    grants = {
        grant.source: grant for service in services for grant in getattr(service, section)
    }
    for name, grant in grants.items():
        if name not in made_from:
            facts = {"name": name, "file": f"{section}/{name}"}
            subject = ModelPath.of(section, name)
            ledger.add_note(note("TC488", grant.origin, subject=subject, **facts))
    return tuple(
        FileResource(
            name=name, file=path_of_folder(made_from.get(name, f"{section}/{name}"))
        )
        for name in grants
    )
