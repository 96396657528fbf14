"""`tocompose formats`: the importers that are installed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from tocompose.cli.exit import write_text
from tocompose.plugins import PluginError
from tocompose.record import NamedTuple
from tocompose.tables import load

# Options of importers that are flags of their own.
_FLAGS = ("namespace", "values", "set")


@click.command("formats")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How the formats are printed.",
)
def formats_command(form: str) -> None:
    """List the formats that can be read, with their options; plug-ins included.

    \b
    Examples:
      tocompose formats
      tocompose convert notes.txt --from docker_run
    """
    from tocompose.importers import importers, plugin_faults

    for fault in plugin_faults():
        write_text(sys.stderr, f"tocompose: {PluginError(fault)}\n")
    formats = [
        ListedFormat(
            listed_format.name,
            listed_format.title,
            type(getattr(listed_format, "brought", listed_format)).__module__.partition(
                "."
            )[0],
            getattr(listed_format, "tables", ()),
            dict(getattr(listed_format, "options", {})),
        )
        for listed_format in importers()
    ]
    if form == "json":
        import json

        click.echo(
            json.dumps([listed_format.record() for listed_format in formats], indent=2)
        )
        return
    width = max((len(listed_format.name) for listed_format in formats), default=0)
    for listed_format in formats:
        click.echo(
            f"{listed_format.name:{width}}  {listed_format.title}"
            + listed_format.package_suffix()
        )
        if listed_format.tables:
            click.echo(f"{'':{width}}  {listed_format.coverage()}")
        for name, text in listed_format.options.items():
            flag = f"--{name} …" if name in _FLAGS else f"--option {name}=…"
            click.echo(f"{'':{width}}  {flag:26}  {text}")


class ListedFormat(NamedTuple):
    """An importer as it is listed; `tables` are those of ours that drive it, `options` what `--option` takes."""

    name: str
    title: str
    package: str
    tables: tuple[str, ...]
    options: dict[str, str]

    def coverage(self) -> Coverage:
        """How much of the format its tables know."""
        return count_coverage(self.tables)

    def package_suffix(self) -> str:
        """The package, when it is not our own."""
        return "" if self.package == "tocompose" else f" (from {self.package})"

    def record(self) -> dict[str, Any]:
        """The row of the JSON form."""
        optional_fields: dict[str, Any] = (
            {"coverage": self.coverage()._asdict()} if self.tables else {}
        )
        if self.options:
            optional_fields["options"] = self.options
        return {
            "name": self.name,
            "title": self.title,
            "package": self.package,
            **optional_fields,
        }


_CARRIED = frozenset({"target", "service", "read", "fields", "image"})


class Coverage(NamedTuple):
    """How many rows carry a value over, answer it with a note, or leave it out for a reason."""

    carried: int
    mark_noted: int
    ignored_by_reason: int

    def __str__(self) -> str:
        total = self.carried + self.mark_noted + self.ignored_by_reason
        return (
            f"{total} fields and flags: {self.carried} carried over, {self.mark_noted} with a note, "
            f"{self.ignored_by_reason} left out on purpose"
        )


def count_coverage(tables: Iterable[str]) -> Coverage:
    """The rows of some tables, nested ones too, by what becomes of a value."""
    fate_counts = Counter(fate for name in tables for fate in _row_fates(load(name)))
    return Coverage(fate_counts["carried"], fate_counts["noted"], fate_counts["ignored"])


def _row_fates(rows: Mapping[str, Any]) -> Iterator[str]:
    for row in rows.values():
        if not isinstance(row, Mapping) or _CARRIED & set(row):
            yield "carried"
        elif "note" in row or "ignore" in row:
            yield "noted" if "note" in row else "ignored"
        else:
            yield from _row_fates(row)
