"""Comments of the compose files: how to use each file, where a service comes from, what of it was lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.compose.yaml_text import Path
from tocompose.folding import fold
from tocompose.model import Home, Stack
from tocompose.notes import Kind, Note
from tocompose.source import Span

_WIDTH = 100


def headers(names: Mapping[Home, str], env: bool) -> dict[Home, tuple[str, ...]]:
    """The first lines of each file of a split stack: what it is, and the commands that use it."""
    base = names[Home.BASE]
    lines: dict[Home, list[str]] = {
        Home.BASE: [
            "Base: what this stack needs everywhere. Start it:",
            "  docker compose up -d",
        ],
        Home.DEV: [
            "Development: what it adds to the base. Docker Compose loads this file by itself:"
        ],
        Home.PROD: ["Production: what it adds to the base. Name both files:"],
    }
    production = f"  docker compose -f {base} -f {names.get(Home.PROD, '')} up -d"
    if Home.DEV in names:
        lines[Home.BASE] += [
            "Without the development settings:",
            f"  docker compose -f {base} up -d",
        ]
    if Home.PROD in names:
        lines[Home.BASE] += ["In production:", production]
    lines[Home.DEV].append("  docker compose up -d")
    lines[Home.PROD].append(production)
    if env:
        lines[Home.BASE].append("Values come from .env; .env.example explains them.")
    return {home: tuple(lines[home]) for home in names}


def comments(
    document: Mapping[str, Any], stack: Stack, notes: Iterable[Note]
) -> dict[Path, tuple[str, ...]]:
    """The lines that stand above services and above top-level networks, volumes, configs and secrets."""
    places = {
        (key, name)
        for key, entries in document.items()
        if isinstance(entries, Mapping)
        for name in entries
    }
    texts: dict[Path, list[str]] = {place: [] for place in sorted(places)}
    for service in stack.services:
        if ("services", service.name) in texts:
            texts["services", service.name] += [*_origin(service.origin), *service.comments]
    for note in notes:
        place = note.subject[:2]
        if note.kind is Kind.LOST and place in texts:
            where = f"{note.code}, {_place(note.span)}" if note.span else note.code
            texts[place].append(f"not carried over ({where}): {note.message}")
    return {
        place: tuple(_wrapped(dict.fromkeys(given)))
        for place, given in texts.items()
        if given
    }


def _origin(span: Span | None) -> list[str]:
    return [f"from {_place(span)}"] if span else []


def _place(span: Span | None) -> str:
    return f"{span.file}:{span.line}" if span else ""


def _wrapped(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        first, *more = fold(text, _WIDTH) or [""]
        yield first
        yield from (f"  {line}" for line in more)
