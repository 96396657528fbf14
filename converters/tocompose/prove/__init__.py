"""Proof: the real docker CLI and docker compose send the same to a recording engine."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from tocompose.compose.files import CLASSIC_NAMES
from tocompose.model import ComposeFileRole
from tocompose.notes import Note
from tocompose.prove.clients import (
    Binaries,
    Command,
    ProofError,
    find_binaries,
    record_compose,
    record_docker,
)
from tocompose.prove.compare import compare_recordings, with_declarations
from tocompose.prove.difference import (
    Difference,
    Hidden,
    Match,
    Proof,
    hidden_values,
    mask_hidden,
)
from tocompose.prove.recording import Recording

__all__ = [
    "Binaries",
    "Command",
    "Difference",
    "Match",
    "Proof",
    "ProofError",
    "find_binaries",
    "prove_commands",
    "record_written",
]


COMPOSE_FILE = CLASSIC_NAMES[ComposeFileRole.BASE]


def prove_commands(
    commands: Sequence[Command],
    compose_text: str,
    notes: Sequence[Note],
    docker: str,
    compose: str,
    files: Mapping[str, bytes] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    exact_names: bool = False,
    renewing: bool = False,
) -> Proof:
    """What the docker CLI (path `docker`) and docker compose (path `compose`) ask of an engine, compared.

    Both run in one folder that holds `files` (relative path → content) and see only the variables of `env`; `folder`,
    an empty one, serves where the commands name it. `Proof.hidden` lists the values of `.env` and `env`, which no
    report may show. With `exact_names` a volume or network that Compose names after the project is a difference, since
    data under its plain name would be out of reach; with `renewing` a command may make a container of one name again.
    Raises ProofError when a client cannot be run or Compose refuses the file.
    """
    content = {**(files or {}), COMPOSE_FILE: compose_text.encode()}
    hidden = hidden_values(content.get(".env", b""), env or {})
    with tempfile.TemporaryDirectory(prefix="tocompose-") as scratch:
        project_folder = folder or Path(scratch) / "project"
        _write_files(project_folder, content)
        argvs = [command.argv for command in commands]
        docker_recording = record_docker(
            argvs, docker=docker, folder=project_folder, env=env, renewing=renewing
        )
        compose_recording = _record_compose(project_folder, compose, env, hidden)
    services = {
        number: command.service
        for number, command in enumerate(commands)
        if command.service
    }
    matches, project = compare_recordings(
        docker_recording, compose_recording, services, exact_names=exact_names
    )
    return Proof(
        tuple(
            match._replace(differences=with_declarations(match.differences, notes))
            for match in matches
        ),
        with_declarations(project, notes),
        docker_recording.refusals,
        ((str(project_folder), "."), *hidden),
    )


def record_written(
    compose_text: bytes, compose: str, files: Mapping[str, bytes], env: Mapping[str, str]
) -> Recording:
    """What docker compose (path `compose`) asks of an engine for a compose file with the files beside it.

    Raises ProofError when Compose refuses it; no value of `.env` and `env` stands in the error.
    """
    content = {**files, COMPOSE_FILE: compose_text}
    hidden = hidden_values(content.get(".env", b""), env)
    with tempfile.TemporaryDirectory(prefix="tocompose-") as scratch:
        project_folder = Path(scratch) / "project"
        _write_files(project_folder, content)
        return _record_compose(project_folder, compose, env, hidden)


def _record_compose(
    folder: Path, compose: str, env: Mapping[str, str] | None, hidden: Hidden
) -> Recording:
    try:
        return record_compose(
            [folder / COMPOSE_FILE], compose=compose, folder=folder, env=env
        )
    except ProofError as fault:
        raise ProofError(mask_hidden(str(fault), hidden)) from None


def _write_files(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            raise ProofError(
                f"{name} lies outside the project: it cannot take part in a proof"
            )
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
