"""The names that a script states for its containers, whatever it renames them to later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.containers import name_of_container
from tocompose.importers.docker_run.invocation import Invocation, Script, starts_container
from tocompose.importers.docker_run.options import flag_rows, parse_command_line


def stated_names(scripts: Iterable[Script]) -> Iterator[str]:
    """The service name of each container whose command states a name, and what others call it on its networks."""
    for script in scripts:
        for step in script.steps:
            if not starts_container(step):
                continue
            name = step.renamed or name_text(step) or step.alias
            if name:
                yield name_of_container(script.fill_values(name))
                for alias in _alias_texts(step):
                    yield name_of_container(script.fill_values(alias))


def with_new_names(script: Script) -> Script:
    """The script with what `docker rename` makes of the names of its containers at the steps that start them."""
    makers: dict[str, int] = {}
    steps = list(script.steps)
    for index, step in enumerate(script.steps):
        if not isinstance(step, Invocation):
            continue
        texts = [argument.text for argument in step.arguments]
        if starts_container(step):
            makers[name_text(step)] = index
        elif step.verb == ("rename",) and len(texts) == 2 and texts[0] in makers:
            makers[texts[1]] = makers.pop(texts[0])
            maker = steps[makers[texts[1]]]
            if isinstance(maker, Invocation):
                steps[makers[texts[1]]] = maker._replace(renamed=texts[1])
    return script._replace(steps=tuple(steps))


def name_text(step: Invocation) -> str:
    """The value of the command's `--name`; empty without it."""
    name = parse_command_line(step.arguments, flag_rows("run", "podman")).value_of("--name")
    return name.text if name else ""


def repeats(step: Invocation, earlier_step: Invocation) -> bool:
    """Whether it is the very command that a named container was started by, as in a session where that failed at
    first."""
    commands = [
        (
            each.verb,
            each.directory,
            each.renamed,
            [argument.text for argument in each.arguments],
        )
        for each in (step, earlier_step)
    ]
    has_input = step.stdin is not None or bool(step.environment)
    return commands[0] == commands[1] and not has_input and bool(name_text(step))


def _alias_texts(step: Invocation) -> Iterator[str]:
    """The values of the command's `--network-alias`, and what its links call other containers."""
    for option in parse_command_line(step.arguments, flag_rows("run", "podman")).options:
        if option.row and option.row["name"] == "--network-alias":
            yield option.value.text
        elif option.row and option.row["name"] == "--link":
            yield option.value.text.rpartition(":")[2]


def pod_name(step: Invocation) -> str:
    """The pod that a command puts its container into; empty for none."""
    for index, argument in enumerate(step.arguments):
        if argument.text.startswith("--pod="):
            return argument.text.removeprefix("--pod=").removeprefix("new:")
        if argument.text == "--pod" and index + 1 < len(step.arguments):
            return step.arguments[index + 1].text.removeprefix("new:")
    return ""
