"""How much memory a service needs, by what it says itself, by its image and by the language of its command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from tocompose.knowledge.images import ImageFacts, image_ref, similar_facts
from tocompose.knowledge.interpreters import language_of
from tocompose.model import Service, Stack
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.rules import Context
from tocompose.rules.endings import started_commands, stays_idle
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import (
    base_facts,
    dockerfile_of,
    environment_of,
    image_title,
)
from tocompose.syntax.units import BYTE_UNITS, is_whole_number, parse_byte_size
from tocompose.tables import Row, load

# Beside its heap a process needs room for code, stacks and buffers: half of the heap again is a usual rule.
_BESIDE_HEAP = 1.5
# Options that servers document: of Java, of Node.js (MB), of Redis, PostgreSQL, MySQL, MongoDB (GB) and Seastar
# (https://docs.scylladb.com/manual/stable/operating-scylla/procedures/tips/best-practices-scylla-on-docker.html).
_MEMORY_OPTIONS = (
    (regex(r"-Xmx(?P<size>\d+)(?P<unit>[kmgKMG]?)\b"), ""),
    (regex(r"--max[-_]old[-_]space[-_]size[= ](?P<size>\d+)(?P<unit>)"), "M"),
    (regex(r"--maxmemory[= ](?P<size>\d+)(?P<unit>[kmgKMG]?)[bB]?\b"), ""),
    (regex(r"\bshared_buffers=(?P<size>\d+)(?P<unit>[kMG])B\b"), ""),
    (
        regex(r"--innodb[-_]buffer[-_]pool[-_]size=(?P<size>\d+)(?P<unit>[kmgKMG]?)\b"),
        "",
    ),
    (regex(r"--wiredTigerCacheSizeGB[= ](?P<size>\d+)(?P<unit>)"), "G"),
    (regex(r"--memory[= ](?P<size>\d+)(?P<unit>[mgMG])(?:i?[bB])?\b"), ""),
)
# Variables such as MEMORY=4G, MAX_HEAP_SIZE=2G, RAM_SIZE=8G: only with a unit is it plain what they mean.
_MEMORY_VARIABLE = regex(
    r"(?:.*_)?(?:MEMORY|MEMORY_LIMIT|HEAP|HEAP_SIZE|RAM|RAM_SIZE|XMX|(?:HEAP|PAGECACHE|BUFFER_POOL)\w*_SIZE)",
    re.IGNORECASE,
)
_SIZE_WITH_UNIT = regex(r"(?P<size>\d+)(?P<unit>[mgMG])(?:[iI]?[bB])?")
# Processes that each hold the whole app: of gunicorn, uvicorn, hypercorn, puma, unicorn and celery.
_WORKERS = regex(
    r"\b(?:gunicorn|uvicorn|hypercorn|puma|celery)\b.*?\s(?:-w|--workers|--concurrency)[= ]?(?P<count>\d{1,3})\b"
)
_WORKER_VARIABLES = ("WEB_CONCURRENCY", "GUNICORN_WORKERS", "UVICORN_WORKERS")
# Rows for what runs in it is not known by: whole families of images, and systems without a program.
_TELLS_NOTHING = frozenset(("base", "other"))


def size(text: str) -> int:
    """The bytes that a Compose size means; 0 for one that holds a variable."""
    return parse_byte_size(text) or 0


def stated_memory(service: Service) -> str | None:
    """What the service needs by its own words, in whole megabytes of Compose (`3072M`); None where it says nothing."""
    most = max(_stated_sizes(service), default=0)
    return f"{round(most * _BESIDE_HEAP / 2**20)}M" if most >= 2**20 else None


class MemoryNeed(NamedTuple):
    """A size in Compose's form, and why it is that much: the end of a sentence, from its semicolon on, or empty."""

    memory: str
    reason: str = ""


