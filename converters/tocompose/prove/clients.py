"""Runs the real clients against the recording engine, wherever docker and docker compose are here. Neither can
reach any other engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from tocompose.patterns import regex
from tocompose.prove.recording import ClientRefusal, Recording
from tocompose.prove.server import Server, shared_server
from tocompose.prove.side import PROJECT, SERVICE
from tocompose.record import NamedTuple

DOCKER_SECONDS = 30
COMPOSE_SECONDS = 120
# What would point a client at another engine, at credentials or at other files.
FOREIGN = regex(
    r"(COMPOSE|BUILDX|BUILDKIT|OTEL)_|CONTAINER_(HOST|CONNECTION|SSHKEY)$"
    r"|DOCKER_(API_VERSION|AUTH_CONFIG|BUILDKIT|CERT_PATH|CLI_|CONFIG$|CONTENT_TRUST|CONTEXT$|CUSTOM_HEADERS"
    r"|DEFAULT_PLATFORM|HIDE_LEGACY|HOST$|TLS)"
)
PREFER_QUIET = {
    "DOCKER_CLI_HINTS": "false",
    "COMPOSE_MENU": "false",
    "COMPOSE_PARALLEL_LIMIT": "1",
}
EXTERNAL_NETWORK = regex(r"network (\S+) declared as external, but could not be found")
EXTERNAL_VOLUME = regex(r'external volume "([^"]+)" not found')
BESIDE = regex(r"Run 'docker|Usage: |time=.* level=(warning|info|debug)")
NO_TERMINAL = "input device is not a TTY"
# The options of `docker` itself that take a value; none of them may choose another engine or configuration.
GLOBAL_VALUES = (
    "-H",
    "--host",
    "-c",
    "--context",
    "--config",
    "-l",
    "--log-level",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
)
CREATING = (
    ("run",),
    ("create",),
    ("network", "create"),
    ("network", "connect"),
    ("network", "disconnect"),
    ("volume", "create"),
    ("pull",),
    ("rename",),
    ("update",),
)
# The flags of `docker run --help` (28.5) that take no value; every other flag does.
SWITCHES = regex(
    "-[Pdiqt]|--(detach|disable-content-trust|help|init|interactive|no-healthcheck|oom-kill-disable|privileged"
    "|publish-all|quiet|read-only|rm|sig-proxy|tty|use-api-socket)"
)


def record_docker(
    commands: Sequence[Sequence[str]],
    *,
    docker: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
    renewing: bool = False,
) -> Recording:
    """What the docker CLI asks of the engine for the given commands, run one after the other in `folder`.

    With `renewing` a container takes over the name of one that an earlier command made, as after `docker rm`. A command
    that the CLI refuses is a Refusal of the recording. Raises ProofError when the CLI cannot be run.
    """
    server = shared_server()
    refusals: list[ClientRefusal] = []
    with server.lock:
        server.engine.reset()
        server.engine.renewing = renewing
        for group, argv in enumerate(commands):
            server.engine.group = group
            message = _run_docker(server, argv, docker, folder, env or {})
            if message:
                refusals.append(ClientRefusal(group, message))
        return server.engine.recording()._replace(refusals=tuple(refusals))


def record_compose(
    files: Sequence[Path],
    *,
    compose: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
) -> Recording:
    """What `docker compose create` asks of the engine for the files, with every profile, in the project `folder`.

    External networks and volumes that the files expect are provided. Raises ProofError with what Compose said.
    """
    server = shared_server()
    argv = [
        genuine_compose(compose),
        *(argument for file in files for argument in ("-f", str(file))),
        "--project-directory",
        str(folder),
    ]
    argv += ["--profile", "*", "--progress", "quiet", "create", "--no-build"]
    full = _client_environment(server, env or {})
    with server.lock:
        return _with_externals(
            server, folder, lambda: _run_client(argv, folder, full, COMPOSE_SECONDS)
        )


def _with_externals(
    server: Server, folder: Path, run: Callable[[], subprocess.CompletedProcess[str]]
) -> Recording:
    """Repeats the run with each external network and volume that it misses, until it misses none."""
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    while True:
        server.engine.reset(networks, volumes)
        done = run()
        if done.returncode == 0:
            return _with_project_name(server.engine.recording())
        network, volume = (
            EXTERNAL_NETWORK.search(done.stderr),
            EXTERNAL_VOLUME.search(done.stderr),
        )
        if network and network[1] not in networks:
            networks += (network[1],)
        elif volume and volume[1] not in volumes:
            volumes += (volume[1],)
        else:
            raise ProofError(
                f"docker compose refuses the file: {_failure_message(server, done, folder)}"
            )


def _with_project_name(recording: Recording) -> Recording:
    """The recording with the project's name, which Compose writes on everything that it creates, services in order."""
    labels = [container.label(PROJECT) for container in recording.containers]
    labels += [
        str((resource.payload.get("Labels") or {}).get(PROJECT, ""))
        for resource in recording.networks
    ]
    containers = sorted(
        recording.containers,
        key=lambda resource: (resource.label(SERVICE), len(resource.name), resource.name),
    )
    return recording._replace(
        project=next(filter(None, labels), ""), containers=tuple(containers)
    )


