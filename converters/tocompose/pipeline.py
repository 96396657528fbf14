"""The conversion from first to last: the phases, in order."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import NamedTuple, TypeVar

from tocompose.answers import Answers
from tocompose.collector import collector_off
from tocompose.exporters.bundle import Bundle, Layout, added_to, bundle
from tocompose.exporters.rebase_paths import rebase_paths
from tocompose.importers import Importer, ImportOptions, SourceError, importer, importers
from tocompose.importers.preference import Claim, claims
from tocompose.ledger import Fate, Ledger, audit_unread, audit_written
from tocompose.limits import limit
from tocompose.model import ComposeFileRole, File, Network, Service, Stack, Volume
from tocompose.notes import Kind, Note, generated_forms, in_order, note
from tocompose.project import Project, source_alone, with_earlier_output
from tocompose.record import record, replace
from tocompose.rules import Context, apply_all, select
from tocompose.rules.stated_findings import with_statements
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import did_you_mean

_Part = TypeVar("_Part", Service, Volume, Network)


@record
class Options:
    """What the user asked for: the importer (sniffed when None), the practices, how the files are laid out.

    `existing` is a compose file to add the services to, instead of a file of their own. `up` leads from the folder that
    is written to to the source, `back` the other way; both empty when they are the same.
    """

    source: str | None = None
    practices: str = "all"
    layout: Layout = Layout()
    settings: ImportOptions = ImportOptions()
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


# What these read may run as containers of this machine already.
_OF_CONTAINERS = ("docker_run", "engine", "compose")
# Sources that say nothing of development: the others have settled it, or are compose files themselves.
_WITHOUT_DEVELOPMENT = ("docker_run", "kubernetes")


def convert(project: Project, options: Options | None = None) -> Result:
    """The compose files and notes for a project. Reads through `project` only and writes nothing.

    Raises `SourceError` when the project holds nothing that any importer can read.
    """
    with collector_off():
        return _convert_project(source_alone(project), options or Options())


def _convert_project(project: Project, options: Options) -> Result:
    if options.source is not None:
        chosen_importer = choose(project, options.source)
        check_options(chosen_importer, options.settings)
        return _conversion_by(project, options, chosen_importer, ())
    claims = _claims_on(project)
    for claim in claims[:1]:
        check_options(claim.importer, options.settings)
    return (
        _convert_claims(project, options, claims)
        if claims
        else _conversion_by(project, options, choose(project, None), ())
    )


def check_options(chosen_importer: Importer, settings: ImportOptions) -> None:
    """Raises SourceError for an option that the importer does not know; one that names none of its own takes any."""
    known_options: Mapping[str, str] | None = getattr(chosen_importer, "options", None)
    for name in (
        settings.options
        if known_options is not None and "argv" not in settings.options
        else ()
    ):
        if name not in (known_options or {}):
            hint = did_you_mean(
                name,
                known_options or {},
                f"it has {', '.join(known_options or {}) or 'none'}",
            )
            raise SourceError(f"{chosen_importer.name} has no option {name!r}: {hint}")


class FormatChoice(NamedTuple):
    """The conversion from the format that was taken; None where none could be read, with the `problem` of the first.

    `passed` are the formats that were read before, each with a file of it, and gave nothing to run.
    """

    result: Result | None
    passed: tuple[tuple[str, str], ...] = ()
    taken: Claim | None = None
    problem: SourceError | None = None


def first_that_runs(
    claims: Iterable[Claim],
    convert_claim: Callable[[Claim, Sequence[tuple[str, str]]], Result],
    *,
    weak_after_failure: bool = False,
) -> FormatChoice:
    """The conversion from the first format of which services come; from the first one at all where none come of any.

    A weak claim is looked at only when no other was, or with `weak_after_failure` when no other could be read.
    """
    first_result: Result | None = None
    problem: SourceError | None = None
    passed: list[tuple[str, str]] = []
    for claim in claims:
        if claim.weak and (first_result if weak_after_failure else passed):
            break
        try:
            result = convert_claim(claim, passed)
        except SourceError as error:
            problem = problem or error
        else:
            if result.stack.services:
                return FormatChoice(result, tuple(passed), claim)
            first_result = first_result or result
        passed.append((claim.importer.name, claim.files[0]))
    return FormatChoice(first_result, problem=problem)


def _convert_claims(
    project: Project, options: Options, claims: tuple[Claim, ...]
) -> Result:
    def convert_claim(claim: Claim, passed: Sequence[tuple[str, str]]) -> Result:
        other_claims = claims[len(passed) + 1 :]
        choice_notes = (
            *passed_over(passed, claim.files[0]),
            *left_aside(project, other_claims, claim),
        )
        return _conversion_by(project, options, claim.importer, choice_notes)

    choice = first_that_runs(claims, convert_claim)
    if choice.result is None:
        raise choice.problem or SourceError(f"{project.name}: nothing was found to convert")
    return choice.result


def _conversion_by(
    project: Project,
    options: Options,
    chosen_importer: Importer,
    earlier_notes: Iterable[Note],
) -> Result:
    ledger = Ledger()
    for earlier_note in (*options.settings.notes, *earlier_notes):
        ledger.add_note(earlier_note)
    try:
        stack = chosen_importer.read(project, ledger, options.settings)
    except SourceError as problem:
        problem.notes = (*ledger.notes, *_left_out(project))
        raise
    unread = audit_unread(ledger)
    context = practice_context(options, project)._replace(
        running=chosen_importer.name in _OF_CONTAINERS,
        develops=chosen_importer.name in _WITHOUT_DEVELOPMENT,
        ran_as=stack.name if chosen_importer.name == "compose" else "",
    )
    outcome = apply_all(
        stack, options.answers.practices(select(options.practices)), context
    )
    for old, new in outcome.moves.items():
        ledger.move(old, new)
    left_out = _left_out(project, _files_read(ledger) if _skipped(project) else ())
    notes_so_far = [*ledger.notes, *left_out, *unread, *outcome.notes]
    notes_so_far += ledger.counted_notes()
    stack = rebase_paths(outcome.stack, options.up, options.back)
    layout = _layout(options.layout, chosen_importer, project)
    output = (
        added_to(options.existing, stack, notes_so_far)
        if options.existing
        else bundle(stack, layout, notes_so_far)
    )
    notes_so_far = list(output.still_hold(notes_so_far))
    notes_so_far = [one for one in notes_so_far if not _is_answered(one, stack)]
    all_notes = (*notes_so_far, *output.notes, *audit_written(ledger, output.written))
    notes = in_order(options.answers.confirm(all_notes))
    is_users = options.existing is not None or layout.source_file is not None
    marked = layout.split and not is_users
    return Result(
        files=with_statements(output.files, stack, notes) if marked else output.files,
        notes=tuple(notes),
        stack=output.refusals.without_refused(_as_joined(outcome.stack, output)),
        ledger=ledger,
        importer=chosen_importer.name,
    )


def _as_joined(stack: Stack, output: Bundle) -> Stack:
    """The stack on the networks of the file that it was added to, without what that has under the same name."""
    if output.joined is None:
        return stack
    overruled = output.overruled
    services = [
        replace(service, networks=joined.networks)
        for service in _not_among(overruled, "services", stack.services)
        if (joined := output.joined.service(service.name)) is not None
    ]
    return replace(
        stack,
        services=tuple(services),
        volumes=tuple(_not_among(overruled, "volumes", stack.volumes)),
        networks=tuple(_not_among(overruled, "networks", stack.networks)),
    )


def _not_among(
    overruled: frozenset[ModelPath], section: str, parts: Iterable[_Part]
) -> Iterator[_Part]:
    return (part for part in parts if ModelPath.of(section, part.name) not in overruled)


def _layout(layout: Layout, chosen_importer: Importer, project: Project) -> Layout:
    """The layout with the user's compose file and `.env`, of an importer that reads such files."""
    original: Callable[[Project], File | None] | None = getattr(
        chosen_importer, "original", None
    )
    if original is None:
        return layout
    return replace(
        layout, source_file=original(project), source_values=project.read(".env")
    )


