"""Env files that the script writes itself: their variables are those of the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.invocation import WrittenFile
from tocompose.ledger import Ledger
from tocompose.model import EnvFile, EnvVariable, Service
from tocompose.project import normal_path
from tocompose.record import replace
from tocompose.syntax.interpolation import plain
from tocompose.syntax.model_path import ModelPath


class WrittenEnvFiles:
    """The files that a script writes, by their paths; those that a service takes as env files are used up."""

    def __init__(self, files: Iterable[WrittenFile], ledger: Ledger) -> None:
        self._ledger = ledger
        self._files: dict[str, list[WrittenFile]] = {}
        for file in files:
            path = _path_of(file)
            earlier = self._files.get(path, []) if file.append else []
            self._files[path] = [*earlier, file]
        self._used: list[WrittenFile] = []

    def put_into(self, service: Service) -> Service:
        """The service with the variables of its written env files, before those that its command states."""
        stays: list[EnvFile] = []
        variables: dict[str, EnvVariable] = {}
        for env_file in service.env_files:
            written = self._files.get(normal_path(env_file.path) or "")
            if written is None:
                stays.append(env_file)
                continue
            for file in written:
                self._used.append(file)
                variables.update(_variables_of(file, service.name))
        if len(stays) == len(service.env_files):
            return service
        if not stays:
            path = ModelPath.service(service.name)
            self._ledger.move(path.child("env_file"), path.child("environment"))
        variables |= {variable.name: variable for variable in service.environment}
        return replace(
            service, env_files=tuple(stays), environment=tuple(variables.values())
        )

    def is_used(self, file: WrittenFile) -> bool:
        """Whether a service has the variables of the file."""
        return file in self._used


def _path_of(file: WrittenFile) -> str:
    path = plain(file.path.text)
    return (normal_path(path) if path else None) or "/"


def _variables_of(file: WrittenFile, service: str) -> Iterator[tuple[str, EnvVariable]]:
    """The variables of an env file as docker reads it: all behind `=` is the value.

    https://docs.docker.com/reference/cli/docker/container/run/#env
    """
    path = ModelPath.service(service, "environment")
    file.path.take(path)
    for line in file.body.take(path).splitlines():
        name, equals, value = line.lstrip().partition("=")
        if name and not name.startswith("#"):
            origin = file.body.span
            yield (
                name,
                EnvVariable(name=name, value=value if equals else None, origin=origin),
            )
