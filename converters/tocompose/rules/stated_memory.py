"""The memory that a service says itself that it will use: heaps, caches and buffers of its options and variables."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.rules.services import command_text, environment

# Beside its heap a process needs room for code, stacks and buffers: half of the heap again is a usual rule.
_BESIDE = 1.5
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "": 1}
# Options that servers document: of Java, of Node.js (MB), of Redis, PostgreSQL, MySQL and MongoDB (GB).
_OPTIONS = (
    regex(r"-Xmx(?P<size>\d+)(?P<unit>[kmgKMG]?)\b"),
    regex(r"--max[-_]old[-_]space[-_]size[= ](?P<size>\d+)(?P<unit>)(?P<mega>)"),
    regex(r"--maxmemory[= ](?P<size>\d+)(?P<unit>[kmgKMG]?)[bB]?\b"),
    regex(r"\bshared_buffers=(?P<size>\d+)(?P<unit>[kMG])B\b"),
    regex(r"--innodb[-_]buffer[-_]pool[-_]size=(?P<size>\d+)(?P<unit>[kmgKMG]?)\b"),
    regex(r"--wiredTigerCacheSizeGB[= ](?P<size>\d+)(?P<unit>)(?P<giga>)"),
)
# Variables such as MEMORY=4G, MAX_HEAP_SIZE=2G, RAM_SIZE=8G: only with a unit is it plain what they mean.
_VARIABLE = regex(r"(?:.*_)?(?:MEMORY|MEMORY_LIMIT|HEAP|HEAP_SIZE|RAM|RAM_SIZE|XMX)")
_SIZE = regex(r"(?P<size>\d+)(?P<unit>[mgMG])(?:[iI]?[bB])?")


def stated_memory(service: Service) -> str | None:
    """What the service needs by its own words, in whole megabytes of Compose (`3072M`); None where it says nothing."""
    most = max(_sizes(service), default=0)
    return f"{round(most * _BESIDE / 2**20)}M" if most >= 2**20 else None


def _sizes(service: Service) -> Iterator[int]:
    values = {name: value for name, value in environment(service).items() if value}
    for text in (command_text(service) or "", *values.values()):
        for option in _OPTIONS:
            yield from (_bytes(found.groupdict()) for found in option.finditer(text))
    for name, value in values.items():
        if _VARIABLE.fullmatch(name) and (found := _SIZE.fullmatch(value.strip())):
            yield _bytes(found.groupdict())


def _bytes(found: dict[str, str | None]) -> int:
    unit = (
        "m"
        if "mega" in found
        else "g"
        if "giga" in found
        else (found["unit"] or "").lower()
    )
    return int(found["size"] or 0) * _UNITS[unit]
