"""The files that the services of a stack are given: mounted, as configs, or as files of variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from posixpath import normpath

from tocompose.knowledge.configuration_files import CONFIGURATION_ENDINGS
from tocompose.model import EnvVariable, File, Service, Stack
from tocompose.project import project_path
from tocompose.record import NamedTuple, replace
from tocompose.rules import Context

# Files without an ending that name other services in what they set.
_NAMED_CONFIGURATION = ("caddyfile", "corefile", "nginx")
_LONGEST_FILE, _MOST_FILES = 200_000, 40


class MountedFiles:
    """Looks at the files of a stack by their paths, and at those of the source beside it."""

    def __init__(self, stack: Stack, context: Context) -> None:
        index = _index_of(SameFiles(stack.files))
        self._contents, self._names_below = index.contents, index.names_below
        self._configs = {config.name: config for config in stack.configs}
        self._inline = {
            config.name: config.content for config in stack.configs if config.content
        }
        self._context = context

    def env_settings(self, service: Service) -> Iterator[tuple[str, str]]:
        """The variables in the service's env files, by name."""
        for file in service.env_files:
            for line in self._text_of(normpath(file.path)).splitlines():
                name, equals, value = line.removeprefix("export ").partition("=")
                if equals and not name.startswith("#"):
                    yield name.strip(), value.strip().strip("\"'")

    def with_env_files(self, service: Service) -> Service:
        """The service with the variables of its env files among its own, as its container has them."""
        own_names = {variable.name for variable in service.environment}
        settings = dict(self.env_settings(service)).items()
        added = (
            EnvVariable(name=name, value=value)
            for name, value in settings
            if name not in own_names
        )
        return replace(service, environment=(*added, *service.environment))

    def configuration(self, service: Service) -> Iterator[tuple[str, str]]:
        """The path (a config's name) and the text of each configuration file, without lines that are a comment."""
        for path, text in self._whole_files(service):
            lines = [
                line
                for line in text.splitlines()
                if not line.lstrip().startswith(("#", "//", ";"))
            ]
            yield path, "\n".join(lines)

    def mounted_at(
        self, service: Service, path: str, command: Iterable[str] = ()
    ) -> Iterator[tuple[str, str | None]]:
        """What is mounted as the file, or in the folder, of that path, with the text; None where it cannot be read.

        `*` stands for every file that a word of the command names.
        """
        inner_path = path.rstrip("/")
        for target, source in self._mounted_sources(service):
            is_inside = path.endswith("/") and target.startswith(path)
            is_named = path == "*" and _is_named(target, command)
            if is_inside or target == inner_path or is_named:
                yield target, self._texts_of(source)
            elif inner_path.startswith(f"{target.rstrip('/')}/"):
                relative_path = inner_path[len(target.rstrip("/")) :]
                text = self._texts_of(f"{source}{relative_path}")
                # Data lie around some configurations: only what is the folder of the file itself may say something.
                if text is not None or relative_path.count("/") == 1:
                    yield inner_path, text

    def _texts_of(self, source: str) -> str | None:
        """The text of a file, or of the files in a folder; None where nothing can be read."""
        if source in self._inline:
            return self._inline[source]
        path = normpath(source)
        text = self._text_of(path)
        if not text:
            in_source = self._context.below is not None and not _leads_out(path)
            paths = self._context.below(path) if in_source and self._context.below else ()
            names = (*self._names_below.get(path, ()), *paths)[:_MOST_FILES]
            text = "\n".join(filter(None, map(self._text_of, names)))
        return text or None

    def _mounted_sources(self, service: Service) -> Iterator[tuple[str, str]]:
        """Every file or folder of the machine that the container sees, by its path there."""
        for mount in service.mounts:
            if mount.kind == "bind" and mount.source:
                yield mount.target, mount.source
        for grant in service.configs:
            config = self._configs.get(grant.source)
            if config is not None:
                source = config.file or grant.source
                yield grant.target or f"/{grant.source}", source

    def _whole_files(self, service: Service) -> Iterator[tuple[str, str]]:
        binds = (mount.source for mount in service.mounts if mount.kind == "bind")
        paths = list(filter(None, binds))
        for grant in service.configs:
            config = self._configs.get(grant.source)
            if config is not None and config.content is not None:
                yield config.name, config.content
            elif config is not None and config.file:
                paths.append(config.file)
        for path in paths:
            for name in self._names_at(normpath(path)):
                yield name, self._text_of(name)

    def _names_at(self, path: str) -> list[str]:
        """The files that a mounted path stands for: itself, or those of the folder."""
        names = self._names_below.get(path, [])
        if names or _leads_out(path) or path == "." or self._context.below is None:
            return names
        below = () if _is_configuration(path) else self._context.below(path)
        return [name for name in (path, *below) if _is_configuration(name)][:_MOST_FILES]

    def _text_of(self, path: str) -> str:
        content = self._contents.get(path)
        if content is None and self._context.read is not None and not _leads_out(path):
            content = self._context.read(path)
        if not content or len(content) > _LONGEST_FILE:
            return ""
        return content.decode("utf-8", "replace")


def _is_named(target: str, command: Iterable[str]) -> bool:
    """Whether an argument of the command names the path, by itself or behind an option."""
    return any(
        argument == target or argument.endswith(f"={target}") for argument in command
    )


class SameFiles:
    """The files of a stack, which are another key only as another object: to compare them takes too long."""

    def __init__(self, files: tuple[File, ...]) -> None:
        self.files = files

    def __hash__(self) -> int:
        return id(self.files)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameFiles) and self.files is other.files


class _FileIndex(NamedTuple):
    contents: Mapping[str, bytes]
    names_below: Mapping[str, list[str]]


# Rules look at the files for each service in turn.
@lru_cache(maxsize=4)
def _index_of(same: SameFiles) -> _FileIndex:
    """The files by their paths, and what stands below each folder."""
    contents = {file.path: file.content for file in same.files}
    return _FileIndex(contents, _names_below(contents))


def _names_below(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by each path that they stand at or below."""
    below: dict[str, list[str]] = {}
    for name in names:
        below.setdefault(name, []).append(name)
        for slash in re.finditer("/", name):
            below.setdefault(name[: slash.start()], []).append(name)
    return below


def _is_configuration(path: str) -> bool:
    """Whether the file may name other services in what it sets; what a database is filled with does not."""
    return path.lower().endswith((*CONFIGURATION_ENDINGS, *_NAMED_CONFIGURATION))


def _leads_out(path: str) -> bool:
    """Whether it is no path of the source: elsewhere on the machine, or known when the stack starts only."""
    return project_path(path) is None
