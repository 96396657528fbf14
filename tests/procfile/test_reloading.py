"""What runs in development reads changes of the source, or a note says what that takes; it runs only what is there."""

from __future__ import annotations

import json

import pytest

from tocompose.model import ComposeFileRole, Service
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

DOCKERFILE = "FROM python:3.12\nWORKDIR /code\nCOPY . .\n"
PYTHON = {
    "requirements.txt": "django\ngunicorn\n",
    "manage.py": "",
    "Dockerfile": DOCKERFILE,
}


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    result = convert(Memory(content, "shop"), Options(source="procfile"))
    assert "TC901" not in {note.code for note in result.notes}
    return result


def overlay_of(result: Result) -> Service | None:
    (web,) = (service for service in result.stack.services if service.name == "web")
    return web.overlays.get(ComposeFileRole.DEV)


def messages(result: Result, code: str) -> list[str]:
    return [note.message for note in result.notes if note.code == code]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {"Procfile": "web: gunicorn shop.wsgi --log-file -\n"},
            ("gunicorn", "shop.wsgi", "--log-file", "-", "--reload"),
        ),
        (
            {"Procfile": "web: gunicorn shop.wsgi -b 0.0.0.0:$PORT\n"},
            ("sh", "-c", "exec gunicorn shop.wsgi -b 0.0.0.0:$$PORT --reload"),
        ),
        ({"Procfile": "web: uvicorn a:b --reload\n"}, ("uvicorn", "a:b", "--reload")),
        (
            {
                "Dockerfile": f'{DOCKERFILE}CMD ["gunicorn", "shop.wsgi"]\n',
                "app.json": "{}",
            },
            ("gunicorn", "shop.wsgi", "--reload"),
        ),
    ],
)
def test_a_server_in_the_sources_own_image_reads_changes(
    files: dict[str, str], command: tuple[str, ...]
) -> None:
    result = converted({**PYTHON, **files})
    overlay = overlay_of(result)
    assert overlay is not None and overlay.command == command
    [said] = messages(result, "TC372")
    assert "--reload" in said and "restart" not in said


@pytest.mark.parametrize(
    "files",
    [
        {"Procfile": "web: gunicorn shop.wsgi --preload\n"},
        {"Procfile": "web: waitress-serve shop.wsgi:app\n"},
        {
            "Dockerfile": f'{DOCKERFILE}ENTRYPOINT ["gunicorn"]\nCMD ["shop.wsgi"]\n',
            "app.json": "{}",
        },
        {
            "Procfile": "web: npm start\n",
            "package.json": '{"scripts": {"start": "node a"}}',
        },
    ],
)
def test_a_server_that_reads_the_source_once_needs_a_restart(files: dict[str, str]) -> None:
    result = converted({**PYTHON, **files})
    overlay = overlay_of(result)
    assert overlay is not None and overlay.command is None
    [said] = messages(result, "TC372")
    assert said.endswith("a change needs `docker compose restart web`")


def node(**scripts: str) -> dict[str, str]:
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js", **scripts}}
    return {"Procfile": "web: npm start\n", "package.json": json.dumps(package)}


@pytest.mark.parametrize(
    "scripts",
    [
        {"dev": "node dist/a.js --verbose"},
        {"dev": "NODE_ENV=development concurrently 'node --inspect=0.0.0.0 dist/a.js'"},
        {"dev": "npm run serve", "serve": "nodemon dist/a.js"},
        {},
    ],
)
def test_what_only_a_build_makes_is_not_run_from_the_source(
    scripts: dict[str, str],
) -> None:
    result = converted(node(**scripts))
    assert overlay_of(result) is None
    [said] = messages(result, "TC359")
    assert "built from the source" in said


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (node(dev="tsc && node dist/a.js"), ("npm", "run", "dev")),
        (node(dev="node dist/a.js", predev="npm run build"), ("npm", "run", "dev")),
        (
            node(dev="npm run all", all="npm run build && node dist/a"),
            ("npm", "run", "dev"),
        ),
        (node(dev="nodemon src/a.js") | {"src/a.js": ""}, ("npm", "run", "dev")),
        (node(dev="tsx watch src/a.ts"), ("npm", "run", "dev")),
    ],
)
def test_a_script_that_builds_what_it_runs_is_run(
    files: dict[str, str], command: tuple[str, ...]
) -> None:
    overlay = overlay_of(converted(files))
    assert overlay is not None and overlay.command == command
