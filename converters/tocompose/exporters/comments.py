"""What stands in comments of the files: what each is for, where a service is from, and what it lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.compose.yaml_text import Path
from tocompose.model import ComposeFileRole, Stack
from tocompose.notes import Kind, Note
from tocompose.source import Span, shown_place
from tocompose.wording import enumerated, wrap_text

_WIDTH = 100


def file_headers(
    names: Mapping[ComposeFileRole, str], env: bool
) -> dict[ComposeFileRole, tuple[str, ...]]:
    """The first lines of each file of a split stack: what it is, and the commands that use it."""
    base = names[ComposeFileRole.BASE]
    lines: dict[ComposeFileRole, list[str]] = {
        ComposeFileRole.BASE: [
            "Base: what this stack needs everywhere. Start it:",
            "  docker compose up -d",
        ],
        ComposeFileRole.DEV: [
            "Development: what it adds to the base. Docker Compose loads this file by itself:"
        ],
        ComposeFileRole.PROD: ["Production: what it adds to the base. Name both files:"],
    }
    production = (
        f"  docker compose -f {base} -f {names.get(ComposeFileRole.PROD, '')} up -d"
    )
    if ComposeFileRole.DEV in names:
        lines[ComposeFileRole.BASE] += [
            "Without the development settings:",
            f"  docker compose -f {base} up -d",
        ]
    if ComposeFileRole.PROD in names:
        lines[ComposeFileRole.BASE] += ["In production:", production]
    lines[ComposeFileRole.DEV].append("  docker compose up -d")
    lines[ComposeFileRole.PROD].append(production)
    if env:
        lines[ComposeFileRole.BASE].append(
            "Values come from .env; .env.example explains them."
        )
    return {role: tuple(lines[role]) for role in names}


def block_comments(
    document: Mapping[str, Any], stack: Stack, notes: Iterable[Note]
) -> dict[Path, tuple[str, ...]]:
    """The lines that stand above services and above top-level networks, volumes, configs and secrets."""
    texts: dict[Path, list[str]] = {block: [] for block in _blocks_of(document)}
    for service in stack.services:
        block: Path = ("services", service.name)
        if block in texts:
            texts[block] += [*_origin_lines(service.origin), *service.comments]
    for (block, code, message), places in _losses(notes).items():
        if block in texts:
            source_place = f"{code}, {enumerated(places)}" if places else code
            texts[block].append(f"lost ({source_place}): {message}")
    return {block: tuple(_wrap_lines(lines)) for block, lines in texts.items() if lines}


def _losses(notes: Iterable[Note]) -> dict[tuple[Path, str, str], list[str]]:
    """What was lost of each block, by code and message, with the places that say so in the order of the source."""
    spans: dict[tuple[Path, str, str], set[tuple[str, int]]] = {}
    for loss in notes:
        if loss.kind is Kind.LOST:
            same = spans.setdefault((loss.subject[:2], loss.code, loss.message), set())
            same |= {(loss.span.file, loss.span.line)} if loss.span else set()
    return {
        key: [shown_place(file, line) for file, line in sorted(places)]
        for key, places in spans.items()
    }


def _blocks_of(document: Mapping[str, Any]) -> list[Path]:
    return sorted(
        (section, name)
        for section, blocks in document.items()
        if isinstance(blocks, Mapping)
        for name in blocks
    )


def _origin_lines(span: Span | None) -> list[str]:
    return [f"from {_shown_place(span)}"] if span else []


def _shown_place(span: Span | None) -> str:
    return shown_place(span.file, span.line) if span else ""


def _wrap_lines(texts: Iterable[str]) -> Iterator[str]:
    """Each text once, set in lines of which all but the first are indented."""
    for text in dict.fromkeys(texts):
        lines = wrap_text(text, _WIDTH) or [""]
        yield lines[0]
        yield from (f"  {line}" for line in lines[1:])