def _run_docker(
    server: Server, argv: Sequence[str], docker: str, folder: Path, env: Mapping[str, str]
) -> str:
    """Runs one command; what it says when it fails, else nothing."""
    arguments = recordable_arguments(argv)
    if not creating_verb(arguments):
        return f"not a command that creates a container, network or volume: docker {' '.join(arguments[:2])}"
    full = _client_environment(server, env)
    done = _run_client([genuine_docker(docker), *arguments], folder, full, DOCKER_SECONDS)
    if done.returncode and NO_TERMINAL in done.stderr:
        done = _run_in_terminal([docker, *arguments], folder, full)
    return _failure_message(server, done, folder) if done.returncode else ""


def _failure_message(
    server: Server, done: subprocess.CompletedProcess[str], folder: Path
) -> str:
    """The client's last words without its warnings, with what the engine could not answer."""
    lines = [
        line.strip()
        for line in done.stderr.splitlines()
        if line.strip() and not BESIDE.match(line)
    ]
    unknown = (
        f" (the recording engine has no answer for {server.engine.unanswered[0]})"
        if server.engine.unanswered
        else ""
    )
    return (" ".join(lines[-3:]) or f"exit status {done.returncode}").replace(
        f"{folder}/", ""
    ) + unknown


def _client_environment(server: Server, env: Mapping[str, str]) -> dict[str, str]:
    """The client's whole environment: nothing is inherited, and nothing in `env` chooses an engine."""
    harmless = {name: value for name, value in env.items() if not FOREIGN.match(name)}
    engine = {"DOCKER_HOST": server.host, "DOCKER_CONFIG": str(server.config)}
    return {
        "HOME": str(server.config),
        "PATH": os.defpath,
        **harmless,
        **PREFER_QUIET,
        **engine,
    }


