"""The docker commands of a source as a shell would run them, for the proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.invocation import Invocation, Script

CREATING_VERBS = frozenset(
    {
        ("run",),
        ("create",),
        ("network", "create"),
        ("network", "connect"),
        ("volume", "create"),
    }
)


def creating_commands(scripts: Iterable[Script]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The words of each command that makes something, as Compose text, with the service that it became (or nothing)."""
    return tuple(_creating_commands(scripts))


def _creating_commands(scripts: Iterable[Script]) -> Iterator[tuple[tuple[str, ...], str]]:
    assembly = Assembly()
    for script in scripts:
        assembly.read_script(script._replace(steps=()))
        for step in script.steps:
            made_before = len(assembly.containers)
            assembly.add_step(step)
            if isinstance(step, Invocation) and step.verb in CREATING_VERBS:
                started = assembly.containers[made_before:]
                if not started and step.verb in (("run",), ("create",)):
                    continue  # It names no image, as a note says.
                command_words = (
                    "docker",
                    *step.verb,
                    *(argument.text for argument in step.arguments),
                )
                yield command_words, started[0].service.name if started else ""
