"""The options that all conversions share, and what the user said with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from tocompose.cli.settings import ConversionOptions
from tocompose.reports import FORMS
from tocompose.wording import spelling_hint

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tocompose.importers import ImportOptions


KINDS = ("lost", "changed", "assumed", "added", "info")
_F = TypeVar("_F", bound=Callable[..., Any])


class ChoiceListType(click.ParamType[Any]):
    """Several words of a choice, with commas between them or the option given again."""

    name = "list"

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The words, each once."""
        texts = value if isinstance(value, tuple | list) else (value,)
        raw_choices = [choice for text in texts for choice in str(text).split(",")]
        chosen_names = tuple(
            dict.fromkeys(choice.strip() for choice in raw_choices if choice.strip())
        )
        for choice in chosen_names:
            if choice not in self.choices:
                self.fail(
                    f"{choice!r} is none of {', '.join(self.choices)}{spelling_hint(choice, self.choices)}",
                    param,
                    ctx,
                )
        return chosen_names

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How the help shows the value."""
        return "|".join(self.choices)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The words that go on from what is typed, after the words before it."""
        from click.shell_completion import CompletionItem

        typed_choices, comma, typed_prefix = incomplete.rpartition(",")
        return [
            CompletionItem(f"{typed_choices}{comma}{choice}")
            for choice in self.choices
            if choice.startswith(typed_prefix)
        ]


class ChoiceType(ChoiceListType):
    """One word of a choice, with a hint when it is misspelt."""

    name = "word"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The word."""
        words = super().convert((value,), param, ctx)
        if not words:
            self.fail(f"it is one of {', '.join(self.choices)}", param, ctx)
        return words[0]


# Only for the completion of shells: whether a file is there is said in our own words.
_FILE, _FOLDER = click.Path(), click.Path(file_okay=False)
PRACTICES_OPTION = click.option(
    "--practices",
    metavar="LIST",
    default="all",
    help="Which good practices to apply: all, none, or a list such as all,-LOG.",
)
ANSWERS_OPTION = click.option(
    "--answers",
    metavar="FILE",
    type=_FILE,
    help="Your decisions, from `tocompose plan --as answers`.",
)
FAIL_ON_OPTION = click.option(
    "--fail-on",
    type=ChoiceListType(*KINDS),
    default="",
    help="Exit with 1 if there is a note of one of these kinds, such as lost,changed; by default notes do not count.",
)
TIMEOUT_OPTION = click.option(
    "--timeout",
    type=float,
    default=20.0,
    metavar="SECONDS",
    help="How long to wait for each answer.",
)
FORCE_OPTION = click.option("--force", is_flag=True, help="Overwrite files that exist.")
MODERN_NAMES_OPTION = click.option(
    "--modern-names", is_flag=True, help="Write compose.yaml instead of docker-compose.yml."
)
HARDEN_OPTION = click.option(
    "--harden",
    is_flag=True,
    help="Add hardening that may break an application, such as a read-only root.",
)
KEEP_PORTS_OPTION = click.option(
    "--keep-ports",
    is_flag=True,
    help="Leave published ports of data services in the base file.",
)


def environments_option(help_text: str) -> Callable[[_F], _F]:
    """The option for the files that stand beside the base."""
    return click.option(
        "--env", type=ChoiceListType("dev", "prod"), default="dev,prod", help=help_text
    )


_FORMS_HELP = f"How notes are printed: {', '.join(FORMS)}."
_SHARED_OPTIONS = (
    click.option(
        "-o",
        "--output",
        metavar="DIR",
        type=_FOLDER,
        help="Write all files to DIR instead of one to stdout.",
    ),
    click.option(
        "--merge",
        metavar="FILE",
        type=_FILE,
        help="Add the services to an existing compose file.",
    ),
    click.option(
        "--name",
        metavar="NAME",
        help="Name of the stack; by default that of the folder, or of the only container.",
    ),
    PRACTICES_OPTION,
    environments_option(
        "Which files -o adds to the base: dev (development), prod (production), or dev,prod (the default)."
    ),
    ANSWERS_OPTION,
    click.option(
        "--format",
        "form",
        type=ChoiceType(*FORMS),
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
    FAIL_ON_OPTION,
    click.option(
        "--diff",
        is_flag=True,
        help="Show what -o would change and exit with 1 if anything; write nothing.",
    ),
    click.option(
        "--check",
        is_flag=True,
        help="Name the files that -o would change, and exit with 1 if there are any; write nothing.",
    ),
    FORCE_OPTION,
    click.option(
        "--inline-secrets",
        is_flag=True,
        help="Leave secret values in the compose file (stdout only).",
    ),
    MODERN_NAMES_OPTION,
    HARDEN_OPTION,
    KEEP_PORTS_OPTION,
    click.option(
        "--allow-path",
        metavar="PATH",
        type=_FILE,
        multiple=True,
        help="Also read this file or folder outside of the source.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print losses only, one per line."),
    click.option("-v", "--verbose", count=True, help="Print every note at length."),
)


def add_options(function: _F, options: Sequence[Callable[[_F], _F]]) -> _F:
    """Adds options to a command, in the order in which its help lists them."""
    for option in reversed(options):
        function = option(function)
    return function


def add_conversion_options(function: _F) -> _F:
    """Adds the options that all conversions share."""
    return add_options(function, _SHARED_OPTIONS)


def option_names() -> frozenset[str]:
    """Every spelling of the options that all conversions share."""
    command = add_conversion_options(click.command()(lambda: None))
    return frozenset(name for parameter in command.params for name in parameter.opts)


def _source_weight(source: ParameterSource | None) -> int:
    """How much a value counts: typed more than one of the configuration file, and that more than a default."""
    return {ParameterSource.COMMANDLINE: 2, ParameterSource.DEFAULT_MAP: 1}.get(
        source or ParameterSource.DEFAULT, 0
    )


def read_options(ctx: click.Context) -> ConversionOptions:
    """What the user said: the command's own options, else those before the command, else the file, else defaults."""
    values = {**(ctx.parent.params if ctx.parent else {})}
    for name, value in ctx.params.items():
        parent_source = ctx.parent.get_parameter_source(name) if ctx.parent else None
        weight = _source_weight(ctx.get_parameter_source(name))
        if name not in values or weight >= max(_source_weight(parent_source), 1):
            values[name] = value
    options = ConversionOptions(
        **{name: values[name] for name in ConversionOptions._fields if name in values}
    )
    if len(options.env) == 0:
        raise click.UsageError("--env needs dev, prod, or dev,prod", ctx)
    return options


