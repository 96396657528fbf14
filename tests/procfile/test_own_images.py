"""Commands are held against the stage of the repository's own Dockerfile: what it cannot hold is told, nothing more."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

CODES = ("TC334", "TC566", "TC592", "TC593", "TC594", "TC595")
PYTHON = (
    "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
)
NODE = "FROM node:22-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
RUBY = "FROM ruby:3.4-slim\nWORKDIR /app\nCOPY . .\nRUN bundle install\n"
FILES = {
    "requirements.txt": "flask\ngunicorn\n",
    "package.json": '{"scripts": {"start": "node a.js"}, "dependencies": {"next": "15"}}',
    "Gemfile": "gem 'puma'\n",
    "start.sh": "#!/usr/bin/env bash\nexec node a.js\n",
    "plain.sh": "#!/bin/sh\nexec node a.js\n",
    "a.js": "",
    "jobs/run.py": "",
    "shop/tasks.py": "",
    "shop/wsgi.py": "",
}


def convert_files(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in {**FILES, **files}.items()}
    return convert(Memory(content, "app"), Options(source="procfile"))


def codes_for(dockerfile: str, command: str, **files: str) -> set[str]:
    """The notes on a worker's command in the image of a Dockerfile."""
    procfile = f"web: ./serve\nworker: {command}\n"
    result = convert_files({"Procfile": procfile, "Dockerfile": dockerfile, **files})
    return {
        note.code
        for note in result.notes
        if note.code in CODES and note.span and note.span.line == 2
    }


@pytest.mark.parametrize(
    ("dockerfile", "command", "codes"),
    [
        # Programs of another language, of none of the libraries, of a package that nothing installs.
        (NODE, "bundle exec rake jobs", {"TC593"}),
        (NODE, "gunicorn shop.wsgi", {"TC593"}),
        (NODE, "python jobs/run.py", {"TC593"}),
        (PYTHON, "node a.js", {"TC593"}),
        (PYTHON, "npm start", {"TC593"}),
        (PYTHON, "celery -A shop worker", {"TC593"}),
        (PYTHON, "psql -c 'select 1'", {"TC593"}),
        (RUBY, "java -jar a.jar", {"TC593"}),
        ("FROM python:3.12\nCOPY . .\n", "gunicorn shop.wsgi", {"TC593"}),
        ("FROM node:22\nCOPY . .\nRUN npm ci\n", "pnpm start", {"TC593"}),
        ("FROM debian:12-slim\nCOPY . .\n", "node a.js", {"TC593"}),
        ("FROM node:22 AS a\nRUN npm ci\nFROM nginx:1\nCOPY --from=a /x /srv\n", "npx a", {"TC593"}),
        # Shells.
        (NODE, "bash start.sh", {"TC593"}),
        (NODE, "[[ -n $A ]] && node a.js", {"TC593"}),
        (NODE, "./start.sh", {"TC593"}),
        ("FROM scratch\nCOPY a /a\n", "a $PORT", {"TC593"}),
        ("FROM gcr.io/distroless/static-debian12:nonroot\nCOPY a /a\n", "a $PORT", {"TC593"}),
        # Libraries beside PATH.
        (NODE, "next start", {"TC594"}),
        (PYTHON.replace("pip install -r requirements.txt", "pip install uv && uv sync"), "gunicorn a", {"TC594"}),
        # Files.
        (NODE.replace("COPY . .", "COPY package.json a.js ./"), "./plain.sh", {"TC595"}),
        (NODE.replace("COPY . .", "COPY src/ ./src/"), "node a.js", {"TC595"}),
        (PYTHON.replace("COPY . .", "COPY shop shop"), "python jobs/run.py", {"TC595"}),
        (NODE, "./gone.sh", {"TC566"}),
        (PYTHON, "python -m shop.gone", {"TC566"}),
        (PYTHON, "gunicorn shop.gone", {"TC566"}),
        (NODE, "npm run gone", {"TC592"}),
    ],
)  # fmt: skip
def test_what_the_image_cannot_hold_is_told(
    dockerfile: str, command: str, codes: set[str]
) -> None:
    assert codes_for(dockerfile, command) == codes


