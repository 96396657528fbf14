"""Configuration files of the source that hold a secret: they stand in `secrets/`, not beside the compose file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import accumulate
from posixpath import normpath

from tocompose.knowledge.secrets.commands import script_secrets
from tocompose.knowledge.secrets.names import secret_file
from tocompose.knowledge.secrets.texts import (
    DIRECTIVE,
    is_secret_under,
    may_be_secret,
    password_spans,
    secret_defaults,
    secret_value,
)
from tocompose.model import File, Mount, Service, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import Outcome
from tocompose.syntax.interpolation import variables
from tocompose.syntax.model_path import ModelPath

_ENTRY = regex(
    r"""(?m)^[ \t-]*["']?(?P<name>[\w.-]+)["']?[ \t]*[=:][ \t]*["']?(?P<value>[^\s"'][^\n"']*)"""
)


def in_secrets(stack: Stack) -> Outcome:
    """The stack with each mounted file that holds a secret, and those mounted with it, below `secrets/`."""
    moved = _new_paths(stack)
    if not moved:
        return Outcome(stack=stack)
    files = tuple(_move_file(file, moved) for file in stack.files)
    moves = {
        ModelPath.of("files", old.path): ModelPath.of("files", new.path)
        for old, new in zip(stack.files, files, strict=True)
        if old.path != new.path
    }
    services = tuple(
        replace(service, mounts=tuple(_move_mounts(service.mounts, moved)))
        for service in stack.services
    )
    configs = tuple(
        replace(config, file=_moved_path(config.file, moved)) if config.file else config
        for config in stack.configs
    )
    mended = replace(stack, files=files, services=services, configs=configs)
    return Outcome(mended, tuple(_note_moves(stack, moved)), moves)


def _new_paths(stack: Stack) -> dict[str, str]:
    """Where each mounted path with a secret in it goes."""
    moved: dict[str, str] = {}
    taken_paths = {file.path for file in stack.files}
    sources = frozenset(_mounted_sources(stack))
    for file in stack.files:
        source = _source_of(file, sources)
        if not source or source in moved or file.secret:
            continue
        if holds_secret(file.content, file.path):
            moved[source] = _free_path(
                f"secrets/{source.removeprefix('config/')}", taken_paths
            )
    return moved


def holds_secret(content: bytes, path: str = "") -> bool:
    """Whether the file is called a secret, a line of it sets something that is, or it holds one by its form."""
    if secret_file(path) and content.strip():
        return True
    text = content.decode("utf-8", "replace")
    spans = password_spans(text)
    if any(may_be_secret(text[start:end]) for start, end in spans):
        return True
    if any(True for _ in script_secrets(text)) or _has_secret_default(text):
        return True
    if not spans and secret_value(text):
        return True
    return _has_secret_entry(text)


def _has_secret_entry(text: str) -> bool:
    return any(
        _sets_secret(match["name"], match["value"])
        for pattern in (_ENTRY, DIRECTIVE)
        for match in pattern.finditer(text)
    )


def _has_secret_default(text: str) -> bool:
    """Whether a variable of a shell, or of a template, is a secret where nothing sets it: `${TOKEN:-x}`."""
    return any(
        True
        for variable in (variables(text) if "${" in text else ())
        for _ in secret_defaults(variable, False)
    )


def _sets_secret(name: str, value: str) -> bool:
    is_literal = value[0] not in "$<{[|>&*"
    return is_literal and is_secret_under(name, value.strip())


def _mounted_sources(stack: Stack) -> Iterator[str]:
    """The paths of the source that are brought into containers."""
    paths = [
        mount.source
        for service in stack.services
        for mount in service.mounts
        if mount.kind == "bind"
    ]
    paths += [config.file for config in stack.configs]
    for path in filter(None, paths):
        source = normpath(path)
        if source != "." and not source.startswith("secrets"):
            yield source


def _source_of(file: File, sources: Collection[str]) -> str:
    """The mounted path that brings the file into a container: its own, or that of its folder; empty for none."""
    return next((path for path in _path_to(file.path) if path in sources), "")


def _path_to(path: str) -> Iterator[str]:
    """Each folder on the way to a file, the outermost first, and the file itself."""
    return accumulate(path.split("/"), lambda folder, name: f"{folder}/{name}")


def _is_at(path: str, source: str) -> bool:
    """Whether the path is the source, or lies below it."""
    return path == source or path.startswith(f"{source}/")


def _free_path(path: str, taken_paths: set[str]) -> str:
    candidate, number = path, 2
    while any(_is_at(name, candidate) for name in taken_paths):
        candidate, number = f"{path}-{number}", number + 1
    taken_paths.add(candidate)
    return candidate


def _moved_path(path: str, moved: dict[str, str]) -> str:
    plain = normpath(path)
    source = next((old for old in moved if _is_at(plain, old)), None)
    return path if source is None else f"./{moved[source]}{plain[len(source) :]}"


def _move_file(file: File, moved: dict[str, str]) -> File:
    path = _moved_path(file.path, moved).removeprefix("./")
    if path == file.path:
        return file
    # Containers run as users of their own, so all may read it; the folder above lets nobody else in.
    return replace(file, path=path, secret=True, mode=file.mode & 0o555)


def _move_mounts(mounts: Iterable[Mount], moved: dict[str, str]) -> Iterator[Mount]:
    for mount in mounts:
        if mount.kind == "bind" and mount.source:
            mount = replace(mount, source=_moved_path(mount.source, moved))
        yield mount


def _note_moves(stack: Stack, moved: dict[str, str]) -> Iterator[Note]:
    for old, new in moved.items():
        owner = _owner_of(old, stack.services)
        origins = (file.origin for file in stack.files if _is_at(file.path, old))
        subject = ModelPath.service(owner, "volumes") if owner else ModelPath()
        yield note("TC508", next(origins, None), subject=subject, old=old, new=new)


def _owner_of(source: str, services: Iterable[Service]) -> str:
    """The first service that mounts the path; empty for none."""
    for service in services:
        for mount in service.mounts:
            if normpath(mount.source or "") == source:
                return service.name
    return ""
