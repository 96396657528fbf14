"""The docker commands of scripts that make something, beside what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.invocation import STARTING_VERBS, Invocation, Script
from tocompose.importers.docker_run.stated_names import with_new_names

# What a swarm is asked for, and no engine.
SWARM_VERB = ("service", "create")
CREATING_VERBS = frozenset(
    {
        *STARTING_VERBS,
        ("network", "create"),
        ("network", "connect"),
        ("volume", "create"),
    }
)


def creating_commands(
    scripts: Iterable[Script],
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words of each command that makes something, as Compose text, with the service that it became (or nothing)."""
    scripts = tuple(map(with_new_names, scripts))
    assembly = Assembly(scripts)
    for script in scripts:
        assembly.read_script(script._replace(steps=()))
        for step in script.steps:
            count = len(assembly.containers)
            is_change = isinstance(step, Invocation) and assembly.changes_container(step)
            assembly.add_step(step)
            if not isinstance(step, Invocation):
                continue
            if step.verb not in (*CREATING_VERBS, SWARM_VERB) and not is_change:
                continue
            started = assembly.containers[count:]
            if not started and step.verb in (*STARTING_VERBS, SWARM_VERB):
                continue  # It names no image, as a note says.
            texts = [argument.text for argument in step.arguments]
            service = started[0].service.name if started else ""
            yield ("docker", *step.verb, *texts), service
