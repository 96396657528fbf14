"""Whether docker compose reads the files as they are meant: S-01, S-06 and the traps about syntax and names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.check.scene import Scene, Verdict, View, judge, of_service
from tocompose.compose.keys import section_below, section_keys
from tocompose.exporters.references import linked_name, shared_with
from tocompose.importers.compose.names import BASE_NAMES
from tocompose.importers.compose.reading import ComposeFile, duplicate_notes, plain
from tocompose.importers.compose.shapes import mapping
from tocompose.model import Service
from tocompose.source import Branch, Node, Span
from tocompose.suggestion import suggested
from tocompose.syntax.model_path import ModelPath

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+")
_BYTES = re.compile(r"-?\d+(?:\.\d+)?\s?(?:[bkmgtp]|[kmgtp]b)?", re.IGNORECASE)
_SIZES = ("mem_limit", "mem_reservation", "memswap_limit", "shm_size")
_DURATIONS = ("interval", "timeout", "start_period", "start_interval")
_SHARED = ("deploy", "environment", "healthcheck", "labels", "logging")
_WORTH = 3  # lines from which a repeated block is worth an anchor


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on each file, and on what the whole refers to."""
    for file in scene.files:
        yield from _file(file)
    for service in scene.main.stack.services:
        yield from _complete(scene.main, service)
        yield from _values(scene.main, service)
        yield from _references(scene.main, service)
    yield from _repeated(scene)
    if scene.found is not None and not scene.found.listed:
        others = [
            name
            for name in BASE_NAMES
            if name != scene.found.base and scene.project.exists(name)
        ]
        told = {
            "other": ", ".join(others),
            "read": scene.found.base,
            "own": scene.found.base,
        }
        yield judge(
            "T27",
            not others,
            "TC745",
            None,
            ModelPath.of("files", scene.found.base),
            **told,
        )


def _file(file: ComposeFile) -> Iterator[Verdict]:
    faults = (
        *file.notes,
        *(item for item in duplicate_notes(file) if item.code == "TC703"),
        *_double_merges(file),
    )
    yield Verdict(("T16",), faults[0] if faults else None)
    yield from (Verdict(("T16",), fault) for fault in faults[1:])
    more = [item for item in duplicate_notes(file) if item.code == "TC704"]
    yield Verdict(("T17",), more[0] if more else None)
    for root in file.roots[:1]:
        yield from _keys(file, root)


def _double_merges(file: ComposeFile) -> Iterator[Any]:
    """Two `<<` in one map, which the engine's parser refuses."""
    from tocompose.notes import note

    indents: list[tuple[int, int]] = []
    for number, line in enumerate(file.lines, 1):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if not text or text.startswith("#"):
            continue
        indents = [
            item
            for item in indents
            if item[0] <= indent and not (item[0] == indent and text.startswith("- "))
        ]
        if text.startswith("<<:"):
            if any(item[0] == indent for item in indents):
                span = Span(file.path, number, indent + 1, number, indent + 3)
                yield note("TC703", span, file=file.path, key="<<")
            indents.append((indent, number))
        elif indents and indent < indents[-1][0]:
            indents = [item for item in indents if item[0] <= indent]


def _keys(file: ComposeFile, root: Node) -> Iterator[Verdict]:
    """Keys that the Compose Specification has."""
    for path, node in _maps(root):
        known = section_keys(section_below("top", path[0]) if path else "top")
        for child in node.children:
            key = str(child.key)
            holds = key in known or key.startswith("x-")
            subject = ModelPath.of(*path[1:2], key)
            hint = suggested(key, known, "delete it, or begin it with x-")
            where = " ".join(("in", *path)) if path else "at the top"
            yield judge(
                "S-01", holds, "TC702", child.span, subject, key=key, where=where, hint=hint
            )
        if not path:
            version = node.child("version")
            yield judge(
                "S-01",
                version is None,
                "TC701",
                version.span if version else None,
                ModelPath.of("version"),
                file=file.path,
            )


def _maps(root: Node) -> Iterator[tuple[tuple[str, ...], Branch]]:
    """The maps whose keys the specification fixes, by their place."""
    if not isinstance(root, Branch) or root.kind == "list":
        return
    yield (), root
    for section in ("services", "networks", "volumes", "secrets", "configs"):
        entries = root.child(section)
        for child in (
            entries.node.children if entries and isinstance(entries.node, Branch) else ()
        ):
            if isinstance(child.node, Branch) and child.node.kind != "list":
                yield (section, str(child.key)), child.node


def _complete(view: View, service: Service) -> Iterator[Verdict]:
    started = (
        service.image is not None
        or service.build is not None
        or "provider" in service.options
    )
    yield of_service(
        view,
        service,
        "",
        "S-01",
        started,
        "TC744",
        kind="an image or a build",
        name="that starts it",
    )


