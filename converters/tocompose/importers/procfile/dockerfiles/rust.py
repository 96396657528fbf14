"""What the Dockerfile of a Rust app needs."""

from __future__ import annotations

import re

from tocompose.importers.procfile.dockerfiles.generate import (
    Brief,
    Facts,
    system_packages,
    told,
)
from tocompose.importers.procfile.dockerfiles.suites import packages, suite, tag
from tocompose.knowledge.versions import default_version


def facts(brief: Brief) -> Facts:
    """The facts of rust.j2."""
    repository = brief.repository
    cargo = repository.toml("Cargo.toml")
    package = cargo.get("package", {}) if isinstance(cargo.get("package"), dict) else {}
    version = _version(brief, package)
    lock = repository.project.read("Cargo.lock") is not None
    if not lock:
        what, command = "Cargo.toml stands without Cargo.lock", "cargo generate-lockfile"
        repository.say(
            "TC357", None, subject="files.Dockerfile", what=what, command=command
        )
    name = str(package.get("name") or "app")
    release = suite("rust", version) or "bookworm"
    found = system_packages(brief, "rust")
    return {
        "image": tag("rust", version),
        "release": release,
        "build_packages": packages(
            release, ("libssl-dev", "pkg-config", *found["build_packages"])
        ),
        "run_packages": packages(
            release, ("ca-certificates", "libssl3", *found["run_packages"])
        ),
        "locked": " --locked" if lock else "",
        "default_command": (f"target/release/{name}",),
        "dev_command": ("cargo", "run"),
    }


def _version(brief: Brief, package: dict[str, object]) -> str:
    """The toolchain: a number from rust-toolchain(.toml), then rust-version; a channel such as stable is the newest."""
    tool = brief.repository.toml("rust-toolchain.toml").get("toolchain", {})
    stated = [
        str(tool.get("channel", "")) if isinstance(tool, dict) else "",
        (brief.repository.text("rust-toolchain") or "").strip(),
        str(package.get("rust-version") or ""),
    ]
    for text in stated:
        if match := re.fullmatch(r"(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)", text):
            return match[1]
    told(
        brief, "Rust", default_version("rust"), "no version is named", "rust-toolchain.toml"
    )
    return default_version("rust")
