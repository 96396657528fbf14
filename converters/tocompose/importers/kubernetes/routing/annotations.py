"""The annotations of a route: which are carried over, which change something else, which are lost and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, table


@cache
def annotation_rows() -> Mapping[str, Row]:
    """The table of annotations: `shape` (read by the code of that name), `note` with `advice`, or `ignore`."""
    return table(
        "kubernetes/edge/annotations",
        required=set(),
        optional={"shape", "note", "advice", "ignore"},
    )


def annotation_row(name: str) -> Row:
    """What becomes of an annotation: its own row, else that of its prefix (`alb.ingress.kubernetes.io/*`)."""
    own_row = annotation_rows().get(name)
    if own_row is not None:
        return own_row
    prefix = name.partition("/")[0]
    while prefix:
        if f"{prefix}/*" in annotation_rows():
            return annotation_rows()[f"{prefix}/*"]
        prefix = prefix.partition(".")[2]
    return {}


class Annotations:
    """The annotations of one object, by name without the prefix of a controller; what is read counts as mapped."""

    def __init__(self, cursor: Cursor, prefix: str, to: ModelPath) -> None:
        self._cursor = cursor
        self._prefix = prefix
        self.to = to

    def at(self, name: str) -> Cursor:
        """Where an annotation stands."""
        return self._cursor.at(f"{self._prefix}/{name}")

    def peek(self, name: str) -> str | None:
        """An annotation's text for a decision."""
        return peek_text(self.at(name))

    def take(self, name: str, to: ModelPath | None = None) -> str | None:
        """An annotation's text, mapped to `to`; None where there is none."""
        cursor = self.at(name)
        text = peek_text(cursor)
        if text is not None:
            cursor.take(to=to or self.to)
        return text

    def take_flag(self, name: str) -> bool | None:
        """Whether an annotation says true, mapped."""
        text = self.take(name)
        return None if text is None else text.strip().lower() in ("true", "1", "yes")

    def take_names(self, name: str) -> tuple[str, ...]:
        """The entries of a list separated by commas, mapped."""
        return tuple(
            name_.strip() for name_ in (self.take(name) or "").split(",") if name_.strip()
        )


def settle_unread(cursor: Cursor, route: str, subject: ModelPath) -> None:
    """Says of each annotation still unread what the table says of it."""
    for annotation in _unread_annotations(cursor):
        table_row = annotation_row(annotation.key)
        if "ignore" in table_row:
            annotation.skip(str(table_row["ignore"]))
        elif "note" in table_row:
            why, advice = (
                str(table_row["note"]),
                str(table_row.get("advice", "Check whether the application needs it.")),
            )
            annotation.note(
                "TC284",
                subject=subject,
                route=route,
                name=annotation.key,
                why=why,
                advice=advice,
            )
        else:
            why = (
                "tocompose does not know it here"
                if not table_row
                else "it has no effect together with the others"
            )
            advice = "Check whether the application needs it."
            annotation.note(
                "TC284",
                subject=subject,
                route=route,
                name=annotation.key,
                why=why,
                advice=advice,
            )


def check_expected(cursor: Cursor, *known_texts: str) -> None:
    """Says of a word that it is none of those that the API knows."""
    text = peek_text(cursor)
    if text is not None and text not in known_texts:
        cursor.annotate("TC209", field=cursor.key, expected=" or ".join(known_texts))


def _unread_annotations(cursor: Cursor) -> Iterator[Cursor]:
    return (annotation for annotation in cursor if annotation.unread())
