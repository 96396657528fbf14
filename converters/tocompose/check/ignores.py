"""Findings that the files say to leave alone: `# tocompose: ignore[TC712] reason` on an entry, or above it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from tocompose.compose.documents import ComposeFile
from tocompose.notes import Note, explanation, note
from tocompose.patterns import regex
from tocompose.plugins import note_rows
from tocompose.record import NamedTuple
from tocompose.reports.explain import all_codes
from tocompose.rules.checklist import codes_by_name, is_named
from tocompose.source import Branch, Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import spelling_hint

# A comment begins at the start of a line or behind a blank (https://yaml.org/spec/1.2.2/#66-comments).
_COMMENT = regex(
    r"(?:^|(?<=\s))#\s*tocompose:\s*(?P<order>ignore(?:-file)?)\b\s*"
    r"(?:\[(?P<codes>[^\]]*)\])?\s*:?\s*(?P<reason>.*)"
)
UNUSED, UNREADABLE = "TC510", "TC511"


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


class IgnoredFinding(NamedTuple):
    """A finding that is left alone, with the place of what says so and the reason."""

    note: Note
    span: Span | None
    reason: str


class Sifted(NamedTuple):
    """The findings that stay, with one for each order that did nothing, and those that were left alone."""

    notes: tuple[Note, ...]
    ignored: tuple[IgnoredFinding, ...]


def sift(findings: Iterable[Note], files: Iterable[ComposeFile]) -> Sifted:
    """The findings that the comments of the files leave, and those that they do not."""
    ignores = [*chain.from_iterable(map(read_ignores, files))]
    orders = [(ignore, code) for ignore in ignores for code in ignore.codes]
    effective: set[tuple[Ignore, str]] = set()
    kept_notes: list[Note] = []
    ignored: list[IgnoredFinding] = []
    for finding in findings:
        matching = [order for order in orders if order[0].covers(finding, order[1])]
        effective.update(matching)
        if matching:
            comment = matching[0][0]
            ignored.append(IgnoredFinding(finding, comment.span, comment.reason))
        else:
            kept_notes.append(finding)
    kept_notes += [_note_on(*order) for order in orders if order not in effective]
    kept_notes += filter(None, map(_unreadable, ignores))
    return Sifted(tuple(kept_notes), tuple(ignored))


def _note_on(ignore: Ignore, code: str) -> Note:
    """The note on a code that nothing covered has, or that no rule has."""
    subject = ModelPath.of("files", ignore.span.file)
    if not is_code(code):
        problem = f"no rule is called {code}, or begins so"
        return note(UNREADABLE, ignore.span, subject=subject, what=problem)
    return note(UNUSED, ignore.span, subject=subject, rule=code)


def _unreadable(ignore: Ignore) -> Note | None:
    if ignore.codes:
        return None
    subject = ModelPath.of("files", ignore.span.file)
    return note(UNREADABLE, ignore.span, subject=subject, what="it names no rule")


def is_code(text: str) -> bool:
    """Whether findings have a code that is or begins with the text: `TC712`, `TC7`; or the text is an id: `Q-01`."""
    if re.fullmatch(r"TC\d{0,2}", text) or text in codes_by_name():
        return True
    if not text.startswith("TC"):
        return bool(text) and any(code.startswith(text) for code in note_rows())
    try:
        return re.fullmatch(r"TC\d{3}", text) is not None and bool(explanation(text))
    except KeyError:
        return False


class UnknownRule(ValueError):
    """A text that is neither the code of a rule nor the beginning of one; it says which may have been meant."""


def read_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes of rules and the beginnings of them in texts with commas, each once. Raises UnknownRule."""
    codes = [code.strip().upper() for text in texts for code in text.split(",")]
    starts = tuple(dict.fromkeys(code for code in codes if code))
    for code in starts:
        if not is_code(code):
            # To compare the names takes long where the text is long.
            names = (*all_codes(), *codes_by_name())
            hint = spelling_hint(code[:100], names)
            raise UnknownRule(f"there is no rule {code[:100]!r}{hint}")
    return starts


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
