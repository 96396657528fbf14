"""`$X`, `${X:-d}`, `${X%.*}` and their like: what a parameter expansion gives when nothing is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import translate

from tocompose.importers.docker_run.shell.globs import for_fnmatch
from tocompose.importers.docker_run.shell.variables import (
    NOTHING,
    OpenVariable,
    Scope,
    Value,
)
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.atoms import Atom, ansi_c, word_atoms
from tocompose.syntax.interpolation import Variable, literal, parse
from tocompose.syntax.names import SetBy, names_set_by, variable_name
from tocompose.syntax.units import is_whole_number

# Passed on to what a shell starts, so that Compose finds them too.
INHERITED = names_set_by(SetBy.SYSTEM, SetBy.SESSION, SetBy.SCREEN) - {"MAIL", "TMPDIR"}
# Known to the shell only, so that Compose would find them empty: the name to use instead, the command that gives it.
SHELL_ONLY = {
    "UID": ("UID_", "id -u"),
    "EUID": ("UID_", "id -u"),
    "GID": ("GID_", "id -g"),
    "HOSTNAME": ("HOST_NAME", "hostname"),
    "RANDOM": ("RANDOM_NUMBER", "echo $RANDOM"),
    "OSTYPE": ("OS_TYPE", "echo $OSTYPE"),
}
_STATUS_NAMES = {
    "?": "EXIT_STATUS",
    "$": "PROCESS_ID",
    "!": "PROCESS_ID",
    "-": "SHELL_OPTIONS",
}
_SLICE = regex(r"\s*(?P<start>-?\d{1,9})\s*(?::\s*(?P<size>-?\d{1,9})\s*)?")
COMPOSE_OPERATORS = frozenset({":-", "-", ":=", "=", ":?", "?", ":+", "+"})


def free_name(text: str) -> str:
    """A variable's name for the text, none that every environment has set already (`<path>` is not `${PATH}`)."""
    name = variable_name(text)
    is_taken = name in INHERITED or name in SHELL_ONLY or name == "OLDPWD"
    return f"{name}_" if is_taken else name


def open_value(name: str, code: str, cursor: Cursor, **facts: str) -> Value:
    """A variable that stays open, with the note to give where it is used."""
    return Value(
        f"${{{name}}}",
        opens=(OpenVariable(name, None, code, cursor, (("name", name), *facts.items())),),
    )


def script_folder(directory: str) -> str:
    """The folder the script is in, as Compose reads it: `${PWD}` is the folder the script is started in."""
    if directory.startswith("/"):
        return literal(directory)
    return "${PWD}" if directory in ("", ".") else f"${{PWD}}/{literal(directory)}"


def look_up(name: str, scope: Scope, cursor: Cursor) -> Value | None:
    """What a name stands for; None when it is a plain variable that the script does not set."""
    own_value = _argument_value(name, scope, cursor) or _state_value(name, scope, cursor)
    held = own_value or scope.get(name)
    if held is not None or name in INHERITED:
        return held or Value(f"${{{name}}}")
    if name in SHELL_ONLY:
        instead, command = SHELL_ONLY[name]
        return open_value(instead, "TC152", cursor, command=command)
    return None


def _argument_value(name: str, scope: Scope, cursor: Cursor) -> Value | None:
    """What a name for the arguments of the script stands for: `$1`, `$@`, `$#`."""
    if is_whole_number(name):
        return _positional_value(int(name), scope, cursor)
    match name:
        case "@" | "*":
            return Value("", items=scope.arguments, unknown=scope.arguments is None)
        case "#" if scope.arguments is None:
            return open_value("ARG_COUNT", "TC154", cursor, written="$#")
        case "#":
            return Value(str(len(scope.arguments or ())))
    return None


def _state_value(name: str, scope: Scope, cursor: Cursor) -> Value | None:
    """What a name stands for that the shell itself sets as it goes: its line, the status of the last command."""
    if name == "LINENO" and scope.get(name) is None:
        return Value(str(cursor.span.line))
    if name == "?" and scope.status is not None:
        return Value(str(scope.status))
    if name in _STATUS_NAMES:
        return open_value(_STATUS_NAMES[name], "TC152", cursor, command=f"${name}")
    return None


