"""Which files of a project hold docker commands, and how each is read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from tocompose.limits import limit
from tocompose.patterns import regex
from tocompose.project import Project, normal
from tocompose.readers.text import Text
from tocompose.source import Branch

_CALL = regex(
    rb"(?:docker|podman|\$[({]?(?:DOCKER|PODMAN)\w*[)}]?)(?:\.exe)?"
    rb"(?:[ \t]+-[^\s]+(?:[ \t]+[^\s-]\S*)?)*[ \t\\\r\n]+"
    rb"(?:container[ \t]+)?(?:run|create)\b"
)
# A Kubernetes object may speak of docker commands in its texts.
_MANIFEST = regex(rb"""^[ \t{]*["']?apiVersion["']?\s*:""", re.MULTILINE)
_SCRIPT_NAME = regex(
    r"(?:.*\.(?:sh|bash|zsh|command|bat|cmd|ps1|md|markdown|mk|make|service|rst|adoc|txt)|readme.*|(?:gnu)?makefile.*|dockerrun.*)",
    re.IGNORECASE,
)


def _read_shell(text: Text) -> Branch:
    from tocompose.readers.shell import read

    return read(text)


def _read_pasted(text: Text) -> Branch:
    from tocompose.readers.shell import read

    return read(text, documentation=True)


def _read_markdown(text: Text) -> Branch:
    from tocompose.readers.markdown import read

    return read(text)


def _read_makefile(text: Text) -> Branch:
    from tocompose.readers.makefile import read

    return read(text)


def _read_systemd(text: Text) -> Branch:
    from tocompose.readers.systemd import read

    return read(text)


READERS: dict[str, Callable[[Text], Branch]] = {
    "shell": _read_shell,
    "pasted": _read_pasted,
    "markdown": _read_markdown,
    "makefile": _read_makefile,
    "systemd": _read_systemd,
}


def kind_of(path: str, text: str) -> str:
    """The key of READERS for a file, by its name and, where that says nothing, by its content."""
    name = posixpath.basename(path).lower()
    if re.search(r"\.(?:sh|bash|zsh|command)$", name) or text.startswith("#!"):
        return "shell"
    if re.search(r"\.(?:md|markdown|rst|adoc)$", name) or (
        name.startswith("readme") and not name.endswith(".txt")
    ):
        return "markdown"
    if re.search(r"\.(?:mk|make)$", name) or re.match(r"(?:gnu)?makefile", name):
        return "makefile"
    if name.endswith(".service") or re.search(r"^\[Service\][ \t]*$", text, re.MULTILINE):
        return "systemd"
    if re.search(r"^[ \t]*(?:```|~~~)", text, re.MULTILINE):
        return "markdown"
    return "pasted"


def find_scripts(project: Project) -> tuple[str, ...]:
    """The files that hold a docker or podman run or create; of those that the user named, scripts by their look too."""
    return tuple(path for path in project.files() if _holds_call(project, path))


def _holds_call(project: Project, path: str) -> bool:
    name = posixpath.basename(path)
    named = path in project.named
    if not named and not _SCRIPT_NAME.fullmatch(name) and "." in name.lstrip("."):
        return False
    data = project.read(path)
    if data is None or b"\x00" in data[:1024]:
        return False
    if len(data) > limit("SCRIPT_BYTES"):
        if named or _SCRIPT_NAME.fullmatch(name):
            project.skipped[path] = len(data)
        return False
    if named:
        script = kind_of(path, data[:4096].decode("utf-8", "replace")) != "pasted"
        return script or (_CALL.search(data) is not None and _MANIFEST.search(data) is None)
    if not _SCRIPT_NAME.fullmatch(name) and not data.startswith(b"#!"):
        return False
    return _CALL.search(data) is not None


def started_elsewhere(project: Project, paths: Iterable[str]) -> set[str]:
    """The files that another of the files reads or starts by a constant name."""
    started: set[str] = set()
    script_paths = list(paths)
    for path in script_paths:
        data = project.read(path) or b""
        if len(data) > limit("SCRIPT_BYTES") or path.endswith((".md", ".rst", ".txt")):
            continue
        for match in _STARTED_FILE.finditer(data):
            started |= {
                candidate
                for candidate in _possible_paths(path, match[1].decode("latin-1"))
                if candidate != path
            }
    return started


_STARTED_FILE = regex(
    rb"^[ \t]*(?:(?:source|\.|bash|sh)[ \t]+)?[\"']?(?:\$\{?\w+\}?/|\$\(dirname[^)]*\)/)?"
    rb"((?:\.{0,2}/)?[\w./-]+\.(?:sh|bash|env))\b",
    re.MULTILINE,
)


def _possible_paths(path: str, target: str) -> set[str]:
    """Where a relative name may lead, from the folder of the file or from the root."""
    folders = (posixpath.dirname(path), "")
    return {
        place
        for base in folders
        if (place := normal(posixpath.join(base, target.lstrip("/")))) is not None
    }
