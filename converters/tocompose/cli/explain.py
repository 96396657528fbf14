"""`tocompose explain CODE`: the long text of a note."""

from __future__ import annotations

import click

from tocompose.cli.ending import fail
from tocompose.cli.hints import hint


def _codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The codes that a shell completes."""
    from tocompose.reports.explain import codes

    return [code for code in codes() if code.startswith(incomplete.upper())]


@click.command("explain")
@click.argument("code", required=False, shell_complete=_codes)
@click.option("--all", "every", is_flag=True, help="Every code, a line each.")
def command(code: str | None, every: bool) -> None:
    """What a note means, why it is said and what to do about it.

    \b
    Examples:
      tocompose explain TC001
      tocompose explain --all
    """
    from tocompose.notes import explanation
    from tocompose.reports.explain import codes, explain

    if every or code is None:
        for name in codes():
            row = explanation(name)
            click.echo(f"{name}  {row['kind']!s:8} {row['title']}")
        return
    try:
        click.echo(explain(code.upper()), nl=False)
    except KeyError:
        fail(f"there is no note {code!r}{hint(code, codes())} (tocompose explain --all lists them)")
