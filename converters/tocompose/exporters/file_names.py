"""Names of files that every system can hold: what a source calls its files may be hostile, or fit Linux only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from unicodedata import normalize

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"}) | {
    f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³"
}
_REFUSED = frozenset('<>:"|?*\\/$`')
# Common file systems hold 255 bytes (or UTF-16 units) in a name; in a path, Windows holds 260 from the drive on.
_NAME_BYTES, _PATH_BYTES = 200, 1000


def portable(paths: Iterable[str], taken: Iterable[str] = ()) -> Mapping[str, str]:
    """The path to write for each path, all of them inside the folder and no two alike where case does not count.

    `taken` are names at the top of the folder that are used otherwise.
    """
    tree = _Tree(taken)
    return {path: tree.place(path) for path in paths}


class _Tree:
    """The names that are given out so far, folder by folder."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._used: dict[str, set[str]] = {"": {_folded(name) for name in taken}}
        self._chosen: dict[tuple[str, bool], str] = {}

    def place(self, path: str) -> str:
        """Where the file of that path is written to."""
        if len(path.encode("utf-8", "surrogatepass")) > _PATH_BYTES:
            path = f"{path.partition('/')[0]}/{_digest(path)}"
        parts = [part for part in path.split("/") if part] or ["_"]
        given, old = "", ""
        for depth, part in enumerate(parts, 1):
            old = f"{old}/{part}"
            key = (old, depth == len(parts))
            if key not in self._chosen:
                self._chosen[key] = f"{given}/{self._free(given, _sound(part))}".lstrip("/")
            given = self._chosen[key]
        return given

    def _free(self, folder: str, name: str) -> str:
        used = self._used.setdefault(folder, set())
        pure, candidate, number = PurePosixPath(name), name, 2
        while _folded(candidate) in used:
            candidate, number = f"{pure.stem}-{number}{pure.suffix}", number + 1
        used.add(_folded(candidate))
        return candidate


def _folded(name: str) -> str:
    """The same for names that some file system takes for one: Windows and macOS look past case and composition."""
    return normalize("NFC", normalize("NFD", name).casefold())


def _sound(part: str) -> str:
    """The part of a path without what some system refuses or reads as something else."""
    name = "".join(
        char if char.isprintable() and char not in _REFUSED else "_" for char in part
    )
    if name in (".", ".."):
        return "_" * len(name)
    if name.endswith((" ", ".")):
        name = f"{name[:-1]}_"
    if name.startswith(" "):
        name = f"_{name[1:]}"
    stem, dot, rest = name.partition(".")
    if stem.rstrip().lower() in _DEVICES:
        name = f"{stem}_{dot}{rest}"
    return _short(name)


def _short(name: str) -> str:
    coded = name.encode()
    if len(coded) <= _NAME_BYTES:
        return name
    ending = PurePosixPath(name).suffix[:20]
    return f"{coded[: _NAME_BYTES // 2].decode('utf-8', 'ignore')}-{_digest(name)}{ending}"


def _digest(text: str) -> str:
    # Loads OpenSSL, which takes longer than most imports; few names need it.
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def renamed(moved: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The outermost folders and files that have another name: the old and the new path of each, once."""
    seen = set()
    for old, new in moved.items():
        olds, news = [part for part in old.split("/") if part], new.split("/")
        first = next(
            (at for at, (a, b) in enumerate(zip(olds, news, strict=False), 1) if a != b),
            len(news),
        )
        pair = ("/".join(olds[:first]) or old, "/".join(news[:first]))
        if old != new and pair not in seen:
            seen.add(pair)
            yield pair
