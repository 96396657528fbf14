"""Configuration files of the source that hold a secret: they stand in `secrets/`, not beside the compose file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import normpath

from tocompose.knowledge.secrets.names import secret_file, secret_name
from tocompose.knowledge.secrets.texts import (
    DIRECTIVE,
    may_be_secret,
    passwords,
    secret_value,
)
from tocompose.model import File, Mount, Service, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import Outcome
from tocompose.syntax.model_path import ROOT, ModelPath

_ENTRY = regex(
    r"""(?m)^[ \t-]*["']?(?P<name>[\w.-]+)["']?[ \t]*[=:][ \t]*["']?(?P<value>[^\s"'][^\n"']*)"""
)


def in_secrets(stack: Stack) -> Outcome:
    """The stack with each mounted file that holds a secret, and those mounted with it, below `secrets/`."""
    moved: dict[str, str] = {}
    taken = {item.path for item in stack.files}
    for item in stack.files:
        source = _source(item, stack)
        if (
            source
            and source not in moved
            and not item.secret
            and holds_secret(item.content, item.path)
        ):
            moved[source] = _free(f"secrets/{source.removeprefix('config/')}", taken)
    if not moved:
        return Outcome(stack=stack)
    files = tuple(_moved_file(item, moved) for item in stack.files)
    changes = {
        old.path: new.path
        for old, new in zip(stack.files, files, strict=True)
        if old.path != new.path
    }
    services = tuple(
        replace(item, mounts=tuple(_moved(item.mounts, moved))) for item in stack.services
    )
    configs = tuple(
        replace(item, file=_place(item.file, moved)) if item.file else item
        for item in stack.configs
    )
    return Outcome(
        stack=replace(stack, files=files, services=services, configs=configs),
        notes=tuple(_notes(stack.files, moved, stack.services)),
        moves={
            ModelPath.of("files", old): ModelPath.of("files", new)
            for old, new in changes.items()
        },
    )


def holds_secret(content: bytes, path: str = "") -> bool:
    """Whether the file is called a secret, a line of it sets something that is, or it holds one by its form."""
    if secret_file(path) and content.strip():
        return True
    text = content.decode("utf-8", "replace")
    spans = passwords(text)
    if any(may_be_secret(text[start:end]) for start, end in spans) or (
        not spans and secret_value(text)
    ):
        return True
    return any(
        secret_name(found["name"])
        and may_be_secret(found["value"].strip())
        and found["value"][0] not in "$<{[|>&*"
        for pattern in (_ENTRY, DIRECTIVE)
        for found in pattern.finditer(text)
    )


def _source(item: File, stack: Stack) -> str:
    """The mounted path that brings the file into a container: its own, or that of its folder; empty for none."""
    mounts = [
        mount.source
        for service in stack.services
        for mount in service.mounts
        if mount.kind == "bind"
    ]
    sources = [
        normpath(source)
        for source in (*mounts, *(each.file for each in stack.configs))
        if source
    ]
    found = [
        path for path in sources if item.path == path or item.path.startswith(f"{path}/")
    ]
    return min(
        (path for path in found if path != "." and not path.startswith("secrets")),
        key=len,
        default="",
    )


def _free(path: str, taken: set[str]) -> str:
    candidate, number = path, 2
    while any(name == candidate or name.startswith(f"{candidate}/") for name in taken):
        candidate, number = f"{path}-{number}", number + 1
    taken.add(candidate)
    return candidate


def _place(path: str, moved: dict[str, str]) -> str:
    known = normpath(path)
    source = next(
        (old for old in moved if known == old or known.startswith(f"{old}/")), None
    )
    return path if source is None else f"./{moved[source]}{known[len(source) :]}"


def _moved_file(item: File, moved: dict[str, str]) -> File:
    path = _place(item.path, moved).removeprefix("./")
    # Containers run as users of their own, so all may read it; the folder above lets nobody else in.
    return (
        item
        if path == item.path
        else replace(item, path=path, secret=True, mode=item.mode & 0o555)
    )


def _moved(mounts: Iterable[Mount], moved: dict[str, str]) -> Iterator[Mount]:
    for item in mounts:
        bound = item.kind == "bind" and item.source
        yield (
            replace(item, source=_place(item.source, moved))
            if bound and item.source
            else item
        )


def _notes(
    files: Iterable[File], moved: dict[str, str], services: Iterable[Service]
) -> Iterator[Note]:
    for old, new in moved.items():
        owner = next(
            (
                item.name
                for item in services
                for mount in item.mounts
                if normpath(mount.source or "") == old
            ),
            "",
        )
        origin = next(
            (
                item.origin
                for item in files
                if item.path == old or item.path.startswith(f"{old}/")
            ),
            None,
        )
        yield note(
            "TC508",
            origin,
            subject=ModelPath.service(owner, "volumes") if owner else ROOT,
            old=old,
            new=new,
        )
