"""The long text of a practice, of another rule and of a line of the checklist, by its id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import dedent, fill, indent

from tocompose.notes import Kind, explanation
from tocompose.record import NamedTuple
from tocompose.rules import Example, Rule
from tocompose.rules.checklist import ChecklistLine, all_rules, checklist, rules_covering

_WIDTH = 88


class NameText(NamedTuple):
    """What is said of an id: what it is the id of, its title, and the long text."""

    id: str
    kind: str
    title: str
    text: str


def explain_name(name: str) -> NameText | None:
    """What a practice, another rule or a line of the checklist asks for, and how it is left out; None for others."""
    rule = next((rule for rule in all_rules() if rule.id == name.upper()), None)
    if rule is not None:
        kind = kind_of(rule)
        return NameText(rule.id, kind, rule.title, _text_of_rule(rule, kind))
    line = checklist().get(name.upper())
    if line is not None:
        return NameText(line.id, "checklist", line.title, _text_of_line(line))
    return None


def explained_names() -> Iterator[tuple[str, str, str]]:
    """The id, the kind and the title of each practice, other rule and line of the checklist."""
    for rule in all_rules():
        yield rule.id, kind_of(rule), rule.title
    for line in checklist().values():
        yield line.id, "checklist", line.title


def kind_of(rule: Rule) -> str:
    """Whether the rule is a practice, which can be switched, or judges alone."""
    return "practice" if rule.mend is not None else "rule"


def shown_files(example: Example) -> dict[str, str]:
    """The files of the example by what they are, without those that it does not have; one that is kept stands once."""
    is_kept = dedent(example.before).strip() == dedent(example.after).strip()
    files = {
        "Example, kept as it is" if is_kept else "Before": example.before,
        "After": "" if is_kept else example.after,
        "Beside it, for development": example.override,
        "Beside it, for production": example.prod,
    }
    return {title: dedent(text).strip() for title, text in files.items() if text}


def _text_of_rule(rule: Rule, kind: str) -> str:
    lines = [f"{rule.id}: {rule.title} ({kind})", ""]
    if rule.summary:
        lines += [fill(rule.summary, _WIDTH), ""]
    for title, text in shown_files(rule.examples[0]).items() if rule.examples else ():
        lines += [f"{title}:", indent(text, "  ")]
    if rule.examples:
        lines.append("")
    lines += _findings(rule.tells)
    lines.append(f"To leave it out: {' or '.join(ways_out(rule))}")
    if rule.url:
        lines += ["", rule.url]
    return "\n".join(lines) + "\n"


def ways_out(rule: Rule) -> Iterator[str]:
    """The options that leave the rule out."""
    if rule.mend is not None:
        yield f"--practices all,-{rule.id}"
    if rule.tells:
        yield f"check --ignore {rule.id}"


def _text_of_line(line: ChecklistLine) -> str:
    lines = [f"{line.id}: {line.title} (checklist, {line.group})", "", line.why, ""]
    practices = rules_covering(line)
    if practices:
        lines += ["Practices:"]
        lines += [f"  {rule.id}  {rule.title}" for rule in practices]
        lines.append("")
    lines += _findings(line.codes)
    lines.append(f"To leave it out: check --ignore {line.id}")
    return "\n".join(lines) + "\n"


def _findings(codes: Iterable[str]) -> list[str]:
    """The findings with their levels, and where an example stands."""
    lines = list[str]()
    for code in codes:
        row = explanation(code)
        lines.append(f"  {code}  {Kind(row['kind']).level.value:7}  {row['title']}")
    return ["Findings of check (explain each for an example):", *lines, ""] if lines else []
