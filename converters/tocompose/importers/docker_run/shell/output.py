"""What commands print that only work with what the script says: functions, `echo`, `printf`, pipes of constants."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.importers.docker_run.invocation import starts_container
from tocompose.importers.docker_run.options import program_name
from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.expansion import join_values
from tocompose.importers.docker_run.shell.filters import FILTERS, matching_lines, unescaped
from tocompose.importers.docker_run.shell.state import Shell, Unknowable
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor, Ledger
from tocompose.patterns import regex
from tocompose.readers.shell import read
from tocompose.readers.text import Text
from tocompose.syntax.interpolation import literal
from tocompose.tables import load

# What a substitution changes for itself alone.
_OWN_STATE = (
    *("scope", "directory", "output", "piped", "jump", "calling", "locals", "undecided"),
    *("calls_in_progress", "testing", "polled", "variable", "ledger", "ends_on_failure"),
)
_FORMAT = regex(
    r"%(?P<flags>[-0+ ]*)(?P<width>\d{0,3})(?:\.(?P<exact>\d{1,3}))?(?P<kind>[sdibxXo%])"
)
_MOST_FORMATS = 500
# Where the output of a command goes if not on.
_ELSEWHERE = frozenset({">", ">>", ">|", "1>", "&>", ">&", "1>&", "1>>", "&>>"})


def captured(shell: Shell, code: str, cursor: Cursor) -> Value | None:
    """What shell code prints that is inside a word; None where that cannot be known without running it."""
    ledger = Ledger()
    statements = ledger.open(read(Text(shell.path, code)))
    value = _printed(shell, lambda: shell.run(statements), ledger)
    if value is None:
        return None
    sources = tuple(source for source in value.sources if source.ledger is not ledger)
    opens = tuple(
        variable._replace(cursor=cursor)
        if variable.cursor is not None and variable.cursor.ledger is ledger
        else variable
        for variable in value.opens
    )
    return Value(value.text.rstrip("\n"), sources, opens)


def collected_output(shell: Shell, statements: Cursor) -> Value | None:
    """What statements print that start containers too, whose steps are kept; None where that cannot be known."""
    with shell.mode(collecting=True):
        value = _printed(shell, lambda: shell.run(statements), shell.ledger)
    return None if value is None else value._replace(text=value.text.rstrip("\n"))


def print_container(shell: Shell, cursor: Cursor) -> None:
    """Adds to the output of a substitution what the docker call prints that was read last: the container's id."""
    step = shell.steps[-1]
    operators = {str(child.children[0].key) for child in cursor if child.kind == "redirect"}
    if operators & _ELSEWHERE:
        return
    if not starts_container(step):
        raise Unknowable
    name = step.variable or f"CONTAINER_{len(shell.steps)}"
    shell.steps[-1] = step._replace(variable=name)
    if shell.output is not None:
        shell.output.append(Value(f"${{{name}}}\n"))


def printed_by(shell: Shell, commands: list[Cursor]) -> Value | None:
    """What a pipe of commands of the script prints; None where that cannot be known without running them."""
    return _printed(shell, lambda: pipe(shell, commands), shell.ledger)


def _printed(shell: Shell, run: Callable[[], None], ledger: Ledger) -> Value | None:
    own_state = {name: getattr(shell, name) for name in _OWN_STATE}
    shell.scope, shell.output, shell.ledger = shell.scope.copy(), [], ledger
    try:
        run()
        return join_values(shell.output)
    except Unknowable:
        return None
    finally:
        for name, state in own_state.items():
            setattr(shell, name, state)


def pipe(shell: Shell, commands: list[Cursor]) -> None:
    """Runs `a | b` inside a substitution."""
    *writers, last_command = commands
    outer_output = shell.output
    for writer in writers:
        shell.output = []
        shell.run(writer)
        shell.piped = join_values(shell.output)
    shell.output = outer_output
    shell.run(last_command)
    shell.piped = None


