"""Adds services, networks, volumes, configs and secrets to the text of an existing compose file.

The new lines are inserted at the end of each section, so that every byte of the user stays: comments, order, anchors,
quotes. Only a file whose sections are written in flow style goes through ruamel's round trip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from tocompose.compose.yaml_text import Comments, render

SECTIONS = ("services", "networks", "volumes", "secrets", "configs")


class InsertionError(ValueError):
    """An existing file that nothing can be added to; the text says where and why."""


class Insertion(NamedTuple):
    """The new text; what was added and what stayed out because the file has it already, as (section, name) pairs."""

    text: str
    added: tuple[tuple[str, str], ...]
    clashing: tuple[tuple[str, str], ...]


def insert(
    text: str, file: str, document: Mapping[str, Any], comments: Comments | None = None
) -> Insertion:
    """The text of `file` with what the document adds to it. Raises InsertionError."""
    before = read_plain(text, file)
    new, clashing = _new_entries(before, document)
    added = tuple((section, name) for section, entries in new.items() for name in entries)
    if not added:
        return Insertion(text, (), clashing)
    result = _inserted(text, new, comments or {})
    if result is None or not _reads_as(result, _expected(before, new)):
        result = _round_trip(text, file, new)
    return Insertion(result, added, clashing)


def read_plain(text: str, file: str) -> dict[str, Any]:
    """The document as YAML has it, anchors resolved. Raises InsertionError."""
    import yaml

    loader = _loader(text)
    try:
        documents = [item for item in yaml.load_all(text, loader) if item is not None]
        # What cannot be compared with itself (nested too deeply, or in itself) cannot be changed safely.
        _ = documents == deepcopy(documents)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise InsertionError(
            f"{place}: {error.problem}. Correct the file first."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InsertionError(f"{file}: {error}. Correct the file first.") from error
    except RecursionError as error:
        raise InsertionError(
            f"{file}: it is nested too deeply, or contains itself. Flatten it first."
        ) from error
    if len(documents) > 1:
        raise InsertionError(
            f"{file}: more than one YAML document. Keep one: Docker Compose merges them into one."
        )
    document = documents[0] if documents else {}
    if not isinstance(document, dict) or any(
        not isinstance(document.get(key) or {}, dict) for key in SECTIONS
    ):
        raise InsertionError(
            f"{file}: this is not a compose file: a map with services is expected."
        )
    return document


def _loader(text: str) -> Any:
    """The loader for a file: libyaml's, or a slow one for what that refuses and docker compose takes.

    An anchor may be set again (YAML 1.2, section 7.1), and `!reset` and `!override` are Compose's own.
    """
    import yaml

    anchors = re.findall(r"(?<=[\s\[{])&([^\s,\]}]+)", text)
    if len(anchors) == len(set(anchors)) and "!" not in text:
        return getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Tolerant(yaml.SafeLoader):
        """Takes anchors that are set again, and ignores tags."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            if not isinstance(event, yaml.AliasEvent):
                self.anchors.pop(event.anchor, None)
            return super().compose_node(parent, index)

    Tolerant.add_multi_constructor("!", _untagged)
    return Tolerant


def _untagged(loader: Any, _: str, node: Any) -> Any:
    kinds = {"mapping": loader.construct_mapping, "sequence": loader.construct_sequence}
    return (
        kinds[node.id](node, deep=True)
        if node.id in kinds
        else loader.construct_scalar(node)
    )


def _new_entries(
    before: Mapping[str, Any], document: Mapping[str, Any]
) -> tuple[dict[str, Any], Any]:
    """The entries that the file lacks, by section, and those that it has otherwise."""
    new: dict[str, dict[str, Any]] = {}
    clashing: list[tuple[str, str]] = []
    for section in SECTIONS:
        known = before.get(section) or {}
        for name, body in (document.get(section) or {}).items():
            if name not in known:
                new.setdefault(section, {})[name] = body
            elif (known[name] or {}) != _as_read(body):
                clashing.append((section, name))
    return new, tuple(clashing)


