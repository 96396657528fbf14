"""GET requests to an engine over its socket, TCP port, named pipe or ssh; each failure in words."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import shlex
import socket
import ssl
import subprocess
import threading
from typing import Any, cast

from tocompose.engine_api.addresses import EngineAddress, TlsFiles, port_of
from tocompose.importers import SourceError
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.wording import one_line

# The largest answer that is read: the list of all containers of a host is far below.
_MOST_BYTES = 256 * 2**20


class NotThere(Exception):
    """What was asked for does not exist (any more)."""


class EngineConnection:
    """Read-only access to one engine; the connection is kept between requests."""

    def __init__(self, address: EngineAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._tunnel: subprocess.Popen[bytes] | None = None
        self._connection = self._new_connection()

    def get(self, path: str) -> Any:
        """The JSON at a path of the API.

        Raises NotThere where nothing stands, SourceError for every failure of the connection or of the engine.
        """
        try:
            status, body = self._request(path)
        except (OSError, http.client.HTTPException) as problem:
            raise SourceError(f"{self._address.url}: {self._failure(problem)}") from problem
        if status == 404:
            raise NotThere(path)
        return self._parse(path, status, body)

    def close(self) -> None:
        """Ends the connection, and the ssh that carries it."""
        self._connection.close()
        if self._tunnel is not None:
            self._tunnel.terminate()
            self._tunnel.wait(timeout=10)
            if self._tunnel.stderr:
                self._tunnel.stderr.close()

    def _request(self, path: str) -> tuple[int, bytes]:
        headers = {
            "Host": "docker",
            "User-Agent": "tocompose",
            "Accept": "application/json",
        }
        with _Deadline(self._connection, self._timeout):
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read(_MOST_BYTES)

    def _parse(self, path: str, status: int, body: bytes) -> Any:
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        if status == 200 and content is not None:
            return content
        message = content.get("message", "") if isinstance(content, dict) else ""
        words = _STATUS_WORDS.get(status, f"it answered {status}")
        if status == 200:
            words = "what answers there is no engine"
        detail = f": {one_line(str(message))}" if message else ""
        raise SourceError(f"{self._address.url}: {words} (GET {path}){detail}")

    # How the connection is made --------------------------------------------------------------------

    def _new_connection(self) -> http.client.HTTPConnection:
        address = self._address
        if address.scheme in ("tcp", "http", "https"):
            host, port = port_of(address)
            if address.tls is None and address.scheme != "https":
                return http.client.HTTPConnection(host, port, timeout=self._timeout)
            context = self._tls_context(address.tls)
            return http.client.HTTPSConnection(
                host, port, timeout=self._timeout, context=context
            )
        connection = http.client.HTTPConnection("docker", timeout=self._timeout)
        try:
            connection.sock = self._open_socket()
        except OSError as problem:
            raise SourceError(f"{address.url}: {self._failure(problem)}") from problem
        return connection

    def _tls_context(self, tls: TlsFiles | None) -> ssl.SSLContext:
        if tls is None:
            return ssl.create_default_context()
        try:
            authority = str(tls.authority) if tls.authority else None
            context = ssl.create_default_context(cafile=authority)
            if tls.certificate:
                context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ssl.SSLError) as problem:
            files = ", ".join(str(file) for file in tls[:3] if file)
            raise SourceError(
                f"the certificates {files} cannot be read: {problem}"
            ) from None
        if not tls.is_checked:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _open_socket(self) -> socket.socket:
        match self._address.scheme:
            case "unix":
                unix_socket = socket.socket(socket.AF_UNIX)
                unix_socket.settimeout(self._timeout)
                unix_socket.connect(f"/{self._address.rest.lstrip('/')}")
                return unix_socket
            case "ssh":
                return self._open_tunnel()
        return cast("socket.socket", NamedPipe(self._address.rest))

    def _open_tunnel(self) -> socket.socket:
        """The end of a pipe to the engine of another machine, as the docker client itself goes there.

        docker/cli, cli/connhelper: `ssh [-l user] [-p port] host docker system dial-stdio`.
        """
        own_end, far_end = socket.socketpair()
        command = ["ssh", "-T", "-o", f"ConnectTimeout={int(self._timeout) or 1}"]
        command += [*_ssh_target(self._address), "--", "docker", "system", "dial-stdio"]
        with far_end:
            try:
                self._tunnel = subprocess.Popen(
                    command,
                    stdin=far_end.fileno(),
                    stdout=far_end.fileno(),
                    stderr=subprocess.PIPE,
                )
            except FileNotFoundError:
                own_end.close()
                raise OSError("the program ssh is not installed") from None
        own_end.settimeout(self._timeout + 5)
        return own_end

    def _tunnel_failure(self) -> str:
        """Why ssh ended, in its own last words."""
        lines: list[str] = []
        if self._tunnel is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                errors = self._tunnel.communicate(timeout=2)[1]
                lines = errors.decode("utf-8", "replace").split("\n")
        last_words = one_line(next((line for line in reversed(lines) if line.strip()), ""))
        reason = redact_secrets(last_words) or "does `ssh HOST docker version` work?"
        return f"ssh ended before the engine answered: {reason}"

    def _failure(self, problem: Exception) -> str:
        """Why no answer came, in one sentence."""
        match problem:
            case FileNotFoundError():
                return "there is no such socket: is the engine running? --host names another one"
            case PermissionError():
                return "this user may not use the socket: add the user to the group docker, or use sudo"
            case ConnectionRefusedError():
                return "nothing listens there: is the engine running?"
            case TimeoutError():
                return f"no answer within {self._timeout:g} seconds (--timeout)"
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted: {problem.verify_message}"
            case ssl.SSLError():
                return f"the TLS connection failed: {problem.reason or problem}"
            case socket.gaierror():
                return "the host name is not known"
            case http.client.BadStatusLine() | ConnectionError() if self._tunnel:
                return self._tunnel_failure()
            case http.client.BadStatusLine() | ConnectionResetError():
                return "it does not speak plain HTTP: a port with TLS needs DOCKER_TLS_VERIFY=1"
        return f"the connection broke: {one_line(str(problem))}"


class _Deadline:
    """Breaks a request off that takes longer, however steadily its answer drips in.

    The socket's own timeout starts anew with each byte.
    """

    def __init__(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        self._connection = connection
        self._is_over = False
        self._timer = threading.Timer(seconds, self._break_off)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._is_over:
            raise TimeoutError

    def _break_off(self) -> None:
        self._is_over = True
        unix_socket = self._connection.sock
        if isinstance(unix_socket, socket.socket):
            with contextlib.suppress(OSError):
                unix_socket.shutdown(socket.SHUT_RDWR)


_STATUS_WORDS = {
    401: "who asks is not let in (401)",
    403: "the proxy in front of the engine forbids it (403)",
    500: "the engine failed (500)",
}


class NamedPipe:
    """A named pipe of Windows, which http.client takes for a socket."""

    def __init__(self, path: str) -> None:
        # `npipe:////./pipe/docker_engine` is `\\.\pipe\docker_engine`, which Windows opens under either spelling.
        self._pipe = io.FileIO(path, "r+b")

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        """The end that is read from; closing it leaves the pipe open for the next request."""
        return io.BufferedReader(_KeptOpen(self._pipe))

    def sendall(self, data: bytes) -> None:
        """Writes all of the data."""
        while data:
            data = data[self._pipe.write(data) :]

    def close(self) -> None:
        """Closes the pipe."""
        self._pipe.close()


class _KeptOpen(io.RawIOBase):
    """A pipe that outlives one answer."""

    def __init__(self, pipe: io.FileIO) -> None:
        super().__init__()
        self._pipe = pipe

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._pipe.readinto(buffer)


def _ssh_target(address: EngineAddress) -> list[str]:
    """The words that name the machine: user, port and host."""
    user, _, server = address.rest.partition("/")[0].rpartition("@")
    host, _, port = server.partition(":")
    words = ["-l", user] if user else []
    words += ["-p", port] if port else []
    if host.startswith("-"):
        raise SourceError(f"{shlex.quote(address.url)}: this is no host name")
    return [*words, host]
