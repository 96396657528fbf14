"""`a | b`: what one command writes is what the next one reads."""

from __future__ import annotations

from tocompose.importers.docker_run.shell.branches import source_text
from tocompose.importers.docker_run.shell.commands import docker_tool
from tocompose.importers.docker_run.shell.non_docker_commands import printed_text
from tocompose.importers.docker_run.shell.simple_command import (
    command_fields,
    here_document,
)
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor


def read_pipeline(shell: Shell, cursor: Cursor) -> None:
    """Reads the commands of a pipeline; constant text that is piped into docker is its input."""
    commands = list(cursor)
    text = _constant_output(shell, commands[0]) if len(commands) == 2 else None
    if text is not None:
        commands[0].skip("text that the next command reads")
        shell.piped = text
        shell.run(commands[1])
        shell.piped = None
        return
    for index, command in enumerate(commands):
        shell.run(command)
        if index and _reads_input(command) and not shell.testing:
            writer = source_text(commands[index - 1]).partition(" ")[0]
            command.remark("TC165", file=f"what `{shown(writer)}` writes")


def _constant_output(shell: Shell, cursor: Cursor) -> Value | None:
    """What `cat <<EOF` and `echo text` write, where the text is all there is to them."""
    if cursor.kind != "command":
        return None
    names = [child.peek() for child in cursor if child.kind == "leaf"]
    documents = [child for child in cursor if child.kind == "redirect"]
    if names == ["cat"] and len(documents) == 1 and documents[0].at("body"):
        return here_document(shell, documents[0].at("body"))
    if (
        names[:1] in (["echo"], ["printf"])
        and not documents
        and not any("$(" in (name or "") for name in names)
    ):
        return printed_text(str(names[0]), command_fields(shell, cursor))
    return None


def _reads_input(cursor: Cursor) -> bool:
    """Whether a docker command keeps its input open for what is piped into it."""
    texts = [child.peek() or "" for child in cursor if child.kind == "leaf"]
    tool = next((index for index, text in enumerate(texts) if docker_tool(text)), None)
    if tool is None or not {"run", "exec", "create"} & set(texts[tool : tool + 3]):
        return False
    return any(
        text in ("--interactive", "-i")
        or (text[:1] == "-" != text[1:2] and "i" in text[:4])
        for text in texts
    )
