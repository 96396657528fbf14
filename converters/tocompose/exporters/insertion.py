"""Adds services, networks, volumes, configs, secrets and models to the text of an existing compose file.

The new lines are inserted at the end of each section, so that every byte of the user stays: comments, order, anchors,
quotes. Only a file whose sections are written in flow style goes through ruamel's round trip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from tocompose.compose.yaml_text import Comments, render
from tocompose.patterns import regex
from tocompose.record import NamedTuple

SECTIONS = ("services", "networks", "volumes", "secrets", "configs", "models")


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
    """The text of `file` with what the document adds to it. Raises InsertionError.

    Line ends stay as they are, and so does the mark for the end of a document, behind what is added.
    """
    ends_in_returns = "\r\n" in text and text.count("\r\n") == text.count("\n")
    unix_text = text.replace("\r\n", "\n") if ends_in_returns else text
    end_mark = _END_MARK.search(unix_text)
    body = unix_text[: end_mark.start()] if end_mark else unix_text
    inserted = _insert_body(body, file, document, comments)
    if not inserted.added:
        return inserted._replace(text=text)
    whole_text = inserted.text + (end_mark[0] if end_mark else "")
    if ends_in_returns:
        whole_text = whole_text.replace("\n", "\r\n")
    return inserted._replace(text=whole_text)


_END_MARK = regex(r"(?m)^\.\.\.[ \t]*(?:#[^\n]*)?\n?(?:[ \t]*(?:#[^\n]*)?\n)*\Z")


def _insert_body(
    text: str, file: str, document: Mapping[str, Any], comments: Comments | None
) -> Insertion:
    present = read_plain(text, file)
    new, clashing = _new_blocks(present, document)
    added = tuple((section, name) for section, blocks in new.items() for name in blocks)
    if not added:
        return Insertion(text, (), clashing)
    result = _insert_lines(text, new, comments or {})
    if result is None or not _reads_as(result, _expected_document(present, new)):
        result = _round_trip(text, file, new)
    return Insertion(result, added, clashing)


def read_plain(text: str, file: str) -> dict[str, Any]:
    """The document as YAML has it, anchors resolved. Raises InsertionError."""
    documents = _load_documents(text, file)
    if len(documents) > 1:
        raise InsertionError(
            f"{file}: more than one YAML document. Keep one: Docker Compose merges them into one."
        )
    document = documents[0] if documents else {}
    if not _looks_like_compose(document):
        raise InsertionError(
            f"{file}: this is not a compose file: a map with services is expected."
        )
    return dict(document)


def _load_documents(text: str, file: str) -> list[Any]:
    import yaml

    loader = _loader_for(text)
    try:
        documents = [
            document for document in yaml.load_all(text, loader) if document is not None
        ]
        # What cannot be compared with itself (nested too deeply, or in itself) cannot be changed safely.
        _ = documents == deepcopy(documents)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        position = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise InsertionError(
            f"{position}: {error.problem}. Correct the file first."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InsertionError(f"{file}: {error}. Correct the file first.") from error
    except RecursionError as error:
        raise InsertionError(
            f"{file}: it is nested too deeply, or contains itself. Flatten it first."
        ) from error
    return documents


def _looks_like_compose(document: Any) -> bool:
    return isinstance(document, dict) and all(
        isinstance(document.get(section) or {}, dict) for section in SECTIONS
    )


def _loader_for(text: str) -> Any:
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

    Tolerant.add_multi_constructor("!", _construct_untagged)
    return Tolerant


def _construct_untagged(loader: Any, _: str, node: Any) -> Any:
    kinds = {"mapping": loader.construct_mapping, "sequence": loader.construct_sequence}
    return (
        kinds[node.id](node, deep=True)
        if node.id in kinds
        else loader.construct_scalar(node)
    )


def _new_blocks(
    present: Mapping[str, Any], document: Mapping[str, Any]
) -> tuple[dict[str, Any], Any]:
    """The entries that the file lacks, by section, and those that it has otherwise."""
    new: dict[str, dict[str, Any]] = {}
    clashing: list[tuple[str, str]] = []
    for section in SECTIONS:
        defined = present.get(section) or {}
        for name, body in (document.get(section) or {}).items():
            if name not in defined:
                new.setdefault(section, {})[name] = body
            elif (defined[name] or {}) != _as_read(body):
                clashing.append((section, name))
    return new, tuple(clashing)


def _as_read(body: Any) -> Any:
    return read_plain(render({"x": body}), "").get("x") or {}


def _expected_document(
    present: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    added = read_plain(render(new), "")
    return {
        **present,
        **{
            section: {**(present.get(section) or {}), **blocks}
            for section, blocks in added.items()
        },
    }


def _reads_as(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return read_plain(text, "") == expected
    except InsertionError:
        return False


class _Section(NamedTuple):
    """Where a top-level block ends (the line after its last), and the column of its entries."""

    end_line: int
    column: int


def _insert_lines(text: str, new: Mapping[str, Any], comments: Comments) -> str | None:
    """The text with the new lines in it; None where a section is not in block style."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    present = _find_sections(text, lines)
    if any(name in present and present[name] is None for name in new):
        return None
    bodies = {name: _section_lines(name, new, comments) for name in SECTIONS if name in new}
    _extend_sections(lines, present, bodies)
    for name, body in bodies.items():
        if name not in present:
            lines += ["", *body]
    return newline.join(line.removesuffix("\r") for line in lines) + newline


