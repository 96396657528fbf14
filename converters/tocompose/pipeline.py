"""The conversion from first to last: the phases, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy

from tocompose.answers import Answers
from tocompose.collector import collector_off
from tocompose.exporters.bundle import Layout, added_to, bundle
from tocompose.exporters.places import placed
from tocompose.importers import Importer, Settings, SourceError, importer, importers
from tocompose.importers.preference import Claim, claims
from tocompose.ledger import Fate, Ledger, audit_unread, audit_written
from tocompose.limits import limit
from tocompose.model import File, Home, Stack
from tocompose.notes import Kind, Note, in_order, note
from tocompose.project import Project
from tocompose.record import record
from tocompose.rules import Context, apply_all, select
from tocompose.source import Span
from tocompose.suggestion import suggested


@record
class Options:
    """What the user asked for: the importer (sniffed when None), the practices, how the files are laid out.

    `existing` is a compose file to add the services to, instead of a file of their own. `up` leads from the folder that
    is written to to the source, `back` the other way; both empty when they are the same.
    """

    source: str | None = None
    practices: str = "all"
    layout: Layout = Layout()
    settings: Settings = Settings()
    context: Context = Context()
    answers: Answers = Answers()
    existing: File | None = None
    up: str = ""
    back: str = ""


@record
class Result:
    """The outcome: the files to write, all notes in reading order, the stack, and the ledger of the source's leaves."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]
    stack: Stack
    ledger: Ledger
    importer: str

    @property
    def counts(self) -> dict[Fate, int]:
        """How many leaves of the source met each fate."""
        return self.ledger.count()


def convert(project: Project, options: Options | None = None) -> Result:
    """The compose files and notes for a project. Reads through `project` only and writes nothing.

    Raises `SourceError` when the project holds nothing that any importer can read.
    """
    with collector_off():
        return _convert(project, options or Options())


def _convert(project: Project, wanted: Options) -> Result:
    if wanted.source is not None:
        chosen = choose(project, wanted.source)
        check_options(chosen, wanted.settings)
        return _converted(project, wanted, chosen, ())
    every = _claimed(project)
    for claim in every[:1]:
        check_options(claim.importer, wanted.settings)
    return (
        _first_that_runs(project, wanted, every)
        if every
        else _converted(project, wanted, choose(project, None), ())
    )


def check_options(chosen: Importer, settings: Settings) -> None:
    """Raises SourceError for an option that the importer does not know; one that names none of its own takes any."""
    known: Mapping[str, str] | None = getattr(chosen, "options", None)
    for name in (
        settings.options if known is not None and "argv" not in settings.options else ()
    ):
        if name not in (known or {}):
            there = suggested(
                name, known or {}, f"it has {', '.join(known or {}) or 'none'}"
            )
            raise SourceError(f"{chosen.name} has no option {name!r}: {there}")


def _first_that_runs(project: Project, wanted: Options, every: tuple[Claim, ...]) -> Result:
    """The conversion from the first format of which services come; from the first one at all where none come of any."""
    empty: Result | None = None
    problem: SourceError | None = None
    passed: list[tuple[str, str]] = []
    for number, claim in enumerate(every):
        if passed and claim.weak:
            break
        try:
            said = (
                *passed_over(passed, claim.files[0]),
                *left_aside(project, every[number + 1 :], claim),
            )
            result = _converted(project, wanted, claim.importer, said)
        except SourceError as error:
            problem = problem or error
        else:
            if result.stack.services:
                return result
            empty = empty or result
        passed.append((claim.importer.name, claim.files[0]))
    if empty is None:
        raise problem or SourceError(f"{project.name}: nothing was found to convert")
    return empty


def _converted(
    project: Project, wanted: Options, chosen: Importer, first: Iterable[Note]
) -> Result:
    ledger = Ledger()
    for item in (*wanted.settings.notes, *first):
        ledger.say(item)
    try:
        stack = chosen.read(project, ledger, wanted.settings)
    except SourceError as problem:
        problem.notes = (*ledger.notes, *_left_out(project))
        raise
    unread = audit_unread(ledger)
    context = practice_context(wanted, project)
    outcome = apply_all(stack, wanted.answers.practices(select(wanted.practices)), context)
    for old, new in outcome.moves.items():
        ledger.move(old, new)
    said = [*ledger.notes, *_left_out(project), *unread, *outcome.notes]
    stack = placed(outcome.stack, wanted.up, wanted.back)
    made = (
        added_to(wanted.existing, stack, said)
        if wanted.existing
        else bundle(stack, wanted.layout, said)
    )
    notes = in_order([*said, *made.notes, *audit_written(ledger, made.written)])
    return Result(
        files=made.files,
        notes=tuple(notes),
        stack=outcome.stack,
        ledger=ledger,
        importer=chosen.name,
    )


