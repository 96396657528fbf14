"""A command that needs the libraries, or the build, of a file that is not there is something to do."""

from __future__ import annotations

import json

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.duties import duties
from tocompose.reports.report import report


def told(command: str, buildpack: str, files: dict[str, str] | None = None) -> list[str]:
    app = {"buildpacks": [{"url": f"heroku/{buildpack}"}]}
    texts = {"Procfile": f"web: {command}\n", "app.json": json.dumps(app), **(files or {})}
    project = Memory({path: text.encode() for path, text in texts.items()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    boxes = duties(report(result, project))
    return [box.text.partition("cannot start: ")[2] for box in boxes if box.code == "TC096"]


@pytest.mark.parametrize(
    ("command", "buildpack", "need"),
    [
        ("bundle exec puma", "ruby", "`bundle exec` needs Gemfile"),
        ("bin/rails server", "ruby", "`bin/rails` needs Gemfile"),
        ("npm start", "nodejs", "`npm` needs package.json"),
        ("next start", "nodejs", "`next` needs package.json"),
        ("poetry run gunicorn app:app", "python", "`gunicorn` needs requirements.txt"),
        ("pipenv run celery -A app worker", "python", "`celery` needs requirements.txt"),
        ("./mvnw spring-boot:run", "java", "the image needs pom.xml"),
        ("bin/shop", "go", "the image needs go.mod"),
    ],
)
def test_what_needs_a_missing_manifest_is_told(
    command: str, buildpack: str, need: str
) -> None:
    (text,) = told(command, buildpack)
    assert text.startswith(need)


@pytest.mark.parametrize(
    ("command", "buildpack", "files"),
    [
        ("ruby app.rb", "ruby", {"app.rb": ""}),
        ("node web.js", "nodejs", {"web.js": ""}),
        ("npx serve", "nodejs", {}),
        ("poetry run python app.py", "python", {"app.py": ""}),
        ("vendor/bin/heroku-php-apache2", "php", {}),
        ("bundle exec puma", "ruby", {"Gemfile": "gem 'puma'\n", "Gemfile.lock": ""}),
        ("npm start", "nodejs", {"package.json": '{"scripts": {"start": "node a.js"}}'}),
        (
            "gunicorn app:app",
            "python",
            {"requirements.txt": "gunicorn==23.0.0\n", "app.py": ""},
        ),
        ("bin/shop", "go", {"go.mod": "module shop\n"}),
    ],
)
def test_nothing_is_told_of_what_the_image_has(
    command: str, buildpack: str, files: dict[str, str]
) -> None:
    assert told(command, buildpack, files) == []
