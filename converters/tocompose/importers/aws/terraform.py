"""Container definitions in files of Terraform: the argument of `jsonencode`, or a here-document, as JSON.

What is written out is read; what Terraform works out becomes a variable to set. Lines stay where they are.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_task_definition
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.aws.defaults import StatedDefault
from tocompose.patterns import regex
from tocompose.readers.text import Text
from tocompose.record import NamedTuple
from tocompose.syntax.names import variable_name

_ENCODED = regex(r"\bcontainer_definitions\s*=\s*jsonencode\s*\(")
_DOCUMENT = regex(
    r"\bcontainer_definitions\s*=\s*<<-?\s*(?P<mark>\w+)[ \t]*\n(?P<body>.*?)(?:^[ \t]*(?P=mark)\b|\Z)",
    re.MULTILINE | re.DOTALL,
)
_BLOCK = regex(
    r'^resource\s+"aws_ecs_task_definition"\s+"[^"]*"\s*\{(?P<body>.*?)^\}', re.M | re.S
)
_ATTRIBUTE = regex(r"^ {0,4}(\w+)\s*(?:=|\{)", re.MULTILINE)
# Names of the task itself, and what Terraform alone is told.
_UNTOLD = frozenset({"container_definitions", "family", "tags", "lifecycle", "depends_on"})
_VARIABLE = regex(
    r'^variable\s+"(?P<name>[\w-]+)"\s*\{(?:(?P<line>[^{}\n]*)\}|(?P<body>.*?)^\})',
    re.M | re.S,
)
_DEFAULT = regex(
    r"^\s*default\s*=\s*(?:\"(?P<text>(?:[^\"\\\n$%]|\\.)+)\"|(?P<bare>-?\d[\d.]*|true|false))\s*(?:(?:#|//).*)?$",
    re.MULTILINE,
)
_SENSITIVE = regex(r"^\s*sensitive\s*=\s*true\b", re.MULTILINE)
_TOKEN = regex(
    r"(?P<blank>\s+)|(?P<comment>#[^\n]*|//[^\n]*|/\*.*?\*/)|(?P<text>\"(?:[^\"\\\n]|\\.)*\")|(?P<sign>[\[\]{},:=])"
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w.(]))",
    re.DOTALL,
)
_KEY = regex(r"(?P<name>[A-Za-z_][\w-]*|\"[^\"\n]*\")\s*(?:=(?!=)|:)")
_OPEN = "$" + "{"
_CONVERSION = regex(r"\Ato(?:string|number)\((.*)\)\Z", re.DOTALL)
_PREFIX = regex(r"\A(?:var|local|data)\.")
_CONSTANTS = frozenset({"true", "false", "null"})
_OPENING, _CLOSING = "([{", ")]}"


class ContainerList(NamedTuple):
    """Container definitions as JSON; `language` is what they are written in."""

    json: str
    language: str
    lines_before: int


def container_lists(text: str) -> Iterator[ContainerList]:
    """Each list of container definitions."""
    place_of = Text("", text).place
    starts = [match.end() for match in _ENCODED.finditer(text)]
    # A parenthesis that is never closed ends where the next list begins.
    for start, limit in zip(starts, [*starts[1:], len(text)], strict=False):
        end_offset = _end_of_group(text, start, limit)
        line, _ = place_of(start)
        yield ContainerList(_as_json(text[start:end_offset]), "hcl", line - 1)
    for match in _DOCUMENT.finditer(text):
        body = _with_variables(match["body"])
        line, _ = place_of(match.start("body"))
        yield ContainerList(body, "json", line - 1)


def settings_beside(text: str) -> str:
    """The names of what else the tasks are told, one after the other."""
    names = (
        name
        for block in _BLOCK.finditer(text)
        for name in _ATTRIBUTE.findall(block["body"])
    )
    return ", ".join(name for name in dict.fromkeys(names) if name not in _UNTOLD)


def stated_defaults(text: str, path: str) -> Iterator[StatedDefault]:
    """The defaults of the variables that a file declares, of those that are plain values."""
    places = Text(path, text)
    for variable in _VARIABLE.finditer(text):
        body = variable["line"] or variable["body"] or ""
        default = _DEFAULT.search(body)
        if default is not None:
            name = variable_name(variable["name"])
            value = re.sub(r"\\(.)", r"\1", default["text"] or default["bare"])
            is_secret = _SENSITIVE.search(body) is not None
            span = places.span(variable.start("name"), variable.end("name"))
            yield StatedDefault(name, value, is_secret, span)


def _line_ends(text: str) -> str:
    return "\n" * text.count("\n")


def _with_variables(text: str) -> str:
    """The text with a variable of Compose for each expression in it."""
    joined_text, *template_texts = text.split(_OPEN)
    for template_text in template_texts:
        expression, closing, literal_text = template_text.partition("}")
        if not closing or joined_text.endswith("$"):
            joined_text += _OPEN + template_text
        else:
            joined_text += f"{_OPEN}{_name_of(expression)}}}{literal_text}"
    return joined_text


def _name_of(expression: str) -> str:
    """The variable for an expression: the name of one of Terraform's own, without what makes a text of it."""
    bare = _CONVERSION.sub(r"\1", expression.strip())
    return variable_name(_PREFIX.sub("", bare))


def _end_of_group(text: str, position: int, limit: int) -> int:
    """Where the parenthesis closes that is open at a position; the limit where it does not before that."""
    depth = 0
    while position < limit:
        token = _TOKEN.match(text, position)
        if token is not None and token.lastgroup in ("text", "comment"):
            position = token.end()
            continue
        if text[position] in _OPENING:
            depth += 1
        elif text[position] in _CLOSING:
            if depth == 0:
                return position
            depth -= 1
        position += 1
    return position


def _as_json(text: str) -> str:
    """An expression of Terraform as JSON."""
    pieces: list[str] = []
    position, is_key = 0, False
    while position < len(text):
        if is_key and (key := _KEY.match(text, position)):
            pieces.append(f'"{key["name"].strip(chr(34))}":')
            position, is_key = key.end(), False
            continue
        token = _TOKEN.match(text, position)
        if token is None:
            # A parenthesis that nothing opened is passed over.
            end_offset = max(_end_of_expression(text, position), position + 1)
            pieces.append(_open_value(text[position:end_offset]))
            position = end_offset
            continue
        pieces.append(_piece_of(token))
        # A key begins a map, and follows each entry of it; in a list no name has a sign behind it.
        is_key = token.lastgroup != "sign" or token[0] in "{,}]"
        position = token.end()
    return "".join(pieces)


def _piece_of(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "text":
            return _with_variables(token[0])
        case "comment":
            return _line_ends(token[0])
    return token[0]


def _open_value(expression: str) -> str:
    """A constant as it stands; a variable for what Terraform works out."""
    bare = expression.strip()
    if bare in _CONSTANTS or not re.search(r"\w", bare):
        return expression
    return f'"${{{_name_of(bare)}}}"' + _line_ends(expression)


def _end_of_expression(text: str, position: int) -> int:
    """Where an expression ends: at the line, comma or bracket that it does not hold itself."""
    depth = 0
    while position < len(text):
        char = text[position]
        if depth == 0 and char in ",\n]})":
            return position
        depth += (char in _OPENING) - (char in _CLOSING)
        position += 1
    return position
