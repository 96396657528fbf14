"""Secrets in commands: passwords given as options, in words of a list or inside a shell script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import Any

from tocompose.knowledge.secrets.names import secret_name, words_of
from tocompose.knowledge.secrets.texts import may_be_secret, passwords
from tocompose.knowledge.servers import client_programs
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import variable_name

_OPTION = regex(r"-{1,2}[A-Za-z][\w.-]*")
_IN_TEXT = (
    r"(?<![\w-])(?P<name>-{1,2}[A-Za-z][\w.-]*|[A-Z][A-Z0-9_]+)(?P<gap>=|\s+)(?P<quote>['\"]?)"
    r"(?P<value>[^\s'\";|&<>()`]+)"
)
# By what stands in every text that the pattern can be in.
_SHORT = {
    "curl": r"\bcurl\b[^;|&]{0,1000}?\s(?:-[A-Za-z]*u|--user)[\s=]+['\"]?[^\s:'\"]+:(?P<value>[^\s'\";|&]+)",
    "-stdin": r"\b(?:echo|printf)\s+(?:-\w+\s+)?['\"]?(?P<value>[^\s'\"|]+)['\"]?\s*\|[^|;&\n]{0,200}-stdin\b",
    # https://min.io/docs/minio/linux/reference/minio-mc/mc-alias-set.html
    "mc": r"\bmc\s+(?:--?\S+\s+)?(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+\S+\s+['\"]?(?P<value>[^\s'\";|&]+)",
}
# A word of a script, whole when it is quoted; up to the end of a command, whose lines a backslash continues.
_VALUE = r"(?:'(?P<single>[^']+)'|\"(?P<double>[^\"]+)\"|(?P<value>[^\s'\";|&<>()`-][^\s'\";|&<>()`]*))"
_REST = r"(?:[^;|&\n]|(?<=\\)\n){0,2000}?"
# `env PGPASSWORD=… psql`.
_ASSIGNMENT = regex(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>\S+)")
# `${API_TOKEN:-default}` in a script: the default is a value.
_DEFAULT = regex(r"\$\$\{(?P<name>[A-Za-z_]\w*):?-(?P<value>[^}$'\"\s]+)\}")


def command_secrets(service: Service) -> Iterator[tuple[str, str, Span | None]]:
    """Every secret in the service's commands, with a name for its setting; texts with variables are left alone."""
    check = service.healthcheck
    found: dict[str, str] = {}
    for words in (service.entrypoint, service.command, check.test if check else None):
        for value, option in _in_words(_with_program(words or (), service)):
            text = plain(value)
            if text and not text.startswith("$") and may_be_secret(text):
                found.setdefault(text, _name(service, option))
    return ((text, name, service.origin) for text, name in found.items())


def _with_program(words: tuple[str, ...], service: Service) -> tuple[str, ...]:
    """The words of a command; an image of a client that is given only options runs that client."""
    program = (service.image or "").partition(":")[0].rpartition("/")[2]
    bare = (
        words is service.command
        and service.entrypoint is None
        and bool(words)
        and words[0].startswith("-")
    )
    return (program, *words) if bare else words


def _in_words(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        option, equals, value = word.partition("=")
        if _ASSIGNMENT.fullmatch(word) and secret_name(option):
            yield value, option
        elif _OPTION.fullmatch(option) and secret_name(option):
            text = value if equals else following
            if text and not text.startswith("-"):
                yield text, option
        elif any(mark in word for mark in " \n\t"):
            yield from _in_script(word)
        yield from ((word[start:end], "password") for start, end in passwords(word))
    line = " ".join(words)
    yield from ((line[start:end], "password") for start, end in _short_spans(line))
    yield from ((value, "password") for value in _given_to_client(words))


def _given_to_client(words: tuple[str, ...]) -> Iterator[str]:
    """The values of the options that are passwords to the program which the words start."""
    client: Mapping[str, Any] = {}
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        client = _clients().get(word.rpartition("/")[2], client)
        if word in client.get("next", ()) and not following.startswith("-"):
            yield following
        elif word not in client.get("next", ()):
            yield from (
                word[len(start) :].removeprefix("=")
                for start in _glued(client)
                if word.startswith(start)
            )


def _glued(client: Mapping[str, Any]) -> Iterator[str]:
    yield from client.get("glued", ())
    yield from (f"{option}=" for option in client.get("next", ()))


@cache
def _clients() -> Mapping[str, Mapping[str, Any]]:
    return {name: options for name, options in client_programs().items() if options}


@cache
def _script_patterns() -> tuple[tuple[list[str], re.Pattern[str]], ...]:
    """For each set of options the programs that have it, and a pattern that finds their values in a script."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for name, row in _clients().items():
        separate = [rf"{option}(?:=|\s+)" for option in row.get("next", ())]
        kinds.setdefault((*separate, *row.get("glued", ())), []).append(name)
    return tuple(
        (
            names,
            regex(
                rf"(?<![\w-])(?:{'|'.join(names)})(?![\w-]){_REST}\s(?:{'|'.join(options)}){_VALUE}"
            ),
        )
        for options, names in kinds.items()
    )


def _in_script(text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(_IN_TEXT, text):
        assigned = match["name"].startswith("-") or match["gap"] == "="
        if assigned and secret_name(match["name"]) and not match["value"].startswith("-"):
            yield match["value"], match["name"]
    for match in _DEFAULT.finditer(text):
        if secret_name(match["name"]):
            yield match["value"], match["name"]
    yield from ((text[start:end], "password") for start, end in _client_spans(text))


def script_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where the passwords stand that programs of a command line are given."""
    yield from _short_spans(text)
    yield from _client_spans(text)


def _short_spans(text: str) -> Iterator[tuple[int, int]]:
    for word, pattern in _SHORT.items():
        if word in text:
            yield from (match.span("value") for match in re.finditer(pattern, text))


def _client_spans(text: str) -> Iterator[tuple[int, int]]:
    """A program may be given more than one: each search goes on after the last find."""
    for names, pattern in _script_patterns():
        if any(name in text for name in names):
            yield from (
                match.span(match.lastgroup or 0) for match in pattern.finditer(text)
            )


def _name(service: Service, option: str) -> str:
    """`CACHE_PASSWORD` for `--requirepass` of the service cache."""
    words = words_of(option)
    plain_words = (
        "PASSWORD"
        if set(words) & {"REQUIREPASS", "MASTERAUTH", "PASSWORD", "PASS"}
        else "_".join(words)
    )
    return variable_name(f"{service.name}_{plain_words}")
