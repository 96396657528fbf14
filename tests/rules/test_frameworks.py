"""A built service is developed by its framework's own server, where its image surely has what that needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.snippets import stack
from tocompose.model import ComposeFileRole, Service
from tocompose.rules import Context, apply_all, select

PRACTICES = select("SVC-CLASS,HC-EVERY,BUILD")
PYTHON = "FROM python:3.13\nWORKDIR /app\nCOPY . .\n"
NODE = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
SETTINGS = 'os.environ["DJANGO_SETTINGS_MODULE"]'


def developed(
    files: dict[str, str], body: str = "ports: ['8000:8000']", folder: str = "."
) -> Service | None:
    """The part for development of a service that is built from these files."""
    given = stack(f"services: {{web: {{build: {folder}, {body}}}}}")
    contents = {name: text.encode() for name, text in files.items()}
    context = Context(split=True, develops=True, read=contents.get)
    [service] = apply_all(given, PRACTICES, context).stack.services
    return service.overlays.get(ComposeFileRole.DEV)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {"Dockerfile": PYTHON, "manage.py": SETTINGS},
            "python manage.py runserver 0.0.0.0:8000",
        ),
        (
            {"Dockerfile": f"{PYTHON}CMD uvicorn main:app --host 0.0.0.0\n"},
            "uvicorn main:app --host 0.0.0.0 --reload",
        ),
        (
            {
                "Dockerfile": f"{PYTHON}CMD flask --app shop run --host 0.0.0.0\n",
                "requirements.txt": "Flask==3.1\n",
            },
            "flask --app shop run --host 0.0.0.0 --debug",
        ),
        (
            {
                "Dockerfile": "FROM ruby:3.4\nWORKDIR /app\nCOPY . .\n",
                "config/application.rb": "class Application < Rails::Application",
            },
            "bundle exec rails server -b 0.0.0.0 -p 8000",
        ),
        (
            {
                "Dockerfile": NODE,
                "package.json": '{"scripts": {"dev": "nodemon index.js"}}',
            },
            "npm run dev",
        ),
        (
            {
                "Dockerfile": "FROM elixir:1.18\nWORKDIR /app\nCOPY . .\n",
                "mix.exs": "{:phoenix, '~> 1.7'}",
                "config/dev.exs": "http: [ip: {0, 0, 0, 0}]",
            },
            "mix phx.server",
        ),
    ],
)
def test_the_frameworks_server_is_run(files: dict[str, str], command: str) -> None:
    overlay = developed(files)
    assert overlay is not None and " ".join(overlay.command or ()) == command
    assert [mount.source for mount in overlay.mounts if mount.kind == "bind"] == ["."]
    assert overlay.build is None and overlay.ports == ()


@pytest.mark.parametrize(
    ("final", "files", "target"),
    [
        (
            "FROM eclipse-temurin:21-jre\n",
            {"pom.xml": "<artifactId>spring-boot-maven-plugin</artifactId>"},
            "FROM maven:3.9 AS build\nWORKDIR /src\nCOPY pom.xml .\nCOPY src ./src\n",
        ),
        (
            'FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT ["dotnet", "shop.dll"]\n',
            {"shop.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web">'},
            "FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build\nWORKDIR /src\nCOPY . .\n",
        ),
    ],
)
def test_what_is_compiled_is_developed_where_it_is_built(
    final: str, files: dict[str, str], target: str
) -> None:
    overlay = developed({"Dockerfile": target + final, **files})
    assert overlay is not None and overlay.build is not None
    assert overlay.build.target == "build"
    # Another image has other tools, and has to build before it answers.
    assert overlay.healthcheck is not None and "bash" in (overlay.healthcheck.test or ())
    assert overlay.healthcheck.start_period == "180s"
    own_check = "ports: ['8000:8000'], healthcheck: {test: [CMD, /probe]}"
    assert developed({"Dockerfile": target + final, **files}, own_check) is None


def test_php_reads_the_mounted_source_by_itself() -> None:
    dockerfile = "FROM php:8.4-apache\nWORKDIR /var/www/html\nCOPY . .\n"
    files = {"Dockerfile": dockerfile, "artisan": "require 'bootstrap/app.php';"}
    overlay = developed(files)
    assert overlay is not None and overlay.command is None
    assert [(one.name, one.value) for one in overlay.environment] == [
        ("APP_ENV", "local"),
        ("APP_DEBUG", "true"),
    ]
    targets = {mount.target for mount in overlay.mounts if mount.kind == "volume"}
    assert {"/var/www/html/vendor", "/var/www/html/storage"} <= targets


@pytest.mark.parametrize(
    ("files", "body"),
    [
        ({"Dockerfile": PYTHON}, "ports: ['8000:8000']"),
        (
            {"Dockerfile": f"{PYTHON}ENTRYPOINT [/app/run]\n", "manage.py": SETTINGS},
            "ports: ['8000:8000']",
        ),
        (
            {"Dockerfile": NODE.replace("ci", "ci --omit=dev"), "package.json": "{}"},
            "ports: ['8000:8000']",
        ),
        (
            {"Dockerfile": NODE, "package.json": '{"scripts": {"dev": "vite"}}'},
            "ports: ['8000:8000']",
        ),
        (
            {"Dockerfile": PYTHON.replace("COPY . .", "COPY a b"), "manage.py": SETTINGS},
            "ports: ['8000:8000']",
        ),
    ],
)
def test_what_may_not_start_is_left_alone(files: dict[str, str], body: str) -> None:
    assert developed(files, body) is None


def test_a_worker_is_given_the_source_and_keeps_its_command() -> None:
    files = {"Dockerfile": PYTHON, "manage.py": SETTINGS}
    overlay = developed(files, "command: [celery, -A, a, worker]")
    assert overlay is not None and overlay.command is None
    assert [mount.target for mount in overlay.mounts] == ["/app"]


def test_the_folder_of_the_build_is_looked_at_and_mounted() -> None:
    files = {"web/Dockerfile": PYTHON, "web/manage.py": SETTINGS}
    overlay = developed(files, folder="./web")
    assert overlay is not None
    assert [mount.source for mount in overlay.mounts] == ["./web"]


def test_the_debuggers_port_is_published_once() -> None:
    dockerfile = b"FROM node:22 AS development\nWORKDIR /app\nFROM node:22\n"
    body = "{a: {build: .}, b: {build: .}, c: {build: .}}"
    given = stack(f"services: {body}")
    services = [
        replace(one, replicas=3) if one.name == "a" else one for one in given.services
    ]
    context = Context(split=True, read={"Dockerfile": dockerfile}.get)
    mended = apply_all(
        replace(given, services=tuple(services)), select("BUILD"), context
    ).stack
    published = {
        service.name: [
            port.published for port in service.overlays[ComposeFileRole.DEV].ports
        ]
        for service in mended.services
    }
    assert published == {"a": [], "b": ["9229"], "c": []}
