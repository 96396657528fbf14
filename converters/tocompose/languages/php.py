"""PHP: Composer's packages, versions, extensions, and what the Dockerfile of an app needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from tocompose.knowledge.versions import default_version
from tocompose.languages import node, versions
from tocompose.languages.language import (
    DockerfileFacts,
    DockerfileInput,
    FrameworkKey,
    Language,
    note_missing_lock,
)
from tocompose.repository import Repository, StatedVersion, map_at
from tocompose.tables import load

_FRAMEWORK_ROOTS = ("public", "web", "webroot", "htdocs")


def _read_libraries(repository: Repository) -> Iterator[tuple[str, str]]:
    for name in map_at(repository.read_json("composer.json"), "require"):
        yield name, "composer.json"


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    stated_version = _choose_version(repository)
    version = stated_version.number
    lock = repository.has_file("composer.lock")
    composer = repository.has_file("composer.json")
    if composer and not lock:
        problem = "composer.json has no composer.lock"
        note_missing_lock(repository, problem, "composer update --no-install")
    extensions = sorted(_extensions(source))
    release = "-buster" if version == "7.2" else ""
    return DockerfileFacts(
        image=f"php:{version}-apache{release}",
        version_reason=stated_version.reason,
        default_command=("apache2-foreground",),
        build_packages=tuple(_packages_of(extensions)),
        template={
            "composer": composer,
            "lock": lock,
            "extension_steps": tuple(_extension_steps(extensions)),
            "root": document_root(source.web_command, repository.project.exists),
            "finish": tuple(_finishing_steps(repository, composer)),
            "node": node.build_stage(repository),
        },
    )


def _choose_version(repository: Repository) -> StatedVersion:
    stated = map_at(repository.read_json("composer.json"), "require").get("php")
    if not isinstance(stated, str):
        return versions.use_default(repository, "php")
    reason = f"composer.json asks for php {stated}"
    alternatives = re.sub(r"(?<!\|)\|(?!\|)", "||", stated.replace(",", " "))
    releases: list[str] = load("languages")["php"]["releases"]
    for release in releases:
        major, minor = map(int, release.split("."))
        if versions.satisfies((major, minor, 99), alternatives):
            return StatedVersion(release, reason)
    number = versions.minor_line(stated)
    return StatedVersion(number or default_version("php"), reason if number else "")


def _extensions(source: DockerfileInput) -> set[str]:
    """The extensions to install: those that the app asks for, and the drivers that its framework may need."""
    names = (library.name for library in source.libraries)
    asked_names = {name.removeprefix("ext-") for name in names if name.startswith("ext-")}
    extensions = {name.replace("zend-opcache", "opcache") for name in asked_names}
    extensions |= set(_locked_extensions(source.repository))
    table = load("languages")["php"]
    for library, needed in table["needs"].items():
        if source.uses(library):
            extensions.update(needed)
    if source.uses("laravel/framework", "doctrine/dbal", "illuminate/database"):
        drivers: dict[str, str] = table["drivers"]
        connection = source.settings.get("DB_CONNECTION", "")
        extensions |= (
            {drivers[connection]} if connection in drivers else {*drivers.values()}
        )
    return extensions - set(table["built_in"])


def _locked_extensions(repository: Repository) -> Iterator[str]:
    """The extensions that the libraries of composer.lock ask for, without which `composer install` stops."""
    packages = repository.read_json("composer.lock").get("packages")
    for package in packages if isinstance(packages, list) else ():
        for name in map_at(package, "require") if isinstance(package, dict) else ():
            if name.startswith("ext-"):
                yield name.removeprefix("ext-").replace("zend-opcache", "opcache")


def _packages_of(extensions: list[str]) -> Iterator[str]:
    """The Debian packages that the extensions are compiled with, whoever asks for the extension."""
    names = {f"ext-{name}" for name in extensions}
    for libraries, row in load("languages")["php"]["packages"].items():
        if not names.isdisjoint(libraries.split("|")):
            yield from row.get("build", ())


def document_root(command: str, exists: Callable[[str], bool] = lambda path: False) -> str:
    """The folder that the launcher serves: its last argument, `heroku-php-apache2 web/`."""
    match = re.search(r"heroku-php-(?:apache2|nginx)(.*)$", command)
    arguments = match[1].split() if match else []
    folders = [argument for argument in arguments if not argument.startswith("-")]
    if folders:
        return folders[-1].strip("/")
    # The launcher without a folder serves the root; where no index.php is, a framework's own folder is meant.
    if match and any(map(exists, ("index.php", "index.html"))):
        return ""
    roots = (root for root in _FRAMEWORK_ROOTS if exists(f"{root}/index.php"))
    return next(roots, "")


def _extension_steps(extensions: Iterable[str]) -> Iterator[str]:
    table = load("languages")["php"]
    bundled = [name for name in extensions if name not in table["pecl"]]
    if bundled:
        yield f"docker-php-ext-install {' '.join(bundled)}"
    for name in extensions:
        if name in table["pinned_pecl"]:
            version = default_version(f"php-{name}")
            yield f"pecl install {name}-{version} && docker-php-ext-enable {name}"


def _finishing_steps(repository: Repository, composer: bool) -> Iterator[str]:
    if composer:
        yield "composer dump-autoload --no-interaction --no-dev --optimize"
    if repository.has_file("artisan"):
        yield "mkdir -p storage bootstrap/cache"


def _required_variables(repository: Repository) -> Iterator[str]:
    """The key without which Laravel answers no request. https://laravel.com/docs/encryption#configuration"""
    text = repository.read_text("config/app.php") or ""
    if re.search(r"env\(\s*['\"]APP_KEY['\"]\s*\)", text):
        yield "APP_KEY"


def _framework_keys(repository: Repository) -> Iterator[FrameworkKey]:
    """The same key, of an app without that file: Laravel has settings of its own, which read it.

    https://github.com/laravel/framework/blob/11.x/config/app.php
    """
    required = map_at(repository.read_json("composer.json"), "require")
    if "laravel/framework" in required and not repository.has_file("config/app.php"):
        yield FrameworkKey("APP_KEY", "Laravel", "composer.json")


LANGUAGE = Language(
    read_libraries=_read_libraries,
    dockerfile_facts=_dockerfile_facts,
    default_command=lambda repository: "heroku-php-apache2",
    required_variables=_required_variables,
    framework_keys=_framework_keys,
)
