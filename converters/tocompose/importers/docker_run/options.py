"""Splits a docker command line into options and arguments, as the CLI's own parser (spf13/pflag) does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tocompose.importers.docker_run.invocation import Argument
from tocompose.knowledge.secrets.names import secret_name
from tocompose.record import NamedTuple
from tocompose.tables import Row, load, table
from tocompose.wording import closest_name

_OUTCOMES = {"target", "path", "shape", "note", "ignore"}
_COLUMNS = {"short", "aliases", "mistaken", "flag", "default", *_OUTCOMES}
_BOOLEANS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


_SAME_VERBS = {
    ("image", "build"): ("build",),
    ("buildx", "build"): ("build",),
    ("builder", "build"): ("build",),
    ("image", "pull"): ("pull",),
    ("image", "rm"): ("rmi",),
}


def program_name(text: str) -> str:
    """The name of the program that a word starts, without its folder."""
    return text.rpartition("/")[2]


_CONTAINER_TOOLS = ("docker", "podman", "nerdctl")


def tool_of(word: str) -> str:
    """The container tool that a word calls, in lower case; empty for other words."""
    name = program_name(word).removesuffix(".exe").lower()
    return name if name in _CONTAINER_TOOLS else ""


def flags_with_value(tool: str) -> list[str]:
    """The options in front of the verb that take a value."""
    by_client: dict[str, list[str]] = load("shell")["globals"]
    client = tool.removesuffix(".exe").removesuffix("-remote")
    return by_client.get(client, by_client["docker"])


def read_verb(texts: Sequence[str], index: int) -> tuple[tuple[str, ...], int]:
    """The verb at an index, the long way without `container`, and where its arguments start."""
    match texts[index : index + 2]:
        case []:
            return (), index
        case ["container", subverb] if not subverb.startswith("-"):
            return (subverb,), index + 2
        case [group, subverb] if group in load("shell")["groups"]:
            if not subverb.startswith("-"):
                return _SAME_VERBS.get((group, subverb), (group, subverb)), index + 2
    return (texts[index],), index + 1


class Option(NamedTuple):
    """One flag as given; `row` is None for a flag that no table knows. `value` is what it was given, if anything."""

    name: str
    row: Row | None
    value: Argument


class CommandLine(NamedTuple):
    """The flags in order, and what stands after them."""

    options: tuple[Option, ...]
    operands: tuple[Argument, ...]

    def value_of(self, name: str) -> Argument | None:
        """The value of the flag of that long name, None where it is not given; the last of several."""
        values = self.values_of(name)
        return values[-1] if values else None

    def values_of(self, name: str) -> list[Argument]:
        """The values of all flags of that long name."""
        return [
            option.value
            for option in self.options
            if option.row and option.row["name"] == name
        ]

    def has_switch(self, name: str) -> bool:
        """Whether a flag without value is given, and not switched off."""
        value = self.value_of(name)
        try:
            return value is not None and parse_boolean(value.text)
        except ValueError:
            return False


@cache
def flag_rows(*names: str) -> Mapping[str, Row]:
    """The rows of the tables `mappings/docker/<name>.yaml` by every spelling of each flag."""
    rows: dict[str, Row] = {}
    for name in reversed(names):
        for flag, row in table(f"docker/{name}", required=set(), optional=_COLUMNS).items():
            short = [f"-{letter}" for letter in row.get("short", "")]
            for spelling in (flag, *row.get("aliases", ()), *short):
                rows[spelling] = {**row, "name": flag}
    return rows


def parse_command_line(
    arguments: tuple[Argument, ...], rows: Mapping[str, Row], interspersed: bool = False
) -> CommandLine:
    """Options and arguments of a command.

    `docker run` stops at its first argument (the image); `interspersed` goes on looking for flags, as others do.
    """
    options: list[Option] = []
    operands: list[Argument] = []
    following = list(arguments)
    while following:
        argument = following.pop(0)
        if argument.text == "--":
            argument.skip("it marks the end of the options")
            operands += following
            break
        if argument.text.startswith("--"):
            options.append(_read_long(argument, following, rows))
        elif argument.text.startswith("-") and len(argument.text) > 1:
            options += _read_short(argument, following, rows)
        elif not interspersed and _stands_for_options(argument, following):
            argument.note("TC155", written=argument.written)
        else:
            operands.append(argument)
            if not interspersed:
                operands += following
                break
    return CommandLine(tuple(options), tuple(operands))


def _stands_for_options(argument: Argument, following: list[Argument]) -> bool:
    """Whether a word is not the image but room for options: an empty variable, or `<options>` in documentation."""
    written = argument.written.strip()
    if not following or (written[:1], written[-1:]) not in (("<", ">"), ("[", "]")):
        return bool(following) and not argument.text
    return (
        following[0].text.startswith("-")
        or re.search(r"option|flag|param|arg", written, re.IGNORECASE) is not None
    )


def _read_long(
    argument: Argument, following: list[Argument], rows: Mapping[str, Row]
) -> Option:
    name, equals, value = argument.text.partition("=")
    row = rows.get(name)
    if equals:
        return Option(name, row, argument.with_text(value))
    if row is not None and row.get("flag"):
        return Option(name, row, argument.with_text("true"))
    if following and (row is not None or _looks_like_value(name, following, rows)):
        return Option(name, row, _with_value(argument, following.pop(0)))
    return Option(name, row, argument.with_text("true" if row is None else ""))


def closest_flag(misspelt: str, rows: Mapping[str, Row]) -> str:
    """The long flag that is spelt almost like this one, or that others call so; empty where none is."""
    name = f"--{misspelt.lstrip('-').lower()}"
    for flag, row in rows.items():
        if name[2:] in row.get("mistaken", ()) and flag.startswith("--"):
            return flag
    long_names = [name for name in rows if name.startswith("--")]
    return closest_name(name, long_names, 0.8) or ""


def _is_long_name(text: str, rows: Mapping[str, Row]) -> bool:
    """Whether a word with one dash is the name of a long flag (`-name web`), which docker reads letter by letter."""
    name = text.partition("=")[0]
    is_cluster = name[:2] in rows and len(name) < 4
    if is_cluster or len(name) < 3 or name in rows:
        return False
    return f"-{name}" in rows or any(
        name[1:] in row.get("mistaken", ()) for row in rows.values()
    )


def _looks_like_value(
    flag: str, following: list[Argument], rows: Mapping[str, Row]
) -> bool:
    """Whether the word after an unknown flag is its value: then a known flag comes right behind it.

    A misspelt flag takes one where the flag does that was meant, and a flag that is called like a secret always does.
    """
    if following[0].text.startswith("-") or len(following) < 2:
        return False
    if secret_name(flag):
        return True
    if meant := closest_flag(flag, rows):
        return not rows[meant].get("flag")
    follower = following[1].text.partition("=")[0]
    return follower in rows or (
        follower[:1] == "-" and follower[:2] in rows and not follower.startswith("--")
    )


def _read_short(
    argument: Argument, following: list[Argument], rows: Mapping[str, Row]
) -> Iterator[Option]:
    """A cluster such as `-it` or `-dp 80:80`: flags without value until one takes the remainder or the next word."""
    letters = argument.text[1:]
    if _is_long_name(argument.text, rows):
        option = _read_long(argument.with_text(f"-{argument.text}"), following, rows)
        yield option._replace(name=option.name[1:])
        return
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        row = rows.get(name)
        is_switch = row is not None and row.get("flag")
        if is_switch and not letters.startswith("="):
            yield Option(name, row, argument.with_text("true"))
        elif letters or row is None or is_switch or not following:
            yield Option(name, row, argument.with_text(letters.removeprefix("=")))
            if row is not None or letters:
                return
        else:
            yield Option(name, row, _with_value(argument, following.pop(0)))


def _with_value(flag: Argument, value: Argument) -> Argument:
    return Argument(value.text, flag.span.to(value.span), (*value.sources, *flag.sources))


def parse_boolean(text: str) -> bool:
    """The truth value as Go's strconv.ParseBool reads it; raises ValueError for other text."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("it takes true or false") from None
