"""The commands and their help. A command's module is imported when that command runs, so `--help` stays fast."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from tocompose import __version__
from tocompose.cli import is_docker_command
from tocompose.cli.exit import guard_broken_pipe
from tocompose.cli.options import add_conversion_options
from tocompose.wording import spelling_hint

# The command's name, which is that of its module, and its line in the list of commands.
COMMANDS: Mapping[str, str] = {
    "docker": "Convert a docker run command (docker create, podman run).",
    "paste": "Convert what you paste into the terminal.",
    "convert": "Convert files, folders or standard input.",
    "cluster": "Convert what runs in a Kubernetes cluster (read-only).",
    "engine": "Convert the containers of a Docker or podman engine (read-only).",
    "env": "Ask for the values that a stack still lacks, and write them to its .env.",
    "plan": "Show what would be converted, and each decision with its evidence.",
    "batch": "Convert many repositories, unattended.",
    "check": "Lint compose files; --fix applies safe fixes.",
    "prove": "Compare what docker compose creates with what the source creates.",
    "serve": "Serve a page that converts what is pasted, and a JSON API.",
    "page": "Write the page of `serve` as static files; they convert in the browser alone.",
    "explain": "Explain a note by its code.",
    "formats": "List the formats that can be read.",
    "completion": "Print the completion script for bash, zsh or fish.",
    "mcp": "Serve convert, check, explain and plan to an editor or an assistant.",
    "docker-plugin": "Install `docker tocompose`, a plug-in of the docker CLI.",
}


def explain_unknown_command(command_name: str, commands: Iterable[str]) -> str:
    """What to say about a first word that is no command: often it is a file to convert."""
    from shlex import quote

    from tocompose.reports.escape import printable

    if command_name == "help":
        return "'help' is no command: write tocompose --help, or --help behind a command"
    if Path(command_name).exists() or command_name == "-":
        shown = printable(quote(command_name))
        return f"{shown} is no command; did you mean: tocompose convert {shown}"
    return f"{command_name!r} is no command{spelling_hint(command_name, commands)}"


def explain_missing_command() -> str:
    """What to say about options without a command: what is piped in is converted by one."""
    if sys.stdin is None or sys.stdin.isatty():
        return "Missing command."
    return "no command is given; to convert what is piped in: tocompose convert -"


class CommandGroup(click.Group):
    """The subcommands, imported when used, and pasted docker commands with any options of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options that are not given are looked up in the configuration file."""
        from tocompose.cli.settings import configured_defaults

        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        defaults = configured_defaults(
            self.params, lambda name: self.get_command(ctx, name)
        )
        ctx.default_map = defaults.values
        with guard_broken_pipe():
            rest_arguments = super().parse_args(ctx, args)
        # Apart from the options: `check` is a command and an option.
        ctx.default_map = dict(defaults.commands)
        return rest_arguments

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        with guard_broken_pipe():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module imported now."""
        if cmd_name not in COMMANDS:
            return None
        module_name = cmd_name.replace("-", "_")
        module = import_module(f"tocompose.cli.{module_name}")
        command: click.Command = getattr(module, f"{module_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`docker` and `podman` take every word behind them untouched; a misspelt command gets a hint."""
        command_name = args[0] if args else ""
        if is_docker_command(command_name):
            return "docker", self.get_command(ctx, "docker"), args
        if command_name and command_name not in COMMANDS and not ctx.resilient_parsing:
            raise click.UsageError(explain_unknown_command(command_name, COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands before the options: they are what a newcomer looks for."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        click.Command.format_options(self, ctx, formatter)


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    no_args_is_help=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@add_conversion_options
@click.version_option(__version__, prog_name="tocompose")
@click.pass_context
def main(ctx: click.Context, /, **_: object) -> None:
    """Turn what you already run into Docker Compose files, with a note on everything that could not be carried over.

    \b
    Examples:
      tocompose docker run -d --name web -p 8080:80 nginx
      tocompose convert run.sh -o deploy
      tocompose convert k8s/ --from kubernetes > docker-compose.yml
    """
    if ctx.invoked_subcommand is None:
        raise click.UsageError(explain_missing_command())
