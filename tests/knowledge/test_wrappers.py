"""What runs the command behind it: where that command begins, whatever stands before it, and what listens in front."""

from __future__ import annotations

import itertools

import pytest

from tocompose.knowledge.wrappers import behind_wrappers, front_of, is_init
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.tables import load

PROGRAM = ["puma", "-C", "config/puma.rb"]
# Each with the words of its own that its manual shows.
WRITTEN = {
    "gosu": "gosu app",
    "su-exec": "su-exec app:app",
    "setuidgid": "setuidgid app",
    "chpst": "chpst -u app -e /env",
    "chamber exec": "chamber exec shop shop-web --",
    "doppler run": "doppler run -p shop -c prd --",
    "infisical run": "infisical run --env=prod --",
    "op run": "op run --env-file=.env --",
    "aws-vault exec": "aws-vault exec prod --",
    "dotenv": "dotenv -e .env --",
    "dotenv run": "dotenv run --",
    "wait-for-it.sh": "./wait-for-it.sh -t 30 db:5432 --",
    "wait-for-it": "wait-for-it db:5432 --",
    "wait-for": "wait-for db:5432 -t 5 --",
    "dockerize": "dockerize -wait tcp://db:5432 -timeout 30s",
    "sentry-cli monitors run": "sentry-cli monitors run nightly --",
    "tini": "/sbin/tini -g -p SIGTERM --",
    "dumb-init": "dumb-init --rewrite 15:3 --",
    "env": "env -u RUBYOPT A=b",
    "timeout": "timeout -s INT 30",
    "uv run": "uv run --env-file .env --frozen",
    "opentelemetry-instrument": "opentelemetry-instrument --service_name shop",
    "thrust": "./bin/thrust",
}


def rows() -> list[str]:
    """All wrappers that take a program."""
    modules = [name for name, row in load("wrappers").items() if row.get("module")]
    names = (*load("wrappers"), *load("shell")["prefixes"])
    return sorted({*names} - {*modules})


@pytest.mark.parametrize("name", rows())
def test_the_command_behind_a_wrapper_is_found(name: str) -> None:
    words = WRITTEN.get(name, name).split()
    assert behind_wrappers([*words, *PROGRAM]) == PROGRAM


def test_any_wrapper_may_stand_before_any_other() -> None:
    for first, second in itertools.product(rows(), repeat=2):
        words = [*WRITTEN.get(first, first).split(), *WRITTEN.get(second, second).split()]
        assert behind_wrappers([*words, *PROGRAM]) == PROGRAM, words


def test_a_module_of_python_is_behind_it_only_for_who_asks() -> None:
    words = ["exec", "python", "-m", "gunicorn", "app"]
    assert behind_wrappers(words) == words[1:]
    assert behind_wrappers(words, modules=True) == ["gunicorn", "app"]


def test_what_passes_signals_on_is_known_by_its_name() -> None:
    assert is_init("/usr/bin/tini") and is_init("dumb-init")
    assert not is_init("bundle") and not is_init("nice")


# https://github.com/basecamp/thruster/blob/main/internal/config.go
@pytest.mark.parametrize(
    ("variables", "port", "target"),
    [
        ({}, "80", "3000"),
        ({"HTTP_PORT": "8080", "TARGET_PORT": "4000"}, "8080", "4000"),
        ({"HTTP_PORT": "8080", "THRUSTER_HTTP_PORT": "9090"}, "9090", "3000"),
        ({"HTTP_PORT": None, "PORT": "5000"}, "80", "3000"),
    ],
)
def test_thruster_listens_where_its_variables_say(
    variables: dict[str, str | None], port: str, target: str
) -> None:
    front = front_of(["bundle", "exec", "thrust", "bin/rails", "server"], variables)
    assert front is not None and (front.port, front.target) == (port, target)


RAILS = {
    "Gemfile": "gem 'rails', '~> 8.0'\ngem 'puma'\ngem 'thruster'\n",
    "bin/thrust": "#!/usr/bin/env ruby\n",
    "bin/rails": "#!/usr/bin/env ruby\n",
}
IMAGE = 'FROM ruby:3.4\nWORKDIR /rails\nCOPY . .\n{0}CMD ["./bin/thrust", "./bin/rails", "server"]\n'


def converted(files: dict[str, str], source: str = "procfile") -> Result:
    content = {path: text.encode() for path, text in files.items()}
    return convert(Memory(content, "shop"), Options(source=source))


@pytest.mark.parametrize(
    ("files", "port"),
    [
        ({"Procfile": "web: bin/thrust bin/rails server\n"}, "80"),
        (
            {"Procfile": "web: HTTP_PORT=8080 bundle exec thrust bin/rails s -p 3000\n"},
            "8080",
        ),
        # What it takes from PORT is another port than the app behind it has.
        (
            {"Procfile": "web: HTTP_PORT=$PORT TARGET_PORT=3001 bin/thrust bin/rails s\n"},
            "8080",
        ),
        (
            {"Procfile": "web: bin/thrust bin/rails server\n", ".env": "HTTP_PORT=9000\n"},
            "9000",
        ),
        ({"Dockerfile": IMAGE.format("")}, "80"),
        ({"Dockerfile": IMAGE.format("ENV HTTP_PORT=8081\n")}, "8081"),
        ({"Dockerfile": IMAGE.format("ENV HTTP_PORT=8081\nEXPOSE 3000\n")}, "8081"),
        (
            {
                "Dockerfile": IMAGE.format(""),
                "heroku.yml": "build: {docker: {web: Dockerfile}}\n",
            },
            "80",
        ),
        (
            {"Procfile": "web: dumb-init -- chamber exec a -- bin/thrust bin/rails s\n"},
            "80",
        ),
    ],
)
def test_the_published_port_and_the_check_follow_thruster(
    files: dict[str, str], port: str
) -> None:
    result = converted({**RAILS, **files})
    web = next(service for service in result.stack.services if service.build)
    assert [published.target for published in web.ports] == [port]
    check = web.healthcheck
    assert check is not None and port in " ".join(check.test or ())
    assert "TC329" not in {note.code for note in result.notes}


def test_the_tls_of_thruster_is_told() -> None:
    files = {"Procfile": "web: TLS_DOMAIN=shop.example bin/thrust bin/rails server\n"}
    messages = [
        note.message for note in converted({**RAILS, **files}).notes if note.code == "TC599"
    ]
    assert len(messages) == 1 and "443" in messages[0] and "TLS_DOMAIN" in messages[0]


def test_the_check_of_a_built_image_asks_thruster() -> None:
    compose = "services: {web: {build: ., environment: {PORT: '3000'}, ports: ['443:443', '80:80']}}\n"
    files = {**RAILS, "Dockerfile": IMAGE.format(""), "docker-compose.yml": compose}
    (web,) = converted(files, "compose").stack.services
    assert web.healthcheck is not None
    test = " ".join(web.healthcheck.test or ())
    assert "80" in test and "443" not in test and "3000" not in test


@pytest.mark.parametrize("before", ["env A=b ", "cd app && ", "exec ", "dumb-init "])
def test_a_program_of_a_buildpack_is_left_out_wherever_it_stands(before: str) -> None:
    files = {**RAILS, "Procfile": f"web: {before}bin/start-pgbouncer bundle exec puma\n"}
    result = converted(files)
    web = next(service for service in result.stack.services if service.build)
    assert "start-pgbouncer" not in " ".join(web.command or ())
    assert "puma" in " ".join(web.command or ())
    assert [note.code for note in result.notes].count("TC384") == 1
