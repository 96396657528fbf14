"""Programs that run the command behind them: where that command begins, and which of them listen in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.tables import Row, load, table

_ASSIGNMENT = regex(r"[A-Za-z_]\w*=.*", re.DOTALL)
_NUMBER = regex(r"\d{1,5}")
_OWN_OPTIONS = frozenset[str]()


class Front(NamedTuple):
    """A wrapper that listens itself: on which port, and on which one the command behind it does.

    `unread` names the variable that says the port in a way that is not a number. `secure_port` is where it answers
    when `secure_by` is set, which names the variable; both are empty otherwise.
    """

    title: str
    port: str
    target: str
    unread: str = ""
    secure_by: str = ""
    secure_port: str = ""


class Wrapper(NamedTuple):
    """How a program is written that runs the command behind it."""

    words: tuple[str, ...]
    options: frozenset[str] = _OWN_OPTIONS
    arguments: int = 0
    dashes: bool = False
    assigns: bool = False
    reaps: bool = False
    library: bool = False
    fetches: bool = False
    environment: bool = False
    module: bool = False
    buildpack: str = ""
    front: Row | None = None

    def stands_at(self, words: Sequence[str], index: int) -> bool:
        """Whether the words at an index begin with it."""
        end_index = index + len(self.words)
        name = words[index].rpartition("/")[2]
        return (name, *words[index + 1 : end_index]) == self.words

    def command_index(self, words: Sequence[str], index: int) -> int:
        """Where the command begins that it runs, standing at an index."""
        index += len(self.words)
        if self.dashes and "--" in words[index:]:
            return words.index("--", index) + 1
        remaining = self.arguments
        while index < len(words):
            word = words[index]
            if word == "--" and not remaining:
                return index + 1
            if word.startswith("-") and len(word) > 1:
                index += word in self.options
            elif not (self.assigns and _ASSIGNMENT.fullmatch(word)):
                if not remaining:
                    return index
                remaining -= 1
            index += 1
        return index


def entry_words(service: Service) -> tuple[str, ...]:
    """The words of the entry point; none for an empty word, which only clears that of the image."""
    return tuple(filter(None, service.entrypoint or ()))


def stated_argv(service: Service) -> tuple[str, ...]:
    """The words that are stated to run: those of the entry point, then those of the command."""
    return (*entry_words(service), *(service.command or ()))


def wrapper_at(words: Sequence[str], index: int = 0) -> Wrapper | None:
    """The wrapper that the words at an index begin with; None where they begin with another program."""
    if index >= len(words):
        return None
    candidates = _wrappers().get(words[index].rpartition("/")[2], ())
    return next((row for row in candidates if row.stands_at(words, index)), None)


def wrappers_before(words: Sequence[str]) -> Iterator[tuple[Wrapper, int]]:
    """The wrappers that a command begins with, each with the index at which what it runs begins."""
    index = 0
    while wrapper := wrapper_at(words, index):
        index = wrapper.command_index(words, index)
        yield wrapper, index


def behind_wrappers(words: list[str], modules: bool = False) -> list[str]:
    """The words from the program on that others only start (`exec`, `bundle exec`, `tini --`).

    With `modules` from the module on that Python is told to run.
    """
    start = 0
    for wrapper, index in wrappers_before(words):
        if wrapper.module and not modules:
            break
        start = index
    return words[start:]


def is_init(word: str) -> bool:
    """Whether a word is a program that as process 1 passes signals on."""
    wrapper = wrapper_at((word,))
    return wrapper is not None and wrapper.reaps


def front_of(words: Sequence[str], variables: Mapping[str, str | None]) -> Front | None:
    """The wrapper that listens in front of a command; None where the command itself does."""
    for wrapper, _ in wrappers_before(words):
        if wrapper.front is not None:
            return _read_front(wrapper.front, variables)
    return None


def _read_front(row: Row, variables: Mapping[str, str | None]) -> Front:
    settings: dict[str, str] = {name: value for name, value in variables.items() if value}
    named = next(filter(settings.__contains__, row["variables"]), "")
    port = settings.get(named, str(row["port"]))
    is_number = _NUMBER.fullmatch(port) is not None
    targets = (settings[name] for name in row["targets"] if name in settings)
    target = next(filter(_NUMBER.fullmatch, targets), row["target"])
    front = Front(
        title=row["title"],
        port=port if is_number else str(row["port"]),
        target=target,
        unread="" if is_number else named,
    )
    secure_by = next(filter(settings.__contains__, row["tls"]), "")
    return (
        front._replace(secure_by=secure_by, secure_port=row["tls_port"])
        if secure_by
        else front
    )


@cache
def _wrappers() -> Mapping[str, tuple[Wrapper, ...]]:
    """The wrappers by their first word, those with more words first."""
    shell = load("shell")
    by_name: dict[str, tuple[Wrapper, ...]] = {}
    for name, options in shell["prefixes"].items():
        wrapper = Wrapper((name,), frozenset(options), assigns=name in shell["assigning"])
        by_name[name] = (wrapper._replace(arguments=int(name in shell["timed"])),)
    for text, row in sorted(_rows().items(), key=_count_words):
        name = text.partition(" ")[0]
        by_name[name] = (_make_wrapper(text, row), *by_name.get(name, ()))
    return by_name


def _count_words(text_and_row: tuple[str, Row]) -> int:
    return text_and_row[0].count(" ")


def _make_wrapper(text: str, row: Row) -> Wrapper:
    options = frozenset(row.get("options", ()))
    return Wrapper(**{**row, "words": tuple(text.split()), "options": options})


def _rows() -> Mapping[str, Row]:
    optional = {*Wrapper._fields} - {"words"}
    return table("wrappers", required=set(), optional=optional)