def _positional_value(number: int, scope: Scope, cursor: Cursor) -> Value:
    if scope.arguments is None:
        return open_value(f"ARG_{number}", "TC154", cursor, written=f"${number}")
    return scope.arguments[number - 1] if 0 < number <= len(scope.arguments) else NOTHING


def element_at(value: Value, index: str) -> Value:
    """One item of an array, or all of them for `@` and `*`."""
    if index in ("@", "*") or value.unknown:
        return value
    elements = value.items if value.items is not None else (value,)
    number = int(index) if re.fullmatch(r"-?\d{1,9}", index or "0") else None
    if number is None:
        return Value("", unknown=True, sources=value.sources)
    return elements[number] if -len(elements) <= number < len(elements) else NOTHING


def slice_array(value: Value, argument: str, base: int) -> Value:
    """`${A[@]:1:2}` and `${@:2}`; `base` is the index of the first item."""
    match = _SLICE.fullmatch(argument)
    start = int(match["start"]) if match is not None else 0
    is_known = match is not None and "-" not in (match["size"] or "")
    # `${@:0}` begins with the name of the script.
    if not is_known or match is None or value.items is None or (base and not start):
        return Value("", unknown=True, sources=value.sources)
    start += len(value.items) if start < 0 else -base
    if start < 0:
        return value._replace(items=())
    stop = None if match["size"] is None else start + int(match["size"])
    return value._replace(items=value.items[start:stop])


def apply_operator(operator: str, value: Value, argument: Value) -> Value:
    """`${X:-d}`, `${X:?m}`, `${X:+a}` of a variable that is set, or open: Compose has the same operators."""
    sign = operator[-1]
    if value.unknown or value.items is not None:
        return argument if sign == "+" and value.items else value
    name = sole_variable(value.text) if value.opens else None
    if name and (sign == "+" or value.opens[-1].value is None):
        return compose_expansion(name, operator, argument, value)
    is_unset = operator.startswith(":") and value.plain == ""
    by_sign = {"+": (argument, NOTHING), "-": (value, argument), "=": (value, argument)}
    return by_sign.get(sign, (value, value))[is_unset]


def sole_parameter(raw: str) -> Atom | None:
    """The parameter expansion that a word of the source is, quoted or not; None for any other word."""
    match list(word_atoms(raw)):
        case [Atom(kind="parameter") as parameter]:
            return parameter
    return None


def parameter_names(code: str) -> Iterator[str]:
    """The names of the parameters in source text, at any depth."""
    for atom in word_atoms(code, quoted=True):
        if atom.kind == "parameter":
            yield atom.text
            yield from parameter_names(atom.argument)
        elif atom.kind == "command":
            yield from parameter_names(atom.text)


def sole_variable(text: str) -> str | None:
    """The name of the variable that a text of the model is, as `${NAME}`; None for any other text."""
    match parse(text):
        case (Variable(name=name, operator=""),):
            return name
    return None


def path_from_here(text: str) -> str | None:
    """The path that a text of the model names from the script's folder, as `./…`; None for any other text."""
    match parse(text):
        case (Variable(name="PWD", operator="") as here, *path) if (
            not path or path[0].source[0] in "/:,"
        ):
            return "." + text[len(here.source) :]
    return None


def compose_expansion(
    name: str, operator: str, argument: Value, value: Value = NOTHING
) -> Value:
    """`${NAME<operator><argument>}` as Compose reads it."""
    operator = operator.replace("=", "-")
    sources = (*value.sources, *argument.sources)
    opens = (
        tuple(variable for variable in value.opens if variable.name != name)
        + argument.opens
    )
    if argument.text == f"${{{name}}}":
        # `X=${X:-$(openssl rand -hex 16)}`: what stands for the output has the variable's own name.
        return Value(argument.text, sources, opens)
    stated = argument.plain if operator.endswith("-") else None
    if _holds_brace(argument.text):
        return Value(f"${{{name}}}", sources, (*opens, OpenVariable(name, stated)))
    return Value(
        f"${{{name}{operator}{argument.text}}}",
        sources,
        (*opens, OpenVariable(name, stated)),
    )


