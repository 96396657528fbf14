"""`tocompose completion SHELL`: shell completion."""

from __future__ import annotations

import click

_INSTALL = {
    "bash": 'eval "$(tocompose completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(tocompose completion zsh)" in ~/.zshrc',
    "fish": "tocompose completion fish > ~/.config/fish/completions/tocompose.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_INSTALL)))
def completion_command(shell: str) -> None:
    """Print the script that completes commands and options in bash, zsh or fish.

    \b
    Examples:
      eval "$(tocompose completion bash)"      # in ~/.bashrc
      eval "$(tocompose completion zsh)"       # in ~/.zshrc
      tocompose completion fish > ~/.config/fish/completions/tocompose.fish
    """
    from click.shell_completion import get_completion_class

    from tocompose.cli.group import main

    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"{shell}: click knows no completion for it")
    script = completion_class(main, {}, "tocompose", "_TOCOMPOSE_COMPLETE").source()
    # click's script for fish cuts values off at a comma, as in `--fail-on lost,changed`.
    click.echo(
        script.replace(
            'string split "," $completion', 'string split --max 1 "," $completion'
        )
    )
