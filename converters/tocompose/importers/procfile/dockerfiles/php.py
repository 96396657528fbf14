"""What the Dockerfile of a PHP app needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.procfile.dockerfiles import node, versions
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts, told
from tocompose.importers.procfile.repository import Repository
from tocompose.knowledge.versions import default_version
from tocompose.tables import load

_RELEASES = ("8.4", "8.3", "8.2", "8.1", "8.0", "7.4", "7.3", "7.2")
# What the official image has without being asked for it.
_BUILT_IN = frozenset(
    {
        "ctype",
        "curl",
        "date",
        "dom",
        "fileinfo",
        "filter",
        "ftp",
        "hash",
        "iconv",
        "json",
        "libxml",
        "mbstring",
        "openssl",
    }
    | {
        "pcre",
        "pdo",
        "pdo_sqlite",
        "phar",
        "posix",
        "readline",
        "reflection",
        "session",
        "simplexml",
        "sodium",
        "spl",
    }
    | {
        "sqlite3",
        "standard",
        "tokenizer",
        "xml",
        "xmlreader",
        "xmlwriter",
        "zlib",
        "random",
        "mysqlnd",
    }
)
_PECL = ("redis", "mongodb", "memcached", "amqp", "imagick", "rdkafka")
# Of them those that need no further library to be compiled.
_PINNED = ("redis", "mongodb")
_FRAMEWORK_ROOTS = ("public", "web", "webroot", "htdocs")


def facts(brief: Brief) -> Facts:
    """The facts of php.j2."""
    repository = brief.repository
    version = _version(brief)
    lock = repository.project.read("composer.lock") is not None
    composer = repository.project.read("composer.json") is not None
    if composer and not lock:
        what, command = (
            "composer.json stands without composer.lock",
            "composer update --no-install",
        )
        repository.say(
            "TC357", None, subject="files.Dockerfile", what=what, command=command
        )
    wanted = sorted(_extensions(brief))
    package = node.package_json(repository)
    steps = (
        tuple(node.build_steps(package, node.package_tool(repository, package)))
        if package
        else ()
    )
    return {
        "image": f"php:{version}-apache-buster"
        if version == "7.2"
        else f"php:{version}-apache",
        "build_packages": _packages(brief, wanted),
        "composer": composer,
        "lock": lock,
        "extension_steps": tuple(_extension_steps(wanted)),
        "root": document_root(
            brief.commands[0] if brief.commands else "", repository.project.exists
        ),
        "finish": tuple(_finish(repository, composer)),
        "node": _node(brief, steps),
        "default_command": ("apache2-foreground",),
    }


def _version(brief: Brief) -> str:
    package = brief.repository.json("composer.json")
    required = package.get("require", {}) if isinstance(package, dict) else {}
    stated = required.get("php") if isinstance(required, dict) else None
    if isinstance(stated, str):
        text = stated.replace(",", " ")
        text = re.sub(r"(?<!\|)\|(?!\|)", "||", text)
        for release in _RELEASES:
            major, minor = map(int, release.split("."))
            if versions.satisfies((major, minor, 99), text):
                return release
        return versions.line_of(stated) or _RELEASES[0]
    told(
        brief,
        "PHP",
        _RELEASES[0],
        "it is the newest that is known",
        "composer.json (require.php)",
    )
    return _RELEASES[0]


def _extensions(brief: Brief) -> set[str]:
    names = {
        item.name.removeprefix("ext-")
        for item in brief.libraries
        if item.name.startswith("ext-")
    }
    found = {name.replace("zend-opcache", "opcache") for name in names} - _BUILT_IN
    if any(
        item.name in ("laravel/framework", "doctrine/dbal", "illuminate/database")
        for item in brief.libraries
    ):
        found |= {"pdo_pgsql", "pdo_mysql"}
    return found


def _packages(brief: Brief, wanted: list[str]) -> tuple[str, ...]:
    """The Debian packages that the extensions are compiled with, whoever asks for the extension."""
    rows = load("system_packages")["php"]
    names = {f"ext-{name}" for name in wanted}
    found = {
        package
        for key, row in rows.items()
        if names & set(key.split("|"))
        for package in row.get("build", ())
    }
    return tuple(sorted(found))


def document_root(command: str, exists: object = None) -> str:
    """The folder that the launcher serves: its last argument, `heroku-php-apache2 web/`."""
    match = re.search(r"heroku-php-(?:apache2|nginx)(.*)$", command)
    words = [word for word in match[1].split() if not word.startswith("-")] if match else []
    if words:
        return words[-1].strip("/")
    # The launcher without a folder serves the root; where no index.php is, a framework's own folder is meant.
    bare = match is None or (
        callable(exists) and not exists("index.php") and not exists("index.html")
    )
    for folder in _FRAMEWORK_ROOTS if bare else ():
        if callable(exists) and exists(f"{folder}/index.php"):
            return folder
    return ""


def _extension_steps(wanted: list[str]) -> Iterator[str]:
    plain = [name for name in wanted if name not in _PECL]
    if plain:
        yield f"docker-php-ext-install {' '.join(plain)}"
    for name in wanted:
        if name in _PINNED:
            version = default_version(f"php-{name}")
            yield f"pecl install {name}-{version} && docker-php-ext-enable {name}"


def _finish(repository: Repository, composer: bool) -> Iterator[str]:
    if composer:
        yield "composer dump-autoload --no-interaction --no-dev --optimize"
    if repository.project.read("artisan") is not None:
        yield "mkdir -p storage bootstrap/cache"


def _node(brief: Brief, steps: tuple[str, ...]) -> dict[str, object] | None:
    repository = brief.repository
    if not steps:
        return None
    package = node.package_json(repository)
    version = node.node_version(repository).text
    chosen = node.package_tool(repository, package)
    return {
        "image": node.image(version),
        "steps": steps,
        **node.install(repository, package, chosen, version),
    }
