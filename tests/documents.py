"""Documents made from the code: `python tests/documents.py` writes them, a test demands that they are current.

The manual pages in `man/`, `docs/api.md` from docstrings, `docs/notes.md` from `mappings/notes/`, and the overview of
it that stands in docs/reports.md between its marks; the JSON schemas of the settings and the answers file.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import MISSING
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "converters"))

import click  # noqa: E402

import tocompose  # noqa: E402
import tocompose.batch  # noqa: E402
import tocompose.testing  # noqa: E402
from api_examples import EXAMPLES  # noqa: E402
from setting_schemas import answers_schema, settings_schema  # noqa: E402
from tocompose.cli.group import COMMANDS, main  # noqa: E402
from tocompose.notes import Kind, explanation, families, open_facts, registry  # noqa: E402
from tocompose.reports.escape import escape_markdown, escape_prose  # noqa: E402
from tocompose.reports.explain import open_advice, open_message  # noqa: E402
from tocompose.reports.repeated_notes import NOTHING  # noqa: E402
from tocompose.reports.rule_examples import (  # noqa: E402
    LEVEL_MEANINGS,
    RuleExample,
    rule_examples,
)
from tocompose.rules import Rule  # noqa: E402
from tocompose.rules.checklist import (  # noqa: E402
    ChecklistLine,
    all_rules,
    checklist,
    rules_covering,
)
from tocompose.rules.practice_texts import (  # noqa: E402
    kind_of,
    shown_files,
    ways_out,
)
from tocompose.tables import Row  # noqa: E402

START, END = "<!-- notes: made by tests/documents.py -->", "<!-- /notes -->"
_FAMILIES = {
    "general": "Any source",
    "sources": "Where commands stand",
    "docker_run": "docker run",
    "paste": "Pasted commands",
    "shell": "Shell scripts",
    "kubernetes": "Kubernetes",
    "procfile": "Procfiles",
    "quadlet": "Quadlet",
    "aws": "AWS",
    "unraid": "Unraid",
    "render": "Render",
    "addons": "Add-ons and images",
    "environment": "Environment and secrets",
    "practices": "Good practice",
    "compose": "Compose files",
    "compose_checks": "Compose files",
    "legacy_compose": "Old compose files",
    "engine": "Running containers",
    "platform": "Platforms of Procfiles",
    "migration": "Moving data",
    "batch": "Many repositories",
    "internal": "Faults of tocompose and plug-ins",
}


def documents() -> dict[str, str]:
    """Every generated document by its path."""
    return {
        **dict(_manuals()),
        "docs/api.md": _api(),
        "docs/notes.md": _notes(),
        "docs/rules.md": _rules(),
        "docs/reports.md": _reports_page(),
        "docs/settings.schema.json": settings_schema(),
        "docs/answers.schema.json": answers_schema(),
    }


def _manuals() -> Iterator[tuple[str, str]]:
    from click_man.core import generate_man_page

    top = click.Context(main, info_name="tocompose")
    loaded = {name: main.get_command(top, name) for name in COMMANDS}
    main.commands = {
        name: command for name, command in loaded.items() if command is not None
    }
    for name, command in main.commands.items():
        command.short_help = COMMANDS[name]
    main.short_help = "turn what you already run into Docker Compose files"
    version = tocompose.__version__
    yield (
        "man/tocompose.1",
        generate_man_page(top, version=version, date=f"version {version}"),
    )
    for name, command in main.commands.items():
        context = click.Context(command, info_name=name, parent=top)
        yield (
            f"man/tocompose-{name}.1",
            generate_man_page(context, version=version, date=f"version {version}"),
        )


def _api() -> str:
    lines = [
        "# The library",
        "",
        "The public API of `tocompose`: signatures, exceptions and an example for each name.",
        "The tests run every example.",
        "",
    ]
    for name in tocompose.__all__:
        lines += [*_entry(name, getattr(tocompose, name)), ""]
    lines += ["# Many repositories", "", "The public API of `tocompose.batch`.", ""]
    for name in tocompose.batch.__all__:
        lines += [*_entry(name, getattr(tocompose.batch, name)), ""]
    kit = "The public API of `tocompose.testing`: checks for the tests of a [plug-in](plug-ins.md)."
    raised = "Each check raises AssertionError with the fault and its place."
    lines += ["# Tests of plug-ins", "", kit, raised, ""]
    for name in tocompose.testing.__all__:
        lines += [*_entry(name, getattr(tocompose.testing, name)), ""]
    return "\n".join(lines).rstrip() + "\n"


class _Raw:
    """An annotation that is shown as it is written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _signature(function: Any) -> str:
    """The parameters with their types and defaults, one a line where they are many."""
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=_shown_type(parameter.annotation))
        for name, parameter in signature.parameters.items()
        if name != "self"
    ]
    plain = signature.replace(
        parameters=parameters, return_annotation=_shown_type(signature.return_annotation)
    )
    text = str(plain)
    if len(text) < 80:
        return text
    inside, arrow, returned = text[1:].rpartition(") -> ")
    # A comma within brackets belongs to a type.
    broken = re.sub(r", (?![^\[]*\])", ",\n    ", inside)
    return f"(\n    {broken},\n{arrow}{returned}"


