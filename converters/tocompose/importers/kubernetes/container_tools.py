"""The programs that a container is known to hold."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.knowledge.images import ALPINE_TOOLS, image_facts, image_ref
from tocompose.ledger import Cursor
from tocompose.syntax.names import is_shell

_EMPTY_HINTS = ("distroless", "scratch", "chainguard", "cgr.dev/")


def container_tools(container: ContainerContext) -> frozenset[str] | None:
    """The programs that the container is known to hold, such as sh, wget or nc; None when nothing is known.

    Known is what the image table says, what the base in the tag brings, and what the manifest itself shows by calling
    a shell in the container.
    """
    image = peek_text(container.cursor.at("image")) or ""
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


def _called_programs(container: ContainerContext) -> Iterator[str]:
    cursor = container.cursor
    command = cursor.at("command")
    yield from _first_word(command if command else cursor.at("args"))
    for probe in container.probes:
        if probe.action is not None and probe.action.first_word:
            yield probe.action.first_word
    for hook in ("postStart", "preStop"):
        yield from _first_word(cursor.at("lifecycle", hook, "exec", "command"))


def _first_word(command: Cursor) -> Iterator[str]:
    for word in list_entries(command):
        yield peek_text(word) or ""
        return
