"""One pass over the app's own source code: the variables that it reads, and what would break outside the platform."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from tocompose.languages import language_rows
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.tables import load

_TESTS = regex(
    r"(?:^|/)(?:tests?|specs?|__tests__|features|fixtures|docs?|examples?|locales?)/|[._]test\.|_spec\."
)
_COMPOSE = regex(r"(?:docker-)?compose[\w.-]*\.ya?ml$")
# Beyond these a scan would cost more than it tells; what lies beyond is not searched, and a note says so.
_MOST_FILES, _MOST_BYTES, _LARGEST_FILE = 3000, 16_000_000, 400_000
# What stands in for it: `, "x"`, `default="x"`, `|| 'x'`, `?? 'x'`, `?: 'x'`, `or "x"`, `{ "x" }`, `${NAME:x}`.
_DEFAULT = regex(
    rb"[\"']?(?:\)|\])?\s*(?:,\s*(?:default\s*=\s*)?|\|\||\?\?|\?:|or\b|\{)\s*[\"']([^\"'\n]{1,200})[\"']|:-?([^}\n]{1,200})\}"
)
_PLACEHOLDER = regex(rb"\$\{([A-Z][A-Z0-9_]{2,60})[:}]")
# One of these is in every text that reads a variable: a quick look before the slow search.
_HINTS = (b"env", b"ENV", b"config(")
_COMMENT_SIGNS = (b"#", b"//", b"*", b"--")
_WORD = regex(rb"\w{0,40}")
_SHOWN_LENGTH = 60
_PLAIN_START = regex(r"[A-Za-z0-9_ @:/-]+(?![?*{])")
_SIGNS = regex(r"(?:\\.|\[(?:\\.|[^\]\\])+\]|[()|])")
# What is said of the kinds of code.yaml that decide who is answered.
_GATES = {"hosts": "TC580", "origins": "TC581", "proxies": "TC582"}


class Occurrence(NamedTuple):
    """What one rule of code.yaml found: the rule's name, the words that it found, where, and what the rule says of it.

    `value` is the image of an extension, the folder of files on the disk; empty for other rules.
    """

    name: str
    words: str
    span: Span
    value: str = ""


class CodeScan(NamedTuple):
    """What one pass found; `variables` map a name to the first place that reads it, `defaults` to what stands in for
    it; `adapters` are the kinds of SQL server that a configuration names, and where. `gates` are lists of hosts,
    origins and proxies, by the note on each. `skipped` counts unread files.
    """

    variables: dict[str, Span]
    defaults: dict[str, str]
    adapters: dict[str, Span]
    tls: tuple[Occurrence, ...]
    redirects: tuple[Occurrence, ...]
    gates: tuple[Occurrence, ...]
    extensions: tuple[Occurrence, ...]
    sqlite: tuple[Occurrence, ...]
    disk: tuple[Occurrence, ...]
    skipped: int


class _Rule(NamedTuple):
    kind: str
    name: str
    start: bytes
    pattern: re.Pattern[bytes]
    value: str = ""


class _SourceFile(NamedTuple):
    path: str
    content: bytes

    def span(self, start: int, stop: int) -> Span:
        """The span of what stands between two offsets, which is on one line."""
        line = self.content.count(b"\n", 0, start) + 1
        column = start - self.content.rfind(b"\n", 0, start)
        return Span(self.path, line, column, line, column + stop - start)

    def is_comment(self, offset: int) -> bool:
        """Whether the line at an offset is a comment."""
        start = self.content.rfind(b"\n", 0, offset) + 1
        return self.content[start : offset + 1].lstrip().startswith(_COMMENT_SIGNS)


@cache
def _scan_rules() -> tuple[_Rule, ...]:
    return tuple(_read_rules(load("code")))


def _read_rules(table: dict[str, Any]) -> Iterator[_Rule]:
    for kind in ("tls", "redirect", "adapter"):
        for name, patterns in table[kind].items():
            yield from _make_rules(kind, name, patterns)
    for kind, code in _GATES.items():
        for name, patterns in table[kind].items():
            yield from _make_rules("gate", name, patterns, code)
    for kind, column in (("extension", "image"), ("disk", "where")):
        for name, row in table[kind].items():
            yield from _make_rules(kind, name, row["match"], row[column])
    for name, patterns in table["sqlite"].items():
        yield from _make_rules("sqlite", name, patterns)


def _make_rules(
    kind: str, name: str, patterns: Iterable[str], value: str = ""
) -> Iterator[_Rule]:
    for pattern in patterns:
        yield _Rule(kind, name, _literal_start(pattern), regex(pattern.encode()), value)


def _literal_start(pattern: str) -> bytes:
    """The letters that a pattern begins with: a file without them is not searched, and the pattern not compiled."""
    text = _PLAIN_START.match(pattern)
    return text[0].encode() if text and not _has_alternatives(pattern) else b""


def _has_alternatives(pattern: str) -> bool:
    """Whether a `|` stands outside of all groups, so that another branch may begin otherwise."""
    depth = 0
    for sign in _SIGNS.findall(pattern):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return True
    return False


def _compile_bytes(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


@cache
def _variable_pattern() -> re.Pattern[bytes]:
    """What reads a variable of the environment by its name, in whatever language."""
    patterns: dict[str, None] = {}
    for row in language_rows().values():
        patterns |= dict.fromkeys(row.get("variables", ()))
    return _compile_bytes(rf"(?:{'|'.join(patterns)})\s*[\"']?([A-Z][A-Z0-9_]{{2,60}})")


@cache
def _file_endings(column: str) -> tuple[str, ...]:
    """The endings of files in a column of languages.yaml."""
    return tuple(
        ending for row in language_rows().values() for ending in row.get(column, ())
    )


def scan_code(repository: Repository) -> CodeScan:
    """What the code gives away; tests, examples and what others wrote (node_modules, vendor) are not read."""
    variables: dict[str, Span] = {}
    defaults: dict[str, str] = {}
    occurrences: dict[str, list[Occurrence]] = defaultdict(list)
    paths = tuple(_source_paths(repository))
    searched = 0
    for file in _read_files(repository, paths):
        searched += 1
        if file is None:
            continue
        for match in _find_names(file):
            name = match[1].decode()
            variables.setdefault(name, file.span(match.start(1), match.end(1)))
            if default := _default_behind(file.content, match.end(1)):
                defaults.setdefault(name, default)
        for name, start, stop in _implied_names(file):
            variables.setdefault(name, file.span(start, stop))
        for kind, occurrence in _apply_rules(file):
            occurrences[kind].append(occurrence)
    adapters: dict[str, Span] = {}
    for occurrence in occurrences["adapter"]:
        adapters.setdefault(occurrence.name, occurrence.span)
    return CodeScan(
        variables,
        defaults,
        adapters,
        tls=tuple(occurrences["tls"]),
        redirects=tuple(occurrences["redirect"]),
        gates=tuple(occurrences["gate"]),
        extensions=tuple(occurrences["extension"]),
        sqlite=tuple(occurrences["sqlite"]),
        disk=tuple(occurrences["disk"]),
        skipped=len(paths) - searched,
    )


def _source_paths(repository: Repository) -> Iterator[str]:
    endings = (*_file_endings("sources"), *load("code")["configuration"])
    for path in repository.project.files():
        is_source = path.endswith(endings) and not _TESTS.search(path)
        if is_source and not _COMPOSE.search(path):
            yield path


def _read_files(
    repository: Repository, paths: tuple[str, ...]
) -> Iterator[_SourceFile | None]:
    """The files up to what a scan may cost; None for one that is too large."""
    count, budget = 0, _MOST_BYTES
    for path in paths:
        if count >= _MOST_FILES or budget <= 0:
            return
        content = repository.project.read(path) or b""
        if len(content) > _LARGEST_FILE:
            yield None
            continue
        count, budget = count + 1, budget - len(content)
        yield _SourceFile(path, content)


def _find_names(file: _SourceFile) -> Iterator[re.Match[bytes]]:
    """Where a variable is read by its name."""
    if any(hint in file.content for hint in _HINTS):
        yield from _variable_pattern().finditer(file.content)
    if file.path.endswith(_file_endings("placeholders")):
        yield from _PLACEHOLDER.finditer(file.content)


def _default_behind(content: bytes, offset: int) -> str:
    """What the code takes when the variable is not set, where it says so behind the name."""
    match = _DEFAULT.match(content, offset)
    return (match[1] or match[2]).decode("utf-8", "replace") if match else ""


def _implied_names(file: _SourceFile) -> Iterator[tuple[str, int, int]]:
    """The variables that a helper of a framework reads without naming them."""
    for name, phrases in load("code")["implied"].items():
        for phrase in phrases:
            offset = file.content.find(phrase.encode())
            if offset >= 0 and not file.is_comment(offset):
                yield name, offset, offset + len(phrase)


def _apply_rules(file: _SourceFile) -> Iterator[tuple[str, Occurrence]]:
    for rule in _scan_rules():
        if rule.start not in file.content:
            continue
        match = _first_match(rule.pattern, file)
        if match is not None:
            word_end = _end_of_word(file.content, match.end())
            text = file.content[match.start() : word_end].decode("utf-8", "replace")
            matched_text = " ".join(text.split())[:_SHOWN_LENGTH]
            span = file.span(match.start(), match.end())
            yield rule.kind, Occurrence(rule.name, matched_text, span, rule.value)


def _end_of_word(content: bytes, end: int) -> int:
    """The end of the word that a match ends in."""
    rest = _WORD.match(content, end)
    return rest.end() if rest and content[end - 1 : end].isalnum() else end


def _first_match(pattern: re.Pattern[bytes], file: _SourceFile) -> re.Match[bytes] | None:
    """The first match that is no comment: a template of settings often has the line twice."""
    matches = pattern.finditer(file.content)
    return next((match for match in matches if not file.is_comment(match.start())), None)
