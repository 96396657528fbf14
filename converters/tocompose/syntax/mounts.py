"""The short form of mounts: `[source:]target[:modes]`.

https://docs.docker.com/reference/compose-file/services/#short-syntax-5
"""

from __future__ import annotations

from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import split_outside_variables

_DRIVE = regex(r"[A-Za-z]:[\\/]")
# What docker compose takes for a path rather than a volume's name.
_PATH_STARTS = ("/", ".", "~", "\\\\")


class MountParts(NamedTuple):
    """A mount in the short form; without a source it is an anonymous volume."""

    source: str | None
    target: str
    modes: tuple[str, ...] = ()

    @property
    def is_read_only(self) -> bool:
        """Whether the container may only read it."""
        return "ro" in self.modes


def parse_mount(text: str) -> MountParts:
    """The parts as compose-go reads them: a single letter before a colon begins a Windows path, wherever it stands.

    So `a:/x:ro` mounts the path `a:/x` at `ro`, and `d:/x` is an anonymous volume.
    https://github.com/compose-spec/compose-go/blob/main/format/volume.go
    """
    return _mount_parts(mount_sections(text))


def mount_sections(text: str) -> list[str]:
    """The sections between the colons of a mount as compose-go counts them, more than three of which it refuses."""
    fields = split_outside_variables(text, ":")
    sections: list[str] = []
    while fields:
        section = fields.pop(0)
        if fields and len(section) == 1 and section.isalpha():
            section = f"{section}:{fields.pop(0)}"
        sections.append(section)
    return sections


def parse_docker_mount(text: str) -> MountParts:
    """The parts as the docker engine reads `--volume`: a single letter is a drive only where a path must begin.

    So `a:/x:ro` mounts the volume `a` read-only, and `d:/x` is an anonymous volume, as the docker CLI has it.
    """
    fields = split_outside_variables(text, ":")
    if is_windows_path(text):
        no_target = len(fields) == 2
        target_is_path = no_target or fields[2][:1] in ("/", "\\") or len(fields[2]) == 1
        if target_is_path:
            fields[:2] = [":".join(fields[:2])]
    if len(fields) > 2 and is_windows_path(":".join(fields[1:3])):
        # The target of a Windows container: `C:\\data:C:\\app\\data`.
        fields[1:3] = [":".join(fields[1:3])]
    return _mount_parts(fields)


def _mount_parts(sections: list[str]) -> MountParts:
    if len(sections) == 1:
        return MountParts(None, sections[0])
    source, target, *modes = sections
    return MountParts(
        source, target, tuple(split_outside_variables(modes[0], ",")) if modes else ()
    )


def format_mount(mount: MountParts) -> str:
    """The short form of the parts."""
    sections = [mount.source, mount.target, ",".join(mount.modes)]
    return ":".join(section for section in sections if section)


def is_windows_path(text: str) -> bool:
    r"""Whether the text begins with a drive: `C:\data`, `c:/data`."""
    return _DRIVE.match(text) is not None


def is_named_pipe(text: str) -> bool:
    r"""Whether the text is a pipe of Windows: `\\.\pipe\docker_engine`, `//./pipe/docker_engine`."""
    return text.replace("\\", "/").startswith("//./pipe/")


def is_container_path(target: str) -> bool:
    """Whether the engine takes the target of a mount, in a container of Linux or of Windows."""
    return target.startswith("/") or is_windows_path(target) or is_named_pipe(target)


def kind_of_source(source: str) -> str:
    """The kind of mount that docker makes of a source: a path, a pipe of Windows, else a volume's name."""
    if is_named_pipe(source):
        return "npipe"
    is_host_path = is_path(source) or source.startswith(("${", "\\")) or "/" in source
    return "bind" if is_host_path else "volume"


def path_of_folder(path: str) -> str:
    """The path as Compose takes it for one below its folder, with `./` in front; others stay as they are."""
    stands = path in (".", "..") or path.startswith(("/", "./", "../", "~", "$"))
    return path if stands else f"./{path}"


def is_path(source: str) -> bool:
    """Whether docker compose takes the source for a path on the host rather than a volume's name."""
    is_drive = len(source) > 1 and source[0].isalpha() and source[1] == ":"
    return source.startswith(_PATH_STARTS) or is_drive
