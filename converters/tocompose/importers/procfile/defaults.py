"""What a platform supplies without being asked: a default web process, variables of its buildpacks."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.environment import Entry
from tocompose.importers.procfile.language import languages
from tocompose.importers.procfile.processes import Found
from tocompose.importers.procfile.repository import Repository, nothing
from tocompose.knowledge.servers import servers
from tocompose.model import Setting


class Supplied(NamedTuple):
    """Variables that every process gets (`always`), and those given when a source asks for them (`offered`)."""

    always: tuple[Entry, ...]
    offered: tuple[Entry, ...]


def default_web(repository: Repository, language: str) -> tuple[Found, ...]:
    """The web process of a repository that names none: the image's own command, or the buildpack's default."""
    cursor = nothing(repository.ledger)
    if repository.project.read("Dockerfile") is not None:
        repository.say("TC339", None, subject="services.web", name="web")
        return (Found("web", cursor, ""),)
    command = _buildpack_default(repository, language)
    if command:
        title = languages()[language]["title"]
        repository.say(
            "TC338", None, subject="services.web.command", language=title, command=command
        )
    else:
        repository.say("TC339", None, subject="services.web", name="web")
    return (Found("web", cursor, command),)


def _buildpack_default(repository: Repository, language: str) -> str:
    """https://devcenter.heroku.com/articles/procfile and the buildpacks' own bin/release."""
    if language == "node":
        return "npm start" if _has_start(repository) else ""
    if language == "ruby":
        return _ruby_default(repository)
    if language == "python" and repository.project.read("manage.py") is not None:
        return _django_default(repository)
    if language == "go":
        return go_binary(repository)
    if language == "php":
        return "heroku-php-apache2"
    if language == "elixir":
        return "mix phx.server"
    return "java -jar app.jar" if language == "java" else ""


def _has_start(repository: Repository) -> bool:
    package = repository.json("package.json")
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return isinstance(scripts, dict) and isinstance(scripts.get("start"), str)


def _ruby_default(repository: Repository) -> str:
    if is_rails(repository):
        return "bin/rails server -b 0.0.0.0 -p $PORT -e $RAILS_ENV"
    if repository.project.read("config.ru") is not None:
        return "bundle exec rackup config.ru -o 0.0.0.0 -p $PORT"
    return ""


def _django_default(repository: Repository) -> str:
    match = re.search(
        r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)\.settings",
        repository.text("manage.py") or "",
    )
    return f"gunicorn {match[1]}.wsgi" if match else ""


def go_binary(repository: Repository) -> str:
    """The program that the Go buildpack builds: `bin/` and the last part of the module's path."""
    match = re.search(r"^module\s+(\S+)", repository.text("go.mod") or "", re.MULTILINE)
    parts = re.sub(r"/v\d+$", "", match[1]).rsplit("/", 1) if match else ["app"]
    return f"bin/{parts[-1]}"


def is_rails(repository: Repository) -> bool:
    """Whether the app is a Rails app, by its lock file or its Gemfile."""
    lock = repository.text("Gemfile.lock") or ""
    gemfile = repository.text("Gemfile") or ""
    return re.search(r"^    rail(s|ties) \(", lock, re.MULTILINE) is not None or bool(
        re.search(r"^[ \t]*gem\s+[\"']rails[\"']", gemfile, re.MULTILINE)
    )


def supplied(
    repository: Repository, language: str, name: str, backings: tuple[Backing, ...]
) -> Supplied:
    """The variables of the platform and of the language's buildpack."""
    row = languages().get(language)
    plain = dict(row["environment"]) if row else {}
    entries = [Entry(key, value, None, (), "buildpack") for key, value in plain.items()]
    if language == "ruby" and is_rails(repository):
        entries += _rails()
    if language == "java":
        entries += [entry for item in backings for entry in _jdbc(item)]
    offered = [
        *entries,
        *(
            Entry(key, value, None, (), "platform")
            for key, value in _platform(name).items()
        ),
    ]
    return Supplied(
        tuple(entries), tuple(entry for entry in offered if entry.name != "SECRET_KEY_BASE")
    )


def _platform(name: str) -> dict[str, str]:
    return {"HEROKU_APP_NAME": name, "LANG": "C.UTF-8", "NODE_ENV": "production"}


def _rails() -> list[Entry]:
    """https://github.com/heroku/heroku-buildpack-ruby: it also makes SECRET_KEY_BASE, once for each app."""
    values = {
        "RAILS_ENV": "production",
        "RAILS_LOG_TO_STDOUT": "enabled",
        "RAILS_SERVE_STATIC_FILES": "enabled",
    }
    entries = [Entry(key, value, None, (), "buildpack") for key, value in values.items()]
    advice = "Key that Rails signs cookies with. Make one with: openssl rand -hex 64"
    setting = Setting(
        name="SECRET_KEY_BASE", secret=True, required=True, description=advice
    )
    return [
        *entries,
        Entry("SECRET_KEY_BASE", "${SECRET_KEY_BASE:?}", setting, (), "buildpack"),
    ]


def _jdbc(item: Backing) -> list[Entry]:
    """What the JVM buildpack derives from DATABASE_URL for plain JDBC and for Spring."""
    driver = servers()[item.kind].get("jdbc")
    match = re.fullmatch(
        r"\w+://(\w+):(\$\{\w+:\?\})@([\w-]+):(\d+)/(\w+)", item.variables[0][1]
    )
    if driver is None or match is None or item.variables[0][0] != "DATABASE_URL":
        return []
    url = f"jdbc:{driver}://{match[3]}:{match[4]}/{match[5]}"
    values = {
        "JDBC_DATABASE_URL": url,
        "JDBC_DATABASE_USERNAME": match[1],
        "JDBC_DATABASE_PASSWORD": match[2],
    }
    spring = {
        "SPRING_DATASOURCE_URL": url,
        "SPRING_DATASOURCE_USERNAME": match[1],
        "SPRING_DATASOURCE_PASSWORD": match[2],
    }
    return [
        Entry(key, value, None, (), "buildpack")
        for key, value in {**values, **spring}.items()
    ]
