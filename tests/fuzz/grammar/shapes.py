"""What is new in a compose file beside those before it: a value at its key, or two keys of one service together.

Docker compose refuses a file for a value, or for keys that exclude each other. A file in which neither is new is like
others that were held against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from zlib import crc32

# Below these a name is free: services, networks, variables, labels.
_SECTIONS = ("services", "networks", "volumes", "configs", "secrets")


class Shapes:
    """The pieces of the compose files so far."""

    def __init__(self) -> None:
        self.pieces: set[int] = set()

    def add(self, text: bytes) -> list[int]:
        """The pieces of the file that no file before it had."""
        pieces = {crc32(piece.encode("utf-8", "replace")) for piece in _pieces(text)}
        new = sorted(pieces - self.pieces)
        self.pieces |= pieces
        return new


def _pieces(text: bytes) -> Iterator[str]:
    """`key key: value` for each line of the file as tocompose writes it, and each pair of keys of a service."""
    path: list[tuple[int, str]] = []
    service_keys: set[str] = set()
    for line in text.decode("utf-8", "replace").splitlines():
        body = line.lstrip(" ")
        if not body or body.startswith("#"):
            continue
        indent = len(line) - len(body)
        while path and path[-1][0] >= indent:
            path.pop()
        keys = [key for _, key in path]
        if len(path) == 2 and keys[0] == "services":
            service_keys.add(body.partition(":")[0])
        elif len(path) <= 1:
            yield from _pairs(service_keys)
            service_keys = set()
        is_name = len(path) == 1 and keys[0] in _SECTIONS
        yield " ".join([*keys, body if not is_name else "*"])
        path.append((indent, "*" if is_name else body.partition(":")[0]))
    yield from _pairs(service_keys)


def _pairs(keys: set[str]) -> Iterator[str]:
    for first, second in combinations(sorted(keys), 2):
        yield f"{first} & {second}"
