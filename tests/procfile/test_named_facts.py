"""Notes about an app name what they are about: headers, files, variables, commands."""

from __future__ import annotations

import json

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

_APP = {"Procfile": "web: node web.js\n", "package.json": "{}"}


def converted(files: dict[str, str]) -> Result:
    project = Memory({name: text.encode() for name, text in files.items()}, "shop")
    return convert(project, Options(layout=Layout(split=True)))


def messages(result: Result, code: str) -> list[str]:
    return [note.message for note in result.notes if note.code == code]


@pytest.mark.parametrize(
    ("files", "base"),
    [
        ({".nvmrc": "18.17.0\n"}, "node:18.17.0-bookworm-slim (.nvmrc says so)"),
        (
            {".tool-versions": "nodejs 20.1.0\n"},
            "node:20.1.0-bullseye-slim (.tool-versions says so)",
        ),
        (
            {"package.json": '{"engines": {"node": "20.x"}}'},
            "node:20-bookworm-slim (engines.node is 20.x)",
        ),
    ],
)
def test_the_base_image_is_told_with_what_states_its_version(
    files: dict[str, str], base: str
) -> None:
    [message] = messages(converted({**_APP, **files}), "TC354")
    assert message.endswith(f"was generated, from {base}")


def test_the_runtime_of_python_is_told_with_its_file() -> None:
    files = {
        "Procfile": "web: python a.py\n",
        "requirements.txt": "",
        "runtime.txt": "python-3.11.4\n",
    }
    [message] = messages(converted(files), "TC354")
    assert "python:3.11.4" in message and message.endswith("(runtime.txt says so)")


def test_headers_of_a_health_check_are_named() -> None:
    headers = [{"name": "Host", "value": "a.test"}, {"name": "X-Token", "value": "t0ken"}]
    check = {"type": "readiness", "path": "/x", "httpHeaders": headers}
    app = json.dumps({"healthchecks": {"web": [check]}})
    [message] = messages(converted({**_APP, "app.json": app}), "TC348")
    assert "httpHeaders (Host, X-Token)" in message


def test_the_debug_port_is_described_as_that_of_the_debugger() -> None:
    [example] = [file for file in converted(_APP).files if file.path == ".env.example"]
    wanted = 'the debugger of web (port 9229) is reached\nDEBUG_PORT="9229"'
    assert wanted in example.content.decode()


@pytest.mark.parametrize(
    ("scripts", "advice"),
    [
        (
            {},
            "create its tables with the app's own command, if the app does not do so when it starts: "
            "`docker compose run --rm web COMMAND`",
        ),
        (
            {"db:migrate": "node m.js"},
            "run this once before the first start: "
            "`docker compose run --rm web npm run db:migrate`",
        ),
    ],
)
def test_who_makes_the_tables_of_an_added_database_is_told(
    scripts: dict[str, str], advice: str
) -> None:
    package = json.dumps({"dependencies": {"pg": "8"}, "scripts": scripts})
    files = {"package.json": package, "web.js": "const url = process.env.DATABASE_URL;\n"}
    result = converted({**_APP, **files})
    assert [note.advice for note in result.notes if note.code == "TC588"] == [
        f"Unless you move the old data, {advice}"
    ]
    # An add-on has its data elsewhere, with the tables.
    addon = converted({**_APP, **files, "app.json": '{"addons": ["heroku-postgresql"]}'})
    assert bool(messages(addon, "TC588")) is bool(scripts)


def test_an_address_of_app_json_that_a_service_replaces_is_told() -> None:
    env = {
        "DATABASE_URL": {"value": "postgres://u:p4ssw0rd@db.example.org/shop"},
        "REDIS_URL": "redis://localhost:6379",
        "MONGODB_URI": "",
    }
    addons = ["heroku-postgresql", "heroku-redis", "mongolab"]
    result = converted({**_APP, "app.json": json.dumps({"env": env, "addons": addons})})
    [database], [cache] = messages(result, "TC416"), messages(result, "TC344")
    assert database.startswith("DATABASE_URL in app.json belongs to another server")
    assert database.endswith("get the value for postgres instead")
    assert (
        cache
        == "REDIS_URL in app.json points to the local machine; the services use redis instead"
    )
    assert not any("p4ssw0rd" in note.message for note in result.notes)


def test_the_server_of_a_private_plan_is_told_to_answer_only_inside() -> None:
    result = converted({**_APP, "app.json": '{"addons": ["heroku-redis:private-7"]}'})
    [advice] = [note.advice for note in result.notes if note.code == "TC400"]
    assert "the plan private-7 answers only inside its Private Space" in advice


def test_all_packages_that_a_dockerfile_lacks_are_in_one_command() -> None:
    names = [f"package{number}" for number in range(9)]
    aptfile = "\n".join(names)
    result = converted({**_APP, "Dockerfile": "FROM node:22\n", "Aptfile": aptfile})
    [note] = [note for note in result.notes if note.code == "TC362"]
    assert "package5 and 3 more are not installed" in note.message
    assert f"--no-install-recommends {' '.join(names)}`" in note.advice
    leaves = [leaf for leaf in result.ledger.leaves() if leaf.span.file == "Aptfile"]
    assert {result.ledger.fate(leaf).detail for leaf in leaves} == {("TC362",)}


NODE, OPEN = (
    ["node", "--watch", "--inspect=0.0.0.0:9229", "server.js"],
    ["--", "--host", "0.0.0.0", "--port", "3000"],
)


@pytest.mark.parametrize(
    ("dev", "command"),
    [
        ("webpack --watch", NODE),
        ("cross-env NODE_ENV=development webpack --watch", NODE),
        ("tsc -w & webpack --watch --mode development", NODE),
        ("npm run build -- --watch", NODE),
        ("vite build --watch", NODE),
        ("webpack --watch & nodemon server.js", ["npm", "run", "dev"]),
        ("webpack serve", ["npm", "run", "dev", *OPEN]),
        ("vite", ["npm", "run", "dev", *OPEN]),
        ("webpack serve --port 8080", ["npm", "run", "dev"]),
    ],
)
def test_a_script_that_only_watches_takes_no_server_s_place(
    dev: str, command: list[str]
) -> None:
    scripts = {"start": "node server.js", "build": "webpack", "dev": dev}
    files = {
        "Procfile": "web: npm start\n",
        "server.js": "",
        "package.json": json.dumps({"scripts": scripts}),
    }
    result = converted(files)
    [override] = [file for file in result.files if "override" in file.path]
    assert yaml.safe_load(override.content)["services"]["web"]["command"] == command
    is_shut_in = "--port 8080" in dev
    assert bool(messages(result, "TC329")) is is_shut_in
