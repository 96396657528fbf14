"""Answers requests in processes of their own, each bounded and ended when its time is over or nobody waits."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from typing import Any

from tocompose.web.fields import BadRequest, RequestLimits
from tocompose.web.places import WorkPlaces
from tocompose.web.requests import Reply, error_reply

# How many requests may wait for a process, and how many bytes they may hold together.
WAITING, WAITING_BYTES = 200, 100_000_000
# An answer that takes longer than this many seconds makes way for others, of which most take a tenth of it.
_QUICK_SECONDS = 1.0
# What the process may take to send its answer, beyond the time that it may take to find it.
_GRACE = 1.0


def answer_in_process(
    replies: Connection, operation: str, body: bytes, limits: RequestLimits
) -> None:
    """Answers one request, in a process that can do nothing else any more."""
    from tocompose.web.guard import lock_process
    from tocompose.web.requests import answer_request

    lock_process(limits)
    reply = answer_request(operation, body, limits)
    replies.send_bytes(b"%d\n%s" % (reply.status, reply.body))


class AnsweringProcess:
    """One process that answers one request."""

    def __init__(
        self, context: Any, operation: str, body: bytes, limits: RequestLimits
    ) -> None:
        self._replies, self._sender = context.Pipe(duplex=False)
        self._seconds = limits.seconds + _GRACE
        arguments = (self._sender, operation, body, limits)
        self._process = context.Process(
            target=answer_in_process, args=arguments, daemon=True
        )
        self._unwanted = False

    def finish(self) -> Reply:
        """The answer, waited for; the process has ended then."""
        if self._unwanted:
            return error_reply(_nobody_waits())
        try:
            self._process.start()
        except OSError as problem:
            return error_reply(_cannot_start(problem))
        self._sender.close()
        try:
            if self._unwanted:
                return error_reply(_nobody_waits())
            if not self._replies.poll(self._seconds):
                return error_reply(_took_too_long())
            status, _, body = self._replies.recv_bytes().partition(b"\n")
            return Reply(int(status), body)
        except (EOFError, OSError):
            return error_reply(_was_ended())
        finally:
            self._process.kill()
            self._process.join()
            self._replies.close()

    def make_way(self) -> None:
        """Lets other processes run before this one, where the system knows how."""
        if self._process.pid is not None and hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, 10)

    def end_process(self) -> None:
        """Ends the process, where it has not ended; `finish` returns then."""
        self._unwanted = True
        if self._process.pid is not None:
            self._process.kill()


def _cannot_start(problem: OSError) -> BadRequest:
    """What to say where no process can be made: too many are there, or no folder for what is passing."""
    text = f"no process can be started: {problem.strerror or problem}"
    return BadRequest(503, "busy", text)


def _too_many_long() -> BadRequest:
    text = "too many answers that take long are being worked on; ask again in a moment"
    return BadRequest(503, "busy", text)


def _took_too_long() -> BadRequest:
    return BadRequest(504, "too-slow", "the answer takes longer than it may")


def _was_ended() -> BadRequest:
    return BadRequest(
        413, "too-large", "the answer takes more memory or processor time than it may"
    )


def _nobody_waits() -> BadRequest:
    return BadRequest(499, "cancelled", "the request was cancelled")


def _is_busy() -> BadRequest:
    return BadRequest(503, "busy", "too many requests are waiting; ask again in a moment")


class Workers:
    """So many requests are answered at a time, so many wait, and the others are told to come back."""

    def __init__(self, limits: RequestLimits, processes: int | None = None) -> None:
        self.limits = limits
        count = processes or min(max(os.cpu_count() or 2, 2), 8)
        method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
        self._context = get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(["tocompose.web.warm"])
        self._most_long = count
        self._long_running = 0
        # One thread waits for each process, and for those that are being ended.
        self._threads = ThreadPoolExecutor(4 * count, "answers")
        self._places = WorkPlaces(count)
        self._most_requests = count + WAITING
        self._requests = 0
        self._bytes = 0

    def enter(self) -> None:
        """Counts a request in. Raises BadRequest where too many are there."""
        if self._requests >= self._most_requests:
            raise _is_busy()
        self._requests += 1

    def leave(self, held_bytes: int) -> None:
        """Counts a request and its bytes out."""
        self._requests -= 1
        self._bytes -= held_bytes

    def hold(self, held_bytes: int) -> None:
        """Counts bytes of a request in. Raises BadRequest where all together have too many."""
        self._bytes += held_bytes
        if self._bytes > WAITING_BYTES:
            raise _is_busy()

    async def answer(
        self, operation: str, body: bytes, client_leaves: Coroutine[Any, Any, object]
    ) -> Reply:
        """The answer; who leaves before it gives up the place in the queue, or the process."""
        working = asyncio.ensure_future(self._work(operation, body))
        leaving = asyncio.ensure_future(client_leaves)
        both: set[asyncio.Future[Any]] = {working, leaving}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else error_reply(_nobody_waits())
        finally:
            leaving.cancel()
            working.cancel()

    async def _work(self, operation: str, body: bytes) -> Reply:
        try:
            async with asyncio.timeout(self.limits.seconds):
                # What is short is answered soon, whatever else is asked at the same time.
                await self._places.take(len(body))
        except TimeoutError:
            return error_reply(_is_busy())
        process = AnsweringProcess(self._context, operation, body, self.limits)
        loop = asyncio.get_running_loop()
        reply = loop.run_in_executor(self._threads, process.finish)
        try:
            try:
                await asyncio.wait({reply}, timeout=_QUICK_SECONDS)
            finally:
                self._places.give_back()
            return (
                reply.result() if reply.done() else await self._finish_long(process, reply)
            )
        finally:
            process.end_process()

    async def _finish_long(
        self, process: AnsweringProcess, reply: asyncio.Future[Reply]
    ) -> Reply:
        """An answer that takes long, of which only some are worked on: the quick ones have places of their own."""
        if self._long_running >= self._most_long:
            return error_reply(_too_many_long())
        self._long_running += 1
        process.make_way()
        try:
            return await reply
        finally:
            self._long_running -= 1

    async def warm_up(self) -> None:
        """Starts the process from which the others are forked."""
        await self.answer("about", b"{}", asyncio.Event().wait())

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