def _shown_type(annotation: Any) -> Any:
    return _Raw(annotation) if isinstance(annotation, str) else annotation


def _entry(name: str, found: Any) -> Iterator[str]:
    yield from (f"## {name}", "", f"From `{found.__module__}`.", "")
    if inspect.isclass(found) and found.__name__ != name:
        yield from _other_name(name, found.__name__)
        return
    constructor = vars(found).get("__init__") if inspect.isclass(found) else found
    is_plain = inspect.isfunction(constructor) and not _has_fields(found)
    if is_plain:
        signature = _signature(constructor).removesuffix(" -> None")
        yield from ("```python", f"{name}{signature}", "```", "")
    yield inspect.getdoc(found) or ""
    if inspect.isclass(found):
        yield from _members(found)
        yield from _methods(found)
    yield from ("", "```python", EXAMPLES[name].rstrip(), "```")


def _other_name(name: str, today: str) -> Iterator[str]:
    yield f"The earlier name of [{today}](#{today.lower()}), which the next release removes. Use `{today}`."
    yield from ("", "```python", EXAMPLES[name].rstrip(), "```")


def _has_fields(found: Any) -> bool:
    return hasattr(found, "__dataclass_fields__") or getattr(found, "_is_protocol", False)


def _members(found: Any) -> Iterator[str]:
    """The values of an enumeration, or the fields with their types and defaults."""
    if issubclass(found, Enum):
        yield from ("", "Values: " + ", ".join(f"`{one.name}`" for one in found) + ".")
        return
    fields = {
        field: kind
        for field, kind in getattr(found, "__annotations__", {}).items()
        if not field.startswith("_")
    }
    if fields:
        yield from ("", "| field | type | default |", "|---|---|---|")
    for field, kind in fields.items():
        text = str(getattr(kind, "__forward_arg__", kind)).replace("|", "\\|")
        yield f"| `{field}` | `{text}` | {_default(found, field)} |"


def _default(found: Any, field: str) -> str:
    """What a field is where it is not given; empty where it must be."""
    given = getattr(found, "__dataclass_fields__", {}).get(field)
    if given is not None and given.default_factory is not MISSING:
        made = type(given.default_factory())
        return f"`{made.__name__}{'()' if made is given.default_factory else '(…)'}`"
    default = (
        given.default
        if given is not None
        else getattr(found, "_field_defaults", {}).get(field, MISSING)
    )
    if default is MISSING:
        return ""
    text = repr(default)
    short = text if len(text) < 40 else f"{type(default).__name__}(…)"
    return f"`{short}`".replace("|", "\\|")


