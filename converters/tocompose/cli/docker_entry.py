"""`docker-tocompose`: the plug-in that the docker CLI runs for `docker tocompose …`.

https://github.com/docker/cli/blob/master/cli-plugins/metadata/metadata.go
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from tocompose import __version__
from tocompose.cli import run

# docker asks each of its plug-ins with this word for what `docker --help` lists.
METADATA_WORD = "docker-cli-plugin-metadata"
# docker's own options, which it leaves in front of the plug-in's name, by the variable that says the same.
_VARIABLES = {
    "-H": "DOCKER_HOST",
    "--host": "DOCKER_HOST",
    "-c": "DOCKER_CONTEXT",
    "--context": "DOCKER_CONTEXT",
    "--config": "DOCKER_CONFIG",
    "--tls": "DOCKER_TLS",
    "--tlsverify": "DOCKER_TLS_VERIFY",
}


def run_plugin() -> None:
    """The program: answers docker, or runs the command line behind the plug-in's name."""
    arguments_typed = sys.argv[1:]
    if arguments_typed[:1] == [METADATA_WORD]:
        print(metadata())
        return
    if arguments_typed[:1] == ["__complete"]:
        print("\n".join(_completions(arguments_typed[2:])))
        return
    variables, arguments = split_arguments(arguments_typed)
    os.environ.update(variables)
    sys.argv[1:] = arguments
    run()


def metadata() -> str:
    """What docker wants to know of a plug-in, as JSON."""
    import json

    return json.dumps(
        {
            "SchemaVersion": "0.1.0",
            "Vendor": "tocompose",
            "Version": f"v{__version__}",
            "ShortDescription": "Turn docker run commands and other sources into compose files",
        }
    )


def split_arguments(arguments_typed: list[str]) -> tuple[Mapping[str, str], list[str]]:
    """The variables that docker's own options stand for, and the arguments behind the plug-in's name.

    `docker help tocompose …` and `docker tocompose help …` ask for help.
    """
    if arguments_typed[:1] == ["help"]:
        return {}, [*arguments_typed[2:], "--help"]
    variables: dict[str, str] = {}
    position = 0
    while position < len(arguments_typed) and arguments_typed[position].startswith("-"):
        option, equals, value = arguments_typed[position].partition("=")
        if not equals and option in _value_options():
            position += 1
            value = arguments_typed[position] if position < len(arguments_typed) else ""
        if variable := _VARIABLES.get(option):
            variables[variable] = value or "1"
        position += 1
    return variables, arguments_typed[position + 1 :]


def _value_options() -> frozenset[str]:
    from tocompose.tables import load

    return frozenset(load("shell")["globals"]["docker"])


def _completions(arguments_typed: list[str]) -> list[str]:
    """The words that the shell can go on with, as docker's completion reads them: a line each, `word<TAB>help`.

    The last line tells the shell what to do where there are none: complete names of files (0).
    https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
    """
    from click.shell_completion import ShellComplete

    from tocompose.cli.group import main

    complete = ShellComplete(main, {}, "tocompose", "_TOCOMPOSE_COMPLETE")
    typed_words, incomplete = (
        arguments_typed[:-1],
        arguments_typed[-1] if arguments_typed else "",
    )
    completions = complete.get_completions(typed_words, incomplete)
    lines = [
        f"{completion.value}\t{completion.help or ''}".rstrip()
        for completion in completions
        if completion.type == "plain"
    ]
    return [*lines, ":0"]


if __name__ == "__main__":
    run_plugin()
