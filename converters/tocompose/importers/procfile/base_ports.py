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

_DIRECTIVE_ENDS = regex(r"[{;]")
_COMMENT = regex(r"^\s*#.*$", re.MULTILINE)


def base_port(repository: Repository, process: Process, image: Image) -> str:
    """The port, by the files that the Dockerfile copies, else the server's own; empty where another program listens."""
    if image.own_stage is None:
        return ""
    stage = image.own_stage.stage
    facts = image_facts(stage.root)
    program = find_program(process.text or image.command_text)
    if facts is None or not _is_server(facts, program):
        return ""
    files = tuple(_configuration_files(repository, facts, stage, program))
    if any(_takes_variable(text) for text, _ in files):
        return ""
    stated = next(filter(None, (_stated_port(*file) for file in files)), "")
    own_ports = facts.ports if not files and not stage.exposed else ()
    return stated or next(iter(own_ports), "").partition("/")[0]


def _is_server(facts: ImageFacts, program: Program) -> bool:
    """Whether the base is a web server, and the image starts that."""
    starts_it = not program.name or program.name in (facts.server or ())
    return starts_it and facts.kind == "proxy" and facts.listen is not None


def _takes_variable(text: str) -> bool:
    """Whether the file takes the port that the container is told, in nginx's way to write a variable or in Caddy's."""
    return "$PORT" in text.replace("{", "")


def _stated_port(text: str, pattern: str) -> str:
    # nginx takes several directives on a line: `server { listen 80; }`.
    stated = re.search(pattern, _DIRECTIVE_ENDS.sub("\n", text), re.MULTILINE)
    return stated[1] if stated else ""


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
            yield from _copied_files(repository, source, folder, path)


def _copied_files(
    repository: Repository, source: str, target: str, path: str
) -> Iterator[str]:
    """The files of one source of a copy that come to a path, or below it."""
    inside = tuple(_files_below(repository, source))
    whole = target.rstrip("/")
    if inside:
        yield from inside if f"{whole}/" == path else ()
        return
    copied_path = join(target, basename(source)) if target.endswith("/") else whole
    if copied_path == path or _is_below(copied_path, path):
        yield source


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