def _run_in_terminal(
    argv: Sequence[str], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs with a terminal as standard input, which `docker run -it` insists on."""
    master, slave = os.openpty()
    try:
        return _run_client(argv, folder, env, DOCKER_SECONDS, stdin=slave)
    finally:
        os.close(slave)
        os.close(master)


def _run_client(
    argv: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    seconds: int,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            cwd=folder,
            env=dict(env),
            stdin=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as fault:
        raise ProofError(
            f"{Path(argv[0]).name} {argv[1]} did not end within {seconds} seconds"
        ) from fault
    except (OSError, ValueError) as fault:
        raise ProofError(f"{argv[0]} cannot be run: {fault}") from fault


class Command(NamedTuple):
    """One docker command as its words, `docker` first; `service` is the Compose service that it became, if known."""

    argv: tuple[str, ...]
    service: str = ""


def creating_verb(arguments: Sequence[str]) -> tuple[str, ...]:
    """The verb that the words after `docker` start with, without `container`; empty when it creates nothing."""
    plain = tuple(arguments[1:] if arguments[:1] == ["container"] else arguments)
    return next(
        (verb_words for verb_words in CREATING if plain[: len(verb_words)] == verb_words),
        (),
    )


def recordable_arguments(argv: Sequence[str]) -> list[str]:
    """The words after `docker`, without its global options and without `--cidfile`, a file on the client."""
    arguments = _without_globals(list(argv[1:]))
    verb_words = creating_verb(arguments)
    if verb_words not in (("run",), ("create",)):
        return arguments
    start = arguments.index(verb_words[0]) + 1
    return arguments[:start] + _without_cidfile(arguments[start:])


def _without_globals(arguments: list[str]) -> list[str]:
    while arguments and arguments[0].startswith("-"):
        arguments = arguments[2:] if arguments[0] in GLOBAL_VALUES else arguments[1:]
    return arguments


def _without_cidfile(arguments: list[str]) -> list[str]:
    harmless: list[str] = []
    index = 0
    while (
        index < len(arguments)
        and arguments[index].startswith("-")
        and arguments[index] not in ("-", "--")
    ):
        length = 2 if _takes_next(arguments[index]) else 1
        if arguments[index].partition("=")[0] != "--cidfile":
            harmless += arguments[index : index + length]
        index += length
    return harmless + arguments[index:]


def _takes_next(flag: str) -> bool:
    """Whether the value of a flag is the next word."""
    if flag.startswith("--"):
        return "=" not in flag and not SWITCHES.fullmatch(flag)
    for position, letter in enumerate(flag[1:], 1):
        if not SWITCHES.fullmatch(f"-{letter}"):
            return position == len(flag) - 1
        if flag[position + 1 : position + 2] == "=":
            return False
    return False


# https://docs.docker.com/compose/install/linux/ and the CLI's own list in cli-plugins/manager.
PLUGIN_FOLDERS = (
    "~/.docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


class ProofError(Exception):
    """A proof that could not be made: one sentence for the user."""


class Binaries(NamedTuple):
    """Paths of the two clients; `compose` is the plugin's file, which also runs on its own."""

    docker: str
    compose: str


def find_binaries(docker: str = "", compose: str = "", path: str | None = None) -> Binaries:
    """The two clients: those named, else docker on `path` (by default PATH), Compose among its plugins or there.

    Raises ProofError that says which one is missing and how to name it.
    """
    return Binaries(
        _find_program(docker, "docker", path) or _raise_missing("docker", "--docker"),
        (not compose and _find_plugin()) or _find_compose(compose, path),
    )


def _find_program(named: str, name: str, path: str | None) -> str:
    program = shutil.which(named or name, path=None if named else path)
    if named and not program:
        raise ProofError(f"{named} is not a program that can be run")
    return str(Path(program).absolute()) if program else ""


def _find_compose(named: str, path: str | None) -> str:
    return _find_program(named, "docker-compose", path) or _raise_missing(
        "docker compose", "--compose"
    )


def _find_plugin() -> str:
    """The plugin that `docker compose` runs; a `docker-compose` on PATH may still be version 1."""
    files = [Path(folder).expanduser() / "docker-compose" for folder in PLUGIN_FOLDERS]
    return next((str(file) for file in files if os.access(file, os.X_OK)), "")


def _raise_missing(name: str, option: str) -> str:
    raise ProofError(
        f"{name} was not found on PATH: install it, or name the program with {option}"
    )


@cache
def genuine_docker(path: str) -> str:
    """The path of a docker CLI that is Docker's own.

    Raises ProofError for another: podman's `docker` would start real containers instead of asking our engine.
    """
    return _check_version(path, ("--version",), "Docker version ")


@cache
def genuine_compose(path: str) -> str:
    """The path of a docker compose that is Docker's own. Raises ProofError for another, as podman-compose."""
    return _check_version(path, ("version",), "Docker Compose version ")


def _check_version(path: str, arguments: tuple[str, ...], start: str) -> str:
    try:
        done = subprocess.run(
            [path, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise ProofError(f"{path} cannot be run: {fault}") from fault
    if not done.stdout.startswith(start):
        answer = (done.stdout or done.stderr).strip().partition("\n")[0]
        raise ProofError(
            f"{path} is not Docker's own client (it says {answer!r}): a proof needs the real one"
        )
    return path
