"""Files that a script writes and that start containers themselves: units of systemd, crontabs, compose files."""

from __future__ import annotations

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.options import program_name
from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.discovery import kind_of
from tocompose.importers.docker_run.shell.input import standard_input
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.sources.texts import (
    is_compose_file,
    is_unit,
    unit_branch,
)
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers import crontab
from tocompose.readers.mentions import starts_containers
from tocompose.readers.text import Text


def read_written_file(shell: Shell) -> None:
    """Reads the file that the script has written last, where it starts containers."""
    file = shell.files[-1]
    path = file.path.text.replace("$$", "$")
    text = _text_of(shell, file.body)
    if is_compose_file(text.text):
        file.body.note("TC037", file=path)
        why = "explained by note TC037"
    elif is_unit(text.text) and (unit := unit_branch(text, path, file.body.span)):
        shell.run(shell.ledger.open(unit))
        why = "a unit, which is read as one"
    elif kind_of(path, text.text) == "crontab" and starts_containers(text.text):
        shell.run(shell.ledger.open(crontab.read(text)))
        why = "a crontab, which is read as one"
    else:
        return
    shell.files.pop()
    file.body.skip(why)
    file.path.skip(why)


def reads_crontab(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> bool:
    """Whether the command takes lines of a crontab that the script says (`echo … | crontab -`), which are then read."""
    if not fields or program_name(fields[0].value.text) != "crontab":
        return False
    table = standard_input(shell, cursor) or shell.piped
    if table is None or not table.sources:
        return False
    if not starts_containers(table.text):
        return _notes_job(cursor, table.text)
    argument = shell.to_argument(table, table.sources[0])
    shell.piped = None
    shell.run(shell.ledger.open(crontab.read(_text_of(shell, argument))))
    cursor.skip("a crontab, which is read as one")
    return True


# What a job runs in a container that is there already, with the options of `docker exec` that take a value.
_EXECUTED = regex(
    r"\b(?P<tool>docker|podman) +(?:container +)?exec +"
    r"(?:(?:-[euw]|--(?:env|env-file|user|workdir)) +\S+ +|-\S+ +)*"
    r"(?P<container>\w[\w.-]*)(?: +(?P<program>[\w./-]+))?"
)


def _notes_job(cursor: Cursor, table: str) -> bool:
    """Whether the lines of a crontab run something in a container, which is then said: they stay where they are."""
    match = _EXECUTED.search(table)
    if match is None:
        return False
    container = match["container"]
    words = (match["tool"], "exec", container, match["program"] or "")
    command = " ".join(filter(None, words))
    cursor.note("TC178", command=command, container=container)
    return True


def _text_of(shell: Shell, body: Argument) -> Text:
    """What a here-document or a word gives, at its place."""
    held = body.sources[0]
    column = 1 if held.style.startswith("heredoc") else body.span.column + 1
    line = held.value_span.line
    return Text(shell.path, body.text.replace("$$", "$"), None, line, column)
