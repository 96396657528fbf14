"""Source lines as a report may show them: secret values masked.

A value is masked three times over, so that one miss does not leak it: where the model says that a secret came from,
wherever its text occurs, and wherever a line looks as if it holds one (`PASSWORD=…`, `://user:…@`, a token's form).
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from tocompose.knowledge.secrets.texts import MASK
from tocompose.model import Stack
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.record import NamedTuple
from tocompose.reports.hidden_text import HIDDEN, hide_text
from tocompose.reports.known_secrets import (
    Secret,
    secret_files,
    secret_variables,
    secrets_of,
)
from tocompose.reports.likely_secrets import mask_likely_secrets
from tocompose.source import Span

if TYPE_CHECKING:
    from tocompose.reports.flow_index import Passage

# A line of `.env`, of a shell or of a Makefile that sets a variable to a text without another variable.
_SETS = regex(
    r"\s*(?:(?:export|override|set|Environment=)\s*)*[\"']?(?P<name>\w+)[ \t]*[:?+]{0,2}=[ \t]*(?=[^$\s])"
)
_RUN = regex(f"{HIDDEN}+")
# What a secret may be put together from.
_PIECE = regex(r"[^\s\"'=:@/]{3,}")
# No everyday word is so long.
_LONG = 12
# A word of a shell with its quotes closed, and without a command in it.
_SHELL_WORD = regex(
    r"""(?:"(?:[^"\\`$]|\\.)*"|'[^']*'|\\.|[^\s'"\\`$;&|()<>])+(?=[\s;&|)]|$)"""
)
_SHELL_ENDINGS = (".sh", ".bash", ".zsh", ".ksh")
_DOCUMENT_START = regex(r"---(?:\s|$)")
# Of a longer YAML stream only the document is masked that a quote is of: none reaches into the next.
_SHORT_STREAM = 2000
_DATA = (".yaml", ".yml", ".json")


class Quote(NamedTuple):
    """A masked source line, and the columns (0-based, end exclusive) to underline."""

    line: str
    start: int
    end: int


class SourceLines:
    """The lines of a project's files, masked; a file is read when it is first asked for."""

    def __init__(
        self, project: Project, stack: Stack, sources: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._project = project
        self._stack = stack
        # The files that a secret may take its way through.
        self._sources = sources
        self._lines: dict[str, tuple[str, ...]] = {}
        self._source: dict[str, list[str]] = {}
        self._documents: dict[tuple[str, int], tuple[str, ...]] = {}

    def quote(self, span: Span) -> Quote | None:
        """The line on which a span starts, and the columns that it takes there; None when there is no such line."""
        source_lines = self._read(span.file)
        if not 0 < span.line <= len(source_lines):
            return None
        line = self._hidden_line(span.file, source_lines, span.line - 1)
        start = min(span.column - 1, len(line))
        stop = (
            min(span.end_column - 1, len(line))
            if span.end_line == span.line
            else len(line.rstrip())
        )
        if line[:start].endswith(HIDDEN) and not line[start:stop].strip(HIDDEN):
            # What is meant lies within something hidden: nothing of it would be seen.
            return None
        prefix, marked = _shorten_masks(line[:start]), _shorten_masks(line[start:stop])
        return Quote(_shorten_masks(line), len(prefix), len(prefix) + max(len(marked), 1))

    def byte_column(self, path: str, line: int, column: int) -> int:
        """A column, from 1, counted in bytes of UTF-8."""
        source_lines = self._read(path)
        text = source_lines[line - 1] if 0 < line <= len(source_lines) else ""
        extra_bytes = len(text[: column - 1].encode("utf-8", "replace")) - len(
            text[: column - 1]
        )
        return column + extra_bytes

    def lines(self, path: str) -> tuple[str, ...]:
        """All lines of a source file; the line feed at its end starts no further line."""
        shown_lines = tuple(_shorten_masks(line) for line in self._hidden(path))
        return shown_lines[:-1] if shown_lines and not shown_lines[-1] else shown_lines

    def masked(self, text: str) -> tuple[str, ...]:
        """The lines of any text, such as an output file, with every known and every likely secret masked."""
        return tuple(_shorten_masks(line) for line in self._mask(_split_lines(text), ""))

    def _read(self, path: str) -> list[str]:
        if path not in self._source:
            text = (self._project.read(path) or b"").decode("utf-8", "replace")
            self._source[path] = _split_lines(text)
        return self._source[path]

    def _hidden(self, path: str) -> tuple[str, ...]:
        if path not in self._lines:
            self._lines[path] = tuple(self._mask(self._read(path), path))
        return self._lines[path]

    def _hidden_line(self, path: str, source_lines: list[str], index: int) -> str:
        is_long = len(source_lines) > _SHORT_STREAM and path not in self._lines
        if not (is_long and path.endswith((".yaml", ".yml"))):
            return self._hidden(path)[index]
        start = _document_start(source_lines, index)
        if (path, start) not in self._documents:
            document = source_lines[start : _document_end(source_lines, index)]
            self._documents[path, start] = tuple(self._mask(document, path, start))
        return self._documents[path, start][index - start]

    def _mask(self, lines: list[str], path: str, before: int = 0) -> Iterator[str]:
        """The lines with secrets hidden; `before` counts the lines of the file that stand before them."""
        if path in secret_files(self._stack):
            return iter(hide_text(line) for line in lines)
        in_shell = path.endswith(_SHELL_ENDINGS) or "".join(lines[:1]).startswith("#!")
        lines = [_mask_variable(line, self._variables, in_shell) for line in lines]
        own_secrets = (secret for secret in self._secrets if _is_of(secret, path))
        placed = [_moved_up(secret, before) for secret in own_secrets]
        masked = _mask_lines(lines, path, placed, self._forms)
        # Last, and letter for letter: a secret that a passage holds a part of would not be found any more.
        return iter(_mask_passages(masked, self._passages.get(path, ()), before))

    @cached_property
    def _secrets(self) -> tuple[Secret, ...]:
        secrets = {secret for secret in secrets_of(self._stack) if secret.text}
        return tuple(
            sorted(
                secrets,
                key=lambda secret: (-len(secret.text), secret.text, str(secret.origin)),
            )
        )

    @cached_property
    def _variables(self) -> frozenset[str]:
        return secret_variables(self._stack)

    @cached_property
    def _passages(self) -> Mapping[str, Sequence[Passage]]:
        """What reaches the place of a secret by a way through the sources; long streams of YAML set no variables."""
        texts = {path: self._read(path) for path in sorted(set(self._sources()))}
        own_texts = {
            path: lines
            for path, lines in texts.items()
            if not path.endswith(_DATA) or len(lines) <= _SHORT_STREAM
        }
        if not any("$" in line for lines in own_texts.values() for line in lines):
            return {}
        # A command that is pasted takes no variable: its run does without what follows them.
        from tocompose.reports.secret_flows import flow_passages

        return flow_passages(own_texts)

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        """What secrets may be written as; a word that names a thing is masked only where the secret stands."""
        names = frozenset(_everyday_names(self._stack))
        return tuple(_known_forms(self._secrets, names))


def _split_lines(text: str) -> list[str]:
    """Lines as editors count them: ended by a line feed, with or without a carriage return."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def _shorten_masks(line: str) -> str:
    """The line for a reader; how long a secret is stays hidden too."""
    return _RUN.sub(MASK, line)


def _everyday_names(stack: Stack) -> Iterator[str]:
    yield stack.name
    for service in stack.services:
        yield service.name
        yield service.security.user or ""
        yield from re.split(r"[/:@.]", service.image or "")
        yield from (named_part.name for named_part in service.environment)
    yield from (named_part.name for named_part in stack.networks)
    yield from (named_part.name for named_part in stack.volumes)
    yield from ("true", "false", "yes", "no", "on", "off", "0", "1", "none", "null")


def _document_start(lines: list[str], index: int) -> int:
    while index and not _DOCUMENT_START.match(lines[index]):
        index -= 1
    return index


def _document_end(lines: list[str], index: int) -> int:
    index += 1
    while index < len(lines) and not _DOCUMENT_START.match(lines[index]):
        index += 1
    return index


def _is_of(secret: Secret, path: str) -> bool:
    return secret.origin is not None and secret.origin.file == path


def _moved_up(secret: Secret, lines: int) -> Secret:
    """The secret as it stands when that many lines before it are left out."""
    span = secret.origin
    if span is None:
        return secret
    moved = span._replace(line=span.line - lines, end_line=span.end_line - lines)
    return secret._replace(origin=moved)


def _mask_lines(
    lines: list[str], path: str, placed: Iterable[Secret], forms: Iterable[str]
) -> Iterator[str]:
    """The lines, of a file at that path, with what is known and what looks like a secret hidden."""
    whole = "\n".join(lines)
    known_forms = [form for form in forms if form in whole]
    marked = [_mask_forms(line, known_forms) for line in lines]
    for secret in placed:
        _mask_origin(marked, lines, secret)
    # What looks like a secret is looked for in the line as it was: with a name masked its value would not be found.
    guessed = mask_likely_secrets(lines, path)
    if marked == lines:
        return guessed
    return (
        _combine_masks(by_known, by_look)
        for by_known, by_look in zip(
            mask_likely_secrets(marked, path), guessed, strict=True
        )
    )


def _known_forms(secrets: Iterable[Secret], names: frozenset[str]) -> dict[str, None]:
    """Every form in which a secret may be written, once, without those that are a name of the stack as well."""
    texts = (secret.text for secret in secrets if secret.text not in names)
    return dict.fromkeys(form for text in texts for form in _written_forms(text))


def _combine_masks(one_mask: str, other_mask: str) -> str:
    """Two maskings of one line as one that hides what either hides."""
    if one_mask == other_mask:
        return one_mask
    return "".join(
        HIDDEN if HIDDEN in pair else pair[0]
        for pair in zip(one_mask, other_mask, strict=True)
    )


def _written_forms(text: str) -> Iterator[str]:
    """The ways in which a value may stand in a file: as it is, escaped, in base64 with and without a line feed."""
    yield text
    yield text.replace("\\", "\\\\").replace('"', '\\"')
    yield text.replace("$", "$$")
    yield from (
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        quote(text, safe=""),
    )
    if "'" in text:
        yield from (text.replace("'", escaped) for escaped in ("''", "'\\''", "'\"'\"'"))
    if len(text) > 2:
        yield b64encode(text.encode("utf-8", "replace")).decode()
        yield b64encode(f"{text}\n".encode("utf-8", "replace")).decode()


def _mask_forms(line: str, forms: Iterable[str]) -> str:
    for form in forms:
        if form in line:
            pattern = (
                re.escape(form) if len(form) > 3 else rf"(?<!\w){re.escape(form)}(?!\w)"
            )
            line = re.sub(pattern, lambda match: hide_text(match[0]), line)
    return line


def _mask_origin(lines: list[str], unmasked: list[str], secret: Secret) -> None:
    """Masks a secret at its own place, even one whose text is an everyday word or is written with escapes.

    Where it stands beside its place, such as behind the name of the process that has it, it is masked there already.
    """
    span = secret.origin
    if span is None or not 0 < span.line <= len(lines):
        return
    stretches = list(_stretches_of(span, unmasked))
    texts = [unmasked[row][start:stop] for row, start, stop in stretches]
    is_told = any(_holds_form(text, secret.text) for text in texts)
    if not is_told and _is_beside(texts, secret.text, unmasked, span.line - 1):
        return
    for (row, start, stop), text in zip(stretches, texts, strict=True):
        if not is_told or _holds_form(text, secret.text):
            line = lines[row]
            shown = _mask_secret_text(line[start:stop], secret.text)
            lines[row] = line[:start] + shown + line[stop:]


def _stretches_of(span: Span, lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """The part of each line that a span takes: the index of the line, where the part starts and stops."""
    for row in range(span.line - 1, min(span.end_line, len(lines))):
        start = span.column - 1 if row == span.line - 1 else 0
        stop = span.end_column - 1 if row == span.end_line - 1 else len(lines[row])
        yield row, start, stop


def _holds_form(text: str, secret_text: str) -> bool:
    """Whether a text has the secret in one of the ways in which it may be written."""
    return _mask_forms(text, _written_forms(secret_text)) != text


def _is_beside(
    texts: Sequence[str], secret_text: str, lines: Sequence[str], row: int
) -> bool:
    """Whether what stands at a place can be no way to write the secret: a name in a line with it, or what has no piece
    of it and is shorter, or has it in another line."""
    whole = "".join(texts)
    is_name = len(texts) == 1 and whole.isidentifier()
    if is_name and secret_text in lines[row] and secret_text not in whole:
        return True
    pieces = (*_PIECE.findall(whole), *secret_text.split())
    if any(piece in whole and piece in secret_text for piece in pieces):
        return False
    if len(whole) < len(secret_text):
        return True
    if len(secret_text) < _LONG:
        return False
    text = "\n".join(lines)
    return any(form in text for form in _written_forms(secret_text))


def _mask_passages(
    lines: Iterable[str], passages: Iterable[Passage], before: int
) -> list[str]:
    """The lines with those passages hidden; `before` lines of the file are left out in front of them."""
    masked = list(lines)
    for passage in passages:
        number = passage.line - before
        if 0 <= number < len(masked):
            start, stop = passage.stretch
            line = masked[number]
            masked[number] = line[:start] + hide_text(line[start:stop]) + line[stop:]
    return masked


def _mask_variable(line: str, names: frozenset[str], in_shell: bool) -> str:
    """The line with its value hidden where it sets one of the variables: `X=value`, of a shell `X=value command`."""
    match = _SETS.match(line) if names else None
    if match is None or match["name"] not in names:
        return line
    word = _SHELL_WORD.match(line, match.end()) if in_shell else None
    stop = word.end() if word else len(line)
    return line[: match.end()] + hide_text(line[match.end() : stop]) + line[stop:]


def _mask_secret_text(secret_text: str, text: str) -> str:
    head, sign, value_text = (
        secret_text.partition("=") if "=" in secret_text else ("", "", secret_text)
    )
    masked = _mask_forms(value_text, _written_forms(text))
    if (
        masked != value_text
        or HIDDEN in value_text
        or "$" in value_text
        or not value_text.strip(" \"'")
    ):
        return head + sign + masked
    return head + sign + hide_text(value_text)