def print_output(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """Adds what a command prints to the output of the substitution; raises Unknowable where that is not known."""
    name = program_name(fields[0].value.text) if fields else ""
    text = output_of(shell, name, fields)
    cursor.skip("its output goes to another command or into a value")
    if text is None and name not in load("shell")["silent"]:
        raise Unknowable
    operators = {str(child.children[0].key) for child in cursor if child.kind == "redirect"}
    if text is not None and shell.output is not None and not operators & _ELSEWHERE:
        shell.output.append(text)


def output_of(shell: Shell, name: str, fields: list[CommandField]) -> Value | None:
    """What a command prints, its status set; None where that is not known."""
    shell.status = 0
    values = [field.value for field in fields[1:]]
    if name in ("echo", "printf"):
        return printed_text(name, values)
    texts = [text for value in values if (text := value.plain) is not None]
    if len(texts) != len(values):
        return None
    if name == "cat":
        return _content(shell, texts)
    if name == "crontab" and texts == ["-l"]:
        # What others put there is not the script's.
        return Value("")
    stdin, texts = _input_of(shell, name, texts)
    output = _filtered(shell, name, texts, stdin)
    sources = tuple(source for value in (*values, stdin) for source in value.sources)
    return None if output is None else Value(literal(output), sources)


def _filtered(shell: Shell, name: str, texts: list[str], stdin: Value) -> str | None:
    """What a filter makes of its input; None for an input or a program that is not known."""
    read_text = stdin.plain
    if read_text is None:
        return None
    if name in ("grep", "egrep"):
        return _grep_output(shell, texts, read_text)
    return FILTERS[name](texts, read_text) if name in FILTERS else None


# Programs whose last argument may be the file that they read.
_READ_A_FILE = frozenset({"awk", "cut", "egrep", "grep", "head", "sed", "sort", "tail"})


def _input_of(shell: Shell, name: str, texts: list[str]) -> tuple[Value, list[str]]:
    """What a filter reads, and its arguments without the file."""
    if shell.piped is None and name in _READ_A_FILE and texts:
        text = shell.text_of(texts[-1])
        if text is not None:
            return text, texts[:-1]
    return shell.piped or Value(""), texts


def _content(shell: Shell, paths: list[str]) -> Value | None:
    """What `cat` prints: a file that the script wrote, or what it is given to read."""
    if len(paths) > 1:
        return None
    return shell.text_of(paths[0]) if paths and paths[0] != "-" else shell.piped


def _grep_output(shell: Shell, words: list[str], text: str) -> str | None:
    lines = matching_lines(words, text)
    shell.status = None if lines is None else int(not lines)
    is_quiet = any(re.match(r"-\w*q", word) for word in words)
    return "" if is_quiet and lines is not None else lines


def printed_text(name: str, values: list[Value]) -> Value | None:
    """What `echo` or `printf` prints; None for a format that is not known."""
    if name == "echo":
        options = ""
        while values and re.fullmatch(r"-[neE]+", values[0].text):
            options += values[0].text
            values = values[1:]
        line = join_values(values, " ")
        text = unescaped(line.text) if "e" in options else line.text
        return line._replace(text=text + ("" if "n" in options else "\n"))
    if not values or values[0].plain is None or values[0].text.startswith("-"):
        return None
    return _formatted(values[0], values[1:])


def _formatted(form: Value, values: list[Value]) -> Value | None:
    """What a format of `printf` makes of values; it is used again as long as some are left."""
    format_values: list[Value] = []
    pending = list(values)
    for _ in range(_MOST_FORMATS):
        position = 0
        for match in _FORMAT.finditer(form.text):
            format_values.append(_literal_piece(form, form.text[position : match.start()]))
            position = match.end()
            piece = _format_one(match, pending)
            if piece is None:
                return None
            format_values.append(piece)
        unread_text = form.text[position:]
        if "%" in unread_text:
            return None
        format_values.append(_literal_piece(form, unread_text))
        if not pending or not _FORMAT.search(form.text):
            return join_values(format_values)
    return None


def _literal_piece(form: Value, text: str) -> Value:
    return form._replace(text=unescaped(text))


def _format_one(match: re.Match[str], pending: list[Value]) -> Value | None:
    if match["kind"] == "%":
        return Value("%")
    value = pending.pop(0) if pending else Value("")
    is_bare = match["kind"] == "s" and match["width"] == "" and match["exact"] is None
    if is_bare:
        return value
    text = value.plain
    if text is None:
        return None
    if match["kind"] == "b":
        return value._replace(text=literal(unescaped(text)))
    if match["kind"] == "s":
        text = text[: int(match["exact"])] if match["exact"] else text
    elif re.fullmatch(r"-?\d{1,18}|", text):
        text = _format_number(match, int(text or "0"))
    else:
        return None
    return value._replace(text=literal(_widen_text(match, text)))


def _format_number(match: re.Match[str], number: int) -> str:
    kind = match["kind"].replace("i", "d")
    text = format(number, f"+{kind}" if "+" in match["flags"] else kind)
    return text.zfill(int(match["exact"])) if match["exact"] else text


def _widen_text(match: re.Match[str], text: str) -> str:
    width = int(match["width"] or "0")
    if "-" in match["flags"]:
        return text.ljust(width)
    is_padded = "0" in match["flags"] and match["kind"] != "s"
    return text.zfill(width) if is_padded else text.rjust(width)
