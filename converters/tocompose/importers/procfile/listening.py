"""What makes the web process listen on 127.0.0.1 alone: its command, its configuration, or its code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from tocompose.importers.procfile.language import command_rows, find_program
from tocompose.importers.procfile.named_files import (
    named_programs,
    programs_of_scripts,
    script_argument,
    stated_configuration,
)
from tocompose.importers.procfile.ports import (
    binds,
    local_listening,
    names_port,
    opening_variables,
    stated_port,
)
from tocompose.importers.procfile.processes import Process
from tocompose.languages import find_language
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, load

_COMMENT = regex(r"\s*(?:#|//|\*)")
_OPEN = regex(r"0\.0\.0\.0|\[::\]")


class LocalListening(NamedTuple):
    """What makes a server listen on 127.0.0.1 alone, what to write instead, and where."""

    cause: str
    remedy: str
    span: Span | None


def note_local_listening(
    repository: Repository, process: Process, language: str, port: str
) -> None:
    """Says that the published port will not reach the process, or which variables open it."""
    subject = ModelPath.service(process.service)
    if variables := all_opening_variables(repository, process, port):
        repository.add_note(
            "TC379",
            process.span,
            subject=subject.child("environment"),
            name=process.type,
            names=", ".join(variables),
        )
    elif local := _find_local_listening(repository, process, language):
        _note_unreached(repository, process, local, port)


def note_local_in_development(
    repository: Repository, process: Process, command: str, port: str
) -> None:
    """Says that the published port will not reach what runs in development, where it reaches production's."""
    if local_listening(process):
        return
    for text in (command, *_calls(repository, process._replace(text=command))):
        if cause := local_listening(process._replace(text=text)):
            option = find_program(text).row.get("option", "--host 0.0.0.0")
            local = LocalListening(f"{cause}, in development", option, process.span)
            _note_unreached(repository, process, local, port)
            return


def listens_openly(repository: Repository, process: Process, port: str) -> bool:
    """Whether the command starts a server that is known to listen on all addresses, at that port."""
    row = find_program(process.text).row
    number = stated_port(process.text) or (port if row.get("reads") else row.get("port"))
    is_server = bool(row.get("reads")) or not row.get("usual", False)
    if not is_server or number != port or local_listening(process):
        return False
    return not any(_by_configuration(repository, process.text))


def _note_unreached(
    repository: Repository, process: Process, local: LocalListening, port: str
) -> None:
    repository.add_note(
        "TC329",
        local.span,
        subject=ModelPath.service(process.service, "ports"),
        what=local.cause,
        option=local.remedy.replace("$PORT", port),
    )


def all_opening_variables(
    repository: Repository, process: Process, port: str
) -> dict[str, str]:
    """Variables that make a server listen on all addresses, whatever its configuration file says."""
    stated = find_program(process.text).row.get("overrides", {})
    is_local = stated and any(_by_configuration(repository, process.text))
    if is_local and not binds(process.text):
        return {name: str(value).replace("<port>", port) for name, value in stated.items()}
    return opening_variables(process, port)


def without_port(repository: Repository, process: Process, language: str) -> Process:
    """The web process, which publishes nothing where it only takes part in a network elsewhere; a note says so."""
    portless_library = _listens_nowhere(repository, process, language) if language else None
    if portless_library is None:
        return process
    file, library = portless_library
    subject = ModelPath.service(process.service, "ports")
    repository.add_note("TC597", process.span, subject=subject, file=file, library=library)
    return process._replace(kind="worker")


def _listens_nowhere(
    repository: Repository, process: Process, language: str
) -> tuple[str, str] | None:
    """The file that is run and the library by which it takes part there; None where it may listen on a port."""
    table = load("listening")
    names = {name for name, _ in find_language(language).read_libraries(repository)}
    clients = sorted(names.intersection(table["clients"].get(language, ())))
    if not clients or not names.isdisjoint(_server_libraries(language)):
        return None
    files = tuple(_begun_files(repository, process, language))
    texts = [process.text, *(repository.read_text(path) or "PORT" for path in files)]
    if not files or any(re.search(table["serves"], text) for text in texts):
        return None
    return files[0], clients[0]


