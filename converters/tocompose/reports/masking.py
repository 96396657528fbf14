"""Source lines as a report may show them: secret values masked.

A value is masked three times over, so that one miss does not leak it: where the model says that a secret came from,
wherever its text occurs, and wherever a line looks as if it holds one (`PASSWORD=…`, `://user:…@`, a token's form).
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple
from urllib.parse import quote

from tocompose.knowledge.secrets.names import HINT, secret_file
from tocompose.knowledge.secrets.texts import DIRECTIVE, HASH, PRIVATE_KEY, TOKEN, passwords
from tocompose.model import Stack
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.reports.known_secrets import Secret, is_secret_name, secrets_of
from tocompose.source import Span

MASK = "•••"
# While masking, each hidden character is replaced by this one, so that columns stay what spans say.
_HIDDEN = "\ue000"
_RUN = regex(f"{_HIDDEN}+")

_WORD = regex(r"[\w.-]+")
_ASSIGNED = regex(
    r"""(?x) (?P<sign> ["']?\s*[=:]\s* | \s+ | ["']\s*,\s* )
    (?P<value> (?: "(?:[^"\\]|\\.)*" | '[^']*' | [^\s"',;)\]}] )+ | "(?:[^"\\]|\\.)* | '[^']* )"""
)
# `${PASSWORD:-default}`: the default is a value, the text behind `?` is a message.
_DEFAULTED = regex(r"(?P<sign>:?[-=])(?P<value>[^}]+)")
# Where the command line of a well-known program has its password; each gap is short, so that no line takes long.
_SHELL_WORD = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s'"\\])+"""
_SPOKEN = regex(
    r"""(?xi) \b(?:bearer|basic)\s+(?P<header>[^\s"',;)\]}]{6,})
    | \b(?:mysql|mariadb|sshpass)[\w-]*[^|;&]{0,200}?[\s"']-p(?P<joined>WORD)
    | \blogin\b[^|;&]{0,200}?\s-p[=\s]?(?P<login>WORD)
    | \bcurl\b[^|;&]{0,200}?[\s"'](?:-[a-z]*u|--user)["']?[=\s,]*["']?[^\s:"']+:(?P<user>WORD)
    | \b(?:redis|valkey|keydb)-cli\b[^|;&]{0,200}?[\s"']-a["']?[\s,]+(?P<redis>WORD)
    | \b(?:login|secret\s+create)\b[^|;&]{0,200}?<<<\s*(?P<fed>WORD)
    | \b(?:echo|printf)\s+(?:-\w+\s+)*(?P<piped>WORD)\s*\|[^|;&\n]{0,200}?
      (?:\b(?:docker|podman)\s+(?:secret|login)|-stdin)\b""".replace("WORD", _SHELL_WORD)
)
# What a line must hold for `_SPOKEN` to find something, so that most lines never ask for it.
_SPEAKERS = (
    "bearer",
    "basic",
    "mysql",
    "mariadb",
    "sshpass",
    "login",
    "secret",
    "curl",
    "-cli",
    "echo",
    "printf",
)
_PEM_END = regex(r"-----END [A-Z ]*PRIVATE KEY-----")
_SECRET_KIND = regex(
    r"""^(?P<indent>[ \-]*)["']?kind["']?\s*:\s*["']?(?:Sealed)?Secret["']?\s*,?\s*$"""
)
_SECRET_DATA = regex(
    r"""^(?P<indent>[ \-]*)["']?(?:data|stringData|encryptedData)["']?\s*:(?P<rest>.*)$"""
)
# `name: PASSWORD, value: x`, also on two lines: how Kubernetes writes variables.
_NAMED = regex(r"""\bname["']?\s*:\s*["']?(?P<name>[\w.-]+)["']?""")
_VALUE = regex(r"""^[\s-]*(?:,\s*)?["']?value["']?\s*:\s*(?P<value>\S.*)$""")
# A line of a `.env` file that names its value.
_SETS = regex(r"\s*(?:#|$|(?:export\s+)?[\w.-]+\s*[=:])")
# A map or a list where the value should be.
_NESTED = regex(r"""\[|\{.*?["']?\bvalue["']?\s*:\s*""")
_BLOCK = regex(
    r"""(?P<indent>[ -]*)["']?(?P<name>[\w./-]+)["']?[ ]*:[ ]*[|>][-+0-9]*[ ]*(?:#.*)?$"""
)
_ENTRY = regex(r"""^(?P<head>\s*["']?[\w.-]+["']?\s*:\s*)(?P<value>\S.*)$""")


class Quote(NamedTuple):
    """A masked source line, and the columns (0-based, end exclusive) to underline."""

    line: str
    start: int
    end: int


class Quotes:
    """The lines of a project's files, masked; a file is read when it is first asked for."""

    def __init__(self, project: Project, stack: Stack) -> None:
        self._project = project
        self._stack = stack
        self._lines: dict[str, tuple[str, ...]] = {}

    def quote(self, span: Span) -> Quote | None:
        """The line on which a span starts, and the columns that it takes there; None when there is no such line."""
        lines = self._hidden(span.file)
        if not 0 < span.line <= len(lines):
            return None
        line = lines[span.line - 1]
        start = min(span.column - 1, len(line))
        end = (
            min(span.end_column - 1, len(line))
            if span.end_line == span.line
            else len(line.rstrip())
        )
        before, marked = _shown(line[:start]), _shown(line[start:end])
        return Quote(_shown(line), len(before), len(before) + max(len(marked), 1))

    def lines(self, path: str) -> tuple[str, ...]:
        """All lines of a source file; the line feed at its end starts no further line."""
        found = tuple(_shown(line) for line in self._hidden(path))
        return found[:-1] if found and not found[-1] else found

    def masked(self, text: str) -> tuple[str, ...]:
        """The lines of any text, such as an output file, with every known and every likely secret masked."""
        return tuple(
            _shown(line)
            for line in _mask_lines(_split(text), "", self._secrets, self._names)
        )

    def _hidden(self, path: str) -> tuple[str, ...]:
        if path not in self._lines:
            text = (self._project.read(path) or b"").decode("utf-8", "replace")
            self._lines[path] = tuple(
                _mask_lines(_split(text), path, self._secrets, self._names)
            )
        return self._lines[path]

    @cached_property
    def _secrets(self) -> tuple[Secret, ...]:
        found = {item for item in secrets_of(self._stack) if item.text}
        return tuple(
            sorted(found, key=lambda item: (-len(item.text), item.text, str(item.origin)))
        )

    @cached_property
    def _names(self) -> frozenset[str]:
        """Words that name a thing: masked only where a secret stands, not wherever they occur."""
        return frozenset(_names(self._stack))


def _split(text: str) -> list[str]:
    """Lines as editors count them: ended by a line feed, with or without a carriage return."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def _hide(text: str) -> str:
    return _HIDDEN * len(text)


def _shown(line: str) -> str:
    """The line for a reader; how long a secret is stays hidden too."""
    return _RUN.sub(MASK, line)


def _names(stack: Stack) -> Iterator[str]:
    yield stack.name
    for service in stack.services:
        yield service.name
        yield service.security.user or ""
        yield from re.split(r"[/:@.]", service.image or "")
        yield from (item.name for item in service.environment)
    yield from (item.name for item in stack.networks)
    yield from (item.name for item in stack.volumes)
    yield from ("true", "false", "yes", "no", "on", "off", "0", "1", "none", "null")


def _mask_lines(
    lines: list[str], path: str, secrets: Iterable[Secret], names: frozenset[str]
) -> Iterator[str]:
    """The lines, of a file at that path, with what is known and what looks like a secret hidden."""
    whole = "\n".join(lines)
    forms = (
        form for item in secrets if item.text not in names for form in _forms(item.text)
    )
    known = [form for form in dict.fromkeys(forms) if form in whole]
    marked = [_replaced(line, known) for line in lines]
    for item in secrets:
        if item.origin is not None and item.origin.file == path:
            _mask_origin(marked, item)
    # What looks like a secret is looked for in the line as it was: with a name masked its value would not be found.
    guessed = _mask_likely(lines, path)
    if marked == lines:
        return guessed
    return (
        _both(left, right)
        for left, right in zip(_mask_likely(marked, path), guessed, strict=True)
    )


def _both(left: str, right: str) -> str:
    """Two maskings of one line as one that hides what either hides."""
    if left == right:
        return left
    return "".join(
        _HIDDEN if _HIDDEN in pair else pair[0] for pair in zip(left, right, strict=True)
    )


def _mask_likely(lines: list[str], path: str) -> Iterator[str]:
    """The lines with all that looks like a secret masked."""
    name = path.rpartition("/")[2]
    dotenv = name.startswith(".env") or name.endswith(".env")
    inside_key = named = False
    for line in _mask_blocks(_mask_manifests(lines)):
        was_inside = inside_key
        if inside_key or "-----BEGIN" in line:
            inside_key = bool(PRIVATE_KEY.search(line)) or (
                inside_key and not _PEM_END.search(line)
            )
        if was_inside or (dotenv and not _SETS.match(line)):
            yield _hide(line)
            continue
        masked, named = _mask_pair(line, named)
        yield _likely(masked)


def _mask_pair(line: str, named: bool) -> tuple[str, bool]:
    """The line with values under names that say secret hidden; `named` when the line before gave the name."""
    start = 0
    if named and (found := _VALUE.match(line)):
        return line[: found.start("value")] + _hide(found["value"]), False
    for name in _NAMED.finditer(line):
        named = is_secret_name(name["name"])
        start = name.end()
        found = _VALUE.match(line, start) or _VALUE.match(line[start:])
        if named and found:
            at = (
                start + found.start("value")
                if found.string is not line
                else found.start("value")
            )
            return line[:at] + _hide(line[at:]), False
    return line, named and not line.strip().startswith("#")


def _forms(text: str) -> Iterator[str]:
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


def _replaced(line: str, forms: Iterable[str]) -> str:
    for form in forms:
        if form in line:
            pattern = (
                re.escape(form) if len(form) > 3 else rf"(?<!\w){re.escape(form)}(?!\w)"
            )
            line = re.sub(pattern, lambda found: _hide(found[0]), line)
    return line


def _mask_origin(lines: list[str], item: Secret) -> None:
    """Masks a secret at its own place, even one whose text is an everyday word or is written with escapes."""
    span = item.origin
    if span is None or not 0 < span.line <= len(lines):
        return
    for number in range(span.line, min(span.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = span.column - 1 if number == span.line else 0
        end = span.end_column - 1 if number == span.end_line else len(line)
        part = line[start:end]
        lines[number - 1] = line[:start] + _mask_part(part, item.text) + line[end:]


def _mask_part(part: str, text: str) -> str:
    head, sign, rest = part.partition("=") if "=" in part else ("", "", part)
    masked = _replaced(rest, _forms(text))
    if masked != rest or _HIDDEN in rest or "$" in rest or not rest.strip(" \"'"):
        return head + sign + masked
    return head + sign + _hide(rest)


def _mask_manifests(lines: list[str]) -> Iterator[str]:
    """Masks everything under `data` and `stringData` of Kubernetes Secrets."""
    secret = _in_secret(lines)
    block = -1
    for line, inside in zip(lines, secret, strict=True):
        indent = len(line) - len(line.lstrip(" "))
        if block >= 0 and line.strip() and indent <= block:
            block = -1
        if block >= 0 and line.strip():
            entry = _ENTRY.match(line)
            yield (
                entry["head"] + _hide(entry["value"]) if entry else _hide_line(line, indent)
            )
            continue
        found = _SECRET_DATA.match(line) if inside else None
        if found:
            block = len(found["indent"])
            rest = found["rest"].strip()
            opens = not rest or rest.startswith("#") or rest == "{"
            yield (
                line
                if opens
                else line[: found.start("rest")] + " " + _hide(found["rest"][1:])
            )
        else:
            yield line


def _mask_blocks(lines: Iterable[str]) -> Iterator[str]:
    """Hides the block of text below `.pgpass: |`, `password: |` and other names of secrets."""
    block = -1
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if block >= 0 and (indent > block or not line.strip()):
            yield line[:indent] + _hide(line[indent:])
            continue
        found = _BLOCK.match(line)
        block = (
            len(found["indent"])
            if found and (secret_file(found["name"]) or is_secret_name(found["name"]))
            else -1
        )
        yield line


def _hide_line(line: str, indent: int) -> str:
    opens = line.strip() in ("{", "}", "},") or line.rstrip().endswith(":")
    return line if opens else line[:indent] + _hide(line[indent:])


def _in_secret(lines: list[str]) -> list[bool]:
    """For each line, whether the YAML document or JSON text that it stands in holds a Secret."""
    if not any("Secret" in line for line in lines):
        return [False] * len(lines)
    flags: list[bool] = []
    document: list[str] = []
    for line in [*lines, "---"]:
        if line.startswith("---"):
            flags += [any(_SECRET_KIND.match(item) for item in document)] * len(document)
            document = []
        document.append(line)
    return flags


@lru_cache(maxsize=4096)  # manifests say most of their lines again and again
def _likely(line: str) -> str:
    line = TOKEN.sub(lambda found: _hide(found[0]), line)
    folded = line.casefold()
    if any(word in folded for word in _SPEAKERS):
        line = _SPOKEN.sub(_hide_group, line)
    line = HASH.sub(lambda found: _hide(found[0]), line)
    found = DIRECTIVE.match(line)
    if found and is_secret_name(found["name"]):
        line = (
            line[: found.start("value")]
            + _hide(found["value"])
            + line[found.end("value") :]
        )
    if HINT.search(line):
        line = "".join(_mask_assigned(line))
    return "".join(_mask_passwords(line))


def _mask_passwords(line: str) -> Iterator[str]:
    done = 0
    for start, end in passwords(line):
        yield line[done:start] + _hide(line[start:end])
        done = end
    yield line[done:]


def _hide_group(found: re.Match[str]) -> str:
    """The match with the one group that took part in it hidden, unless it is a variable."""
    name = found.lastgroup or ""
    start, end = found.start(name) - found.start(), found.end(name) - found.start()
    return (
        found[0]
        if found[name].strip("\"'").startswith("$")
        else found[0][:start] + _hide(found[name]) + found[0][end:]
    )


def _mask_assigned(line: str) -> Iterator[str]:
    """The pieces of a line, the value after each name that says secret masked (`PASSWORD=x`, `--token x`)."""
    done = 0
    for word in _WORD.finditer(line):
        if word.start() < done or not is_secret_name(word[0]):
            continue
        pattern = _DEFAULTED if line[: word.start()].endswith("${") else _ASSIGNED
        found = pattern.match(line, word.end())
        if found is None or not (found["sign"].strip(" \"',") or word[0].startswith("-")):
            continue
        inside = _NESTED.match(line, found.start("value")) if word[0].isupper() else None
        if inside is not None or _is_value(found["value"]):
            start = inside.end() if inside is not None else found.start("value")
            end = len(line) if inside is not None else _value_end(line, word.start(), found)
            yield line[done:start] + _hide(line[start:end])
            done = end
    yield line[done:]


def _value_end(line: str, start: int, found: re.Match[str]) -> int:
    """Where a value ends; `"NAME=two words"` has its quote before the name."""
    quote = line[start - 1 : start] if found["sign"] == "=" else ""
    closing = line.find(quote, found.end()) if quote and quote in "\"'" else -1
    return max(found.end(), closing)


def _is_value(text: str) -> bool:
    bare = text.strip("\"'")
    return (
        bool(bare)
        and not bare.startswith(("$", _HIDDEN, "-", '{"', '["'))
        and bare not in ("|", ">", "{", "[", "null")
    )
