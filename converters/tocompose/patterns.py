"""Regular expressions that are compiled when they are first used: of those that a run loads it uses one in two."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def regex(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for a constant of a module: to load it costs nothing."""
    return cast("re.Pattern[AnyStr]", _Uncompiled(source, flags))


class _Uncompiled:
    """Stands for a compiled pattern, whose methods it takes over one by one as they are asked for."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        # Kept on the object: from the second time on, a method is found without coming here.
        method = self.__dict__[name] = getattr(re.compile(self._source, self._flags), name)
        return method
