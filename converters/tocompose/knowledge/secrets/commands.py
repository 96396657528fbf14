"""Secrets in commands: passwords given as options, in words of a list or inside a shell script.

All spans are those of the texts as Compose reads them: `$$` is a dollar sign, `${NAME}` a variable.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate, groupby, zip_longest
from typing import Any

from tocompose.knowledge.secrets.names import hints_at_secret, secret_name, words_of
from tocompose.knowledge.secrets.texts import (
    TOKEN,
    mask_variables,
    may_be_secret,
    outside_messages,
    password_spans,
    replace_spans,
)
from tocompose.knowledge.servers import client_programs
from tocompose.model import Service
from tocompose.patterns import HintedPattern, regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import Variable, nested_variables, plain
from tocompose.syntax.names import variable_name
from tocompose.tables import load

_OPTION = regex(r"-{1,2}[A-Za-z][\w.-]*")
# A word of a script, whole where it is quoted. A quote behind a word without one may close what is around it
# (`su -c 'x -p y'`); behind a first quote further parts are the same word (`'it'\\''s'`).
_QUOTED = r"'[^']*'|\"(?:[^\"\\]|\\.)*\""
_END = r"(?![^\s;|&<>()`])"
_BARE = r"(?:\\.|[^\s'\";|&<>()`\\])"
_SCRIPT_WORD = (
    rf"(?:'(?P<single>[^']+)'{_END}|\"(?P<double>(?:[^\"\\]|\\.)+)\"{_END}"
    rf"|(?P<value>(?:{_QUOTED})(?:{_QUOTED}|{_BARE})+|(?!-){_BARE}+))"
)
_OPTION_NAME = r"(?<![\w-])(?P<name>-{1,2}[A-Za-z][\w.-]*|[A-Z][A-Z0-9_]+)(?P<gap>=|\s+)"
# What begins a text that something fills in.
_FILLED_IN = "$%<{`"
_NAMED_OPTION = regex(_OPTION_NAME)
_SCRIPT_OPTION = regex(f"{_OPTION_NAME}{_SCRIPT_WORD}")
# Up to the end of a command, whose lines a backslash continues.
_SAME_COMMAND = r"(?:[^;|&\n]|(?<=\\)\n){0,2000}?"
# `env PGPASSWORD=… psql`.
_ASSIGNMENT = regex(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>\S+)")
_COMMAND_KEYS = frozenset({"command", "entrypoint", "runtime_flags", "test"})
_PASSWORD = "password"
_TOKEN = "token"


class CommandSecret(NamedTuple):
    """Where a secret stands in the words of a command, and the option or variable that it is given as."""

    word: int
    start: int
    end: int
    option: str


def service_command_secrets(
    service: Service,
) -> Iterator[tuple[tuple[str, ...], CommandSecret]]:
    """Every secret in the service's commands, with the keys of the command."""
    check = service.healthcheck
    commands = {
        ("entrypoint",): service.entrypoint,
        ("command",): service.command,
        ("healthcheck", "test"): check.test if check else None,
    }
    for keys, arguments in commands.items():
        program = _program_of_image(service) if keys == ("command",) else ()
        for secret in command_secrets((*program, *(arguments or ()))):
            if secret.word >= len(program):
                yield keys, secret._replace(word=secret.word - len(program))
    for hook_keys, hook_arguments in _hook_commands(service):
        for secret in command_secrets(hook_arguments):
            yield hook_keys, secret
    yield from ((("command",), secret) for secret in _image_users(service))


