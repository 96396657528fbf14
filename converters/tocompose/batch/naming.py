"""Names of outputs: a repository's name as a path that is safe to write and to type."""

from __future__ import annotations

import re
from hashlib import sha256

_UNSAFE_CHARACTERS = re.compile(r"[^\w.@+=,~ -]|^[-.~ ]|[ .]$")
# File systems end a name at 255 bytes; endings are added to it.
_LONGEST = 200


def safe_path(identity: str) -> str:
    """The name with odd characters of each part replaced; a changed part gets a digest, so that no two become one."""
    return (
        "/".join(_safe_segment(segment) for segment in identity.split("/") if segment)
        or "repository"
    )


def _safe_segment(segment: str) -> str:
    safe = _UNSAFE_CHARACTERS.sub("_", segment.encode("utf-8", "replace").decode())
    if safe == segment and len(segment.encode()) <= _LONGEST:
        return segment
    return f"{safe[: _LONGEST // 4]}-{sha256(segment.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