@pytest.mark.parametrize(
    ("dockerfile", "command"),
    [
        # What the base image, its lines, or a stage before bring.
        (PYTHON, "gunicorn shop.wsgi"),
        (PYTHON, "python -m shop.tasks"),
        (PYTHON, "python -m http.server"),
        (PYTHON, "flask run"),
        (PYTHON, "[[ -n $A ]] && flask run"),
        (NODE, "npx next start"),
        (NODE, "npm start"),
        (NODE, "./plain.sh"),
        (NODE, "sh plain.sh && echo $A"),
        (RUBY, "bundle exec rake jobs"),
        (RUBY, "bash -c 'bundle exec puma'"),
        (f"{NODE}RUN apk add --no-cache bash\n", "./start.sh"),
        (f"{NODE}RUN apk add --no-cache ruby-bundler\n", "bundle exec rake"),
        (f"{NODE}RUN npm i -g serve\n", "serve -s a"),
        (f"{NODE}ENV PATH=/app/node_modules/.bin:$PATH\n", "next start"),
        (f"{PYTHON}RUN apt-get update && apt-get install -y nodejs npm\n", "npm start"),
        (f"{PYTHON}RUN curl -fsSL https://example.com/node.sh | sh\n", "npm start"),
        (f"{PYTHON}COPY --from=node:22 /usr/local /usr/local\n", "npm start"),
        (f"{PYTHON}COPY <<EOF /app/gone.sh\necho\nEOF\n", "./gone.sh"),
        (f"{PYTHON}RUN ./setup.sh\n", "node a.js"),
        (f"{PYTHON}ARG TOOLS\nRUN apt-get install -y $TOOLS\n", "psql"),
        (f"{PYTHON}RUN apt-get install -y postgresql-client\n", "psql"),
        (f"{NODE}RUN npm run build\n", "./gone.sh"),
        (f"{NODE}ENTRYPOINT [\"npx\"]\n", "next start"),
        ("FROM python:3.12-slim AS a\nRUN pip install gunicorn\nFROM a\nWORKDIR /app\nCOPY . .\n", "gunicorn a"),
        ("FROM python:3.12\nWORKDIR /app\nCOPY jobs/ .\nRUN pip install gunicorn\n", "python run.py"),
        (NODE.replace("COPY . .", "COPY plain.sh ./run.sh"), "./run.sh"),
        (PYTHON.replace("COPY . .", "COPY jobs/ ./bin/"), "python bin/run.py"),
        # Bases of which nothing is known.
        ("FROM example.com/base:1\nCOPY . .\n", "bundle exec rake"),
        ("ARG BASE\nFROM $BASE\nCOPY . .\n", "gunicorn a"),
        ("ARG TAG\nFROM ruby:$TAG\nCOPY . .\n", "gunicorn a"),
        ("FROM heroku/heroku:24\nCOPY . .\n", "frobnicate"),
    ],
)  # fmt: skip
def test_what_the_image_may_hold_is_not_told(dockerfile: str, command: str) -> None:
    assert codes_for(dockerfile, command) == set()


def test_bash_of_an_unknown_image_stays_a_question() -> None:
    assert codes_for("FROM example.com/base:1\nCOPY . .\n", "[[ -n $A ]] && a") == {"TC334"}


@pytest.mark.parametrize(
    ("ignored", "codes"),
    [
        ("jobs\n", {"TC595"}),
        ("*\n", {"TC595"}),
        ("run.py\n", set()),
        ("*\n!jobs\n", set()),
        ("# jobs\n", set()),
    ],
)
def test_a_script_that_the_context_leaves_out_is_told(
    ignored: str, codes: set[str]
) -> None:
    files = {".dockerignore": ignored}
    assert codes_for(PYTHON, "python jobs/run.py", **files) == codes


def test_a_target_of_heroku_yml_is_what_runs() -> None:
    dockerfile = "FROM node:22 AS api\nRUN npm ci\nFROM nginx:1 AS pages\n"
    heroku = (
        "build:\n  docker:\n    web: {dockerfile: Dockerfile, target: TARGET}\n"
        "run:\n  web: npx serve\n"
    )
    for target, is_said in (("api", False), ("pages", True)):
        files = {"heroku.yml": heroku.replace("TARGET", target), "Dockerfile": dockerfile}
        said = {note.code for note in convert_files(files).notes}
        assert ("TC593" in said) is is_said


def test_a_folder_with_its_own_dockerfile_is_asked_for_its_own_files() -> None:
    files = {
        "heroku.yml": "build:\n  docker:\n    web: api/Dockerfile\nrun:\n  web: ./go.sh\n",
        "api/Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\n",
    }
    assert "TC566" in {note.code for note in convert_files(files).notes}
    there = {**files, "api/go.sh": "#!/bin/sh\n"}
    assert "TC566" not in {note.code for note in convert_files(there).notes}


@pytest.mark.parametrize("name", ["53:53/udp", "Web_App", "a\\nb", ":/x"])
def test_what_heroku_yml_says_of_a_name_that_no_service_can_have_reaches_its_service(
    name: str,
) -> None:
    heroku = (
        f'build: {{docker: {{"{name}": Dockerfile}}, config: {{A: b}}}}\n'
        f'run: {{"{name}": npm start, other: {{command: [npm, test], image: "{name}"}}}}\n'
    )
    result = convert_files({"heroku.yml": heroku, "Dockerfile": NODE})
    assert not [note for note in result.notes if note.code.startswith("TC90")]
    (renamed,) = (service for service in result.stack.services if service.name != "other")
    assert renamed.build and renamed.build.args == {"A": "b"}


