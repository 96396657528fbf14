"""Worker processes that live long, each watched: one that takes too long or too much memory is killed and replaced."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tocompose.batch.convert import Job, failed
from tocompose.batch.outcome import Outcome
from tocompose.batch.worker import resident, serve
from tocompose.notes import Note, note

# A worker that has grown beyond this is replaced when it is idle; the tables of one take about 80 MB.
RECYCLE_MEGABYTES = 140
_TICK = 0.1


class Ended(Exception):
    """A worker that ended while it had a job; `note` says how."""

    def __init__(self, said: Note) -> None:
        super().__init__(said.message)
        self.note = said


@dataclass(slots=True)
class _Worker:
    """One process, the connection to it, and the job that it works on since `started`."""

    process: BaseProcess
    jobs: Connection
    lifeline: Connection
    job: Job | None = None
    started: float = 0.0
    done: int = 0

    def give(self, job: Job) -> None:
        """Starts a job."""
        self.job, self.started = job, time.monotonic()
        self.jobs.send(job)

    def kill(self) -> None:
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
        self.largest = 0.0

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome | None]]:
        """Each job with its outcome (None where an earlier one still holds), in the order in which they end."""
        waiting = iter(jobs)
        again: deque[Job] = deque()
        try:
            while True:
                self._feed(waiting, again)
                if not any(worker.job for worker in self._workers):
                    return
                yield from self._collect(again)
        finally:
            self.close()

    def close(self) -> None:
        """Ends all workers; what they work on is lost."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _feed(self, waiting: Iterator[Job], again: deque[Job]) -> None:
        """A job for each idle worker; workers are started only when there is something for them to do."""
        while sum(worker.job is not None for worker in self._workers) < self._size:
            retry = bool(again)
            job = again.popleft() if retry else next(waiting, None)
            if job is None:
                return
            worker = self._idle(fresh=retry)
            try:
                worker.give(job)
            except (BrokenPipeError, ConnectionResetError):
                self._replace(worker)
                again.append(job)

    def _idle(self, fresh: bool) -> _Worker:
        """A worker without a job, started if need be; a fresh one has had no job before."""
        found = next((worker for worker in self._workers if worker.job is None), None)
        if found is not None and fresh and found.done:
            self._replace(found)
            found = None
        return found or self._start()

    def _start(self) -> _Worker:
        mine, theirs = self._context.Pipe()
        far, near = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=serve, args=(theirs, far, self._memory), daemon=True
        )
        process.start()
        theirs.close()
        far.close()
        worker = _Worker(process, mine, near)
        self._workers.append(worker)
        return worker

    def _collect(self, again: deque[Job]) -> Iterator[tuple[Job, Outcome | None]]:
        """Waits a moment; the jobs that ended, in one way or another."""
        busy = {worker.jobs: worker for worker in self._workers if worker.job}
        ready = wait(list(busy), timeout=_TICK)
        for connection, worker in busy.items():
            job = worker.job
            if job is None:
                continue
            try:
                if connection in ready:
                    yield job, self._receive(worker)
                else:
                    self._watch(worker, job)
            except Ended as end:
                used = worker.done > 0
                self._replace(worker)
                # A worker that has done others before may have been worn out by them: only a fresh one is fair.
                if used and end.note.code != "TC802" and job.failure is None:
                    again.append(job)
                elif job.failure is None:
                    again.append(job._replace(failure=end.note))
                else:
                    yield job, failed(job.repository, job.failure)

    def _receive(self, worker: _Worker) -> Outcome | None:
        try:
            outcome, megabytes = worker.jobs.recv()
        except (EOFError, OSError):
            worker.process.join()
            raise Ended(note("TC804", how=_how(worker.process.exitcode))) from None
        self.largest = max(self.largest, megabytes)
        worker.job = None
        worker.done += 1
        if megabytes > RECYCLE_MEGABYTES:
            self._replace(worker)
        return outcome  # type: ignore[no-any-return]

    def _watch(self, worker: _Worker, job: Job) -> None:
        if time.monotonic() - worker.started > job.options.timeout:
            raise Ended(note("TC802", seconds=f"{job.options.timeout:g}"))
        if resident(worker.process.pid or 0) > self._memory:
            raise Ended(note("TC803", megabytes=self._memory))

    def _replace(self, worker: _Worker) -> None:
        worker.kill()
        self._workers.remove(worker)


def _how(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
