"""`tocompose env DIR`: the values that a stack still lacks, asked for one by one and written to its `.env`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from tocompose.cli.exit import EXIT_DIFFERS, fail
from tocompose.exporters.address_variables import AddressUse
from tocompose.knowledge.generators import (
    encrypts_data,
    generator_of,
    make_value,
    server_password_row,
)
from tocompose.reports.escape import printable
from tocompose.writing.env_values import (
    MissingValue,
    missing_values,
    read_only_path,
    refused_quote,
    set_values,
)
from tocompose.writing.servers import (
    address_use,
    database_variables,
    server_passwords,
    server_variables,
)


@click.command("env")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@click.option(
    "--generate",
    is_flag=True,
    help="Generate the secrets that only this stack uses, in the form that their framework expects.",
)
def env_command(folder: str, generate: bool) -> None:
    """Ask for each value that .env lacks, and write it there.

    Secrets are not shown while you type. Values that .env has stay; an empty answer leaves a value out. Ctrl-D ends
    the questions, Ctrl-C writes nothing. Exit code 1 means that required values are still missing.

    \b
    Examples:
      tocompose env deploy
      tocompose env deploy --generate
    """
    path = Path(folder)
    _refuse_other_folder(path)
    _refuse_open_quote(path)
    missing = missing_values(path)
    if not missing:
        click.echo(f"{path / '.env'}: nothing is missing", err=True)
        return
    generated = _generated(missing, path) if generate else {}
    to_ask = [value for value in missing if value.name not in generated]
    values = {**generated, **_answers(path, to_ask, bool(generated))}
    written = set_values(path, values, generated) if values else ()
    _tell_written(path, values, written)
    _tell_generated(path, [name for name in generated if name in written])
    _tell_missing([value for value in missing if value.name not in values])


def _refuse_other_folder(folder: Path) -> None:
    if not folder.is_dir():
        fail(f"{folder}: no such folder")
    if not (folder / ".env").exists() and not (folder / ".env.example").exists():
        fail(
            f"{folder}: neither .env nor .env.example is here; name the folder of the compose files"
        )


def _refuse_open_quote(folder: Path) -> None:
    quote = refused_quote(folder)
    if quote is not None:
        fail(
            f"{folder / '.env'}:{quote.line}:{quote.column}: the quote before the value of {quote.name} is not closed,"
            " so docker compose refuses the file. Close it, and run this again; nothing was written"
        )


def _answers(folder: Path, to_ask: list[MissingValue], writes: bool) -> dict[str, str]:
    """What a person answers at a terminal; ends where nothing that is answered or generated could be written."""
    is_terminal = sys.stdin is not None and sys.stdin.isatty()
    read_only = read_only_path(folder) if writes or (is_terminal and to_ask) else None
    if read_only is not None:
        fail(f"{read_only}: you may not write here; nothing was asked or written")
    if to_ask and not is_terminal:
        click.echo("standard input is not a terminal; nothing was asked", err=True)
    return _asked(to_ask, folder) if is_terminal and to_ask else {}


def _generated(missing: tuple[MissingValue, ...], folder: Path) -> dict[str, str]:
    """New values for what only this stack uses; the password of a server only where the server is a part of it."""
    of_servers = server_variables(folder)
    own_passwords = server_passwords(folder)
    rows = {
        value.name: generator_of(value.name)
        or (server_password_row() if value.name in own_passwords else None)
        for value in missing
    }
    return {
        name: make_value(row)
        for name, row in rows.items()
        if row is not None and (not row.get("of_server") or name in of_servers)
    }


def _asked(missing: list[MissingValue], folder: Path) -> dict[str, str]:
    """The answers; a person who has enough ends with Ctrl-D, and Ctrl-C ends all of it."""
    addresses = address_use(folder)
    values: dict[str, str] = {}
    for value in missing:
        try:
            answer = _prompted(value, addresses)
        except click.Abort as abort:
            click.echo(err=True)
            # click raises the same for both keys.
            if isinstance(abort.__context__, KeyboardInterrupt):
                click.echo("nothing was written", err=True)
                raise abort.__context__ from None
            break
        if answer:
            values[value.name] = answer
    return values


def _prompted(value: MissingValue, addresses: AddressUse) -> str:
    """The answer to a question, which is asked again as long as an address could not hold it."""
    question = printable(_question_of(value))
    while True:
        answer: str = click.prompt(
            question,
            default="",
            show_default=False,
            hide_input=value.is_secret,
            err=True,
        )
        if addresses.accepts(value.name, answer):
            return answer
        click.echo(f"{value.name}: {addresses.rule_for(value.name)}", err=True)


def _question_of(value: MissingValue) -> str:
    """What is asked: the name, what it is, and whether an old value must not be lost."""
    is_key = encrypts_data(value.name)
    old_value = "the old value, if data was encrypted with one" if is_key else ""
    explanation = "; ".join(filter(None, (value.description, old_value)))
    if explanation.startswith(f"{value.name} "):
        return explanation
    return f"{value.name} ({explanation})" if explanation else value.name


def _tell_written(path: Path, values: Collection[str], written: Collection[str]) -> None:
    """Says which values were written, never what they are."""
    if written:
        click.echo(f"written to {path / '.env'}: {', '.join(written)}", err=True)
    kept = [name for name in values if name not in written]
    if kept:
        click.echo(
            f"kept as another run has set them meanwhile: {', '.join(kept)}", err=True
        )


def _tell_generated(path: Path, generated: Sequence[str]) -> None:
    """Says which new values do not go with the data of an app that ran before."""
    keys = [name for name in generated if encrypts_data(name)]
    if keys:
        made, old = (
            ("new values were", "old ones") if keys[1:] else ("a new value was", "old one")
        )
        click.echo(
            f"{made} made for {', '.join(keys)}: if you move data of a running app, put its {old} there",
            err=True,
        )
    of_databases = database_variables(path) if generated else ()
    passwords = [name for name in generated if name in of_databases and name not in keys]
    if passwords:
        made, old = (
            ("new passwords were", "old ones")
            if passwords[1:]
            else ("a new password was", "old one")
        )
        click.echo(
            f"{made} made for {', '.join(passwords)}: a database with data keeps its first one;"
            f" if yours has data, put its {old} there",
            err=True,
        )


def _tell_missing(unset_values: Sequence[MissingValue]) -> None:
    """Says what is still missing, and ends with an exit code of its own where the stack needs it."""
    required = [value.name for value in unset_values if value.is_required]
    optional = [value.name for value in unset_values if not value.is_required]
    if optional:
        click.echo(
            f"still empty (the stack starts without): {', '.join(optional)}", err=True
        )
    if required:
        click.echo(
            f"still missing (set before the first start): {', '.join(required)}", err=True
        )
        sys.exit(EXIT_DIFFERS)
