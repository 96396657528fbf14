"""Documents made from the code: `python tests/documents.py` writes them, a test demands that they are current.

The manual pages in `man/`, `docs/api.md` from docstrings, `docs/notes.md` from `mappings/notes/`, and the overview of
it that stands in docs/reports.md between its marks; the JSON schemas of the settings and the answers file.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "converters"))

import click  # noqa: E402

import tocompose  # noqa: E402
import tocompose.batch  # noqa: E402
from api_examples import EXAMPLES  # noqa: E402
from setting_schemas import answers_schema, settings_schema  # noqa: E402
from tocompose.cli.group import COMMANDS, main  # noqa: E402
from tocompose.notes import Kind, explanation, families, registry  # noqa: E402
from tocompose.reports.escape import escape_markdown, escape_prose  # noqa: E402
from tocompose.reports.rule_examples import (  # noqa: E402
    LEVEL_MEANINGS,
    RuleExample,
    rule_examples,
)
from tocompose.reports.text import open_facts  # noqa: E402
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
    "batch": "Many repositories",
    "internal": "Faults of tocompose",
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
        "The public names of `tocompose`: their types, what they raise, and an example of each, which the tests run.",
        "",
    ]
    for name in tocompose.__all__:
        lines += [*_entry(name, getattr(tocompose, name)), ""]
    lines += ["# Many repositories", "", "The public names of `tocompose.batch`.", ""]
    for name in tocompose.batch.__all__:
        lines += [*_entry(name, getattr(tocompose.batch, name)), ""]
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
        text = str(kind).replace("|", "\\|")
        yield f"| `{field}` | `{text}` | {_default(found, field)} |"


def _default(found: Any, field: str) -> str:
    """What a field is where it is not given; empty where it must be."""
    given = getattr(found, "__dataclass_fields__", {}).get(field)
    if given is not None and given.default_factory is not MISSING:
        return f"`{given.default_factory.__name__}()`"
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
        "Every note that tocompose can say; `tocompose explain CODE` prints the same.",
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
                f"> {escape_prose(open_facts(str(row['message'])))}",
                "",
                escape_prose(open_facts(str(row["why"]))),
                "",
            ]
            if row.get("advice"):
                lines += [
                    f"**What to do:** {escape_prose(open_facts(str(row['advice'])))}",
                    "",
                ]
            if row.get("url"):
                lines += [f"<{row['url']}>", ""]
    return "\n".join(lines).rstrip() + "\n"


def _rules() -> str:
    """A page for each rule of `check`, from its row in `mappings/notes/` and its example in `rule_examples.yaml`."""
    lines = [
        "# Rules of `tocompose check`",
        "",
        "`tocompose explain CODE` prints the same. `--select` and `--ignore` take the codes or the beginnings of them.",
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
    return "\n".join(lines).rstrip() + "\n"


def _rule_page(code: str, example: RuleExample) -> Iterator[str]:
    row = explanation(code)
    yield from (f'<a id="{code.lower()}"></a>', "")
    yield f"## {code}: {escape_markdown(str(row['title']))} ({Kind(row['kind']).level.value})"
    yield from ("", f"> {escape_prose(open_facts(str(row['message'])))}", "")
    yield from (escape_prose(open_facts(str(row["why"]))), "")
    if row.get("advice"):
        yield f"**What to do:** {escape_prose(open_facts(str(row['advice'])))}"
        yield ""
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


if __name__ == "__main__":
    for path, text in documents().items():
        place = ROOT / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
