"""Two stacks of one source as one: what a script starts beside what it deploys, units beside their manifests."""

from __future__ import annotations

from typing import Any

from tocompose.model import Stack
from tocompose.record import replace


def join_stacks(stack: Stack, added_stack: Stack) -> Stack:
    """The stack with all that the other one has; of two parts with one name the first stays."""
    return replace(
        stack,
        services=_united(stack.services, added_stack.services),
        networks=_united(stack.networks, added_stack.networks),
        volumes=_united(stack.volumes, added_stack.volumes),
        configs=_united(stack.configs, added_stack.configs),
        secrets=_united(stack.secrets, added_stack.secrets),
        settings=_united(stack.settings, added_stack.settings),
        files=(*stack.files, *added_stack.files),
    )


def _united(own_parts: tuple[Any, ...], added_parts: tuple[Any, ...]) -> tuple[Any, ...]:
    names = {part.name for part in own_parts}
    return (*own_parts, *(part for part in added_parts if part.name not in names))
