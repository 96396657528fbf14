"""Relative paths of the source, seen from the folder that the compose files are written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.model import Build, EnvFile, File, Mount, Resource, Service, Stack
from tocompose.record import replace

# The files that a build needs beside its context, where tocompose generates them.
_DOCKERFILE = "Dockerfile"


def placed(stack: Stack, up: str, back: str) -> Stack:
    """The stack with each relative path of the source made right for the output folder.

    `up` leads from the output folder to the source (`../`, empty when they are the same), `back` from the source to the
    output folder (`deploy/`). Files that are generated beside the compose files keep their paths.
    """
    if not up:
        return stack
    own = frozenset(item.path for item in stack.files)
    return replace(
        stack,
        files=tuple(_file(item) if _DOCKERFILE in own else item for item in stack.files),
        services=tuple(_service(item, up, back, own) for item in stack.services),
        configs=_resources(stack.configs, up, own),
        secrets=_resources(stack.secrets, up, own),
    )


def _file(item: File) -> File:
    """`.dockerignore` is looked for in the context; BuildKit also takes it from beside the Dockerfile."""
    return (
        replace(item, path=f"{_DOCKERFILE}.dockerignore")
        if item.path == ".dockerignore"
        else item
    )


def path(text: str, up: str, own: frozenset[str] = frozenset()) -> str:
    """A path of the source as the output folder sees it; absolute paths, variables and generated files stay."""
    if (
        text.startswith(("/", "~", "$"))
        or "://" in text
        or text.removeprefix("./") in own
        or _is_drive(text)
    ):
        return text
    if any(
        item.startswith(text.removeprefix("./").rstrip("/") + "/") for item in own
    ) and text not in (".", "./"):
        return text
    rest = text.removeprefix("./") if text != "." else ""
    return (up + rest).rstrip("/") if rest in ("", "/") else up + rest


def _is_drive(text: str) -> bool:
    return text[1:2] == ":" and text[:1].isalpha()


def _service(service: Service, up: str, back: str, own: frozenset[str]) -> Service:
    return replace(
        service,
        build=_build(service.build, up, back, own) if service.build else None,
        mounts=tuple(_mount(item, up, own) for item in service.mounts),
        env_files=tuple(_env_file(item, up, own) for item in service.env_files),
        security=replace(
            service.security,
            security_opt=tuple(
                _profile(item, up, own) for item in service.security.security_opt
            ),
        ),
        options=_options(service.options, up, own),
        overlays={
            home: _service(overlay, up, back, own)
            for home, overlay in service.overlays.items()
        },
    )


def _mount(item: Mount, up: str, own: frozenset[str]) -> Mount:
    return (
        replace(item, source=path(item.source, up, own))
        if item.kind == "bind" and item.source
        else item
    )


def _env_file(item: EnvFile, up: str, own: frozenset[str]) -> EnvFile:
    return replace(item, path=path(item.path, up, own))


def _profile(option: str, up: str, own: frozenset[str]) -> str:
    """`seccomp=FILE`; `unconfined` and `builtin` are no files."""
    key, equals, value = option.partition("=")
    is_file = equals and key == "seccomp" and value not in ("unconfined", "builtin")
    return f"{key}={path(value, up, own)}" if is_file else option


def _options(options: Mapping[str, Any], up: str, own: frozenset[str]) -> Mapping[str, Any]:
    files = options.get("label_file")
    return (
        {**options, "label_file": [path(item, up, own) for item in files]}
        if isinstance(files, list)
        else options
    )


def _build(build: Build, up: str, back: str, own: frozenset[str]) -> Build:
    """The build with its context; a generated Dockerfile lies in the output folder, seen from the context."""
    dockerfile = build.dockerfile or _DOCKERFILE
    generated = dockerfile.removeprefix("./") in own and build.context in (".", "./")
    return replace(
        build,
        context=path(build.context, up),
        dockerfile=back + dockerfile if generated else build.dockerfile,
    )


def _resources(
    items: Iterable[Resource], up: str, own: frozenset[str]
) -> tuple[Resource, ...]:
    return tuple(
        replace(item, file=path(item.file, up, own)) if item.file else item
        for item in items
    )
