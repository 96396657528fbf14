"""A process that only builds the front end waits for nobody and gets no secret; its server is reached from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report

RAILS = {
    "Procfile": "web: bundle exec puma\nworker: bundle exec sidekiq\n",
    "Gemfile": "gem 'rails'\ngem 'sidekiq'\ngem 'pg'\n",
    "bin/rails": "",
    "config.ru": "",
    "app.json": """{"addons": ["heroku-postgresql"],
        "env": {"API_TOKEN": {"generator": "secret"}, "CDN_HOST": {"value": "cdn.example"}}}""",
    "package.json": json.dumps(
        {
            "scripts": {
                "build": "esbuild app/*.* --outdir=public",
                "all": "npm run build -- --watch",
                "serve": "node server.js",
                "make": "node esbuild.config.mjs --watch",
            }
        }
    ),
}


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    options = Options(source="procfile", layout=Layout(split=True))
    result = convert(Memory(content, "shop"), options)
    assert not {"TC901", "TC001"} & {note.code for note in result.notes}
    return result


def developed(lines: str, **files: str) -> tuple[dict[str, Any], Result]:
    """The services of the override, and the result."""
    result = converted({**RAILS, "Procfile.dev": lines, **files})
    content = next(f.content for f in result.files if f.path.endswith("override.yml"))
    return yaml.safe_load(content)["services"], result


@pytest.mark.parametrize(
    "command",
    [
        "npx tailwindcss -i a.css -o b.css --watch",
        "yarn build --watch",
        "npm run all",
        "npm run make",
        "NODE_ENV=development npx webpack --watch",
        "node esbuild.config.mjs --watch",
        "bin/vite dev",
        "npx @tailwindcss/cli@4 -i a.css -o b.css --watch",
    ],
)
def test_a_builder_waits_for_nobody_and_gets_no_secret(command: str) -> None:
    services, result = developed(f"js: {command}\n")
    service = services["js"]
    assert "depends_on" not in service and "data" not in service["networks"]
    names = set(service["environment"])
    assert not names & {"DATABASE_URL", "REDIS_URL", "API_TOKEN", "SECRET_KEY_BASE"}
    assert "CDN_HOST" in names and service["environment"]["RAILS_ENV"] == "development"
    [said] = [note.message for note in result.notes if note.code == "TC573"]
    assert "waits for no server" in said


@pytest.mark.parametrize(
    "command",
    # The first three load the app, of the last two nothing is known.
    [
        "bin/rails css:watch",
        "bundle exec guard",
        "npm run serve",
        "yarn other",
        "npx webpack --watch & bin/jobs",
    ],
)
def test_what_may_run_the_app_waits_as_the_app_does(command: str) -> None:
    services, result = developed(f"other: {command}\n")
    assert set(services["other"]["depends_on"]) == {"postgres", "redis"}
    assert "API_TOKEN" in services["other"]["environment"]
    [said] = [note.message for note in result.notes if note.code == "TC573"]
    assert "waits" not in said


def test_what_the_bundlers_own_file_names_reaches_it() -> None:
    config = "const token = process.env.API_TOKEN; const data = process.env.DATABASE_URL\n"
    services, _ = developed("js: npx webpack --watch\n", **{"webpack.config.js": config})
    assert {"API_TOKEN", "DATABASE_URL"} <= set(services["js"]["environment"])
    assert "SECRET_KEY_BASE" not in services["js"]["environment"]
    # It has the address, so it waits.
    assert "postgres" in services["js"]["depends_on"]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (
            "bundle exec puma -C config/dev.rb -p 3000",
            "bundle exec puma -C config/dev.rb -p 3000",
        ),
        (
            "puma -b tcp://127.0.0.1:3000 -C config/dev.rb",
            "puma -b tcp://0.0.0.0:3000 -C config/dev.rb",
        ),
        ("puma -C config/local.rb", "bundle exec rails server -b 0.0.0.0 -p 3000"),
        ("bin/rails s -p 3000", "bundle exec rails server -b 0.0.0.0 -p 3000"),
        ("bin/serve", "bundle exec rails server -b 0.0.0.0 -p 3000"),
    ],
)
def test_another_server_that_is_reached_keeps_its_own_command(
    line: str, command: str
) -> None:
    local = {"config/local.rb": 'bind "tcp://127.0.0.1:3000"\n'}
    services, result = developed(f"web: env DEBUG=open {line}\n", **local)
    assert " ".join(services["web"]["command"]) == command
    assert services["web"]["environment"]["DEBUG"] == "open"
    is_said = "TC571" in {note.code for note in result.notes}
    assert is_said == ("rails" in command)


def test_a_command_in_the_place_of_production_keeps_its_variables() -> None:
    lines = "web: bin/rails s\nworker: env A='$b' bundle exec sidekiq -v\n"
    services, _ = developed(lines)
    assert services["worker"]["command"] == ["bundle", "exec", "sidekiq", "-v"]
    assert services["worker"]["environment"]["A"] == "$$b"


def test_rails_and_the_server_of_vite_ruby_find_each_other() -> None:
    settings = {"config/vite.json": '{"development": {"port": 3037}}', "bin/vite": ""}
    services, _ = developed("web: bin/rails s\nassets: bin/vite dev\n", **settings)
    assets = services["assets"]
    assert assets["environment"]["VITE_RUBY_HOST"] == "0.0.0.0"
    assert assets["environment"]["__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS"] == "assets"
    assert assets["ports"] == ["127.0.0.1:3037:3037"]
    assert services["web"]["environment"]["VITE_RUBY_HOST"] == "assets"


@pytest.mark.parametrize(
    ("config", "port"),
    [
        ("", "5173"),
        ("export default { server: { port: 4000, host: 'localhost' } }", "4000"),
    ],
)
def test_a_server_that_the_browser_asks_listens_for_it(config: str, port: str) -> None:
    services, _ = developed("front: npx vite\n", **{"vite.config.js": config})
    front = services["front"]
    assert front["command"] == ["npx", "vite", "--host", "0.0.0.0", "--port", port]
    assert front["ports"] == [f"127.0.0.1:{port}:{port}"]


NODE = {
    "Procfile": "web: node server.js\n",
    "server.js": "",
    "package.json": '{"scripts": {"dev": "vite"}, "devDependencies": {"vite": "6"}}',
}


def override_of(files: dict[str, str]) -> dict[str, Any]:
    result = converted(files)
    content = next(f.content for f in result.files if f.path.endswith("override.yml"))
    return dict(yaml.safe_load(content)["services"])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("vite", ["--", "--host", "0.0.0.0", "--port", "3000"]),
        ("cross-env A=b vite --mode dev", ["--", "--host", "0.0.0.0", "--port", "3000"]),
        ("vite --host", []),
        ("vite & node server.js", []),
    ],
)
def test_a_dev_script_that_serves_the_front_end_listens_at_the_published_port(
    script: str, words: list[str]
) -> None:
    package = json.dumps({"scripts": {"dev": script}})
    web = override_of({**NODE, "package.json": package})["web"]
    assert web["command"] == ["npm", "run", "dev", *words]


def test_a_dev_server_that_states_its_port_is_told() -> None:
    package = '{"scripts": {"dev": "vite --port 5173"}}'
    messages = [
        note.message
        for note in converted({**NODE, "package.json": package}).notes
        if note.code == "TC329"
    ]
    assert len(messages) == 1 and "in development" in messages[0]


def test_an_app_beside_its_front_end_keeps_its_own_service() -> None:
    services = override_of({**NODE, "Procfile.dev": "web: vite\napi: node server.js\n"})
    assert services["api"]["command"] == ["node", "server.js"]
    assert services["web"]["command"][-2:] == ["--port", "3000"]


def test_a_proxy_to_localhost_is_told() -> None:
    config = (
        "export default {\n  server: { proxy: { '/api': 'http://localhost:3001' } }\n}\n"
    )
    notes = converted({**NODE, "vite.config.js": config}).notes
    [said] = [note for note in notes if note.code == "TC855"]
    assert "http://localhost:3001" in said.message and said.span and said.span.line == 2
    plain = converted({**NODE, "vite.config.js": "export default {}\n"}).notes
    assert "TC855" not in {note.code for note in plain}


def test_a_watcher_is_not_left_to_an_entrypoint_that_ignores_commands() -> None:
    files = {
        "Procfile": "web: python manage.py serve\n",
        "Procfile.dev": "css: npx tailwindcss --watch\n",
        "requirements.txt": "django\n",
        "manage.py": "",
        "start.sh": "#!/bin/sh\nexec gunicorn shop.wsgi\n",
        "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["/app/start.sh"]\n',
    }
    assert override_of(files)["css"]["entrypoint"] == []


def test_the_images_own_start_gives_way_to_the_command_for_development() -> None:
    files = {
        "Procfile.dev": "web: python manage.py runserver\nworker: python manage.py work\n",
        "requirements.txt": "django\n",
        "manage.py": "",
        "start.sh": "#!/bin/sh\nexec gunicorn shop.wsgi\n",
        "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["/app/start.sh"]\n',
    }
    web = override_of(files)["web"]
    assert web["entrypoint"] == [] and "runserver" in web["command"]
    messages = [note.message for note in converted(files).notes if note.code == "TC382"]
    assert any(message.startswith("web in development") for message in messages)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("bundle exec rackup -p $PORT", "exec bundle exec rackup -p $$PORT -o 0.0.0.0"),
        ("bundle exec rackup -o 0.0.0.0 -p $PORT", None),
        ("bundle exec puma", None),
    ],
)
def test_a_server_that_development_alone_hides_is_opened(
    line: str, command: str | None
) -> None:
    files = {"Procfile": f"web: {line}\n", "Gemfile": "gem 'rack'\n", "config.ru": ""}
    web = override_of(files)["web"]
    assert web["environment"]["RACK_ENV"] == "development"
    assert web.get("command", [None])[-1] == command


def test_reports_name_what_runs_for_development_alone() -> None:
    _, result = developed("css: npx tailwindcss --watch\n")
    assert [service.name for service in result.stack.development] == ["css"]
    told = report(result, Memory({}, "shop"))
    assert "Only for development, and not in the diagram: `css`" in render("markdown", told)
    assert "1 more for development" in render("html", told)


def test_no_source_of_a_platform_states_an_order() -> None:
    result = converted(RAILS)
    web = result.stack.service("web")
    assert web is not None
    reasons = {edge.service: edge.evidence for edge in web.depends_on}
    assert reasons["postgres"] == "it is told where postgres is by DATABASE_URL"
