"""Many repositories at once: discovery, plans, worker processes, state, and summaries.

As a library: `convert_many(paths, options, executor=…)`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future

from tocompose.batch.convert import Job, failed_outcome, run_job
from tocompose.batch.discovery import repository_at
from tocompose.batch.options import BatchOptions, OutputMode
from tocompose.batch.outcome import BatchRepository, RepositoryOutcome, Status
from tocompose.notes import note

__all__ = [
    "BatchOptions",
    "BatchRepository",
    "OutputMode",
    "RepositoryOutcome",
    "Status",
    "convert_many",
]


def convert_many(
    paths: Iterable[str | os.PathLike[str]],
    options: BatchOptions | None = None,
    *,
    executor: Executor | None = None,
    window: int = 256,
) -> Iterator[RepositoryOutcome]:
    """The outcome of each repository, in the order of the paths, each as soon as those before it are done.

    An executor (`ProcessPoolExecutor`, Dask's `client.get_executor()`, …) converts the repositories, with at most
    `window` of them waiting; without one they are converted in this process. Time and memory are limited only by the
    executor. A repository that fails raises nothing: its outcome has the status FAILED and a note. By default nothing
    is written, and each outcome holds its `files`, with secrets; `options.output_mode` changes that.
    """
    jobs = (
        Job(repository_at(os.fspath(path)), options or BatchOptions()) for path in paths
    )
    if executor is None:
        yield from map(_run_one, jobs)
        return
    waiting: deque[tuple[Job, Future[RepositoryOutcome]]] = deque()
    for job in jobs:
        waiting.append((job, _submit_job(executor, job)))
        if len(waiting) >= window:
            yield _outcome_of(*waiting.popleft())
    while waiting:
        yield _outcome_of(*waiting.popleft())


def _run_one(job: Job) -> RepositoryOutcome:
    return run_job(job) or failed_outcome(job.repository)


def _submit_job(executor: Executor, job: Job) -> Future[RepositoryOutcome]:
    """The future of a job; an executor that takes no more (its workers crashed) gives one that has failed."""
    try:
        return executor.submit(_run_one, job)
    except RuntimeError as problem:
        broken: Future[RepositoryOutcome] = Future()
        broken.set_exception(problem)
        return broken


def _outcome_of(job: Job, future: Future[RepositoryOutcome]) -> RepositoryOutcome:
    """The outcome; where the engine gave up, one that says so."""
    try:
        return future.result()
    except Exception as problem:
        return failed_outcome(job.repository, note("TC804", how=type(problem).__name__))
