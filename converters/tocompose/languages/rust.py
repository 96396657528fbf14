"""Rust: crates, toolchains, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from tocompose.languages import versions
from tocompose.languages.language import (
    DockerfileFacts,
    DockerfileInput,
    Language,
    note_missing_lock,
)
from tocompose.languages.versions import debian_release, slim_image
from tocompose.patterns import regex
from tocompose.repository import Repository, StatedVersion, map_at
from tocompose.syntax.model_path import ModelPath

# Commands that run the toolchain itself.
_RUNS_TOOL = regex(r"(?:^|[\s;&|(])cargo\s")


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    for name, value in map_at(repository.read_toml("Cargo.toml"), "dependencies").items():
        yield name, "Cargo.toml"
        for feature in value.get("features", ()) if isinstance(value, dict) else ():
            if isinstance(feature, str):
                yield f"{name}-{feature}", "Cargo.toml"


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    package = map_at(repository.read_toml("Cargo.toml"), "package")
    version = _choose_version(repository, str(package.get("rust-version") or ""))
    number = version.number
    lock = repository.has_file("Cargo.lock")
    if not lock:
        problem = "Cargo.toml has no Cargo.lock"
        note_missing_lock(repository, problem, "cargo generate-lockfile")
    return DockerfileFacts(
        image=slim_image("rust", number),
        version_reason=version.reason,
        default_command=(f"target/release/{package.get('name') or 'app'}",),
        development_command=("cargo", "run"),
        template={
            "release": debian_release("rust", number) or "bookworm",
            "locked": " --locked" if lock else "",
            "tools": any(map(_RUNS_TOOL.search, source.commands)),
        },
    )


def _choose_version(repository: Repository, minimum: str) -> StatedVersion:
    """The toolchain: a number from rust-toolchain(.toml), then rust-version; a channel such as stable is the newest."""
    toolchain = map_at(repository.read_toml("rust-toolchain.toml"), "toolchain")
    legacy_file = (repository.read_text("rust-toolchain") or "").strip()
    stated_texts = {
        "rust-toolchain.toml": str(toolchain.get("channel", "")),
        "rust-toolchain": legacy_file,
        "rust-version in Cargo.toml": minimum,
    }
    stated = (
        StatedVersion(text, f"{origin} says so") for origin, text in stated_texts.items()
    )
    for candidate in chain(versions.platform_versions(repository, "rust"), stated):
        text = candidate.number
        if re.fullmatch(r"\d{1,9}\.\d{1,9}(?:\.\d{1,9})?", text):
            if candidate.cursor is not None:
                candidate.cursor.take(to=ModelPath.of("files", "Dockerfile"))
            return candidate
        if text:
            # https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file
            reason = f"the source asks for {text}, which rustup installs during the build"
            return versions.use_default(repository, "rust", reason)
    return versions.use_default(repository, "rust")


LANGUAGE = Language(read_libraries=_read_libraries, dockerfile_facts=_dockerfile_facts)
