"""The programs that a container is known to hold."""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.knowledge.images import ALPINE_TOOLS, image_facts, image_ref
from tocompose.ledger import Cursor
from tocompose.syntax.names import is_shell

_EMPTY_HINTS = ("distroless", "scratch", "chainguard", "cgr.dev/")


def container_tools(container: Cursor) -> frozenset[str] | None:
    """The programs that the container is known to hold, such as sh, wget or nc; None when nothing is known.

    Known is what the image table says, what the base in the tag brings, and what the manifest itself shows by calling
    a shell in the container.
    """
    image = peek_text(container.at("image")) or ""
    if any(hint in image for hint in _EMPTY_HINTS):
        return frozenset()
    facts = image_facts(image)
    if facts is not None and facts.tools is not None:
        return frozenset(facts.tools)
    reference = image_ref(image)
    tag = reference.tag if reference else ""
    if "alpine" in tag or "busybox" in tag:
        return frozenset(ALPINE_TOOLS)
    return frozenset({"sh"}) if _calls_shell(container) else None


def _calls_shell(container: Cursor) -> bool:
    return any(
        is_shell(peek_text(first_word) or "") for first_word in _first_words(container)
    )


def _first_words(container: Cursor) -> list[Cursor]:
    command = container.at("command")
    commands = [command if command else container.at("args")]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        commands.append(container.at(probe, "exec", "command"))
    for hook in ("postStart", "preStop"):
        commands.append(container.at("lifecycle", hook, "exec", "command"))
    return [
        first_word
        for command_ in commands
        for first_word in list(list_entries(command_))[:1]
    ]
