"""The sizes of tasks: processors and memory, with a unit or without one."""

from __future__ import annotations

import re

from tocompose.patterns import regex

_SIZE = regex(r"\s*([0-9.]+)\s*(vcpu|gb)?\s*", re.IGNORECASE)


def task_size(text: str, unit: float) -> float | None:
    """Processors, or mebibytes: `256`, `.25 vCPU`, `512`, `0.5 GB`."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    try:
        number = float(match[1])
    except ValueError:
        return None
    match (match[2] or "").lower():
        case "vcpu":
            return number
        case "gb":
            return number * 1024
    return number / unit
