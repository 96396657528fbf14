"""Converts one repository from its scan to its files: what a worker does, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from tocompose.batch.checkout import (
    PRESENT_MARK,
    Checkout,
    ReadJournal,
    content_digest,
    holds_any,
    name_digest,
)
from tocompose.batch.delivery import (
    ApplicationFiles,
    Delivery,
    output_root,
    prepare_delivery,
    safe_path,
    write_targets,
)
from tocompose.batch.intent import keep_intent, with_notes
from tocompose.batch.options import BatchOptions, OutputMode
from tocompose.batch.outcome import (
    BatchRepository,
    Fingerprint,
    RepositoryOutcome,
    StackRecord,
    Status,
)
from tocompose.batch.plan import (
    Application,
    RepositoryPlan,
    importer_settings,
    open_application,
    other_formats_note,
    plan_repository,
)
from tocompose.batch.scan import (
    RepositoryScan,
    UnreadableError,
    repository_rules,
    scan_repository,
)
from tocompose.batch.walk import join_path
from tocompose.importers import Importer, SourceError
from tocompose.importers.brought_formats import FaultyFormat
from tocompose.importers.preference import passed_over, plugin_faults_on
from tocompose.notes import Kind, Note, generated_forms, in_order, note, plugin_fault_note
from tocompose.pipeline import Options, Result, convert, first_that_runs
from tocompose.project import path_between
from tocompose.record import NamedTuple
from tocompose.reports import FOLDER_REPORTS, FORMS, with_reports
from tocompose.reports.escape import fault_line
from tocompose.source import Span


class Job(NamedTuple):
    """One repository to convert; `earlier_fingerprint` is of an earlier result, `written` what that put on disk: files
    that are still as it left them may be replaced.

    With a `failure` the repository is not converted: the failure is recorded with what it depends on.
    """

    repository: BatchRepository
    options: BatchOptions
    earlier_fingerprint: Fingerprint | None = None
    written: Mapping[str, str] = {}
    failure: Note | None = None


def run_job(job: Job) -> RepositoryOutcome | None:
    """What became of the repository; None when the earlier result still holds. Never raises an `Exception`."""
    try:
        return (
            _convert_repository(job)
            if job.failure is None
            else _record_failure(job, job.failure)
        )
    except UnreadableError as problem:
        return failed_outcome(job.repository, note("TC805", problem=str(problem)))
    except MemoryError:
        return _record_failure(job, note("TC803", megabytes=job.options.memory))
    except Exception as fault:
        return _record_failure(
            job, note("TC801", fault=type(fault).__name__, place=fault_line(fault))
        )


def failed_outcome(repository: BatchRepository, *notes: Note) -> RepositoryOutcome:
    """The outcome of a repository of which nothing could be converted."""
    return RepositoryOutcome(repository, Status.FAILED, notes=notes)


def _record_failure(job: Job, failure_note: Note) -> RepositoryOutcome:
    """The outcome with what it depends on, as far as is known: the files that may be sources."""
    outcome = failed_outcome(job.repository, failure_note)
    top = Path(job.repository.path)
    try:
        scanned = scan_repository(top, job.options.exclude)
    except (UnreadableError, OSError):
        return outcome
    journal = ReadJournal()
    project = Checkout(top, "", scanned.files, journal)
    for path in scanned.files:
        if repository_rules().is_source(path.rpartition("/")[2]):
            project.read(path)
    return outcome._replace(fingerprint=_fingerprint_of(scanned, journal, frozenset()))


def _convert_repository(job: Job) -> RepositoryOutcome | None:
    top = Path(job.repository.path)
    scanned = scan_repository(top, job.options.exclude)
    if job.earlier_fingerprint is not None and _still_holds(
        job, job.earlier_fingerprint, scanned
    ):
        return None
    journal = ReadJournal()
    repository_plan = plan_repository(top, scanned, journal, job.options.planning)
    attempts = [
        _attempt_application(job, top, application, journal)
        for application in repository_plan.applications
    ]
    ready = prepare_delivery(
        [attempt.bundle for attempt in attempts if attempt.bundle],
        job.repository,
        job.options,
        job.written,
    )
    outcome = RepositoryOutcome(
        repository=job.repository,
        status=_overall_status(attempts, repository_plan, ready.refused),
        stacks=tuple(attempt.record for attempt in attempts if attempt.record),
        notes=_collect_notes(scanned, repository_plan, attempts, ready, journal),
        written=ready.written if not job.options.dry_run else {},
        fingerprint=_fingerprint_of(
            scanned, journal, _own_outputs(ready.written, job.options)
        ),
        files=ready.returned_files,
    )
    return outcome if job.options.dry_run else _deliver_outcome(outcome, ready, job.options)


def _deliver_outcome(
    outcome: RepositoryOutcome, prepared: Delivery, options: BatchOptions
) -> RepositoryOutcome:
    if options.output_mode is OutputMode.IN_PLACE and options.output and prepared.targets:
        keep_intent(options.output, outcome, prepared.targets)
    return with_notes(outcome, write_targets(prepared.targets, options.force))


def _own_outputs(written: Iterable[str], options: BatchOptions) -> frozenset[str]:
    """The files of the repository that a conversion writes itself."""
    return frozenset(written) if options.output_mode is OutputMode.IN_PLACE else frozenset()


class _Attempt(NamedTuple):
    """What came of one application: its record and files, or neither; `failed` when that is a failure.

    A `chart` that could not be rendered often packs what another application of the repository is: where that one was
    converted or has a compose file, the note suffices.
    """

    notes: tuple[Note, ...]
    record: StackRecord | None = None
    bundle: ApplicationFiles | None = None
    is_failure: bool = False
    is_chart: bool = False


def _attempt_application(
    job: Job, top: Path, application: Application, journal: ReadJournal
) -> _Attempt:
    """The conversion from the first format of which services come, else from the first that could be read."""
    project = open_application(top, application, journal, job.options.allowed_paths)
    choice = first_that_runs(
        application.claims,
        lambda claim, _: convert(
            project, _pipeline_options(job, application, claim.importer)
        ),
        weak_after_failure=True,
    )
    if choice.result is None:
        return _failed_attempt(application, choice.problem)
    if choice.taken and choice.passed:
        choice_notes = [
            _in_repository(passed_note, application.folder)
            for passed_note in passed_over(choice.passed, choice.taken.files[0])
        ]
    else:
        choice_notes = list(other_formats_note(application, top.name))
    faults = dict.fromkeys([*choice.faults, *plugin_faults_on(project)])
    choice_notes += map(plugin_fault_note, faults)
    return _succeeded_attempt(application, choice.result, project, choice_notes)


def _failed_attempt(application: Application, problem: SourceError | None) -> _Attempt:
    """What to tell of an application that could not be read; of one with weak evidence alone nothing."""
    if problem is None or application.claims[0].weak:
        return _Attempt(())
    return _Attempt(
        (_in_repository(_unreadable_note(problem), application.folder),),
        is_failure=True,
        is_chart=join_path(application.folder, "Chart.yaml") in application.files,
    )


def _succeeded_attempt(
    application: Application,
    result: Result,
    project: Checkout,
    choice_notes: Iterable[Note],
) -> _Attempt:
    notes = (
        *choice_notes,
        *(
            _in_repository(conversion_note, application.folder)
            for conversion_note in result.notes
        ),
    )
    return _Attempt(
        notes,
        _stack_record(application, result),
        ApplicationFiles(
            application.folder,
            with_reports(result, project)[0],
            generated_forms(result.notes),
        ),
    )


def _unreadable_note(problem: SourceError) -> Note:
    """One note on a source that gave nothing, with the place and reason of the first loss where there is one."""
    if isinstance(problem, FaultyFormat):
        return plugin_fault_note(problem.fault)
    first_loss = next(
        (
            source_note
            for source_note in problem.notes
            if source_note.kind is Kind.LOST and source_note.span
        ),
        None,
    )
    return note(
        "TC800",
        first_loss.span if first_loss else None,
        problem=first_loss.message if first_loss else str(problem),
    )


def _pipeline_options(job: Job, application: Application, importer: Importer) -> Options:
    conversion_options = job.options.conversion
    conversion_options = replace(
        conversion_options,
        settings=importer_settings(conversion_options.settings, importer),
    )
    if job.options.output_mode is not OutputMode.TREE:
        return replace(conversion_options, source=importer.name)
    source = (Path(job.repository.path) / application.folder).resolve()
    target = Path(
        job.options.output,
        "repositories",
        safe_path(job.repository.id),
        application.folder,
    ).resolve()
    return replace(
        conversion_options,
        source=importer.name,
        up=path_between(target, source),
        back=path_between(source, target),
    )


def _stack_record(application: Application, result: Result) -> StackRecord:
    return StackRecord(
        folder=application.folder,
        name=result.stack.name,
        importer=result.importer,
        services=tuple(service.name for service in result.stack.services),
        files=(
            *(file.path for file in result.files),
            *(FORMS[form].file_name for form in FOLDER_REPORTS),
        ),
        values={fate.value: number for fate, number in result.counts.items()},
    )


def _in_repository(application_note: Note, folder: str) -> Note:
    """A note on an application as a note on the repository: the same places, seen from the repository's folder."""
    if not folder:
        return application_note
    related = tuple(_span_below(span, folder) for span in application_note.related)
    return replace(
        application_note,
        span=_span_below(application_note.span, folder) if application_note.span else None,
        related=related,
    )


