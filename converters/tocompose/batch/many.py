"""`convert_many`: a batch as a library call, on any engine that offers a `concurrent.futures.Executor`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future

from tocompose.batch.convert import Job, failed, run
from tocompose.batch.discovery import named
from tocompose.batch.options import BatchOptions
from tocompose.batch.outcome import Outcome
from tocompose.notes import note


def convert_many(
    paths: Iterable[str | os.PathLike[str]],
    options: BatchOptions | None = None,
    *,
    executor: Executor | None = None,
    window: int = 256,
) -> Iterator[Outcome]:
    """The outcome of each repository, in the order of the paths, as soon as it and those before it are there.

    With an executor (`ProcessPoolExecutor`, Dask's `client.get_executor()`, …) repositories are converted by it, at
    most `window` waiting at a time; without one, here. A repository never raises: one that fails has the status
    `failed` and a note. Limits of time and memory are the engine's own affair. By default nothing is written and each
    outcome holds its `files`, secrets among them; `options.place` says otherwise.
    """
    jobs = (Job(named(os.fspath(path)), options or BatchOptions()) for path in paths)
    if executor is None:
        yield from map(_result, jobs)
        return
    waiting: deque[tuple[Job, Future[Outcome]]] = deque()
    for job in jobs:
        waiting.append((job, _submitted(executor, job)))
        if len(waiting) >= window:
            yield _ended(*waiting.popleft())
    while waiting:
        yield _ended(*waiting.popleft())


def _result(job: Job) -> Outcome:
    return run(job) or failed(job.repository)


def _submitted(executor: Executor, job: Job) -> Future[Outcome]:
    """The future of a job; an executor that takes no more (its workers crashed) gives one that has failed."""
    try:
        return executor.submit(_result, job)
    except RuntimeError as problem:
        broken: Future[Outcome] = Future()
        broken.set_exception(problem)
        return broken


def _ended(job: Job, future: Future[Outcome]) -> Outcome:
    """The outcome; where the engine gave up, one that says so."""
    try:
        return future.result()
    except Exception as problem:
        return failed(job.repository, note("TC804", how=type(problem).__name__))
