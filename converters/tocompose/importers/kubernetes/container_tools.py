"""The programs that a container is known to hold."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_fields import Container
from tocompose.knowledge.image_conditions import ALPINE_TOOLS
from tocompose.knowledge.images import image_facts, image_ref
from tocompose.knowledge.interpreters import interpreter_of
from tocompose.syntax.names import is_shell

_EMPTY_HINTS = ("distroless", "scratch", "chainguard", "cgr.dev/")


def container_tools(container: ContainerContext) -> frozenset[str] | None:
    """The programs that the container is known to hold, such as sh, wget or nc; None when nothing is known.

    Known is what the image table says, what the base in the tag brings, and what the manifest itself shows by calling
    a shell in the container.
    """
    image = container.fields.image.text or ""
    if any(hint in image for hint in _EMPTY_HINTS):
        return frozenset()
    facts = image_facts(image)
    if facts is not None and facts.tools is not None:
        return frozenset(facts.tools)
    reference = image_ref(image)
    tag = reference.tag if reference else ""
    if "alpine" in tag or "busybox" in tag:
        return frozenset(ALPINE_TOOLS)
    calls_shell = any(is_shell(program) for program in _called_programs(container))
    return frozenset({"sh"}) if calls_shell else None


def container_interpreter(container: ContainerContext) -> str | None:
    """The interpreter that the programs need which the manifest calls in the container; None where none shows."""
    return next(filter(None, map(interpreter_of, _called_programs(container))), None)


def _called_programs(container: ContainerContext) -> Iterator[str]:
    """The programs that the manifest calls in the image: in the container, and in others of its workload."""
    yield from _programs_of(container.fields)
    image = container.fields.image.text
    for pod in container.workload.pods:
        for pod_container in pod.containers:
            if image and pod_container.fields.image.text == image:
                yield from _programs_of(pod_container.fields)


def _programs_of(fields: Container) -> Iterator[str]:
    actions = (probe.action for probe in fields.probes)
    for command in (
        fields.words,
        *(action.command for action in actions if action is not None),
        *(hook.command for hook in fields.hooks),
    ):
        if command:
            yield command[0].text or ""