def _methods(found: Any) -> Iterator[str]:
    for method, value in vars(found).items():
        if method.startswith("_"):
            continue
        if isinstance(value, property):
            shown = f"{method}: {_shown_type(value.fget.__annotations__['return'])}"
        elif inspect.isfunction(value):
            shown = f"{method}{_signature(value)}"
        else:
            continue
        text = inspect.getdoc(value) or ""
        yield from ("", "```python", shown, "```", "", text)


def _reports_page() -> str:
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    body = "\n".join(_overview())
    return re.sub(
        f"{re.escape(START)}.*{re.escape(END)}",
        lambda _: f"{START}\n{body}\n{END}",
        text,
        flags=re.DOTALL,
    )


def _chapters() -> dict[str, dict[str, Row]]:
    """The rows of each chapter by code; families that belong together share one."""
    found: dict[str, dict[str, Row]] = {}
    for family in families():
        title = (
            _FAMILIES.get(family)
            or _FAMILIES.get(family.partition("_")[0])
            or family.capitalize()
        )
        found.setdefault(title, {}).update(registry(family))
    titles = dict.fromkeys([*_FAMILIES.values(), *found])
    return {
        title: dict(sorted(found[title].items())) for title in titles if found.get(title)
    }


def _overview() -> Iterator[str]:
    kinds = [kind.value for kind in Kind]
    yield f"| about | {' | '.join(kinds)} |"
    yield f"|---|{'---|' * len(kinds)}"
    for title, rows in _chapters().items():
        anchor = title.lower().replace(" ", "-")
        counts = Counter(str(row["kind"]) for row in rows.values())
        yield f"| [{title}](notes.md#{anchor}) | {' | '.join(str(counts[kind] or '') for kind in kinds)} |"


def _notes() -> str:
    lines = [
        "# Notes",
        "",
        "Every note that tocompose can print, by source format; `tocompose explain CODE` shows one of them.",
        "",
        "- *lost*: not carried over.",
        "- *changed*: carried over with a difference.",
        "- *assumed*: not stated in the source.",
        "- *added*: good practice that the source did not state.",
        "- *info*: nothing has to be done.",
        "",
    ]
    for title, rows in _chapters().items():
        lines += [f"## {title}", ""]
        for code, row in rows.items():
            lines += [
                f"### {code}: {escape_markdown(str(row['title']))} ({row['kind']})",
                "",
            ]
            lines += [
                *_message(row),
                escape_prose(open_facts(str(row["why"]))),
                "",
            ]
            lines += _advice(row)
            if row.get("url"):
                lines += [f"<{row['url']}>", ""]
    return "\n".join(lines).rstrip() + "\n"


def _rules() -> str:
    """A page for each rule of `check`, from its row in `mappings/notes/` and its example in `rule_examples.yaml`."""
    lines = [
        "# Rules of `tocompose check`",
        "",
        "Each rule has a code, a level and an example; `tocompose explain CODE` shows one of them.",
        "`--select` and `--ignore` take a code (`TC512`), the start of codes (`TC51`), or the id of a",
        "[practice, another rule](#practices) or a [checklist line](#checklist), which covers all codes in its row.",
        "",
    ]
    for level, meaning in LEVEL_MEANINGS.items():
        lines += [f"- *{level.value}*: {meaning.partition(': ')[2]}"]
    lines += ["", "| code | level | what |", "|---|---|---|"]
    for code in rule_examples():
        row = explanation(code)
        level = Kind(row["kind"]).level.value
        lines.append(
            f"| [{code}](#{code.lower()}) | {level} | {escape_prose(str(row['title']))} |"
        )
    for code, example in rule_examples().items():
        lines += ["", *_rule_page(code, example)]
    lines += ["", '<a id="practices"></a>', "", "# Practices and other rules", ""]
    lines += [
        "`convert` applies practices, and `--practices` switches them on and off. Other rules only report, in `check`.",
        "",
        "| id | kind | what | findings |",
        "|---|---|---|---|",
    ]
    for rule in all_rules():
        title = escape_prose(rule.title)
        lines.append(
            f"| {_link(rule.id)} | {kind_of(rule)} | {title} | {_links(rule.tells)} |"
        )
    for rule in all_rules():
        if rule.examples:
            lines += ["", *_practice_page(rule)]
        else:
            lines += ["", *_rule_head(rule), *_ending(rule)]
    lines += ["", '<a id="checklist"></a>', "", "# Lines of the checklist", ""]
    lines += ["| id | what | practices | findings |", "|---|---|---|---|"]
    for line in checklist().values():
        practices = _links(rule.id for rule in rules_covering(line))
        title = escape_prose(line.title)
        lines.append(f"| {_link(line.id)} | {title} | {practices} | {_links(line.codes)} |")
    for line in checklist().values():
        lines += ["", *_name_page(line.id, line.title, line.group)]
        lines += [escape_prose(line.why), "", *_line_ending(line)]
    return "\n".join(lines).rstrip() + "\n"


