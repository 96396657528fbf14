"""Health commands that connect to a port inside the container, by the tool that the image holds."""

from __future__ import annotations

from collections.abc import Iterable

_NODE_TCP = "require('net').connect(PORT,'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))"
_PYTHON_TCP = "import socket; socket.create_connection(('127.0.0.1', PORT), 3)"
# In the order of preference: a shell's own means first, then the language that the image is for.
_TCP_PROBES = (
    ("bash", ("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/PORT")),
    ("nc", ("CMD-SHELL", "nc -z 127.0.0.1 PORT")),
    ("python", ("CMD", "python", "-c", _PYTHON_TCP)),
    ("node", ("CMD", "node", "-e", _NODE_TCP)),
    ("python3", ("CMD", "python3", "-c", _PYTHON_TCP)),
    ("ruby", ("CMD", "ruby", "-rsocket", "-e", "TCPSocket.new('127.0.0.1', PORT)")),
    ("php", ("CMD", "php", "-r", "exit(@fsockopen('127.0.0.1', PORT) ? 0 : 1);")),
)


def tcp_probe(tools: Iterable[str], port: str) -> tuple[str, ...] | None:
    """A health command that connects to the port inside the container; None when no tool in the image can."""
    present = frozenset(tools)
    test = next((test for tool, test in _TCP_PROBES if tool in present), None)
    return at_port(test, port) if test else None


def at_port(test: tuple[str, ...], port: str | None) -> tuple[str, ...]:
    """The health command with the port in the place that it leaves open; as it is where none is known."""
    return tuple(word.replace("PORT", port) if port else word for word in test)
