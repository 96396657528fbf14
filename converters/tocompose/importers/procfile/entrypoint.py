"""Whether an image's ENTRYPOINT runs the command that it is given, as a Procfile's commands need it."""

from __future__ import annotations

import re

from tocompose.importers.procfile.repository import Repository
from tocompose.readers.dockerfile import Stage
from tocompose.tables import load

_PASSES_ON = re.compile(r"\$[@*]|\$\{[@*]|\bshift\b|\$1\b")


def swallowed(repository: Repository, stage: Stage) -> str:
    """The entrypoint that would not run a command behind it, in words; empty where there is none, or where it does.

    A script of the repository is read for what it does with its arguments; one of the base image is trusted.
    """
    entrypoint = stage.entrypoint
    if entrypoint is None or not entrypoint.words:
        return ""
    words, known = entrypoint.words, load("entrypoints")
    shown = " ".join(words)
    if entrypoint.shell:
        return shown
    name = words[0].rsplit("/", 1)[-1]
    if name in ("sh", "bash", "ash") and len(words) > 1 and not words[1].startswith("-"):
        name = words[1].rsplit("/", 1)[-1]
    script = _script(repository, name)
    if script is not None:
        return "" if _PASSES_ON.search(script) else shown
    passes = (
        name in known["pass"]
        or any(shown.startswith(start) for start in known["start"])
        or "entrypoint" in name
    )
    return "" if passes else shown


def _script(repository: Repository, name: str) -> str | None:
    """The text of the script of that name, wherever in the repository it lies; None when there is none."""
    paths = [path for path in repository.project.files() if path.rsplit("/", 1)[-1] == name]
    texts = [
        repository.text(path) or ""
        for path in sorted(paths, key=lambda path: path.count("/"))
    ]
    return next((text for text in texts if text.startswith("#!")), None)
