"""The long text of a note: what it means, why it is said and what to do, from the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap

from tocompose.notes import Kind, explanation, families, registry

_MEANING = {
    Kind.LOST: "Compose has no equivalent: nothing of it is in the output.",
    Kind.CHANGED: "It is in the output, with a difference.",
    Kind.ASSUMED: "The source does not say it: a guess that you can change.",
    Kind.ADDED: "Good practice that the source did not state; it can be switched off.",
    Kind.INFO: "Nothing to do.",
}


def explain_code(code: str, width: int = 88) -> str:
    """The long text of a code. Raises KeyError for a code that the registry does not name."""
    row = explanation(code)
    kind = Kind(row["kind"])
    paragraphs = [
        f"{code}: {row['title']} ({kind.value})",
        open_facts(str(row["message"])),
        _MEANING[kind],
    ]
    paragraphs.append(open_facts(str(row["why"])))
    if row.get("advice"):
        paragraphs.append(f"What to do: {open_facts(str(row['advice']))}")
    if row.get("url"):
        paragraphs.append(str(row["url"]))
    return (
        "\n\n".join(
            "\n".join(wrap(paragraph, width, break_long_words=False))
            for paragraph in paragraphs
        )
        + "\n"
    )


def all_codes() -> Iterator[str]:
    """Every code of the registry, in order."""
    yield from sorted(code for family in families() for code in registry(family))


def open_facts(text: str) -> str:
    """A message with its facts left open: `{name}` becomes `<name>`."""
    return re.sub(r"\{(\w+)[^{}]*\}", r"<\1>", text.replace("{{", "{").replace("}}", "}"))