GO = (
    "FROM golang:1.24-alpine AS build\nWORKDIR /src\nCOPY . .\nRUN go install ./cmd/shop\n"
    "FROM alpine:3.20\nRUN apk add --no-cache ca-certificates && adduser -D app\n"
    "WORKDIR /srv\nCOPY --from=build /go/bin/shop /shop\n"
)
ELIXIR = (
    "FROM elixir:1.17 AS build\nWORKDIR /src\nCOPY . .\nRUN mix release\n"
    "FROM debian:12-slim\nRUN curl -Ls https://example.com/wait.tgz | tar xz -C /usr/local/bin"
    " && /app/bin/shop describe\n"
    "WORKDIR /app\nCOPY --from=build /src/_build/prod/rel/ /app/\n"
)
JAVA = (
    "FROM maven:3 AS build\nWORKDIR /src\nCOPY . .\nRUN mvn package\n"
    "FROM openjdk:21-slim\nWORKDIR /srv\nCOPY --from=build /src/target/*.jar app.jar\n"
)


@pytest.mark.parametrize(
    ("dockerfile", "command"),
    [
        (f'{GO}ENTRYPOINT ["/shop"]\n', "bin/shop --port $PORT"),
        (f'{GO}ENTRYPOINT ["/shop"]\n', "./dist/shop"),
        (f'{ELIXIR}CMD ["./bin/shop", "foreground"]\n', "mix phx.server"),
        (f'{ELIXIR}CMD ["./bin/shop", "foreground"]\n', "MIX_ENV=prod mix phx.server"),
        (f'{JAVA}CMD ["java", "-jar", "app.jar"]\n', "java $JAVA_OPTS -jar target/shop.jar"),
        (f"{NODE}CMD node a.js\n", "gunicorn shop.wsgi"),
    ],
)  # fmt: skip
def test_a_web_command_that_the_image_is_not_made_for_gives_way_to_the_image_s_own(
    dockerfile: str, command: str
) -> None:
    procfile = f"web: {command}\nrelease: {command}\nworker: {command}\n"
    result = convert_files({"Procfile": procfile, "Dockerfile": dockerfile})
    services = {service.name: service for service in result.stack.services}
    assert services["web"].command is None
    assert services["web"].entrypoint is None
    (told,) = (note for note in result.notes if note.code == "TC387")
    assert told.span and told.span.line == 1
    # What cannot start does not hold back the rest.
    assert services["release"].profiles == ("release",)
    assert not services["web"].depends_on
    assert {
        note.span.line for note in result.notes if note.code == "TC388" and note.span
    } == {2}
    assert services["worker"].command
    assert {
        note.span.line for note in result.notes if note.code in CODES and note.span
    } == {3}


@pytest.mark.parametrize(
    ("dockerfile", "command"),
    [
        # The image has it, may have it, or starts nothing by itself.
        (f'{GO}CMD ["/shop"]\n', "/shop --port $PORT"),
        (f'{GO}COPY bin/ ./bin/\nCMD ["/shop"]\n', "bin/shop"),
        (f'{GO}COPY --from=build /src/bin /srv/bin\nCMD ["/shop"]\n', "bin/shop"),
        (f'{GO}RUN ln -s /shop bin/shop\nCMD ["/shop"]\n', "bin/shop"),
        (GO, "bin/shop"),
        (ELIXIR.replace("tar xz", "sh") + 'CMD ["./bin/shop"]\n', "mix phx.server"),
        (ELIXIR.replace("wait.tgz", "erlang.tgz") + 'CMD ["./bin/shop"]\n', "mix phx.server"),
        (f'{JAVA}CMD ["java", "-jar", "app.jar"]\n', "java -jar app.jar"),
        (f"{PYTHON}CMD gunicorn shop.wsgi -w 3\n", "gunicorn shop.wsgi"),
        ("FROM example.com/base:1\nCOPY . .\nCMD ./serve\n", "bundle exec puma"),
    ],
)  # fmt: skip
def test_a_web_command_that_may_start_stays(dockerfile: str, command: str) -> None:
    files = {"Procfile": f"web: {command}\n", "Dockerfile": dockerfile, "bin/shop": ""}
    if dockerfile is GO:
        del files["bin/shop"]
    result = convert_files(files)
    (web,) = (service for service in result.stack.services if service.name == "web")
    assert web.command
    assert "TC387" not in {note.code for note in result.notes}
