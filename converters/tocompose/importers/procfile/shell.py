"""What a process type's command needs: a plain list of words, or a shell."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from tocompose.patterns import regex
from tocompose.readers.atoms import UNREADABLE, Atom, word_atoms
from tocompose.readers.commands import RESERVED
from tocompose.readers.words import tokens
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal
from tocompose.tables import Row, load

_COMPOUND = RESERVED | {"!", "[", "[["}
_OF_BASH = {"function", "select", "coproc", "time"}
# Between these and the next operator stand names and words, no command.
_HEADS = ("for", "case")
_BASHISMS = regex(
    r"\[\[|\(\(|<\(|>\(|<<<|&>|>&(?![\d-])|\|&|/dev/(?:tcp|udp)/|\{[^\s{}]*(?:,|\.\.)[^\s{}]*\}|\$'|\$\""
    r"|\w+(?:\[\w+\])?\+?=\(|\w\+=|\w\[\w+\]=|\$\{\w+(?:/|\^|,|@|:\d|:\s+-?\d|\[)|\$\{!|(?:^|\s)~[+-]"
)
# From quote to quote: of two strings with variables, what stands between them is no string.
_QUOTED = regex(
    r"""\\.|\$'(?:[^'\\]|\\.)*'|(?P<still>'[^']*'|"(?:[^"\\$`]|\\.)*")|"(?:[^"\\]|\\.)*\"""",
    re.DOTALL,
)
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")
# Behind these a shell looks for files, for a home folder, or makes several words of one.
_EXPANDING = regex(r"[*?{}\[$]|^~|[=:]~")
_QUOTES = regex("[\"']")
_SUBSTITUTIONS = ("command", "process", "arithmetic")
_LISTS = ("&&", ";")
_REDIRECTIONS = regex("[<>]")
# With nothing but these, the last command of a line runs in the foreground, and no pipe leads to it.
_PLAIN_OPERATORS = (*_LISTS, "<", ">", ">>")


class CommandWord(NamedTuple):
    """One word: as written, without its quotes, and where it starts; `active` says that a shell would change it."""

    raw: str
    text: str
    start: int
    active: bool

    @property
    def quoted(self) -> bool:
        """Whether quotes stand in it."""
        return _QUOTES.search(self.raw) is not None

    @property
    def assigns(self) -> bool:
        """Whether it is `NAME=value`."""
        return _ASSIGNMENT.match(self.raw) is not None

    def at_home(self, folder: str) -> CommandWord:
        """The word with that folder in the place of the home folder, where it begins with it."""
        # Most words hold no variable, and need not be taken apart once more.
        atoms = list(word_atoms(self.raw)) if self.active else []
        if not atoms or (atoms[0].kind, atoms[0].text) != ("parameter", "HOME"):
            return self
        text = "".join([folder, *(atom.text for atom in atoms[1:])])
        is_active = any(map(_is_active, atoms[1:]))
        return CommandWord(self.raw, text, self.start, is_active)

    def variables(self) -> Iterator[str]:
        """The variables that a shell puts into it, and those of code for another shell in single quotes."""
        yield from _named_in(word_atoms(self.raw))
        if "'" in self.raw:
            yield from _named_in(word_atoms(self.text))


class ParsedCommand(NamedTuple):
    """A command cut into words and operators with their offsets; `words` holds the words of all its commands in order.

    `comment` is what a shell drops at its end, `text` the command without it.
    """

    words: tuple[CommandWord, ...]
    operators: tuple[tuple[str, int], ...]
    comment: str
    balanced: bool
    text: str


class ComposeCommand(NamedTuple):
    """What Compose runs: `argv` as Compose reads it, the variables hoisted out of it, and what was found on the way.

    `shell` is empty, `sh` or `bash`; `comment` is what a shell would have dropped.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    shell: str
    comment: str
    balanced: bool


# Each question about a command reads it anew: of one of 60 kB some forty times.
@lru_cache(maxsize=4)
def parse_command(text: str) -> ParsedCommand:
    """The words and operators of a command line by POSIX quoting rules."""
    shell_words: list[CommandWord] = []
    operators: list[tuple[str, int]] = []
    comment, position = "", 0
    try:
        for token in tokens(text):
            position, comment = token.end_offset, ""
            if token.kind == "word":
                shell_words.append(_read_word(token.text, token.start))
            elif token.kind == "comment":
                comment = token.text
            else:
                operators.append((token.text.lstrip("0123456789"), token.start))
    except UNREADABLE:
        unread = text[position:].lstrip()
        shell_words.append(_read_word(unread, len(text) - len(unread)))
        return ParsedCommand(tuple(shell_words), tuple(operators), "", False, text)
    plain = text.removesuffix(comment).rstrip() if comment else text
    return ParsedCommand(tuple(shell_words), tuple(operators), comment, True, plain)


def _read_word(raw: str, start: int) -> CommandWord:
    atoms = list(word_atoms(raw))
    is_cut_off = (len(raw) - len(raw.rstrip("\\"))) % 2 == 1
    if is_cut_off or any(map(_is_active, atoms)):
        return CommandWord(raw, _QUOTES.sub("", raw), start, active=True)
    return CommandWord(raw, "".join(atom.text for atom in atoms), start, active=False)


def _is_active(atom: Atom) -> bool:
    if atom.kind != "text":
        return True
    return not atom.quoted and _EXPANDING.search(atom.text) is not None


def _named_in(atoms: Iterator[Atom]) -> Iterator[str]:
    for atom in atoms:
        if atom.kind == "parameter":
            yield atom.text
            yield from _named_in(word_atoms(atom.argument))
        elif atom.kind in _SUBSTITUTIONS:
            yield from named_variables(atom.text)


def named_variables(text: str) -> tuple[str, ...]:
    """The variables that a command refers to, each once."""
    names = (
        name for shell_word in parse_command(text).words for name in shell_word.variables()
    )
    return tuple(dict.fromkeys(names))


def convert_command(text: str) -> ComposeCommand:
    """How Compose must run the command so that it does what `bash -c` would do with it."""
    parsed = parse_command(text)
    if not parsed.balanced:
        return ComposeCommand(("sh", "-c", literal(text)), (), "sh", "", False)
    if not parsed.words:
        return ComposeCommand((), (), "", parsed.comment, True)
    hoisted = _hoisted_words(parsed)
    remaining = parsed.words[len(hoisted) :]
    environment = tuple(_split_assignment(shell_word) for shell_word in hoisted)
    if not parsed.operators and remaining and not _needs_shell(remaining):
        argv = tuple(literal(shell_word.text) for shell_word in _without_exec(remaining))
        return ComposeCommand(argv, environment, "", parsed.comment, True)
    shell = "bash" if _needs_bash(parsed) else "sh"
    body = parsed.text[remaining[0].start :] if hoisted else parsed.text
    script = literal(_with_exec(body))
    return ComposeCommand((shell, "-c", script), environment, shell, parsed.comment, True)


def _split_assignment(shell_word: CommandWord) -> tuple[str, str]:
    name, _, value = shell_word.text.partition("=")
    return name, value


def _hoisted_words(parsed: ParsedCommand) -> tuple[CommandWord, ...]:
    """The literal assignments before a single command; none where a list follows.

    In `A=1 one && two` the assignment holds for `one` alone, so it must stay where it is.
    """
    if parsed.operators:
        return ()
    assignments: list[CommandWord] = []
    for shell_word in parsed.words:
        if shell_word.active or not shell_word.assigns:
            break
        assignments.append(shell_word)
    remaining = parsed.words[len(assignments) :]
    if not remaining or remaining[0].assigns:
        return ()
    # In `A=1 echo $A` the shell replaces $A before A is set: hoisting would change what it prints.
    names = {_split_assignment(shell_word)[0] for shell_word in assignments}
    is_used = any(
        not names.isdisjoint(shell_word.variables()) for shell_word in parsed.words
    )
    return () if is_used else tuple(assignments)


def _needs_shell(shell_words: tuple[CommandWord, ...]) -> bool:
    program = shell_words[0]
    if any(shell_word.active for shell_word in shell_words):
        return True
    is_exec = len(_without_exec(shell_words)) < len(shell_words) and not shell_words[
        1
    ].text.startswith("-")
    runs_builtin = is_builtin(program.text) and not is_exec
    return not program.quoted and (runs_builtin or program.assigns)


def _without_exec(shell_words: tuple[CommandWord, ...]) -> tuple[CommandWord, ...]:
    return (
        shell_words[1:]
        if shell_words[0].raw == "exec" and len(shell_words) > 1
        else shell_words
    )


def is_builtin(program: str) -> bool:
    """Whether a shell alone understands the word: `exec` would look for a program of that name in vain."""
    table = load("shell")
    return program in _COMPOUND or program in (
        *table["builtins"],
        *table["bash"]["builtins"],
    )


def _needs_bash(parsed: ParsedCommand) -> bool:
    """Whether the command does in bash alone what it does on the platform, which runs every command with bash."""
    table = load("shell")["bash"]
    names = {name for shell_word in parsed.words for name in shell_word.variables()}
    if _BASHISMS.search(_without_still_quotes(parsed.text)):
        return True
    if not names.isdisjoint(table["variables"]):
        return True
    return any(_is_of_bash(command, table) for command in simple_commands(parsed))


def _is_of_bash(command: list[CommandWord], table: Row) -> bool:
    program = command[0].raw
    if program in table["builtins"]:
        return True
    pattern = table["arguments"].get(program, "(?!)")
    return any(re.fullmatch(pattern, argument.raw.strip("\"'")) for argument in command[1:])


def simple_commands(parsed: ParsedCommand) -> Iterator[list[CommandWord]]:
    """The words of each simple command in order, without assignments, redirections and words like `then`."""
    command: list[CommandWord] = []
    in_head = False
    for shell_word, is_apart in _words_apart(parsed):
        if is_apart and command:
            yield command
            command = []
        stays_in_head = in_head and not is_apart
        in_head = stays_in_head or (not command and shell_word.raw in _HEADS)
        if command or not (in_head or _leads_command(shell_word)):
            command.append(shell_word)
    if command:
        yield command


def _words_apart(parsed: ParsedCommand) -> Iterator[tuple[CommandWord, bool]]:
    """The words but those that are redirected to, each with whether an operator stands before it."""
    starts = sorted({offset for _, offset in parsed.operators})
    targets = {offset for sign, offset in parsed.operators if _REDIRECTIONS.search(sign)}
    passed_before = 0
    for shell_word in parsed.words:
        passed_here = bisect_left(starts, shell_word.start)
        passed, passed_before = starts[passed_before:passed_here], passed_here
        if not passed or passed[-1] not in targets:
            yield shell_word, bool(passed)


def _leads_command(shell_word: CommandWord) -> bool:
    """Whether a command may follow the word: an assignment, or one like `then`."""
    return shell_word.raw in RESERVED - _OF_BASH or shell_word.assigns


def _without_still_quotes(text: str) -> str:
    """The text without what stands in quotes: bashisms inside quotes belong to another program."""
    return _QUOTED.sub(lambda match: "''" if match["still"] else match[0], text)


def _with_exec(script: str) -> str:
    """The script with `exec` before its last command, so that the signals of `docker stop` reach the program.

    Only where it cannot change the meaning: the last command is simple, in the foreground, no pipe leads to it, and no
    trap waits for the end of the shell.
    """
    parsed = parse_command(script)
    is_plain = all(sign in _PLAIN_OPERATORS for sign, _ in parsed.operators)
    has_trap = any(shell_word.raw == "trap" for shell_word in parsed.words)
    if not is_plain or has_trap or any(map(_is_compound, parsed.words)):
        return script
    starts = [offset for sign, offset in parsed.operators if sign in _LISTS]
    last_start = max(starts, default=-1)
    for shell_word in parsed.words:
        if shell_word.start < last_start or shell_word.assigns:
            continue
        if is_builtin(shell_word.raw):
            return script
        return f"{script[: shell_word.start]}exec {script[shell_word.start :]}"
    return script


def _is_compound(shell_word: CommandWord) -> bool:
    """Whether a word begins a compound command, or holds a command of its own."""
    has_command = any(atom.kind in _SUBSTITUTIONS for atom in word_atoms(shell_word.raw))
    return shell_word.raw in RESERVED or has_command
