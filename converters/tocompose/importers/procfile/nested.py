"""Process managers inside a process: `web: foreman start -f Procfile.web` becomes the processes that it would start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile.formation import parse_pairs
from tocompose.importers.procfile.processes import Found, of_procfile
from tocompose.importers.procfile.shell import parse
from tocompose.project import normal
from tocompose.readers.procfile import read_procfile
from tocompose.repository import Repository

_MANAGERS = frozenset({"foreman", "honcho", "overmind", "hivemind", "goreman", "forego"})
_FILE_OPTIONS = ("-f", "--procfile", "--Procfile")
_FORMATION_OPTIONS = ("-m", "--formation", "-c", "--concurrency", "-l", "--processes")
_VALUE_OPTIONS = (
    *_FILE_OPTIONS,
    *_FORMATION_OPTIONS,
    "-p",
    "--port",
    "-e",
    "--env",
    "-t",
    "--timeout",
    "-d",
    "--root",
)
_DEPTH = 5
_WRAPPERS = (
    ("bundle", "exec"),
    ("python", "-m"),
    ("python3", "-m"),
    ("pipenv", "run"),
    ("uv", "run"),
    ("poetry", "run"),
)


class _Launch(NamedTuple):
    """A process manager's command line."""

    name: str
    file: str
    only: tuple[str, ...]
    formation: dict[str, int]
    ignored: tuple[str, ...]


def expand_managers(
    repository: Repository, found: tuple[Found, ...], depth: int = 0
) -> tuple[Found, ...]:
    """The processes with every one that only starts a process manager replaced by what that would start."""
    result: list[Found] = []
    for item in found:
        result.extend(_expanded(repository, item, depth))
    return _once_each(result)


def _expanded(repository: Repository, item: Found, depth: int) -> tuple[Found, ...]:
    manager = _launch(repository, item.text)
    if manager is None or depth >= _DEPTH:
        return (item,)
    path = normal(manager.file)
    tree = repository.open(path, read_procfile, "procfile") if path else None
    if not tree:
        repository.say(
            "TC331",
            item.cursor.span,
            name=item.type,
            manager=manager.name,
            file=manager.file,
        )
        return (item,)
    inner = tuple(_wanted(of_procfile(tree), manager))
    for option in manager.ignored:
        repository.say("TC370", item.cursor.span, what=f"{manager.name} {option}")
    item.cursor.note(
        "TC330", name=item.type, manager=manager.name, file=path, count=len(inner)
    )
    return expand_managers(repository, inner, depth + 1)


def _wanted(found: tuple[Found, ...], manager: _Launch) -> Iterator[Found]:
    """The processes that the launcher would start; those that it is not told to start are noted."""
    for item in found:
        if manager.only and item.type not in manager.only:
            item.cursor.note("TC332", name=item.type, manager=manager.name)
            continue
        quantity = manager.formation.get(item.type, manager.formation.get("all"))
        yield item._replace(quantity=quantity if quantity is not None else item.quantity)


def _once_each(found: list[Found]) -> tuple[Found, ...]:
    """One process of a name: the later one, which is what an expanded `web` puts in the place of the outer one."""
    last = {item.type: index for index, item in enumerate(found)}
    return tuple(item for index, item in enumerate(found) if last[item.type] == index)


def _launch(repository: Repository, text: str) -> _Launch | None:
    parsed = parse(text)
    words = [word.text for word in parsed.words]
    if parsed.operators:
        return None
    words = _through_package(repository, without_launchers(words))
    if not words or words[0] not in _MANAGERS:
        return None
    return _read_options(words)


def without_launchers(words: list[str]) -> list[str]:
    """The words without what only leads to the program: `exec`, `env A=b`, `bundle exec`, `python -m`, paths."""
    while words:
        if words[0] in ("exec", "env", "npx") or re.fullmatch(r"[A-Za-z_]\w*=.*", words[0]):
            words = words[1:]
        elif tuple(words[:2]) in _WRAPPERS:
            words = words[2:]
        else:
            return [words[0].rsplit("/", 1)[-1], *words[1:]]
    return words


def _through_package(repository: Repository, words: list[str]) -> list[str]:
    """The words of the package.json script that `npm start` or `yarn run x` stands for, when a manager is in it."""
    name = _script_name(words)
    scripts = repository.json("package.json").get("scripts") if name else None
    script = scripts.get(name) if isinstance(scripts, dict) else None
    if not isinstance(script, str):
        return words
    inner = parse(script)
    found = without_launchers([word.text for word in inner.words])
    return found if found and found[0] in _MANAGERS and not inner.operators else words


def _script_name(words: list[str]) -> str:
    if not words or words[0] not in ("npm", "yarn", "pnpm", "bun"):
        return ""
    rest = [word for word in words[1:] if not word.startswith("-")]
    return rest[1] if rest[:1] == ["run"] and len(rest) > 1 else (rest[0] if rest else "")


def _read_options(words: list[str]) -> _Launch | None:
    name, rest = words[0], words[1:]
    if rest and rest[0] in ("start", "s", "run"):
        if rest[0] == "run":
            return None
        rest = rest[1:]
    elif name not in ("hivemind", "goreman") and not any(
        option in rest for option in _FILE_OPTIONS
    ):
        return None
    file, formation, only, ignored = "Procfile", dict[str, int](), list[str](), list[str]()
    for option, value in _options(rest):
        if option in _FILE_OPTIONS:
            file = value
        elif option in _FORMATION_OPTIONS:
            formation.update(parse_pairs(value))
        elif option:
            ignored.append(option)
        elif name == "hivemind":
            file = value
        elif value != "start":
            only.append(value)
    return _Launch(name, file, tuple(only), formation, tuple(ignored))


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    index = 0
    while index < len(words):
        word = words[index]
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            yield "", word
        elif equals:
            yield option, value
        elif word in _VALUE_OPTIONS and index + 1 < len(words):
            index += 1
            yield word, words[index]
        else:
            yield word, ""
        index += 1
