"""`a | b`: what a pipe of commands does, and what docker commands read in it."""

from __future__ import annotations

import re
from itertools import pairwise

from tocompose.importers.docker_run.shell.commands import docker_tool, source_text
from tocompose.importers.docker_run.shell.output import pipe, printed_by
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor


def read_pipeline(shell: Shell, cursor: Cursor) -> None:
    """Reads the commands of `a | b`; constant text that is piped into docker is its input."""
    commands = list(cursor)
    if shell.output is not None:
        pipe(shell, commands)
        return
    text = _constant_input(shell, commands[:-1])
    if text is not None:
        for command in commands[:-1]:
            command.skip("text that the next command reads")
        shell.piped = text
        with shell.inner():
            shell.run(commands[-1])
        shell.piped = None
        return
    shell.run(commands[0])
    statuses = [shell.status]
    for writer, reader in pairwise(commands):
        shell.run(reader)
        statuses.append(shell.status)
        if _reads_input(reader) and not shell.testing:
            program = source_text(writer).partition(" ")[0]
            reader.annotate("TC165", file=f"what `{shown(program)}` writes")
    if shell.fails_in_pipes:
        failed = [status for status in statuses if status != 0]
        shell.status = failed[-1] if failed else 0


def _constant_input(shell: Shell, writers: list[Cursor]) -> Value | None:
    """What the first commands of a pipe write, where that is known without running anything."""
    if any(_calls_docker(shell, writer) for writer in writers):
        return None
    text = printed_by(shell, writers)
    if text is None or not text.text:
        return None
    word = next((leaf for leaf in writers[0] if leaf.kind == "leaf"), None)
    return text if text.sources or word is None else text._replace(sources=(word,))


def _calls_docker(shell: Shell, writer: Cursor) -> bool:
    texts = [child.peek() or "" for child in writer if child.kind == "leaf"]
    return bool(texts) and (docker_tool(texts[0]) != "" or "docker" in texts[:3])


def _reads_input(cursor: Cursor) -> bool:
    """Whether a docker command keeps its input open for what is piped into it."""
    texts = [child.peek() or "" for child in cursor if child.kind == "leaf"]
    tool = next((index for index, text in enumerate(texts) if docker_tool(text)), None)
    if tool is None or not {"run", "exec", "create"} & set(texts[tool : tool + 3]):
        return False
    return any(re.match(r"--interactive$|-(?!-)\w{0,2}i", text) for text in texts)