def _is_answered(asking: Note, stack: Stack) -> bool:
    """Whether a note asks for the value of a variable that has one, from another file of the source."""
    is_made = bool(generated_forms([asking]))
    if not (is_made or asking.code == "TC343") or len(asking.subject) < 2:
        return False
    return any(
        setting.name == asking.subject[1] and setting.value for setting in stack.settings
    )


def _skipped(project: Project) -> dict[str, int]:
    """The files that were too large for some format, with their sizes."""
    return getattr(project, "skipped", {})


def _files_read(ledger: Ledger) -> frozenset[str]:
    return frozenset(leaf.span.file for leaf in ledger.leaves())


def _left_out(project: Project, read: Container[str] = ()) -> Iterator[Note]:
    """A note for each file that was too large or may not be read, or that lies outside of the source.

    What is too large for a script may have been `read` as something else.
    """
    for path, size in sorted(_skipped(project).items()):
        if path in read:
            continue
        name = "FILE_BYTES" if size > limit("FILE_BYTES") else "SCRIPT_BYTES"
        yield note(
            "TC020",
            Span(path, 1, 1, 1, 1),
            file=path,
            size=size,
            most=limit(name),
            name=name,
        )
    for path, outside_file in sorted(getattr(project, "outside", {}).items()):
        yield note("TC023", None, file=path, folder=str(outside_file.parent))
    for path, problem in sorted(getattr(project, "refused", {}).items()):
        yield note("TC024", None, file=path, problem=problem)