def _left_out(project: Project) -> Iterator[Note]:
    """A note for each file that was too large or may not be read, or that lies outside of the source."""
    for path, size in sorted(getattr(project, "skipped", {}).items()):
        name = "FILE_BYTES" if size > limit("FILE_BYTES") else "SCRIPT_BYTES"
        yield note(
            "TC020",
            Span(path, 1, 1, 1, 1),
            file=path,
            size=size,
            most=limit(name),
            name=name,
        )
    for path, place in sorted(getattr(project, "outside", {}).items()):
        yield note("TC023", None, file=path, folder=str(place.parent))
    for path, problem in sorted(getattr(project, "refused", {}).items()):
        yield note("TC024", None, file=path, problem=problem)


def practice_context(options: Options, project: Project) -> Context:
    """What the practices may count on: the files that will be written, and those of the source."""
    layout = options.layout
    production = layout.split and Home.PROD in layout.environments
    inline = layout.inline_secrets and not layout.split
    return options.context._replace(
        split=layout.split,
        production=production,
        inline_secrets=inline,
        read=project.read,
        below=project.below,
    )


def choose(project: Project, name: str | None) -> Importer:
    """The importer of that name, or the first that finds something to read in the project."""
    if name is not None:
        found = importer(name)
        if found is None:
            known = sorted(item.name for item in importers())
            hint = suggested(name, known, f"the formats are {', '.join(known)}")
            raise SourceError(f"unknown format {name!r}: {hint}")
        return found
    every = _claimed(project)
    if not every:
        raise _nothing(project)
    return every[0].importer


def _nothing(project: Project) -> SourceError:
    """What to say when no format is found: the files that were not read, if there are some, are why."""
    where = ", ".join(project.named[:3]) or project.name
    unread = [item for item in _left_out(project) if item.kind is Kind.LOST]
    if unread:
        return SourceError(
            f"{where}: nothing to convert: {'; '.join(item.message for item in unread[:3])}"
        )
    return SourceError(
        f"{where}: no docker run script, Kubernetes manifest or Procfile was found here; --from says the format"
    )


def _claimed(project: Project) -> tuple[Claim, ...]:
    """What the importers claim; a compose file that the user named, or that stands alone, is not a source."""
    from tocompose.importers.compose.names import compose_file

    compose = compose_file(project) if project.named else ""
    every = () if compose else claims(project)
    if not every and (compose := compose or compose_file(project)):
        raise SourceError(
            f"{compose} is a compose file already: there is nothing to convert. `tocompose check` holds it against the "
            f"checklist, `tocompose convert SOURCE --merge {compose}` adds the services of another source."
        )
    return every


def left_aside(project: Project, others: Iterable[Claim], taken: Claim) -> Iterator[Note]:
    """What to say about the other formats of a folder, or among the files named, each with `--from` to choose it."""
    # Of files that are named importers also claim what only looks like theirs: any shell script may be a source.
    unnamed = copy(project)
    unnamed.named = ()
    for claim in others:
        sure = claim.importer.sniff(unnamed) if project.named else claim.files
        files = [file for file in sure if file not in taken.files]
        for file in files[:1]:
            more = f" (and {len(files) - 1} more)" if files[1:] else ""
            code, name, title = (
                "TC014" if claim.weak else "TC012",
                claim.importer.name,
                claim.importer.title,
            )
            yield note(
                code, Span(file, 1, 1, 1, 1), title=title, file=file, more=more, name=name
            )


def passed_over(tried: Iterable[tuple[str, str]], taken: str) -> Iterator[Note]:
    """What to say about formats that were read first, each with a file of it, and gave nothing to run."""
    for name, file in tried:
        yield note("TC013", Span(file, 1, 1, 1, 1), file=file, name=name, taken=taken)
