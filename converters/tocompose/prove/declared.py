"""Which differences the notes of a conversion told the user about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tocompose.notes import Kind, Note
from tocompose.prove.difference import Difference
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import table

TELLING = (Kind.LOST, Kind.CHANGED, Kind.ADDED)


def with_declarations(
    differences: Iterable[Difference], notes: Iterable[Note]
) -> tuple[Difference, ...]:
    """The differences, each with the code of the first note about its place in the Compose file."""
    telling = [note for note in notes if note.kind in TELLING and note.subject]
    return tuple(
        difference._replace(declared_by=_declaring_code(difference, telling))
        for difference in differences
    )


def compose_paths(difference: Difference) -> Iterator[tuple[str, ...]]:
    """Where the Compose file says the field, taken apart at each dot; nothing for a field that the table does not know.

    The engine's names of fields do not say where a key ends: `Env.A.B` is one, `Network.back.IPAM` are two.
    """
    rows = table("prove", required={"paths"}, optional=set())
    match = _table_row(difference.field, rows)
    if match:
        name, key = match
        service = difference.service or difference.container
        for path in rows[name]["paths"]:
            text = str(path).replace("{service}", service).replace("{key}", key)
            yield tuple(text.split("."))


def _table_row(field: str, rows: Iterable[str]) -> tuple[str, str] | None:
    """The row for a field, the one that says most, with what its `*` stands for."""
    hits = [(row, key) for row in rows if (key := _match_star(field, row)) is not None]
    return max(hits, key=lambda hit: len(hit[0])) if hits else None


def _match_star(field: str, row: str) -> str | None:
    prefix, star, suffix = row.partition("*")
    if not star:
        return "" if field == row else None
    fits = (
        field.startswith(prefix)
        and field.endswith(suffix)
        and len(field) > len(prefix) + len(suffix)
    )
    return field[len(prefix) : len(field) - len(suffix)] if fits else None


def _declaring_code(difference: Difference, notes: Sequence[Note]) -> str:
    model_paths = list(compose_paths(difference))
    exact = difference.field == "Container"
    return next(
        (
            note.code
            for note in notes
            if any(_is_about(note.subject, model_path, exact) for model_path in model_paths)
        ),
        "",
    )


def _is_about(subject: ModelPath, model_path: tuple[str, ...], exact: bool) -> bool:
    """Whether a note's subject is the place, a part of it, or (for an attribute of a service) what it is part of."""
    keys = tuple(".".join(subject).split("."))
    if keys == model_path:
        return True
    depth = 3 if model_path[0] == "services" else 2
    whole = len(keys) >= depth and model_path[: len(keys)] == keys
    return not exact and (whole or keys[: len(model_path)] == model_path)
