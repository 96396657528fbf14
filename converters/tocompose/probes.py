"""Health commands out of what an image brings: a port that answers, a page that is served."""

from __future__ import annotations

from collections.abc import Iterable

_NODE_TCP = "require('net').connect(PORT,'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))"
# In the order of preference: a shell's own means first, then the language that the image is for.
_TCP = (
    ("bash", ("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/PORT")),
    ("nc", ("CMD-SHELL", "nc -z 127.0.0.1 PORT")),
    ("python", ("CMD", "python", "-c", "import socket; socket.create_connection(('127.0.0.1', PORT), 3)")),
    ("node", ("CMD", "node", "-e", _NODE_TCP)),
    ("ruby", ("CMD", "ruby", "-rsocket", "-e", "TCPSocket.new('127.0.0.1', PORT)")),
    ("php", ("CMD", "php", "-r", "exit(@fsockopen('127.0.0.1', PORT) ? 0 : 1);")),
)
_NODE_HTTP = "fetch('URL').then(r=>process.exit(r.ok?0:1)).catch(()=>process.exit(1))"
_HTTP = (
    ("curl", ("CMD-SHELL", "curl -fsSk -o /dev/null 'URL' || exit 1")),
    ("wget", ("CMD-SHELL", "wget -q --no-check-certificate -O /dev/null 'URL' || exit 1")),
    ("node", ("CMD", "node", "-e", _NODE_HTTP)),
    ("python", ("CMD", "python", "-c", "import urllib.request as u; u.urlopen('URL', timeout=3)")),
    ("ruby", ("CMD", "ruby", "-rnet/http", "-e", "exit Net::HTTP.get_response(URI('URL')).code.to_i < 400")),
    ("php", ("CMD", "php", "-r", "exit(@file_get_contents('URL') === false ? 1 : 0);")),
)


def tcp_probe(tools: Iterable[str], port: str) -> tuple[str, ...] | None:
    """A health command that connects to the port inside the container; None when no tool in the image can."""
    return _first(_TCP, tools, "PORT", port)


def http_probe(tools: Iterable[str], port: str, path: str = "/", scheme: str = "http") -> tuple[str, ...] | None:
    """A health command that asks for a page and fails on an error status; None when no tool in the image can.

    `path` must be a plain URL path; quotes and dollar signs in it are not escaped.
    """
    return _first(_HTTP, tools, "URL", f"{scheme}://127.0.0.1:{port}/{path.removeprefix('/')}")


def _first(
    known: Iterable[tuple[str, tuple[str, ...]]], tools: Iterable[str], mark: str, text: str
) -> tuple[str, ...] | None:
    present = frozenset(tools)
    test = next((test for tool, test in known if tool in present), None)
    return tuple(word.replace(mark, text) for word in test) if test else None
