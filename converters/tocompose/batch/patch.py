"""Changes as a patch that `git apply` takes (https://git-scm.com/docs/diff-format)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

_CONTEXT = 3
_NO_END = b"\\ No newline at end of file\n"


class Edit(NamedTuple):
    """One file by its path below the repository: its content now (None: there is none) and afterwards, its mode."""

    path: str
    before: bytes | None
    after: bytes
    mode: int = 0o644


def patch(edits: Iterable[Edit]) -> bytes:
    """The patch; files that stay as they are do not stand in it."""
    return b"".join(line for edit in edits if edit.before != edit.after for line in _file(edit))


def _file(edit: Edit) -> Iterator[bytes]:
    old, new = _quoted(f"a/{edit.path}"), _quoted(f"b/{edit.path}")
    yield b"diff --git %s %s\n" % (old, new)
    if edit.before is None:
        yield b"new file mode 100%s\n" % (b"755" if edit.mode & 0o111 else b"644")
    before, after = _lines(edit.before or b""), _lines(edit.after)
    if before or after:
        yield b"--- %s\n" % (b"/dev/null" if edit.before is None else _marked(old))
        yield b"+++ %s\n" % _marked(new)
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT):
        yield from _hunk(group, before, after)


def _hunk(group: list[tuple[str, int, int, int, int]], before: list[bytes], after: list[bytes]) -> Iterator[bytes]:
    first, last = group[0], group[-1]
    yield b"@@ -%s +%s @@\n" % (_range(first[1], last[2]), _range(first[3], last[4]))
    for kind, start, end, new_start, new_end in group:
        if kind == "equal":
            yield from _signed(b" ", before[start:end])
        else:
            yield from _signed(b"-", before[start:end])
            yield from _signed(b"+", after[new_start:new_end])


def _range(start: int, end: int) -> bytes:
    """A range of lines, counted from 1; an empty one stands before its first line."""
    length = end - start
    return b"%d,%d" % (start + 1 if length else start, length)


def _signed(sign: bytes, lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield sign + line if line.endswith(b"\n") else sign + line + b"\n" + _NO_END


def _lines(content: bytes) -> list[bytes]:
    """Lines ended by line feeds only, as Git counts them."""
    parts = content.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _quoted(path: str) -> bytes:
    """A path as Git writes it: in quotes with escapes where a character is not plain."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return raw
    return b'"' + b"".join(_escaped(byte) for byte in raw) + b'"'


def _escaped(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes([byte])
    return bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte


def _marked(path: bytes) -> bytes:
    """A path with blanks is ended by a tab, or what follows could be taken for a date."""
    return path + b"\t" if b" " in path and not path.startswith(b'"') else path
