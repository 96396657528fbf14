"""Comments of compose files that say which findings to leave alone: `# tocompose: ignore[TC712] reason`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tocompose.compose.documents import ComposeFile
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.rules.checklist import is_named
from tocompose.source import Branch, Span

# A comment begins at the start of a line or behind a blank (https://yaml.org/spec/1.2.2/#66-comments).
_COMMENT = regex(
    r"(?:^|(?<=\s))#\s*tocompose:\s*(?P<order>ignore(?:-file)?)\b\s*"
    r"(?:\[(?P<codes>[^\]]*)\])?\s*:?\s*(?P<reason>.*)"
)


class Ignore(NamedTuple):
    """One comment: the codes and ids that it names, the lines that it covers, and the service, if it is its key.

    `stop` is the line after the last one; a comment about the whole file has no lines and covers what has no place too.
    """

    codes: tuple[str, ...]
    span: Span
    reason: str
    start: int = 0
    stop: int = 0
    service: str | None = None

    def covers(self, finding: Note, code: str) -> bool:
        """Whether the code names the finding, and it stands in the lines or is of the service."""
        if not is_named(finding.code, code):
            return False
        if not self.stop:
            return finding.span is None or finding.span.file == self.span.file
        if self.service and finding.subject.service_name == self.service:
            return True
        span = finding.span
        in_file = span is not None and span.file == self.span.file
        return in_file and span is not None and self.start <= span.line < self.stop


def read_ignores(file: ComposeFile) -> Iterator[Ignore]:
    """Every such comment of the file, with the lines of the entry that it stands on or above."""
    service_lines = _service_lines(file)
    for number, line in enumerate(file.lines, 1):
        if "tocompose:" not in line:
            continue
        match = _COMMENT.search(line)
        if match is None:
            continue
        names = re.split(r"[\s,]+", match["codes"] or "")
        codes = tuple(name.upper() for name in names if name)
        stop = len(line.rstrip()) + 1
        span = Span(file.path, number, match.start() + 1, number, stop)
        ignore = Ignore(codes, span, match["reason"].strip())
        if match["order"] == "ignore-file":
            yield ignore
            continue
        start = _line_of_entry(file.lines, number)
        end_line = _end_of_entry(file.lines, start)
        service = service_lines.get(start)
        yield ignore._replace(start=start, stop=end_line + 1, service=service)


def _service_lines(file: ComposeFile) -> dict[int, str]:
    """The services by the line of their key."""
    services: dict[int, str] = {}
    for root in file.roots:
        section = root.child("services") if isinstance(root, Branch) else None
        if section is not None and isinstance(section.node, Branch):
            for child in section.node.children:
                services.setdefault(child.span.line, str(child.key))
    return services


def _line_of_entry(lines: Sequence[str], number: int) -> int:
    """The line that a comment on that line is about: its own, or the next one that is more than a comment."""
    if not lines[number - 1].lstrip().startswith("#"):
        return number
    for later in range(number, len(lines)):
        if _holds_content(lines[later]):
            return later + 1
    return number


def _end_of_entry(lines: Sequence[str], number: int) -> int:
    """The last line of the entry that begins on that line."""
    indent = _indent_of(lines[number - 1])
    is_listed = _is_listed(lines[number - 1])
    last_line = number
    for later in range(number, len(lines)):
        line = lines[later]
        if not _holds_content(line):
            continue
        # The entries of a list may stand in the column of its key.
        is_deeper = _indent_of(line) > indent
        is_entry = _indent_of(line) == indent and _is_listed(line) and not is_listed
        if not is_deeper and not is_entry:
            break
        last_line = later + 1
    return last_line


def _holds_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_listed(line: str) -> bool:
    return line.lstrip(" ").startswith("- ")
