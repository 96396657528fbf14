"""`migration.json`: the whole report for programs, as `migration.schema.json` describes it.

It has the commands to run after the conversion, with the names of the files and services that it made.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from itertools import islice
from typing import Any

from tocompose import __version__
from tocompose.compose.files import BASE_NAMES
from tocompose.earlier_run import digest
from tocompose.knowledge.images import LOCAL_TAG
from tocompose.knowledge.jobs import unawaited_jobs
from tocompose.knowledge.old_containers import image_copy_command
from tocompose.knowledge.servers import DEVELOPMENT_PASSWORD
from tocompose.model import File, Port, Role, Runtime, Service, Stack
from tocompose.notes import Note, explanation, open_facts
from tocompose.record import NamedTuple
from tocompose.reports.duties import MOST_IN_A_SENTENCE, generated_names, values_to_set
from tocompose.reports.inventory import (
    configuration_rows,
    data_stores_of,
    deleted_volumes,
    service_logs,
)
from tocompose.reports.report import Report, image_of, subject_of
from tocompose.reports.topology import stack_topology
from tocompose.source import Span
from tocompose.syntax.interpolation import variables
from tocompose.syntax.ports import is_any_address
from tocompose.wording import enumerated, listed_names


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
        "next": [output_file._asdict() for output_file in next_steps(report)],
        "trace": [
            {"from": span_record(span), "to": str(path)} for span, path in report.trace()
        ],
    }


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
    """A port as `docker ps` writes it: with the address where it is not published on all of them."""
    ports = f"{port.published or ''}:{port.target}/{port.protocol}"
    if not port.host_ip or is_any_address(port.host_ip):
        return ports
    return f"[{port.host_ip}]:{ports}" if ":" in port.host_ip else f"{port.host_ip}:{ports}"


def image_checked_services(report: Report) -> frozenset[str]:
    """The services whose health check is that of their image, as a note says."""
    return frozenset(note.subject[1] for note in report.notes if note.code == "TC611")


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


class NextStep(NamedTuple):
    """One step: what it does, the command line, and what to know before."""

    title: str
    line: str
    warning: str = ""


def next_steps(report: Report) -> tuple[NextStep, ...]:
    """From filling in the settings to taking the stack down; only what this stack has."""
    names = [output_file.path for output_file in report.files]
    return (
        *_fill_in_settings(report, names),
        *first_steps(report),
        *later_steps(report),
    )


def first_steps(report: Report) -> tuple[NextStep, ...]:
    """How a stack that has its settings is started the first time; nothing where no service came of the source."""
    base = base_of(report)
    if not report.stack.services:
        return ()
    check = NextStep(
        "Check the files with docker compose", compose_command(base, "config --quiet")
    )
    return (check, *start_steps(report.stack, base))


def later_steps(report: Report) -> tuple[NextStep, ...]:
    """What is done with a stack that has been started once."""
    base = base_of(report)
    if not report.stack.services:
        return ()
    build = " --build" if _builds_images(report.stack) else ""
    production = (
        NextStep(
            "Start it in production",
            f"docker compose -f {base} -f {output_file.path} up -d --wait{build}",
            _production_warning(report.stack),
        )
        for output_file in report.files
        if ".prod." in output_file.path
    )
    service = _example_service(report)
    of_service = _service_steps(base, service, report.stack.runs_in) if service else ()
    return (*production, *of_service, _take_down(base, report))


def _production_warning(stack: Stack) -> str:
    """What to do before others can reach the stack; empty where nothing is."""
    return " ".join(filter(None, (_password_warning(stack), _development_values(stack))))


def _development_values(stack: Stack) -> str:
    """That values are a developer's own: beside a Procfile only the tools of a developer's machine read `.env`."""
    names = [
        setting.name
        for setting in stack.settings
        if setting.value and setting.origin and setting.origin.file == ".env"
    ]
    if not names or stack.runs_in is not Runtime.PLATFORM:
        return ""
    shown = listed_names(names, MOST_IN_A_SENTENCE)
    return f"Set production's values in .env: those of the source's .env ({shown}) are for development."


def _password_warning(stack: Stack) -> str:
    """What to do before others can reach a server whose password only lets the first start succeed."""
    names = [
        setting.name
        for setting in stack.settings
        if setting.value == DEVELOPMENT_PASSWORD and setting.origin is None
    ]
    if not names:
        return ""
    passwords = "passwords of your own" if names[1:] else "a password of your own"
    return (
        f"On a server, set {passwords} in .env ({enumerated(names)}) before anything is started: a database reads it "
        "on its first start only, and the value there is for development."
    )


def base_of(report: Report) -> str:
    """The name of the base file, as commands name it."""
    return report.files[0].path if report.files else "docker-compose.yml"


def start_steps(stack: Stack, base: str) -> list[NextStep]:
    """How the stack is started and waited for: a job that nobody waits for would make the waiting fail."""
    build = " --build" if _builds_images(stack) else ""
    started = "Build the images, start everything" if build else "Start everything"
    jobs = {job.name for job in unawaited_jobs(stack)}
    if not jobs:
        is_checked = any(service.healthcheck for service in stack.services)
        state = "is healthy" if is_checked else "runs"
        title = f"{started} and wait until it {state}"
        return [NextStep(title, compose_command(base, f"up -d --wait{build}"))]
    lasting = _lasting_services(stack, jobs)
    steps = [NextStep(started, compose_command(base, f"up -d{build}"))]
    if lasting:
        line = compose_command(base, f"up -d --wait {' '.join(lasting)}")
        steps.append(NextStep("Wait until the permanent services are healthy", line))
    return steps


def _lasting_services(stack: Stack, jobs: Container[str]) -> list[str]:
    return [
        service.name
        for service in stack.services
        if service.name not in jobs
        and not service.profiles
        and service.role is not Role.JOB
    ]


def _builds_images(stack: Stack) -> bool:
    """Whether the first start builds an image."""
    return any(_is_built(service) for service in (*stack.services, *stack.development))


def _is_built(service: Service) -> bool:
    overlays = service.overlays.values()
    return service.build is not None or any(overlay.build for overlay in overlays)


def compose_command(base: str, arguments: str) -> str:
    """The line that calls docker compose: `-f` only where it would not find the file by itself."""
    named = "" if base in BASE_NAMES else f"-f {base} "
    return f"docker compose {named}{arguments}"


def _fill_in_settings(report: Report, names: list[str]) -> list[NextStep]:
    missing = values_to_set(report)
    if not missing:
        return []
    line = "$EDITOR .env" if ".env" in names else "cp .env.example .env && $EDITOR .env"
    number = f"the {len(missing)} missing values" if missing[1:] else "the missing value"
    return [NextStep(f"Set {number}", line)]


def _example_service(report: Report) -> Service | None:
    """The service to show commands with: an application if there is one."""
    services = report.stack.services
    return next(
        (service for service in services if service.role is Role.APP),
        services[0] if services else None,
    )


def _service_steps(base: str, service: Service, runs_in: Runtime) -> list[NextStep]:
    name = service.name
    rebuild = f"up -d --build {name}"
    steps = [
        NextStep(
            f"Follow the log of {name}", compose_command(base, f"logs --follow {name}")
        ),
        NextStep(f"Open a shell in {name}", compose_command(base, f"exec {name} sh")),
    ]
    if _is_built(service):
        title = f"Build {name} again and restart it"
        steps.append(NextStep(title, compose_command(base, rebuild)))
    elif asked_names := [
        one.name for one in variables(service.image or "") if one.is_required
    ]:
        title = f"Start {name} again after a change of {enumerated(asked_names)} in .env"
        steps.append(NextStep(title, compose_command(base, f"up -d {name}")))
    elif _may_be_newer(service, runs_in):
        title = f"Pull a newer image of {name} and restart it"
        command = compose_command(base, f"up -d --pull always {name}")
        steps.append(NextStep(title, command))
    return steps


def _may_be_newer(service: Service, runs_in: Runtime) -> bool:
    """Whether a registry may hold a newer image of the same name: a digest names one image, LOCAL_TAG one of ours."""
    image = service.image or f":{LOCAL_TAG}"
    is_fixed = "@sha256:" in image or image.endswith(f":{LOCAL_TAG}")
    return not is_fixed and not image_copy_command(service, runs_in)


def _take_down(base: str, report: Report) -> NextStep:
    volumes = deleted_volumes(report.stack)
    warning = f"With --volumes it also deletes the data in {', '.join(volumes)}."
    return NextStep(
        "Stop and remove the containers",
        compose_command(base, "down"),
        warning if volumes else "",
    )
