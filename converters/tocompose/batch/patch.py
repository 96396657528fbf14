"""Changes as a patch that `git apply` takes (https://git-scm.com/docs/diff-format)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from tocompose.record import NamedTuple

# What happens (equal, replace, delete, insert), and from which line to which before and after.
_Change: TypeAlias = tuple[
    Literal["replace", "delete", "insert", "equal"], int, int, int, int
]
_CONTEXT = 3
# Each line is compared with every equal one: files of more such pairs, all repetition, are replaced as a whole.
_MOST_PAIRS = 2_000_000
_NO_END = b"\\ No newline at end of file\n"


class FilePatch(NamedTuple):
    """One file by its path below the repository: its content now (None: there is none) and afterwards, its mode."""

    path: str
    before: bytes | None
    after: bytes
    mode: int = 0o644


def render_patch(edits: Iterable[FilePatch]) -> bytes:
    """The patch; files that stay as they are do not stand in it."""
    return b"".join(
        line for edit in edits if edit.before != edit.after for line in _file_diff(edit)
    )


def _file_diff(edit: FilePatch) -> Iterator[bytes]:
    old, new = _quote_path(f"a/{edit.path}"), _quote_path(f"b/{edit.path}")
    yield b"diff --git %s %s\n" % (old, new)
    if edit.before is None:
        yield b"new file mode 100%s\n" % (b"755" if edit.mode & 0o111 else b"644")
    old_lines, new_lines = _split_lines(edit.before or b""), _split_lines(edit.after)
    if old_lines or new_lines:
        yield b"--- %s\n" % (b"/dev/null" if edit.before is None else _mark_path(old))
        yield b"+++ %s\n" % _mark_path(new)
    for group in _Comparison(old_lines, new_lines).get_grouped_opcodes(_CONTEXT):
        yield from _hunk_lines(group, old_lines, new_lines)


class _Comparison(SequenceMatcher[bytes]):
    """The changes between two files, grouped with the lines around them as difflib groups its own."""

    def __init__(self, old_lines: list[bytes], new_lines: list[bytes]) -> None:
        super().__init__(a=(), b=(), autojunk=False)
        self._changes = [*_line_changes(old_lines, new_lines)]

    def get_opcodes(self) -> list[_Change]:
        """What becomes of each stretch of lines."""
        return self._changes


def _line_changes(old_lines: list[bytes], new_lines: list[bytes]) -> Iterator[_Change]:
    """What becomes of each stretch of lines; the common start and end, mostly all of a file, need no comparison."""
    same_at_start = _count_common(old_lines, new_lines)
    same_at_end = _count_common(
        old_lines[same_at_start:][::-1], new_lines[same_at_start:][::-1]
    )
    old, new = (
        old_lines[same_at_start : len(old_lines) - same_at_end],
        new_lines[same_at_start : len(new_lines) - same_at_end],
    )
    if same_at_start:
        yield "equal", 0, same_at_start, 0, same_at_start
    for kind, old_start, old_stop, new_start, new_stop in _compare_lines(old, new):
        yield (
            kind,
            old_start + same_at_start,
            old_stop + same_at_start,
            new_start + same_at_start,
            new_stop + same_at_start,
        )
    if same_at_end:
        yield (
            "equal",
            len(old_lines) - same_at_end,
            len(old_lines),
            len(new_lines) - same_at_end,
            len(new_lines),
        )


def _compare_lines(old: list[bytes], new: list[bytes]) -> list[_Change]:
    counts = Counter(new)
    if sum(counts[line] for line in old) > _MOST_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _count_common(left_lines: list[bytes], right_lines: list[bytes]) -> int:
    """How many lines are the same from the start on."""
    return next(
        (
            i
            for i, pair in enumerate(zip(left_lines, right_lines, strict=False))
            if pair[0] != pair[1]
        ),
        min(len(left_lines), len(right_lines)),
    )


def _hunk_lines(
    group: list[tuple[str, int, int, int, int]],
    old_lines: list[bytes],
    new_lines: list[bytes],
) -> Iterator[bytes]:
    first_change, last_change = group[0], group[-1]
    yield b"@@ -%s +%s @@\n" % (
        _range_header(first_change[1], last_change[2]),
        _range_header(first_change[3], last_change[4]),
    )
    for kind, old_start, old_stop, new_start, new_stop in group:
        if kind == "equal":
            yield from _sign_lines(b" ", old_lines[old_start:old_stop])
        else:
            yield from _sign_lines(b"-", old_lines[old_start:old_stop])
            yield from _sign_lines(b"+", new_lines[new_start:new_stop])


def _range_header(start: int, stop: int) -> bytes:
    """A range of lines, counted from 1; an empty one stands before its first line."""
    length = stop - start
    return b"%d,%d" % (start + 1 if length else start, length)


def _sign_lines(sign: bytes, lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield sign + line if line.endswith(b"\n") else sign + line + b"\n" + _NO_END


def _split_lines(content: bytes) -> list[bytes]:
    """Lines ended by line feeds only, as Git counts them."""
    chunks = content.split(b"\n")
    lines = [chunk + b"\n" for chunk in chunks[:-1]]
    return [*lines, chunks[-1]] if chunks[-1] else lines


def _quote_path(path: str) -> bytes:
    """A path as Git writes it: in quotes with escapes where a character is not plain."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return raw
    return b'"' + b"".join(_escape_byte(byte) for byte in raw) + b'"'


def _escape_byte(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes([byte])
    return bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte


def _mark_path(path: bytes) -> bytes:
    """A path with blanks is ended by a tab, or what follows could be taken for a date."""
    return path + b"\t" if b" " in path and not path.startswith(b'"') else path
