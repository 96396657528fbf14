"""What the `go build` of a build command makes, and how the Dockerfile makes it in the same place.

https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
"""

from __future__ import annotations

from posixpath import basename, normpath

from tocompose.importers.procfile.shell import parse_command
from tocompose.importers.render.commands import build_steps

# Flags of `go build` whose value is a word of its own.
_WITH_VALUE = frozenset(
    "-o -tags -ldflags -gcflags -asmflags -mod -modfile -p -buildmode -overlay".split()
)
_BUILDS = "RUN mkdir -p /out && "
_COPIES = "COPY --from=build /out/ /app/bin/\n"


def with_built_files(dockerfile: str, command: str, module_name: str) -> str:
    """The Dockerfile with the files that `go build` makes by the build command, where the start command finds them."""
    for step in build_steps(command):
        path = _built_file(step, module_name)
        line = f"RUN {_without_c(step, dockerfile)}\n"
        if not path or line in dockerfile or _BUILDS not in dockerfile:
            continue
        head, mark, tail = dockerfile.partition(_BUILDS)
        own_build, end_of_line, below = tail.partition("\n")
        dockerfile = f"{head}{mark}{own_build}{end_of_line}{line}{below}"
        copy = f"COPY --from=build /app/{path} /app/{path}\n"
        dockerfile = dockerfile.replace(_COPIES, _COPIES + copy)
    return dockerfile


def _without_c(step: str, dockerfile: str) -> str:
    """The step as the Dockerfile builds: without C, of which the image that runs has no libraries."""
    is_stated = "CGO_ENABLED" in step or "build-base" in dockerfile
    return step if is_stated else f"CGO_ENABLED=0 {step}"


def _built_file(step: str, module_name: str) -> str:
    """The file, or with a slash the folder, that a `go build` writes below the app; empty where it is another place."""
    parsed = parse_command(step)
    texts = [word.text for word in parsed.words if not word.assigns]
    if parsed.operators or texts[:2] != ["go", "build"]:
        return ""
    flags, packages = _split_arguments(texts[2:])
    output = flags.get("-o") or _default_file(packages, module_name)
    path = normpath(output) if output else ""
    if path.startswith(("/", "..")) or path == ".":
        return ""
    return f"{path}/" if output.endswith("/") else path


def _split_arguments(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """The flags with their values, and the packages behind them."""
    flags: dict[str, str] = {}
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        name, _, value = arguments[position].partition("=")
        position += 1
        if name in _WITH_VALUE and not value:
            value = "".join(arguments[position : position + 1])
            position += 1
        flags[name] = value
    return flags, arguments[position:]


def _default_file(packages: list[str], module_name: str) -> str:
    """What the file of one package is called; several are only checked."""
    if packages in ([], ["."]):
        return module_name
    is_one = len(packages) == 1 and "..." not in packages[0]
    return basename(packages[0].rstrip("/")).removesuffix(".go") if is_one else ""