def _hook_commands(service: Service) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The commands that are run after the start and before the stop, each with its keys."""
    for key in ("post_start", "pre_stop"):
        hooks = service.options.get(key)
        for index, hook in enumerate(hooks if isinstance(hooks, list) else ()):
            arguments = hook.get("command") if isinstance(hook, dict) else None
            if isinstance(arguments, list) and all(
                isinstance(word, str) for word in arguments
            ):
                yield (key, str(index), "command"), arguments


def _image_users(service: Service) -> Iterator[CommandSecret]:
    """The passwords of users that the words of a command are to the image."""
    name = re.split(r"[:@]", service.image or "")[0]
    pattern = load("secrets")["images"].get(name)
    for index, argument in enumerate(service.command or ()):
        if pattern and (match := re.fullmatch(pattern, argument)):
            yield CommandSecret(index, *match.span("password"), _PASSWORD)


def _program_of_image(service: Service) -> tuple[str, ...]:
    """The program that the image runs where it is given nothing but options, or words that only this program knows."""
    arguments = service.command or ()
    program = re.split(r"[:@]", service.image or "")[0].rpartition("/")[2]
    if service.entrypoint is not None or not arguments or arguments[0] == program:
        return ()
    is_told = arguments[0].startswith("-") or program in _hinted_programs()
    return (program,) if is_told else ()


@cache
def _hinted_programs() -> frozenset[str]:
    """The programs whose name a pattern asks for, which stands nowhere where it is the image's own."""
    rows = load("secrets")["programs"]
    return frozenset(hint for row in rows for hint in row["hints"][0])


def command_secrets(arguments: Sequence[str]) -> list[CommandSecret]:
    """Where secrets stand in the words of a command, in order, none within another.

    One that is a variable of Compose or has one in it counts, one that the shell fills in does not.
    """
    secrets: list[CommandSecret] = []
    outlines = [mask_variables(argument) for argument in arguments]
    for secret in sorted({*_word_secrets(outlines), *_line_secrets(outlines)}, key=_rank):
        text = arguments[secret.word][secret.start : secret.end]
        previous_secret = secrets[-1] if secrets else None
        overlaps = (
            previous_secret
            and previous_secret.word == secret.word
            and secret.start < previous_secret.end
        )
        is_filled_in = text.startswith("$$") and secret.option != _TOKEN
        if (
            text
            and not is_filled_in
            and not overlaps
            and _may_be_secret(secret.option, text)
        ):
            secrets.append(secret)
    return secrets


def nested_command_secrets(
    body: Any,
) -> Iterator[tuple[tuple[str, ...], list[CommandSecret]]]:
    """The secrets of the commands that a map holds at any depth, by the keys of the word that they stand in."""
    for key, value_below in body.items() if isinstance(body, Mapping) else ():
        if key in _COMMAND_KEYS and isinstance(value_below, list):
            secrets = command_secrets([str(argument) for argument in value_below])
            for number, of_word in groupby(secrets, lambda secret: secret.word):
                yield (key, str(number)), list(of_word)
        else:
            for keys, nested_secrets in nested_command_secrets(value_below):
                yield (key, *keys), nested_secrets


def _rank(secret: CommandSecret) -> tuple[int, int, int, bool]:
    """In order, of those that start together the longest first, and one with a name before one without."""
    return secret.word, secret.start, -secret.end, secret.option in (_PASSWORD, _TOKEN)


def _may_be_secret(option: str, text: str) -> bool:
    value = plain(text)
    return value is None or may_be_secret(value, option)


def _word_secrets(arguments: Sequence[str]) -> Iterator[CommandSecret]:
    """The secrets of which one word, or the word before it, says what they are."""
    for index, (argument, following) in enumerate(
        zip_longest(arguments, arguments[1:], fillvalue="")
    ):
        named_secret = _named_secret(index, argument, following)
        if named_secret is not None:
            yield named_secret
        elif any(space in argument for space in " \n\t"):
            for start, stop, name in _script_secrets(argument):
                yield CommandSecret(index, start, stop, name)
        for start, stop in password_spans(argument):
            yield CommandSecret(index, start, stop, _PASSWORD)
        for match in TOKEN.finditer(argument):
            yield CommandSecret(index, *match.span(), _TOKEN)
    yield from _client_secrets(arguments)


