"""Lines of Kubernetes manifests in which the data of Secrets are hidden, in files of their own and in scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.reports.hidden_text import hide_text

_SECRET_KIND = regex(
    r"""^(?P<indent>[ \-]*)["']?kind["']?\s*:\s*["']?(?:Sealed)?Secret["']?\s*,?\s*$"""
)
_SECRET_DATA = regex(
    r"""^(?P<indent>[ \-]*)["']?(?:data|stringData|encryptedData)["']?\s*:(?P<rest>.*)$"""
)
# What ends the data of a Secret; by the indentation alone it would end at a line that is indented wrongly.
_SECRET_FIELD = regex(
    r"""[ \t-]*["']?(?:apiVersion|kind|metadata|type|immutable|spec|status|items|"""
    r"""(?:stringD|encryptedD|d)ata)["']?\s*:"""
)
_HEREDOC = regex(r"""<<-?\s*["']?(?P<delimiter>\w+)["']?""")
_PAIR = regex(r"""^(?P<head>\s*["']?[\w.-]+["']?\s*:\s*)(?P<value>\S.*)$""")


def mask_manifests(lines: list[str]) -> Iterator[str]:
    """Masks everything under `data` and `stringData` of Kubernetes Secrets."""
    block_indent = -1
    for line, inside in zip(lines, _in_secret(lines), strict=True):
        indent = len(line) - len(line.lstrip(" \t"))
        if not inside or (indent <= block_indent and _SECRET_FIELD.match(line)):
            block_indent = -1
        if block_indent >= 0 and line.strip():
            yield _mask_secret_entry(line, indent)
            continue
        data_match = _SECRET_DATA.match(line) if inside else None
        if data_match is None:
            yield line
            continue
        block_indent = len(data_match["indent"])
        yield _mask_inline_data(line, data_match)


def _mask_secret_entry(line: str, indent: int) -> str:
    pair = _PAIR.match(line)
    return pair["head"] + hide_text(pair["value"]) if pair else _hide_line(line, indent)


def _mask_inline_data(line: str, data: re.Match[str]) -> str:
    """The line that data starts on, what stands on it too hidden: `data: {password: …}`."""
    value = data["rest"].strip()
    if not value or value.startswith("#") or value == "{":
        return line
    return line[: data.start("rest")] + " " + hide_text(data["rest"][1:])


def _hide_line(line: str, indent: int) -> str:
    opens = line.strip() in ("{", "}", "},") or line.rstrip().endswith(":")
    return line if opens else line[:indent] + hide_text(line[indent:])


def _in_secret(lines: list[str]) -> list[bool]:
    """For each line, whether the YAML document or JSON text that it stands in holds a Secret."""
    if not any("Secret" in line for line in lines):
        return [False] * len(lines)
    flags: list[bool] = []
    document: list[str] = []
    delimiter = ""
    for line in [*lines, "---"]:
        # In a script the text of a manifest ends with its here-document.
        ends_here = bool(delimiter) and line.strip() == delimiter
        if opened := _HEREDOC.search(line):
            delimiter = opened["delimiter"]
        if line.startswith("---") or ends_here:
            flags += [
                any(_SECRET_KIND.match(document_line) for document_line in document)
            ] * len(document)
            document = []
        document.append(line)
    return flags
