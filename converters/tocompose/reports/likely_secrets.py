"""Lines of text in which all that looks like a secret is hidden, known or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tocompose.knowledge.secrets.commands import script_secrets, shell_variables
from tocompose.knowledge.secrets.documents import document_spans
from tocompose.knowledge.secrets.names import (
    hints_at_secret,
    lists_fields,
    perhaps_secret_name,
    secret_file,
    secret_name,
)
from tocompose.knowledge.secrets.texts import (
    DIRECTIVE,
    HASH,
    PRIVATE_KEY,
    TOKEN,
    looks_random,
    may_be_secret,
    password_spans,
    replace_spans,
)
from tocompose.patterns import regex
from tocompose.reports.hidden_text import HIDDEN, hide_text
from tocompose.reports.known_secrets import is_secret_name
from tocompose.reports.manifest_secrets import mask_manifests
from tocompose.reports.structured_secrets import held_files, secret_spans
from tocompose.syntax.interpolation import nested_variables

_NOT_A_BREAK = regex(r"[^\n]")
_RUN = regex(f"{HIDDEN}+")
_WORD = regex(r"[\w.-]+")
# Code that reads a variable: its name is no secret. A default behind the name is a value of that name.
_READS = regex(
    r"""(?:os\.environ(?:\.get)?|os\.getenv|process\.env|ENV(?:\.fetch)?|System\.getenv|getenv|env)"""
    r"""[(\[](?P<quote>["'])[A-Z][A-Z0-9_]*(?P=quote)"""
)
_ASSIGNED = regex(
    r"""(?x) (?P<sign> =,(?=[^\s,=()]+\)) | ["']?\s*[=:]>?\s* | \s+ | ["']\s*,\s* )
    (?P<value> (?: [!&][\w!]*[ ]+ )? (?: "(?:[^"\\]|\\.)*" | '[^']*' | [^\s"',;)\]}] )+ | "(?:[^"\\]|\\.)* | '[^']* )"""
)
# Where the command line of a well-known program has its password; each gap is short, so that no line takes long.
_SHELL_WORD = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s'"\\])+"""
_SPOKEN = regex(
    r"""(?xi) \b(?:bearer|basic)\s+(?P<header>[^\s"',;)\]}]{6,})
    | \b(?:mysql|mariadb|sshpass)[\w-]*[^|;&]{0,200}?[\s"']-p(?P<joined>WORD)
    | \blogin\b[^|;&]{0,200}?\s-p[=\s]?(?P<login>WORD)
    | \bcurl\b[^|;&]{0,200}?[\s"'](?:-[a-z]*u|--user)["']?[=\s,]*(?P<quote>["'])?[^\s:"']+:
      (?P<user>(?(quote)(?:(?!(?P=quote))[^\\]|\\.)+|WORD))
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
# `name: PASSWORD, value: x`, also on two lines: how Kubernetes writes variables.
_NAMED = regex(r"""\bname["']?\s*:\s*["']?(?P<name>[\w.-]+)["']?""")
_VALUE = regex(r"""^[\s-]*(?:,\s*)?["']?value["']?\s*:\s*(?P<value>\S.*)$""")
# A scalar in a map on one line, up to what ends it there; a block, an alias or a collection is none.
_FLOW_SCALAR = regex(
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?![\["'|>&*!{])[^,{}\[\]#"']+)(?=\s*[,}])"""
)
# A line of a `.env` file that names its value.
_SETS = regex(r"\s*(?:#|$|(?:export\s+)?[\w.-]+\s*[=:])")
# What a shell runs stands in quotes behind its option: `sh -c '…'`, `["sh", "-c", "…"]`.
_SHELL_TEXT = regex(r"""\s-c\s+$|["']-c["']\s*,\s*$""")
_DOUBLE_QUOTE = regex(r'(?<!\\)"')
# `secret: {secretName: api}`: what opens a map, up to its first value.
_OPENED_MAP = regex(r"\{[A-Za-z][\w.-]*:")
# A map or a list where the value should be.
_NESTED = regex(r"""\[|\{.*?["']?\bvalue["']?\s*:\s*""")
_BLOCK = regex(
    r"""(?P<indent>[ -]*)["']?(?P<name>[\w./-]+)["']?[ ]*:[ ]*[|>][-+0-9]*[ ]*(?:#.*)?$"""
)
# `DOVECOT_PASS_ATTRS=uid=user,userPassword=password`: what is on both sides of a sign is the name of a field.
_FIELDS = regex(r"""["']?\s{0,4}[=:]\s{0,4}["']?(?:[\w%{}:=]|,[ ]?)*""")
_FIELD = regex(r"=(?:%\{)?(?P<field>(?:ldap:)?[A-Za-z]+)\}?(?=[,\s\"']|$)")


def mask_likely_secrets(lines: list[str], path: str) -> Iterator[str]:
    """The lines with all that looks like a secret masked, by the line, by the text as a whole and by its parser."""
    for line, by_line, by_text, by_parser in zip(
        lines,
        _mask_by_line(lines, path),
        _mask_document(lines),
        _mask_structure(lines, path),
        strict=True,
    ):
        if by_text == by_line == by_parser:
            yield _with_field_names(by_line, line)
            continue
        letters = zip(by_line, by_text, by_parser, strict=True)
        masked = "".join(HIDDEN if HIDDEN in letter else letter[0] for letter in letters)
        yield _with_field_names(masked, line)


def _with_field_names(masked: str, line: str) -> str:
    """The masked line with the names of fields shown again that a list maps to each other: `userPassword=password`."""
    if HIDDEN not in masked:
        return masked
    done = 0
    for name in _WORD.finditer(line):
        if name.start() < done or not lists_fields(name[0]):
            continue
        fields = _FIELDS.match(line, name.end())
        done = fields.end() if fields else done
        for field in _FIELD.finditer(line, name.end(), done):
            if secret_name(field["field"]):
                masked = masked[: field.start()] + field[0] + masked[field.end() :]
    return masked


def _mask_structure(lines: list[str], path: str) -> list[str]:
    """The lines with the values hidden that a parser finds under names which say secret."""
    masked = list(lines)
    text = "\n".join(lines)
    for span in secret_spans(text, path):
        for number in range(span.line - 1, min(span.end_line, len(masked))):
            line = masked[number]
            start = span.column - 1 if number == span.line - 1 else 0
            stop = span.end_column - 1 if number == span.end_line - 1 else len(line)
            masked[number] = line[:start] + hide_text(line[start:stop]) + line[stop:]
    for file in held_files(text, path):
        values = _hidden_values(file.text, file.name)
        for number in range(file.span.line - 1, min(file.span.end_line, len(masked))):
            for value in values:
                masked[number] = masked[number].replace(value, hide_text(value))
    return masked


_SHORTEST_VALUE = 4


def _hidden_values(text: str, path: str) -> list[str]:
    """What is hidden of a file that another file holds, the longest first."""
    lines = text.split("\n")
    values: set[str] = set()
    for line, masked in zip(lines, mask_likely_secrets(lines, path), strict=True):
        values |= {line[slice(*run.span())].strip("\"' ") for run in _RUN.finditer(masked)}
    return sorted(
        (value for value in values if len(value) >= _SHORTEST_VALUE), key=len, reverse=True
    )


def _mask_by_line(lines: list[str], path: str) -> Iterator[str]:
    name = path.rpartition("/")[2]
    dotenv = name.startswith(".env") or name.endswith(".env")
    inside_key = named = False
    for line in _mask_blocks(mask_manifests(lines)):
        was_inside = inside_key
        if inside_key or "-----BEGIN" in line:
            inside_key = bool(PRIVATE_KEY.search(line)) or (
                inside_key and not _PEM_END.search(line)
            )
        if was_inside or (dotenv and not _SETS.match(line)):
            yield hide_text(line)
            continue
        masked, named = _mask_pair(line, named)
        yield _mask_line(masked)


def _mask_document(lines: list[str]) -> list[str]:
    """The lines with the values hidden that only the text as a whole gives away."""
    text = "\n".join(lines)
    if not hints_at_secret(text):
        return lines
    edits = [
        (start, stop, _NOT_A_BREAK.sub(HIDDEN, text[start:stop]))
        for start, stop in document_spans(text)
        if text[start] not in "$<{[|>&*%" and may_be_secret(text[start:stop])
    ]
    return replace_spans(text, edits).split("\n")


def _mask_pair(line: str, named: bool) -> tuple[str, bool]:
    """The line with values under names that say secret hidden; `named` when the line before gave the name."""
    if named and (value_match := _VALUE.match(line)):
        return line[: value_match.start("value")] + hide_text(value_match["value"]), False
    for name in _NAMED.finditer(line):
        named = is_secret_name(name["name"])
        start = name.end()
        # A pattern with `^` matches at the start of a text alone.
        value_match = _VALUE.match(line[start:])
        if named and value_match:
            start += value_match.start("value")
            stop = _end_of_flow_value(line, name.start(), start)
            line = line[:start] + hide_text(line[start:stop]) + line[stop:]
            named = False
    return line, named and not line.strip().startswith("#")


def _end_of_flow_value(line: str, name_start: int, start: int) -> int:
    """Where a value ends: in a map on one line (`{name: PASSWORD, value: x}`) behind its scalar, else with the line."""
    scalar = _FLOW_SCALAR.match(line, start) if "{" in line[:name_start] else None
    return scalar.end() if scalar else len(line)


def _mask_blocks(lines: Iterable[str]) -> Iterator[str]:
    """Hides the block of text below `.pgpass: |`, `password: |` and other names of secrets."""
    block = -1
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if block >= 0 and (indent > block or not line.strip()):
            yield line[:indent] + hide_text(line[indent:])
            continue
        block_match = _BLOCK.match(line)
        block = (
            len(block_match["indent"])
            if block_match
            and (secret_file(block_match["name"]) or is_secret_name(block_match["name"]))
            else -1
        )
        yield line


@lru_cache(maxsize=4096)  # manifests say most of their lines again and again
def _mask_line(original: str) -> str:
    line = TOKEN.sub(lambda match: hide_text(match[0]), original)
    folded = line.casefold()
    if any(program_name in folded for program_name in _SPEAKERS):
        line = _SPOKEN.sub(_hide_group, line)
    line = HASH.sub(lambda match: hide_text(match[0]), line)
    for match in DIRECTIVE.finditer(line):
        if is_secret_name(match["name"]):
            start, stop = match.span("value")
            line = line[:start] + hide_text(match["value"]) + line[stop:]
    if hints_at_secret(line):
        line = "".join(_mask_assigned(_mask_defaults(line)))
    # In the line as it was too: with a name hidden, the value that it is given would not be found.
    return _mask_passwords(_mask_passwords(line, line), original)


def _mask_passwords(masked: str, line: str) -> str:
    """The masked line with the passwords hidden that are seen in the line."""
    spans = (*password_spans(line), *script_secrets(line))
    return replace_spans(
        masked, [(start, stop, hide_text(line[start:stop])) for start, stop in spans]
    )


def _hide_group(match: re.Match[str]) -> str:
    """The match with the one group that took part in it hidden, unless it is a variable."""
    name = match.lastgroup or ""
    start, stop = match.start(name) - match.start(), match.end(name) - match.start()
    return (
        match[0]
        if match[name].strip("\"'").startswith("$")
        else match[0][:start] + hide_text(match[name]) + match[0][stop:]
    )


def _mask_defaults(line: str) -> str:
    """The line with the defaults of the variables hidden whose names say secret, in Compose and in a shell.

    An expression that ends on a later line counts as closed at the end of this one.
    """
    braces = line.count("${")
    if not braces:
        return line
    closed = line + "}" * braces
    edits = []
    for variable in (*nested_variables(closed), *shell_variables(closed)):
        if variable.default and is_secret_name(variable.name):
            start = variable.operand_start
            stop = min(variable.end_offset - 1, len(line))
            if _is_value(line[start:stop]):
                edits.append((start, stop, hide_text(line[start:stop])))
    return replace_spans(line, edits)


def _mask_assigned(line: str) -> Iterator[str]:
    """The pieces of a line, the value after each name that says secret masked (`PASSWORD=x`, `--token x`)."""
    done = 0
    for name_match in _WORD.finditer(line):
        if name_match.start() < done:
            continue
        name = name_match[0]
        if is_secret_name(name) or perhaps_secret_name(name):
            span = _assigned_span(line, name_match)
            if span is not None and (
                is_secret_name(name) or looks_random(line[slice(*span)])
            ):
                start, stop = span
                yield line[done:start] + hide_text(line[start:stop])
                done = stop
    yield line[done:]


def _assigned_span(line: str, name: re.Match[str]) -> tuple[int, int] | None:
    """Where the value stands that the name is given; what follows it in `${NAME…}` is a value after `=` only."""
    if line.endswith("${", 0, name.start()) and not line.startswith(
        ("=", ":="), name.end()
    ):
        return None
    value = _ASSIGNED.match(line, name.end())
    if value is None or not (value["sign"].strip(" \"',") or name[0].startswith("-")):
        return None
    nested = _NESTED.match(line, value.start("value")) if name[0].isupper() else None
    if nested is not None:
        return nested.end(), len(line)
    if not _is_value(value["value"]):
        return None
    return value.start("value"), _value_end(line, name.start(), value)


def _value_end(line: str, start: int, value_match: re.Match[str]) -> int:
    """Where a value ends; `"NAME=two words"` has its quote before the name, unless it is a command of a shell."""
    end_offset = _end_in_quotes(line, start, value_match)
    quote = line[start - 1 : start] if value_match["sign"] == "=" else ""
    if not quote or quote not in "\"'" or _SHELL_TEXT.search(line[: start - 1]):
        return end_offset
    return max(end_offset, line.find(quote, end_offset))


def _end_in_quotes(line: str, start: int, value_match: re.Match[str]) -> int:
    """Where the match of a value ends, at the latest with the double quotes that are open before its name."""
    value_start, end_offset = value_match.span("value")
    is_bare = value_match["sign"] == "=" and value_match["value"][0] not in "\"'"
    is_inside = is_bare and len(_DOUBLE_QUOTE.findall(line[:start])) % 2 == 1
    closing = _DOUBLE_QUOTE.search(line, value_start, end_offset) if is_inside else None
    return closing.start() if closing else end_offset


def _is_value(text: str) -> bool:
    bare = text.strip("\"'")
    return (
        bool(bare)
        and not _READS.fullmatch(text)
        and not _OPENED_MAP.fullmatch(text)
        and not bare.startswith(("$", HIDDEN, "-", '{"', '["'))
        and bare not in ("|", ">", "{", "[", "null", "true", "false")
    )