def _rule_page(code: str, example: RuleExample) -> Iterator[str]:
    row = explanation(code)
    yield from (f'<a id="{code.lower()}"></a>', "")
    yield f"## {code}: {escape_markdown(str(row['title']))} ({Kind(row['kind']).level.value})"
    yield from ("", *_message(row))
    yield from (escape_prose(open_facts(str(row["why"]))), "")
    yield from _advice(row)
    for title, files in (("Before", example.before), ("After", example.after)):
        for name, text in example.shown_files(files):
            kind = "yaml" if name.endswith(("yaml", "yml")) else "sh"
            yield from (
                f"{title}, `{name}`:",
                "",
                f"```{kind}",
                text.rstrip("\n"),
                "```",
                "",
            )
    if row.get("url"):
        yield from (f"<{row['url']}>", "")


def _message(row: Row) -> Iterator[str]:
    if message := open_message(row):
        yield from (f"> {escape_prose(message)}", "")


def _advice(row: Row) -> Iterator[str]:
    advice = str(row.get("advice", ""))
    if advice and advice != NOTHING:
        label = "What you can do" if row["kind"] == Kind.INFO.value else "What to do"
        yield from (f"**{label}:** {escape_prose(open_advice(row))}", "")


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _links(names: Iterable[str]) -> str:
    return ", ".join(map(_link, names))


def _name_page(name: str, title: str, kind: str) -> Iterator[str]:
    yield from (f'<a id="{name.lower()}"></a>', "")
    yield from (f"## {name}: {escape_markdown(title)} ({kind})", "")


def _rule_head(rule: Rule) -> Iterator[str]:
    yield from _name_page(rule.id, rule.title, kind_of(rule))
    if rule.summary:
        yield from (escape_prose(rule.summary), "")


def _practice_page(rule: Rule) -> Iterator[str]:
    yield from _rule_head(rule)
    for title, text in shown_files(rule.examples[0]).items():
        yield from (f"{title}:", "", "```yaml", text, "```", "")
    yield from _ending(rule)


def _ending(rule: Rule) -> Iterator[str]:
    if rule.tells:
        yield from (f"Findings: {_links(rule.tells)}.", "")
    if rule.covers:
        yield from (f"Lines of the checklist: {_links(rule.covers)}.", "")
    yield f"To leave it out: {' or '.join(f'`{way}`' for way in ways_out(rule))}"
    if rule.url:
        yield from ("", f"<{rule.url}>")


def _line_ending(line: ChecklistLine) -> Iterator[str]:
    practices = _links(rule.id for rule in rules_covering(line))
    if practices:
        yield from (f"Practices: {practices}.", "")
    yield f"Findings, with examples: {_links(line.codes)}."


if __name__ == "__main__":
    for path, text in documents().items():
        place = ROOT / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
