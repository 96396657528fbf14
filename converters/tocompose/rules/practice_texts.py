"""The long text of a practice, by its id."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import NamedTuple

from tocompose.rules import registry


class PracticeText(NamedTuple):
    """What is said of a practice: its id, its title, and the long text."""

    id: str
    title: str
    text: str


def explain_practice(name: str) -> PracticeText | None:
    """What a practice does, how to leave it out, and an example; None where there is none of that id."""
    rule = next((rule for rule in registry() if rule.id == name.upper()), None)
    if rule is None:
        return None
    lines = [f"{rule.id}: {rule.title} (practice)", ""]
    if rule.examples:
        example = rule.examples[0]
        files = {
            "Before": example.before,
            "After": example.after,
            "Beside it, for development": example.override,
            "Beside it, for production": example.prod,
        }
        for title, text in files.items():
            if text:
                lines += [f"{title}:", indent(dedent(text).strip(), "  ")]
        lines.append("")
    lines += [f"To leave it out: --practices all,-{rule.id}", "", rule.url]
    return PracticeText(rule.id, rule.title, "\n".join(lines) + "\n")
