"""Notes: what the user is told about each thing that was lost, changed, assumed or added."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import cache

from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.plugins import PluginFault, note_rows
from tocompose.record import record
from tocompose.source import Span
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.tables import Row, table


class Kind(Enum):
    """The kind of a note, in the order in which reports show them.

    LOST: not carried over. CHANGED: carried over with a difference. ASSUMED: not stated in the source. ADDED: good
    practice that the source did not state. INFO: nothing has to be done.
    """

    LOST = "lost"
    CHANGED = "changed"
    ASSUMED = "assumed"
    ADDED = "added"
    INFO = "info"

    @property
    def level(self) -> Level:
        """The level that `check` gives a finding of this kind: an error, a warning or an info."""
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
    """One note of a conversion, or one finding of `check`.

    `code` names its row in docs/notes.md. `message` says what happened and `advice` what to do, which may be empty.
    `subject` is what it is about: `str(note.subject)` gives a path such as `services.web.ports`. `span` is its place in
    the source (file, line, column), None if it has none; `related` are further places. `reason` is what a decision
    was taken for, without the decision.
    """

    code: str
    kind: Kind
    message: str
    subject: ModelPath = ROOT
    span: Span | None = None
    related: tuple[Span, ...] = ()
    advice: str = ""
    url: str = ""
    reason: str = ""


# The codes that each table explains, by how they begin: the longest beginning decides. TC9 is for faults of our own,
# which are looked for by it.
BEGINNINGS = {
    "general": ("TC0",),
    "docker_run": ("TC1", "TC86", "TC083", "TC084", "TC085"),
    "kubernetes": ("TC2", "TC099", "TC548"),
    "procfile": ("TC3", "TC096", "TC097"),
    "addons": ("TC4", "TC819", "TC853", "TC857", "TC859"),
    "environment": ("TC5", "TC547", "TC852", "TC854", "TC856"),
    "practices": ("TC6", "TC87"),
    "compose": ("TC7",),
    "batch": ("TC8",),
    "internal": ("TC9",),
    "sources": ("TC03",),
    "legacy_compose": ("TC06", "TC07"),
    "shell": ("TC08", "TC15", "TC16", "TC17"),
    "kubernetes_edge": ("TC26", "TC27", "TC28", "TC29", "TC88", "TC689", "TC899"),
    "kubernetes_controllers": ("TC39", "TC69", "TC557", "TC686", "TC886", "TC887"),
    "migration": ("TC43", "TC44", "TC45"),
    "engine": ("TC46", "TC47", "TC48", "TC49"),
    "compose_checks": ("TC51", "TC52", "TC53", "TC54"),
    "platform": (
        "TC56",
        "TC57",
        "TC58",
        "TC59",
        "TC091",
        "TC093",
        "TC855",
        "TC895",
        "TC896",
    ),
    "quadlet": ("TC78", "TC095", "TC098", "TC452", "TC818", "TC858", "TC897"),
    "aws": ("TC79", "TC89", "TC092"),
    "unraid": ("TC82", "TC843"),
    "render": ("TC83", "TC094", "TC888", "TC889", "TC898"),
    "paste": ("TC84", "TC85"),
}
FAMILIES = {
    beginning: family
    for family, beginnings in BEGINNINGS.items()
    for beginning in beginnings
}


def _redacted(text: str) -> str:
    """The text without secrets, those too that a program of a command is given."""
    if " " not in text:
        return redact_secrets(text)
    from tocompose.knowledge.secrets.commands import without_script_secrets

    return redact_secrets(without_script_secrets(text))


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
        name: _redacted(_shown(name, value)) if isinstance(value, str) else value
        for name, value in facts.items()
    }
    return Note(
        code=code,
        kind=Kind(row["kind"]),
        message=_filled(str(row["message"]), facts),
        subject=subject,
        span=span,
        related=tuple(related),
        advice=_filled(str(row.get("advice", "")), facts),
        url=str(row.get("url", "")),
        reason=_filled(str(row.get("reason", "")), facts),
    )


def _shown(name: str, value: str) -> str:
    """The fact as a sentence says it: what a source calls by an empty name, or gives an empty value, as two quotes."""
    return '""' if not value and name in ("name", "value") else value


def without_answered(notes: Iterable[Note], values: Collection[ModelPath]) -> list[Note]:
    """The notes without those that the column `unless` of their rows says are answered, by these values or by others.

    One with codes there is answered by a note of such a code with the same subject, or at the same place.
    """
    every_note = list(notes)
    answers: set[tuple[str, object]] = {
        (told.code, told.subject) for told in every_note if told.subject
    }
    answers |= {(told.code, told.span) for told in every_note if told.span}
    return [told for told in every_note if not _is_answered(told, answers, values)]


def _is_answered(
    told: Note, answers: Collection[tuple[str, object]], values: Collection[ModelPath]
) -> bool:
    answering = explanation(told.code).get("unless", ())
    if answering == "value":
        return told.subject in values
    identities = (told.subject, told.span)
    codes = (answering,) if isinstance(answering, str) else answering
    return any((code, identity) in answers for code in codes for identity in identities)


def _filled(template: str, facts: Mapping[str, object]) -> str:
    """The text with the facts in it; `{name!q}` is one word of a shell, in quotes where it would be read otherwise."""
    if "!q}" not in template:
        return template.format_map(facts)
    from shlex import quote

    words = {f"{name}!q": quote(str(fact)) for name, fact in facts.items()}
    for name, word in words.items():
        escaped_word = word.replace("{", "{{").replace("}", "}}")
        template = template.replace(f"{{{name}}}", escaped_word)
    return template.format_map(facts)


def explanation(code: str) -> Row:
    """The row for a code, ours or that of a plug-in: `kind`, `title`, `message`, `why`, and what else it may have.

    `advice` is what to do, `url` where more is said.

    `todo` says that a person must act before the first start: on a `value`, on `data`, or to `make` something; or
    `after` it, on data for a running service. `do` is the task in a few words, before what it is to be done to.
    Codes of the same task share one box in `MIGRATION.md`.
    `reason` says of a decision about a service only why it was taken, as `tocompose plan` shows it.
    `generated` is the form of a value that is made where the files are written to a folder. `unless` are the codes of
    the notes that say the same better, or `value` where nothing is to be said of a variable that has one.
    """
    family = next(
        (FAMILIES[code[:size]] for size in (5, 4, 3) if code[:size] in FAMILIES), ""
    )
    rows = registry(family) if family else note_rows()
    if code not in rows:
        raise UnregisteredCode(code)
    return rows[code]


class UnregisteredCode(KeyError):
    """A code that is neither in `mappings/notes/` nor in the notes of a plug-in."""


def plugin_fault_note(fault: PluginFault) -> Note:
    """What to say about a plug-in, or a thing of it, without which the rest was done."""
    return note("TC902", package=fault.package, problem=fault.problem)


@cache
def registry(family: str) -> dict[str, Row]:
    """Every row of one family of codes."""
    rows = table(
        f"notes/{family}",
        required={"kind", "title", "message", "why"},
        optional={"advice", "do", "generated", "reason", "todo", "unless", "url"},
    )
    return {str(code): row for code, row in rows.items()}


def families() -> tuple[str, ...]:
    """The names of all families of codes."""
    return tuple(BEGINNINGS)


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


def open_facts(text: str) -> str:
    """A message with its facts left open: `{name}` becomes `<name>`."""
    return re.sub(r"\{\{|\}\}|\{(\w+)[^{}]*\}", _open_fact, text)


def _open_fact(match: re.Match[str]) -> str:
    """A fact as its name in angle brackets; a doubled brace is one."""
    return f"<{match[1]}>" if match[1] else match[0][0]
