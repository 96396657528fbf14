"""The long texts of codes, and their messages with the facts left open."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from tocompose.notes import Kind, explanation, families, open_facts, registry
from tocompose.patterns import regex
from tocompose.plugins import note_rows
from tocompose.reports.repeated_notes import NOTHING
from tocompose.reports.rule_examples import LEVEL_MEANINGS, RuleExample, rule_examples
from tocompose.tables import Row

_FACT = regex(r"<\w+>")
# A fact right behind a word, another fact or a whole sentence is an addition that stands there in some cases only.
_GLUED = regex(r"(?:(?<=[a-z0-9>])|(?<=>`))<\w+>|(?<=[a-z>`]\.)<\w+>(?=$| [A-Z])")
_MEANING = {
    Kind.LOST: "It was not carried over: the output does not have it.",
    Kind.CHANGED: "It is in the output, with a difference.",
    Kind.ASSUMED: "The source does not state it: it was assumed, or is left to you.",
    Kind.ADDED: "Good practice that the source did not state; `--practices` switches it off.",
    Kind.INFO: "For your information: nothing has to be done before the first start.",
}


def explain_code(code: str, width: int = 88) -> str:
    """The long text of a code. Raises KeyError for a code that the registry does not name."""
    row = explanation(code)
    kind = Kind(row["kind"])
    example = rule_examples().get(code)
    paragraphs = [
        f"{code}: {row['title']} ({kind.level.value if example else kind.value})",
        open_message(row),
        LEVEL_MEANINGS[kind.level] if example else _MEANING[kind],
    ]
    paragraphs.append(open_facts(str(row["why"])))
    advice = str(row.get("advice", ""))
    if advice and advice != NOTHING:
        label = "What you can do" if kind is Kind.INFO else "What to do"
        paragraphs.append(f"{label}: {open_advice(row)}")
    filled = [
        fill(paragraph, width, break_long_words=False)
        for paragraph in paragraphs
        if paragraph
    ]
    if row.get("url"):
        filled.append(str(row["url"]))
    if example is not None:
        filled += _example_blocks(example)
        filled.append(
            f"To leave it alone, say why at the end of its line: # tocompose: ignore[{code}] REASON"
        )
    return "\n\n".join(filled) + "\n"


def open_message(row: Row) -> str:
    """The message with its facts left open; empty if it holds nothing but facts, which say nothing here."""
    message = _open_text(row, "message")
    return message if _FACT.sub("", message).strip(" :") else ""


def open_advice(row: Row) -> str:
    """The advice with its facts left open, or where to find an advice that depends on the source."""
    advice = _open_text(row, "advice")
    return (
        "The printed note says what to do; it depends on the source."
        if _FACT.fullmatch(advice)
        else advice
    )


def _open_text(row: Row, column: str) -> str:
    return _GLUED.sub("", open_facts(str(row.get(column, ""))))


def _example_blocks(example: RuleExample) -> Iterator[str]:
    """The files of the example, before and after."""
    for title, files in (("Before", example.before), ("After", example.after)):
        for name, text in example.shown_files(files):
            lines = "\n".join(f"    {line}" for line in text.rstrip("\n").split("\n"))
            yield f"{title}, {name}:\n\n{lines}"


def all_codes() -> Iterator[str]:
    """Every code of the registry, in order."""
    own_codes = sorted(code for family in families() for code in registry(family))
    yield from (*own_codes, *sorted(note_rows()))
