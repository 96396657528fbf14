"""`tocompose formats`: the importers that are installed."""

from __future__ import annotations

import click


@click.command("formats")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How they are printed.")
def command(form: str) -> None:
    """The formats that can be read, those of other packages too.

    \b
    Examples:
      tocompose formats
      tocompose convert notes.txt --from docker_run
    """
    from tocompose.importers import importers

    rows = [(item.name, item.title, type(item).__module__.partition(".")[0]) for item in importers()]
    if form == "json":
        import json

        keys = ("name", "title", "package")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, title, package in rows:
        click.echo(f"{name:{width}}  {title}" + (f" (from {package})" if package != "tocompose" else ""))
