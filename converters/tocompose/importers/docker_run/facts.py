"""Applies the rows of a flag table to the options of a command, and settles every word of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from tocompose.importers.docker_run import networking, shapes, volumes
from tocompose.importers.docker_run.invocation import Word
from tocompose.importers.docker_run.options import Option
from tocompose.importers.docker_run.shapes import Fact, Shape
from tocompose.record import replace


@cache
def shape(name: str) -> Shape:
    """The function that a table's `shape` column names."""
    known: dict[str, Shape] = {
        "boolean": shapes.boolean_,
        "bytes": shapes.bytes_,
        "gpus": networking.gpus,
        "mount": volumes.mount,
        "network": networking.network,
        "volume": volumes.volume,
    }
    return known[name] if name in known else getattr(shapes, name)


class Said(NamedTuple):
    """A fact with the key it is about (dotted, relative to the record) and the word that said it."""

    target: str
    fact: Fact
    word: Word


def read(options: Iterable[Option], path: str, command: str) -> tuple[Said, ...]:
    """What the options say, in order; `path` is the model path of the record, such as `services.web`.

    It is `services` for options that go to services which are not known yet.

    A flag that no table knows, one without a Compose key and a value that cannot be read each end in a note.
    """
    return tuple(said for option in options for said in _read_one(option, path, command))


def _read_one(option: Option, path: str, command: str) -> Iterator[Said]:
    row, word = option.row, option.value
    if row is None:
        word.note("TC101", subject=path, flag=option.name, command=command)
    elif "ignore" in row:
        word.skip(row["ignore"])
    elif "note" in row:
        if row.get("flag") and word.text in ("false", "0"):
            word.skip("it is switched off")
        else:
            subject = f"{path}.{row['path']}" if "path" in row else path
            word.note(row["note"], subject=subject, flag=option.name, command=command)
    else:
        yield from _read_value(row, word, path, option.name)


def _read_value(row: Mapping[str, Any], word: Word, path: str, flag: str) -> Iterator[Said]:
    try:
        facts = list(shape(row["shape"])(word.text))
    except ValueError as problem:
        word.note(
            "TC102", subject=f"{path}.{row['target']}", flag=flag, problem=str(problem)
        )
        return
    for fact in facts:
        target = fact.target or row["target"]
        place = (
            path
            if path == "services"
            else f"{path}.{fact.target or row.get('path', target)}"
        )
        if fact.how == "none":
            word.note(fact.code, subject=place, flag=flag, **dict(fact.said))
            continue
        word.take(
            f"{place}.{fact.key}" if fact.how == "put" and place != "services" else place
        )
        if fact.code:
            word.remark(fact.code, subject=place, flag=flag, **dict(fact.said))
        value = (
            replace(fact.value, origin=word.span)
            if hasattr(fact.value, "origin")
            else fact.value
        )
        yield Said(target, fact._replace(value=value), word)


class Facts:
    """The facts about one record, by target, each to be used once."""

    def __init__(self, said: Iterable[Said]) -> None:
        self._by_target: dict[str, list[Said]] = {}
        for one in said:
            self._by_target.setdefault(one.target, []).append(one)

    def __contains__(self, target: str) -> bool:
        return target in self._by_target

    def said(self, target: str) -> list[Said]:
        """The facts about a target with their words, and forgets them."""
        return self._by_target.pop(target, [])

    def last(self, target: str) -> Any:
        """The value that holds when a flag is given several times: the last; None when it is not given."""
        found = self.said(target)
        for earlier in found[:-1]:
            earlier.word.remark("TC103", subject=target)
        return found[-1].fact.value if found else None

    def all(self, target: str) -> list[Any]:
        """Every value of a list, in order."""
        return [one.fact.value for one in self.said(target)]

    def map(self, target: str) -> dict[str, Any]:
        """The entries of a map, the last of each key."""
        return {one.fact.key: one.fact.value for one in self.said(target)}

    def section(self, prefix: str) -> dict[str, Any]:
        """All that is left below a prefix, as nested keys and values."""
        found: dict[str, Any] = {}
        for target in [name for name in self._by_target if name.startswith(prefix)]:
            _put(found, target.removeprefix(prefix).split("."), self.value(target))
        return found

    def rest(self) -> dict[str, Any]:
        """All that is left, as nested keys and values."""
        return self.section("")

    def value(self, target: str) -> Any:
        """The facts about a target as one value: a scalar, a list or a map, by how they were said."""
        how = self._by_target[target][0].fact.how
        if how == "set":
            return self.last(target)
        return self.all(target) if how == "add" else self.map(target)


def _put(into: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        into = into.setdefault(key, {})
    into[keys[-1]] = value
