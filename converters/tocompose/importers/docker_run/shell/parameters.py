"""`$X`, `${X:-d}`, `${X%.*}` and their like: what a parameter expansion gives when nothing is run."""

from __future__ import annotations

import re
from fnmatch import translate

from tocompose.importers.docker_run.shell.variables import (
    NOTHING,
    OpenVariable,
    Scope,
    Value,
)
from tocompose.ledger import Cursor
from tocompose.readers.atoms import Atom
from tocompose.values import literal, variable_name, whole

# Set in every shell and passed on to what it starts, so that Compose finds them too.
INHERITED = frozenset(
    {"HOME", "USER", "LOGNAME", "LANG", "PATH", "SHELL", "TERM", "DISPLAY", "XAUTHORITY"}
    | {"XDG_RUNTIME_DIR", "SSH_AUTH_SOCK"}
)
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
COMPOSE_OPERATORS = frozenset({":-", "-", ":=", "=", ":?", "?", ":+", "+"})


def free_name(text: str) -> str:
    """A variable's name for the text, none that every environment has set already (`<path>` is not `${PATH}`)."""
    name = variable_name(text)
    return (
        f"{name}_"
        if name in INHERITED or name in SHELL_ONLY or name in ("PWD", "OLDPWD")
        else name
    )


def open_value(name: str, code: str, cursor: Cursor, **facts: str) -> Value:
    """A variable that stays open, with the note to give where it is used."""
    return Value(
        f"${{{name}}}",
        opens=(OpenVariable(name, None, code, cursor, (("name", name), *facts.items())),),
    )


def script_folder(directory: str) -> str:
    """The folder the script is in, as Compose reads it: `${PWD}` is the folder the script is started in."""
    return "${PWD}" if directory in ("", ".") else f"${{PWD}}/{literal(directory)}"


def look_up(name: str, scope: Scope, cursor: Cursor) -> Value | None:
    """What a name stands for; None when it is a plain variable that the script does not set."""
    if whole(name):
        return _positional_value(int(name), scope, cursor)
    if name in ("@", "*"):
        return (
            Value("", unknown=True)
            if scope.arguments is None
            else Value("", items=scope.arguments)
        )
    if name == "#":
        is_known = scope.arguments is not None
        return (
            Value(str(len(scope.arguments or ())))
            if is_known
            else open_value("ARG_COUNT", "TC154", cursor, written="$#")
        )
    if name in _STATUS_NAMES:
        return open_value(_STATUS_NAMES[name], "TC152", cursor, command=f"${name}")
    if (value := scope.get(name)) is not None:
        return value
    if name in INHERITED:
        return Value(f"${{{name}}}")
    if name in SHELL_ONLY:
        instead, command = SHELL_ONLY[name]
        return open_value(instead, "TC152", cursor, command=command)
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
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?::\s*(\d{1,9})\s*)?", argument)
    if match is None or value.items is None:
        return Value("", unknown=True, sources=value.sources)
    start = max(int(match[1]) - base, 0)
    stop = None if match[2] is None else start + int(match[2])
    return value._replace(items=value.items[start:stop])


def apply_to_open(atom: Atom, value: Value, argument: Value) -> Value:
    """`${X:-d}`, `${X:?m}`, `${X:+a}` of a variable that is set, or open: Compose has the same operators."""
    operator = atom.operator
    colon, sign = operator.startswith(":"), operator[-1]
    if value.unknown or value.items is not None:
        return argument if sign == "+" and value.items else value
    is_open = bool(value.opens) and re.fullmatch(
        r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", value.text
    )
    if not is_open or (value.opens[-1].value is not None and sign in "-=?"):
        empty = value.plain == "" and colon
        return {"+": NOTHING if empty else argument}.get(
            sign, argument if empty and sign in "-=" else value
        )
    return compose_expansion(value.text[2:-1], operator, argument, value)


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
    if atom.operator == "length":
        count = len(value.items) if value.items is not None else None
        count = len(value.plain) if count is None and value.plain is not None else count
        return None if count is None else Value(str(count), value.sources)
    text = value.plain
    if text is None or argument is None:
        return None
    result = _transform_text(atom.operator, text, argument)
    return None if result is None else value._replace(text=literal(result))


def _transform_text(operator: str, text: str, argument: str) -> str | None:
    if operator in ("#", "##", "%", "%%"):
        return _trim_affix(operator, text, argument)
    if operator in ("/", "//"):
        return _replace_matches(operator, text, argument)
    if operator in ("^^", "^", ",,", ","):
        changed = text.upper() if "^" in operator else text.lower()
        return changed if len(operator) == 2 else changed[:1] + text[1:]
    if operator == ":" and (
        slice_ := re.fullmatch(r"\s*(-?\d{1,9})\s*(?::\s*(-?\d{1,9})\s*)?", argument)
    ):
        start = int(slice_[1])
        tail = text[start:] if start < 0 or start <= len(text) else ""
        return tail if slice_[2] is None else tail[: int(slice_[2])]
    return None


def _glob_pattern(glob: str) -> str:
    return translate(glob).removeprefix("(?s:").removesuffix(")\\Z")


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
    prefix = {"#": "^", "%": ""}.get(glob[:1], "") if glob else ""
    glob = glob[1:] if glob[:1] in ("#", "%") else glob
    if not glob:
        return text
    pattern = prefix + _glob_pattern(glob)
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