def _extend_sections(
    lines: list[str],
    present: Mapping[str, _Section | None],
    bodies: Mapping[str, list[str]],
) -> None:
    """Puts the entries at the ends of sections, from the last on, so that the others keep their line numbers."""
    section_places = [
        (place, name) for name, place in present.items() if place and name in bodies
    ]
    for (end_line, column), name in sorted(section_places, reverse=True):
        blank = [""] if name == "services" and column else []
        section_lines = _indent_lines(bodies[name][1:], column or 2)
        lines[end_line:end_line] = [*blank, *section_lines]


def _section_lines(name: str, new: Mapping[str, Any], comments: Comments) -> list[str]:
    return render({name: new[name]}, comments).rstrip("\n").split("\n")


def _indent_lines(lines: list[str], column: int) -> Iterator[str]:
    for line in lines:
        yield " " * column + line[2:] if line else line


def _find_sections(text: str, lines: list[str]) -> dict[str, _Section | None]:
    """The top-level blocks of the file; None for one that is not in block style."""
    import yaml

    try:
        root = yaml.compose(text, _loader_for(text))
    except yaml.composer.ComposerError:
        # A second document, an empty one: the round trip says what is wrong with it.
        return dict.fromkeys(SECTIONS)
    if not isinstance(root, yaml.MappingNode):
        return {}
    if root.flow_style:
        return dict.fromkeys(SECTIONS)
    return {key.value: _find_section(key, value, lines) for key, value in root.value}


def _find_section(key: Any, value: Any, lines: list[str]) -> _Section | None:
    """Where the block below a key ends; the line of the key where nothing is below it."""
    if value.id == "scalar" and not value.value and not value.style:
        return _Section(key.end_mark.line + 1, 0)
    if value.id != "mapping" or value.flow_style or not value.value:
        return None
    end_line = min(value.end_mark.line + bool(value.end_mark.column), len(lines))
    while end_line > 0 and _is_outside(lines[end_line - 1]):
        end_line -= 1
    return _Section(end_line, value.value[0][0].start_mark.column)


def _is_outside(line: str) -> bool:
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
        problem, position = str(error), file
        if isinstance(error, MarkedYAMLError):
            problem = str(error.problem)
            position += f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = problem.splitlines()[0]
        raise InsertionError(f"{position}: {problem}. Correct the file first.") from error
    for section, blocks in parser.load(render(new)).items():
        if not document.get(section):
            document[section] = blocks
        else:
            document[section].update(blocks)
    stream = StringIO()
    parser.dump(document, stream)
    return stream.getvalue()
