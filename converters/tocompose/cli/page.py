"""`tocompose page DIR`: the page as static files."""

from __future__ import annotations

from pathlib import Path

import click

from tocompose.cli.exit import fail


@click.command("page")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option(
    "--runtime",
    default=".",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="The folder in which npm install was run (default: this one).",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def page_command(folder: str, runtime: str, force: bool) -> None:
    """Write the page as static files that convert in the browser.

    Any web server can serve them, and nothing that is pasted leaves the browser. Install what they need from npm first:
    `npm install pyodide web-tree-sitter tree-sitter-bash`.

    \b
    Examples:
      tocompose page public
      tocompose page public --runtime ~/page
    """
    from tocompose.web.static import MissingRuntime, PageExists, write_page

    try:
        count = write_page(Path(folder), Path(runtime), force=force)
    except (MissingRuntime, PageExists) as problem:
        fail(str(problem))
    click.echo(
        f"{count} files in {folder}; serve it with: python -m http.server -d {folder}"
    )
