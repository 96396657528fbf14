"""`tocompose explain CODE`: the long text of a note."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tocompose.cli.ending import fail
from tocompose.cli.hints import hint


def _codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The codes that a shell completes."""
    from tocompose.reports.explain import codes

    return [code for code in codes() if code.startswith(incomplete.upper())]


@click.command("explain")
@click.argument("given", metavar="[CODE]...", nargs=-1, shell_complete=_codes)
@click.option("--all", "every", is_flag=True, help="Every code, a line each.")
def command(given: tuple[str, ...], every: bool) -> None:
    """What a note means, why it is said and what to do about it.

    The beginning of a code, such as TC2, lists all that begin so.

    \b
    Examples:
      tocompose explain TC001
      tocompose explain --all
    """
    from tocompose.reports.explain import codes, explain

    if every or not given:
        _list(codes())
        return
    texts = list[str]()
    for code in given:
        try:
            texts.append(explain(code.upper()))
        except KeyError:
            begun = [name for name in codes() if name.startswith(code.upper())]
            if not begun or len(given) > 1:
                fail(
                    f"there is no note {code!r}{hint(code, codes())} (tocompose explain --all lists them)"
                )
            _list(begun)
    click.echo("\n".join(texts), nl=False)


def _list(codes: Iterable[str]) -> None:
    """Prints codes with their kinds and titles."""
    from tocompose.notes import explanation

    for code in codes:
        row = explanation(code)
        click.echo(f"{code}  {row['kind']!s:8} {row['title']}")
