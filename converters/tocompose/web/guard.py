"""What keeps a process that answers a request from the machine: no files, no network, no programs, bounded use."""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from pathlib import Path

from tocompose.tables import mappings
from tocompose.web.fields import RequestLimits

# Python tells of each of these before it happens: https://docs.python.org/3/library/audit_events.html
_REFUSED = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "shutil.",
    "tempfile.",
    "urllib.",
    "http.",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.startfile",
    "os.kill",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.truncate",
    "os.putenv",
)  # fmt: skip
_LOOKED_AT = ("open", "os.listdir", "os.scandir")


def lock_process(limits: RequestLimits) -> None:
    """Takes from the process, for good, what an answer does not need."""
    _limit_use(limits)
    sys.dont_write_bytecode = True
    roots = _code_folders()

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(_REFUSED):
            raise PermissionError(f"{event} is not allowed here")
        if event in _LOOKED_AT and not _is_code(arguments, roots):
            raise PermissionError("only tocompose itself may be read here")

    sys.addaudithook(refuse)


def _code_folders() -> tuple[str, ...]:
    """The folders of Python, of the installed packages, of this one and its tables."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {sysconfig.get_path(name) for name in names}
    folders |= {str(Path(os.__file__).parent), str(Path(__file__).parents[1])}
    return tuple(
        f"{os.path.realpath(folder)}{os.sep}" for folder in (*folders, str(mappings()))
    )


def _is_code(arguments: tuple[object, ...], roots: tuple[str, ...]) -> bool:
    """Whether a file of those folders is opened to be read; what is open already has a number."""
    path = arguments[0]
    if isinstance(path, int):
        return True
    mode = arguments[1] if len(arguments) > 1 else None
    if isinstance(mode, str) and not {"w", "a", "x", "+"}.isdisjoint(mode):
        return False
    return isinstance(path, str | bytes | os.PathLike) and (
        f"{os.path.realpath(os.fsdecode(path))}{os.sep}".startswith(roots)
    )


def _limit_use(limits: RequestLimits) -> None:
    """Bounds memory and processor time where the system can; the server ends what takes too long anyway."""
    try:
        import resource
    except ImportError:
        # Windows has no such bounds.
        return
    seconds = int(limits.seconds) + 1
    for name, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hardest = resource.getrlimit(name)
        bound = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
        # macOS refuses some of them; the server's own bounds hold there.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (bound, bound))
