"""What a stack needs on another machine than that of the old containers: networks, data of volumes, and folders."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.reports.kept_data import (
    host_paths,
    kept_volumes,
    listed_stores,
    stores_in_place,
)
from tocompose.reports.next_steps import NextStep
from tocompose.reports.report import Report
from tocompose.wording import enumerated

# The note on a network that exists where the containers run names the command that makes it elsewhere.
_CREATES_NETWORK = regex(r"`(docker network create [^`]+)`")


def arrival_steps(report: Report) -> tuple[NextStep, ...]:
    """What comes before the first start on another machine, where the old containers are on one that is known."""
    return (*_networks_to_create(report), *_data_to_copy(report))


def _networks_to_create(report: Report) -> Iterator[NextStep]:
    for note in report.notes:
        command = _CREATES_NETWORK.search(note.advice) if note.code == "TC483" else None
        if command is not None:
            yield NextStep(f"Create the network {note.subject[1]}", command[1])


def _data_to_copy(report: Report) -> Iterator[NextStep]:
    paths = host_paths(report.stack.services)
    stores = stores_in_place(report.stack, report.stack.services)
    if not stores:
        return
    shown = listed_stores(stores)
    missing = (
        f"{'they are' if stores[1:] else 'it is'} {'missing or ' if paths else ''}empty"
    )
    if report.importer == "engine":
        title = f"Stop {_old_containers(report)} there, and copy {shown} to this machine"
    else:
        title = f"If old containers run on another machine, stop them, and copy {shown} from there"
    yield NextStep(f"{title}; otherwise {missing}", "")


def _old_containers(report: Report) -> str:
    return f"the old container{'s' if report.stack.services[1:] else ''}"


def old_containers_hold(report: Report) -> str:
    """What the old containers have that the new ones need: the reason for the way over, as a clause."""
    services = report.stack.services
    names = [name for service in services if (name := service.container_name)]
    ports = [port.published for service in services for port in service.ports]
    had = [*_called("name", names), *_called("port", list(filter(None, ports)))]
    used = list(_called("volume", kept_volumes(report.stack, services)))
    clauses = [f"have {enumerated(had)}"] if had else []
    clauses += [f"use {enumerated(used)}"] if used else []
    clause = " and ".join(clauses) or "still run"
    if not services[1:]:
        clause = clause.replace("have ", "has ").replace("use ", "uses ")
    return f"{_old_containers(report)} {clause}"


def _called(noun: str, entries: list[str]) -> Iterator[str]:
    """A thing by its name, several by what they are."""
    distinct_entries = sorted(set(entries))
    if distinct_entries:
        several = distinct_entries[1:]
        yield f"the {noun}s" if several else f"the {noun} {distinct_entries[0]}"
