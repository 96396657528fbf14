"""The image of each service: a stated one, a Dockerfile of the repository, or one that is written for its language."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from tocompose.dockerfiles import ignored_text
from tocompose.importers.procfile.app_folders import folder_repository
from tocompose.importers.procfile.health import StatedCheck, choose_healthcheck
from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.importers.procfile.image import (
    Image,
    ImageRequest,
    choose_images,
    find_runtime,
    folder_image,
    settle_dockerfiles,
)
from tocompose.importers.procfile.listening import configured_port
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import convert_command
from tocompose.importers.render.blueprint import Part, text_of
from tocompose.importers.render.commands import (
    has_dated_default,
    language_of,
    note_default_version,
    note_missing_programs,
    unusual_steps,
)
from tocompose.importers.render.go_builds import with_built_files
from tocompose.importers.render.versions import with_stated_versions
from tocompose.knowledge.images import LOCAL_TAG
from tocompose.knowledge.versions import default_version
from tocompose.languages import find_language, read_libraries
from tocompose.languages.go import module_name
from tocompose.languages.language import DockerfileInput
from tocompose.ledger import Cursor
from tocompose.model import Build, File, Healthcheck
from tocompose.readers.dockerfile import read_dockerfile
from tocompose.record import NamedTuple, replace
from tocompose.repository import Repository, nothing
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import identifier
from tocompose.tables import load

# Where the source lies on Render.
SOURCE_FOLDER = "/opt/render/project/src"


class ServiceImage(NamedTuple):
    """What a service runs in: the ports that its Dockerfile exposes, the command that a written image runs by itself,
    and the port that is `configured` in the file of its server."""

    image: Image
    exposed: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    configured: str = ""

    def healthcheck(self, render_part: Part, path: str, port: str) -> Healthcheck | None:
        """The check of a path by a program that is certain to be in the image."""
        process = Process("web", render_part.name, render_part.cursor, "", "web")
        return choose_healthcheck(StatedCheck(path=path), self.image, process, port)


class ServiceImages:
    """Makes the images; services of one folder and language share one."""

    def __init__(
        self, repository: Repository, render_parts: Iterable[Part], name: str
    ) -> None:
        self._repository = repository
        self._parts = tuple(render_parts)
        self._name = name
        self._written: dict[tuple[str, str], Image] = {}
        self._inputs: dict[tuple[str, str], DockerfileInput] = {}
        self._dated_defaults: set[tuple[str, str]] = set()
        self.files: dict[str, File] = {}

    def image_of(self, render_part: Part, variables: Mapping[str, str]) -> ServiceImage:
        """The image of a service."""
        stated = render_part.cursor.at("image", "url")
        if stated:
            text = stated.take(to=render_part.path.child("image")) or ""
            return ServiceImage(Image(text, None))
        remote = text_of(render_part.cursor.at("repo"))
        if remote and not self._is_own(remote):
            return self._remote_image(render_part, remote)
        render_part.cursor.at("repo").skip("it is the repository of the blueprint")
        render_part.cursor.at("branch").skip("the stack builds what is checked out")
        if render_part.runtime == "docker":
            return self._docker_image(render_part)
        if render_part.runtime == "static":
            return ServiceImage(self._static_image(render_part))
        image = self._language_image(render_part, variables)
        configured = self._configured_port(render_part)
        return ServiceImage(image, start=_start_of(image), configured=configured)

    def _configured_port(self, render_part: Part) -> str:
        """The port that the file of the service's server states."""
        root = posixpath.normpath(text_of(render_part.cursor.at("rootDir")) or ".")
        repository = self._repository
        if root != ".":
            repository = folder_repository(repository, root)
        return configured_port(repository, text_of(render_part.cursor.at("startCommand")))

    def _is_own(self, remote: str) -> bool:
        """Whether a repository is the blueprint's own, as far as its files tell."""
        name = remote.rstrip("/").removesuffix(".git").rpartition("/")[2]
        return identifier(name) == identifier(self._repository.project.name)

    def _remote_image(self, render_part: Part, remote: str) -> ServiceImage:
        path = render_part.path.child("build")
        render_part.cursor.at("repo").map(to=path)
        render_part.cursor.at("branch").map(to=path)
        branch = text_of(render_part.cursor.at("branch"))
        context = remote if remote.endswith(".git") else f"{remote.rstrip('/')}.git"
        build = Build(
            context=f"{context}#{branch}" if branch else context,
            dockerfile=self._dockerfile(render_part, "."),
        )
        return ServiceImage(Image(f"{identifier(render_part.name)}:{LOCAL_TAG}", build))

    def _dockerfile(self, render_part: Part, context: str) -> str | None:
        """The Dockerfile as seen from the context, which Render counts from the repository."""
        stated = render_part.cursor.at("dockerfilePath")
        path = posixpath.normpath(
            stated.take(to=render_part.path.child("build")) or "Dockerfile"
        )
        if text_of(render_part.cursor.at("rootDir")) and not path.startswith(context):
            path = posixpath.join(context, path)
        dockerfile_path = posixpath.relpath(path, context)
        return None if dockerfile_path == "Dockerfile" else dockerfile_path

    def _docker_image(self, render_part: Part) -> ServiceImage:
        path = render_part.path.child("build")
        root = render_part.cursor.at("rootDir").take(to=path) or "."
        context = posixpath.normpath(
            render_part.cursor.at("dockerContext").take(to=path) or root
        )
        dockerfile = self._dockerfile(render_part, context)
        written = posixpath.normpath(posixpath.join(context, dockerfile or "Dockerfile"))
        build = Build(
            context="." if context == "." else f"./{context}",
            dockerfile=dockerfile,
            origin=render_part.cursor.span,
        )
        name = identifier(f"{self._name}-{render_part.name}")
        image = Image(f"{name}:{LOCAL_TAG}", build, workdir="")
        content = self._repository.project.read(written)
        if content is None:
            span = render_part.cursor.span
            facts = {"source": span.file if span else "the blueprint", "file": written}
            self._repository.add_note("TC358", span, subject=path, **facts)
            return ServiceImage(image)
        stage = read_dockerfile(content, written).stage("")
        if stage is None:
            return ServiceImage(image)
        runtime = find_runtime(stage.root)
        image = image._replace(runtime=runtime, workdir=stage.workdir or "/")
        return ServiceImage(image, tuple(stage.exposed))

    def settle(self) -> None:
        """Says in which Dockerfile stands what was read for one, where each has a name of its own."""
        written = {folder: image for (folder, _), image in self._written.items()}
        settle_dockerfiles(self._repository, written)

    def _language_image(self, render_part: Part, variables: Mapping[str, str]) -> Image:
        root = (
            render_part.cursor.at("rootDir").take(to=render_part.path.child("build")) or ""
        )
        root = posixpath.normpath(root) if root else ""
        key = ("" if root == "." else root, render_part.runtime)
        if key not in self._written:
            self._written[key] = self._write_image(render_part, key, variables)
        if key in self._dated_defaults:
            note_default_version(self._repository, render_part)
        command = render_part.cursor.at("buildCommand")
        if command:
            self._add_build_steps(render_part, key)
        # A build of its own may bring programs, and make files.
        if not unusual_steps(text_of(command)):
            note_missing_programs(render_part, self._inputs[key])
        self._add_folder(render_part, key)
        return self._written[key]

    def _write_image(
        self, render_part: Part, key: tuple[str, str], variables: Mapping[str, str]
    ) -> Image:
        folder, language = key[0], language_of(render_part)
        notes_before = len(self._repository.ledger.notes)
        repository = self._repository
        if folder:
            repository = folder_repository(repository, folder)
        repository = with_stated_versions(repository, render_part)
        alike = [
            other_part
            for other_part in self._parts
            if other_part.runtime == render_part.runtime
        ]
        commands = [text_of(other_part.cursor.at("startCommand")) for other_part in alike]
        web = convert_command(commands[0]).argv if commands else ()
        source = DockerfileInput(
            repository=repository,
            commands=tuple(filter(None, commands)),
            web_arguments=tuple(plain(word) or "" for word in web),
            libraries=read_libraries(repository),
            packages=(),
            port=variables.get("PORT", "10000"),
            required=(),
            settings=variables,
            node_first=False,
            service=alike[0].name if alike else render_part.name,
        )
        self._inputs[key] = source
        request = ImageRequest(self._name, language, "auto", source, {}, "TC094")
        if folder:
            image = folder_image(repository, folder, request)
        else:
            image = choose_images(repository, _no_heroku(repository), request)[""]
        if has_dated_default(repository, language, notes_before):
            self._dated_defaults.add(key)
        self.files |= {file.path: file for file in image.files}
        return image

    def _add_build_steps(self, render_part: Part, key: tuple[str, str]) -> None:
        """Lets the Dockerfile run what the build command does beyond the usual."""
        command = render_part.cursor.at("buildCommand")
        text = text_of(command)
        command.map(to=render_part.path.child("build"))
        dockerfile = _dockerfile_of(self._written[key])
        steps = unusual_steps(text)
        if dockerfile is not None and render_part.runtime == "go" and not steps:
            self._add_go_files(dockerfile, text, self._inputs[key].repository)
        if dockerfile is None or not steps:
            return
        step_text = " && ".join(steps)
        subject = render_part.path.child("build")
        command.annotate(
            "TC835", subject=subject, object=render_part.name, command=step_text
        )
        insert_step = partial(_with_step, runtime=render_part.runtime)
        self._insert(dockerfile, f"RUN {step_text}\n", insert_step)

    def _add_go_files(self, dockerfile: File, command: str, repository: Repository) -> None:
        """Lets the Dockerfile make the files that the build command does, by their names."""
        content = self.files[dockerfile.path].content.decode()
        built = with_built_files(content, command, module_name(repository))
        self.files[dockerfile.path] = replace(dockerfile, content=built.encode())

    def _add_folder(self, render_part: Part, key: tuple[str, str]) -> None:
        """Makes the folder of a disk, which belongs to root otherwise: a volume takes its owner from the image."""
        target = text_of(render_part.cursor.at("disk", "mountPath"))
        dockerfile = _dockerfile_of(self._written[key])
        if dockerfile is None or not target or target.startswith(SOURCE_FOLDER):
            return
        folder = shlex.quote(target)
        line = f"RUN mkdir -p {folder} && chown 1000:1000 {folder}"
        self._insert(dockerfile, line, _with_folder)

    def _insert(
        self, dockerfile: File, line: str, insert: Callable[[str, str], str]
    ) -> None:
        """Puts a line into a Dockerfile that has it not yet: one that several parts share."""
        content = self.files[dockerfile.path].content.decode()
        if line not in content:
            content = insert(content, line)
            self.files[dockerfile.path] = replace(dockerfile, content=content.encode())

    def _static_image(self, render_part: Part) -> Image:
        """Pages that a build makes, behind a web server."""
        path = render_part.path.child("build")
        root = posixpath.normpath(render_part.cursor.at("rootDir").take(to=path) or ".")
        published = render_part.cursor.at("staticPublishPath").take(to=path) or "."
        command = render_part.cursor.at("buildCommand").take(to=path) or ""
        folder = posixpath.normpath(posixpath.join("/app", published))
        source = (
            folder_repository(self._repository, root) if root != "." else self._repository
        )
        base = _node_image(with_stated_versions(source, render_part))
        versions = load("render/plans")["versions"]
        names = sorted(name for name in _entry_names(render_part) if name not in versions)
        lines = [
            f"FROM {base} AS build",
            "WORKDIR /app",
            "COPY . .",
            *(f"ARG {name}" for name in names),
            *([f"RUN {command}"] if command else []),
            "",
            f"FROM nginx:{default_version('nginx')}-alpine",
            *self._routes(render_part),
            f"COPY --from=build {folder} /usr/share/nginx/html",
            "EXPOSE 80",
        ]
        name = f"Dockerfile.{render_part.name}"
        content = "\n".join(lines) + "\n"
        self.files[name] = File(
            path=name, content=content.encode(), origin=render_part.cursor.span
        )
        # BuildKit reads the file that is named after the Dockerfile: whatever the build copies may be served.
        ignored = ignored_text(source, "static", content).encode()
        self.files[f"{name}.dockerignore"] = File(
            path=f"{name}.dockerignore", content=ignored, origin=render_part.cursor.span
        )
        dockerfile = posixpath.relpath(name, root)
        build = Build(
            context="." if root == "." else f"./{root}",
            dockerfile=dockerfile,
            origin=render_part.cursor.span,
        )
        reference = identifier(f"{self._name}-{render_part.name}")
        return Image(f"{reference}:{LOCAL_TAG}", build, runtime="static", workdir="")

    def _routes(self, render_part: Part) -> list[str]:
        """The pages of an app that does its own routing: each address that is no file gets the first page."""
        rules = list(render_part.cursor.at("routes"))
        rewrites = [
            rule for rule in rules if text_of(rule.at("destination")) == "/index.html"
        ]
        for rule in rules:
            if _is_first_page(rule):
                for key in ("type", "source"):
                    rule.at(key).skip("each address that is no file gets the first page")
                rule.at("destination").map(to=render_part.path.child("build"))
                continue
            fields = " ".join(
                f"{env_entry.key}: {text_of(env_entry)}" for env_entry in rule
            )
            rule.note(
                "TC830",
                subject=render_part.path,
                object=render_part.name,
                fields=f"routes {fields}",
            )
        if not rewrites:
            return []
        rule_text = "server { listen 80; root /usr/share/nginx/html; location / { try_files $uri $uri/ /index.html; } }"
        return [f"RUN printf '%s' '{rule_text}' > /etc/nginx/conf.d/default.conf"]


