"""The settings of a service: its variables, the options inside of their values, and the options of its command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain, takewhile
from urllib.parse import urlsplit

from tocompose.knowledge.image_conditions import matches_glob
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import parse, variables
from tocompose.syntax.ports import is_loopback
from tocompose.tables import load

_NAME_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*")
_PORT = regex(r"(?:^|:)(-?\d{1,5})(?=$|[,/;\s])(?!/udp)")
_HOST_PORT = regex(
    r"(?:^|//|[,;\s])(?:(\[[^\]]*\]|[^\s/:,;\[\]]*):)?(-?\d{1,5})(?=$|[,/;\s])(?!/udp)"
)
_CAPITALS = regex(r"[A-Z0-9_]+")
# An option of one letter with its number behind it (`mariadbd -P3308`).
_GLUED_NUMBER = regex(r"(-[A-Za-z])(\d+)")
_ASSIGNED = regex(r"-{0,2}[\w.\-]+")
# Addresses of every interface: whoever asks on the machine itself is answered.
_EVERY_ADDRESS = frozenset(("", "0.0.0.0", "*", "+", "::", "0", "all"))


def answers_here(host: str) -> bool:
    """Whether a server that listens at that address answers whoever asks 127.0.0.1."""
    return host.strip("[]") in _EVERY_ADDRESS or is_loopback(host)


class Setting(NamedTuple):
    """A variable or an option, under the name that a note calls it by."""

    title: str
    value: str

    @property
    def parts(self) -> tuple[str, ...]:
        """What its name is made of, in small letters."""
        if _CAPITALS.fullmatch(self.title):
            return tuple(part for part in self.title.lower().split("_") if part)
        name = self.title.removeprefix("-D").lstrip("-")
        words = re.split(r"[_.\-]+", name)
        parts = [part for word in words for part in _word_parts(word)]
        return tuple(part.lower() for part in parts)

    @property
    def ports(self) -> list[str]:
        """The ports that it names; a variable of Compose stands for one."""
        return [self.value] if self.is_reference else _PORT.findall(self.value)

    @property
    def is_reference(self) -> bool:
        """Whether the value is a variable of Compose and nothing else."""
        return len(parse(self.value)) == 1 and bool(variables(self.value))

    @property
    def local_ports(self) -> list[str]:
        """Those of the ports at which whoever asks 127.0.0.1 is answered."""
        if self.is_reference:
            return [self.value]
        pairs = _HOST_PORT.findall(self.value)
        return [port for host, port in pairs if answers_here(host)]

    @property
    def binds_elsewhere(self) -> bool:
        """Whether the value, an address alone, leaves 127.0.0.1 out."""
        addresses = re.split(r"[,;\s]+", self.value.strip())
        return not any(map(answers_here, addresses))

    @property
    def is_off(self) -> bool:
        """Whether it switches off what it is called after."""
        return self.value.lower() in _off_words()

    @property
    def names_path(self) -> bool:
        """Whether the value is a path, or an address with one."""
        text = urlsplit(self.value).path if "://" in self.value else self.value
        return text.strip("/") != "" and not self.is_off

    def _names(self) -> Iterator[str]:
        """Its names: a property may stand behind `-E`, `-D` or `-c`, or be an option (`--server.port`)."""
        yield self.title
        is_property = self.title.startswith("--") and "." in self.title
        if is_property or self.title.startswith(("-E", "-D", "-c")):
            yield self.title[2:]

    def matches(self, name: str) -> bool:
        """Whether it is the setting that a table names, `NAME=value` with that value only."""
        title, equals, value = name.partition("=")
        if not any(matches_glob(title.lower(), own.lower()) for own in self._names()):
            return False
        return not equals or fnmatchcase(self.value.lower(), value.lower())


@cache
def _off_words() -> frozenset[str]:
    return frozenset(load("port_settings")["off"])


def _word_parts(word: str) -> list[str]:
    return [word] if word.islower() or not word.isalnum() else _NAME_PART.findall(word)


def read_settings(
    environment: Mapping[str, str | None], command: str | None
) -> Iterator[Setting]:
    """Every setting in the order in which a later one counts; what a shell fills in has its value."""
    for name, value in environment.items():
        if value is None:
            continue
        yield Setting(name, value)
        if value.startswith("-"):
            yield from _options(value)
    for option in _options((command or "").replace("$$", "$")):
        names = variables(option.value) if option.is_reference else []
        filled_in = environment.get(names[0].name) if names else None
        yield option._replace(value=filled_in) if filled_in else option


def settings_by_name(
    environment: Mapping[str, str | None], command: str | None
) -> dict[str, str]:
    """The value that counts of each setting."""
    return {setting.title: setting.value for setting in read_settings(environment, command)}


def _options(text: str) -> Iterator[Setting]:
    """The options of a command line, what is assigned in it (`-c port=5433`), and what stands before a path."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        name, equals, value = word.partition("=")
        if equals and _ASSIGNED.fullmatch(name):
            yield Setting(name, value)
        elif glued := _GLUED_NUMBER.fullmatch(word):
            yield Setting(glued[1], glued[2])
        elif word.startswith("-"):
            yield Setting(word, "" if following.startswith("-") else following)
        elif following.startswith("/"):
            paths = takewhile(lambda text: text.startswith("/"), words[index + 1 :])
            yield Setting(word, ",".join(chain.from_iterable(map(_numbered, paths))))


def _numbered(path: str) -> list[str]:
    """The folders that MinIO reads in `/data{1...4}`; the path alone where it names one."""
    match = _ELLIPSIS.fullmatch(path)
    if match is None:
        return [path]
    start, end = int(match[2]), int(match[3])
    numbers = range(start, min(end, start + _MOST_FOLDERS) + 1)
    return [f"{match[1]}{number}{match[4]}" for number in numbers]


# https://github.com/minio/minio/tree/master/docs/distributed: at most 16 drives are one set.
_ELLIPSIS = regex(r"([^{}]*)\{(\d{1,3})\.\.\.(\d{1,3})\}([^{}]*)")
_MOST_FOLDERS = 16
