"""Containers that a script removes again before it starts others: helpers that only hand over files or set data up."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.docker_run.invocation import Invocation, starts_container
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.stated_names import name_text

_ENDING = (("rm",), ("stop",), ("kill",))


def mark_removed(shell: Shell, kind: str) -> None:
    """Marks the steps whose containers the script itself removes, in a line that always runs, before it starts others.

    At the end of a script a removal is clean-up behind something that was tried, which may be the stack itself. The
    recipes of a Makefile and the blocks of a text are no sequence.
    """
    steps = shell.steps if kind == "shell" else []
    starts = [index for index, step in enumerate(steps) if starts_container(step)]
    makers: dict[str, int] = {}
    for index, step in enumerate(steps[: max(starts, default=0)]):
        if not isinstance(step, Invocation) or step.undecided:
            continue
        if starts_container(step):
            makers |= dict.fromkeys(_names_of(step), index)
        elif step.verb in _ENDING:
            _mark_ended(shell, step, makers)


def _mark_ended(shell: Shell, step: Invocation, makers: dict[str, int]) -> None:
    """Marks the steps whose containers a command ends for good."""
    for name in (argument.text for argument in step.arguments):
        maker = makers.get(name)
        if maker is None or not _ends_container(shell.steps[maker], step):
            continue
        if not _is_used(shell.steps[maker + 1 :], name):
            _mark(shell, maker, name)


def _mark(shell: Shell, maker: int, name: str) -> None:
    step = shell.steps[maker]
    assert isinstance(step, Invocation)
    is_named_again = any(
        starts_container(later) and name_text(later) == name
        for later in shell.steps[maker + 1 :]
    )
    # The name is that of the container that the script leaves behind.
    renamed = f"{name}-before" if is_named_again else step.renamed
    shell.steps[maker] = step._replace(is_removed=True, renamed=renamed)


def _ends_container(maker: object, step: Invocation) -> bool:
    """Whether the container is gone after the command: one with `--rm` is when it stops."""
    if step.verb == ("rm",) or not isinstance(maker, Invocation):
        return True
    return any(argument.text == "--rm" for argument in maker.arguments)


def _names_of(step: Invocation) -> list[str]:
    """What a later command calls the container: its name, or the variable that holds its id."""
    names = [name_text(step), f"${{{step.variable}}}" if step.variable else ""]
    return list(filter(None, names))


def _is_used(later_steps: Iterable[object], name: str) -> bool:
    """Whether a container that stays joins it, as a container for data or for its network."""
    return any(starts_container(step) and _joins(step, name) for step in later_steps)


def _joins(step: Invocation, name: str) -> bool:
    joined = {f"container:{name}", name}
    own_names = _names_of(step)
    return any(
        argument.text.rpartition("=")[2].removesuffix(":ro") in joined
        for argument in step.arguments
        if argument.text not in own_names
    )
