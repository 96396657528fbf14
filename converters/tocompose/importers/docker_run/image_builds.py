"""`docker build` and `docker tag`: the images that a script makes for its containers."""

from __future__ import annotations

import re
from typing import Any

from tocompose.compose.relative_paths import into_folder, with_build_paths
from tocompose.importers.docker_run.facts import UNKNOWN_SERVICE, Facts, read_facts
from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.options import flag_rows, parse_command_line
from tocompose.knowledge.images import image_ref
from tocompose.model import Build
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.syntax.host_paths import (
    is_relative_context,
    is_relative_path,
    rebased_context,
)

# What docker takes for a context and not for a Dockerfile where it reads its standard input.
_ARCHIVE = regex(r"\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$")


def image_key(reference: str) -> str:
    """The reference as the engine writes it: with its tag, without the registry of Docker Hub."""
    if "$" in reference:
        return reference
    parts = image_ref(reference)
    if parts is None or parts.digest:
        return reference
    return f"{parts.name}:{parts.tag or 'latest'}"


def read_builds(invocation: Invocation) -> dict[str, Build]:
    """The image tags that a `docker build` makes, each with its build section, as the script's folder sees it."""
    line = parse_command_line(invocation.arguments, flag_rows("build"), interspersed=True)
    tags = [tag.text for tag in line.values_of("--tag")]
    tags = tags or list(filter(None, [invocation.alias]))
    if not line.operands or not tags:
        return {}
    facts = Facts(read_facts(line.options, UNKNOWN_SERVICE, "build"))
    facts.pop("tags")
    # The stack declares them; `x-secrets` is what the build says of them until it is made.
    secrets = facts.values("secrets")
    named_secrets = {"secrets": [secret.name for secret in secrets], "x-secrets": secrets}
    context = _with_scheme(line.operands[0].take(UNKNOWN_SERVICE))
    dockerfile = facts.last("dockerfile")
    file = _dockerfile_of(invocation, context, dockerfile)
    if file is None:
        line.operands[0].annotate("TC084", command=f"{invocation.tool} build")
        return {}
    dockerfile, piped = file
    context = "." if context == "-" else context
    target, arguments = facts.last("target"), facts.entries("args")
    # What no field of its own takes.
    options = with_build_paths(facts.remaining(), into_folder(invocation.directory))
    build = Build(
        context=rebased_context(context, invocation.directory),
        dockerfile=dockerfile and _below_context(context, dockerfile),
        target=target,
        args={name: variable.value for name, variable in arguments.items()},
        options={**options, **piped, **(named_secrets if secrets else {})},
        origin=invocation.span,
    )
    return {tag: _with_tags(build, tags, tag) for tag in tags}


def _dockerfile_of(
    invocation: Invocation, context: str, dockerfile: str | None
) -> tuple[str | None, dict[str, Any]] | None:
    """The path of the Dockerfile, or the text that the build reads from its standard input.

    None where the script does not say what it reads, or it is an archive that holds the context too.
    """
    file = invocation.input_file
    if "-" not in (context, dockerfile):
        return dockerfile, {}
    if invocation.stdin is not None:
        return None, {"dockerfile_inline": invocation.stdin.take(UNKNOWN_SERVICE)}
    if file is None:
        return None
    if _ARCHIVE.search(file.text):
        file.mark_noted("TC084")
        return None
    return file.take(UNKNOWN_SERVICE), {}


def _with_tags(build: Build, tags: list[str], image: str) -> Build:
    """The build with the tags that its image has beside the one that the service names."""
    more_tags = [tag for tag in dict.fromkeys(tags) if tag != image]
    return (
        replace(build, options={**build.options, "tags": more_tags}) if more_tags else build
    )


def _with_scheme(context: str) -> str:
    """The context with the scheme that docker adds to `github.com/…`, so that nobody takes it for a folder.

    https://docs.docker.com/build/concepts/context/#git-repositories
    """
    repository = re.fullmatch(r"github\.com/([^#]+?)(?:\.git)?(#.*)?", context)
    return (
        f"https://github.com/{repository[1]}.git{repository[2] or ''}"
        if repository
        else context
    )


def _below_context(context: str, dockerfile: str) -> str:
    """The Dockerfile's path as Compose wants it: relative to the context, where `docker build -f` means the folder."""
    base = "" if context in (".", "./") else context.rstrip("/") + "/"
    if dockerfile.startswith(base):
        return dockerfile[len(base) :].removeprefix("./")
    if not is_relative_path(dockerfile) or not is_relative_context(context):
        return dockerfile
    depth = len([folder for folder in context.split("/") if folder not in ("", ".")])
    return "../" * depth + dockerfile.removeprefix("./")