def known_needs(service: Service, stack: Stack, context: Context) -> Iterator[MemoryNeed]:
    """What is known to be needed, by the image, the number of workers and, unless a heap is stated, the language."""
    image = _told_image(service, stack, context)
    if image is not None and image.memory:
        yield MemoryNeed(image.memory, _reason_of_image(image, image_title(service)))
    elif image is None:
        estimated = "; the memory limit is an estimate by the name of its image"
        yield from (MemoryNeed(memory, estimated) for memory in _needs_by_name(service))
    if stated_memory(service) is None:
        usual = "0" if image else _needs()["told"]
        by_language = _needs()["languages"]
        estimated = "; the memory limit is an estimate for the language that it runs in"
        for name in _languages(service):
            yield MemoryNeed(by_language.get(name, usual), estimated)
    workers = max(_worker_counts(service), default=0)
    if workers > 1:
        megabytes = round(workers * size(_needs()["worker"]) / 2**20)
        yield MemoryNeed(
            f"{megabytes}M", f"; the memory limit is an estimate for its {workers} workers"
        )


def _reason_of_image(image: ImageFacts, title: str) -> str:
    if image.memory_from.startswith("general knowledge"):
        return f"; the memory limit is an estimate for {title}"
    return f"; the memory limit follows figures published by the makers of {title}"


def wide_memory() -> str:
    """The limit for a service of which nothing is known."""
    limit: str = _needs()["unknown"]
    return limit


def is_known(service: Service, stack: Stack, context: Context) -> bool:
    """Whether the image, its Dockerfile or the command tells what runs, so that a usual limit will do for it."""
    return bool(
        _told_image(service, stack, context) or _languages(service) or stays_idle(service)
    )


def _told_image(service: Service, stack: Stack, context: Context) -> ImageFacts | None:
    """What is known about what runs in the image, or in one of that name; None where that is nothing."""
    image = base_facts(service, stack, context)
    if service.build is not None and (image is None or image.kind in _TELLS_NOTHING):
        image = _built_in(service, stack, context)
    elif image is None and service.image:
        image = similar_facts(service.image)
    return None if image is None or image.kind == "other" else image


def _built_in(service: Service, stack: Stack, context: Context) -> ImageFacts | None:
    """The runtime in which a Dockerfile builds what its last stage, a bare system, is given."""
    dockerfile = dockerfile_of(service, stack, context)
    stages = dockerfile.stages if dockerfile else ()
    seen = (similar_facts(stage.root) for stage in reversed(stages))
    return next((image for image in seen if image and image.kind == "runtime"), None)


def loads_model(service: Service) -> bool:
    """Whether the service is told what only programs are told that load a model into memory."""
    names = {variable.name for variable in service.environment}
    return not names.isdisjoint(_needs()["variables"])


def _languages(service: Service) -> set[str]:
    programs = {command[0].rpartition("/")[2] for command in started_commands(service)}
    languages = set(map(language_of, programs))
    languages |= {
        language
        for language, names in load("programs")["runtimes"].items()
        if not programs.isdisjoint(names)
    }
    return {language for language in languages if language}


def _needs_by_name(service: Service) -> Iterator[str]:
    ref = image_ref(service.image) if service.image else None
    name_words = set(re.split(r"[^a-z0-9]+", ref.repository)) if ref else set()
    for memory, names in _needs()["words"].items():
        if not name_words.isdisjoint(names):
            yield memory


def _worker_counts(service: Service) -> Iterator[int]:
    for match in _WORKERS.finditer(command_text(service) or ""):
        yield int(match["count"])
    values = environment_of(service)
    for name in _WORKER_VARIABLES:
        value = values.get(name) or ""
        if is_whole_number(value) and len(value) < 4:
            yield int(value)


def _stated_sizes(service: Service) -> Iterator[int]:
    values = {name: value for name, value in environment_of(service).items() if value}
    texts = (command_text(service) or "", *values.values())
    for option, unit in _MEMORY_OPTIONS:
        yield from _sizes_of_option(option, unit, texts)
    yield from _sizes_of_variables(values)


def _sizes_of_option(
    option: re.Pattern[str], unit: str, texts: Iterable[str]
) -> Iterator[int]:
    for text in texts:
        for match in option.finditer(text):
            yield _bytes(match["size"], match["unit"] or unit)


def _sizes_of_variables(values: dict[str, str]) -> Iterator[int]:
    for name, value in values.items():
        size_match = _SIZE_WITH_UNIT.fullmatch(value.strip())
        if size_match and _MEMORY_VARIABLE.fullmatch(name):
            yield _bytes(size_match["size"], size_match["unit"])


def _bytes(digits: str, unit: str) -> int:
    return int(digits) * BYTE_UNITS[unit.lower()]


@cache
def _needs() -> Row:
    row: Row = load("memory")
    return row
