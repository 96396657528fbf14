"""Owners of files that podman stores under subordinate ids, and Docker under those of the container."""

from __future__ import annotations

from tocompose.knowledge.mapped_owners import written_folders
from tocompose.ledger import Ledger
from tocompose.model import Service, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.syntax.model_path import ModelPath

# The notes on other mappings than that of podman without root: their files have other owners.
_ON_MAPPINGS = ("TC189", "TC456", "TC467")
_OPTION_THAT_MAPS = regex(r"--(?:[ug]idmap|sub[ug]idname)\b")


def note_subordinate_ids(stack: Stack, ledger: Ledger) -> None:
    """Says which services write to folders of the host, whose files podman without root stores under other ids."""
    mapped = {
        said_note.subject.service_name
        for said_note in ledger.notes
        if _is_on_mapping(said_note)
    }
    if None in mapped:
        return
    for service in stack.services:
        is_mapped = service.name in mapped or bool(service.security.old_namespace)
        if not is_mapped and written_folders(service):
            _note_folders(service, ledger)


def _is_on_mapping(said_note: Note) -> bool:
    return said_note.code in _ON_MAPPINGS or bool(
        _OPTION_THAT_MAPS.search(said_note.message)
    )


def _note_folders(service: Service, ledger: Ledger) -> None:
    subject = ModelPath.service(service.name, "volumes")
    ledger.add_note(note("TC095", service.origin, subject=subject, service=service.name))
