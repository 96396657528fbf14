"""`tocompose mcp`: the tools for editors and assistants, over standard input and output."""

from __future__ import annotations

import click

from tocompose.cli.exit import fail


@click.command("mcp")
def mcp_command() -> None:
    """Run an MCP server with the tools convert, check, explain and plan.

    Editors and assistants start this command and talk to it over standard input and output (Model Context Protocol).
    The tools see only the text in a request. They read and write no files, and answers contain no secret values.

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
