"""The image that the app's processes run in: of an existing Dockerfile, a generated one, or a buildpack's."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import NamedTuple

from tocompose.importers.procfile.dockerfiles.generate import Brief
from tocompose.importers.procfile.entrypoint import swallowed
from tocompose.importers.procfile.heroku_yml import HerokuYml, Recipe
from tocompose.importers.procfile.language import languages
from tocompose.importers.procfile.repository import Repository
from tocompose.ledger import Cursor
from tocompose.model import Build, File, Healthcheck
from tocompose.project import normal
from tocompose.readers.dockerfile import Dockerfile, Health, Stage, read_dockerfile
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.names import identifier

# The names that people give the stage that a developer works in.
_DEVELOPMENT = ("development", "dev", "devel", "local")
_ALPINE = ("*alpine*", "*busybox*")


class Image(NamedTuple):
    """One image; `runtime` is the row of languages.yaml whose health commands run in it, empty when none is known to.

    `target` is the stage for development, `dev_command` what the web process runs there. `workdir` is where the source
    lies and `source` what is mounted there (empty: the build's context); `mountable` says that the image holds it as it
    is, `builds_source` that a build makes other files of it. `swallows` names an entrypoint that runs no command.
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
    workdir: str = "/app"
    target: str = ""
    mountable: bool = False
    generated: bool = False
    files: tuple[File, ...] = ()
    user: str = ""
    span: Span | None = None
    dev_command: tuple[str, ...] = ()
    builds_source: bool = False
    source: str = ""
    swallows: str = ""


class Wish(NamedTuple):
    """What user and source say about the build: `mode` is auto, never or pack; `brief` is for a generated file."""

    name: str
    language: str
    mode: str
    brief: Brief


def images(repository: Repository, heroku: HerokuYml, wish: Wish) -> dict[str, Image]:
    """The images by heroku.yml's keys; the one image of all other repositories is under the empty key."""
    if heroku.recipes:
        return {
            item.key: _of_recipe(repository, heroku, item, wish, index)
            for index, item in enumerate(heroku.recipes)
        }
    reference = f"{identifier(wish.name)}:local"
    if repository.project.read("Dockerfile") is not None:
        _settle_arguments(heroku.config, "")
        return {
            "": existing(
                repository, "Dockerfile", "", Image(reference, Build()), wish.language
            )
        }
    if heroku.config:
        heroku.config.note("TC358", file="Dockerfile")
    return {"": _without_dockerfile(repository, reference, wish)}


def _of_recipe(
    repository: Repository, heroku: HerokuYml, recipe: Recipe, wish: Wish, index: int
) -> Image:
    """One entry of `build.docker`; the build's context is the Dockerfile's folder, as on the platform."""
    written = recipe.dockerfile.peek() or "Dockerfile"
    path = PurePosixPath(normal(written) or "Dockerfile")
    name = (
        identifier(wish.name)
        if index == 0
        else f"{identifier(wish.name)}-{identifier(recipe.key)}"
    )
    folder = path.parent.as_posix()
    to = f"services.{recipe.key}.build"
    if recipe.dockerfile:
        recipe.dockerfile.take(
            to=f"{to}.dockerfile" if path.name != "Dockerfile" else f"{to}.context"
        )
    target = recipe.target.take(to=f"{to}.target") or ""
    build = Build(
        context="." if folder == "." else f"./{folder}",
        dockerfile=path.name if path.name != "Dockerfile" else None,
        target=target or None,
        args=_settle_arguments(heroku.config, recipe.key),
        origin=recipe.dockerfile.span if recipe.dockerfile else None,
    )
    image = Image(f"{name}:local", build, span=build.origin)
    if repository.project.read(path.as_posix()) is None:
        repository.say("TC358", image.span, subject=to, file=path.as_posix())
        return image._replace(language=wish.language)
    return existing(repository, path.as_posix(), target, image, wish.language)


def _settle_arguments(config: Cursor, key: str) -> dict[str, str | None]:
    """heroku.yml's `build.config`: build arguments, which the running container does not see."""
    arguments: dict[str, str | None] = {}
    for item in config:
        if item.kind == "leaf" and key:
            arguments[item.key] = literal(
                item.take(to=f"services.{key}.build.args.{item.key}") or ""
            )
        elif item.kind == "leaf":
            item.skip("no image of heroku.yml is built")
        else:
            item.note("TC315", what=f"build.config.{item.key}", wanted="a string")
    return arguments


def existing(
    repository: Repository, path: str, target: str, image: Image, language: str
) -> Image:
    """The image with what its Dockerfile says."""
    content = repository.project.read(path) or b""
    parsed = read_dockerfile(content, path)
    stage = parsed.stage(target)
    developed = (
        parsed.stage(_development(parsed, stage))
        if stage and _development(parsed, stage)
        else None
    )
    if stage is None:
        repository.say(
            "TC360", Span(path, 1, 1, 1, 1), file=path, target=target or "a last stage"
        )
        return image._replace(language=language)
    return image._replace(
        runtime=runtime(stage.root),
        language=language,
        healthcheck=_healthcheck(stage.health),
        exposed=stage.exposed,
        volumes=stage.volumes,
        stop_signal=stage.stop_signal,
        workdir=(developed or stage).workdir or "/",
        target=developed.name if developed else "",
        mountable=_copies_source(stage),
        dev_command=_command(developed),
        user=stage.user,
        span=image.span or stage.span,
        swallows=swallowed(repository, stage),
    )


def runtime(base: str) -> str:
    """The language whose interpreter is certain to be in an image built on `base`."""
    name = base.rsplit("/", 2)[-1] if base.count("/") < 2 else base.split("/", 1)[1]
    plain = base.removeprefix("docker.io/").removeprefix("library/")
    for language, row in languages().items():
        pattern = row.get("base", "")
        if (
            pattern
            and (fnmatch(plain, pattern) or fnmatch(name, pattern))
            and language != "static"
        ):
            return language
    return "go" if any(fnmatch(base, pattern) for pattern in _ALPINE) else ""


def _healthcheck(health: Health | None) -> Healthcheck | None:
    """The Dockerfile's own check in Compose's form, so that it can be seen and changed there."""
    if health is None or health.command is None:
        return None
    kind = "CMD-SHELL" if health.command.shell else "CMD"
    options = health.options
    return Healthcheck(
        test=(kind, *(literal(word) for word in health.command.words)),
        interval=options.get("interval"),
        timeout=options.get("timeout"),
        retries=options.get("retries"),
        start_period=options.get("start-period"),
    )


def _development(parsed: Dockerfile, final: Stage) -> str:
    names = {item.name.lower(): item.name for item in parsed.stages if item is not final}
    return next((names[name] for name in _DEVELOPMENT if name in names), "")


def _command(stage: Stage | None) -> tuple[str, ...]:
    """The command that a stage states for itself."""
    if stage is None or stage.cmd is None or not stage.own_cmd:
        return ()
    return ("sh", "-c", *stage.cmd.words) if stage.cmd.shell else stage.cmd.words


def _copies_source(stage: Stage) -> bool:
    """Whether the image's work directory holds the source as it is in the repository: `COPY . .`."""
    for copy in stage.copies:
        words = [
            word
            for word in copy.split()
            if not word.startswith("--chown") and not word.startswith("--chmod")
        ]
        if (
            len(words) == 2
            and words[0] in (".", "./")
            and words[1].rstrip("/") in (".", "", stage.workdir.rstrip("/"))
        ):
            return True
    return False


def _without_dockerfile(repository: Repository, reference: str, wish: Wish) -> Image:
    if wish.language and wish.mode not in ("pack", "never"):
        from tocompose.importers.procfile.dockerfiles.generate import generate

        made = generate(wish.brief, wish.language)
        repository.say(
            "TC354",
            None,
            subject="files.Dockerfile",
            language=languages()[wish.language]["title"],
            name=reference,
        )
        return Image(
            reference,
            Build(),
            runtime=wish.language,
            language=wish.language,
            workdir=made.workdir,
            source=made.source,
            target="development" if made.develop else "",
            mountable=True,
            generated=True,
            files=made.files,
            dev_command=made.dev_command,
            builds_source=made.builds_source,
        )
    if wish.mode == "never":
        repository.say("TC383", None, subject="services", name=reference)
        return Image(reference, Build(), language=wish.language)
    why = (
        "you asked for buildpacks"
        if wish.mode == "pack"
        else "its language is not one that a Dockerfile is written for"
    )
    repository.say("TC355", None, subject="services", name=reference, why=why)
    return Image(reference, None, language=wish.language, entrypoint=("launcher",))


def files(found: Iterable[Image]) -> tuple[File, ...]:
    """The files that the images need beside the compose file."""
    return tuple(item for image in found for item in image.files)
