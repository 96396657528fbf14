"""`migration.json`: the whole report for programs, as `migration.schema.json` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from tocompose import __version__
from tocompose.earlier_run import digest
from tocompose.model import File, Port, Service
from tocompose.notes import Note, explanation, open_facts
from tocompose.reports.cutover import cutover_of
from tocompose.reports.inventory import (
    configuration_rows,
    data_stores_of,
    service_logs,
)
from tocompose.reports.next_steps import next_steps
from tocompose.reports.report import Report, image_of, subject_of
from tocompose.reports.topology import stack_topology
from tocompose.reports.values_to_set import (
    generated_names,
    values_to_set,
)
from tocompose.source import Span
from tocompose.syntax.ports import is_any_address


def render(report: Report) -> str:
    """The report as one JSON document."""
    return dump_json(report_document(report), indent=2) + "\n"


def dump_json(value: Any, indent: int | None = None) -> str:
    """JSON text that can be encoded: what is not Unicode in a source (lone surrogates) stays an escape."""
    chunks = json.JSONEncoder(ensure_ascii=False, indent=indent).iterencode(value)
    return "".join(_encodable_pieces(chunks))


# A report has millions of chunks: together they would take more memory than all else.
_CHUNKS = 4096


def _encodable_pieces(chunks: Iterator[str]) -> Iterator[str]:
    while piece := "".join(islice(chunks, _CHUNKS)):
        yield piece.encode("utf-8", "backslashreplace").decode()


def report_schema() -> str:
    """The JSON Schema of the report, as it is published with the package."""
    from importlib.resources import files

    return files(__package__).joinpath("migration.schema.json").read_text(encoding="utf-8")


SCHEMA = "urn:tocompose:migration:1"


def report_document(report: Report) -> dict[str, Any]:
    """The whole report in JSON's types, in a fixed order; see `migration.schema.json`."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "tocompose", "version": __version__},
        "name": report.stack.name,
        "importer": report.importer,
        "sources": list(report.sources()),
        "files": [
            {
                "path": output_file.path,
                "mode": f"{output_file.mode:04o}",
                "secret": output_file.secret,
                **_fingerprint(output_file),
            }
            for output_file in report.files
        ],
        "variables_added": dict(report.variables_added),
        "values": report.values_by_fate(),
        "notes_by_kind": report.kinds(),
        "ignored": [
            {
                "reason": reason,
                "values": ignored.number,
                "examples": list(ignored.examples),
            }
            for reason, ignored in report.ignored_by_reason().items()
        ],
        "services": [_service_record(output_file) for output_file in report.stack.services],
        "topology": _topology_record(report),
        "inventory": _inventory_record(report),
        "notes": [note_record(output_file) for output_file in report.notes],
        **_step_records(report),
        "trace": [
            {"from": span_record(span), "to": str(path)} for span, path in report.trace()
        ],
    }


_MOVE_INSTEAD = (
    "If the old containers still run on this machine, follow `move_over` instead."
)


def _step_records(report: Report) -> dict[str, Any]:
    """The steps of a first start and what follows; where old containers may run, those that stop them first."""
    cutover = cutover_of(report)
    steps = [step._asdict() for step in next_steps(report)]
    starts = [step for step in steps if " up -" in step["line"]]
    if cutover.steps_over and starts:
        starts[0]["warning"] = f"{_MOVE_INSTEAD} {starts[0]['warning']}".rstrip()
    over, back, cleaning = (
        [step._asdict() for step in part]
        for part in (cutover.steps_over, cutover.steps_back, cutover.cleaning)
    )
    move_over = {"over": over, "back": back, "cleaning": cleaning, "text": cutover.text}
    return {"next": steps, "move_over": move_over}


def _fingerprint(file: File) -> dict[str, str]:
    """The digest of a file that may be known again; what holds secrets has none, nor have the reports."""
    return {} if file.secret or not file.content else {"digest": digest(file.content)}


def note_record(note: Note) -> dict[str, Any]:
    """A note with the registry's title and reason."""
    row = explanation(note.code)
    return {
        "code": note.code,
        "kind": note.kind.value,
        "title": str(row["title"]),
        "message": note.message,
        "why": open_facts(str(row["why"])),
        "advice": note.advice,
        "url": note.url,
        "subject": str(note.subject),
        "about": subject_of(note),
        "span": span_record(note.span) if note.span else None,
        "related": [span_record(span) for span in note.related],
    }


def span_record(span: Span) -> dict[str, Any]:
    """A span, its fields by name."""
    return span._asdict()


def _service_record(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "role": service.role.value,
        "image": image_of(service),
        "span": span_record(service.origin) if service.origin else None,
        "ports": [_port_text(port) for port in service.ports],
        "networks": _networks_of(service),
        "depends_on": [dependency.service for dependency in service.depends_on],
        "healthcheck": service.healthcheck is not None and not service.healthcheck.disable,
    }


def _port_text(port: Port) -> str:
    """A port as `docker ps` writes it; `random` stands for what the engine chooses, no address for all of them."""
    ports = f"{port.published or 'random'}:{port.target}/{port.protocol}"
    if not port.host_ip or is_any_address(port.host_ip):
        return ports
    return f"[{port.host_ip}]:{ports}" if ":" in port.host_ip else f"{port.host_ip}:{ports}"


def _networks_of(service: Service) -> list[str]:
    """The networks that a container is on; one that names none, nor a mode of its own, is on the default one."""
    names = [attachment.network for attachment in service.networks]
    return names or ([] if service.network_mode else ["default"])


def _topology_record(report: Report) -> dict[str, Any]:
    diagram = stack_topology(report.stack)
    return {
        "nodes": [node._asdict() for node in diagram.nodes],
        "edges": [
            {
                "from": edge.start,
                "to": edge.end,
                "label": edge.label,
                "inferred": edge.inferred,
            }
            for edge in diagram.edges
        ],
    }


def _inventory_record(report: Report) -> dict[str, Any]:
    return {
        "data": [
            {**row._asdict(), "used_by": list(row.used_by)}
            for row in data_stores_of(report.stack)
        ],
        "configuration": [
            row._asdict()
            for row in configuration_rows(
                report.stack, generated_names(report), values_to_set(report)
            )
        ],
        "logs": [row._asdict() for row in service_logs(report.stack)],
    }
