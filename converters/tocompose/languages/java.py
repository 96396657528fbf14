"""Java and Scala: libraries, versions, build tools, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from tocompose.knowledge.servers import servers
from tocompose.knowledge.versions import default_version
from tocompose.languages import versions
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.patterns import regex
from tocompose.readers.xml import child_text, local_name, read_xml
from tocompose.record import NamedTuple
from tocompose.repository import Repository, StatedVersion
from tocompose.syntax.interpolation import parse

_OLDEST = 8
_POM_VERSIONS = (
    "java.version",
    "maven.compiler.release",
    "release",
    "maven.compiler.source",
)
_GRADLE_FILES = ("build.gradle", "build.gradle.kts")
_GRADLE_VERSION = regex(
    r"languageVersion\s*[.=(]+\s*(?:set\()?\s*JavaLanguageVersion\.of\(\s*(\d{1,9})"
)
_GRADLE_LIBRARY = regex(
    r"\b(?:implementation|runtimeOnly|compile|api)\b.*?[\"'][\w.-]+:([\w.-]+)"
)
# Without those for tests: `"org.scalatest" %% "scalatest" % "3.2" % Test`.
_SBT_LIBRARY = regex(r"^(?!.*Test).*?%%?\s*\"([\w.-]+)\"\s*%\s*\"")
_BEFORE_PASSWORD = regex(r"\w+://(\w+):")
_BEHIND_PASSWORD = regex(r"@([\w-]+:\d+/\w+)")
# sbt-native-packager makes the start script, which is named after the app, and one for Windows.
_STAGED_PROGRAM = "target/universal/stage/bin/*[!t]"
# As an argument of the app's own JVM: in JAVA_TOOL_OPTIONS the build tool's JVM would take the port first.
_DEBUGGER = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005"


class _BuildTool(NamedTuple):
    """How the app is built: in which image (empty: that of the JDK), from which files, by which steps, to which result.

    `development` are the words that run a Spring app from its source.
    """

    image: str
    files: tuple[str, ...]
    package: str
    jar: str
    development: tuple[str, ...]
    fetch: str = ""
    sbt: str = ""


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    for element in _pom_elements(repository):
        is_dependency = local_name(element) == "dependency"
        if is_dependency and child_text(element, "scope") != "test":
            yield child_text(element, "artifactId"), "pom.xml"
    for path in (*_GRADLE_FILES, "build.sbt"):
        for line in (repository.read_text(path) or "").splitlines():
            library = _GRADLE_LIBRARY.search(line) or _SBT_LIBRARY.search(line)
            if library:
                yield library[1], path


def _pom_elements(repository: Repository) -> Iterator[Element]:
    root = read_xml(repository.project.read("pom.xml") or b"")
    return root.iter() if root is not None else iter(())


def derive_jdbc_variables(kind: str, url: str) -> Mapping[str, str]:
    """What the buildpack derives from DATABASE_URL for plain JDBC and for Spring; the address holds user and password.

    https://github.com/heroku/heroku-buildpack-jvm-common/blob/main/opt/jdbc.sh
    """
    scheme = servers()[kind].get("jdbc")
    url_parts = [piece.source for piece in parse(url)]
    if scheme is None or len(url_parts) != 3:
        return {}
    access, password, server = url_parts
    user = _BEFORE_PASSWORD.fullmatch(access)
    database = _BEHIND_PASSWORD.fullmatch(server)
    if user is None or database is None:
        return {}
    sign = "&" if "?" in database[1] else "?"
    access_query = f"user={user[1]}&password={password}"
    values = {
        "URL": f"jdbc:{scheme}://{database[1]}{sign}{access_query}",
        "USERNAME": user[1],
        "PASSWORD": password,
    }
    return {
        f"{prefix}_{name}": value
        for prefix in ("JDBC_DATABASE", "SPRING_DATASOURCE")
        for name, value in values.items()
    }


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    version = versions.choose_version(
        repository, "java", _stated_versions(repository), _feature_release
    )
    if version is None:
        version = versions.use_default(repository, "java")
    tool = _find_build_tool(repository, version.number)
    is_spring = source.uses(
        "spring-boot-starter", "spring-boot-starter-web"
    ) or _uses_plugin(repository)
    jdk = f"eclipse-temurin:{version.number}-jdk"
    return DockerfileFacts(
        image=tool.image.replace("<version>", version.number) or jdk,
        version_reason=version.reason,
        default_command=("sh", "-c", f"exec java -jar {tool.jar}"),
        development_command=tool.development if is_spring else (),
        template={
            "runtime": f"eclipse-temurin:{version.number}-jre",
            "copied": tuple(_copied_files(repository, tool)),
            "fetch": tool.fetch,
            "package": tool.package,
            "sbt": tool.sbt,
        },
    )


def _default_command(repository: Repository) -> str:
    """https://github.com/heroku/heroku-buildpack-java, -gradle and -scala: bin/release."""
    names = {name for name, _ in _read_libraries(repository)}
    if repository.has_file("build.sbt"):
        return f"{_STAGED_PROGRAM} -Dhttp.port=$PORT" if _uses_play(repository) else ""
    if any(name.startswith("spring-boot") for name in names) or _uses_plugin(repository):
        jar = _find_build_tool(repository).jar
        return f"java -Dserver.port=$PORT $JAVA_OPTS -jar {jar}"
    return ""


