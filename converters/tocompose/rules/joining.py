"""What the compose file that services are added to has to do with them; loaded only where there is one."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.model import File, Stack
from tocompose.rules import Context, Startup


def joined_startup(file: File | None, values: bytes | None) -> Startup | None:
    """What the compose file starts, with its `.env`, to which services are added; None without a file."""
    if file is None:
        return None
    from tocompose.rules.opened_files import startup_of

    return startup_of(file, values)


def joined_uses(stack: Stack, context: Context) -> Mapping[str, tuple[str, ...]]:
    """For each new service those of the file, to which it is added, that it has to do with."""
    if context.joins is None:
        return {}
    from tocompose.rules.joined_services import uses_across

    return uses_across(stack, context.joins, context)