def _entry_names(render_part: Part) -> set[str]:
    """The names of a service's own variables."""
    names = {text_of(env_entry.at("key")) for env_entry in render_part.cursor.at("envVars")}
    return names - {""}


def _node_image(repository: Repository) -> str:
    """The image of Node.js that the repository, or a variable, asks for."""
    source = DockerfileInput(repository, (), (), (), (), "80", (), {}, False)
    return find_language("node").dockerfile_facts(source).image


def _no_heroku(repository: Repository) -> HerokuYml:
    empty = nothing(repository.ledger)
    return HerokuYml(empty, (), empty, empty, empty, (), ())


def _is_first_page(rule: Cursor) -> bool:
    """Whether an address that is no file gets the first page."""
    is_rewrite = text_of(rule.at("type")) in ("", "rewrite")
    return is_rewrite and text_of(rule.at("destination")) == "/index.html"


def _dockerfile_of(image: Image) -> File | None:
    """The Dockerfile that is written for the image."""
    files = (file for file in image.files if "Dockerfile" in file.path)
    return next((file for file in files if "ignore" not in file.path), None)


def _start_of(image: Image) -> tuple[str, ...]:
    """The words of the command that the written image runs by itself."""
    dockerfile = _dockerfile_of(image)
    if dockerfile is None:
        return ()
    stage = read_dockerfile(dockerfile.content, dockerfile.path).stage("")
    start = stage.cmd if stage else None
    return () if start is None or start.shell else tuple(start.words)


def _with_folder(dockerfile: str, line: str) -> str:
    """The Dockerfile with a step of root's: in the stage below all others, or else in the last one."""
    head, mark, tail = dockerfile.partition("\nWORKDIR ")
    if " AS base\n" not in head:
        head, mark, tail = dockerfile.rpartition("\nUSER ")
    return f"{head}\n{line}{mark}{tail}" if mark else dockerfile


def _with_step(dockerfile: str, line: str, runtime: str) -> str:
    """The Dockerfile with one more step: where the source is built, or in what runs."""
    if runtime == "node" and "FROM base AS production" in dockerfile:
        return dockerfile.replace(
            "\nFROM base AS production", f"{line}\nFROM base AS production"
        )
    head, mark, tail = dockerfile.rpartition("\nEXPOSE ")
    return f"{head}\n{line.rstrip()}{mark}{tail}" if mark else f"{dockerfile}{line}"
