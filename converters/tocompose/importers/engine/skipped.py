"""Containers that are no part of a stack: tasks of a swarm, pods of Kubernetes, one-off runs, helpers of tests."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.engine.names import container_name, label_of
from tocompose.importers.engine.objects import EngineObject
from tocompose.importers.engine.pods import is_infra

# The use of the label that tells, with the note that says where to look instead.
_TELLING_LABELS = {
    "task": "TC479",
    "pod": "TC480",
    "oneoff": "TC481",
    "test": "TC482",
}


def running_parts(containers: Iterable[EngineObject]) -> tuple[EngineObject, ...]:
    """The containers that become services; the others are settled, each with a note, but for those of pods."""
    return tuple(container for container in containers if not _is_left_out(container))


def _is_left_out(container: EngineObject) -> bool:
    if is_infra(container):
        return True
    for use, code in _TELLING_LABELS.items():
        value = label_of(container, use)
        if value and value != "False":
            container.cursor.note(code, name=container_name(container), value=value)
            return True
    return False
