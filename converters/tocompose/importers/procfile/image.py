"""The image that the app's processes run in: of an existing Dockerfile, a generated one, or a buildpack's."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath

from tocompose.dockerfiles import generate_dockerfile
from tocompose.importers.procfile.app_folders import folder_dockerfile, folder_files
from tocompose.importers.procfile.filled_folders import filled_folders
from tocompose.importers.procfile.heroku_yml import HerokuYml, Recipe
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.stage_files import OwnImage
from tocompose.knowledge.images import LOCAL_TAG
from tocompose.knowledge.wrappers import behind_wrappers
from tocompose.languages import language_rows
from tocompose.languages.language import APP_FOLDER, DockerfileInput
from tocompose.ledger import Cursor
from tocompose.model import Build, File, Healthcheck
from tocompose.patterns import regex
from tocompose.project import normal_path
from tocompose.readers.dockerfile import Dockerfile, Health, Stage, read_dockerfile
from tocompose.record import NamedTuple, replace
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, is_shell

# What starts a process type in an image that buildpacks have built.
LAUNCHER = ("launcher",)
# The names that people give the stage that a developer works in.
_DEVELOPMENT_STAGES = ("development", "dev", "devel", "local")
_ALPINE = ("*alpine*", "*busybox*")
# What a script does with the arguments that it runs: `exec "$@"`.
_RUNS_ARGUMENTS = regex(r"\$[@*]|\$\{[@*]|\bshift\b|\$1\b")


class Image(NamedTuple):
    """One image; `runtime` is the row of languages.yaml whose health commands run in it, empty when none is known to.

    `target` is the stage for development, `dev_command` what the web process runs there. `workdir` is where the source
    lies and `source` what is mounted there (empty: the build's context); `mountable` says that the image holds it as it
    is, `builds_source` that a build makes other files of it. `swallowing_entrypoint` runs no command behind it.
    `environment` is what its language's buildpack sets, where that is not the app's; `filled` are folders below
    `workdir` that its build fills, from outside of the source. `own_stage` is that of the source's own Dockerfile.
    """

    reference: str
    build: Build | None
    runtime: str = ""
    language: str = ""
    entrypoint: tuple[str, ...] | None = None
    healthcheck: Healthcheck | None = None
    exposed: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    workdir: str = APP_FOLDER
    target: str = ""
    mountable: bool = False
    generated: bool = False
    files: tuple[File, ...] = ()
    span: Span | None = None
    dev_command: tuple[str, ...] = ()
    builds_source: bool = False
    source: str = ""
    swallowing_entrypoint: str = ""
    environment: Mapping[str, str] = {}
    filled: tuple[str, ...] = ()
    own_stage: OwnImage | None = None

    @property
    def command_text(self) -> str:
        """What the source's own Dockerfile starts, as a shell reads it; empty where that is not known."""
        return self.own_stage.command_text if self.own_stage else ""

    def span_of_volume(self, path: str) -> Span | None:
        """Where the source's own Dockerfile declares one of the volumes."""
        spans = self.own_stage.stage.volume_spans if self.own_stage else {}
        return spans.get(path, self.span)

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables that the source's own Dockerfile sets."""
        return self.own_stage.stage.environment if self.own_stage else {}


class ImageRequest(NamedTuple):
    """What user and source say about the build: `mode` is auto, never or pack; `source` is for a generated file.

    `arguments` are the variables that the build gets, with what Compose makes their values of. `told_by` is the note on
    a Dockerfile that is written: what else can be done is another thing on another platform.
    """

    app_name: str
    language: str
    mode: str
    source: DockerfileInput
    arguments: Mapping[str, str | None]
    told_by: str = "TC354"

    @property
    def reference(self) -> str:
        """The name and tag of the app's one image."""
        return f"{identifier(self.app_name)}:{LOCAL_TAG}"


def choose_images(
    repository: Repository, heroku: HerokuYml, request: ImageRequest
) -> dict[str, Image]:
    """The images by heroku.yml's keys; the one image of all other repositories is under the empty key."""
    if heroku.recipes:
        return {
            recipe.key: _image_of_recipe(repository, heroku, recipe, request)
            for recipe in heroku.recipes
        }
    if repository.has_file("Dockerfile"):
        _settle_arguments(heroku.config, "")
        image = Image(request.reference, Build(), language=request.language)
        return {"": _read_image(repository, "Dockerfile", "", image)}
    if heroku.config:
        heroku.config.note("TC358", source=heroku.config.span.file, file="Dockerfile")
    return {"": _image_without_dockerfile(repository, request)}


def _image_of_recipe(
    repository: Repository, heroku: HerokuYml, recipe: Recipe, request: ImageRequest
) -> Image:
    """One entry of `build.docker`; the build's context is the Dockerfile's folder, as on the platform."""
    path = PurePosixPath(
        normal_path(recipe.dockerfile.peek() or "Dockerfile") or "Dockerfile"
    )
    build = _build_of_recipe(heroku, recipe, path)
    name = identifier(request.app_name)
    if recipe is not heroku.recipes[0]:
        name = f"{name}-{identifier(recipe.key)}"
    image = Image(
        f"{name}:{LOCAL_TAG}", build, language=request.language, span=build.origin
    )
    if repository.has_file(path.as_posix()):
        return _read_image(repository, path.as_posix(), build.target or "", image)
    subject = ModelPath.service(heroku.runner_of(recipe.key), "build")
    source = image.span.file if image.span else "the source"
    facts = {"source": source, "file": path.as_posix()}
    repository.add_note("TC358", image.span, subject=subject, **facts)
    return image


def _build_of_recipe(heroku: HerokuYml, recipe: Recipe, path: PurePosixPath) -> Build:
    runner = heroku.runner_of(recipe.key)
    build_path = ModelPath.service(runner, "build")
    is_usual_name = path.name == "Dockerfile"
    folder = path.parent.as_posix()
    if recipe.dockerfile:
        key = "context" if is_usual_name else "dockerfile"
        recipe.dockerfile.take(to=build_path.child(key))
    return Build(
        context="." if folder == "." else f"./{folder}",
        dockerfile=None if is_usual_name else path.name,
        target=recipe.target.take(to=build_path.child("target")) or None,
        args=_settle_arguments(heroku.config, runner),
        origin=recipe.dockerfile.span if recipe.dockerfile else None,
    )


def _settle_arguments(config: Cursor, key: str) -> dict[str, str | None]:
    """heroku.yml's `build.config`: build arguments, which the running container does not see."""
    arguments: dict[str, str | None] = {}
    for argument in config:
        name = argument.key
        if argument.kind != "leaf":
            argument.note("TC315", what=f"build.config.{name}", wanted="a string")
        elif key:
            value = argument.take(to=ModelPath.service(key, "build", "args", name))
            arguments[name] = literal(value or "")
        else:
            argument.skip("no image of heroku.yml is built")
    return arguments


def _read_image(repository: Repository, path: str, target: str, image: Image) -> Image:
    """The image with what its Dockerfile says."""
    dockerfile = read_dockerfile(repository.project.read(path) or b"", path)
    stage = dockerfile.stage(target)
    if stage is None:
        missing = target or "a last stage"
        repository.add_note("TC360", Span(path, 1, 1, 1, 1), file=path, target=missing)
        return image
    development_stage = _find_development_stage(dockerfile, stage)
    return image._replace(
        runtime=find_runtime(stage.root),
        healthcheck=_convert_health(stage.health),
        exposed=stage.exposed,
        volumes=stage.volumes,
        stop_signal=stage.stop_signal,
        workdir=(development_stage or stage).workdir.rstrip("/"),
        target=development_stage.name if development_stage else "",
        mountable=stage.holds_source,
        filled=tuple(filled_folders(repository, dockerfile, development_stage or stage)),
        dev_command=_stated_command(development_stage),
        span=image.span or stage.span,
        swallowing_entrypoint=swallowing_entrypoint(repository, stage),
        own_stage=OwnImage(path, stage),
    )


def find_image(images: Mapping[str, Image], process: Process) -> Image:
    """The image that a process runs in: its own, the one heroku.yml names, or the app's."""
    for key in (process.image, process.type, "web", ""):
        if key in images:
            return images[key]
    return next(iter(images.values()))


def find_runtime(base: str) -> str:
    """The language whose interpreter is certain to be in an image built on `base`."""
    name = base.rsplit("/", 2)[-1] if base.count("/") < 2 else base.split("/", 1)[1]
    plain_name = base.removeprefix("docker.io/").removeprefix("library/")
    for language, row in language_rows().items():
        pattern = row.get("base", "")
        fits = fnmatch(plain_name, pattern) or fnmatch(name, pattern)
        if pattern and fits and language != "static":
            return language
    return "go" if any(fnmatch(base, pattern) for pattern in _ALPINE) else ""


def _convert_health(health: Health | None) -> Healthcheck | None:
    """The Dockerfile's own check in Compose's form, so that it can be seen and changed there."""
    if health is None or health.command is None:
        return None
    kind = "CMD-SHELL" if health.command.shell else "CMD"
    options = health.options
    return Healthcheck(
        test=(kind, *map(literal, health.command.words)),
        interval=options.get("interval"),
        timeout=options.get("timeout"),
        retries=options.get("retries"),
        start_period=options.get("start-period"),
    )


def _find_development_stage(dockerfile: Dockerfile, final: Stage) -> Stage | None:
    stages = {
        stage.name.lower(): stage for stage in dockerfile.stages if stage is not final
    }
    for name in _DEVELOPMENT_STAGES:
        if name in stages:
            return dockerfile.stage(stages[name].name)
    return None


def _stated_command(stage: Stage | None) -> tuple[str, ...]:
    """The command that a stage states for itself."""
    if stage is None or stage.cmd is None or not stage.own_cmd:
        return ()
    return ("sh", "-c", *stage.cmd.words) if stage.cmd.shell else stage.cmd.words


def swallowing_entrypoint(repository: Repository, stage: Stage) -> str:
    """The entrypoint that would not run a command behind it, in words; empty where there is none, or where it does.

    A script of the repository is read for what it does with its arguments; one of the base image is trusted.
    """
    entrypoint = stage.entrypoint
    shown = " ".join(entrypoint.words) if entrypoint else ""
    if entrypoint is None or not shown or entrypoint.shell:
        return shown
    started_words = tuple(behind_wrappers(list(entrypoint.words)))
    if not started_words:
        return ""
    program = _entrypoint_program(started_words)
    script = _find_script(repository, program)
    if script is not None:
        return "" if _RUNS_ARGUMENTS.search(script) else shown
    return "" if "entrypoint" in program else shown


def _entrypoint_program(arguments: tuple[str, ...]) -> str:
    """The program's name; of a shell with a script the script's."""
    program, *options = arguments
    if is_shell(program) and options and not options[0].startswith("-"):
        program = options[0]
    return program.rsplit("/", 1)[-1]


def _find_script(repository: Repository, name: str) -> str | None:
    """The text of the script of that name, wherever in the repository it lies; None when there is none."""
    paths = (path for path in repository.project.files() if path.endswith(name))
    for path in sorted(paths, key=lambda path: path.count("/")):
        text = repository.read_text(path) or ""
        if path.rsplit("/", 1)[-1] == name and text.startswith("#!"):
            return text
    return None


def folder_image(repository: Repository, folder: str, request: ImageRequest) -> Image:
    """The image of a folder of its own, which is its build's context; `repository` is the folder's."""
    suffix = identifier(folder.replace("/", "-"))
    reference = f"{identifier(request.app_name)}-{suffix}:{LOCAL_TAG}"
    context = f"./{folder}"
    if repository.has_file("Dockerfile"):
        stated = Image(reference, Build(context=context), language=request.language)
        return _read_image(repository, "Dockerfile", "", stated)
    built_image = _image_without_dockerfile(repository, request)._replace(
        reference=reference
    )
    if built_image.build is None:
        return built_image
    way_up = "../" * (folder.count("/") + 1)
    dockerfile = f"{way_up}{folder_dockerfile(folder)}"
    build = replace(built_image.build, context=context, dockerfile=dockerfile)
    return built_image._replace(
        build=build,
        files=folder_files(built_image.files, folder),
        environment=language_rows()[request.language]["environment"],
    )


def settle_dockerfiles(repository: Repository, images: Mapping[str, Image]) -> None:
    """Says where what went into a Dockerfile stands, where each has a name of its own."""
    paths = [file.path for built_image in images.values() for file in built_image.files]
    named = [path for path in paths if path.startswith("Dockerfile.")]
    if "Dockerfile" not in paths and named:
        files = ModelPath.of("files")
        repository.ledger.move(files.child("Dockerfile"), files.child(named[0]))


def _image_without_dockerfile(repository: Repository, request: ImageRequest) -> Image:
    reference, language = request.reference, request.language
    if language and request.mode not in ("pack", "never"):
        return _generate_image(repository, request)
    if request.mode == "never":
        repository.add_note("TC383", subject=ModelPath.of("services"), name=reference)
        return Image(reference, Build(), language=language)
    why = (
        "you asked for buildpacks"
        if request.mode == "pack"
        else "no language was found in it that tocompose writes a Dockerfile for"
    )
    repository.add_note("TC355", subject=ModelPath.of("services"), name=reference, why=why)
    return Image(reference, None, language=language, entrypoint=LAUNCHER)


def _generate_image(repository: Repository, request: ImageRequest) -> Image:
    generated = generate_dockerfile(request.source, request.language)
    repository.add_note(
        request.told_by,
        subject=ModelPath.of("files", "Dockerfile"),
        language=language_rows()[request.language]["title"],
        name=request.reference,
        base=f", from {generated.base}" if generated.base else "",
    )
    if request.arguments:
        repository.add_note(
            "TC565",
            subject=ModelPath.of("files", "Dockerfile"),
            names=", ".join(request.arguments),
        )
    return Image(
        request.reference,
        Build(args=request.arguments),
        runtime=request.language,
        language=request.language,
        workdir=generated.workdir,
        source=generated.source,
        target="development" if generated.develops else "",
        mountable=True,
        generated=True,
        files=generated.files,
        dev_command=generated.development_command,
        builds_source=generated.builds_source,
    )
