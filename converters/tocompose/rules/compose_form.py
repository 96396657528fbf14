"""Whether docker compose reads the files as they are meant: S-01, S-06 and the traps about syntax, keys and units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile, duplicate_notes, plain_value
from tocompose.compose.keys import (
    Form,
    Unit,
    is_extension,
    section_below,
    section_keys,
)
from tocompose.compose.shapes import as_map
from tocompose.exporters.creation import EXCLUDED_BY_MODE
from tocompose.model import Service
from tocompose.notes import Note, note
from tocompose.rules import (
    Excuse,
    Rule,
    Startup,
    Verdict,
    View,
    judge_all,
    judge_services,
    verdict,
)
from tocompose.rules.logging import ROTATION
from tocompose.rules.value_forms import has_form, how_to_write, problem_of
from tocompose.rules.views import at_later, replicas_of, span_of_replicas
from tocompose.source import Branch, Child, Node, Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load
from tocompose.wording import did_you_mean

_SHARED_KEYS = ("deploy", "environment", "healthcheck", "labels", "logging")
_WORTH_AN_ANCHOR = 3  # lines of a repeated block
# What LOG adds to each service of a file that is edited in place; nobody changes it in one copy alone.
_ADDED_BLOCKS = ({"driver": "json-file", "options": ROTATION},)
_SECTIONS = ("services", "networks", "volumes", "secrets", "configs")


def _judge_files(view: View) -> Iterator[Verdict]:
    for file in view.files:
        yield from _judge_yaml(file)
        for root in file.roots[:1]:
            yield from _judge_keys(file, root)
            yield from _judge_repetition(file, root)


def _judge_yaml(file: ComposeFile) -> Iterator[Verdict]:
    duplicates = duplicate_notes(file)
    faults = [
        *file.notes,
        *(duplicate for duplicate in duplicates if duplicate.code == "TC703"),
        *_double_merges(file),
    ]
    documents = [duplicate for duplicate in duplicates if duplicate.code == "TC704"]
    for fault in faults or (None,):
        yield Verdict(("T16",), fault)
    yield Verdict(("T17",), documents[0] if documents else None)


def _double_merges(file: ComposeFile) -> Iterator[Note]:
    """Two `<<` in one map, which the engine's parser refuses."""
    open_maps: list[
        int
    ] = []  # the columns of the maps around the line that have a `<<` already
    for number, line in enumerate(file.lines, 1):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if not text or text.startswith("#"):
            continue
        is_item = text.startswith("- ")
        open_maps = [
            column
            for column in open_maps
            if column < indent or (column == indent and not is_item)
        ]
        if not text.startswith("<<:"):
            continue
        if indent in open_maps:
            span = Span(file.path, number, indent + 1, number, indent + 3)
            yield note("TC703", span, file=file.path, key="<<")
        open_maps.append(indent)


def _judge_keys(file: ComposeFile, root: Node) -> Iterator[Verdict]:
    """Keys that the Compose Specification has."""
    for path, node in _maps_of_sections(root):
        keys = section_keys(section_below("top", path[0]) if path else "top")
        for child in node.children:
            yield _judge_key(path, child, keys)
        if not path:
            version = node.child("version")
            span = version.span if version else None
            facts = {"file": file.path}
            yield verdict(
                "S-01", version is None, "TC701", span, ModelPath.of("version"), **facts
            )


def _judge_key(path: tuple[str, ...], child: Child, keys: Iterable[str]) -> Verdict:
    key = str(child.key)
    is_known = key in keys or is_extension(key)
    return verdict(
        "S-01",
        is_known,
        "TC702",
        child.span,
        ModelPath.of(*path[1:2], key),
        key=key,
        where=" ".join(("in", *path)) if path else "at the top",
        # To look for the closest key costs more than all else that is judged of one.
        hint="" if is_known else _hint_on(path, child, keys),
    )


def _hint_on(path: tuple[str, ...], child: Child, keys: Iterable[str]) -> str:
    """What to write for a key that there is not: what took its place, or the closest one."""
    key = str(child.key)
    past = _past_keys("service" if path[:1] == ("services",) else "" if path else "top")
    if key in past:
        return str(past[key]["how"])
    if not path and _is_service(child.node):
        return "write it below services (format 1 had services at the top)"
    return did_you_mean(key, keys, "delete it, or begin it with x-")


def _past_keys(section: str) -> Mapping[str, Mapping[str, Any]]:
    """The keys of older files and what became of them, by name."""
    past: Mapping[str, Mapping[str, Any]] = load("compose_history").get(section, {})
    return past


def _is_service(node: Node) -> bool:
    return isinstance(node, Branch) and any(node.child(key) for key in ("image", "build"))


def _maps_of_sections(root: Node) -> Iterator[tuple[tuple[str, ...], Branch]]:
    """The maps whose keys the specification fixes, by their place."""
    if not isinstance(root, Branch) or root.kind == "list":
        return
    yield (), root
    for section in _SECTIONS:
        for child in _children(root.child(section)):
            if isinstance(child.node, Branch) and child.node.kind != "list":
                yield (section, str(child.key)), child.node


def _children(child_entry: Child | None) -> tuple[Child, ...]:
    if child_entry is None or not isinstance(child_entry.node, Branch):
        return ()
    return child_entry.node.children


