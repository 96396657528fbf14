"""Secrets in commands: passwords given as options, in words of a list or inside a shell script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.practices.secret_names import may_be_secret, passwords, secret_name, words_of
from tocompose.source import Span
from tocompose.values import plain, variable_name

_OPTION = regex(r"-{1,2}[A-Za-z][\w.-]*")
_IN_TEXT = (
    r"(?<![\w-])(?P<name>-{1,2}[A-Za-z][\w.-]*|[A-Z][A-Z0-9_]+)(?P<gap>=|\s+)(?P<quote>['\"]?)"
    r"(?P<value>[^\s'\";|&<>()`]+)"
)
# `-a` and `-p` mean a password to these programs only.
_SHORT = (
    r"\b(?:redis|valkey|keydb)-cli\b[^;|&]*?\s-a\s+['\"]?(?P<value>[^\s'\";|&]+)",
    r"\b(?:mysql|mysqladmin|mysqldump|mariadb|mariadb-admin|mariadb-dump)\b[^;|&]*?\s-p['\"]?(?P<value>[^\s'\";|&]+)",
    r"\bcurl\b[^;|&]*?\s(?:-[A-Za-z]*u|--user)[\s=]+['\"]?[^\s:'\"]+:(?P<value>[^\s'\";|&]+)",
    r"[Aa]uthorization:\s*(?:[Bb]earer|[Bb]asic)\s+(?P<value>[^\s'\";|&]{6,})",
)
# `${API_TOKEN:-default}` in a script: the default is a value.
_DEFAULT = regex(r"\$\$\{(?P<name>[A-Za-z_]\w*):?-(?P<value>[^}$'\"\s]+)\}")


def command_secrets(service: Service) -> Iterator[tuple[str, str, Span | None]]:
    """Every secret in the service's commands, with a name for its setting; texts with variables are left alone."""
    check = service.healthcheck
    found: dict[str, str] = {}
    for words in (service.entrypoint, service.command, check.test if check else None):
        for value, option in _in_words(words or ()):
            text = plain(value)
            if text and not text.startswith("$") and may_be_secret(text):
                found.setdefault(text, _name(service, option))
    return ((text, name, service.origin) for text, name in found.items())


def _in_words(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        option, equals, value = word.partition("=")
        if _OPTION.fullmatch(option) and secret_name(option):
            text = value if equals else following
            if text and not text.startswith("-"):
                yield text, option
        elif any(mark in word for mark in " \n\t"):
            yield from _in_script(word)
        yield from ((word[start:end], "password") for start, end in passwords(word))
    line = " ".join(words)
    for pattern in _SHORT:
        yield from ((match["value"], "password") for match in re.finditer(pattern, line))


def _in_script(text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(_IN_TEXT, text):
        assigned = match["name"].startswith("-") or match["gap"] == "="
        if assigned and secret_name(match["name"]) and not match["value"].startswith("-"):
            yield match["value"], match["name"]
    for match in _DEFAULT.finditer(text):
        if secret_name(match["name"]):
            yield match["value"], match["name"]


def script_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where the passwords stand that programs of a command line are given."""
    for pattern in _SHORT:
        yield from (match.span("value") for match in re.finditer(pattern, text))


def _name(service: Service, option: str) -> str:
    """`CACHE_PASSWORD` for `--requirepass` of the service cache."""
    words = words_of(option)
    plain_words = "PASSWORD" if set(words) & {"REQUIREPASS", "MASTERAUTH", "PASSWORD", "PASS"} else "_".join(words)
    return variable_name(f"{service.name}_{plain_words}")
