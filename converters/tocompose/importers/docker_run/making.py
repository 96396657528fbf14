"""The docker commands of a source as a shell would run them, for the proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.invocation import Invocation, Script

MAKING = frozenset(
    {
        ("run",),
        ("create",),
        ("network", "create"),
        ("network", "connect"),
        ("volume", "create"),
    }
)


def commands(scripts: Iterable[Script]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The words of each command that makes something, as Compose text, with the service that it became (or nothing)."""
    return tuple(_commands(scripts))


def _commands(scripts: Iterable[Script]) -> Iterator[tuple[tuple[str, ...], str]]:
    assembly = Assembly()
    for script in scripts:
        assembly.read(script._replace(steps=()))
        for step in script.steps:
            before = len(assembly.containers)
            assembly.add(step)
            if isinstance(step, Invocation) and step.verb in MAKING:
                made = assembly.containers[before:]
                if not made and step.verb in (("run",), ("create",)):
                    continue  # It names no image, as a note says.
                words = ("docker", *step.verb, *(word.text for word in step.words))
                yield words, made[0].service.name if made else ""
