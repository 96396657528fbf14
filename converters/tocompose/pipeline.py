"""The conversion from first to last: the phases, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from tocompose.answers import Answers
from tocompose.collector import collector_off
from tocompose.exporters.accepted_source import AcceptedSource, accepted_source
from tocompose.exporters.bundle import Bundle, Layout, added_to, bundle
from tocompose.exporters.outside_resources import outside_notes
from tocompose.exporters.rebase_paths import rebase_notes, rebase_paths
from tocompose.exporters.refusals import true_notes
from tocompose.exporters.source_lines import at_own_lines, setting_origins
from tocompose.importers import (
    Importer,
    ImportOptions,
    SourceError,
    importer,
    importers,
    plugin_faults,
)
from tocompose.importers.brought_formats import FaultyFormat
from tocompose.importers.left_out import files_left_out
from tocompose.importers.preference import (
    Claim,
    claims,
    left_aside,
    passed_over,
    plugin_faults_on,
    unknown_format,
)
from tocompose.ledger import Fate, Ledger, audit_unread, audit_written
from tocompose.model import ComposeFileRole, File, Network, Service, Stack, Volume
from tocompose.notes import (
    Note,
    in_order,
    plugin_fault_note,
    without_answered,
)
from tocompose.plugin_faults import general_faults
from tocompose.plugins import PluginFault, has_plugins, with_faults
from tocompose.project import Project, only_namesake, source_alone, with_earlier_output
from tocompose.record import NamedTuple, record, replace
from tocompose.rules import Context, apply_all, select
from tocompose.rules.joining import joined_startup, joined_uses
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import did_you_mean

_Part = TypeVar("_Part", Service, Volume, Network)


@record
class Options:
    """The options of a conversion, as on the command line.

    `source` is the name of a format (`docker_run`), which is detected if it is None; `practices` is a list such as
    `all,-LOG`; `settings` are options of the format; `answers` are decisions of your own. `existing` is a compose file
    to which the services are added, `existing_values` the `.env` beside it. `up` is the relative path from the output
    folder to the source, `back` the one from the source to the output folder; both are empty if the folders are the
    same.
    """

    source: str | None = None
    practices: str = "all"
    layout: Layout = Layout()
    settings: ImportOptions = ImportOptions()
    context: Context = Context()
    answers: Answers = Answers()
    existing: File | None = None
    existing_values: bytes | None = None
    up: str = ""
    back: str = ""


@record
class Result:
    """The result of a conversion.

    `files` have a `path`, a `content` in bytes and a `mode`; `notes` are in the order in which reports show them.
    `ledger` says of each value of the source what became of it. `importer` is the name of the format.
    """

    files: tuple[File, ...]
    notes: tuple[Note, ...]
    stack: Stack
    ledger: Ledger
    importer: str

    @property
    def counts(self) -> dict[Fate, int]:
        """How many values of the source were carried over, explained in notes and left out on purpose."""
        return self.ledger.count()


# Sources that say nothing of development: the others have settled it, or are compose files themselves.
_WITHOUT_DEVELOPMENT = ("docker_run", "kubernetes")


def convert(project: Project, options: Options | None = None) -> Result:
    """The compose files and notes for a project. Reads through `project` only and writes nothing.

    Raises `SourceError` when the project holds nothing that any importer can read or that `options.source` reads, and
    ValueError for a practice that there is not, and for an `existing` file that is no compose file.
    """
    with collector_off():
        source = source_alone(project)
        result = _convert_project(source, options or Options())
        return _with_plugin_faults(result, source, options or Options())


def _with_plugin_faults(result: Result, project: Project, options: Options) -> Result:
    """The result with a note on each plug-in that could not be used as it is."""
    if not has_plugins():
        return result
    of_formats = plugin_faults_on(project) if options.source is None else ()
    fault_notes = map(plugin_fault_note, (*of_formats, *general_faults()))
    notes = in_order(dict.fromkeys([*result.notes, *fault_notes]))
    return replace(result, notes=tuple(notes))


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

    `passed` are the formats that were read before, each with a file of it, and gave nothing to run; `faults` are of
    those whose code failed.
    """

    result: Result | None
    passed: tuple[tuple[str, str], ...] = ()
    taken: Claim | None = None
    problem: SourceError | None = None
    faults: tuple[PluginFault, ...] = ()


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
    faults: list[PluginFault] = []
    for claim in claims:
        if claim.weak and (first_result if weak_after_failure else passed):
            break
        try:
            result = convert_claim(claim, passed)
        except SourceError as error:
            problem = problem or error
            faults += [error.fault] if isinstance(error, FaultyFormat) else []
        else:
            if result.stack.services:
                return FormatChoice(result, tuple(passed), claim, faults=tuple(faults))
            first_result = first_result or result
        passed.append((claim.importer.name, claim.files[0]))
    return FormatChoice(first_result, problem=problem, faults=tuple(faults))


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
    fault_notes = map(plugin_fault_note, choice.faults)
    return replace(choice.result, notes=(*choice.result.notes, *fault_notes))


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
        problem.notes = (*ledger.notes, *files_left_out(project))
        raise
    unread = audit_unread(ledger)
    accepted = _accepted(stack, chosen_importer)
    context = practice_context(options, project)._replace(
        develops=chosen_importer.name in _WITHOUT_DEVELOPMENT,
    )
    outcome = apply_all(
        accepted.stack, options.answers.practices(select(options.practices)), context
    )
    for old, new in outcome.moves.items():
        ledger.move(old, new)
    read = {leaf.span.file for leaf in ledger.leaves()} if project.skipped else set()
    left_out = files_left_out(project, read)
    stack = rebase_paths(outcome.stack, options.up, options.back)
    origins = setting_origins(ledger)
    rebased_notes = rebase_notes(outcome.notes, outcome.stack, stack)
    practice_notes = list(at_own_lines(rebased_notes, stack, origins))
    source_notes = (
        *true_notes(ledger.notes, accepted.refusals.paths),
        *accepted.notes,
        *outside_notes(accepted.stack),
    )
    notes_so_far = [*source_notes, *left_out, *unread, *practice_notes]
    notes_so_far += ledger.counted_notes()
    layout = _layout(options.layout, chosen_importer, project)
    output = (
        added_to(options.existing, stack, notes_so_far, joined_uses(outcome.stack, context))
        if options.existing
        else bundle(stack, layout, notes_so_far)
    )
    notes_so_far = list(true_notes(notes_so_far, output.absent))
    valued = (setting.name for setting in stack.settings if setting.value)
    values = frozenset(ModelPath.of("settings", name) for name in valued)
    open_notes = without_answered(notes_so_far, values)
    written = output.written | accepted.paths
    all_notes = (
        *open_notes,
        *output.notes,
        *audit_written(ledger, written, practice_notes),
    )
    notes = in_order(options.answers.confirm(all_notes))
    files = output.files
    if layout.split and options.existing is None:
        from tocompose.rules.stated_findings import with_statements

        lines = None if layout.source_file else origins
        files = with_statements(files, stack, notes, lines)
    return Result(
        files=files,
        notes=tuple(notes),
        stack=output.refusals.without_refused(_as_joined(stack, output)),
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


def _accepted(stack: Stack, chosen_importer: Importer) -> AcceptedSource:
    """The stack as the rules shall see it: that of a compose file, which may be written over, as docker takes it."""
    is_compose = hasattr(chosen_importer, "original")
    return accepted_source(stack) if is_compose else AcceptedSource(stack)


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
        joins=joined_startup(options.existing, options.existing_values),
        read=project.read,
        below=project.below if _can_be_seen(project) else None,
        exists=project.exists if _can_be_seen(project) else None,
        namesake=partial(only_namesake, project) if _can_be_seen(project) else None,
    )


def choose(project: Project, name: str | None) -> Importer:
    """The importer of that name, or the first that finds something to read in the project."""
    if name is not None:
        chosen_importer = importer(name)
        if chosen_importer is None:
            raise SourceError(
                with_faults(unknown_format(name, importers()), plugin_faults())
            )
        return chosen_importer
    all_claims = _claims_on(project)
    if not all_claims:
        from tocompose.importers.nothing_found import nothing_found

        raise nothing_found(project, files_left_out(project))
    return all_claims[0].importer


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
