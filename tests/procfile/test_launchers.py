"""A container of several programs is told as one, and so is a script that starts what only a buildpack brings."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

PYTHON = {"requirements.txt": "gunicorn\n", "shop.py": ""}
SUPERVISED = "[supervisord]\n[program:server]\ncommand=x\n[program:queue]\ncommand=y\n"


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    result = convert(Memory(content, "shop"), Options(source="procfile"))
    assert "TC901" not in {note.code for note in result.notes}
    return result


def messages(result: Result, code: str) -> list[str]:
    return [note.message for note in result.notes if note.code == code]


@pytest.mark.parametrize(
    ("files", "programs"),
    [
        (
            {
                "Procfile": "web: supervisord -n -c etc/run.conf\n",
                "etc/run.conf": SUPERVISED,
            },
            "supervisord starts server and queue, as etc/run.conf says",
        ),
        (
            {
                "app.json": "{}",
                "Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["/usr/bin/supervisord", "-n"]\n',
                "docker/supervisor.conf": SUPERVISED,
            },
            "supervisord starts server and queue, as docker/supervisor.conf says",
        ),
        (
            {"Procfile": "web: supervisord -n\n"},
            "supervisord starts what its configuration",
        ),
        (
            {
                "Procfile": "web: runsvdir -P sv\n",
                "sv/web/run": "",
                "sv/queue/run": "",
            },
            "runsvdir starts queue and web, of the folder sv",
        ),
        (
            {"Procfile": "web: cd a && python queue.py --key x & gunicorn shop:app\n"},
            "a shell starts python and gunicorn",
        ),
        (
            {"Procfile": "web: celery -A s beat & celery -A s worker\n"},
            "a shell starts celery",
        ),
        (
            {
                "Procfile": "web: npm start\n",
                "package.json": '{"scripts": {"start": "concurrently \\"a\\" \\"b\\""}}',
            },
            "concurrently starts them",
        ),
    ],
)
def test_several_programs_in_one_container_are_named(
    files: dict[str, str], programs: str
) -> None:
    [said] = messages(converted({**PYTHON, **files}), "TC428")
    assert programs in said


@pytest.mark.parametrize(
    "line",
    [
        "gunicorn shop:app",
        "python a.py && gunicorn shop:app",
        "gunicorn s:a 2>&1",
        "gunicorn s:a &",
        "< a & >",
    ],
)
def test_one_program_is_none_of_several(line: str) -> None:
    assert not messages(converted({**PYTHON, "Procfile": f"web: {line}\n"}), "TC428")


PHP = {"Procfile": "web: ./bin/start\n", "composer.json": "{}", "index.php": ""}
RUBY = {"Procfile": "web: bin/start\n", "Gemfile": "gem 'puma'\n"}


@pytest.mark.parametrize(
    ("files", "programs"),
    [
        ({**PHP, "bin/start": "php-fpm -D\nvendor/bin/heroku-php-nginx web/\n"}, "heroku-php-nginx and php-fpm"),
        ({**RUBY, "bin/start": "#!/bin/sh\nbin/start-nginx bundle exec puma\n"}, "start-nginx"),
    ],
)  # fmt: skip
def test_a_script_that_starts_what_a_buildpack_brings_is_told(
    files: dict[str, str], programs: str
) -> None:
    [said] = messages(converted(files), "TC429")
    assert f"runs {programs}, which" in said


@pytest.mark.parametrize(
    "files",
    [
        {**RUBY, "bin/start": "# nginx stands in front\nexec bundle exec puma\n"},
        {**RUBY, "bin/start": "nginx -g 'daemon off;'\n", "Aptfile": "nginx\n"},
        {**PHP, "bin/start": "heroku-php-nginx\n", "Dockerfile": "FROM php:8\nCOPY . .\n"},
    ],
)
def test_a_script_whose_programs_may_be_there_is_not(files: dict[str, str]) -> None:
    assert not messages(converted(files), "TC429")
