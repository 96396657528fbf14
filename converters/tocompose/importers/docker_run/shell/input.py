"""`read`, `while read`, `mapfile`: what a script reads that it says itself, line by line."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.shell.state import Shell, with_source
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import split_outside_variables

_BLANKS = " \t\n"
_FLAGS_WITH_VALUE = regex(r"-\w*[pdnNtuia]")
_NAME = regex(r"[A-Za-z_]\w*")


def here_document(shell: Shell, body: Cursor) -> Value:
    """What a here-document says, expanded unless its mark is quoted."""
    if body.style == "heredoc-quoted":
        return Value((body.peek() or "").replace("$", "$$"), (body,))
    return with_source(shell.value(body, quoted=True), body)


def standard_input(shell: Shell, cursor: Cursor) -> Value | None:
    """What the redirections of a command give it to read, where the script says it."""
    for child in cursor:
        operator = str(child.children[0].key) if child.kind == "redirect" else ""
        if operator and (body := child.at("body")):
            return here_document(shell, body)
        if operator.endswith("<<<"):
            text = shell.value(child.at(operator))
            return text._replace(text=text.text + "\n")
        if operator == "<":
            return _input_file(shell, child.at(operator))
    return None


def _input_file(shell: Shell, name: Cursor) -> Value | None:
    """What a file holds that the script wrote, or a process substitution prints."""
    raw = name.peek() or ""
    if raw.startswith("<("):
        printed = shell.word_context.substitute(raw[2:-1], name, 2)
        is_known = not any(variable.code for variable in printed.opens)
        return printed._replace(text=printed.text + "\n") if is_known else None
    path = shell.value(name).plain
    if path == "/dev/null":
        return Value("")
    text = shell.text_of(path) if path is not None else None
    return text and with_source(text, name)


def input_lines(text: Value) -> list[Value]:
    """The lines of what is read."""
    lines = split_outside_variables(text.text.removesuffix("\n"), "\n")
    return [text._replace(text=line) for line in lines] if text.text else []


def names_to_read(words: list[str]) -> tuple[list[str], bool]:
    """The variables that `read` is given, and whether it fills an array."""
    names: list[str] = []
    fills_array, takes_value = False, False
    for text in words:
        if re.fullmatch(r"-\w*a", text):
            fills_array = True
        elif not takes_value and _NAME.fullmatch(text):
            names.append(text)
        takes_value = bool(_FLAGS_WITH_VALUE.fullmatch(text)) and not text.endswith("a")
    return names or ["REPLY"], fills_array


def assign_line(
    shell: Shell, line: Value, names: list[str], separators: str | None, *, as_array: bool
) -> None:
    """Gives the fields of a line to variables, all that is left to the last one."""
    most_splits = -1 if as_array else len(names) - 1
    fields = split_fields(
        line.text, _BLANKS if separators is None else separators, most_splits
    )
    values = [line._replace(text=text) for text in fields]
    if as_array:
        shell.scope.set(names[0], Value("", items=tuple(values)))
        return
    for index, name in enumerate(names):
        shell.scope.set(name, values[index] if index < len(values) else Value(""))


def split_fields(text: str, separators: str, most: int = -1) -> list[str]:
    """The text cut at separators, as `IFS` says; blanks around fields are no part of them."""
    blanks = "".join(character for character in separators if character in _BLANKS)
    marks = "".join(character for character in separators if character not in _BLANKS)
    if blanks:
        text = text.strip(blanks)
    if not separators or most == 0 or "${" in text:
        return [text]
    if not text:
        return []
    fields = re.split(_separator_pattern(blanks, marks), text, maxsplit=max(most, 0))
    return fields[:-1] if fields[-1] == "" and most < 0 else fields


def _separator_pattern(blanks: str, marks: str) -> str:
    around = f"[{re.escape(blanks)}]*" if blanks else ""
    patterns = [f"{around}[{re.escape(marks)}]{around}"] if marks else []
    if blanks:
        patterns.append(f"[{re.escape(blanks)}]+")
    return "|".join(patterns)


def read_line(shell: Shell, cursor: Cursor, words: list[str]) -> bool:
    """Whether `read` gets a line that the script says; its variables are then assigned."""
    lines = _lines_to_read(shell, cursor)
    if lines is None or any(re.fullmatch(r"-\w*[dnNu]", text) for text in words):
        return False
    names, fills_array = names_to_read(words)
    shell.status = int(not lines)
    line = lines.pop(0) if lines else Value("")
    assign_line(shell, line, names, separators_of(shell, cursor), as_array=fills_array)
    return True


def separators_of(shell: Shell, cursor: Cursor) -> str | None:
    """What `IFS` is for a command; None for blanks."""
    for child in cursor:
        if child.kind == "assignment" and child.children[0].key == "IFS":
            return shell.value(child.at("IFS")).plain
    held = shell.scope.get("IFS")
    return None if held is None else held.plain


def _lines_to_read(shell: Shell, cursor: Cursor) -> list[Value] | None:
    text = standard_input(shell, cursor)
    if text is None and shell.lines is not None:
        return shell.lines
    text = text or shell.piped
    return None if text is None else input_lines(text)


def read_array(shell: Shell, cursor: Cursor, words: list[str]) -> bool:
    """Whether `mapfile` gets lines that the script says; its array then holds them."""
    lines = _lines_to_read(shell, cursor)
    names = [text for text in words if _NAME.fullmatch(text)]
    if lines is None or "-t" not in words:
        return False
    shell.scope.set((names or ["MAPFILE"])[0], Value("", items=tuple(lines)))
    return True
