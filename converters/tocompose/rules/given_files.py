"""The files that a service is given: its env files and what is mounted, of the stack and of the source."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from tocompose.model import Service, Stack
from tocompose.rules import Context

# Files that name other services in what they set; what a database is filled with does not.
_CONFIGURATION = (
    *(
        ".conf",
        ".cfg",
        ".cnf",
        ".ini",
        ".toml",
        ".yml",
        ".yaml",
        ".json",
        ".xml",
        ".properties",
        ".env",
        ".config",
    ),
    *(
        ".tmpl",
        ".template",
        ".vcl",
        ".hcl",
        ".alloy",
        ".river",
        "caddyfile",
        "corefile",
        "nginx",
    ),
)
_LONGEST, _MOST = 200_000, 40


class GivenFiles:
    """Looks at the files of a stack by their paths, and at those of the source beside it."""

    def __init__(self, stack: Stack, context: Context) -> None:
        self._made = {file.path: file.content for file in stack.files}
        self._configs = {config.name: config for config in stack.configs}
        self._context = context

    def env_files(self, service: Service) -> Iterator[tuple[str, str]]:
        """The variables in the service's env files, by name."""
        for item in service.env_files:
            for line in self._text(normpath(item.path)).splitlines():
                name, equals, value = line.removeprefix("export ").partition("=")
                if equals and not name.startswith("#"):
                    yield name.strip(), value.strip().strip("\"'")

    def configuration(self, service: Service) -> Iterator[tuple[str, str]]:
        """The path (a config's name) and the text of each configuration file, without lines that are a comment."""
        for path, text in self._configuration(service):
            yield (
                path,
                "\n".join(
                    line
                    for line in text.splitlines()
                    if not line.lstrip().startswith(("#", "//", ";"))
                ),
            )

    def _configuration(self, service: Service) -> Iterator[tuple[str, str]]:
        paths = [
            mount.source
            for mount in service.mounts
            if mount.kind == "bind" and mount.source
        ]
        for grant in service.configs:
            config = self._configs.get(grant.source)
            if config is not None and config.content is not None:
                yield config.name, config.content
            elif config is not None and config.file:
                paths.append(config.file)
        for path in paths:
            for name in self._names(normpath(path)):
                yield name, self._text(name)

    def _names(self, path: str) -> list[str]:
        """The files that a mounted path stands for: itself, or those of the folder."""
        made = [name for name in self._made if name == path or name.startswith(f"{path}/")]
        if made or _leads_out(path) or path == "." or self._context.below is None:
            return made
        below = () if path.lower().endswith(_CONFIGURATION) else self._context.below(path)
        return [name for name in (path, *below) if name.lower().endswith(_CONFIGURATION)][
            :_MOST
        ]

    def _text(self, path: str) -> str:
        content = self._made.get(path)
        if content is None and self._context.read is not None and not _leads_out(path):
            content = self._context.read(path)
        return (
            content.decode("utf-8", "replace")
            if content and len(content) <= _LONGEST
            else ""
        )


def _leads_out(path: str) -> bool:
    """Whether it is no path of the source: elsewhere on the machine, or known when the stack starts only."""
    return path.startswith(("/", "~", "../")) or "$" in path or path == ".."