def _span_below(span: Span, folder: str) -> Span:
    return span._replace(file=f"{folder}/{span.file}")


def _overall_status(
    attempts: list[_Attempt], repository_plan: RepositoryPlan, undelivered: bool
) -> Status:
    converted = any(attempt.record for attempt in attempts)
    served = converted or bool(repository_plan.present)
    if undelivered or any(
        attempt.is_failure and not (attempt.is_chart and served) for attempt in attempts
    ):
        return Status.FAILED
    if converted:
        return Status.CONVERTED
    return Status.PRESENT if repository_plan.present else Status.EMPTY


def _collect_notes(
    scanned: RepositoryScan,
    repository_plan: RepositoryPlan,
    attempts: list[_Attempt],
    prepared: Delivery,
    journal: ReadJournal,
) -> tuple[Note, ...]:
    """Everything to tell about the repository, in reading order; one without any source gets one note that says so."""
    outcome_notes = [
        *scanned.notes,
        *repository_plan.notes,
        *prepared.notes,
        *journal.notes(),
    ]
    outcome_notes += [
        application_note for attempt in attempts for application_note in attempt.notes
    ]
    idle = not repository_plan.present and not any(
        attempt.record or attempt.is_failure for attempt in attempts
    )
    if idle and not any(
        application_note.kind is Kind.LOST for application_note in outcome_notes
    ):
        outcome_notes.append(note("TC812", count=len(scanned.files)))
    return tuple(in_order(outcome_notes))


