"""TLS to the servers of the stack, for code that demands it: a server whose image brings a certificate speaks it."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.procfile.scan import Occurrence
from tocompose.knowledge.servers import servers

# What a certificate that the image made for itself does not pass.
_CHECKED = ("verify-ca", "verify-full")


def encrypts(kind: str, occurrences: Iterable[Occurrence]) -> bool:
    """Whether the server of the kind is made to speak TLS for code of these occurrences."""
    demands = [occurrence for occurrence in occurrences if occurrence.name == kind]
    is_checked = any(
        word in occurrence.words for occurrence in demands for word in _CHECKED
    )
    return bool(demands) and not is_checked and "tls" in servers()[kind]
