"""Worker processes that live long, each watched: one that takes too long or too much memory is killed and replaced."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread

from tocompose.batch.convert import Job, failed_outcome, run_job
from tocompose.batch.outcome import RepositoryOutcome
from tocompose.notes import Note, note
from tocompose.rendering.confined import resident_bytes

# A worker that has grown beyond this is replaced when it is idle; the tables of one take about 80 MB.
RECYCLE_MEGABYTES = 140
_TICK = 0.1


class WorkerDied(Exception):
    """A worker that ended while it had a job; `note` says how."""

    def __init__(self, reason: Note) -> None:
        super().__init__(reason.message)
        self.note = reason


@dataclass(slots=True)
class _Worker:
    """One process, the connection to it, and the job that it works on since `started`."""

    process: BaseProcess
    jobs: Connection
    lifeline: Connection
    job: Job | None = None
    started: float = 0.0
    done: int = 0

    def start_job(self, job: Job) -> None:
        """Starts a job."""
        self.job, self.started = job, time.monotonic()
        self.jobs.send(job)

    def end_process(self) -> None:
        """Ends the process at once."""
        self.process.kill()
        self.process.join()
        self.jobs.close()
        self.lifeline.close()


class Pool:
    """A number of workers; `run` gives the results as they come."""

    def __init__(self, size: int, memory: int) -> None:
        self._context = get_context("spawn")
        self._memory = memory
        self._size = max(1, size)
        self._workers: list[_Worker] = []
        self.peak_megabytes = 0.0

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, RepositoryOutcome | None]]:
        """Each job with its outcome (None where an earlier one still holds), in the order in which they end."""
        waiting = iter(jobs)
        again: deque[Job] = deque()
        try:
            while True:
                self._feed_workers(waiting, again)
                if not any(worker.job for worker in self._workers):
                    return
                yield from self._collect_results(again)
        finally:
            self.close()

    def close(self) -> None:
        """Ends all workers; what they work on is lost."""
        for worker in self._workers:
            worker.end_process()
        self._workers.clear()

    def _feed_workers(self, waiting: Iterator[Job], again: deque[Job]) -> None:
        """A job for each idle worker; workers are started only when there is something for them to do."""
        while sum(worker.job is not None for worker in self._workers) < self._size:
            retry = bool(again)
            job = again.popleft() if retry else next(waiting, None)
            if job is None:
                return
            worker = self._idle_worker(fresh=retry)
            try:
                worker.start_job(job)
            except (BrokenPipeError, ConnectionResetError):
                self._replace_worker(worker)
                again.append(job)

    def _idle_worker(self, fresh: bool) -> _Worker:
        """A worker without a job, started if need be; a fresh one has had no job before."""
        idle_worker = next((worker for worker in self._workers if worker.job is None), None)
        if idle_worker is not None and fresh and idle_worker.done:
            self._replace_worker(idle_worker)
            idle_worker = None
        return idle_worker or self._start_worker()

    def _start_worker(self) -> _Worker:
        mine, theirs = self._context.Pipe()
        far, near = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=serve_jobs, args=(theirs, far, self._memory), daemon=True
        )
        process.start()
        theirs.close()
        far.close()
        worker = _Worker(process, mine, near)
        self._workers.append(worker)
        return worker

    def _collect_results(
        self, again: deque[Job]
    ) -> Iterator[tuple[Job, RepositoryOutcome | None]]:
        """Waits a moment; the jobs that ended, in one way or another."""
        busy = {worker.jobs: worker for worker in self._workers if worker.job}
        ready = wait(list(busy), timeout=_TICK)
        for connection, worker in busy.items():
            job = worker.job
            if job is None:
                continue
            try:
                if connection in ready:
                    yield job, self._receive_result(worker)
                else:
                    self._check_limits(worker, job)
            except WorkerDied as death:
                outcome = self._settle_death(worker, job, death, again)
                if outcome is not None:
                    yield job, outcome

    def _settle_death(
        self, worker: _Worker, job: Job, death: WorkerDied, again: deque[Job]
    ) -> RepositoryOutcome | None:
        """The outcome of a job whose failure could not be recorded either; None for one that is tried again."""
        was_used = worker.done > 0
        self._replace_worker(worker)
        if job.failure is not None:
            return failed_outcome(job.repository, job.failure)
        # A worker that has done others before may have been worn out by them: only a fresh one is fair.
        worn_out = was_used and death.note.code != "TC802"
        again.append(job if worn_out else job._replace(failure=death.note))
        return None

    def _receive_result(self, worker: _Worker) -> RepositoryOutcome | None:
        try:
            outcome, megabytes = worker.jobs.recv()
        except (EOFError, OSError):
            worker.process.join()
            raise WorkerDied(
                note("TC804", how=_describe_exit(worker.process.exitcode))
            ) from None
        self.peak_megabytes = max(self.peak_megabytes, megabytes)
        worker.job = None
        worker.done += 1
        if megabytes > RECYCLE_MEGABYTES:
            self._replace_worker(worker)
        return outcome  # type: ignore[no-any-return]

    def _check_limits(self, worker: _Worker, job: Job) -> None:
        if time.monotonic() - worker.started > job.options.timeout:
            raise WorkerDied(note("TC802", seconds=f"{job.options.timeout:g}"))
        if resident_megabytes(worker.process.pid or 0) > self._memory:
            raise WorkerDied(note("TC803", megabytes=self._memory))

    def _replace_worker(self, worker: _Worker) -> None:
        worker.end_process()
        self._workers.remove(worker)


def _describe_exit(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


# Address space beyond what a conversion needs itself: the interpreter, the libraries, the tables.
_BASE_MEGABYTES = 200


def serve_jobs(jobs: Connection, lifeline: Connection, memory: int) -> None:
    """Takes jobs from the connection and sends back each outcome with the resident memory in megabytes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    _limit_memory(memory)
    sys.setrecursionlimit(3000)
    while True:
        try:
            job: Job | None = jobs.recv()
        except EOFError:
            return
        if job is None:
            return
        outcome = run_job(job)
        try:
            jobs.send((outcome, resident_megabytes(os.getpid())))
        except MemoryError:
            jobs.send(
                (failed_outcome(job.repository, note("TC803", megabytes=memory)), memory)
            )


def resident_megabytes(process: int) -> float:
    """The resident memory of a process in megabytes; 0 where the system does not tell."""
    return resident_bytes(process) / 1_000_000


def _end_with_parent(lifeline: Connection) -> None:
    """Ends the process when the other end of the connection is closed, which a killed parent does as well."""
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _limit_memory(memory: int) -> None:
    """Makes Python raise MemoryError before the memory of others is touched, where the system can."""
    try:
        import resource
    except ImportError:
        return
    limit = (memory + _BASE_MEGABYTES) * 1_000_000
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(
        resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard)
    )
