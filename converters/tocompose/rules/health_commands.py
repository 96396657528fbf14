"""Health commands out of the tools that an image brings."""

from __future__ import annotations

from collections.abc import Iterable

_NODE_TCP = "require('net').connect(PORT,'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))"
# In the order of preference: a shell's own means first, then the language that the image is for.
_TCP = (
    ("bash", ("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/PORT")),
    ("nc", ("CMD-SHELL", "nc -z 127.0.0.1 PORT")),
    (
        "python",
        (
            "CMD",
            "python",
            "-c",
            "import socket; socket.create_connection(('127.0.0.1', PORT), 3)",
        ),
    ),
    ("node", ("CMD", "node", "-e", _NODE_TCP)),
    ("ruby", ("CMD", "ruby", "-rsocket", "-e", "TCPSocket.new('127.0.0.1', PORT)")),
    ("php", ("CMD", "php", "-r", "exit(@fsockopen('127.0.0.1', PORT) ? 0 : 1);")),
)


def tcp_probe(tools: Iterable[str], port: str) -> tuple[str, ...] | None:
    """A health command that connects to the port inside the container; None when no tool in the image can."""
    present = frozenset(tools)
    test = next((test for tool, test in _TCP if tool in present), None)
    return tuple(word.replace("PORT", port) for word in test) if test else None
