"""Dockerfiles: stages with what each inherits, through dockerfile-parse with its limits worked around.

dockerfile-parse takes heredoc bodies for instructions, breaks at a blank line inside a continuation, ignores the
`escape` directive, keeps a byte order mark, does not decode JSON forms and knows no stages; so the text is made plain
first (line numbers unchanged), and the rest is done here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

from tocompose.patterns import regex
from tocompose.readers.json_data import strict_json
from tocompose.readers.reading import Oddity, decode
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.units import is_whole_number

_DIRECTIVE = regex(r"#\s*([A-Za-z]+)\s*=\s*(\S+)\s*")
_HEREDOC = regex(r"(?:\d*)<<(-?)(['\"]?)([A-Za-z0-9_.-]+)\2")
_HEREDOC_INSTRUCTIONS = regex(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)
_FROM = regex(
    r"(?:--platform=(?P<platform>\S+)\s+)?(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?",
    re.IGNORECASE,
)
_VARIABLE = regex(
    r"\\\$|\$(?:\{(?P<name>\w+)(?:(?P<op>:?[-+])(?P<word>[^{}]*))?\}|(?P<bare>\w+))"
)
_PAIR = regex(r"([\w.-]+)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:[^\s\\]|\\.)*)")
_HEALTH_OPTION = regex(r"--(interval|timeout|retries|start-period|start-interval)=(\S+)\s*")


class Words(NamedTuple):
    """CMD, ENTRYPOINT or a health command: `shell` form is one text for the shell, else JSON's list of words."""

    shell: bool
    words: tuple[str, ...]


class Health(NamedTuple):
    """A HEALTHCHECK: its command (None for NONE) and its options by name."""

    command: Words | None
    options: Mapping[str, str]


class Instruction(NamedTuple):
    """One instruction, its name in capitals, its value with continued lines joined."""

    name: str
    value: str
    span: Span


class Stage(NamedTuple):
    """One build stage as it ends, with everything that it inherits from the stages that it is built on."""

    name: str
    base: str
    root: str
    span: Span
    exposed: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    # Where each of the volumes is declared first.
    volume_spans: Mapping[str, Span] = {}
    user: str = ""
    workdir: str = ""
    stop_signal: str = ""
    cmd: Words | None = None
    entrypoint: Words | None = None
    health: Health | None = None
    environment: Mapping[str, str] = {}
    copies: tuple[str, ...] = ()
    # What its RUN lines run, and the shells that SHELL gives them to.
    runs: tuple[str, ...] = ()
    own_cmd: bool = False

    @property
    def holds_source(self) -> bool:
        """Whether its work directory holds the source as it is in the repository: `COPY . .`, or `COPY src ./src`."""
        workdir = self.workdir.rstrip("/")
        folders = {".": (".", "", workdir), "src": ("src", "./src", f"{workdir}/src")}
        for copy in self.copies:
            arguments = [
                argument
                for argument in copy.split()
                if not argument.startswith(("--chown", "--chmod"))
            ]
            source = arguments[0].removeprefix("./").rstrip("/") or "."
            target = arguments[-1].rstrip("/")
            if len(arguments) == 2 and target in folders.get(source, ()):
                return True
        return False


class Dockerfile(NamedTuple):
    """The stages in order, the arguments that the whole file declares, and what was odd."""

    stages: tuple[Stage, ...]
    arguments: tuple[str, ...]
    oddities: tuple[Oddity, ...]
    instructions: tuple[Instruction, ...]

    def stage(self, target: str = "") -> Stage | None:
        """The stage of that name or number, the last one when none is named; None where there is none."""
        if not target:
            return self.stages[-1] if self.stages else None
        if is_whole_number(target) and int(target) < len(self.stages):
            return self.stages[int(target)]
        return next(
            (
                stage
                for stage in reversed(self.stages)
                if stage.name.lower() == target.lower()
            ),
            None,
        )


def read_dockerfile(content: bytes, file: str = "Dockerfile") -> Dockerfile:
    """The stages of a Dockerfile. Never raises; oddities: bom, no-from."""
    oddities = (
        [Oddity("bom", Span(file, 1, 1, 1, 1), {})]
        if content.startswith(b"\xef\xbb\xbf")
        else []
    )
    instructions = tuple(_read_instructions(_plain_text(decode(content)), file))
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    local: dict[str, str] = {}
    for instruction in instructions:
        if instruction.name == "FROM":
            stages.append(_open_stage(instruction, stages, arguments))
            local = {}
        elif not stages:
            arguments.update(_global_arguments(instruction, arguments))
        else:
            if instruction.name == "ARG":
                local.update(_stage_arguments(instruction, arguments, stages[-1]))
            stages[-1] = _apply_instruction(
                stages[-1], instruction, {**local, **stages[-1].environment}
            )
    if not stages:
        oddities.append(Oddity("no-from", Span(file, 1, 1, 1, 1), {}))
    return Dockerfile(
        tuple(stages), tuple(_argument_names(instructions)), tuple(oddities), instructions
    )


