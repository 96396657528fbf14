"""Where an engine listens: an option, DOCKER_HOST, a context of the docker client, else the usual sockets.

https://docs.docker.com/engine/manage-resources/contexts/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tocompose.importers import SourceError
from tocompose.record import NamedTuple

_DEFAULT_PORTS = {"tcp": 2375, "https": 2376, "http": 2375}


class TlsFiles(NamedTuple):
    """The certificates of a connection: the authority, the client's own, its key; whether the server is checked."""

    authority: Path | None
    certificate: Path | None
    key: Path | None
    is_checked: bool = True


class EngineAddress(NamedTuple):
    """An engine's address as docker writes it (`unix:///…`, `tcp://…`, `ssh://…`), with its certificates."""

    url: str
    tls: TlsFiles | None = None

    @property
    def scheme(self) -> str:
        """The way to it."""
        return self.url.partition("://")[0]

    @property
    def rest(self) -> str:
        """What stands behind the scheme."""
        return self.url.partition("://")[2]


def docker_folder(environment: Mapping[str, str], home: Path) -> Path:
    """The folder in which the docker client keeps its settings, contexts and plug-ins."""
    return Path(environment.get("DOCKER_CONFIG") or home / ".docker")


def find_engine(
    host: str | None, context: str | None, environment: Mapping[str, str], home: Path
) -> EngineAddress:
    """The engine that is meant: as the docker client would find it, else podman's socket.

    Raises SourceError for a context that does not exist, and for an address of no known kind.
    """
    if host:
        return _checked(EngineAddress(host, _tls_of(environment)))
    if context:
        return _of_context(context, docker_folder(environment, home))
    if address := environment.get("DOCKER_HOST"):
        return _checked(EngineAddress(address, _tls_of(environment)))
    current = environment.get("DOCKER_CONTEXT") or _current_context(
        docker_folder(environment, home)
    )
    if current and current != "default":
        return _of_context(current, docker_folder(environment, home))
    sockets = list(_usual_sockets(environment, home))
    existing = (path for path in sockets if path.exists())
    return EngineAddress(f"unix://{next(existing, sockets[0])}")


def _checked(address: EngineAddress) -> EngineAddress:
    if address.scheme not in ("unix", "tcp", "http", "https", "npipe", "ssh"):
        raise SourceError(
            f"{address.url}: an engine is reached by unix://, tcp://, npipe:// or ssh://"
        )
    if not address.rest:
        raise SourceError(f"{address.url}: the address ends behind its scheme")
    return address


def _tls_of(environment: Mapping[str, str]) -> TlsFiles | None:
    if not environment.get("DOCKER_TLS_VERIFY") and not environment.get("DOCKER_TLS"):
        return None
    home = Path(environment.get("HOME", ""))
    folder = environment.get("DOCKER_CERT_PATH") or docker_folder(environment, home)
    return _tls_files(Path(folder), is_checked=bool(environment.get("DOCKER_TLS_VERIFY")))


def _tls_files(folder: Path, *, is_checked: bool) -> TlsFiles:
    files = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
    authority, certificate, key = (file if file.is_file() else None for file in files)
    return TlsFiles(authority, certificate, key, is_checked)


def _current_context(docker_folder: Path) -> str:
    """The context that `docker context use` chose."""
    config = docker_folder / "config.json"
    if not config.is_file():
        return ""
    return str(_read_json(config).get("currentContext") or "")


def _of_context(name: str, docker_folder: Path) -> EngineAddress:
    if name == "default":
        return EngineAddress("unix:///var/run/docker.sock")
    folder = hashlib.sha256(name.encode()).hexdigest()
    contexts = docker_folder / "contexts"
    meta = contexts / "meta" / folder / "meta.json"
    if not meta.is_file():
        raise SourceError(
            f"there is no docker context {name!r}: docker context ls lists them"
        )
    endpoint = (_read_json(meta).get("Endpoints") or {}).get("docker") or {}
    tls_folder = contexts / "tls" / folder / "docker"
    tls = None
    if tls_folder.is_dir():
        tls = _tls_files(tls_folder, is_checked=not endpoint.get("SkipTLSVerify"))
    return _checked(EngineAddress(str(endpoint.get("Host") or ""), tls))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise SourceError(
            f"{path}: this is no JSON, so that the engine cannot be found"
        ) from None
    return content if isinstance(content, dict) else {}


def _usual_sockets(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    yield Path("/var/run/docker.sock")
    run_folder = environment.get("XDG_RUNTIME_DIR")
    if run_folder:
        yield Path(run_folder) / "docker.sock"
    yield home / ".docker" / "run" / "docker.sock"
    if run_folder:
        yield Path(run_folder) / "podman" / "podman.sock"
    yield Path("/run/podman/podman.sock")


def port_of(address: EngineAddress) -> tuple[str, int]:
    """The host name and port of a tcp address; 2375 without TLS and 2376 with it where none is written.

    Raises SourceError for a port that is none.
    """
    host, colon, port = address.rest.rstrip("/").rpartition(":")
    if not colon or port.endswith("]"):
        host, port = address.rest.rstrip("/"), ""
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise SourceError(f"{address.url}: the port {port} is none")
    default = 2376 if address.tls else _DEFAULT_PORTS[address.scheme]
    return host.strip("[]"), int(port or default)
