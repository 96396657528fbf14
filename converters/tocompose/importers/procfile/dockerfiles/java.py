"""What the Dockerfile of a Java or Scala app needs."""

from __future__ import annotations

import re

from tocompose.importers.procfile.dockerfiles import versions
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts, told
from tocompose.importers.procfile.dockerfiles.versions import File, Version
from tocompose.importers.procfile.repository import Repository
from tocompose.knowledge.versions import default_version
from tocompose.ledger import Cursor

_FILES = (
    File(
        "system.properties",
        r"^java\.runtime\.version\s*[=:]\s*(?:[a-z]+-)?(\d{1,9}(?:\.\d{1,9})*)",
    ),
    File(".java-version", r"^(\d{1,9}(?:\.\d{1,9})*)"),
    File(".tool-versions", r"^java\s+\D*(\d{1,9}(?:\.\d{1,9})*)"),
)
_POM = r"<(?:java\.version|maven\.compiler\.release|release|maven\.compiler\.source)>\s*(\d{1,9}(?:\.\d{1,9})?)\s*<"
_GRADLE = r"languageVersion\s*[.=(]+\s*(?:set\()?\s*JavaLanguageVersion\.of\(\s*(\d{1,9})"
_OLDEST = 8
# As an argument of the app's own JVM: in JAVA_TOOL_OPTIONS the build tool's JVM would take the port first.
_DEBUG = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005"


def facts(brief: Brief) -> Facts:
    """The facts of java.j2."""
    repository = brief.repository
    version = _version(repository)
    if not version.why:
        version = Version(
            default_version("java"),
            "it is the newest with long-term support that the platform defaults to",
        )
        told(brief, "Java", version.text, version.why, "system.properties")
    tool = _tool(repository)
    return {
        "version": version.text,
        "jdk": f"{tool['image']}{version.text}"
        if "image" in tool
        else f"eclipse-temurin:{version.text}-jdk",
        "runtime": f"eclipse-temurin:{version.text}-jre",
        "copied": _copied(repository, tool["files"]),
        **{key: tool.get(key, "") for key in ("fetch", "package", "sbt")},
        "default_command": ("sh", "-c", f"exec java -jar {tool['jar']}"),
        "dev_command": _development(brief, tool),
    }


def _version(repository: Repository) -> Version:
    candidates: list[tuple[Version, Cursor | None]] = list(
        versions.from_files(repository, _FILES, "java")
    )
    for path, pattern in (
        ("pom.xml", _POM),
        ("build.gradle", _GRADLE),
        ("build.gradle.kts", _GRADLE),
    ):
        match = re.search(pattern, repository.text(path) or "")
        if match:
            candidates.append((Version(match[1], f"{path} says so"), None))
    return versions.choose(candidates, Version("", ""), _major)


def _major(text: str) -> str:
    """The feature release: `1.8` is 8; there are no images older than 8."""
    parts = text.split(".")
    major = int(parts[1] if parts[0] == "1" and len(parts) > 1 else parts[0])
    return str(max(major, _OLDEST))


def _tool(repository: Repository) -> dict[str, str]:
    has = repository.project.read
    if has("pom.xml") is not None:
        program = "sh ./mvnw" if has("mvnw") is not None else "mvn"
        found = {
            "files": "pom.xml mvnw .mvn",
            "fetch": f"{program} --batch-mode dependency:go-offline",
        }
        found |= {
            "package": f"{program} --batch-mode -DskipTests package",
            "jar": "target/*.jar",
        }
        return (
            found
            if program != "mvn"
            else {**found, "image": f"maven:{default_version('maven')}-eclipse-temurin-"}
        )
    if has("build.sbt") is not None:
        properties = repository.text("project/build.properties") or ""
        match = re.search(r"sbt\.version\s*=\s*([\d.]+)", properties)
        return {
            "files": "",
            "package": "sbt stage",
            "jar": "target/universal/stage/lib/*.jar",
            "sbt": match[1] if match else default_version("sbt"),
        }
    program = "sh ./gradlew" if has("gradlew") is not None else "gradle"
    text = (repository.text("build.gradle") or "") + (
        repository.text("build.gradle.kts") or ""
    )
    task = "stage" if re.search(r"\bstage\b", text) else "build -x test"
    found = {
        "files": "gradlew gradle build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties"
    }
    found |= {"package": f"{program} --no-daemon {task}", "jar": "build/libs/*.jar"}
    return (
        found
        if program != "gradle"
        else {**found, "image": f"gradle:{default_version('gradle')}-jdk"}
    )


def _copied(repository: Repository, names: str) -> tuple[tuple[str, bool], ...]:
    """Which of the build tool's files the repository has, and which of them are folders."""
    found = []
    for name in names.split():
        if repository.project.exists(name):
            found.append((name, repository.project.read(name) is None))
    return tuple(found)


def _development(brief: Brief, tool: dict[str, str]) -> tuple[str, ...]:
    if not brief.uses("spring-boot-starter", "spring-boot-starter-web"):
        return ()
    if "mvn" in tool["package"]:
        program = tool["package"].split(" --batch-mode")[0].split()
        return (*program, "spring-boot:run", f"-Dspring-boot.run.jvmArguments={_DEBUG}")
    return (*tool["package"].split(" --no-daemon")[0].split(), "bootRun")
