"""The source tree of the package as tests on its architecture see it: modules, imports, definitions."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "converters" / "tocompose"


class _Modules(Mapping[str, ast.Module]):
    """The modules of the package, each parsed when it is first asked for: to list their names is quick."""

    def __init__(self) -> None:
        self._paths = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}
        self._trees: dict[str, ast.Module] = {}

    def __getitem__(self, name: str) -> ast.Module:
        if name not in self._trees:
            self._trees[name] = ast.parse(self._paths[name].read_text(encoding="utf-8"))
        return self._trees[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, name: object) -> bool:
        return name in self._paths


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module of the package by its dotted name, parsed."""
    return _Modules()


def dotted(path: Path) -> str:
    """The import name of a file."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def file(module: str) -> Path:
    """The file that holds a module."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(module: str) -> Iterator[tuple[str, int]]:
    """The package's modules that a module imports, at its top or inside a function, with the line."""
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            yield from (
                (name.name, node.lineno)
                for name in node.names
                if name.name.startswith("tocompose")
            )
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            assert node.level == 0, (
                f"{module}:{node.lineno}: write the import from the package's root"
            )
            if base.split(".")[0] == "tocompose":
                yield from ((_target(base, name.name), node.lineno) for name in node.names)


def _target(base: str, name: str) -> str:
    """`from tocompose.readers import yaml` imports the module `tocompose.readers.yaml`, not a name of the package."""
    return f"{base}.{name}" if f"{base}.{name}" in modules() else base


def top_level(module: str) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, without what only type checkers read."""
    for node in modules()[module].body:
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


_DECISIONS = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.comprehension,
    ast.Assert,
    ast.match_case,
)


def decisions(function: ast.AST) -> int:
    """How many ways lead through a function, those through functions inside it included."""
    count = 1
    for node in ast.walk(function):
        count += isinstance(node, _DECISIONS)
        if isinstance(node, ast.comprehension):
            count += len(node.ifs)
        elif isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
    return count


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name that is bound by an assignment, a loop or a parameter, each time."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)
            and node.id != "_"
        ):
            yield node.id
        elif isinstance(node, ast.arg) and node.arg not in ("self", "cls", "_"):
            yield node.arg


_NO_CODE = frozenset(
    {
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.COMMENT,
    }
)


def tokens(module: str) -> Iterator[int]:
    """The tokens of each line of code of a module; docstrings of several lines do not count."""
    lines: Counter[int] = Counter()
    text = file(module).read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_long_text = token.type == tokenize.STRING and "\n" in token.string
        if token.type not in _NO_CODE and not is_long_text:
            lines[token.start[0]] += 1
    yield from lines.values()
