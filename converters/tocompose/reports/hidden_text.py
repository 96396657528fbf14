"""Text that a report does not show, while it is masked: as many letters as it has, so that columns stay."""

from __future__ import annotations

# While masking, each hidden character is replaced by this one, so that columns stay what spans say.
HIDDEN = "\ue000"


def hide_text(text: str) -> str:
    """As many hidden characters as the text has."""
    return HIDDEN * len(text)
