"""The commands and their help. A command's module is imported when that command runs, so `--help` stays fast."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from tocompose import __version__
from tocompose.cli import is_tool
from tocompose.cli.ending import heard
from tocompose.cli.options import conversion_options


class Entry(NamedTuple):
    """A command: the module that holds it, and the line in the list of commands."""

    module: str
    summary: str


COMMANDS: Mapping[str, Entry] = {
    "docker": Entry(
        "docker", "A pasted docker run (docker create, podman run) to a compose file."
    ),
    "convert": Entry("convert", "Files, folders or standard input to compose files."),
    "cluster": Entry(
        "cluster", "What runs in a Kubernetes cluster to compose files; reads only."
    ),
    "plan": Entry("plan", "What would be converted, and each decision with its evidence."),
    "batch": Entry("batch", "Many repositories at once, unattended."),
    "check": Entry(
        "check",
        "Hold existing compose files against the checklist, and put right what is safe.",
    ),
    "prove": Entry("prove", "Show that docker compose starts what docker run started."),
    "explain": Entry("explain", "The long text of a note's code."),
    "formats": Entry("formats", "The formats that can be read."),
    "completion": Entry(
        "completion", "The script that completes commands in bash, zsh or fish."
    ),
}


class Commands(click.Group):
    """The subcommands, imported when used, and pasted docker commands with any options of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options that are not given are looked up in the configuration file."""
        from tocompose.cli.config import defaults

        if not ctx.resilient_parsing:
            ctx.default_map = defaults(
                self.params, lambda name: self.get_command(ctx, name)
            )
        with heard():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        with heard():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module imported now."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(f"tocompose.cli.{entry.module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`docker` and `podman` take every word behind them untouched; a misspelt command gets a hint."""
        first = args[0] if args else ""
        if is_tool(first):
            return "docker", self.get_command(ctx, "docker"), args
        if first and first not in COMMANDS and not ctx.resilient_parsing:
            from tocompose.cli.hints import unknown_command

            raise click.UsageError(unknown_command(first, COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands before the options: they are what a newcomer looks for."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])
        click.Command.format_options(self, ctx, formatter)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@conversion_options
@click.version_option(__version__, prog_name="tocompose")
def main(**_: object) -> None:
    """Turn what you already run into Docker Compose files, with a note on everything that could not be carried over.

    \b
    Examples:
      tocompose docker run -d --name web -p 8080:80 nginx
      tocompose convert run.sh -o deploy
      tocompose convert k8s/ --from kubernetes > docker-compose.yml
    """
