"""What is wrong with installed plug-ins, whatever is converted or checked."""

from __future__ import annotations

from tocompose.knowledge.brought_images import brought_images
from tocompose.knowledge.servers import server_row_faults
from tocompose.plugins import TABLES, PluginFault, load_faults, note_faults
from tocompose.rules.brought_rules import rule_faults


def general_faults() -> tuple[PluginFault, ...]:
    """The faults of rules and tables, which every run uses."""
    return (
        *load_faults(TABLES),
        *note_faults(),
        *brought_images()[1],
        *server_row_faults(),
        *rule_faults(),
    )
