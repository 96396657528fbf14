"""Applies the rows of a flag table to the options of a command, and settles every word of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from tocompose.importers.docker_run import (
    compound_values,
    mount_values,
    podman_values,
    shapes,
    swarm_values,
)
from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.options import (
    Option,
    closest_flag,
    flag_rows,
    parse_boolean,
)
from tocompose.importers.docker_run.shapes import Fact, FactMerge, Shape
from tocompose.record import NamedTuple, replace
from tocompose.syntax.model_path import ModelPath


@cache
def shape_function(name: str) -> Shape:
    """The function that a table's `shape` column names: `read_<name>` of one of the modules."""
    function = f"read_{name}"
    modules = (compound_values, mount_values, podman_values, shapes, swarm_values)
    module = next(module for module in modules if hasattr(module, function))
    shape: Shape = getattr(module, function)
    return shape


UNKNOWN_SERVICE = ModelPath.of("services")


class FlagFact(NamedTuple):
    """A fact with the key it is about (dotted, relative to the record) and the word that said it."""

    target: str
    fact: Fact
    argument: Argument


def read_facts(
    options: Iterable[Option], path: ModelPath, command: str
) -> tuple[FlagFact, ...]:
    """What the options say, in order; `path` is the model path of the record, such as `services.web`.

    It is UNKNOWN_SERVICE for options that go to a service which is not known yet.

    A flag that no table knows, one without a Compose key and a value that cannot be read each end in a note.
    """
    return tuple(fact for option in options for fact in _read_flag(option, path, command))


def _read_flag(option: Option, path: ModelPath, command: str) -> Iterator[FlagFact]:
    row, argument = option.row, option.value
    if row is not None and len(option.name) > 2 and not option.name.startswith("--"):
        facts = {"flag": option.name, "meant": f"-{option.name}"}
        argument.annotate("TC861", subject=path, **facts)
    if row is None:
        meant = closest_flag(option.name, flag_rows("run", "podman"))
        hint = f"; did you mean {meant}?" if meant else ""
        argument.note("TC101", subject=path, flag=option.name, command=command, hint=hint)
    elif "ignore" in row:
        argument.skip(row["ignore"])
    elif "note" in row:
        if _holds_anyway(row, argument.text):
            argument.skip("the default without the flag")
        else:
            subject = _path_of_key(path, row.get("path", ""))
            facts = {"flag": option.name, "command": command, "service": _service_of(path)}
            argument.note(row["note"], subject=subject, **facts)
    else:
        yield from _read_value(row, argument, path, option.name)


def _service_of(path: ModelPath) -> str:
    """The name of the service that a record is; empty where it is another one, or not known yet."""
    return str(path[1]) if path[:1] == UNKNOWN_SERVICE and path[1:] else ""


def _holds_anyway(row: Mapping[str, Any], text: str) -> bool:
    """Whether a switch is set to its default, which is off where the row does not say `default`."""
    try:
        return bool(row.get("flag")) and parse_boolean(text) is row.get("default", False)
    except ValueError:
        return False


def _path_of_key(path: ModelPath, key: str) -> ModelPath:
    """The path of a key with dots for levels; of the record itself where there is none, or it is not known yet."""
    return path if path == UNKNOWN_SERVICE or not key else path.child(*key.split("."))


def _read_value(
    row: Mapping[str, Any], argument: Argument, path: ModelPath, flag: str
) -> Iterator[FlagFact]:
    target = row["target"]
    try:
        facts = list(shape_function(row["shape"])(argument.text))
    except ValueError as problem:
        subject = path.child(*target.split("."))
        argument.note("TC102", subject=subject, flag=flag, problem=str(problem))
        return
    # Beside other facts, which settle the argument, a note is only said.
    give_note = argument.note if len(facts) == 1 else argument.annotate
    for fact in facts:
        if target == "healthcheck.disable" and fact.value is False:
            argument.skip("the default without the flag")
            continue
        subject = _path_of_key(path, fact.target or row.get("path", target))
        if fact.merge is FactMerge.SKIP:
            argument.skip(fact.key)
        elif fact.merge is FactMerge.NOTE:
            give_note(fact.code, subject=subject, flag=flag, **dict(fact.note_facts))
        else:
            # A row with a path of its own says where all of its entries end.
            is_entry = path != UNKNOWN_SERVICE and "path" not in row
            yield FlagFact(
                fact.target or target,
                _take_fact(fact, argument, subject, flag, is_entry),
                argument,
            )


def _take_fact(
    fact: Fact, argument: Argument, subject: ModelPath, flag: str, is_entry: bool
) -> Fact:
    """The fact, with the argument settled as carried over and the place that it comes from."""
    is_keyed = is_entry and fact.merge is FactMerge.KEY
    argument.take(subject.child(fact.key) if is_keyed else subject)
    if fact.code:
        argument.annotate(fact.code, subject=subject, flag=flag, **dict(fact.note_facts))
    if hasattr(fact.value, "origin"):
        return fact._replace(value=replace(fact.value, origin=argument.span))
    return fact


class Facts:
    """The facts about one record, by target, each to be used once."""

    def __init__(self, facts: Iterable[FlagFact]) -> None:
        self._by_target: dict[str, list[FlagFact]] = {}
        for fact in facts:
            self._by_target.setdefault(fact.target, []).append(fact)

    def __contains__(self, target: str) -> bool:
        return target in self._by_target

    def peek(self, target: str) -> list[FlagFact]:
        """The facts about a target with their words, which stay to be used."""
        return self._by_target.get(target, [])

    def pop(self, target: str) -> list[FlagFact]:
        """The facts about a target with their words, and forgets them."""
        return self._by_target.pop(target, [])

    def last(self, target: str) -> Any:
        """The value that holds when a flag is given several times: the last; None when it is not given."""
        given_facts = self.pop(target)
        for earlier in given_facts[:-1]:
            earlier.argument.annotate("TC103", subject=ModelPath(target.split(".")))
        return given_facts[-1].fact.value if given_facts else None

    def values(self, target: str) -> tuple[Any, ...]:
        """Every value of a list, in order."""
        return tuple(fact.fact.value for fact in self.pop(target))

    def entries(self, target: str) -> dict[str, Any]:
        """The entries of a map, the last of each key."""
        return {fact.fact.key: fact.fact.value for fact in self.pop(target)}

    def section(self, prefix: str) -> dict[str, Any]:
        """All that is left below a prefix, as nested keys and values."""
        keys: dict[str, Any] = {}
        for target in [name for name in self._by_target if name.startswith(prefix)]:
            _put_nested(
                keys, target.removeprefix(prefix).split("."), self.merged_value(target)
            )
        return keys

    def remaining(self) -> dict[str, Any]:
        """All that is left, as nested keys and values."""
        return self.section("")

    def merged_value(self, target: str) -> Any:
        """The facts about a target as one value: a scalar, a list or a map, by how they join."""
        match self._by_target[target][0].fact.merge:
            case FactMerge.APPEND:
                return list(self.values(target))
            case FactMerge.KEY:
                return self.entries(target)
        return self.last(target)


def _put_nested(section: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        nested_section = section.setdefault(key, {})
        if not isinstance(nested_section, dict):
            # `--platform` says all of it; podman refuses `--variant` beside it.
            return
        section = nested_section
    section[keys[-1]] = value
