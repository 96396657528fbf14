"""A report as plain data: what `migration.json` holds and the templates are filled from."""

from __future__ import annotations

from typing import Any

from tocompose import __version__
from tocompose.model import Service
from tocompose.notes import Note, explanation
from tocompose.reports.commands import commands
from tocompose.reports.explain import general
from tocompose.reports.inventory import items, logs, stores
from tocompose.reports.report import Report, image_of, subject_of
from tocompose.reports.topology import topology
from tocompose.source import Span

SCHEMA = "urn:tocompose:migration:1"


def document(report: Report) -> dict[str, Any]:
    """The whole report in JSON's types, in a fixed order; see `migration.schema.json`."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "tocompose", "version": __version__},
        "name": report.stack.name,
        "importer": report.importer,
        "sources": list(report.sources()),
        "files": [
            {"path": item.path, "mode": f"{item.mode:04o}", "secret": item.secret}
            for item in report.files
        ],
        "values": report.counts(),
        "notes_by_kind": report.kinds(),
        "ignored": [
            {"reason": reason, "values": number}
            for reason, number in report.ignored().items()
        ],
        "services": [_service(item) for item in report.stack.services],
        "topology": _topology(report),
        "inventory": _inventory(report),
        "notes": [note_record(item) for item in report.notes],
        "next": [item._asdict() for item in commands(report)],
        "trace": [{"from": span_record(span), "to": path} for span, path in report.trace()],
    }


def note_record(item: Note) -> dict[str, Any]:
    """A note with the registry's title and reason."""
    row = explanation(item.code)
    return {
        "code": item.code,
        "kind": item.kind.value,
        "title": str(row["title"]),
        "message": item.message,
        "why": general(str(row["why"])),
        "advice": item.advice,
        "url": item.url,
        "subject": item.subject,
        "about": subject_of(item),
        "span": span_record(item.span) if item.span else None,
        "related": [span_record(span) for span in item.related],
    }


def span_record(span: Span) -> dict[str, Any]:
    """A span, its fields by name."""
    return span._asdict()


def _service(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "role": service.role.value,
        "image": image_of(service),
        "span": span_record(service.origin) if service.origin else None,
        "ports": [
            f"{item.published or ''}:{item.target}/{item.protocol}"
            for item in service.ports
        ],
        "networks": [item.network for item in service.networks],
        "depends_on": [item.service for item in service.depends_on],
        "healthcheck": service.healthcheck is not None and not service.healthcheck.disable,
    }


def _topology(report: Report) -> dict[str, Any]:
    found = topology(report.stack)
    return {
        "nodes": [node._asdict() for node in found.nodes],
        "edges": [
            {
                "from": edge.start,
                "to": edge.end,
                "label": edge.label,
                "inferred": edge.inferred,
            }
            for edge in found.edges
        ],
    }


def _inventory(report: Report) -> dict[str, Any]:
    return {
        "data": [
            {**item._asdict(), "used_by": list(item.used_by)}
            for item in stores(report.stack)
        ],
        "configuration": [item._asdict() for item in items(report.stack)],
        "logs": [item._asdict() for item in logs(report.stack)],
    }
