"""`alias d='docker run -d'`: short names for commands, where the shell expands them."""

from __future__ import annotations

from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.words import Unbalanced, tokens

_MORE_THAN_WORDS = regex(r"[;|&<>()`\n]")


def define_aliases(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`alias NAME=VALUE …`."""
    for field in fields[1:]:
        name, equals, _ = field.value.text.partition("=")
        text = (field.value.plain or "").partition("=")[2]
        if equals and text:
            shell.aliases[name] = (text, cursor.span.end_line)
    cursor.skip("a short name for a command")


def forget_aliases(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`unalias NAME …`, `unalias -a`."""
    for field in fields[1:]:
        shell.aliases.pop(field.value.text, None)
        if field.value.text == "-a":
            shell.aliases.clear()
    cursor.skip("forgets a short name for a command")


def set_shell_options(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`shopt -s expand_aliases`."""
    texts = [field.value.text for field in fields[1:]]
    if "expand_aliases" in texts:
        shell.reads_aliases = "-s" in texts
    cursor.skip("an option of the shell")


def behind_alias(
    shell: Shell, cursor: Cursor, fields: list[CommandField]
) -> list[CommandField]:
    """The fields of a command with what its first word is short for, where the shell expands it.

    Bash does so in a script only when it is told to, and a person at a terminal always.
    """
    first_word = fields[0].cursor if fields else cursor
    text, line = shell.aliases.get(first_word.peek() or "", ("", 0))
    is_read = shell.reads_aliases or bool(shell.settings.get("prose"))
    if not text or not is_read or cursor.span.line <= line or _MORE_THAN_WORDS.search(text):
        return fields
    try:
        field_texts = [token.text for token in tokens(text)]
    except Unbalanced:
        return fields
    values: list[Value] = []
    for text in field_texts:
        values += shell.fields_of(text, first_word)
    return [*(CommandField(value, first_word) for value in values), *fields[1:]]