def _as_read(body: Any) -> Any:
    return read_plain(render({"x": body}), "").get("x") or {}


def _expected(before: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    added = read_plain(render(new), "")
    return {
        **before,
        **{
            section: {**(before.get(section) or {}), **entries}
            for section, entries in added.items()
        },
    }


def _reads_as(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return read_plain(text, "") == expected
    except InsertionError:
        return False


class _Section(NamedTuple):
    """Where a top-level block ends (the line after its last), and the column of its entries."""

    end: int
    column: int


def _inserted(text: str, new: Mapping[str, Any], comments: Comments) -> str | None:
    """The text with the new lines in it; None where a section is not in block style."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    places = _sections(text, lines)
    if any(places.get(section, _Section(0, 0)) is None for section in new):
        return None
    for section in sorted(
        new, key=lambda name: _end(places, name, len(lines)), reverse=True
    ):
        place = places.get(section)
        body = render({section: new[section]}, comments).rstrip("\n").split("\n")
        if place is None:
            lines += ["", *body]
        else:
            spaced = [""] if section == "services" and place.column else []
            lines[place.end : place.end] = [
                *spaced,
                *_indented(body[1:], place.column or 2),
            ]
    return newline.join(line.removesuffix("\r") for line in lines) + newline


def _end(places: Mapping[str, _Section | None], name: str, last: int) -> int:
    place = places.get(name)
    return place.end if place else last + SECTIONS[::-1].index(name)


def _indented(lines: list[str], column: int) -> Iterator[str]:
    for line in lines:
        yield " " * column + line[2:] if line else line


def _sections(text: str, lines: list[str]) -> dict[str, _Section | None]:
    """The top-level blocks of the file; None for one that is not in block style."""
    import yaml

    try:
        root = yaml.compose(text, _loader(text))
    except yaml.composer.ComposerError:
        # A second document, an empty one: the round trip says what is wrong with it.
        return dict.fromkeys(SECTIONS)
    if not isinstance(root, yaml.MappingNode):
        return {}
    if root.flow_style:
        return dict.fromkeys(SECTIONS)
    return {key.value: _section(key, value, lines) for key, value in root.value}


def _section(key: Any, value: Any, lines: list[str]) -> _Section | None:
    import yaml

    if isinstance(value, yaml.ScalarNode) and value.value == "" and not value.style:
        return _Section(key.end_mark.line + 1, 0)
    if not isinstance(value, yaml.MappingNode) or value.flow_style or not value.value:
        return None
    end = value.end_mark.line
    if value.end_mark.column:
        end += 1
    while end > 0 and _outside(lines[end - 1] if end <= len(lines) else ""):
        end -= 1
    return _Section(end, value.value[0][0].start_mark.column)


def _outside(line: str) -> bool:
    """A blank line, or a comment at the margin, which belongs to what follows."""
    return not line.strip() or line.startswith(("#", "..."))


def _round_trip(text: str, file: str, new: Mapping[str, Any]) -> str:
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="rt")
    parser.preserve_quotes = True
    parser.width = 4096
    parser.indent(mapping=2, sequence=4, offset=2)
    try:
        document = parser.load(text) or {}
    except (YAMLError, ValueError) as error:
        # Stricter than the other reader: it refuses keys that stand twice, for one.
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        said = str(
            error.problem if isinstance(error, MarkedYAMLError) else error
        ).splitlines()[0]
        line = f":{mark.line + 1}" if mark else ""
        raise InsertionError(f"{file}{line}: {said}. Correct the file first.") from error
    for section, entries in parser.load(render(new)).items():
        if not document.get(section):
            document[section] = entries
        else:
            document[section].update(entries)
    stream = StringIO()
    parser.dump(document, stream)
    return stream.getvalue()
