"""Values that hold a blank and no quotes, which a shell splits and documentation means as one.

`-e OPTIONS=--config a=b` makes `a=b` the image and every option behind it an argument of the container.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.options import CommandLine, parse_command_line
from tocompose.knowledge.images import image_ref
from tocompose.tables import Row

_MOST_JOINED = 20


def parse_joining_values(
    arguments: tuple[Argument, ...], rows: Mapping[str, Row]
) -> CommandLine:
    """The command line, each value joined again that lacks its quotes, with a note at it.

    Joined is where nothing else makes sense: what would be the image cannot be one, or stands behind an option in its
    line, and further options and an image come behind it.
    """
    line = parse_command_line(arguments, rows)
    joined: list[Argument] = []
    while len(joined) < _MOST_JOINED and (at := _cut_value(line, arguments, rows)):
        value_end = _end_of_value(arguments, at, rows)
        joined.append(arguments[at - 1])
        arguments = (
            *arguments[: at - 1],
            _join_arguments(arguments[at - 1 : value_end]),
            *arguments[value_end:],
        )
        line = parse_command_line(arguments, rows)
    for line_start in joined:
        line_start.annotate("TC182")
    return line


def _cut_value(
    line: CommandLine, arguments: tuple[Argument, ...], rows: Mapping[str, Row]
) -> int:
    """Where the rest of a value stands that was cut off at a blank; 0 when all values are whole."""
    operands_start = len(arguments) - len(line.operands)
    for at, (value, argument) in enumerate(pairwise(arguments[:operands_start]), 1):
        if _follows_dashes(value, argument) and not _is_option(argument, rows):
            return at
    return (
        operands_start if line.operands and _continues_value(line, arguments, rows) else 0
    )


def _follows_dashes(value: Argument, argument: Argument) -> bool:
    """Whether a word goes on with a list of options in a value, as `-Xmx1g` in `-e OPTS=-Xms1g -Xmx1g`."""
    return (
        argument.text.startswith("-")
        and "=-" in value.text
        and value.span.line == argument.span.line
    )


def _join_arguments(arguments: tuple[Argument, ...]) -> Argument:
    sources = tuple(source for argument in arguments for source in argument.sources)
    return Argument(
        " ".join(argument.text for argument in arguments),
        arguments[0].span.to(arguments[-1].span),
        sources,
    )


def _continues_value(
    line: CommandLine, arguments: tuple[Argument, ...], rows: Mapping[str, Row]
) -> bool:
    """Whether what stands where the image should is rather the rest of the value in front of it."""
    image, *following = line.operands
    source_line = image.span.line
    at = len(arguments) - len(line.operands)
    if at == 0 or source_line != arguments[at - 1].span.line or _is_plainly_image(image):
        return False
    if not _hold_option(following, rows):
        return False
    later = _starts_of_lines(following, image)
    if any(map(_is_plainly_image, later)):
        starts = (argument for argument in arguments if argument.span.line == source_line)
        return next(starts).text.startswith("-") and _hold_option(later, rows)
    return image_ref(image.text) is None and _is_plainly_image(following[-1])


def _hold_option(arguments: list[Argument], rows: Mapping[str, Row]) -> bool:
    return any(_is_option(argument, rows) for argument in arguments)


def _starts_of_lines(arguments: list[Argument], earlier: Argument) -> list[Argument]:
    starts, line = [], earlier.span.line
    for argument in arguments:
        if argument.span.line > line:
            starts.append(argument)
            line = argument.span.line
    return starts


def _end_of_value(
    arguments: tuple[Argument, ...], start: int, rows: Mapping[str, Row]
) -> int:
    """Behind the last word of the value: the next option, or the end of the line."""
    line = arguments[start].span.line
    for index in range(start + 1, len(arguments)):
        if arguments[index].span.line > line or _is_option(arguments[index], rows):
            return index
    return len(arguments)


def _is_option(argument: Argument, rows: Mapping[str, Row]) -> bool:
    return argument.text.startswith("-") and (
        argument.text.partition("=")[0] in rows or argument.text[:2] in rows
    )


def _is_plainly_image(argument: Argument) -> bool:
    """Whether the word is plainly an image: one with a registry, an owner or a tag."""
    return (
        any(sign in argument.text for sign in "/:") and image_ref(argument.text) is not None
    )
