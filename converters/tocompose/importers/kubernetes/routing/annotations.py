"""The annotations of a route: which are carried over, which change something else, which are lost and why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tocompose.importers.kubernetes.routing.annotation_fields import StatedAnnotations
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, table

_ADVICE = "Check whether the application needs it."


@cache
def annotation_rows() -> Mapping[str, Row]:
    """The table of annotations: `shape` (read by the code of that name), `note` or `unneeded` with
    `advice`, or `ignore`."""
    return table(
        "kubernetes/edge/annotations",
        required=set(),
        optional={"shape", "note", "advice", "unneeded", "ignore"},
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


class Annotations(NamedTuple):
    """The annotations of one object, by name without the prefix of a controller; what is read counts as mapped."""

    annotations: StatedAnnotations
    prefix: str
    to: ModelPath

    def stated(self, name: str) -> Stated:
        """The annotation of that name, with where it stands."""
        return self.annotations.stated(f"{self.prefix}/{name}")

    def text(self, name: str) -> str | None:
        """An annotation's text for a decision."""
        return self.stated(name).text

    def take(self, name: str) -> str | None:
        """An annotation's text, mapped; None where there is none."""
        return self.stated(name).take(self.to)

    def take_flag(self, name: str) -> bool | None:
        """Whether an annotation says true, mapped."""
        text = self.take(name)
        return None if text is None else text.strip().lower() in ("true", "1", "yes")

    def take_names(self, name: str) -> tuple[str, ...]:
        """The entries of a list separated by commas, mapped."""
        return split_names(self.take(name))


def split_names(text: str | None) -> tuple[str, ...]:
    """The names of a list separated by commas."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def settle_unread(annotations: StatedAnnotations, route: str, subject: ModelPath) -> None:
    """Says of each annotation still unread what the table says of it."""
    for name, annotation in annotations.by_name.items():
        table_row = annotation_row(name)
        if not annotation.cursor.unread():
            continue
        if "ignore" in table_row:
            annotation.cursor.skip(str(table_row["ignore"]))
            continue
        if "unneeded" in table_row:
            why, advice = str(table_row["unneeded"]), str(table_row["advice"])
            facts: dict[str, Any] = {
                "route": route,
                "name": name,
                "why": why,
                "advice": advice,
            }
            annotation.cursor.note("TC689", subject=subject, **facts)
            continue
        annotation.cursor.note(
            "TC284",
            subject=subject,
            route=route,
            name=name,
            why=table_row.get("note") or _lack_of_note(table_row),
            advice=str(table_row.get("advice", _ADVICE)),
        )


def _lack_of_note(table_row: Row) -> str:
    """Why an annotation is lost of which the table does not say it."""
    if table_row:
        return "it has no effect together with the others"
    return "tocompose does not know it here"


def check_expected(field: Stated, *known_texts: str) -> None:
    """Says of a word that it is none of those that the API knows."""
    if field.text is not None and field.text not in known_texts:
        key = field.cursor.key
        field.cursor.annotate("TC209", field=key, expected=" or ".join(known_texts))
