"""What a process type's command needs: a plain list of words, or a shell."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal

# Words that only a shell understands (POSIX special and regular built-ins that change the shell itself).
_BUILTINS = frozenset(
    {
        "cd",
        "export",
        "source",
        "set",
        "unset",
        "ulimit",
        "exec",
        "eval",
        ".",
        ":",
        "umask",
        "trap",
        "alias",
        "command",
    }
    | {
        "if",
        "for",
        "while",
        "until",
        "case",
        "!",
        "[",
        "[[",
        "time",
        "wait",
        "read",
        "shift",
        "return",
        "function",
    }
)
_BASHISMS = regex(
    r"\[\[|<\(|>\(|<<<|&>|\|&|\{[^\s{}]*(?:,|\.\.)[^\s{}]*\}|\w+=\(|pipefail|\$'|(?:^|[;&|]\s*)source\s|\bfunction\s"
    r"|\$\{\w+(?:/|\^|,|:\d|\[)|\$\{!|(?:^|\s)~[+-]"
)
# From quote to quote: of two strings with variables, what stands between them is no string.
_QUOTED = regex(
    r"""\\.|\$'(?:[^'\\]|\\.)*'|(?P<still>'[^']*'|"(?:[^"\\$`]|\\.)*")|"(?:[^"\\]|\\.)*\"""",
    re.DOTALL,
)
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")
_ACTIVE = frozenset("$`*?(){}[")
_OPERATORS = frozenset("&;|<>\n")


class Word(NamedTuple):
    """One word: its text without quotes, where it starts and ends, and whether a shell would change it."""

    text: str
    start: int
    end: int
    active: bool
    quoted: bool


class Parsed(NamedTuple):
    """A command cut into words and operators; `words` holds the words of all its parts in order."""

    words: tuple[Word, ...]
    operators: tuple[tuple[str, int], ...]
    comment: str
    balanced: bool
    text: str


class Command(NamedTuple):
    """What Compose runs: `argv` as Compose reads it, the variables hoisted out of it, and what was found on the way.

    `shell` is empty, `sh` or `bash`; `comment` is what a shell would have dropped.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    shell: str
    comment: str
    balanced: bool


def parse(text: str) -> Parsed:
    """The words and operators of a command line by POSIX quoting rules."""
    words: list[Word] = []
    operators: list[tuple[str, int]] = []
    place = 0
    while place < len(text):
        char = text[place]
        if char in " \t":
            place += 1
        elif char == "#":
            return Parsed(
                tuple(words), tuple(operators), text[place:], True, text[:place].rstrip()
            )
        elif char in _OPERATORS:
            run = re.compile(r"&&|\|\||>>|&>|[&;|<>\n]").match(text, place)
            assert run is not None
            operators.append((run[0], place))
            place = run.end()
        else:
            word, balanced = _word(text, place)
            words.append(word)
            place = word.end
            if not balanced:
                return Parsed(tuple(words), tuple(operators), "", False, text)
    return Parsed(tuple(words), tuple(operators), "", True, text)


def _word(text: str, start: int) -> tuple[Word, bool]:
    parts: list[str] = []
    active, quoted, place = text[start] == "~", False, start
    while place < len(text) and text[place] not in " \t" and text[place] not in _OPERATORS:
        char = text[place]
        if char == "'":
            end = text.find("'", place + 1)
            if end < 0:
                return Word(text[start:], start, len(text), True, True), False
            parts.append(text[place + 1 : end])
            place, quoted = end + 1, True
        elif char == '"':
            inner, place, live, closed = _double(text, place + 1)
            if not closed:
                return Word(text[start:], start, len(text), True, True), False
            parts.append(inner)
            active, quoted = active or live, True
        elif char == "\\":
            parts.append(text[place + 1 : place + 2])
            place += 2
            active = active or place > len(text)
        else:
            active = (
                active
                or char in _ACTIVE
                or (char == "~" and text[place - 1 : place] in ("=", ":"))
            )
            parts.append(char)
            place += 1
    return Word("".join(parts), start, place, active, quoted), True


def _double(text: str, place: int) -> tuple[str, int, bool, bool]:
    """Inside double quotes: the text, the place behind them, whether a shell would change it, whether they close."""
    parts: list[str] = []
    active = False
    while place < len(text):
        char = text[place]
        if char == '"':
            return "".join(parts), place + 1, active, True
        if char == "\\" and text[place + 1 : place + 2] in ("$", "`", '"', "\\", "\n"):
            parts.append(text[place + 1])
            place += 2
            continue
        active = active or char in "$`"
        parts.append(char)
        place += 1
    return "", place, active, False


def command(text: str) -> Command:
    """How Compose must run the command so that it does what `bash -c` would do with it."""
    parsed = parse(text)
    if not parsed.balanced:
        return Command(("sh", "-c", literal(text)), (), "sh", "", False)
    hoisted, rest = _assignments(parsed)
    if not parsed.operators and rest and not _needs_shell(rest):
        argv = tuple(literal(word.text) for word in _without_exec(rest))
        return Command(argv, hoisted, "", parsed.comment, True)
    shell = "bash" if _BASHISMS.search(_unquoted(parsed)) else "sh"
    body = parsed.text[rest[0].start :] if hoisted and rest else parsed.text
    script = _with_exec(body)
    return Command((shell, "-c", literal(script)), hoisted, shell, parsed.comment, True)


def _assignments(parsed: Parsed) -> tuple[tuple[tuple[str, str], ...], tuple[Word, ...]]:
    """The literal assignments before a single command, and the words behind them; none where a list follows.

    In `A=1 one && two` the assignment holds for `one` alone, so it must stay where it is.
    """
    if parsed.operators:
        return (), parsed.words
    count = 0
    for word in parsed.words:
        name = _ASSIGNMENT.match(parsed.text, word.start)
        if name is None or word.active:
            break
        count += 1
    following = parsed.words[count:]
    if not following or _is_assignment(parsed, following[0]):
        return (), parsed.words
    pairs = tuple(
        (name, value)
        for name, _, value in (word.text.partition("=") for word in parsed.words[:count])
    )
    # In `A=1 echo $A` the shell replaces $A before A is set: hoisting would change what it prints.
    if any(re.search(rf"\$\{{?{name}\b", parsed.text) for name, _ in pairs):
        return (), parsed.words
    return pairs, following


def _is_assignment(parsed: Parsed, word: Word) -> bool:
    return _ASSIGNMENT.match(parsed.text, word.start) is not None


def _needs_shell(words: tuple[Word, ...]) -> bool:
    first = words[0]
    builtin = not first.quoted and first.text in _BUILTINS and not _plain_exec(words)
    assigns = not first.quoted and _ASSIGNMENT.match(first.text) is not None
    return builtin or assigns or any(word.active for word in words)


def _plain_exec(words: tuple[Word, ...]) -> bool:
    return words[0].text == "exec" and len(words) > 1 and not words[1].text.startswith("-")


def _without_exec(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return (
        words[1:]
        if words[0].text == "exec" and not words[0].quoted and len(words) > 1
        else words
    )


def _unquoted(parsed: Parsed) -> str:
    """The text without what stands in quotes: bashisms inside quotes belong to another program."""
    return _QUOTED.sub(lambda found: "''" if found["still"] else found[0], parsed.text)


def _with_exec(script: str) -> str:
    """The script with `exec` before its last command, so that the signals of `docker stop` reach the program.

    Only where it cannot change the meaning: the last command is simple, in the foreground, and no pipe leads to it.
    """
    parsed = parse(script)
    if any(sign not in ("&&", ";", "<", ">", ">>") for sign, _ in parsed.operators):
        return script
    if not _only_variables(_unquoted(parsed)):
        return script
    lists = [place for sign, place in parsed.operators if sign in ("&&", ";")]
    after = lists[-1] if lists else -1
    last = [word for word in parsed.words if word.start > after]
    index = next(
        (n for n, word in enumerate(last) if not _is_assignment(parsed, word)), None
    )
    if index is None or (last[index].text in _BUILTINS and not last[index].quoted):
        return script
    return f"{script[: last[index].start]}exec {script[last[index].start :]}"


def _only_variables(text: str) -> bool:
    """Whether every bracket belongs to a `${NAME…}` or a `{a,b}`, and no word begins a compound command."""
    rest = re.sub(r"\$\{[^{}()`]*\}|\{[^\s{}()`]*(?:,|\.\.)[^\s{}()`]*\}", "", text)
    return not any(char in rest for char in "(){}`") and not re.search(
        r"\b(if|for|while|case|function)\b", rest
    )
