"""Changes as a patch that `git apply` takes (https://git-scm.com/docs/diff-format)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple, TypeAlias

# What happens (equal, replace, delete, insert), and from which line to which before and after.
_Change: TypeAlias = tuple[
    Literal["replace", "delete", "insert", "equal"], int, int, int, int
]
_CONTEXT = 3
# Each line is compared with every equal one: files of more such pairs, all repetition, are replaced as a whole.
_MOST_PAIRS = 2_000_000
_NO_END = b"\\ No newline at end of file\n"


class Edit(NamedTuple):
    """One file by its path below the repository: its content now (None: there is none) and afterwards, its mode."""

    path: str
    before: bytes | None
    after: bytes
    mode: int = 0o644


def patch(edits: Iterable[Edit]) -> bytes:
    """The patch; files that stay as they are do not stand in it."""
    return b"".join(
        line for edit in edits if edit.before != edit.after for line in _file(edit)
    )


def _file(edit: Edit) -> Iterator[bytes]:
    old, new = _quoted(f"a/{edit.path}"), _quoted(f"b/{edit.path}")
    yield b"diff --git %s %s\n" % (old, new)
    if edit.before is None:
        yield b"new file mode 100%s\n" % (b"755" if edit.mode & 0o111 else b"644")
    before, after = _lines(edit.before or b""), _lines(edit.after)
    if before or after:
        yield b"--- %s\n" % (b"/dev/null" if edit.before is None else _marked(old))
        yield b"+++ %s\n" % _marked(new)
    for group in _Comparison(before, after).get_grouped_opcodes(_CONTEXT):
        yield from _hunk(group, before, after)


class _Comparison(SequenceMatcher[bytes]):
    """The changes between two files, grouped with the lines around them as difflib groups its own."""

    def __init__(self, before: list[bytes], after: list[bytes]) -> None:
        super().__init__(a=(), b=(), autojunk=False)
        self._changes = [*_changes(before, after)]

    def get_opcodes(self) -> list[_Change]:
        """What becomes of each stretch of lines."""
        return self._changes


def _changes(before: list[bytes], after: list[bytes]) -> Iterator[_Change]:
    """What becomes of each stretch of lines; the common start and end, mostly all of a file, need no comparison."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if start:
        yield "equal", 0, start, 0, start
    for kind, first, last, new_first, new_last in _compared(old, new):
        yield kind, first + start, last + start, new_first + start, new_last + start
    if end:
        yield "equal", len(before) - end, len(before), len(after) - end, len(after)


def _compared(old: list[bytes], new: list[bytes]) -> list[_Change]:
    counts = Counter(new)
    if sum(counts[line] for line in old) > _MOST_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _common(left: list[bytes], right: list[bytes]) -> int:
    """How many lines are the same from the start on."""
    return next(
        (i for i, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]),
        min(len(left), len(right)),
    )


def _hunk(
    group: list[tuple[str, int, int, int, int]], before: list[bytes], after: list[bytes]
) -> Iterator[bytes]:
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