def _can_be_seen(project: Project) -> bool:
    """Whether the folder of the source can be looked at: not that of a pasted command."""
    return bool(project.files()) and project.named != ("<stdin>",)


def practice_context(options: Options, project: Project) -> Context:
    """What the practices may count on: the files that will be written, and those of the source."""
    layout = options.layout
    has_production = layout.split and ComposeFileRole.PROD in layout.environments
    production = has_production and options.existing is None
    inline = layout.inline_secrets and not layout.split
    return options.context._replace(
        split=layout.split,
        production=production,
        inline_secrets=inline,
        read=project.read,
        below=project.below if _can_be_seen(project) else None,
    )


def unknown_format(name: str, candidates: Iterable[Importer]) -> str:
    """What to say about a format that no importer has, with what was perhaps meant."""
    names = sorted(candidate.name for candidate in candidates)
    hint = did_you_mean(name, names, f"the formats are {', '.join(names)}")
    return f"unknown format {name!r}: {hint}"


def choose(project: Project, name: str | None) -> Importer:
    """The importer of that name, or the first that finds something to read in the project."""
    if name is not None:
        chosen_importer = importer(name)
        if chosen_importer is None:
            raise SourceError(unknown_format(name, importers()))
        return chosen_importer
    all_claims = _claims_on(project)
    if not all_claims:
        raise _nothing_found(project)
    return all_claims[0].importer


def _nothing_found(project: Project) -> SourceError:
    """What to say when no format is found: the files that were not read, if there are some, are why."""
    source_names = ", ".join(project.named[:3]) or project.name
    unread = [
        unread_note for unread_note in _left_out(project) if unread_note.kind is Kind.LOST
    ]
    if unread:
        return SourceError(
            f"{source_names}: nothing to convert: {'; '.join(unread_note.message for unread_note in unread[:3])}"
        )
    return SourceError(
        f"{source_names}: no docker run script, Kubernetes manifest or Procfile was found here; --from says the format"
    )


def _claims_on(project: Project) -> tuple[Claim, ...]:
    """What the importers claim; raises SourceError where there is only a compose file of which nothing can be made."""
    all_claims = claims(project)
    if not all_claims:
        from tocompose.compose.loading import compose_file, why_nothing

        if path := compose_file(project):
            raise SourceError(why_nothing(project, path))
        if path := compose_file(with_earlier_output(project)):
            raise SourceError(
                f"{path} is a compose file already, and was written by an earlier conversion: there is nothing to "
                f"convert. `tocompose check` holds it against the checklist, and `tocompose convert SOURCE --merge "
                f"{path}` adds the services of another source."
            )
    return all_claims


def left_aside(
    project: Project, other_claims: Iterable[Claim], chosen_claim: Claim
) -> Iterator[Note]:
    """What to say about the other formats of a folder, or among the files named, each with `--from` to choose it."""
    # Of files that are named importers also claim what only looks like theirs: any shell script may be a source.
    unnamed = copy(project)
    unnamed.named = ()
    for claim in other_claims:
        sure = claim.importer.sniff(unnamed) if project.named else claim.files
        files = [file for file in sure if file not in chosen_claim.files]
        for file in files[:1]:
            more_files = f" (and {len(files) - 1} more)" if files[1:] else ""
            code, name, title = (
                "TC014" if claim.weak else "TC012",
                claim.importer.name,
                claim.importer.title,
            )
            yield note(
                code,
                Span(file, 1, 1, 1, 1),
                title=title,
                file=file,
                more=more_files,
                name=name,
            )


def passed_over(tried: Iterable[tuple[str, str]], taken_file: str) -> Iterator[Note]:
    """What to say about formats that were read first, each with a file of it, and gave nothing to run."""
    for name, file in tried:
        yield note("TC013", Span(file, 1, 1, 1, 1), file=file, name=name, taken=taken_file)
