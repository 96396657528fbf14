"""Relative paths of the source as they are seen from the folder of the compose files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import normpath

from tocompose.compose.relative_paths import (
    PathChange,
    with_build_paths,
    with_device_path,
    with_service_paths,
)
from tocompose.model import (
    Build,
    EnvFile,
    File,
    FileResource,
    Mount,
    Service,
    Stack,
    Volume,
)
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import record, replace
from tocompose.syntax.host_paths import (
    is_relative_context,
    is_relative_path,
    seccomp_profile,
)

# What tocompose writes beside the Dockerfile and no image needs.
OWN_FILES = (
    "secrets",
    "Dockerfile*",
    "docker-compose*.yml",
    "MIGRATION.md",
    "migration.json",
)
# One file that is copied, without `--from`.
_COPY = regex(rb"^(COPY )([^\s-]\S*)( \S+)$", re.MULTILINE)
# The name of the output folder as a context of a build from elsewhere.
_CONTEXT = "generated"
# The files that a build needs beside its context, where tocompose generates them.
_DOCKERFILE = "Dockerfile"


def rebase_paths(stack: Stack, to_source: str, to_output: str) -> Stack:
    """The stack with each relative path of the source made right for the output folder.

    `to_source` leads from the output folder to the source (`../`, empty when they are the same), `to_output` from the
    source to the output folder (`deploy/`). Files that are generated beside the compose files keep their paths.
    """
    if not to_source:
        return stack
    generated = frozenset(file.path for file in stack.files)
    rebase = _Rebase(to_source=to_source, to_output=to_output, generated=generated)
    return replace(
        stack,
        files=tuple(map(rebase.generated_file, stack.files)),
        services=tuple(map(rebase.service, stack.services)),
        development=tuple(map(rebase.service, stack.development)),
        volumes=tuple(map(rebase.volume, stack.volumes)),
        configs=rebase.resources(stack.configs),
        secrets=rebase.resources(stack.secrets),
    )


# The notes whose place in the source says another path than the written file.
_AS_IN_SOURCE = frozenset({"TC609", "TC681"})


def rebase_notes(notes: Iterable[Note], stack: Stack, rebased: Stack) -> list[Note]:
    """What practices say of a stack, with the paths of mounts and env files as its files name them."""
    paths = dict(zip(_named_paths(stack), _named_paths(rebased), strict=True))
    paths = {
        old: new
        for old, new in paths.items()
        if old.startswith(("./", "../")) and old != new
    }
    if not paths:
        return list(notes)
    alternatives = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
    path_word = re.compile(rf"(?<![\w./])(?:{alternatives})(?![\w/-]|\.\w)")

    def changed(text: str) -> str:
        return path_word.sub(lambda match: paths[match[0]], text)

    def with_both(text: str) -> str:
        return path_word.sub(
            lambda match: f"{match[0]} (in the written file {paths[match[0]]})", text
        )

    return [
        replace(
            note,
            message=(with_both if note.code in _AS_IN_SOURCE else changed)(note.message),
            advice=changed(note.advice),
        )
        for note in notes
    ]


def _named_paths(stack: Stack) -> list[str]:
    """The sources of all mounts and the env files, in order."""
    return [
        path
        for service in (*stack.services, *stack.development)
        for layer in (service, *service.overlays.values())
        for path in (
            *(mount.source or "" for mount in layer.mounts),
            *(env_file.path for env_file in layer.env_files),
        )
    ]


def _split_way_up(path: str) -> tuple[str, str]:
    """The `../` that a path begins with, and what follows."""
    name = path.lstrip("./") if path.startswith("../") else path
    return path[: len(path) - len(name)], name


@record
class _Rebase:
    """The way between the two folders, and what is made for each kind of path of it."""

    to_source: str
    to_output: str
    generated: frozenset[str]

    def path(self, text: str) -> str:
        """A path of the source as the output folder sees it; absolute paths, variables and generated files stay."""
        is_fixed = not is_relative_path(text) or self._is_generated(text)
        return text if is_fixed else self._from_output(text)

    def _from_output(self, text: str) -> str:
        relative = "" if text == "." else text.removeprefix("./")
        rebased = self.to_source + relative
        if "/../" in relative or relative.startswith("../"):
            rebased = normpath(rebased)
        return rebased.rstrip("/") if relative in ("", "/") else rebased

    def _is_generated(self, text: str) -> bool:
        """Whether the path is that of a generated file, or of a folder with one."""
        relative = text.removeprefix("./")
        if relative in self.generated:
            return True
        folder = relative.rstrip("/") + "/"
        return text not in (".", "./") and any(
            path.startswith(folder) for path in self.generated
        )

    def generated_file(self, file: File) -> File:
        """A file that builds read, for a context that is not the output folder.

        `.dockerignore` is looked for in the context; BuildKit also takes it from beside the Dockerfile. The Dockerfile
        finds generated files below the output folder.
        """
        names = (".dockerignore", f"{_DOCKERFILE}.dockerignore")
        if file.path in names and _DOCKERFILE in self.generated:
            # What lies outside of the context is in no build.
            beside = () if self._is_elsewhere else OWN_FILES
            own_paths = "".join(f"{self.to_output}{name}\n" for name in beside)
            return replace(
                file,
                path=f"{_DOCKERFILE}.dockerignore",
                content=file.content + own_paths.encode(),
            )
        if file.path == _DOCKERFILE and self.to_output:
            return replace(file, content=_COPY.sub(self._copied, file.content))
        return file

    def _copied(self, copy: re.Match[bytes]) -> bytes:
        """The instruction with the generated files of it below the output folder."""
        instruction, path, target = copy.groups()
        if path.decode() not in self.generated:
            return copy[0]
        if self._is_elsewhere:
            # The context has its name from the compose file, which the linter does not see.
            comment = b"# hadolint ignore=DL3022"
            return b"%s\nCOPY --from=%s %s%s" % (comment, _CONTEXT.encode(), path, target)
        return instruction + self.to_output.encode() + path + target

    @property
    def _is_elsewhere(self) -> bool:
        """Whether the output folder lies outside the source, where its build cannot look."""
        return self.to_output.startswith(("../", "/"))

    def service(self, service: Service) -> Service:
        """The service, with its overlays."""
        security = service.security
        profiles = tuple(map(self._security_option, security.security_opt))
        return replace(
            service,
            build=self._build(service.build) if service.build else None,
            mounts=tuple(map(self._mount, service.mounts)),
            env_files=tuple(map(self._env_file, service.env_files)),
            security=replace(security, security_opt=profiles),
            options=with_service_paths(service.options, self._change),
            overlays={
                role: self.service(overlay) for role, overlay in service.overlays.items()
            },
        )

    def _mount(self, mount: Mount) -> Mount:
        if mount.kind != "bind" or not mount.source:
            return mount
        return replace(mount, source=self.path(mount.source))

    def _env_file(self, env_file: EnvFile) -> EnvFile:
        return replace(env_file, path=self.path(env_file.path))

    def _security_option(self, option: str) -> str:
        profile = seccomp_profile(option)
        return option if profile is None else f"seccomp={self.path(profile)}"

    @property
    def _change(self) -> PathChange:
        return PathChange(self.path, self._context)

    def volume(self, volume: Volume) -> Volume:
        """The volume, with the folder that it is bound to."""
        body = {**volume.options, "driver": volume.driver}
        rebased = with_device_path(body, self._change)
        return replace(volume, options={key: rebased[key] for key in volume.options})

    def _build(self, build: Build) -> Build:
        """The build with its context; a generated Dockerfile lies in the output folder, seen from the context."""
        dockerfile = build.dockerfile or _DOCKERFILE
        build = replace(build, options=with_build_paths(build.options, self._change))
        is_generated = dockerfile.removeprefix("./") in self.generated
        if is_generated and build.context in (".", "./"):
            build = replace(build, dockerfile=self.to_output + dockerfile)
            if self._is_elsewhere and self._copies_generated():
                contexts = {"additional_contexts": {_CONTEXT: "."}}
                build = replace(build, options={**build.options, **contexts})
        way_up, name = _split_way_up(dockerfile)
        if way_up and name in self.generated:
            way_there = "" if self.to_output.startswith("/") else way_up
            build = replace(build, dockerfile=way_there + self.to_output + name)
        return replace(build, context=self._context(build.context))

    def _copies_generated(self) -> bool:
        """Whether an image holds generated files beside those that every build reads."""
        return any(path.endswith((".conf", ".users")) for path in self.generated)

    def _context(self, context: str) -> str:
        """A context is never generated, whatever lies in its folder."""
        return self._from_output(context) if is_relative_context(context) else context

    def resources(self, resources: Iterable[FileResource]) -> tuple[FileResource, ...]:
        """Configs or secrets, those from files with their paths."""
        return tuple(
            replace(resource, file=self.path(resource.file)) if resource.file else resource
            for resource in resources
        )
