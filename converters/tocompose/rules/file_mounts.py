"""Mounted files: which mounts are of one file, and what docker does where that is missing."""

from __future__ import annotations

from tocompose.compose.shapes import as_map
from tocompose.knowledge.configuration_files import looks_like_file
from tocompose.model import Mount
from tocompose.project import project_path
from tocompose.rules.sensitive_mounts import is_sensitive


def is_host_file(path: str) -> bool:
    """Whether the path is that of a file of the host, outside of the project."""
    is_outside = project_path(path) is None and "$" not in path
    return is_outside and looks_like_file(path) and not is_sensitive(path)


def demands_file(mount: Mount) -> bool:
    """Whether the container does not start where what is mounted is missing; else an empty folder is made of it."""
    bind = as_map(mount.options.get("bind"))
    return mount.kind == "bind" and bind.get("create_host_path") is False


def can_demand_file(mount: Mount) -> bool:
    """Whether the mount can demand its file: only the short form can relabel it for SELinux, and it demands nothing."""
    return mount.kind == "bind" and not mount.options and not mount.mode
