"""OPEN: settings with which a service asks nobody for a password, and pages for administrators on a public port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tocompose.compose.shapes import as_map
from tocompose.knowledge.images import image_ref
from tocompose.model import Mount, Service, Stack
from tocompose.notes import Note
from tocompose.record import NamedTuple
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_all,
    judge_services,
    remark,
)
from tocompose.rules.open_ports import is_everywhere, is_local
from tocompose.rules.service_images import environment_of, facts_of, image_title
from tocompose.rules.views import annotate_services
from tocompose.syntax.interpolation import plain
from tocompose.tables import table

_COLUMNS = {"variable", "value", "option", "without", "tag", "image"}


class _Opening(NamedTuple):
    """What opens a service: the keys of the setting, and the row that explains it."""

    keys: tuple[str | int, ...]
    setting: str
    row: Mapping[str, Any]


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    rows = table("open_settings", required={"what", "how"}, optional=_COLUMNS)
    return tuple(rows.values())


def _openings(context: Context, service: Service) -> Iterator[_Opening]:
    for row in _rows():
        if _is_of_image(service, row):
            yield from _openings_by(service, row)
    yield from _opened_by_file(context, service)


def _is_of_image(service: Service, row: Mapping[str, Any]) -> bool:
    ref = image_ref(service.image) if service.image else None
    if "image" not in row:
        return True
    if ref is None or ref.name != row["image"]:
        return False
    return re.fullmatch(row.get("tag", ".*"), ref.tag) is not None


def _openings_by(service: Service, row: Mapping[str, Any]) -> Iterator[_Opening]:
    if "variable" in row:
        yield from _openings_by_variable(service, row)
    elif "without" in row:
        yield from _openings_by_absence(service, row)
    else:
        yield from _openings_by_option(service, row)


def _openings_by_variable(service: Service, row: Mapping[str, Any]) -> Iterator[_Opening]:
    for name, value in environment_of(service).items():
        is_named = re.fullmatch(row["variable"], name)
        if is_named and re.fullmatch(row["value"], value or ""):
            yield _Opening(("environment", name), f"{name}={value}", row)


def _openings_by_absence(service: Service, row: Mapping[str, Any]) -> Iterator[_Opening]:
    """What opens a service of which nothing sets a password; a file of variables may set one."""
    names = environment_of(service)
    if not service.env_files and not any(re.fullmatch(row["without"], n) for n in names):
        yield _Opening(("image",), f"no {row['value']}", row)


def _openings_by_option(service: Service, row: Mapping[str, Any]) -> Iterator[_Opening]:
    for key, command in (("command", service.command), ("entrypoint", service.entrypoint)):
        if not command:
            continue
        arguments = [plain(argument) or "" for argument in command]
        pattern = rf"(?:^|\s)(?:{row['option']})(?=\s|$)"
        match = re.search(pattern, " ".join(arguments))
        if match:
            option = match[0].strip()
            holders = [n for n, argument in enumerate(arguments) if option in argument]
            yield _Opening((key, *holders[:1]), option, row)


def _opened_by_file(context: Context, service: Service) -> Iterator[_Opening]:
    """`api.insecure` in the file of settings that Traefik is given."""
    ref = image_ref(service.image) if service.image else None
    if ref is None or ref.name != "traefik":
        return
    row = table("open_settings", required={"what", "how"}, optional=_COLUMNS)
    for number, mount in enumerate(service.mounts):
        settings = _traefik_settings(context, mount)
        if as_map(settings.get("api")).get("insecure") is True:
            key = ("volumes", number)
            yield _Opening(key, "api.insecure: true", row["traefik-dashboard"])


def _traefik_settings(context: Context, mount: Mount) -> Mapping[str, Any]:
    """What stands in the file that is mounted, if it is one of Traefik's settings in YAML."""
    names = ("traefik.yml", "traefik.yaml")
    if mount.kind != "bind" or mount.target.rpartition("/")[2] not in names:
        return {}
    content = context.read(mount.source or "") if context.read else None
    if not content:
        return {}
    from tocompose.compose.documents import document_of, read_file

    return document_of(read_file(content, mount.source or ""))


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each setting with which a service asks for no password."""
    return annotate_services(stack, lambda service: _note_openings(service, context))


def _note_openings(service: Service, context: Context) -> list[Note]:
    return [
        remark("TC532", service, setting=opening.setting, **_text_of(opening.row))
        for opening in _openings(context, service)
    ]


def _judge_openings(startup: Startup, service: Service) -> Iterator[Verdict]:
    published = service.network_mode == "host" or any(
        not is_local(port) for port in service.ports
    )
    openings = list(_openings(startup.context, service))
    for opening in openings:
        facts = {"setting": opening.setting, **_text_of(opening.row)}
        code = "TC526" if published else "TC527"
        yield startup.verdict_at(service, opening.keys, "H-03", False, code, **facts)
    if published and not openings and _takes_password(service):
        yield startup.verdict(service, "", "H-03", True, "TC526")


def _takes_password(service: Service) -> bool:
    """Whether the image is known to be given a password; of another one nobody knows whether it asks for one."""
    image = facts_of(service)
    return image is not None and bool(image.secrets)


def _text_of(row: Mapping[str, Any]) -> dict[str, str]:
    return {"what": str(row["what"]), "how": str(row["how"])}


def _judge_tools(startup: Startup, service: Service) -> Iterator[Verdict]:
    image = facts_of(service)
    if image is None or not image.tool or service.profiles:
        return
    ports = [
        port.published or port.target
        for port in service.ports
        if is_everywhere(port) and not is_local(port)
    ]
    key = "ports" if ports else ""
    facts = {"ports": ", ".join(ports), "image": image_title(service)}
    yield startup.verdict(service, key, "H-03", not ports, "TC528", **facts)


RULE = Rule(
    id="OPEN",
    title="Report services that require no password",
    summary=(
        "Reports settings that let everybody in without a password, and administration tools "
        "on public ports. Nothing is changed."
    ),
    tells=("TC526", "TC527", "TC528"),
    url="https://docs.docker.com/engine/network/port-publishing/",
    severity="must",
    mend=apply,
    covers=("S-04",),
    judge=judge_all(judge_services(_judge_openings), judge_services(_judge_tools)),
    said_by={"TC526": ("TC532",), "TC527": ("TC532",), "TC528": ("TC646", "TC667")},
    stated=frozenset(("TC526",)),
    examples=(
        Example(
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_HOST_AUTH_METHOD: trust}}}",
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_HOST_AUTH_METHOD: trust}}}",
        ),
    ),
)
