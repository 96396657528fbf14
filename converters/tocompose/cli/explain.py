"""`tocompose explain CODE`: the long text of a note, a practice, another rule or a line of the checklist."""

from __future__ import annotations

from collections.abc import Iterable

import click

from tocompose.cli.exit import fail
from tocompose.notes import explanation
from tocompose.plugins import TABLES, load_faults, note_faults, with_faults
from tocompose.reports.explain import all_codes, explain_code
from tocompose.wording import spelling_hint


def _complete_codes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[str]:
    """The codes that a shell completes."""

    return [code for code in all_codes() if code.startswith(incomplete.upper())]


@click.command("explain")
@click.argument(
    "asked_codes", metavar="[CODE]...", nargs=-1, shell_complete=_complete_codes
)
@click.option(
    "--all", "list_all", is_flag=True, help="List all codes and ids, one per line."
)
def explain_command(asked_codes: tuple[str, ...], list_all: bool) -> None:
    """Explain a note: what it means, why it is there and what to do about it.

    The beginning of a code, such as TC2, lists all codes that begin with it. The ids of practices and other
    rules, such as LOG, and of lines of the checklist, such as Q-01, are explained too.

    \b
    Examples:
      tocompose explain TC001
      tocompose explain LOG Q-01
      tocompose explain --all
    """
    # Loaded here: to complete codes the rules are not needed.
    from tocompose.rules.practice_texts import explain_name, explained_names

    if list_all or not asked_codes:
        _print_codes(all_codes())
        for name, kind, title in explained_names():
            click.echo(f"{name:<14} {kind:9}  {title}")
        return
    texts = list[str]()
    for code in asked_codes:
        try:
            texts.append(explain_code(code.upper()))
        except KeyError:
            if (named := explain_name(code)) is not None:
                texts.append(named.text)
                continue
            begun = [name for name in all_codes() if name.startswith(code.upper())]
            if not begun or len(asked_codes) > 1:
                hint = spelling_hint(code, all_codes())
                message = (
                    f"there is no note {code!r}{hint} (tocompose explain --all lists them)"
                )
                fail(with_faults(message, (*load_faults(TABLES), *note_faults())))
            _print_codes(begun)
    click.echo("\n".join(texts), nl=False)


def _print_codes(codes: Iterable[str]) -> None:
    """Prints codes with their kinds and titles."""

    for code in codes:
        row = explanation(code)
        click.echo(f"{code}  {row['kind']!s:8} {row['title']}")
