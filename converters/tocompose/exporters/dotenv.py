"""`.env`, `.env.example` and the lines of `.gitignore` that keep the values out of version control."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.folding import fold
from tocompose.model import File, Setting, Stack
from tocompose.syntax.interpolation import Variable
from tocompose.syntax.names import ALWAYS_SET

IGNORED = (".env", "secrets/")
_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)
_WIDTH = 100


def quoted(value: str) -> str:
    """The value in double quotes, so that Compose's parser of `.env` files gives back exactly `value`."""
    return f'"{value.translate(_ESCAPES)}"'


def env_files(stack: Stack, used: Mapping[str, Variable]) -> tuple[File, ...]:
    """`.env` (real values, for its owner only) and `.env.example` with every variable that is `used` besides.

    `.env` has what the stack knows, and a line to fill in for a variable without any default.
    """
    known = {item.name for item in stack.settings} | ALWAYS_SET
    others = [_unknown(item) for name, item in sorted(used.items()) if name not in known]
    settings = (*stack.settings, *(item for item in others if not item.example))
    every = (*stack.settings, *others)
    passed = {
        item.name
        for service in stack.services
        for item in service.environment
        if item.value is None
    }
    real = [
        *_ENV_HEAD,
        *(line for item in settings for line in _real(item, item.name in passed)),
    ]
    example = [*_EXAMPLE_HEAD, *(line for item in every for line in _example(item))]
    files = (
        [File(path=".env", content=_bytes(real), mode=0o600, secret=True)]
        if settings
        else []
    )
    return (*files, File(path=".env.example", content=_bytes(example))) if every else ()


def _unknown(item: Variable) -> Setting:
    """A variable that the compose files use and the source gives no value to."""
    default = item.default if item.default and "$" not in item.default else ""
    text = (
        f"{item.name} is {default} unless it is set."
        if default
        else f"{item.name} is taken from the environment."
    )
    return Setting(name=item.name, example=default, description=text)


def gitignore(files: Iterable[File]) -> tuple[File, ...]:
    """The lines that `.gitignore` must hold for files with values, beside the compose files."""
    paths = [item.path for item in files]
    held = (".env" in paths, any(path.startswith("secrets/") for path in paths))
    lines = [line for line, needed in zip(IGNORED, held, strict=True) if needed]
    return (File(path=".gitignore", content=_bytes(lines)),) if lines else ()


_ENV_HEAD = (
    "# The values of this stack, secrets among them: keep this file out of version control.",
    "# Docker Compose reads it by itself. The variables are explained in .env.example.",
    "",
)
_EXAMPLE_HEAD = (
    "# Every variable of the compose files. Copy to .env and fill in: cp .env.example .env",
    "",
)


def _real(item: Setting, passed: bool) -> Iterator[str]:
    if item.value is None:
        yield f"# {item.name} has no value in the source: set it here."
        # A service that passes the variable through goes without it; an empty line would give it an empty text.
        yield f"# {item.name}=" if passed else f"{item.name}="
    else:
        yield f"{item.name}={quoted(item.value)}"


def _example(item: Setting) -> Iterator[str]:
    yield from (f"# {line}" for line in fold(_described(item), _WIDTH - 2))
    yield f"{item.name}={quoted(_example_value(item))}"
    yield ""


def _described(item: Setting) -> str:
    text = " ".join(item.description.split()) or f"{item.name}, as in the source."
    kinds = [
        word
        for word, holds in (("required", item.required), ("secret", item.secret))
        if holds
    ]
    return f"{text} ({', '.join(kinds)})" if kinds else text


def _example_value(item: Setting) -> str:
    if item.secret:
        # Nobody needs to fill in what is neither demanded nor set.
        blank = "change-me" if item.required or item.value else ""
        return item.example if item.example and item.example != item.value else blank
    return item.example or item.value or ""


def _bytes(lines: list[str]) -> bytes:
    return ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8", "surrogateescape")
