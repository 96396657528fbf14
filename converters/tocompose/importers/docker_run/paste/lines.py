"""Damage to the lines of docker commands: backslashes that got lost, and commands that ran together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.docker_run.options import flag_rows, program_name, tool_of
from tocompose.importers.docker_run.paste.damage import (
    Damage,
    DockerWords,
    docker_commands,
    docker_words,
    sound_tokens,
)
from tocompose.knowledge.images import image_facts, image_ref
from tocompose.patterns import regex
from tocompose.readers.words import Token
from tocompose.tables import load

# The widths of terminals, if nobody has changed them (xterm, Windows Terminal), and of the narrowest window that
# commands are run in.
_USUAL_WIDTHS = (80, 120)
_NARROWEST = 60
_HYPHENATED = regex(r"[A-Za-z0-9]-$")
_OPTION = regex(r"[-‐‑–—−]{1,2}[A-Za-z]")
_SETTING = regex(r"[A-Za-z_][\w.-]*=")
# An image that holds a docker client, to which `docker run …` may be the command.
_CLIENT_IMAGE = regex(r"docker|dind|podman|\$")
_STARTING = (
    "run",
    "create",
    "network",
    "volume",
    "pull",
    "build",
    "container",
    "exec",
    "rm",
)


def join_lines(text: str) -> Iterator[Damage]:
    """The line breaks inside docker commands that no backslash stands before, and the comments before them."""
    words: list[Token] = []
    break_start = -1
    for token in sound_tokens(text):
        if token.kind == "comment":
            break_start = token.start
        elif token.kind == "word":
            words.append(token)
        elif token.kind != "newline":
            words, break_start = [], -1
        else:
            start = token.start if break_start == -1 else break_start
            break_start = -1
            if hyphenated := _hyphenated_word(text, words, token.end_offset):
                yield hyphenated
                words[-1] = words[-1]._replace(text=hyphenated.written.strip("`"))
            elif wrapped := _wrapped_word(text, words, token.end_offset):
                yield wrapped
                words[-1] = words[-1]._replace(text=wrapped.written.strip("`"))
            elif _goes_on(text, words, token.end_offset):
                yield _join(text, start, _next_line(text, token.end_offset))
            elif text[start - 1 : start] != "\n":
                words = []


def _hyphenated_word(text: str, words: list[Token], offset: int) -> Damage | None:
    """The break of a word that a PDF has set in two lines: `my-` and `app`."""
    command = docker_words(words)
    tail = re.compile(r"[ \t]*([A-Za-z0-9]\S*)").match(text, offset)
    if command is None or not command.starts_container or tail is None:
        return None
    head = words[-1]
    is_option = f"{head.text}{tail[1].partition('=')[0]}" in flag_rows("run", "podman")
    is_broken = head.text in ("-", "--") and is_option
    if not (is_broken or _HYPHENATED.search(head.text)) or text[
        head.end_offset : offset
    ].strip("\r\n"):
        return None
    without_hyphen = f"{head.text[:-1]}{tail[1]}"
    is_split = _is_known(without_hyphen) and not _is_known(head.text + tail[1])
    whole_word = without_hyphen if is_split else head.text + tail[1]
    start = head.end_offset - is_split
    return Damage(start, tail.start(1), "", "TC842", f"`{whole_word}`", tail.start(1))


def _wrapped_word(text: str, words: list[Token], offset: int) -> Damage | None:
    """The break of a word at the edge of a terminal, which no blank stands beside."""
    command = docker_words(words)
    tail = re.compile(r"[^\s#-]\S*").match(text, offset)
    if command is None or not command.starts_container or tail is None:
        return None
    head = words[-1]
    is_whole = head.end_offset == offset - 1 and not tool_of(tail[0])
    line_start = text.rfind("\n", 0, offset - 1) + 1
    is_at_edge = _fills_terminal(text, line_start, offset - 1)
    if not is_whole or not (is_at_edge or _precedes_options(command, text[offset:])):
        return None
    whole_word = head.text + tail[0]
    return Damage(offset - 1, offset, "", "TC842", f"`{whole_word}`", offset)


def _precedes_options(command: DockerWords, text: str) -> bool:
    """Whether the options of a command without an image go on behind the first word: it is no image, but the rest of
    the word above."""
    _, *following = text.split("\n", 1)[0].split()
    is_value = not command.words[-1].text.startswith("-")
    if not is_value or command.operands_at() is not None or len(following) < 2:
        return False
    is_option = following[0].partition("=")[0] in flag_rows("run", "podman")
    return is_option and following[0].startswith("-") and _is_image(following[-1])


def _fills_terminal(text: str, start: int, end_offset: int) -> bool:
    """Whether a line is as wide as terminals are, or as another one that is as long as any."""
    width = end_offset - start
    if width in _USUAL_WIDTHS:
        return True
    widths = [len(line) for line in text.split("\n")]
    return width >= _NARROWEST and widths.count(width) > 1 and max(widths) == width


def _is_known(word: str) -> bool:
    """Whether a word is an option of docker or an image of the table."""
    is_option = word.partition("=")[0] in flag_rows("run", "podman")
    return is_option or image_facts(word) is not None


def _join(text: str, start: int, end_offset: int) -> Damage:
    """A blank for the line break; the note stands at the line that is joined."""
    line = text[end_offset:].split("\n", 1)[0].split()
    written = f"`{line[0]}`" if line else ""
    return Damage(start, end_offset, " ", "TC841", written, end_offset)


def _next_line(text: str, offset: int) -> int:
    """Where the next line begins that is neither empty nor a comment."""
    while match := re.compile(r"[ \t]*(?:#[^\n]*)?\n").match(text, offset):
        offset = match.end()
    return offset


def _goes_on(text: str, words: list[Token], offset: int) -> bool:
    """Whether the command of these words goes on in the line behind `offset`."""
    command = docker_words(words)
    if command is None or not command.starts_container:
        return False
    start = _next_line(text, offset)
    line = text[start:].split("\n", 1)[0].strip()
    if not line:
        return False
    return _OPTION.match(line) is not None or _completes(command, line)


def _completes(command: DockerWords, line: str) -> bool:
    """Whether the command has no image yet, and the line looks like what is missing."""
    first_word = line.split()[0]
    if command.operands_at() is not None or tool_of(program_name(first_word)):
        return False
    if not command.arguments:
        return _SETTING.match(first_word) is None and _is_image(first_word)
    return _SETTING.match(first_word) is not None or _is_image(first_word)


def _is_image(word: str) -> bool:
    return image_ref(word.strip("\"'")) is not None or "$" in word


def split_commands(text: str) -> Iterator[Damage]:
    """Where a docker command begins in the middle of another one, whose line break got lost."""
    for command in docker_commands(text):
        operand_at = command.operands_at()
        if operand_at is None or command.verb == ("exec",):
            continue
        image = command.words[operand_at].text
        if command.starts_container and _CLIENT_IMAGE.search(image):
            continue
        for at in range(operand_at + 1, len(command.words) - 1):
            if _starts_command(command.words, at):
                start = command.words[at].start
                written = f"`{command.words[at].text} {command.words[at + 1].text}`"
                yield Damage(start, start, "\n", "TC849", written)


def _starts_command(words: tuple[Token, ...], at: int) -> bool:
    """Whether `docker run`, or `sudo docker run`, begins at an index."""
    if words[at].text in load("shell")["prefixes"]:
        return bool(tool_of(words[at + 1].text))
    is_prefixed = words[at - 1].text in load("shell")["prefixes"]
    return (
        bool(tool_of(words[at].text))
        and words[at + 1].text in _STARTING
        and not is_prefixed
    )
