"""Notes: what the user is told about each thing that was lost, changed, assumed or added."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import cache

from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.plugins import note_rows
from tocompose.record import record
from tocompose.source import Span
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.tables import Row, table


class Kind(Enum):
    """What a note is about; in the order in which a reader should see them."""

    LOST = "lost"
    CHANGED = "changed"
    ASSUMED = "assumed"
    ADDED = "added"
    INFO = "info"

    @property
    def level(self) -> Level:
        """How much it matters to who reads it as the finding of a linter."""
        return _LEVELS.get(self, Level.INFO)


class Level(Enum):
    """How much a finding matters, the most first: the stack is refused or fails, it is risky, it could be better."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_LEVELS = {
    Kind.LOST: Level.ERROR,
    Kind.CHANGED: Level.WARNING,
    Kind.ASSUMED: Level.WARNING,
}


@record
class Note:
    """One statement about the conversion; `subject` is what it is about, as text such as `services.web.ports`."""

    code: str
    kind: Kind
    message: str
    subject: ModelPath = ROOT
    span: Span | None = None
    related: tuple[Span, ...] = ()
    advice: str = ""
    url: str = ""


# The hundreds digit of a code names the table that explains it; a longer prefix comes first.
FAMILIES = {
    "TC15": "shell",
    "TC16": "shell",
    "TC17": "shell",
    **dict.fromkeys(("TC26", "TC27", "TC28", "TC29", "TC88"), "kubernetes_edge"),
    "TC03": "sources",
    "TC86": "docker_run",
    **dict.fromkeys(("TC06", "TC07"), "legacy_compose"),
    **dict.fromkeys(("TC43", "TC44", "TC45"), "migration"),
    **dict.fromkeys(("TC56", "TC57", "TC58", "TC59"), "platform"),
    **dict.fromkeys(("TC84", "TC85"), "paste"),
    **dict.fromkeys(("TC46", "TC47", "TC48", "TC49"), "engine"),
    "TC78": "quadlet",
    "TC79": "aws",
    "TC82": "unraid",
    "TC83": "render",
    "TC0": "general",
    "TC1": "docker_run",
    "TC2": "kubernetes",
    "TC3": "procfile",
    **dict.fromkeys(("TC39", "TC69"), "kubernetes_controllers"),
    "TC4": "addons",
    **dict.fromkeys(("TC51", "TC52", "TC53", "TC54"), "compose_checks"),
    "TC5": "environment",
    **dict.fromkeys(("TC6", "TC87"), "practices"),
    "TC7": "compose",
    "TC8": "batch",
    "TC9": "internal",
}


def note(
    code: str,
    span: Span | None = None,
    *,
    subject: ModelPath = ROOT,
    related: Iterable[Span] = (),
    **facts: object,
) -> Note:
    """The note of a registered code, its message and advice filled in with `facts`.

    Raises KeyError for a code or a fact that the registry in `mappings/notes/` does not name.
    """
    row = explanation(code)
    facts = {
        name: redact_secrets(value) if isinstance(value, str) else value
        for name, value in facts.items()
    }
    return Note(
        code=code,
        kind=Kind(row["kind"]),
        message=str(row["message"]).format_map(facts),
        subject=subject,
        span=span,
        related=tuple(related),
        advice=str(row.get("advice", "")).format_map(facts),
        url=str(row.get("url", "")),
    )


def explanation(code: str) -> Row:
    """The row for a code, ours or that of a plug-in: `kind`, `title`, `message`, `why`, `advice`, `todo`, `url`.

    `todo` says of what is not lost that a person must act before the first start: on a `value`, on `data`, or to
    `make` something. `generated` is the form of a value that is made where the files are written to a folder.
    """
    family = FAMILIES.get(code[:4]) or FAMILIES.get(code[:3])
    return registry(family)[code] if family else note_rows()[code]


@cache
def registry(family: str) -> dict[str, Row]:
    """Every row of one family of codes."""
    rows = table(
        f"notes/{family}",
        required={"kind", "title", "message", "why"},
        optional={"advice", "generated", "todo", "url"},
    )
    return {str(code): row for code, row in rows.items()}


def families() -> tuple[str, ...]:
    """The names of all families of codes."""
    return tuple(dict.fromkeys(FAMILIES.values()))


def generated_forms(notes: Iterable[Note]) -> dict[str, str]:
    """The variables whose values are made where the files are written to a folder, each with the form of its value."""
    return {
        str(one_note.subject[1]): str(form)
        for one_note in notes
        if (form := explanation(one_note.code).get("generated"))
    }


def in_order(notes: Iterable[Note]) -> list[Note]:
    """The notes as a reader wants them: losses first, then by place in the source."""
    rank = {kind: index for index, kind in enumerate(Kind)}
    return sorted(
        notes,
        key=lambda one_note: (
            rank[one_note.kind],
            _place_of(one_note),
            one_note.code,
            one_note.message,
        ),
    )


def _place_of(one_note: Note) -> tuple[str, int, int]:
    return (
        (one_note.span.file, one_note.span.line, one_note.span.column)
        if one_note.span
        else ("", 0, 0)
    )
