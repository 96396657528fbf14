"""`tocompose serve`: the page and the API, for this machine."""

from __future__ import annotations

import os
import socket

import click

from tocompose.cli.exit import fail
from tocompose.web.fields import RequestLimits

_LIMITS = RequestLimits()


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="The address to listen on; 0.0.0.0 means all networks of this machine.",
)
@click.option("--port", default=8686, type=click.IntRange(0, 65535), help="The port.")
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A host name that requests may use, besides addresses and localhost.",
)
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="ORIGIN",
    help="Another web page that may call the API, such as https://panel.example.",
)
@click.option(
    "--timeout",
    default=_LIMITS.seconds,
    type=click.FloatRange(1, 600),
    metavar="SECONDS",
    help="Time limit for one request.",
)
@click.option(
    "--max-bytes",
    default=_LIMITS.request_bytes,
    type=click.IntRange(1000, 100_000_000),
    help="Size limit of one request.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="How many requests are processed at once."
)
def serve_command(
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    timeout: float,
    max_bytes: int,
    jobs: int | None,
) -> None:
    """Serve a page that converts what is pasted or dropped, and a JSON API.

    Nothing that is sent is kept, and no file of this machine is read. It listens on this machine only, unless --host
    says otherwise. There are no accounts: whoever reaches it may use it.

    \b
    Examples:
      tocompose serve
      tocompose serve --host 0.0.0.0 --port 8080 --allow-host compose.example
    """
    try:
        import uvicorn

        from tocompose.web.server import ServerSettings, application
    except ModuleNotFoundError as missing:
        fail(
            f"serve needs {missing.name}, which is not installed: pip install 'tocompose[serve]'"
        )
    settings = ServerSettings(
        limits=_LIMITS._replace(seconds=timeout, request_bytes=max_bytes),
        hosts=tuple(name.lower() for name in allow_host),
        origins=allow_origin,
        processes=jobs,
    )
    config = uvicorn.Config(
        application(settings),
        host=host,
        port=port,
        http="h11",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
    )
    with _listening_socket(host, port) as listener:
        shown_host = f"[{host}]" if ":" in host else host
        url = f"http://{shown_host}:{listener.getsockname()[1]}/"
        click.echo(f"tocompose serves {url} (Ctrl+C ends it)")
        uvicorn.Server(config).run(sockets=[listener])


def _listening_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno else str(problem)
        fail(f"{host}:{port}: {reason.lower()}")