def _named_secret(index: int, argument: str, following: str) -> CommandSecret | None:
    """The value of an assignment or an option whose name is that of a secret; it may be the word that follows."""
    name, equals, value = argument.partition("=")
    is_assignment = _ASSIGNMENT.fullmatch(argument) is not None
    is_option = _OPTION.fullmatch(name) is not None
    if not (is_assignment or is_option) or not secret_name(name):
        return None
    if is_assignment or (equals and not value.startswith("-")):
        return CommandSecret(index, len(name) + len(equals), len(argument), name)
    if not equals and following and not following.startswith("-"):
        return CommandSecret(index + 1, 0, len(following), name)
    return None


def _line_secrets(arguments: Sequence[str]) -> Iterator[CommandSecret]:
    """The secrets that only the command line as a whole gives away."""
    starts = list(accumulate((len(argument) + 1 for argument in arguments), initial=0))
    for start, stop in _program_spans(" ".join(arguments)):
        index = bisect_right(starts, start) - 1
        yield CommandSecret(index, start - starts[index], stop - starts[index], _PASSWORD)


def _client_secrets(arguments: Sequence[str]) -> Iterator[CommandSecret]:
    """The values of the options that are passwords to the program which the words start."""
    options: Mapping[str, Any] = {}
    for index, (argument, following) in enumerate(
        zip_longest(arguments, arguments[1:], fillvalue="")
    ):
        options = _password_options().get(argument.rpartition("/")[2], options)
        if argument in options.get("next", ()):
            if following and not following.startswith("-"):
                yield CommandSecret(index + 1, 0, len(following), _PASSWORD)
            continue
        for option in _joined_options(options):
            if argument.startswith(option):
                equals = argument.startswith("=", len(option))
                yield CommandSecret(index, len(option) + equals, len(argument), _PASSWORD)


def _joined_options(options: Mapping[str, Any]) -> Iterator[str]:
    yield from options.get("glued", ())
    yield from (f"{option}=" for option in options.get("next", ()))


@cache
def _password_options() -> Mapping[str, Mapping[str, Any]]:
    """The options that are passwords, by the client programs that have any."""
    return {name: options for name, options in client_programs().items() if options}


@cache
def _client_patterns() -> tuple[tuple[list[str], re.Pattern[str]], ...]:
    """For each set of options the programs that have it, and a pattern that finds their values in a script."""
    programs: dict[tuple[str, ...], list[str]] = {}
    for name, row in _password_options().items():
        separate = [rf"{option}(?:=|\s+)" for option in row.get("next", ())]
        programs.setdefault((*separate, *row.get("glued", ())), []).append(name)
    return tuple(
        (
            names,
            regex(
                rf"(?<![\w-])(?:{'|'.join(names)})(?![\w-]){_SAME_COMMAND}"
                rf"\s(?:{'|'.join(options)}){_SCRIPT_WORD}"
            ),
        )
        for options, names in programs.items()
    )


def _script_secrets(text: str) -> Iterator[tuple[int, int, str]]:
    """Where secrets stand in a shell script, each with the name that it is given under."""
    for match in _option_matches(text):
        name = match["name"]
        if name.startswith("-") or match["gap"] == "=":
            yield (*match.span(match.lastgroup or 0), name)
    yield from _shell_defaults(text)
    for start, stop in _client_spans(text):
        yield start, stop, _PASSWORD


def _option_matches(text: str, head: str = "") -> Iterator[re.Match[str]]:
    """Each option or assignment of a secret whose name begins so, with its word, which may have options of its own.

    None where nothing in the text is called as a secret is. Words are looked at behind such names alone, and not in a
    value that is a secret as a whole: in a chain (`A=B=C=…`) each reaches to the end.
    """
    done = 0
    for named in _NAMED_OPTION.finditer(text) if hints_at_secret(text) else ():
        name = named["name"]
        if named.start() < done or not (name.startswith(head) and secret_name(name)):
            continue
        match = _SCRIPT_OPTION.match(text, named.start())
        if match is not None:
            yield match
            done = match.end() if _is_whole_secret(match) else done