def _read_instructions(text: str, file: str) -> Iterator[Instruction]:
    from dockerfile_parse import DockerfileParser

    # A file object always: given a path it writes to disk, and prints when the file is missing.
    for structure in DockerfileParser(
        fileobj=BytesIO(text.encode("utf-8", "replace"))
    ).structure:
        if structure["instruction"] != "COMMENT":
            span = Span(file, structure["startline"] + 1, 1, structure["endline"] + 1, 1)
            yield Instruction(structure["instruction"].upper(), structure["value"], span)


class _PlainLines:
    """Takes a Dockerfile's lines one by one, and gives each as a simpler parser reads it."""

    def __init__(self, escape: str) -> None:
        self._escape = escape
        # The words that end the here-documents that are open, and whether tabs before them do not count.
        self._ends: list[tuple[str, bool]] = []
        self._continued = self._takes_heredocs = False

    def read(self, line: str) -> str:
        """The line, its escape a backslash; a comment where it is a here-document's or blank in a continuation."""
        if self._ends:
            marker, tabs = self._ends[0]
            if (line.lstrip("\t") if tabs else line) == marker:
                self._ends.pop(0)
            return "#"
        says_nothing = not line.strip() or line.lstrip().startswith("#")
        if self._continued and says_nothing:
            return "#"
        return self._read_instruction(line, says_nothing)

    def _read_instruction(self, line: str, says_nothing: bool) -> str:
        begins = _HEREDOC_INSTRUCTIONS.match(line) is not None
        self._takes_heredocs = begins or (self._continued and self._takes_heredocs)
        continued = not says_nothing and line.rstrip().endswith(self._escape)
        if self._takes_heredocs:
            self._ends += _heredoc_ends(line)
        # Behind a heredoc's first line the instruction goes on with the body, whatever that line ends in.
        self._continued = continued and not self._ends
        if not continued:
            return line
        unescaped = line.rstrip()[:-1]
        if self._ends:
            return unescaped
        return line if self._escape == "\\" else unescaped + "\\"


