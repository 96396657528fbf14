"""Converts one repository from its scan to its files: what a worker does, whichever engine runs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.checkout import MISSING, THERE, Checkout, Journal, digest
from tocompose.batch.delivery import Bundle, Prepared, prepare, put, root
from tocompose.batch.intent import keep, with_told
from tocompose.batch.naming import safe_path
from tocompose.batch.options import BatchOptions, Place
from tocompose.batch.outcome import Fingerprint, Outcome, Repository, StackRecord, Status
from tocompose.batch.plan import (
    Application,
    Plan,
    checkout,
    own_settings,
    plan,
    told_rivals,
)
from tocompose.batch.rules import rules
from tocompose.batch.scan import Scan, UnreadableError, scan
from tocompose.importers import SourceError
from tocompose.model import File
from tocompose.notes import Kind, Note, in_order, note
from tocompose.pipeline import Options, Result, convert, passed_over
from tocompose.reports import render
from tocompose.reports.report import report
from tocompose.source import Span

REPORTS = {"MIGRATION.md": "markdown", "migration.json": "json"}


class Job(NamedTuple):
    """One repository to convert; `known` is the fingerprint of an earlier result, `written` what it put on disk: files
    that are still as it left them may be replaced.

    With a `failure` the repository is not converted: the failure is recorded with what it depends on.
    """

    repository: Repository
    options: BatchOptions
    known: Fingerprint | None = None
    written: Mapping[str, str] = {}
    failure: Note | None = None


def run(job: Job) -> Outcome | None:
    """What became of the repository; None when the earlier result still holds. Never raises an `Exception`."""
    try:
        return _run(job) if job.failure is None else _failure(job, job.failure)
    except UnreadableError as problem:
        return failed(job.repository, note("TC805", problem=str(problem)))
    except MemoryError:
        return _failure(job, note("TC803", megabytes=job.options.memory))
    except Exception as fault:
        return _failure(job, note("TC801", fault=type(fault).__name__, place=_place(fault)))


def failed(repository: Repository, *said: Note) -> Outcome:
    """The outcome of a repository of which nothing could be converted."""
    return Outcome(repository, Status.FAILED, notes=said)


def _failure(job: Job, said: Note) -> Outcome:
    """The outcome with what it depends on, as far as is known: the files that may be sources."""
    outcome = failed(job.repository, said)
    top = Path(job.repository.path)
    try:
        found = scan(top, job.options.exclude)
    except (UnreadableError, OSError):
        return outcome
    journal = Journal()
    project = Checkout(top, "", found.files, journal)
    for path in found.files:
        if rules().is_source(path.rpartition("/")[2]):
            project.read(path)
    return outcome._replace(fingerprint=_fingerprint(found, journal, frozenset()))


def _run(job: Job) -> Outcome | None:
    top = Path(job.repository.path)
    found = scan(top, job.options.exclude)
    if job.known is not None and _holds(job, job.known, found):
        return None
    journal = Journal()
    chosen = plan(top, found, journal, job.options.wishes)
    attempts = [_attempt(job, top, item, journal) for item in chosen.applications]
    ready = prepare(
        [item.bundle for item in attempts if item.bundle],
        job.repository,
        job.options,
        job.written,
    )
    outcome = Outcome(
        repository=job.repository,
        status=_status(attempts, chosen, ready.refused),
        stacks=tuple(item.record for item in attempts if item.record),
        notes=_notes(found, chosen, attempts, ready, journal),
        written=ready.written if not job.options.dry_run else {},
        fingerprint=_fingerprint(found, journal, _own(ready.written, job.options)),
        files=ready.returned,
    )
    return outcome if job.options.dry_run else _delivered(outcome, ready, job.options)


def _delivered(outcome: Outcome, ready: Prepared, options: BatchOptions) -> Outcome:
    if options.place is Place.IN_PLACE and options.output and ready.targets:
        keep(options.output, outcome, ready.targets)
    return with_told(outcome, put(ready.targets, options.force))


def _own(written: Iterable[str], options: BatchOptions) -> frozenset[str]:
    """The files of the repository that a conversion writes itself."""
    return frozenset(written) if options.place is Place.IN_PLACE else frozenset()


class _Attempt(NamedTuple):
    """What came of one application: its record and files, or neither; `failed` when that is a failure.

    A `chart` that could not be rendered often packs what another application of the repository is: where that one was
    converted or has a compose file, the note suffices.
    """

    notes: tuple[Note, ...]
    record: StackRecord | None = None
    bundle: Bundle | None = None
    failed: bool = False
    chart: bool = False


def _attempt(job: Job, top: Path, item: Application, journal: Journal) -> _Attempt:
    """The conversion from the first format of which services come, else from the first that could be read."""
    project = checkout(top, item, journal, job.options.allowed)
    problem: SourceError | None = None
    empty: Result | None = None
    passed: list[tuple[str, str]] = []
    for evidence in item.evidence:
        if empty and evidence.weak:
            break
        try:
            result = convert(project, _options(job, item, evidence.importer))
        except SourceError as error:
            problem = problem or error
        else:
            if result.stack.services:
                told = (
                    (
                        _moved(found, item.folder)
                        for found in passed_over(passed, evidence.files[0])
                    )
                    if passed
                    else told_rivals(item, top.name)
                )
                return _made(item, result, project, told)
            empty = empty or result
        passed.append((evidence.importer, evidence.files[0]))
    if empty:
        return _made(item, empty, project, told_rivals(item, top.name))
    if problem is None or item.evidence[0].weak:
        return _Attempt(())
    chart = f"{item.folder}/Chart.yaml".removeprefix("/") in item.files
    return _Attempt((_moved(_unreadable(problem), item.folder),), failed=True, chart=chart)


def _made(
    item: Application, result: Result, project: Checkout, first: Iterable[Note] = ()
) -> _Attempt:
    said = (*first, *(_moved(found, item.folder) for found in result.notes))
    return _Attempt(
        said, _record(item, result), Bundle(item.folder, _all_files(result, project))
    )


def _unreadable(problem: SourceError) -> Note:
    """One note on a source that gave nothing, with the place and reason of the first loss where there is one."""
    first = next(
        (item for item in problem.notes if item.kind is Kind.LOST and item.span), None
    )
    return note(
        "TC800",
        first.span if first else None,
        problem=first.message if first else str(problem),
    )


def _options(job: Job, item: Application, importer: str) -> Options:
    wanted = job.options.conversion
    wanted = replace(wanted, settings=own_settings(wanted.settings, importer))
    if job.options.place is not Place.TREE:
        return replace(wanted, source=importer)
    source = os.path.realpath(Path(job.repository.path) / item.folder)
    target = os.path.realpath(
        Path(job.options.output, "repositories", safe_path(job.repository.id), item.folder)
    )
    up, back = os.path.relpath(source, target), os.path.relpath(target, source)
    return replace(wanted, source=importer, up=f"{up}/", back=f"{back}/")


def _all_files(result: Result, project: Checkout) -> tuple[File, ...]:
    """The files of the stack with the two reports that stand beside them."""
    found = report(result, project)
    found = found._replace(
        files=(*result.files, *(File(path=name, content=b"") for name in REPORTS))
    )
    texts = {name: render(form, found) for name, form in REPORTS.items()}
    reports = [
        File(path=name, content=text.encode("utf-8", "backslashreplace"))
        for name, text in texts.items()
    ]
    return (*result.files, *reports)


def _record(item: Application, result: Result) -> StackRecord:
    return StackRecord(
        folder=item.folder,
        name=result.stack.name,
        importer=result.importer,
        services=tuple(service.name for service in result.stack.services),
        files=(*(file.path for file in result.files), *REPORTS),
        values={fate.value: number for fate, number in result.counts.items()},
    )


def _moved(item: Note, folder: str) -> Note:
    """A note on an application as a note on the repository: the same places, seen from the repository's folder."""
    if not folder:
        return item
    related = tuple(_below(span, folder) for span in item.related)
    return replace(
        item, span=_below(item.span, folder) if item.span else None, related=related
    )


