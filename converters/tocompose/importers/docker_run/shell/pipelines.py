"""`a | b`: what one command writes is what the next one reads."""

from __future__ import annotations

from tocompose.importers.docker_run.shell.branches import source_text
from tocompose.importers.docker_run.shell.commands import tool_of
from tocompose.importers.docker_run.shell.others import echoed
from tocompose.importers.docker_run.shell.simple import here_document, pieces_of
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor


def read_pipeline(shell: Shell, cursor: Cursor) -> None:
    """Reads the commands of a pipeline; constant text that is piped into docker is its input."""
    parts = list(cursor)
    text = _constant(shell, parts[0]) if len(parts) == 2 else None
    if text is not None:
        parts[0].skip("text that the next command reads")
        shell.piped = text
        shell.run(parts[1])
        shell.piped = None
        return
    for index, part in enumerate(parts):
        shell.run(part)
        if index and _reads_input(part) and not shell.testing:
            before = source_text(parts[index - 1]).partition(" ")[0]
            part.remark("TC165", file=f"what `{shown(before)}` writes")


def _constant(shell: Shell, cursor: Cursor) -> Value | None:
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
        return echoed(str(names[0]), pieces_of(shell, cursor))
    return None


def _reads_input(cursor: Cursor) -> bool:
    """Whether a docker command keeps its input open for what is piped into it."""
    words = [child.peek() or "" for child in cursor if child.kind == "leaf"]
    tool = next((index for index, word in enumerate(words) if tool_of(word)), None)
    if tool is None or not {"run", "exec", "create"} & set(words[tool : tool + 3]):
        return False
    return any(
        word in ("--interactive", "-i")
        or (word[:1] == "-" != word[1:2] and "i" in word[:4])
        for word in words
    )
