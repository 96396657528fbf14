"""The port of a web server that the image of the source's own Dockerfile is built on, such as nginx or Caddy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from posixpath import basename, isabs, join, normpath

from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import Program, find_program
from tocompose.importers.procfile.processes import Process
from tocompose.knowledge.images import ImageFacts, image_facts
from tocompose.patterns import regex
from tocompose.readers.dockerfile import Stage
from tocompose.repository import Repository

# A port that comes from the variable: `listen ${PORT}`, `:{$PORT}`.
_FROM_VARIABLE = regex(r"\$\{?PORT\b")
_DIRECTIVE_ENDS = regex(r"[{;]")
_COMMENT = regex(r"^\s*#.*$", re.MULTILINE)


def base_port(repository: Repository, process: Process, image: Image) -> str:
    """The port, by the files that the Dockerfile copies, else the server's own; empty where another program listens."""
    if image.own_stage is None:
        return ""
    stage = image.own_stage.stage
    facts = image_facts(stage.root)
    if facts is None or facts.kind != "proxy" or facts.listen is None:
        return ""
    program = find_program(process.text or image.command_text)
    if program.name and program.name not in (facts.server or ()):
        return ""
    files = tuple(_configuration_files(repository, facts, stage, program))
    for text, pattern in files:
        if _FROM_VARIABLE.search(text):
            return ""
        # nginx takes several directives on a line: `server { listen 80; }`.
        lines = _DIRECTIVE_ENDS.sub("\n", text)
        if stated := re.search(pattern, lines, re.MULTILINE):
            return stated[1]
    own_ports = facts.ports if not files and not stage.exposed else ()
    return next(iter(own_ports), "").partition("/")[0]


def _configuration_files(
    repository: Repository, facts: ImageFacts, stage: Stage, program: Program
) -> Iterator[tuple[str, str]]:
    """The texts of the server's files, each with the pattern that finds the port in it."""
    for path, pattern in facts.listen.files if facts.listen else ():
        if path == "*":
            sources = [word for word in program.arguments if "." in word or "file" in word]
        else:
            sources = list(_sources_of(repository, stage, path))
        for source in sources:
            text = repository.read_text(source)
            if text is not None:
                yield _COMMENT.sub("", text), pattern


def _sources_of(repository: Repository, stage: Stage, path: str) -> Iterator[str]:
    """The files of the repository that the stage copies to a path, or below it where it ends in a slash."""
    for copy in stage.copies:
        words = [word for word in _words(copy) if not word.startswith("--")]
        if len(words) < 2 or "--from=" in copy:
            continue
        *sources, target = words
        folder = target if isabs(target) else join(stage.workdir or "/", target)
        for source in map(normpath, sources):
            inside = tuple(_files_below(repository, source))
            is_named = not inside and folder.endswith("/")
            whole = join(folder, basename(source)) if is_named else folder.rstrip("/")
            if not inside and (whole == path or _is_below(whole, path)):
                yield source
            elif f"{whole}/" == path:
                yield from inside


def _is_below(whole: str, path: str) -> bool:
    return path.endswith("/") and whole.startswith(path)


def _files_below(repository: Repository, folder: str) -> Iterator[str]:
    """The files of a folder of the repository; none where the path is a file's."""
    prefix = "" if folder == "." else f"{folder}/"
    return (path for path in repository.project.files() if path.startswith(prefix))


def _words(copy: str) -> list[str]:
    try:
        return shlex.split(re.sub(r"[\[\],]", " ", copy))
    except ValueError:
        return []
