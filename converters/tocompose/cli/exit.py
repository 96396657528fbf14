"""How the program ends: one clear message and the exit code, never a traceback."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn, TextIO

from tocompose.limits import limit

# A check that was asked for did not hold.
EXIT_DIFFERS = 1
# A usage error, or an input that cannot be read.
EXIT_USAGE = 2
# Some repositories of a batch failed.
EXIT_FAILED = 3
# What shells report for a program that SIGINT, SIGPIPE or SIGTERM has ended.
EXIT_INTERRUPTED, EXIT_OUTPUT_CLOSED, EXIT_TERMINATED = 130, 141, 143


@contextmanager
def exit_cleanly() -> Iterator[None]:
    """Turns what a command raises into a message on standard error and an exit code."""
    try:
        try:
            with contextlib.suppress(ValueError):
                # Only the main thread may say so.
                signal.signal(signal.SIGTERM, _raise_terminated)
            yield
        except SystemExit:
            sys.stdout.flush()
            raise
    except (BrokenPipeError, OutputClosed):
        _close_output()
        sys.exit(EXIT_OUTPUT_CLOSED)
    except OSError as problem:
        if problem.filename is None:
            _close_output()
        fail(
            f"{problem.filename or 'standard output'}: {problem.strerror or type(problem).__name__}"
        )
    except (Exception, KeyboardInterrupt) as fault:
        _exit_for_exception(fault)


# How often is looked, in seconds of the processor: what is taken in between goes beyond the limit.
_WATCHED_SECONDS = 0.1


@contextmanager
def watched_memory() -> Iterator[None]:
    """Ends the program where it takes more memory than it may.

    A limit of the system would do the same by MemoryErrors, and Python cannot handle one where nothing at all is left.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    # Here: a handler that imports within an import breaks the import it interrupts.
    from resource import RUSAGE_SELF, getrusage

    def look_at_memory(signal_number: int, frame: FrameType | None) -> None:
        unit = 1 if sys.platform == "darwin" else 1024
        if getrusage(RUSAGE_SELF).ru_maxrss * unit > limit("MEMORY") * 1_000_000:
            _end_for_memory()

    signal.signal(signal.SIGVTALRM, look_at_memory)
    signal.setitimer(signal.ITIMER_VIRTUAL, _WATCHED_SECONDS, _WATCHED_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _end_for_memory() -> NoReturn:
    """Ends at once: whatever runs now would only take more."""
    text = (
        f"tocompose: the source takes more than {limit('MEMORY'):,} MB of memory. Nothing was written.\n"
        "Convert a part of it, or set TOCOMPOSE_MAX_MEMORY to a larger number.\n"
    )
    os.write(2, text.encode())
    os._exit(EXIT_USAGE)


class Terminated(KeyboardInterrupt):
    """The system or a CI job wants the program to end: what is half written is taken back first."""


def _raise_terminated(signal_number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


class Finished(SystemExit):
    """The end of a conversion, with its exit code: all is written and nothing runs any more."""


def exit_now(finished: Finished) -> NoReturn:
    """Ends the process at once: to free each object first, as Python does, takes a sixth of a short run."""
    # What libraries have registered is still done: temporary folders are removed, coverage is saved.
    atexit._run_exitfuncs()
    os._exit(finished.code if isinstance(finished.code, int) else 0)


class OutputClosed(Exception):
    """The reader of standard output has gone (`| head`)."""


@contextmanager
def guard_broken_pipe() -> Iterator[None]:
    """Raises `OutputClosed` for a broken pipe, which click would end with 1: that means something else here."""
    try:
        yield
    except BrokenPipeError:
        raise OutputClosed from None


def _close_output() -> None:
    """Sends what is left of the output nowhere: Python would complain once more when it closes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit_for_exception(fault: BaseException) -> NoReturn:
    """Ends for what click raises, an interruption, a package that is broken, or a fault of our own."""
    import click

    from tocompose.plugins import PluginError

    if isinstance(fault, click.exceptions.Exit):
        sys.exit(fault.exit_code)
    if isinstance(fault, click.UsageError):
        with _ignore_closed_stderr():
            fault.show()
        sys.exit(EXIT_USAGE)
    if isinstance(fault, click.ClickException):
        fail(fault.format_message())
    if isinstance(fault, PluginError):
        fail(str(fault))
    # click makes an Abort of each interruption.
    if isinstance(fault, Terminated) or isinstance(fault.__cause__, Terminated):
        write_text(sys.stderr, "tocompose: ended by a signal\n")
        sys.exit(EXIT_TERMINATED)
    if isinstance(fault, KeyboardInterrupt | click.Abort):
        write_text(sys.stderr, "tocompose: interrupted\n")
        sys.exit(EXIT_INTERRUPTED)
    if isinstance(fault, MemoryError):
        _end_for_memory()
    if os.environ.get("TOCOMPOSE_TRACEBACK"):
        from traceback import format_tb

        # The frames and the source lines of our own; the texts of the exceptions may quote the input.
        for number, error in enumerate(_exception_chain(fault)):
            head = "\nwhile handling:\n" if number else ""
            write_text(
                sys.stderr,
                f"{head}{''.join(format_tb(error.__traceback__))}{type(error).__name__}\n",
            )
    fail(_describe_internal_fault(fault))


# The signs that our own texts draw with, for terminals that have ASCII alone.
_ASCII_SIGNS = str.maketrans(
    {"→": "->", "│": "|", "…": "...", "·": "-", "—": "-", "–": "-", "█": "#"}
)


def _exception_chain(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def refuse_options(message: str) -> NoReturn:
    """Raises the usage error for options that do not go together."""
    import click

    raise click.UsageError(message)


def write_text(stream: TextIO, text: str) -> None:
    """Writes text as it is; what the stream's encoding lacks is drawn in ASCII, or shown as an escape."""
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_ASCII_SIGNS)
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def open_closed_streams() -> None:
    """Opens the standard streams that the caller has closed (`>&-`): no file may get their numbers.

    Writing to what was standard output is an error still; what goes to standard error is lost, as was asked for.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(
            2, "w", encoding="utf-8", errors="backslashreplace", closefd=False
        )


@contextmanager
def _ignore_closed_stderr() -> Iterator[None]:
    """Ends without a traceback where standard error takes nothing (a full disk): the exit code says enough."""
    try:
        yield
    except OSError:
        # Python would try once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def show_what_encoding_lacks() -> None:
    """Lets standard output and error show a sign that their encoding lacks as an escape, where Python would end.

    Windows gives a pipe an encoding of 256 signs.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def with_option(problem: Exception) -> str:
    """What a problem says, with the option of the command line that helps behind its first line."""
    text, option = str(problem), getattr(problem, "option", "")
    first_line, line_end, more_lines = text.partition("\n")
    return f"{first_line}; {option}{line_end}{more_lines}" if option else text


def fail(message: str) -> NoReturn:
    """Ends with exit code 2 and one message, its control characters shown as escapes."""
    from tocompose.reports.escape import printable

    lines = [printable(line) for line in message.split("\n")]
    with _ignore_closed_stderr():
        write_text(sys.stderr, "tocompose: " + "\n".join(lines) + "\n")
    sys.exit(EXIT_USAGE)


def _describe_internal_fault(fault: BaseException) -> str:
    from tocompose.plugins import package_at_fault
    from tocompose.reports.escape import describe_fault

    package = package_at_fault(fault)
    whose = "tocompose itself" if package is None else f"the plug-in {package}"
    return (
        f"{describe_fault(fault, whose)}. Nothing was written.\n"
        "Please report it with the input; TOCOMPOSE_TRACEBACK=1 shows where it comes from."
    )
