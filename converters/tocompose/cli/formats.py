"""`tocompose formats`: the importers that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from tocompose.reports.coverage import Coverage


# Options of importers that are flags of their own.
_FLAGS = ("namespace", "values", "set")


@click.command("formats")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How they are printed.",
)
def command(form: str) -> None:
    """The formats that can be read, those of other packages too.

    \b
    Examples:
      tocompose formats
      tocompose convert notes.txt --from docker_run
    """
    from tocompose.importers import importers

    found = [
        Format(
            item.name,
            item.title,
            type(item).__module__.partition(".")[0],
            getattr(item, "tables", ()),
            dict(getattr(item, "options", {})),
        )
        for item in importers()
    ]
    if form == "json":
        import json

        click.echo(json.dumps([item.record() for item in found], indent=2))
        return
    width = max((len(item.name) for item in found), default=0)
    for item in found:
        click.echo(f"{item.name:{width}}  {item.title}" + item.from_elsewhere())
        if item.tables:
            click.echo(f"{'':{width}}  {item.coverage()}")
        for name, text in item.options.items():
            flag = f"--{name} …" if name in _FLAGS else f"--option {name}=…"
            click.echo(f"{'':{width}}  {flag:26}  {text}")


class Format(NamedTuple):
    """An importer as it is listed; `tables` are those of ours that drive it, `options` what `--option` takes."""

    name: str
    title: str
    package: str
    tables: tuple[str, ...]
    options: dict[str, str]

    def coverage(self) -> Coverage:
        """How much of the format its tables know."""
        from tocompose.reports.coverage import coverage

        return coverage(self.tables)

    def from_elsewhere(self) -> str:
        """The package, when it is not our own."""
        return "" if self.package == "tocompose" else f" (from {self.package})"

    def record(self) -> dict[str, Any]:
        """The row of the JSON form."""
        known: dict[str, Any] = (
            {"coverage": self.coverage()._asdict()} if self.tables else {}
        )
        if self.options:
            known["options"] = self.options
        return {"name": self.name, "title": self.title, "package": self.package, **known}