def _complete_formats(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[str]:
    """The formats that a shell completes."""
    from tocompose.importers import importers

    return [
        importer.name for importer in importers() if importer.name.startswith(incomplete)
    ]


# What is meant for an importer alone.
IMPORTER_OPTIONS = (
    click.option(
        "--namespace",
        metavar="NAME",
        multiple=True,
        help="Kubernetes: only objects of this namespace.",
    ),
    click.option(
        "--values",
        metavar="FILE",
        multiple=True,
        help="A values file for helm, inside the source.",
    ),
    click.option(
        "--set",
        "set_",
        metavar="KEY=VALUE",
        multiple=True,
        help="Set one value: of a Helm chart, or for ${KEY} in a template.",
    ),
    click.option(
        "--option",
        metavar="NAME=VALUE",
        multiple=True,
        help="An option of the format; `tocompose formats` lists them.",
    ),
)
_IMPORTER_ONLY_OPTIONS = (
    click.option(
        "--from",
        "source",
        metavar="FORMAT",
        shell_complete=_complete_formats,
        help="Format of the source, if it is not detected; see `tocompose formats`.",
    ),
    *IMPORTER_OPTIONS[:-1],
    click.option(
        "--render/--no-render",
        default=True,
        help="Kubernetes: allow or forbid running kustomize and helm on the source.",
    ),
    IMPORTER_OPTIONS[-1],
)


def add_importer_options(function: _F) -> _F:
    """Adds the options that importers understand."""
    return add_options(function, _IMPORTER_ONLY_OPTIONS)


def import_options_for(ctx: click.Context, options: ConversionOptions) -> ImportOptions:
    """The importers' settings for what the user said."""
    from tocompose.importers import ImportOptions

    importer_options: dict[str, tuple[str, ...]] = {}
    for name, key in (("namespace", "namespace"), ("values", "values"), ("set_", "set")):
        if ctx.params[name]:
            importer_options[key] = tuple(ctx.params[name])
    for text in ctx.params["option"]:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.BadParameter(
                f"{text!r}: write NAME=VALUE", ctx, param_hint="--option"
            )
        if name in ("namespace", "values", "set"):
            raise click.BadParameter(
                f"{name} has an option of its own: write --{name} {value}",
                ctx,
                param_hint="--option",
            )
        importer_options[name] = (*importer_options.get(name, ()), value)
    return ImportOptions(
        name=options.name, render=ctx.params["render"], options=importer_options
    )