def _holds_brace(text: str) -> bool:
    """Whether a `}` in the text would end the expansion around it."""
    return text.count("}") != text.count("${")


def transform(atom: Atom, value: Value, argument: str | None) -> Value | None:
    """`${X%p}`, `${X#p}`, `${X/a/b}`, `${X^^}`, `${X:0:3}`, `${#X}` of a known value; None when it is not known."""
    text = value.plain
    if atom.operator == "length":
        measured = text if value.items is None else value.items
        return None if measured is None else Value(str(len(measured)), value.sources)
    if value.items is not None:
        elements = [transform(atom, element, argument) for element in value.items]
        known_elements = tuple(element for element in elements if element is not None)
        return (
            value._replace(items=known_elements)
            if len(known_elements) == len(elements)
            else None
        )
    if text is None or argument is None:
        return None
    result = _transform_text(atom.operator, text, argument)
    return None if result is None else value._replace(text=literal(result))


def _transform_text(operator: str, text: str, argument: str) -> str | None:
    match operator:
        case "#" | "##" | "%" | "%%":
            return _trim_affix(operator, text, argument)
        case "/" | "//":
            return _replace_matches(operator, text, argument)
        case "^^" | ",,":
            return text.upper() if operator == "^^" else text.lower()
        case "^" | ",":
            return (text[:1].upper() if operator == "^" else text[:1].lower()) + text[1:]
        case ":":
            return _slice_text(text, argument)
        case "@":
            return _RECAST[argument](text) if argument in _RECAST else None
    return None


def _quoted(text: str) -> str | None:
    """The text as bash quotes it for itself; None for text that it writes with escapes."""
    return "'" + text.replace("'", "'\\''") + "'" if text.isprintable() else None


# `${X@U}` and its kind.
_RECAST: dict[str, Callable[[str], str | None]] = {
    "E": ansi_c,
    "L": str.lower,
    "Q": _quoted,
    "U": str.upper,
    "u": lambda text: text[:1].upper() + text[1:],
}


def _slice_text(text: str, argument: str) -> str | None:
    match = _SLICE.fullmatch(argument)
    if match is None:
        return None
    start = int(match["start"])
    tail = text[start:] if abs(start) <= len(text) else ""
    return tail if match["size"] is None else tail[: int(match["size"])]


def _glob_pattern(glob: str) -> str:
    return translate(for_fnmatch(glob)).removeprefix("(?s:").removesuffix(")\\Z")


def _trim_affix(operator: str, text: str, glob: str) -> str:
    pattern = re.compile(_glob_pattern(glob), re.DOTALL)
    lengths = range(len(text) + 1) if len(operator) == 1 else range(len(text), -1, -1)
    for length in lengths:
        affix = text[:length] if operator[0] == "#" else text[len(text) - length :]
        if pattern.fullmatch(affix):
            return text[length:] if operator[0] == "#" else text[: len(text) - length]
    return text


def _replace_matches(operator: str, text: str, argument: str) -> str:
    glob, _, replacement = argument.partition("/")
    if not glob:
        return text
    anchor = glob[0] if glob[0] in "#%" else ""
    pattern = _glob_pattern(glob.removeprefix(anchor))
    if anchor:
        pattern = rf"\A(?:{pattern})" if anchor == "#" else rf"(?:{pattern})\Z"
    return re.sub(
        pattern,
        lambda _: replacement,
        text,
        count=0 if operator == "//" else 1,
        flags=re.DOTALL,
    )


def derived_name(name: str, atom: Atom) -> str:
    """A name for a value that is computed from a variable, such as `TAG_SHORT` for `${TAG:0:7}`."""
    suffix = {
        "length": "LENGTH",
        "^^": "UPPER",
        ",,": "LOWER",
        ":": "PART",
        "indirect": "VALUE",
    }
    return variable_name(f"{name}_{suffix.get(atom.operator, 'PART')}")