def _below(span: Span, folder: str) -> Span:
    return span._replace(file=f"{folder}/{span.file}")


def _status(attempts: list[_Attempt], chosen: Plan, undelivered: bool) -> Status:
    converted = any(item.record for item in attempts)
    served = converted or bool(chosen.present)
    if undelivered or any(item.failed and not (item.chart and served) for item in attempts):
        return Status.FAILED
    if converted:
        return Status.CONVERTED
    return Status.PRESENT if chosen.present else Status.EMPTY


def _notes(
    found: Scan, chosen: Plan, attempts: list[_Attempt], ready: Prepared, journal: Journal
) -> tuple[Note, ...]:
    """Everything to tell about the repository, in reading order; one without any source gets one note that says so."""
    said = [*found.notes, *chosen.notes, *ready.notes, *journal.notes()]
    said += [item for attempt in attempts for item in attempt.notes]
    idle = not chosen.present and not any(
        attempt.record or attempt.failed for attempt in attempts
    )
    if idle and not any(item.kind is Kind.LOST for item in said):
        said.append(note("TC812", count=len(found.files)))
    return tuple(in_order(said))


def _fingerprint(found: Scan, journal: Journal, own: frozenset[str]) -> Fingerprint:
    """What the result depends on, without the files that it wrote itself."""
    listing = sha256(
        "\0".join(path for path in found.files if path not in own).encode(
            "utf-8", "surrogateescape"
        )
    )
    seen = {path: said for path, said in journal.seen.items() if path not in own}
    return Fingerprint(listing.hexdigest()[:24], seen)


def _holds(job: Job, known: Fingerprint, found: Scan) -> bool:
    """Whether an earlier result still holds: the same files, each with the same content, and the output still there."""
    top = Path(job.repository.path)
    place = root(job.repository, job.options)
    if not all((place / path).exists() for path in job.written):
        return False
    again = Journal()
    project = Checkout(top, "", (), again, job.options.allowed)
    for path, said in known.seen.items():
        now = (
            project.exists(path) if said in (THERE, MISSING) else digest(project.read(path))
        )
        if now != {THERE: True, MISSING: False}.get(said, said):
            return False
    return (
        _fingerprint(found, Journal(), _own(job.written, job.options)).listing
        == known.listing
    )


def _place(fault: BaseException) -> str:
    """Where a fault of tocompose happened; never its text, which may quote a secret of the input."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (
        f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        if trace
        else "an unknown place"
    )
