"""`tocompose mcp`: the tools for editors and assistants, over standard input and output."""

from __future__ import annotations

import click

from tocompose.cli.exit import fail


@click.command("mcp")
def mcp_command() -> None:
    """Serve convert, check, explain and plan to an editor or an assistant (Model Context Protocol).

    It talks over standard input and output with the program that starts it. It answers from what stands in each
    request: no file of this machine is read or written, and values of secrets are not in the answers.

    \b
    Examples:
      tocompose mcp
    """
    try:
        from tocompose.mcp_server import mcp_server

        server = mcp_server()
    except ModuleNotFoundError as missing:
        fail(
            f"mcp needs {missing.name}, which is not installed: pip install 'tocompose[mcp]'"
        )
    server.run("stdio")
