"""Damage inside a docker command: backslashes whose line break got lost, blanks in options, capital letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tocompose.importers.docker_run.options import flag_rows
from tocompose.importers.docker_run.paste.damage import (
    Damage,
    DockerWords,
    docker_commands,
)
from tocompose.patterns import regex
from tocompose.readers.words import Token

# A line break of which the backslash, or its name in a JSON text, is left: `\ --name`, `\n --name`, `\\`.
_BROKEN_START = regex(r"(?:\\\\)?(?:\\r)?\\n(?=$|[ \t]|-)|\\\\(?=$|-)|\\(?:[ \t]+|$)")
# The signs of PowerShell, of cmd.exe and of nobody for a line that goes on. The first is in the middle of a line that
# was several, the second at the end of one; somewhere an option follows, which says that they are meant so.
_FOREIGN_BREAK = regex(r"(?<=[ \t])[`^](?=[ \t]+\S)")
_BEFORE_OPTION = regex(r"(?<=[ \t])[`^](?=[ \t]+-{1,2}[A-Za-z])")
_OPTION_START = regex(r"$|[-‐‑–—−]{1,2}[A-Za-z]")
_SLASH_BREAK = regex(r"(?<=[ \t])(?:/|\\\\)(?=[ \t]*\n[ \t]*\S)")
_SLASH_BEFORE_OPTION = regex(r"(?<=[ \t])(?:/|\\\\)(?=[ \t]*\n[ \t]*-{1,2}[A-Za-z])")
_CALL = regex(r"(?:docker|podman)[ \t]+(?:run|create)\b[^\n]*", re.IGNORECASE)
_VALUE_WITH_COLON = frozenset({"-p", "-v", "--publish", "--volume"})


def restore_breaks(text: str) -> Iterator[Damage]:
    """What is left in docker commands of line breaks that got lost."""
    yield from _foreign_breaks(text)
    bare = text.rstrip(" \t")
    if bare.endswith((" \\", "\t\\")):
        # A shell would take a backslash behind which nothing stands for an argument.
        yield Damage(len(bare) - 1, len(text), "", "TC840", "`\\` at the end")
    for command in docker_commands(text):
        if command.starts_container and any(map(_breaks_before_option, command.words)):
            yield from _lost_breaks(text, command)


def repair_spelling(text: str) -> Iterator[Damage]:
    """Capital letters and blanks that docker does not take."""
    for command in docker_commands(text):
        yield from _capital_words(command)
        if command.starts_container:
            yield from _split_options(command)
            yield from _full_stop(command)


def _full_stop(command: DockerWords) -> Iterator[Damage]:
    """The full stop of the sentence that ends with a command: no tag ends so."""
    at = command.operands_at()
    word = command.words[-1]
    if at == len(command.words) - 1 and _WITH_FULL_STOP.fullmatch(word.text):
        end_offset = word.end_offset
        yield Damage(end_offset - 1, end_offset, "", "TC850", f"`{word.text}`")


_WITH_FULL_STOP = regex(r"[\w./:@-]*\w\.")


def _foreign_breaks(text: str) -> Iterator[Damage]:
    calls = list(_CALL.finditer(text))
    for call in calls:
        if _BEFORE_OPTION.search(text, *call.span()):
            for mark in _FOREIGN_BREAK.finditer(text, *call.span()):
                yield Damage(mark.start(), mark.end(), " ", "TC840", f"`{mark[0]}`")
    if calls and _SLASH_BEFORE_OPTION.search(text, calls[0].start()):
        for mark in _SLASH_BREAK.finditer(text, calls[0].start()):
            yield Damage(mark.start(), mark.end(), "\\", "TC841", f"`{mark[0]}`")


def _capital_words(command: DockerWords) -> Iterator[Damage]:
    """`Docker run`, as the keyboard of a telephone begins a sentence."""
    for word in command.words[: command.arguments_at]:
        if word.text != word.text.lower() and word.text.isalpha():
            yield Damage(
                word.start, word.end_offset, word.text.lower(), "TC850", f"`{word.text}`"
            )


def _breaks_before_option(word: Token) -> bool:
    """Whether the word is an option, or nothing, behind what is left of a line break: no shell word is meant so."""
    match = _BROKEN_START.match(word.text)
    return match is not None and _OPTION_START.match(word.text, match.end()) is not None


def _lost_breaks(text: str, command: DockerWords) -> Iterator[Damage]:
    for word in command.arguments:
        match = _BROKEN_START.match(word.text)
        if match is None:
            continue
        # What stands alone at the end of a line is no break that got lost.
        is_last = re.match(r"[ \t]*(?:\n|\Z)", text[word.end_offset :]) is not None
        if not (is_last and match.end() == len(word.text)):
            end_offset = word.start + match.end()
            yield Damage(
                word.start, end_offset, " " * match.end(), "TC840", f"`{word.text}`"
            )


def _split_options(command: DockerWords) -> Iterator[Damage]:
    """Blanks that a PDF puts inside an option: `- p`, `-- name`, `--name = web`, `-p 8080: 80`."""
    last_at = command.operands_at() or len(command.words)
    for at, (word, following) in enumerate(pairwise(command.words)):
        # Behind what only seems to be the image, as `web` in `-- name web`, the options go on.
        if command.arguments_at <= at < last_at + 1 and _is_split(command.words, at):
            last_at = len(command.words)
            written = f"`{word.text} {following.text}`"
            yield Damage(word.end_offset, following.start, "", "TC850", written)


def _is_split(words: tuple[Token, ...], at: int) -> bool:
    """Whether a blank stands inside an option, between the word at an index and the next one."""
    rows = flag_rows("run", "podman")
    option, word, following = (token.text for token in words[at - 1 : at + 2])
    joined = (word + following).partition("=")[0]
    if word in ("-", "--"):
        return joined in rows or (word == "-" and joined[:2] in rows)
    if word.startswith("--") and word in rows:
        return following == "="
    if word == "=":
        return option in rows
    is_mapping = option in _VALUE_WITH_COLON and not following.startswith("-")
    return is_mapping and (word.endswith(":") or following.startswith(":"))
