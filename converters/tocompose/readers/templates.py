"""What a tool puts into its files before it runs them: `{{ … }}` of Ansible and go-task, `${{ … }}` of workflows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers.atoms import Atom
from tocompose.readers.text import Text
from tocompose.record import NamedTuple
from tocompose.syntax.names import variable_name

# Go's `{{.State.Running}}` of `docker inspect` is none: what it names begins in small letters further down.
TEMPLATE = regex(r"\$?\{\{-?\s*(?P<expression>(?!\.\w*[a-z])[^{}\n]+?)\s*-?\}\}", re.ASCII)
_CONTEXT = regex(r"^\s*(?:secrets|vars|env|inputs|matrix|parameters)\.|^\.")
_DEFAULT = regex(
    r"(?P<name>[^|]+?)\s*\|\s*default\(\s*(?P<quote>['\"]?)(?P<value>[^'\"()]*)(?P=quote)\s*"
    r"(?:,\s*(?:true|True|boolean=\w+)\s*)?\)(?:\s*\|\s*\w+)*\s*"
)


class Expression(NamedTuple):
    """The variable that stands for an expression, and the default that the expression itself says."""

    name: str
    default: str | None = None


def read_expression(text: str) -> Expression:
    """The variable for the text between the braces."""
    if match := _DEFAULT.fullmatch(text):
        return Expression(_name_of(match["name"]), match["value"])
    return Expression(_name_of(text.partition("|")[0]))


def _name_of(text: str) -> str:
    return variable_name(_CONTEXT.sub("", text.strip()))


def with_shell_variables(source: Text) -> Text:
    """The text with each expression as a variable of the shell."""
    if "{{" not in source.text:
        return source
    return source.edited(
        (match.start(), match.end(), _as_parameter(match["expression"]))
        for match in TEMPLATE.finditer(source.text)
    )


def _as_parameter(text: str) -> str:
    name, default = read_expression(text)
    return "".join(("${", name, "" if default is None else f":-{default}", "}"))


def quoted_word(text: str) -> str:
    """The text as one word of a shell, in which `$NAME` and the expressions are put in."""
    escaped = re.sub(r"[\"\\`]|\$(?![A-Za-z_{])", r"\\\g<0>", text)
    return f'"{with_shell_variables(Text("", escaped)).text}"'


def template_atoms(text: str) -> Iterator[Atom]:
    """The parts of a value that no shell reads: its text, and its expressions as atoms `template`."""
    done = 0
    for match in TEMPLATE.finditer(text):
        yield Atom("text", text[done : match.start()], True)
        name, default = read_expression(match["expression"])
        operator = "" if default is None else ":-"
        yield Atom("template", name, True, operator=operator, argument=default or "")
        done = match.end()
    yield Atom("text", text[done:], True)
