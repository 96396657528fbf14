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
    elif kind_of(path, text.text) == "crontab" and _runs_containers(text.text):
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
    if table is None or not table.sources or not _runs_containers(table.text):
        return False
    argument = shell.to_argument(table, table.sources[0])
    shell.piped = None
    shell.run(shell.ledger.open(crontab.read(_text_of(shell, argument))))
    cursor.skip("a crontab, which is read as one")
    return True


_EXECUTED = regex(r"\b(?:docker|podman) +(?:container +)?exec\b")


def _runs_containers(table: str) -> bool:
    """Whether a line of a crontab starts a container, or a command in one."""
    return starts_containers(table) or _EXECUTED.search(table) is not None


def _text_of(shell: Shell, body: Argument) -> Text:
    """What a here-document or a word gives, at its place."""
    held = body.sources[0]
    column = 1 if held.style.startswith("heredoc") else body.span.column + 1
    line = held.value_span.line
    return Text(shell.path, body.text.replace("$$", "$"), None, line, column)
