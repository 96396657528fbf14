"""Values that hold a blank and no quotes, which a shell splits and documentation means as one.

`-e OPTIONS=--config a=b` makes `a=b` the image and every option behind it an argument of the container.
"""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.images import image_ref
from tocompose.importers.docker_run.invocation import Word
from tocompose.importers.docker_run.options import CommandLine, parse
from tocompose.tables import Row

_MOST = 20


def parsed(words: tuple[Word, ...], known: Mapping[str, Row]) -> CommandLine:
    """The command line, each value joined again that lacks its quotes, with a note at it.

    Joined is where nothing else makes sense: what would be the image cannot be one, or stands behind an option in its
    line, and further options and an image come behind it.
    """
    line = parse(words, known)
    joined: list[Word] = []
    while len(joined) < _MOST and (at := _astray(line, words, known)):
        end = _end(words, at, known)
        joined.append(words[at - 1])
        words = (*words[: at - 1], _whole(words[at - 1 : end]), *words[end:])
        line = parse(words, known)
    for first in joined:
        first.remark("TC182")
    return line


def _astray(line: CommandLine, words: tuple[Word, ...], known: Mapping[str, Row]) -> int:
    """Where the rest of a value stands that was cut off at a blank; 0 when all values are whole."""
    before = words[: len(words) - len(line.arguments)]
    for at, word in enumerate(before[1:], 1):
        if _follows_dashes(before[at - 1], word) and not _is_option(word, known):
            return at
    if line.arguments and _is_astray(line, words, known):
        return len(before)
    return 0


def _follows_dashes(value: Word, word: Word) -> bool:
    """Whether a word goes on with a list of options in a value, as `-Xmx1g` in `-e OPTS=-Xms1g -Xmx1g`."""
    return (
        word.text.startswith("-")
        and "=-" in value.text
        and value.span.line == word.span.line
    )


def _whole(words: tuple[Word, ...]) -> Word:
    sources = tuple(source for word in words for source in word.sources)
    return Word(
        " ".join(word.text for word in words), words[0].span.to(words[-1].span), sources
    )


def _is_astray(
    line: CommandLine, words: tuple[Word, ...], known: Mapping[str, Row]
) -> bool:
    """Whether what stands where the image should is rather the rest of the value in front of it."""
    image, *rest = line.arguments
    at = len(words) - len(line.arguments)
    if at == 0 or not line.options or image.span.line != words[at - 1].span.line:
        return False
    if not any(_is_option(word, known) for word in rest) or _qualified(image):
        return False
    later = _starts_of_lines(rest, image)
    if any(_qualified(word) for word in later):
        first = next(word for word in words if word.span.line == image.span.line)
        return first.text.startswith("-") and any(_is_option(word, known) for word in later)
    return image_ref(image.text) is None and _qualified(rest[-1])


def _starts_of_lines(words: list[Word], before: Word) -> list[Word]:
    found, line = [], before.span.line
    for word in words:
        if word.span.line > line:
            found.append(word)
            line = word.span.line
    return found


def _end(words: tuple[Word, ...], start: int, known: Mapping[str, Row]) -> int:
    """Behind the last word of the value: the next option, or the end of the line."""
    line = words[start].span.line
    behind = range(start + 1, len(words))
    return next(
        (i for i in behind if words[i].span.line > line or _is_option(words[i], known)),
        len(words),
    )


def _is_option(word: Word, known: Mapping[str, Row]) -> bool:
    return word.text.startswith("-") and (
        word.text.partition("=")[0] in known or word.text[:2] in known
    )


def _qualified(word: Word) -> bool:
    """Whether the word is plainly an image: one with a registry, an owner or a tag."""
    return any(sign in word.text for sign in "/:") and image_ref(word.text) is not None