def _values(view: View, service: Service) -> Iterator[Verdict]:
    body = mapping(mapping(view.document.get("services")).get(service.name))
    for key, problem in _wrong(body):
        yield of_service(
            view, service, key, "T24", problem == "", "TC743", what=key, problem=problem
        )


def _wrong(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value that has a unit or must be text, with what is wrong about it (nothing when it is right)."""
    limits = mapping(mapping(mapping(body.get("deploy")).get("resources")).get("limits"))
    sizes = {key: body[key] for key in _SIZES if key in body}
    sizes |= (
        {"deploy.resources.limits.memory": limits["memory"]} if "memory" in limits else {}
    )
    for key, value in sizes.items():
        right = (
            isinstance(value, int)
            or "$" in str(value)
            or _BYTES.fullmatch(str(value)) is not None
        )
        yield (
            key,
            "" if right else "sizes are written 512m or 1g, without the i of Kubernetes",
        )
    check = mapping(body.get("healthcheck"))
    durations = {f"healthcheck.{key}": check[key] for key in _DURATIONS if key in check}
    durations |= (
        {"stop_grace_period": body["stop_grace_period"]}
        if "stop_grace_period" in body
        else {}
    )
    for key, value in durations.items():
        right = isinstance(value, str) and (
            "$" in value or _DURATION.fullmatch(value) is not None
        )
        yield key, "" if right else "durations have a unit, such as 30s"
    for key in ("user", "restart", "container_name", "hostname"):
        if key in body and body[key] is not None:
            yield (
                key,
                "" if isinstance(body[key], str) else "it must be text: put it in quotes",
            )
    if isinstance(body.get("restart"), str):
        known = re.fullmatch(
            r"no|always|unless-stopped|on-failure(?::\d+)?|.*\$.*", body["restart"]
        )
        yield (
            "restart",
            "" if known else "it must be no, always, unless-stopped or on-failure",
        )
    if "cpus" in limits:
        right = (
            "$" in str(limits["cpus"])
            or re.fullmatch(r"\d*\.?\d+", str(limits["cpus"])) is not None
        )
        yield (
            "deploy.resources.limits.cpus",
            "" if right else "it is a decimal number, such as 0.5",
        )


def _references(view: View, service: Service) -> Iterator[Verdict]:
    stack = view.stack
    services = {item.name for item in stack.services}
    networks = {item.name for item in stack.networks} | {"default"}
    volumes = {item.name for item in stack.volumes}
    used = [
        ("depends_on", "service", item.service, services) for item in service.depends_on
    ]
    used += [("networks", "network", item.network, networks) for item in service.networks]
    used += [
        ("volumes", "volume", item.source, volumes)
        for item in service.mounts
        if item.kind == "volume" and item.source and len(item.source) > 1
    ]
    used += [
        ("secrets", "secret", item.source, {one.name for one in stack.secrets})
        for item in service.secrets
    ]
    used += [
        ("configs", "config", item.source, {one.name for one in stack.configs})
        for item in service.configs
    ]
    used += [
        (key, "service", linked_name(item), services | {"container"})
        for key in ("links", "volumes_from")
        for item in service.options.get(key) or ()
    ]
    modes = (
        ("network_mode", service.network_mode),
        *((key, service.options.get(key)) for key in ("ipc", "pid")),
    )
    used += [
        (key, "service", name, services)
        for key, value in modes
        if (name := shared_with(value)) is not None
    ]
    for key, kind, name, known in used:
        yield of_service(
            view,
            service,
            key,
            "T26",
            name in known or "$" in name,
            "TC744",
            kind=f"the {kind}",
            name=name,
        )


def _repeated(scene: Scene) -> Iterator[Verdict]:
    """Blocks of several lines that services of one file repeat rather than share."""
    for file in scene.files:
        for root in file.roots[:1]:
            services = root.child("services") if isinstance(root, Branch) else None
            entries = (
                services.node.children
                if services and isinstance(services.node, Branch)
                else ()
            )
            for key in _SHARED:
                yield from _repeated_key(
                    file,
                    key,
                    [child for child in entries if isinstance(child.node, Branch)],
                )


def _repeated_key(file: ComposeFile, key: str, entries: list[Any]) -> Iterator[Verdict]:
    seen: dict[str, list[tuple[str, Node]]] = {}
    for child in entries:
        block = child.node.child(key)
        if (
            block is not None
            and isinstance(block.node, Branch)
            and _lines(block.node) >= _WORTH
        ):
            seen.setdefault(repr(plain(block.node, file)), []).append(
                (str(child.key), block.node)
            )
    for users in seen.values():
        shared = len({id(node) for _, node in users}) == 1
        if len(users) > 1:
            names = ", ".join(name for name, _ in users)
            subject = ModelPath.service(users[-1][0], key)
            yield judge(
                "S-06", shared, "TC746", users[-1][1].span, subject, key=key, names=names
            )


def _lines(node: Node) -> int:
    if not isinstance(node, Branch):
        return 0
    return sum(1 + _lines(child.node) for child in node.children)
