"""Variables that tell a buildpack which part of a repository is the app: its processes, in its own image."""

from __future__ import annotations

import json

import pytest

from procfile.test_dockerfiles import of

_SUBDIR = {"buildpacks": [{"url": "https://github.com/timanovsky/subdir-heroku-buildpack"}]}


def app_json(variable: str, path: str) -> str:
    return json.dumps({**_SUBDIR, "env": {variable: {"value": path}}})


@pytest.mark.parametrize("variable", ["PROJECT_PATH", "APP_BASE"])
@pytest.mark.parametrize("path", ["server", "./server/", "/server"])
def test_the_folder_is_the_app(variable: str, path: str) -> None:
    result = of(
        {
            "app.json": app_json(variable, path),
            "Procfile": "web: echo wrong\n",
            "server/Procfile": "web: node index.js\n",
            "server/package.json": "{}",
            "server/index.js": "",
        }
    )
    web = result.stack.service("web")
    assert web is not None and web.build is not None
    assert (web.command, web.build.context) == (("node", "index.js"), "./server")
    assert variable not in {item.name for item in web.environment}
    assert {item.code for item in result.notes}.isdisjoint({"TC365", "TC577"})


def test_a_folder_without_a_procfile_runs_what_its_language_does() -> None:
    files = {
        "app.json": app_json("PROJECT_PATH", "server"),
        "server/package.json": '{"scripts": {"start": "node index.js"}}',
    }
    web = of(files).stack.service("web")
    assert web is not None and web.command == ("npm", "start")


def test_the_procfile_is_the_one_that_is_named() -> None:
    result = of(
        {
            "app.json": app_json("PROCFILE", "apps/api/Procfile"),
            "Procfile": "web: echo wrong\n",
            "apps/api/Procfile": "web: gunicorn api:app\n",
            "requirements.txt": "gunicorn\n",
        }
    )
    web = result.stack.service("web")
    assert web is not None and web.command == ("gunicorn", "api:app")


@pytest.mark.parametrize("path", ["missing", "../elsewhere", "", "."])
def test_a_path_that_is_not_there_is_not_followed(path: str) -> None:
    files = {
        "app.json": app_json("PROJECT_PATH", path),
        "Procfile": "web: node a.js\n",
        "package.json": "{}",
    }
    result = of(files)
    web = result.stack.service("web")
    assert web is not None and web.command == ("node", "a.js")
    assert "TC584" not in {item.code for item in result.notes}
