"""Where and how a server listens, as far as its variables and its command move that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tocompose.knowledge.images import ImageFacts
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import environment_of
from tocompose.tables import load

_NAME_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]*")
_PORT = regex(r"(?:^|:)(-?\d{1,5})(?=$|[,/;\s])")
_CLOSED = ("0", "-1")
_CAPITALS = regex(r"[A-Z0-9_]+")


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
        """The ports that it names."""
        return _PORT.findall(self.value)

    @property
    def is_off(self) -> bool:
        """Whether it switches off what it is called after."""
        words: frozenset[str] = _table()["off"]
        return self.value.lower() in words


class Listening(NamedTuple):
    """What moves a server: the setting of its port, and one after which a path or the protocol is another."""

    port: Setting | None = None
    path: Setting | None = None
    tls: Setting | None = None

    @property
    def sure_port(self) -> str | None:
        """The port that is surely meant; None where there are several, or the setting closes it."""
        ports = self.port.ports if self.port else []
        return ports[0] if len(ports) == 1 and ports[0] not in _CLOSED else None


def listening_of(service: Service, image: ImageFacts) -> Listening:
    """What moves the server of the image, in that service."""
    port = path = tls = None
    own_parts = frozenset(re.split(r"[_.\-/]+", image.id))
    settings = list(_settings(service))
    has_listeners = any(
        "listeners" in setting.parts and "advertised" not in setting.parts
        for setting in settings
    )
    for setting in settings:
        if "advertised" in setting.parts and has_listeners:
            continue
        if setting.ports and _says_own_port(setting.parts, own_parts):
            port = setting
        if _moves_path(setting):
            path = setting
        if _moves_protocol(setting, own_parts):
            tls = setting
    return Listening(port, path, tls)


def _word_parts(word: str) -> list[str]:
    return [word] if word.islower() or not word.isalnum() else _NAME_PART.findall(word)


def _settings(service: Service) -> Iterator[Setting]:
    """The variables, the options inside of their values, and the options of the command."""
    for name, value in environment_of(service).items():
        if value is None:
            continue
        yield Setting(name, value)
        if value.startswith("-"):
            yield from _options(value)
    yield from _options(command_text(service) or "")


def _options(text: str) -> Iterator[Setting]:
    """The options of a command line, and what is assigned in it (`-c port=5433`)."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for word, following in zip(words, [*words, ""][1:], strict=True):
        name, equals, value = word.partition("=")
        if equals and re.fullmatch(r"-{0,2}[\w.\-]+", name):
            yield Setting(name, value)
        elif word.startswith("-"):
            yield Setting(word, "" if following.startswith("-") else following)


def _says_own_port(parts: tuple[str, ...], own_parts: frozenset[str]) -> bool:
    table = _table()
    if parts == ("p",):
        return True
    if not set(parts) & table["port"]:
        return False
    own = table["listen"] | table["port"] | table["own"] | own_parts
    foreign = table["others"] - own_parts
    starts_own = len(parts) > 2 and parts[1] in table["listen"] and parts[0] not in foreign
    said = frozenset(parts[1:] if starts_own else parts)
    return all(part in own for part in said)


def _moves_path(setting: Setting) -> bool:
    parts = setting.parts
    for row in _table()["path"]:
        asked = row["parts"]
        width = len(asked)
        held = any(list(parts[at : at + width]) == asked for at in range(len(parts)))
        if held and _PATH_VALUES[row["of"]](setting):
            return True
    return False


def _has_path(setting: Setting) -> bool:
    return setting.value.startswith("/") and setting.value.strip("/") != ""


def _has_address_path(setting: Setting) -> bool:
    return urlsplit(setting.value).path.strip("/") != ""


def _is_switched_on(setting: Setting) -> bool:
    return not setting.is_off


_PATH_VALUES: dict[str, Callable[[Setting], bool]] = {
    "value": _has_path,
    "address": _has_address_path,
    "switch": _is_switched_on,
}


def _moves_protocol(setting: Setting, own_parts: frozenset[str]) -> bool:
    """Whether the setting switches encryption on, or names a protocol that a plain client does not speak."""
    table, parts = _table(), set(setting.parts)
    if parts & (table["others"] - own_parts - table["tls"]):
        return False
    if "listeners" in parts:
        return re.search(r"SSL|SASL", setting.value) is not None
    if parts & table["schemes"]:
        return setting.value.lower() == "https"
    named = any(part.startswith(word) for part in parts for word in table["tls"])
    return named and not setting.is_off


@cache
def _table() -> Mapping[str, Any]:
    table = dict(load("port_settings"))
    sets = ("port", "listen", "own", "tls", "schemes", "off")
    return table | {
        "others": frozenset(table["others"].split()),
        **{name: frozenset(table[name]) for name in sets},
    }