def _plain_text(text: str) -> str:
    """The text with heredoc bodies and blank continuation lines turned into comments, and `\\` as the escape."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    plain_lines = _PlainLines(_escape_character(lines))
    return "\n".join(plain_lines.read(line) for line in lines)


def _escape_character(lines: list[str]) -> str:
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            return "\\"
        if match[1].lower() == "escape":
            return match[2] if match[2] in ("\\", "`") else "\\"
    return "\\"


def _heredoc_ends(line: str) -> Iterator[tuple[str, bool]]:
    for field in line.split():
        if match := _HEREDOC.fullmatch(field):
            yield match[3], bool(match[1])


def _open_stage(
    instruction: Instruction, stages: list[Stage], arguments: Mapping[str, str]
) -> Stage:
    match = _FROM.fullmatch(expand_variables(instruction.value, arguments).strip())
    base, name = (match["base"], match["name"] or "") if match else (instruction.value, "")
    for parent in reversed(stages):
        if parent.name and parent.name.lower() == base.lower():
            return parent._replace(
                name=name, base=base, span=instruction.span, own_cmd=False
            )
    return Stage(name, base, base, instruction.span)


def _global_arguments(
    instruction: Instruction, arguments: Mapping[str, str]
) -> dict[str, str]:
    if instruction.name != "ARG":
        return {}
    declared = {}
    for declaration in instruction.value.split():
        name, _, value = declaration.partition("=")
        declared[name] = expand_variables(_without_quotes(value), arguments)
    return declared


def _stage_arguments(
    instruction: Instruction, global_arguments: Mapping[str, str], stage: Stage
) -> dict[str, str]:
    """An argument of a stage; without a value of its own it takes the one declared before the first FROM."""
    declared = {}
    for declaration in instruction.value.split():
        name, equals, value = declaration.partition("=")
        declared[name] = (
            expand_variables(_without_quotes(value), stage.environment)
            if equals
            else global_arguments.get(name, "")
        )
    return declared


def _apply_instruction(
    stage: Stage, instruction: Instruction, variables: Mapping[str, str]
) -> Stage:
    """The stage after an instruction; one that is not listed here changes nothing that a compose file could say."""
    change = _CHANGES.get(instruction.name)
    if change is None:
        return stage
    changed = stage._replace(**change(stage, instruction.value, variables))
    declared = changed.volumes[len(stage.volumes) :]
    spans = {**dict.fromkeys(declared, instruction.span), **stage.volume_spans}
    return changed._replace(volume_spans=spans)


# What each instruction changes: the fields of the stage, from the stage, the value and the variables that are set.
_CHANGES: Mapping[str, Callable[[Stage, str, Mapping[str, str]], dict[str, Any]]] = {
    "EXPOSE": lambda stage, value, build_values: {
        "exposed": (*stage.exposed, *expand_variables(value, build_values).split())
    },
    "VOLUME": lambda stage, value, build_values: {
        "volumes": (
            *stage.volumes,
            *(expand_variables(path, build_values) for path in _read_list(value)),
        )
    },
    "USER": lambda stage, value, build_values: {
        "user": expand_variables(value.strip(), build_values)
    },
    "WORKDIR": lambda stage, value, build_values: {
        "workdir": _join_workdir(
            stage.workdir, expand_variables(_without_quotes(value.strip()), build_values)
        )
    },
    "STOPSIGNAL": lambda stage, value, build_values: {
        "stop_signal": expand_variables(value.strip(), build_values)
    },
    "CMD": lambda stage, value, build_values: {"cmd": _read_words(value), "own_cmd": True},
    # Docker forgets an inherited CMD when a stage sets an ENTRYPOINT of its own.
    "ENTRYPOINT": lambda stage, value, build_values: {
        "entrypoint": _read_words(value),
        "cmd": stage.cmd if stage.own_cmd else None,
    },
    "HEALTHCHECK": lambda stage, value, build_values: {"health": _read_health(value)},
    "ENV": lambda stage, value, build_values: {
        "environment": {**stage.environment, **_env_pairs(value, build_values)}
    },
    "COPY": lambda stage, value, build_values: {"copies": (*stage.copies, value)},
    "ADD": lambda stage, value, build_values: {"copies": (*stage.copies, value)},
    "RUN": lambda stage, value, build_values: {"runs": (*stage.runs, value)},
    "SHELL": lambda stage, value, build_values: {"runs": (*stage.runs, value)},
}


def _join_workdir(workdir: str, path: str) -> str:
    return path if path.startswith("/") or not workdir else f"{workdir.rstrip('/')}/{path}"


def _read_words(value: str) -> Words:
    parsed = strict_json(value)
    return (
        Words(False, tuple(map(str, parsed)))
        if isinstance(parsed, list)
        else Words(True, (value.strip(),))
    )


def _read_list(value: str) -> tuple[str, ...]:
    parsed = _read_words(value)
    return tuple(parsed.words[0].split()) if parsed.shell and parsed.words else parsed.words


def _read_health(value: str) -> Health:
    options = {match[1]: match[2] for match in _HEALTH_OPTION.finditer(value)}
    command = _HEALTH_OPTION.sub("", value).strip()
    if command.upper() == "NONE":
        return Health(None, {})
    return Health(
        _read_words(re.sub(r"^CMD\s*", "", command, flags=re.IGNORECASE)), options
    )


def _env_pairs(value: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Both forms of ENV: `A=1 B="x y"`, and the old `A the rest`."""
    if not re.match(r"[\w.-]+=", value):
        name, _, text = value.partition(" ")
        return {name: expand_variables(text.strip(), variables)}
    return {
        match[1]: expand_variables(_without_quotes(match[2]), variables)
        for match in _PAIR.finditer(value)
    }


def _without_quotes(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def expand_variables(text: str, variables: Mapping[str, str]) -> str:
    """The text with `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` replaced; unknown names become empty."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "\\$":
            return "$"
        variable_value = variables.get(match["name"] or match["bare"], "")
        operator = match["op"] or ""
        if operator.endswith("-"):
            return variable_value or expand_variables(match["word"], variables)
        if operator.endswith("+"):
            return expand_variables(match["word"], variables) if variable_value else ""
        return variable_value

    return _VARIABLE.sub(value, text)


def _argument_names(instructions: tuple[Instruction, ...]) -> Iterator[str]:
    for instruction in instructions:
        if instruction.name == "ARG":
            yield from (
                declaration.partition("=")[0] for declaration in instruction.value.split()
            )
