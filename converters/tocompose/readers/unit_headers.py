"""Headers of sections in a systemd unit that lack a bracket, stand beside a comment or are misspelt.

systemd and Podman read none of them. https://github.com/containers/podman/blob/main/pkg/systemd/parser/unitfile.go
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tocompose.patterns import regex
from tocompose.readers.text import Edit, Text
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.wording import closest_name

_LIKE_A_HEADER = regex(
    r"[ \t]*(?:\[[ \t]*(?P<opened>(?:X-)?\w+)[ \t]*(?P<rest>\]?[ \t]*(?:[#;].*)?)"
    r"|(?P<closed>(?:X-)?\w+)[ \t]*\])[ \t]*\r?"
)
_CLOSEST = 0.75


class HeaderFault(NamedTuple):
    """A line that is no header of a section, and the section that it was taken for."""

    span: Span
    line: str
    section: str


class MendedHeaders(NamedTuple):
    """The text with the headers as they are meant, and what was wrong with them."""

    text: Text
    faults: tuple[HeaderFault, ...]


def mend_headers(source: Text, known_sections: Collection[str]) -> MendedHeaders:
    """The text, in which each line that must be the header of a known section is one."""
    edits: list[Edit] = []
    faults: list[HeaderFault] = []
    for start, line in _lines_of_their_own(source.text):
        match = _LIKE_A_HEADER.fullmatch(line)
        if match is None:
            continue
        section = _closest_section(match["opened"] or match["closed"], known_sections)
        is_sound = line.strip() == f"[{match['opened']}]"
        if section is None or (is_sound and match["opened"] == section):
            continue
        edits.append((start, start + len(line), f"[{section}]"))
        span = source.span(start, start + len(line))
        faults.append(HeaderFault(span, line.strip(), section))
    return MendedHeaders(source.edited(edits), tuple(faults))


def _lines_of_their_own(text: str) -> Iterator[tuple[int, str]]:
    """Each line that no backslash joins to the one before it, with where it begins."""
    start, is_joined = 0, False
    for line in text.split("\n"):
        if not is_joined:
            yield start, line
        is_joined = line.rstrip("\r").endswith("\\")
        start += len(line) + 1


def _closest_section(name: str, known_sections: Collection[str]) -> str | None:
    """The known section of that name, or of one that differs in a letter or two."""
    bare = name.removeprefix("X-")
    if bare in known_sections:
        return name
    by_small_letters = {section.lower(): section for section in known_sections}
    closest = closest_name(bare.lower(), by_small_letters, _CLOSEST)
    return by_small_letters[closest] if closest else None
