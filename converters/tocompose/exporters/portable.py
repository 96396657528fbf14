"""The stack's files under names that every system can hold, and mounts that show containers the names of the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath

from tocompose.exporters.file_names import portable, renamed
from tocompose.exporters.sound import Sound, every_part
from tocompose.model import EnvFile, Mount, Resource, Service, Stack
from tocompose.notes import note
from tocompose.record import replace
from tocompose.syntax.interpolation import literal, plain

# What is written beside the files of a stack, under either set of names.
_OWN = (
    *(
        ".env",
        ".env.example",
        ".gitignore",
        "MIGRATION.md",
        "migration.json",
        "config",
        "secrets",
    ),
    *(
        "docker-compose.yml",
        "docker-compose.override.yml",
        "docker-compose.prod.yml",
        "docker-compose.yaml",
    ),
    *("compose.yaml", "compose.yml", "compose.override.yaml", "compose.prod.yaml"),
)


def files_named_portably(stack: Stack) -> Sound:
    """The stack with every file inside the folder, under a name of its own that Linux, macOS and Windows take."""
    own = [
        name
        for name in _OWN
        if not any(item.path.startswith(f"{name}/") for item in stack.files)
    ]
    paths = [item.path for item in stack.files]
    every = portable(dict.fromkeys(paths), own)
    moved = {old: new for old, new in every.items() if old != new}
    if not moved:
        return Sound(stack)
    files = tuple(replace(item, path=every[item.path]) for item in stack.files)
    origins = {item.path: item.origin for item in stack.files}
    stack = every_part(stack, lambda owner, part: _part(part, every))
    notes = tuple(
        note(
            "TC779",
            next((origins[path] for path in moved if path.startswith(old)), None),
            old=old,
            new=new,
        )
        for old, new in renamed(moved)
    )
    return Sound(
        replace(
            stack,
            files=files,
            configs=tuple(_resource(item, every) for item in stack.configs),
            secrets=tuple(_resource(item, every) for item in stack.secrets),
        ),
        notes,
        frozenset(f"files.{old}" for old in moved),
    )


def _resource(item: Resource, every: Mapping[str, str]) -> Resource:
    return replace(item, file=_file(item.file, every)) if item.file else item


def _part(part: Service, every: Mapping[str, str]) -> Service:
    others = {item.target for item in part.mounts} | {
        item.target or "" for item in (*part.configs, *part.secrets)
    }
    mounts = tuple(found for item in part.mounts for found in _mounts(item, every, others))
    return replace(
        part,
        mounts=mounts,
        env_files=tuple(_env_file(item, every) for item in part.env_files),
    )


def _env_file(item: EnvFile, every: Mapping[str, str]) -> EnvFile:
    return replace(item, path=_file(item.path, every))


def _file(source: str, every: Mapping[str, str]) -> str:
    old = _known(source, every)
    return (
        source if old is None or every.get(old, old) == old else f"./{literal(every[old])}"
    )


def _known(source: str, every: Mapping[str, str]) -> str | None:
    """The file, or the folder of files, that a source in the stack stands for; None when it is none of the bundle's."""
    raw = (plain(source) or source).removeprefix("./").rstrip("/")
    folders = (path for path in (raw, normpath(raw) if raw else raw) if path)
    return next(
        (
            path
            for path in folders
            if path in every or any(each.startswith(f"{path}/") for each in every)
        ),
        None,
    )


def _mounts(item: Mount, every: Mapping[str, str], others: set[str]) -> Iterator[Mount]:
    """The mount; that of a folder with renamed files becomes a mount for each file, under the name of the source."""
    folder = _known(item.source, every) if item.kind == "bind" and item.source else None
    if folder is None:
        yield item
        return
    inside = {
        old[len(folder) :]: new
        for old, new in every.items()
        if f"{old}/".startswith(f"{folder}/")
    }
    bases = {
        new.removesuffix(rest) if new.endswith(rest) else None
        for rest, new in inside.items()
    }
    base = bases.pop()
    if not bases and base is not None:
        yield item if base == folder else replace(item, source=f"./{literal(base)}")
        return
    for rest, new in inside.items():
        target = item.target.rstrip("/") + literal(rest)
        if not rest.endswith("/.keep") and target not in others:
            yield replace(item, source=f"./{literal(new)}", target=target)
