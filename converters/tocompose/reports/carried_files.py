"""What lies outside of the folder of the compose files, and has to go with it to another machine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from tocompose.compose.shapes import as_texts
from tocompose.model import Build, ComposeFileRole, Service, Stack
from tocompose.record import NamedTuple
from tocompose.reports.report import Report
from tocompose.syntax.host_paths import is_below, is_remote_context, outermost
from tocompose.wording import enumerated_up_to

_MOST = 8


class _OuterFiles(NamedTuple):
    """Folders to build from, other paths that lie in these, and those that do not."""

    folders: list[str]
    inside: list[str]
    outside: list[str]


def outer_files_to_copy(report: Report) -> str:
    """What to copy to the production machine besides this folder; empty where nothing is outside of it."""
    folders, inside, outside = _outer_files(report)
    shown_folders = [f"the build folder `{folder}`" for folder in folders]
    name = _name_for_builds(report)
    kept_name = (
        f" Keep the name of this folder there, {name}: the builds find their Dockerfile by it."
        if name
        else ""
    )
    copied = [*shown_folders, *(f"`{path}`" for path in outside)]
    if not copied:
        return ""
    sentence = f"Copy {_listed(copied)} to that machine too, to the same path seen from this folder"
    if inside:
        within = _listed([f"`{_below(path, folders)}`" for path in inside])
        return f"{sentence}, with what services mount or read in it: {within}.{kept_name}"
    if folders:
        return f"{sentence}.{kept_name}"
    return f"{sentence}: services mount or read {'them' if outside[1:] else 'it'}."


def _outer_files(report: Report) -> _OuterFiles:
    services = list(_in_production(report.stack))
    built_from = (path for service in services for path in _build_folders(service, report))
    folders = outermost(built_from)
    inside: list[str] = []
    outside: list[str] = []
    for path in outermost(_read_paths(services, report.stack)):
        is_inside = any(_lies_in(path, folder) for folder in folders)
        (inside if is_inside else outside).append(path)
    return _OuterFiles(folders, [path for path in inside if path not in folders], outside)


def _listed(names: list[str]) -> str:
    return enumerated_up_to(names, _MOST)


def _lies_in(path: str, folder: str) -> bool:
    """Whether a folder holds what is at a path, also one above the path's own way up (`../..` and `../a`)."""
    ups, name = _ups(folder)
    return is_below(path, folder) or (not name and _ups(path)[0] < ups)


def _ups(path: str) -> tuple[int, str]:
    """How many folders a path goes up, and what stands behind that."""
    parts = posixpath.normpath(path).split("/")
    count = parts.count("..")
    return count, "/".join(parts[count:])


def _below(path: str, folders: list[str]) -> str:
    """A path as seen from the only folder that is built from; else as seen from the folder of the compose files."""
    if len(folders) == 1 and is_below(path, folders[0]):
        return posixpath.relpath(path, folders[0])
    return path


def _in_production(stack: Stack) -> Iterator[Service]:
    """The services, and what the production file adds to them."""
    for service in stack.services:
        yield service
        overlay = service.overlays.get(ComposeFileRole.PROD)
        if overlay is not None:
            yield overlay


def _read_paths(services: list[Service], stack: Stack) -> Iterator[str]:
    """The paths outside of this folder that services mount, or read variables, configs and secrets from."""
    paths = [
        *(
            mount.source or ""
            for service in services
            for mount in service.mounts
            if mount.kind == "bind"
        ),
        *(file.path for service in services for file in service.env_files),
        *(resource.file or "" for resource in (*stack.configs, *stack.secrets)),
    ]
    return filter(_is_outside, (path.rstrip("/") for path in paths))


def _build_folders(service: Service, report: Report) -> Iterator[str]:
    """The folders outside of this one that an image is built from, and the Dockerfile where it is in none of them."""
    build = service.build
    if build is None:
        return
    folders = [build.context, *_additional_contexts(build)]
    outer = [
        folder.rstrip("/")
        for folder in folders
        if _is_outside(folder) and not is_remote_context(folder)
    ]
    yield from outer
    dockerfile = "" if _is_written(build, report) else _outer_dockerfile(build)
    if dockerfile and not any(_lies_in(dockerfile, folder) for folder in outer):
        yield posixpath.dirname(dockerfile)


def _additional_contexts(build: Build) -> Iterator[str]:
    contexts = build.options.get("additional_contexts")
    if isinstance(contexts, Mapping):
        yield from map(str, contexts.values())
    else:
        yield from (text.partition("=")[2] for text in as_texts(contexts))


def _outer_dockerfile(build: Build) -> str:
    """The way to a Dockerfile that leads out of this folder, be it back into it again; else empty."""
    if not build.dockerfile or is_remote_context(build.context):
        return ""
    path = posixpath.normpath(posixpath.join(build.context, build.dockerfile))
    return path if _is_outside(path) else ""


def _is_written(build: Build, report: Report) -> bool:
    """Whether the Dockerfile is one of the written files, which are in this folder."""
    name = posixpath.basename(build.dockerfile or "")
    return any(file.path == name for file in report.files)


def _name_for_builds(report: Report) -> str:
    """The name of this folder, where a build outside of it has its Dockerfile here; else empty."""
    for service in _in_production(report.stack):
        build = service.build
        if build and _is_written(build, report) and (path := _outer_dockerfile(build)):
            return _ups(posixpath.dirname(path))[1]
    return ""


def _is_outside(path: str) -> bool:
    return f"{path}/".startswith("../")
