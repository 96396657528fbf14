"""A worker process: converts one repository after another until it is told to end or its parent is gone."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from tocompose.batch.convert import Job, failed_outcome, run_job
from tocompose.notes import note

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
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


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
