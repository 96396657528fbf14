"""What an earlier conversion has written into the source's own folder: the next one does not read it as the source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.env_lines import entry_of_line

REPORT_NAME = "migration.json"
# The importer of a source that the files may take the place of.
COMPOSE_SOURCE = "compose"
# The first lines of a `.env` that is made here.
ENV_HEAD = (
    "# The values of this stack: keep this file out of version control.",
    "# Docker Compose reads it by itself. The variables are explained in .env.example.",
    "",
)
# What an earlier version wrote in place of the first one.
_EARLIER_HEAD = (
    "# The values of this stack, secrets among them: keep this file out of version control."
)
# Files to which variables are added that the source has not: they are left out one by one.
SHARED_FILES = (".env", ".env.example")
_OWN_COMMENT = regex(
    r"# \w+ (?:has no value (?:yet|in the source)[.:] [sS]et it here"
    r"|is not set\. To use the example of the source, remove the # below"
    r"|is a folder of the container\. Mount a volume there to keep its files)\."
)


class MadeFile(Protocol):
    """A file of a conversion."""

    @property
    def path(self) -> str:
        """Its path from the folder that is written to."""

    @property
    def content(self) -> bytes:
        """Its content."""


class EarlierRun(NamedTuple):
    """What `migration.json` says was written below a folder: digests by path, and variables by the file they are in."""

    folder: str
    digests: Mapping[str, str]
    variables: Mapping[str, frozenset[str]]
    # The reports, and files that hold a secret each.
    others: frozenset[str] = frozenset()
    # Compose files that took the place of the source: they are the source of the next run.
    sources: frozenset[str] = frozenset()

    @property
    def written_paths(self) -> tuple[str, ...]:
        """The paths of what was written, below the folder."""
        return (*self.others, *self.digests, *self.variables)

    def source_part(self, path: str, content: bytes) -> bytes | None:
        """What of a file is the source's own: all, the lines that were there before, or None for nothing."""
        path_in_folder = path.removeprefix(self.folder)
        if not path.startswith(self.folder):
            return content
        if path_in_folder in self.others or self.digests.get(path_in_folder) == digest(
            content
        ):
            return None
        names = self.variables.get(path_in_folder, frozenset())
        return _without_variables(content, names) if names else content


def digest(content: bytes) -> str:
    """The fingerprint by which a file is known again."""
    # A paste has no earlier run.
    from hashlib import sha256

    return sha256(content).hexdigest()


def read_earlier_run(path: str, content: bytes) -> EarlierRun | None:
    """The run that a `migration.json` tells of; None for a file of another program or one that cannot be read."""
    data = _read_report(content)
    if data is None:
        return None
    files = [file for file in _list_of(data.get("files")) if isinstance(file, dict)]
    digests = {
        str(file.get("path")): str(file["digest"]) for file in files if file.get("digest")
    }
    others = {str(file.get("path")) for file in files} - {*digests, *SHARED_FILES}
    variables = _variables_by_file(data.get("variables_added"))
    sources: frozenset[str] = frozenset()
    if data.get("importer") == COMPOSE_SOURCE:
        sources = frozenset(filter(_is_yaml, digests))
        digests = {path: digests[path] for path in digests if path not in sources}
        variables = {}
    folder = path.removesuffix(REPORT_NAME)
    written = frozenset({REPORT_NAME, *others})
    return EarlierRun(folder, digests, variables, written, sources)


def _variables_by_file(added: Any) -> dict[str, frozenset[str]]:
    """The variables that a run added to the source's own files."""
    return {
        file: frozenset(str(name) for name in _list_of(names))
        for file, names in (added.items() if isinstance(added, dict) else ())
    }


def _read_report(content: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    is_report = isinstance(data, dict) and "tocompose" in str(data.get("schema"))
    return data if is_report else None


def _is_yaml(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def added_variables(
    files: Iterable[MadeFile], source_texts: Mapping[str, bytes | None]
) -> dict[str, list[str]]:
    """The variables of the shared files that the source's own, given by path, do not have."""
    added: dict[str, list[str]] = {}
    for file in files:
        if file.path in SHARED_FILES:
            own_names = _names_in(source_texts.get(file.path) or b"")
            new_names = _names_in(file.content) - own_names
            added[file.path] = sorted(new_names)
    return added


def _names_in(content: bytes) -> set[str]:
    """The variables of the lines, those too that are commented out."""
    lines = content.decode("utf-8", "replace").split("\n")
    return {entry["name"] for entry in map(entry_of_line, lines) if entry}


def _without_variables(content: bytes, names: frozenset[str]) -> bytes | None:
    """The lines without those that set the variables or are our own remarks; None where none says anything."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    own_lines = ["" if _is_made(line, names) else line for line in lines]
    if not any(line.strip() for line in own_lines):
        return None
    return "\n".join(own_lines).encode("utf-8", "surrogateescape")


def _is_made(line: str, names: frozenset[str]) -> bool:
    entry = entry_of_line(line)
    is_variable = entry is not None and entry["name"] in names
    is_heading = line in (*ENV_HEAD, _EARLIER_HEAD)
    return is_variable or is_heading or _OWN_COMMENT.fullmatch(line) is not None
