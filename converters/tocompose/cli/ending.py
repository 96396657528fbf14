"""How the program ends: one clear message and the exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

# 1 means that a check asked for did not hold; 2 a usage error or an input that cannot be read; the others are what
# shells report for a program that SIGINT or SIGPIPE has ended.
FOUND, UNUSABLE, INTERRUPTED, UNHEARD = 1, 2, 130, 141


@contextmanager
def ending() -> Iterator[None]:
    """Turns what a command raises into a message on standard error and an exit code."""
    try:
        try:
            yield
        except SystemExit:
            sys.stdout.flush()
            raise
    except (BrokenPipeError, Unheard):
        _close_output()
        sys.exit(UNHEARD)
    except OSError as problem:
        if problem.filename is None:
            _close_output()
        fail(f"{problem.filename or 'standard output'}: {problem.strerror or type(problem).__name__}")
    except (Exception, KeyboardInterrupt) as fault:
        _end(fault)


class Unheard(Exception):
    """The reader of standard output has gone (`| head`)."""


@contextmanager
def heard() -> Iterator[None]:
    """Says `Unheard` for a broken pipe, which click would end with 1: that means something else here."""
    try:
        yield
    except BrokenPipeError:
        raise Unheard from None


def _close_output() -> None:
    """Sends what is left of the output nowhere: Python would complain once more when it closes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(fault: BaseException) -> NoReturn:
    """Ends for what click raises, an interruption, or a fault of our own."""
    import click

    if isinstance(fault, click.exceptions.Exit):
        sys.exit(fault.exit_code)
    if isinstance(fault, click.UsageError):
        fault.show()
        sys.exit(UNUSABLE)
    if isinstance(fault, click.ClickException):
        fail(fault.format_message())
    if isinstance(fault, KeyboardInterrupt | click.Abort):
        write(sys.stderr, "tocompose: interrupted\n")
        sys.exit(INTERRUPTED)
    if os.environ.get("TOCOMPOSE_TRACEBACK"):
        raise fault
    fail(_internal(fault))


# The signs that our own texts draw with, for terminals that have ASCII alone.
_DRAWN = str.maketrans({"→": "->", "│": "|", "…": "...", "·": "-", "—": "-", "–": "-", "█": "#"})


def refuse(message: str) -> NoReturn:
    """Raises the usage error for options that do not go together."""
    import click

    raise click.UsageError(message)


def write(stream: TextIO, text: str) -> None:
    """Writes text as it is; what the stream's encoding lacks is drawn in ASCII, or shown as an escape."""
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_DRAWN)
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def fail(message: str) -> NoReturn:
    """Ends with exit code 2 and one message, its control characters shown as escapes."""
    from tocompose.reports.escape import printable

    lines = [printable(line) for line in message.split("\n")]
    write(sys.stderr, "tocompose: " + "\n".join(lines) + "\n")
    sys.exit(UNUSABLE)


def _internal(fault: BaseException) -> str:
    """Where a fault of tocompose itself happened; not its text, which may quote a secret of the input."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    return (
        f"a fault of tocompose itself ({type(fault).__name__} in {place}). Nothing was written.\n"
        "Please report it with the input; TOCOMPOSE_TRACEBACK=1 shows where it comes from."
    )