def _judge_repetition(file: ComposeFile, root: Node) -> Iterator[Verdict]:
    """Blocks of several lines that services of one file repeat rather than share."""
    services = _children(root.child("services")) if isinstance(root, Branch) else ()
    for key in _SHARED_KEYS:
        for users in _blocks_of(file, key, services).values():
            is_shared = len({id(node) for _, node in users}) == 1
            if len(users) > 1:
                names = ", ".join(name for name, _ in users)
                last_name, last_node = users[-1]
                subject = ModelPath.service(last_name, key)
                facts = {"key": key, "names": names}
                yield verdict("S-06", is_shared, "TC746", last_node.span, subject, **facts)


def _blocks_of(
    file: ComposeFile, key: str, services: Iterable[Child]
) -> dict[str, list[tuple[str, Node]]]:
    """The services with a long block at the key, by what stands in it."""
    blocks: dict[str, list[tuple[str, Node]]] = {}
    for child in services:
        block = child.node.child(key) if isinstance(child.node, Branch) else None
        if block is not None and _line_count(block.node) >= _WORTH_AN_ANCHOR:
            content = plain_value(block.node, file)
            if content not in _ADDED_BLOCKS:
                users = blocks.setdefault(repr(content), [])
                users.append((str(child.key), block.node))
    return blocks


def _line_count(node: Node) -> int:
    """How many values stand in the block itself; what a fragment brings in stands elsewhere."""
    children = node.children if isinstance(node, Branch) else ()
    own = [child for child in children if child.span.line >= node.span.line]
    own = [child for child in own if child.span.line <= node.span.end_line]
    return sum(1 + _line_count(child.node) for child in own)


def _judge_service(startup: Startup, service: Service) -> Iterator[Verdict]:
    """A service is complete, its values have the types and units that Compose wants, and no key excludes another."""
    started = bool(service.image) or service.build is not None
    started = started or "provider" in service.options
    facts = {"kind": "an image or a build", "name": "that starts it"}
    yield startup.verdict(service, "", "S-01", started, "TC744", **facts)
    body = as_map(as_map(startup.document.get("services")).get(service.name))
    for key, value, form in _valued_keys(body):
        right = has_form(value, form)
        facts = {"what": ".".join(key), "problem": problem_of(form)}
        facts["how"] = "" if right else how_to_write(value, form)
        yield startup.verdict(service, key, "T24", right, "TC743", **facts)
    yield from _judge_past_keys(startup, service)
    both = service.network_mode is not None and bool(service.networks)
    mode = service.network_mode or ""
    mode_key = "network_mode" if both else ""
    yield startup.verdict(service, mode_key, "T14", not both, "TC735", mode=mode)
    yield from _judge_container_name(startup, service)


def _judge_past_keys(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Keys of older files that have a better one today; CREATE says of those that are refused that they must go."""
    mode = (service.network_mode or "").partition(":")[0]
    refused = EXCLUDED_BY_MODE.get(mode, ())
    for name, row in _past_keys("service").items():
        if row.get("read") and name in service.options and name not in refused:
            facts = {"key": name, "how": str(row["how"])}
            yield startup.verdict(service, name, "S-01", False, "TC529", **facts)


def _judge_container_name(startup: Startup, service: Service) -> Iterator[Verdict]:
    name = service.container_name
    if name is not None:
        key = "container_name"
        is_single, is_long = replicas_of(startup, service) <= 1, len(name) > 1
        problem, how = _SHORT_NAME if is_single else _SHARED_NAME
        facts = {"name": name, "problem": problem, "how": how}
        right = is_single and is_long
        judged = startup.verdict(service, key, "T12", right, "TC733", **facts)
        spans = (startup.span(service, key), span_of_replicas(startup, service))
        yield at_later(judged, startup, spans)


# What is wrong with the name of a container, and what to do.
_SHORT_NAME = (
    "is too short: names have at least two characters",
    "Write a longer name, or delete container_name.",
)
_SHARED_NAME = ("cannot be used with several replicas", "Delete container_name.")
_UNIT_FORMS = {Unit.BYTES: "size", Unit.DURATION: "duration"}
# Texts that people write as numbers: YAML then reads something else.
_TEXT_KEYS = ("user", "restart", "container_name", "hostname")


def _valued_keys(
    body: Mapping[str, Any], section: str = "service", path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    """Each value that has a unit or must be text, with its form."""
    for name, key in section_keys(section).items():
        if name not in body:
            continue
        value, key_path = body[name], (*path, name)
        if key.form is Form.SECTION:
            yield from _valued_keys(as_map(value), key.section, key_path)
        elif key.unit is not None:
            yield key_path, value, _UNIT_FORMS[key.unit]
        elif key.form is Form.DECIMAL:
            yield key_path, value, "decimal"
        elif not path and name in _TEXT_KEYS and value is not None:
            yield key_path, value, "text"
        if key_path == ("restart",) and isinstance(value, str):
            yield key_path, value, "restart"


RULE = Rule(
    id="FORM",
    title="Write files that docker compose reads as intended",
    summary=(
        "Reports unknown, outdated and repeated keys, and values that docker compose reads "
        "differently from what they look like."
    ),
    tells=(
        "TC529",
        "TC701",
        "TC702",
        "TC703",
        "TC704",
        "TC733",
        "TC735",
        "TC743",
        "TC744",
        "TC746",
    ),
    severity="must",
    judge=judge_all(_judge_files, judge_services(_judge_service)),
    url="https://docs.docker.com/reference/compose-file/",
    excuses=(Excuse("TC529", "links to containers of elsewhere are the source's own"),),
)
