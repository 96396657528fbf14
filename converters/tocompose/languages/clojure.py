"""Clojure: libraries of Leiningen and deps.edn, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.languages import versions
from tocompose.languages.java import derive_jdbc_variables
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.patterns import regex
from tocompose.repository import Repository

_LEININGEN_LIBRARY = regex(r"\[\s*([\w.-]+(?:/[\w.-]+)?)\s+\"[^\"]+\"")
_DEPS_LIBRARY = regex(r"([\w.-]+/[\w.-]+)\s*\{\s*:(?:mvn|git|local)/")
_UBERJAR = regex(r":uberjar-name\s+\"([^\"]+)\"")


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    patterns = {"project.clj": _LEININGEN_LIBRARY, "deps.edn": _DEPS_LIBRARY}
    for file, pattern in patterns.items():
        for name in pattern.findall(repository.read_text(file) or ""):
            yield name.rpartition("/")[2], file


def _uberjar(repository: Repository) -> str:
    """The jar that holds all, where Leiningen is told to make one."""
    match = _UBERJAR.search(repository.read_text("project.clj") or "")
    return f"target/{match[1]}" if match else ""


def _default_command(repository: Repository) -> str:
    """https://github.com/heroku/heroku-buildpack-clojure: bin/release."""
    jar = _uberjar(repository)
    if jar:
        return f"java $JVM_OPTS -cp {jar} clojure.main -m {_main_namespace(repository)}"
    if repository.has_file("project.clj"):
        return "lein with-profile production trampoline run"
    return ""


def _main_namespace(repository: Repository) -> str:
    text = repository.read_text("project.clj") or ""
    match = re.search(r":main\s+(?:\^:skip-aot\s+)?([\w.-]+)", text)
    return match[1] if match else "core"


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    version = versions.choose_version(
        repository,
        "clojure",
        versions.read_version_files(repository, "clojure"),
        versions.dotted,
    )
    if version is None:
        version = versions.use_default(repository, "java")
    java = version.number.split(".")[0]
    uses_leiningen = repository.has_file("project.clj")
    tool = "lein" if uses_leiningen else "tools-deps"
    command = _default_command(repository) or "clojure -M -m core"
    return DockerfileFacts(
        image=f"clojure:temurin-{java}-{tool}-bookworm-slim",
        version_reason=version.reason,
        default_command=("sh", "-c", f"exec {command}"),
        template={
            "manifest": "project.clj" if uses_leiningen else "deps.edn",
            "fetch": "lein deps" if uses_leiningen else "clojure -P",
            "package": _package_step(repository),
            "runtime": f"eclipse-temurin:{java}-jre" if _uberjar(repository) else "",
        },
    )


def _package_step(repository: Repository) -> str:
    """As the platform builds: bin/build where there is one."""
    if repository.has_file("bin/build"):
        return "bash bin/build"
    if _uberjar(repository):
        return "lein uberjar"
    if repository.has_file("project.clj"):
        return "lein with-profile production compile :all"
    return ""


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
    derive_variables=derive_jdbc_variables,
)
