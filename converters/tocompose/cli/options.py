"""The options that all conversions share, and what the user said with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from tocompose.cli.said import Said

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

KINDS = ("lost", "changed", "assumed", "added", "info")
FORMS = ("text", "json", "jsonl", "sarif", "junit", "github", "markdown", "csv", "html")
_F = TypeVar("_F", bound=Callable[..., Any])


class Words(click.ParamType[Any]):
    """Several words of a choice, with commas between them or the option given again."""

    name = "list"

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The words, each once."""
        found = value if isinstance(value, tuple | list) else str(value).split(",")
        words = tuple(dict.fromkeys(word.strip() for word in found if word.strip()))
        for word in words:
            if word not in self.choices:
                from tocompose.cli.hints import hint

                self.fail(
                    f"{word!r} is none of {', '.join(self.choices)}{hint(word, self.choices)}",
                    param,
                    ctx,
                )
        return words

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How the help shows the value."""
        return "|".join(self.choices)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The words that go on from what is typed, after the words before it."""
        from click.shell_completion import CompletionItem

        before, comma, last = incomplete.rpartition(",")
        return [
            CompletionItem(f"{before}{comma}{word}")
            for word in self.choices
            if word.startswith(last)
        ]


class Word(Words):
    """One word of a choice, with a hint when it is misspelt."""

    name = "word"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The word."""
        return super().convert((value,), param, ctx)[0]


# Only for the completion of shells: whether a file is there is said in our own words.
_FILE, _FOLDER = click.Path(), click.Path(file_okay=False)
_FORMS_HELP = f"How notes are printed: {', '.join(FORMS)}."
_OPTIONS = (
    click.option(
        "-o",
        "--output",
        metavar="DIR",
        type=_FOLDER,
        help="Write all files there, not one to stdout.",
    ),
    click.option(
        "--merge",
        metavar="FILE",
        type=_FILE,
        help="Add the services to that compose file, in its folder.",
    ),
    click.option(
        "--name",
        metavar="NAME",
        help="The name of the stack (by default that of the folder).",
    ),
    click.option(
        "--practices",
        metavar="LIST",
        default="all",
        help="all, none, or a list such as all,-LOG.",
    ),
    click.option(
        "--env",
        type=Words("dev", "prod"),
        default="dev,prod",
        help="Which overlays -o writes.",
    ),
    click.option(
        "--answers",
        metavar="FILE",
        type=_FILE,
        help="Decisions to use instead of the defaults (see plan).",
    ),
    click.option(
        "--format",
        "form",
        type=Word(*FORMS),
        default="text",
        metavar="FORM",
        help=_FORMS_HELP,
    ),
    click.option(
        "--report",
        metavar="FILE",
        type=_FILE,
        multiple=True,
        help="Also write a report, such as notes.sarif.",
    ),
    click.option(
        "--fail-on",
        type=Words(*KINDS),
        default="",
        help="Exit with 1 when there is a note of that kind.",
    ),
    click.option(
        "--diff",
        is_flag=True,
        help="Show what -o would change, write nothing; exit with 1 if it would.",
    ),
    click.option("--check", is_flag=True, help="The same without showing it."),
    click.option("--force", is_flag=True, help="Overwrite files that exist."),
    click.option(
        "--inline-secrets",
        is_flag=True,
        help="Leave secret values in the compose file (stdout only).",
    ),
    click.option(
        "--modern-names", is_flag=True, help="compose.yaml instead of docker-compose.yml."
    ),
    click.option(
        "--harden", is_flag=True, help="Add hardening that may break an application."
    ),
    click.option(
        "--keep-ports",
        is_flag=True,
        help="Leave published ports of data services in the base file.",
    ),
    click.option(
        "--allow-path",
        metavar="PATH",
        type=_FILE,
        multiple=True,
        help="A file or folder outside of the source that it may read.",
    ),
    click.option(
        "-q", "--quiet", is_flag=True, help="Print only what was lost, a line each."
    ),
    click.option("-v", "--verbose", count=True, help="Print every note at length."),
)


def conversion_options(function: _F) -> _F:
    """Adds the options that all conversions share."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _weight(source: ParameterSource | None) -> int:
    """How much a value counts: typed more than one of the configuration file, and that more than a default."""
    return {ParameterSource.COMMANDLINE: 2, ParameterSource.DEFAULT_MAP: 1}.get(
        source or ParameterSource.DEFAULT, 0
    )


def said(ctx: click.Context) -> Said:
    """What the user said: the command's own options, else those before the command, else the file, else defaults."""
    values = {**(ctx.parent.params if ctx.parent else {})}
    for name, value in ctx.params.items():
        before = ctx.parent.get_parameter_source(name) if ctx.parent else None
        weight = _weight(ctx.get_parameter_source(name))
        if name not in values or weight >= max(_weight(before), 1):
            values[name] = value
    found = Said(**{name: values[name] for name in Said._fields if name in values})
    if len(found.env) == 0:
        raise click.UsageError("--env needs dev, prod or both", ctx)
    return found