def _is_whole_secret(option: re.Match[str]) -> bool:
    """Whether all that follows the sign is a secret, without quotes that may hold a script."""
    value = str(option["value"] or "")
    if option["gap"] != "=" or not value:
        return False
    return value[0] not in _FILLED_IN and may_be_secret(value)


def _shell_defaults(text: str) -> Iterator[tuple[int, int, str]]:
    """`$${API_TOKEN:-default}` in a script: the default is a value."""
    for variable in shell_variables(text):
        default = variable.default
        if default and "$" not in default and secret_name(variable.name):
            yield variable.operand_start, variable.end_offset - 1, variable.name


def shell_variables(text: str) -> Iterator[Variable]:
    """The variables, at any depth, that are left to a shell in the container: those with a doubled dollar sign."""
    # A character of the same width stands for the dollar sign that Compose takes away.
    shell_text = text.replace("$$", "\ue000$")
    for variable in nested_variables(shell_text):
        if shell_text.startswith("\ue000", max(variable.start - 1, 0)):
            yield variable


def script_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where the passwords stand that programs of a command line are given; what the shell fills in is none."""
    spans = (*_program_spans(text), *_client_spans(text), *_option_spans(text))
    for start, stop in outside_messages(text, spans):
        if text[start] not in _FILLED_IN and may_be_secret(text[start:stop]):
            yield start, stop


def secret_spans(text: str, name: str = "") -> list[tuple[int, int]]:
    """Where the text holds secrets by its form; it may be a command line, under a name."""
    return sorted({*password_spans(text, name), *script_secrets(text)})


def without_script_secrets(text: str) -> str:
    """The command line with an ellipsis in the place of each password that a program is given."""
    edits = ((start, stop, "…") for start, stop in script_secrets(text))
    return replace_spans(text, edits)


def _option_spans(text: str) -> Iterator[tuple[int, int]]:
    """`--requirepass x` in a line of options."""
    for match in _option_matches(text, "--"):
        yield match.span(match.lastgroup or 0)


# Every rule that looks at a command asks again.
@lru_cache(maxsize=4096)
def _program_spans(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(
        match.span(match.lastgroup or 0)
        for pattern in _program_patterns()
        if pattern.may_match(text)
        for match in pattern.compiled.finditer(text)
    )


@cache
def _program_patterns() -> tuple[HintedPattern, ...]:
    """The pattern of each row of `programs` in `mappings/secrets.yaml`."""
    return tuple(
        HintedPattern(_expand_pattern(row["pattern"]), 0, row["hints"])
        for row in load("secrets")["programs"]
    )


def _expand_pattern(pattern: str) -> str:
    """The regular expression for a pattern of the table."""
    words = {
        "VALUE_TO_AT": r"(?P<value>[^\s@/'\"]+)",
        "VALUE": _SCRIPT_WORD,
        "ARGS": _SAME_COMMAND,
        "WORD": r"(?:'[^']*'|\"[^\"]*\"|[^\s'\";|&]+)",
    }
    return re.sub("VALUE_TO_AT|VALUE|ARGS|WORD", lambda match: words[match[0]], pattern)


_BLANK = regex(r"\s")


def _client_spans(text: str) -> Iterator[tuple[int, int]]:
    """A program may be given more than one: each search goes on after the last find. A single word calls none."""
    if _BLANK.search(text) is None:
        return
    for names, pattern in _client_patterns():
        if any(name in text for name in names):
            yield from (
                match.span(match.lastgroup or 0) for match in pattern.finditer(text)
            )


def command_setting_name(service_name: str, option: str) -> str:
    """`CACHE_PASSWORD` for `--requirepass` of the service cache."""
    option_words = words_of(option)
    is_password = set(option_words) & {"REQUIREPASS", "MASTERAUTH", "PASSWORD", "PASS"}
    plain_words = "PASSWORD" if is_password else "_".join(option_words)
    return variable_name(f"{service_name}_{plain_words}")
