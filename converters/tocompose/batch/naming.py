"""Names of outputs: a repository's name as a path that is safe to write and to type."""

from __future__ import annotations

import re
from hashlib import sha256

_ODD = re.compile(r"[^\w.@+=,~ -]|^[-.~ ]|[ .]$")
# File systems end a name at 255 bytes; endings are added to it.
_LONGEST = 200


def safe_path(identity: str) -> str:
    """The name with odd characters of each part replaced; a changed part gets a digest, so that no two become one."""
    return "/".join(_safe(part) for part in identity.split("/") if part) or "repository"


def _safe(part: str) -> str:
    safe = _ODD.sub("_", part.encode("utf-8", "replace").decode())
    if safe == part and len(part.encode()) <= _LONGEST:
        return part
    return f"{safe[: _LONGEST // 4]}-{sha256(part.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