def _server_libraries(language: str) -> Iterator[str]:
    yield from load("listening")["servers"][language]
    for name, row in command_rows().items():
        if row.get("language") == language and "port" in row:
            yield name


def _find_local_listening(
    repository: Repository, process: Process, language: str
) -> LocalListening | None:
    """The first thing that makes the process listen there; None where nothing does."""
    calls = tuple(_calls(repository, process))
    for text in (process.text, *calls):
        if cause := local_listening(process._replace(text=text)):
            option = find_program(text).row.get("option", "--host 0.0.0.0")
            return LocalListening(cause, option, process.span)
    if _OPEN.search(process.text):
        return None
    for text in (process.text, *calls):
        for by_file in _by_configuration(repository, text):
            return by_file
    return next(_by_code(repository, process, language), None)


def _calls(repository: Repository, process: Process) -> Iterator[str]:
    """The commands of the scripts of package.json that the process starts."""
    for program in named_programs(process.text):
        for inner_program in programs_of_scripts(repository, program):
            yield inner_program.call


def configured_port(repository: Repository, text: str) -> str:
    """The port that the server's own file states as a number; empty where it states none, or the command does."""
    if binds(text) or names_port(text):
        return ""
    for _, content, row in _configuration_files(repository, text):
        port = re.search(row.get("port", "(?!)"), content, re.MULTILINE)
        if port:
            return port[1]
    return ""


def _by_configuration(repository: Repository, text: str) -> Iterator[LocalListening]:
    """By the file that the server reads."""
    for path, content, row in _configuration_files(repository, text):
        if "open" in row and re.search(row["open"], content, re.MULTILINE):
            continue
        yield from _matches(path, content, row)


def _configuration_files(
    repository: Repository, text: str
) -> Iterator[tuple[str, str, Row]]:
    """The files that the server of a command reads, with the row of the table that speaks of them."""
    name = find_program(text).name
    row = load("listening")["configuration"].get(name)
    if row is None:
        return
    stated = stated_configuration(name, text)
    for path in map(normpath, [stated] if stated else row.get("files", ())):
        content = repository.read_text(path)
        if content is not None:
            yield path, content, row


def _by_code(
    repository: Repository, process: Process, language: str
) -> Iterator[LocalListening]:
    """By the file of the app that the command runs."""
    for path in dict.fromkeys(_begun_files(repository, process, language)):
        content = repository.read_text(path)
        rows = load("listening")["code"].get(f".{path.rpartition('.')[2]}", ())
        for row in rows if content is not None else ():
            if "needs" not in row or re.search(row["needs"], content or ""):
                yield from _matches(path, content or "", row)


def _begun_files(repository: Repository, process: Process, language: str) -> Iterator[str]:
    yield from load("listening")["begins"].get(language, ())
    programs = list(named_programs(process.text))
    for program in tuple(programs):
        programs += programs_of_scripts(repository, program)
    for program in programs:
        if script := script_argument(program):
            yield normpath(f"{program.folder}/{script}")


def _matches(path: str, content: str, row: Row) -> Iterator[LocalListening]:
    for match in re.finditer(row["local"], content, re.MULTILINE):
        start = content.rfind("\n", 0, match.start() + 1) + 1
        line_text = content[start:].partition("\n")[0]
        arguments = _arguments(content, match.end())
        is_open = "unless" in row and re.search(row["unless"], arguments) is not None
        if is_open or _COMMENT.match(line_text) or _OPEN.search(arguments):
            continue
        line = content.count("\n", 0, match.start()) + 1
        words = " ".join(match[0].split()).rstrip("(")
        words_without_host = f"{words} without a host" if "unless" in row else words
        span = Span(path, line, 1, line, len(line_text) + 1)
        yield LocalListening(f"{words_without_host} in {path}", row["remedy"], span)


def _arguments(content: str, start: int) -> str:
    """The arguments of a call, from behind its bracket to the one that closes it."""
    depth = 1
    for offset in range(start, min(len(content), start + 2000)):
        depth += (content[offset] in "([{") - (content[offset] in ")]}")
        if depth == 0:
            return content[start:offset]
    return content[start : start + 200]
