"""What a Python settings module reads from its environment without a default, by its syntax tree."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from tocompose.languages.language import stand_in_address
from tocompose.patterns import regex
from tocompose.record import NamedTuple

_NAME = regex(r"[A-Z][A-Z0-9_]{1,60}")
# Of environs and django-environ (`env.int("X")`), of decouple (`config("X", cast=bool)`): the type, a value of it.
_VALUES_BY_TYPE = {
    "int": "1",
    "float": "1",
    "json": "1",
    "bool": "False",
    "url": "http://localhost",
    "cache": "locmemcache://",
    "cache_url": "locmemcache://",
    "email_url": "consolemail://",
    "db": "sqlite:////tmp/build.sqlite3",
}


_MAY_NOT_RUN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.If,
    ast.IfExp,
    ast.BoolOp,
    ast.Try,
    ast.TryStar,
    ast.For,
    ast.While,
    ast.Match,
)
_GETTERS = ("get", "getenv", "env", "config", "str")


class _Read(NamedTuple):
    """A variable that is read outright, and the type that it is cast to (empty when to none)."""

    name: str
    cast: str


class OutrightRead(NamedTuple):
    """A variable that a module cannot be imported without, and the line that reads it."""

    name: str
    line: int


def required_values(text: str) -> dict[str, str]:
    """The variables that a module reads with nothing that stands in for them, each with a value that does for a build.

    `os.environ["X"]`, `env("X")`, `env.int("X")`, `config("X", cast=bool)`. Empty for text that Python cannot parse.
    """
    module = parse_module(text)
    if module is None:
        return {}
    values: dict[str, str] = {}
    for read in _ordered_reads(module):
        value = _VALUES_BY_TYPE.get(read.cast) or stand_in_address(read.name) or "build"
        values.setdefault(read.name, value)
    return values


def outright_reads(module: ast.Module) -> tuple[OutrightRead, ...]:
    """The variables that every import of a module reads by `os.environ["X"]`, in the order of the text.

    What stands in a function, under a condition or in a `try` may not run, or may not fail.
    """
    reads: list[OutrightRead] = []
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        read = _read_by(node) if isinstance(node, ast.Subscript) else None
        if read is not None and isinstance(node, ast.Subscript):
            reads.append(OutrightRead(read.name, node.lineno))
        waiting += (
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, _MAY_NOT_RUN)
        )
    return tuple(sorted(reads, key=lambda read: read.line))


def is_conditional(text: str, line: int) -> bool:
    """Whether a line of a module stands in the body of an `if`, a `def` or the like, so that it may never run."""
    module = parse_module(text)
    if module is None:
        return False
    return any(
        block[0].lineno <= line <= (block[-1].end_lineno or line)
        for node in ast.walk(module)
        if not isinstance(node, (ast.Module, ast.ClassDef))
        for block in _blocks(node)
    )


def parse_module(text: str) -> ast.Module | None:
    """The syntax tree of a module, None for text that Python cannot parse."""
    with warnings.catch_warnings():
        # Of an escape that means nothing, which is the author's business.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and block:
            yield block


def _ordered_reads(module: ast.Module) -> Iterator[_Read]:
    """The reads in the order of the text."""
    casts: dict[ast.AST, str] = {}
    reads: list[tuple[int, int, _Read]] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _last_name(node.func) in ("int", "float"):
            casts |= dict.fromkeys(node.args[:1], "int")
        read = _read_by(node)
        if read is not None and isinstance(node, ast.expr):
            read = read._replace(cast=casts.get(node, read.cast))
            reads.append((node.lineno, node.col_offset, read))
        elif isinstance(node, ast.Assign) and (name := _unset_key(node)):
            reads.append((node.lineno, node.col_offset, _Read(name, "")))
    return (read for _, _, read in sorted(reads))


def _unset_key(node: ast.Assign) -> str:
    """The variable of Django's key where nothing else, or an empty text, stands in for it: Django refuses that.

    https://docs.djangoproject.com/en/stable/ref/settings/#secret-key
    """
    match node:
        case ast.Assign(
            targets=[ast.Name(id="SECRET_KEY")],
            value=ast.Call(
                func=function,
                args=[ast.Constant(value=str(name)), *defaults],
                keywords=options,
            ),
        ) if _last_name(function) in _GETTERS:
            stated = [*defaults, *(option.value for option in options)]
            is_empty = all(
                isinstance(default, ast.Constant) and not default.value
                for default in stated
            )
            return name if is_empty and _NAME.fullmatch(name) else ""
        case _:
            return ""


def _read_by(node: ast.AST) -> _Read | None:
    """What an expression reads, where it has nothing that stands in for it."""
    match node:
        case ast.Subscript(
            value=target, slice=ast.Constant(value=str(name)), ctx=ast.Load()
        ) if _last_name(target) == "environ":
            cast: str | None = ""
        case ast.Call(
            func=function, args=[ast.Constant(value=str(name))], keywords=options
        ):
            cast = _cast_of_call(function, options)
        case _:
            return None
    return _Read(name, cast) if cast is not None and _NAME.fullmatch(name) else None


def _cast_of_call(function: ast.expr, options: list[ast.keyword]) -> str | None:
    """The type that a reading call casts to; None for a call that reads nothing, or has a default."""
    called = _last_name(function)
    if isinstance(function, ast.Attribute) and _last_name(function.value) == "env":
        return called if not options else None
    if called not in ("env", "config"):
        return None
    if not options:
        return ""
    if len(options) == 1 and options[0].arg == "cast":
        value = options[0].value
        return _last_name(value.func if isinstance(value, ast.Call) else value)
    return None


def _last_name(node: ast.expr) -> str:
    """`environ` of `os.environ` and of `environ`; empty for what has no name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