def _uses_plugin(repository: Repository) -> bool:
    """Whether a Gradle build uses the plugin of Spring Boot."""
    scripts = "".join(repository.read_text(path) or "" for path in _GRADLE_FILES)
    return "org.springframework.boot" in scripts


def _uses_play(repository: Repository) -> bool:
    plugins = repository.read_text("project/plugins.sbt") or ""
    return "sbt-plugin" in plugins or "PlayScala" in (
        repository.read_text("build.sbt") or ""
    )


def _stated_versions(repository: Repository) -> Iterator[StatedVersion]:
    yield from versions.read_version_files(repository, "java")
    for element in _pom_elements(repository):
        text = (element.text or "").strip()
        is_version = re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text) is not None
        if local_name(element) in _POM_VERSIONS and is_version:
            yield StatedVersion(text, "pom.xml says so")
            break
    for path in _GRADLE_FILES:
        match = _GRADLE_VERSION.search(repository.read_text(path) or "")
        if match:
            yield StatedVersion(match[1], f"{path} says so")


def _feature_release(text: str) -> str:
    """The feature release: `1.8` is 8; there are no images older than 8."""
    numbers = text.split(".")
    is_old_form = numbers[0] == "1" and len(numbers) > 1
    return str(max(int(numbers[1] if is_old_form else numbers[0]), _OLDEST))


def _find_build_tool(repository: Repository, version: str = "") -> _BuildTool:
    """The tool of the build; without a file of any no step builds the app, as with the buildpack of the JVM alone."""
    if repository.has_file("pom.xml"):
        debugger = _DEBUGGER.replace("*:", "") if version == str(_OLDEST) else _DEBUGGER
        return _maven("sh ./mvnw" if repository.has_file("mvnw") else "mvn", debugger)
    if repository.has_file("build.sbt"):
        return _sbt(repository)
    if not any(map(repository.has_file, ("gradlew", *_GRADLE_FILES))):
        return _BuildTool(image="", files=(), package="", jar="app.jar", development=())
    program = "sh ./gradlew" if repository.has_file("gradlew") else "gradle"
    scripts = "".join(repository.read_text(path) or "" for path in _GRADLE_FILES)
    return _gradle(
        program, "stage" if re.search(r"\bstage\b", scripts) else "build -x test"
    )


def _sbt(repository: Repository) -> _BuildTool:
    properties = repository.read_text("project/build.properties") or ""
    match = re.search(r"sbt\.version\s*=\s*([\d.]+)", properties)
    return _BuildTool(
        image="",
        files=(),
        package="sbt stage",
        jar="target/universal/stage/lib/*.jar",
        development=(),
        sbt=match[1] if match else default_version("sbt"),
    )


def _gradle(program: str, task: str) -> _BuildTool:
    image = f"gradle:{default_version('gradle')}-jdk<version>"
    return _BuildTool(
        image=image if program == "gradle" else "",
        files=(
            "gradlew",
            "gradle",
            *_GRADLE_FILES,
            "settings.gradle",
            "settings.gradle.kts",
            "gradle.properties",
        ),
        package=f"{program} --no-daemon {task}",
        jar="build/libs/*.jar",
        development=(*program.split(), "bootRun"),
    )


def _maven(program: str, debugger: str) -> _BuildTool:
    image = f"maven:{default_version('maven')}-eclipse-temurin-<version>"
    return _BuildTool(
        image=image if program == "mvn" else "",
        files=("pom.xml", "mvnw", ".mvn"),
        package=f"{program} --batch-mode -DskipTests package",
        jar="target/*.jar",
        development=(
            *program.split(),
            "spring-boot:run",
            f"-Dspring-boot.run.jvmArguments={debugger}",
        ),
        fetch=f"{program} --batch-mode dependency:go-offline",
    )


def _copied_files(repository: Repository, tool: _BuildTool) -> Iterator[tuple[str, bool]]:
    """Which of the build tool's files the repository has, and which of them are folders."""
    for path in tool.files:
        if repository.project.exists(path):
            yield path, not repository.has_file(path)


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=_default_command,
    derive_variables=derive_jdbc_variables,
)
