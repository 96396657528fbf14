"""Procfile: one process type a line, `name: command`.

The tools disagree on the grammar. This reads the superset of what Heroku, the buildpack spec, foreman, honcho,
overmind, goreman and Dokku accept, and reports each line on which they part ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers.reading import BYTE_ORDER_MARKS, Oddity, Reading, decode
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Span

_PROCESS = regex(
    r"(?P<indent>\s*)(?P<name>[A-Za-z0-9_-]+)(?P<sep>[ \t]*:[ \t]*|[ \t]+)(?P<command>\S.*?)?\s*"
)
_SCALAR = regex(r"[|>][+-]?")
_COMMENT = regex(r"\s*(#|//)")
# https://devcenter.heroku.com/articles/procfile and the Cloud Native Buildpacks' limit for process types.
_NAME_LIMIT = 63


class _ProcfileLine(NamedTuple):
    file: str
    number: int
    text: str

    def span(self, start: int = 0, end_offset: int | None = None) -> Span:
        last_offset = len(self.text.rstrip()) if end_offset is None else end_offset
        return Span(
            self.file, self.number, start + 1, self.number, max(last_offset, start) + 1
        )


class _LineReading(NamedTuple):
    child: Child
    oddities: tuple[Oddity, ...]


def read_procfile(content: bytes, file: str = "Procfile") -> Reading:
    """A `procfile` branch: process type to command; a line that is no process is a leaf of style `unparsed`.

    Oddities: bom, crlf, comment-slashes, indented, no-colon, tight-colon, spaced-colon, name-length, duplicate,
    continuation, empty-command, yaml-block, unparsed, empty-file.
    """
    text = decode(content)
    lines = [
        _ProcfileLine(file, number, line)
        for number, line in enumerate(_split_lines(text), 1)
    ]
    whole = Span(file, 1, 1, max(len(lines), 1), len(lines[-1].text) + 1 if lines else 1)
    oddities = [*_file_oddities(content, whole)]
    children: list[Child] = []
    for line_reading in _read_lines(lines):
        children.append(line_reading.child)
        oddities += line_reading.oddities
    oddities += _duplicate_oddities(children)
    if not any(
        child.node.style == "process" for child in children if isinstance(child.node, Leaf)
    ):
        oddities.append(Oddity("empty-file", whole, {"file": file}))
    return Reading(Branch("procfile", tuple(children), whole), tuple(oddities))


def _split_lines(text: str) -> list[str]:
    """The lines; only CR and LF end one, unlike `str.splitlines`, which also splits at form feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def _file_oddities(content: bytes, whole: Span) -> Iterator[Oddity]:
    if content.startswith(BYTE_ORDER_MARKS):
        yield Oddity("bom", whole, {"file": whole.file})
    if b"\r" in content:
        yield Oddity("crlf", whole, {"file": whole.file})


def _read_lines(lines: list[_ProcfileLine]) -> Iterator[_LineReading]:
    block: str | None = None
    for index, line in enumerate(lines):
        if not line.text.strip():
            continue
        if _COMMENT.match(line.text):
            slashes = line.text.lstrip().startswith("//")
            if slashes:
                yield _unparsed_line(line, "comment-slashes")
            continue
        indented = line.text[0] in " \t"
        if indented and block is not None:
            yield _unparsed_line(line, "yaml-line", name=block)
            continue
        block = None
        line_reading = _without_scalar(_read_process(line), lines, index)
        if line_reading.child.node.style == "empty" and _opens_block(lines, index):  # type: ignore[union-attr]
            block = str(line_reading.child.key)
            line_reading = _LineReading(
                line_reading.child, (Oddity("yaml-block", line.span(), {"name": block}),)
            )
        yield line_reading


def _without_scalar(
    line_reading: _LineReading, lines: list[_ProcfileLine], index: int
) -> _LineReading:
    """A line whose command is YAML's mark for the lines below it, as one without a command."""
    leaf = line_reading.child.node
    if (
        isinstance(leaf, Leaf)
        and _SCALAR.fullmatch(leaf.text)
        and _opens_block(lines, index)
    ):
        return _LineReading(
            line_reading.child._replace(node=Leaf(leaf.text, leaf.span, "empty")),
            line_reading.oddities,
        )
    return line_reading


def _opens_block(lines: list[_ProcfileLine], index: int) -> bool:
    """Whether the next line that says anything is indented, as in Empire's YAML-shaped Procfile."""
    following = next((line.text for line in lines[index + 1 :] if line.text.strip()), "")
    return following[:1] in (" ", "\t")


def _read_process(line: _ProcfileLine) -> _LineReading:
    match = _PROCESS.fullmatch(line.text)
    option = match is not None and match["indent"] and match["name"].startswith("-")
    if match is None or option or (match["command"] is None and ":" not in match["sep"]):
        return _unparsed_line(line, "unparsed")
    name, key_span = match["name"], line.span(match.start("name"), match.end("name"))
    oddities = tuple(
        Oddity(kind, line.span(), {"name": name}) for kind in _deviation_kinds(match)
    )
    if match["command"] is None:
        leaf = Leaf("", line.span(len(line.text.rstrip())), "empty")
        return _LineReading(
            Child(name, key_span, leaf),
            (*oddities, Oddity("empty-command", line.span(), {"name": name})),
        )
    leaf = Leaf(
        match["command"], line.span(match.start("command"), match.end("command")), "process"
    )
    return _LineReading(Child(name, key_span, leaf), oddities)


def _deviation_kinds(match: re.Match[str]) -> Iterator[str]:
    if match["indent"]:
        yield "indented"
    if ":" not in match["sep"]:
        yield "no-colon"
    elif match["sep"] == ":" and match["command"]:
        yield "tight-colon"
    elif match["sep"][0] in " \t":
        yield "spaced-colon"
    if len(match["name"]) > _NAME_LIMIT:
        yield "name-length"
    if (match["command"] or "").endswith("\\"):
        yield "continuation"


def _unparsed_line(line: _ProcfileLine, kind: str, **facts: str) -> _LineReading:
    start = len(line.text) - len(line.text.lstrip())
    leaf = Leaf(line.text.strip(), line.span(start), "unparsed")
    oddities = (Oddity(kind, line.span(start), facts),)
    return _LineReading(Child(f"line {line.number}", line.span(start), leaf), oddities)


def _duplicate_oddities(children: list[Child]) -> Iterator[Oddity]:
    last_child = {child.key: child for child in children}
    for child in children:
        if last_child[child.key] is not child:
            facts = {"name": str(child.key), "line": str(last_child[child.key].span.line)}
            yield Oddity("duplicate", child.span, facts)