def _fingerprint_of(
    scanned: RepositoryScan, journal: ReadJournal, own_outputs: frozenset[str]
) -> Fingerprint:
    """What the result depends on, without the files that it wrote itself."""
    listing = sha256(
        "\0".join(path for path in scanned.files if path not in own_outputs).encode(
            "utf-8", "surrogateescape"
        )
    )
    digests = {
        path: digest for path, digest in journal.digests.items() if path not in own_outputs
    }
    written_names = {name for path in own_outputs for name in _names_on_way(path)}
    missing = {
        folder: sorted(
            digest for digest in name_digests if (folder, digest) not in written_names
        )
        for folder, name_digests in journal.missing.items()
    }
    return Fingerprint(listing.hexdigest()[:24], digests, missing)


def _names_on_way(path: str) -> Iterator[tuple[str, str]]:
    """The folders on the way to a file, each with the digest of the next name in it."""
    folder = ""
    for name in path.split("/"):
        yield folder, name_digest(name)
        folder = join_path(folder, name)


def _still_holds(job: Job, fingerprint: Fingerprint, scanned: RepositoryScan) -> bool:
    """Whether an earlier result still holds: the same files, each with the same content, and the output still there."""
    top = Path(job.repository.path)
    output = output_root(job.repository, job.options)
    if not all((output / path).exists() for path in job.written):
        return False
    if any(holds_any(top / folder, names) for folder, names in fingerprint.missing.items()):
        return False
    project = Checkout(top, "", (), ReadJournal(), job.options.allowed_paths)
    for path, earlier_digest in fingerprint.digests.items():
        if not project.exists(path):
            return False
        if earlier_digest == PRESENT_MARK:
            continue
        if content_digest(project.read(path)) != earlier_digest:
            return False
    own_outputs = _own_outputs(job.written, job.options)
    return (
        _fingerprint_of(scanned, ReadJournal(), own_outputs).listing == fingerprint.listing
    )
