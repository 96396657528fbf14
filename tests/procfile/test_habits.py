"""Habits of public repositories: what they leave unsaid, and what a stack of theirs would stumble over."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

DJANGO = {"manage.py": "", "app/wsgi.py": "", "Procfile": "web: gunicorn app.wsgi\n"}


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    options = Options(source="procfile", layout=Layout(split=True))
    result = convert(Memory(content), options)
    assert "TC901" not in {note.code for note in result.notes}
    return result


def text_of(result: Result, path: str) -> str:
    return next(file.content.decode() for file in result.files if file.path == path)


def services_of(result: Result, kind: str = "docker-compose.yml") -> dict[str, Any]:
    return dict(yaml.safe_load(text_of(result, kind))["services"])


def developed(files: dict[str, str]) -> dict[str, Any]:
    return services_of(converted(files), "docker-compose.override.yml")


def messages(result: Result, code: str) -> list[str]:
    return [note.message for note in result.notes if note.code == code]


# --- versions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requirements", "line"),
    [
        ("Django==3.2\n", "3.10"),
        ("django>=2.2,<3.0\ngunicorn\n", "3.9"),
        ("numpy==1.23.5\nDjango==4.2.1\n", "3.11"),
        # Made for a Python that the other one no longer runs on.
        ("psycopg2-binary==2.8.6\nDjango==5.0\n", "3.12"),
        ("gunicorn==20.0\n", "3.14"),
        ("Django>=3.2\n", "3.14"),
    ],
)
def test_python_is_the_newest_that_the_pinned_libraries_are_made_for(
    requirements: str, line: str
) -> None:
    result = converted({**DJANGO, "requirements.txt": requirements})
    assert f"FROM python:{line}-slim-bookworm AS base" in text_of(result, "Dockerfile")


def test_a_stated_python_goes_before_the_libraries() -> None:
    files = {**DJANGO, "requirements.txt": "Django==3.2\n", ".python-version": "3.12\n"}
    assert "FROM python:3.12-slim-bookworm" in text_of(converted(files), "Dockerfile")


def test_rust_runs_on_the_release_that_it_was_built_on() -> None:
    files = {"Procfile": "web: target/release/a\n", "Cargo.toml": '[package]\nname = "a"\n'}
    dockerfile = text_of(converted(files), "Dockerfile")
    assert "FROM rust:1-slim-bookworm AS source" in dockerfile
    assert "FROM debian:bookworm-slim AS production" in dockerfile


def test_the_debugger_of_an_old_java_has_no_star() -> None:
    dependency = "<artifactId>spring-boot-starter-web</artifactId>"
    pom = (
        "<project><properties><java.version>{}</java.version></properties>"
        f"<dependencies><dependency>{dependency}</dependency></dependencies></project>"
    )
    for version, address in (("1.8", "address=5005"), ("17", "address=*:5005")):
        files = {
            "pom.xml": pom.format(version),
            "Procfile": "web: java -jar target/a.jar\n",
        }
        assert developed(files)["web"]["command"][-1].endswith(address)


# --- builds --------------------------------------------------------------------------------------------------------


def test_java_without_a_build_has_no_step_of_one() -> None:
    files = {
        "Procfile": "web: ./bin/start\n",
        "bin/start": "#!/bin/sh\nexec java -jar app.jar\n",
        "app.json": '{"buildpacks": [{"url": "heroku/jvm"}]}',
    }
    dockerfile = text_of(converted(files), "Dockerfile")
    assert "gradle" not in dockerfile and "mvn" not in dockerfile


def test_go_with_one_program_below_cmd_runs_that() -> None:
    files = {"go.mod": "module example.org/money\n", "cmd/serve/main.go": "package main\n"}
    assert services_of(converted(files))["web"]["command"] == ["bin/serve"]
    assert developed(files)["web"]["command"] == ["go", "run", "./cmd/serve"]


SITE = {"package.json": '{"scripts": {"build": "ember build", "start": "ember server"}}'}


def test_static_json_makes_a_site_of_a_build() -> None:
    proxies = '{"proxies": {"/api/": {"origin": "https://api.example.org/"}}}'
    result = converted({**SITE, "static.json": proxies})
    assert "https://api.example.org" in text_of(result, "nginx.conf")
    assert "COPY --from=build /app/dist" in text_of(result, "Dockerfile")


@pytest.mark.parametrize("root", ["/app/www/dist", "/app/dist", "dist/", "dist"])
def test_the_root_of_a_site_is_a_folder_of_the_repository(root: str) -> None:
    package = '{"scripts": {"build": "vite build"}}'
    files = {"package.json": package, "static.json": f'{{"root": "{root}"}}'}
    assert "COPY --from=build /app/dist /" in text_of(converted(files), "Dockerfile")


@pytest.mark.parametrize(
    ("line", "package"),
    [("heroku-buildpack-graphviz.git", "graphviz"), ("buildpack-ffmpeg", "ffmpeg")],
)
def test_the_list_of_buildpacks_is_read(line: str, package: str) -> None:
    files = {
        "Procfile": "web: puma\n",
        "Gemfile": "gem 'puma'\n",
        ".buildpacks": f"https://github.com/a/{line}\nhttps://github.com/heroku/heroku-buildpack-ruby\n",
    }
    assert package in text_of(converted(files), "Dockerfile")


# --- services ------------------------------------------------------------------------------------------------------


def test_the_gem_is_given_the_scheme_that_it_answers_to() -> None:
    files = {
        "Procfile": "web: rails s\nrelease: rails db:migrate\n",
        "Gemfile": "gem 'rails'\ngem 'mysql2'\n",
    }
    address = services_of(converted(files))["web"]["environment"]["DATABASE_URL"]
    assert address.startswith("mysql2://")


def test_a_list_of_libraries_without_code_of_its_language_proves_nothing() -> None:
    files = {
        "Procfile": "web: node server.js\n",
        "server.js": "",
        "package.json": "{}",
        "Pipfile": '[packages]\ndjango = "*"\npsycopg2 = "*"\n',
    }
    assert set(services_of(converted(files))) == {"web"}
    assert "postgres" in services_of(converted({**files, "jobs/load.py": ""}))


PUMA = {"Procfile": "web: puma\n", "Gemfile": "gem 'puma'\n"}


@pytest.mark.parametrize(
    "plan", ["basic --version=15", "basic --version 15", " --version=15"]
)
def test_the_version_behind_a_plan_is_that_of_the_image(plan: str) -> None:
    addon = f"heroku-postgresql:{plan}" if plan[0] != " " else f"heroku-postgresql{plan}"
    result = converted({**PUMA, "app.json": f'{{"addons": ["{addon}"]}}'})
    assert services_of(result)["postgres"]["image"].startswith("postgres:15")
    assert not any("--version" in text for text in messages(result, "TC400"))


def test_a_copy_that_follows_is_the_one_server_under_another_name() -> None:
    addons = '["heroku-postgresql", "heroku-postgresql:standard-0 --as REPLICA --follow DATABASE_URL"]'
    result = converted({**PUMA, "app.json": f'{{"addons": {addons}}}'})
    services = services_of(result)
    environment = services["web"]["environment"]
    assert set(services) == {"web", "postgres"}
    assert environment["REPLICA_URL"] == environment["DATABASE_URL"]
    assert messages(result, "TC587")


def test_the_one_server_of_a_procfile_without_web_is_published() -> None:
    files = {
        "Procfile": "api: puma -p ${PORT:-3001}\njs: npm run build -- --watch\n",
        "Gemfile": "gem 'puma'\n",
    }
    result = converted(files)
    assert services_of(result)["api"]["ports"] and messages(result, "TC586")
    two = {**files, "Procfile": "api: puma -p $PORT\nfront: npm start -- --port $PORT\n"}
    assert not messages(converted(two), "TC586")


# --- development ---------------------------------------------------------------------------------------------------

MANAGED = {
    "Procfile": "web: node index.js\n",
    "Procfile.dev": "server: nodemon index.js\nweb: ember build --watch\n",
    "index.js": "",
    "package.json": '{"scripts": {"dev": "nf --procfile=Procfile.dev start"}}',
}


def test_no_process_manager_runs_beside_what_it_would_start() -> None:
    services = developed(MANAGED)
    assert services["web"]["command"] == ["nodemon", "index.js"]
    assert services["web-watch"]["command"] == ["ember", "build", "--watch"]
    assert set(services) == {"web", "web-watch"}


def test_the_note_on_development_names_the_command_of_the_file() -> None:
    [text] = messages(converted(MANAGED), "TC372")
    assert "nodemon index.js" in text


RAILS = {"Gemfile": "gem 'rails'\n", "bin/rails": "", "config.ru": ""}
DEV_ONLY = "web: bin/rails server\ncss: bin/rails tailwindcss:watch\nworker: bin/jobs\nredis: redis-server\n"


def test_a_procfile_for_development_alone_leaves_production_to_the_platform() -> None:
    files = {**RAILS, "Procfile.dev": DEV_ONLY}
    result = converted(files)
    base, override = (
        services_of(result),
        services_of(result, "docker-compose.override.yml"),
    )
    assert set(base) == {"web", "worker"}
    assert {"css", "redis"} < set(override)
    assert "$$RAILS_ENV" in base["web"]["command"][-1]
    assert override["css"]["tty"] is True
    assert not messages(result, "TC001")


def test_an_image_of_its_own_keeps_its_command_beside_a_procfile_for_development() -> None:
    image = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN uv sync\nENTRYPOINT ["./start.sh"]\n'
    files = {
        "Dockerfile": image,
        "manage.py": "",
        "pyproject.toml": "",
        "Procfile.dev": "web: uv run python manage.py runserver\nworker: uv run python manage.py qcluster\n",
    }
    result = converted(files)
    assert "command" not in services_of(result)["web"]
    web = services_of(result, "docker-compose.override.yml")["web"]
    assert web["command"][-2:] == ["runserver", "0.0.0.0:8000"]
    assert "/app/.venv" in web["volumes"]


OWN = """\
FROM node:22 AS front
FROM python:3.13-slim
ENV VIRTUAL_ENV=/app/env PATH=/app/env/bin:$PATH
WORKDIR /app
COPY . .
COPY --from=front /x/dist /app/client/dist
COPY --from=front /x/a.txt /app/a.txt
"""


def test_a_mount_of_the_source_does_not_hide_what_the_build_made() -> None:
    files = {
        "Dockerfile": OWN,
        "Procfile": "web: gunicorn app\n",
        "requirements.txt": "gunicorn\n",
    }
    volumes = developed(files)["web"]["volumes"]
    assert {"/app/env", "/app/client/dist"} < set(volumes) and len(volumes) == 3


def test_an_image_without_a_work_directory_gets_no_mount() -> None:
    files = {
        "Dockerfile": "FROM node:8-onbuild\nCOPY . .\nCMD npm start\n",
        "package.json": "{}",
    }
    result = converted(files)
    assert not any(
        file.path == "docker-compose.override.yml" and b"volumes" in file.content
        for file in result.files
    )
    assert not messages(result, "TC771")


# --- the first start -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "is_demanded"),
    [
        ("os.environ.get('SECRET_KEY', '')", True),
        ("os.getenv('SECRET_KEY')", True),
        ("config('SECRET_KEY', default='')", True),
        ("os.environ.get('SECRET_KEY', 'insecure')", False),
        ("os.environ.get('SECRET_KEY') or 'insecure'", False),
    ],
)
def test_the_key_that_django_refuses_to_be_without_is_demanded(
    read: str, is_demanded: bool
) -> None:
    files = {
        **DJANGO,
        "requirements.txt": "django\n",
        "app/settings.py": f"import os\nSECRET_KEY = {read}\n",
    }
    environment = services_of(converted(files))["web"]["environment"]
    assert (environment.get("SECRET_KEY") == "${SECRET_KEY:?}") is is_demanded


MIGRATED = {**DJANGO, "requirements.txt": "django\n"}
MIGRATED["app.json"] = '{"addons": ["heroku-postgresql"]}'


@pytest.mark.parametrize(
    ("files", "is_said"),
    [
        ({}, True),
        ({"Procfile": f"{DJANGO['Procfile']}release: python manage.py migrate\n"}, False),
        (
            {
                "Procfile": "web: bash run.sh\n",
                "run.sh": "python manage.py migrate\ngunicorn app.wsgi\n",
            },
            False,
        ),
        ({"app.json": "{}"}, False),
    ],
)
def test_tables_that_nothing_makes_are_told_with_the_command(
    files: dict[str, str], is_said: bool
) -> None:
    notes = [
        note for note in converted({**MIGRATED, **files}).notes if note.code == "TC588"
    ]
    assert bool(notes) is is_said
    if notes:
        command = "docker compose run --rm web python manage.py migrate"
        assert command in (notes[0].advice or "")


# --- project.toml --------------------------------------------------------------------------------------------------

NEXT = {
    "package.json": '{"scripts": {"build": "vite build", "start": "node a.js"}}',
    "a.js": "",
}
DESCRIPTOR = """
[_]
schema-version = "0.2"
[io.buildpacks]
builder = "heroku/builder:24"
exclude = ["docs", "*.psd"]
[[io.buildpacks.group]]
id = "heroku/nodejs"
version = "3.0"
[[io.buildpacks.group]]
uri = "https://github.com/a/buildpack-jq"
[[io.buildpacks.build.env]]
name = "VITE_URL"
value = "https://example.org"
[[build.env]]
name = "GOOGLE_RUNTIME_VERSION"
value = "20"
"""


@pytest.mark.parametrize(
    ("version", "is_known"),
    [("0.1", True), ("0.2", True), ("0.3", True), ("9.9", False), ("2", False)],
)
def test_a_descriptor_of_an_unknown_version_is_told(version: str, is_known: bool) -> None:
    descriptor = DESCRIPTOR.replace('"0.2"', f'"{version}"')
    told = messages(converted({**NEXT, "project.toml": descriptor}), "TC315")
    wanted = [] if is_known else ["schema-version should be 0.1, 0.2 or 0.3"]
    assert told == wanted


def test_every_key_of_the_descriptor_of_buildpacks_is_accounted_for() -> None:
    result = converted({**NEXT, "Procfile": "web: npm start\n", "project.toml": DESCRIPTOR})
    dockerfile, ignored = text_of(result, "Dockerfile"), text_of(result, ".dockerignore")
    assert "ENV VITE_URL=$VITE_URL" in dockerfile
    assert "jq" in dockerfile.split("AS production")[0]
    assert {"**/docs", "**/*.psd"} < set(ignored.splitlines())
    assert not messages(result, "TC001") and not messages(result, "TC576")
    [text] = messages(result, "TC589")
    assert "GOOGLE_RUNTIME_VERSION" in text
    unknown = f"{DESCRIPTOR}[io.buildpacks.novelty]\nkey = 1\n"
    strange = converted({**NEXT, "project.toml": unknown})
    [note] = [note for note in strange.notes if note.code == "TC001"]
    assert note.span and note.span.line == unknown.splitlines().index("key = 1") + 1


def test_a_build_that_is_given_some_files_gets_no_others() -> None:
    files = {**NEXT, "project.toml": '[io.buildpacks]\ninclude = ["src/", "a.js"]\n'}
    lines = text_of(converted(files), ".dockerignore").splitlines()
    assert lines.index("*") < lines.index("!src") < lines.index("**/.env*")


@pytest.mark.parametrize("text", ["[broken", "[tool.other]\na = 1\n", ""])
def test_a_file_of_that_name_that_is_no_descriptor_stops_nothing(text: str) -> None:
    result = converted({**NEXT, "project.toml": text})
    assert bool(messages(result, "TC314")) is (text == "[broken")
    assert not messages(result, "TC001")


# --- what a server shows -------------------------------------------------------------------------------------------


def test_a_server_of_the_whole_repository_keeps_back_what_a_mount_holds() -> None:
    php = {"Procfile": "web: heroku-php-apache2\n", "index.php": "<?php"}
    dockerfile = text_of(converted(php), "Dockerfile")
    assert "Require all denied" in dockerfile and "secrets" in dockerfile
    site = text_of(converted({"index.html": "x"}), "nginx.conf")
    assert "^/secrets/" in site
    below = {**php, "Procfile": "web: heroku-php-apache2 public/\n", "public/a.php": ""}
    assert "Require all denied" not in text_of(converted(below), "Dockerfile")


def test_static_json_beside_another_server_is_said_to_be_unread() -> None:
    files = {**NEXT, "Procfile": "web: npm start\n", "static.json": '{"root": "dist"}'}
    assert any("static.json" in text for text in messages(converted(files), "TC576"))


def test_the_driver_that_demands_tls_gets_a_server_that_speaks_it() -> None:
    files = {
        "go.mod": "module a.b/c\n\nrequire github.com/lib/pq v1.10.9\n",
        "main.go": 'package main\nimport (\n\t"database/sql"\n\t_ "github.com/lib/pq"\n)\n',
        "app.json": '{"addons": ["heroku-postgresql"]}',
    }
    assert "ssl=on" in services_of(converted(files))["postgres"]["command"]


# --- process managers, workspaces, servers elsewhere ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "only"),
    [
        ("overmind start -f Procfile.dev -x css", {"js"}),
        ("overmind s -f Procfile.dev -l web,css", {"css"}),
        ('exec foreman start -f Procfile.dev "$@"', {"css", "js"}),
        ("hivemind Procfile.dev --processes web,js", {"js"}),
    ],
)
def test_bin_dev_says_which_processes_a_developer_starts(call: str, only: set[str]) -> None:
    files = {
        **RAILS,
        "Procfile": "web: puma\n",
        "Procfile.dev": "web: bin/rails s\ncss: bin/rails css:watch\njs: yarn build --watch\n",
        "bin/dev": f"#!/bin/sh\nexport PORT=3000\n{call}\n",
    }
    assert developed(files).keys() - {"web"} == only
    assert len(messages(converted(files), "TC332")) == 2 - len(only)


@pytest.mark.parametrize(
    "files",
    [
        {"pnpm-workspace.yaml": "packages: [packages/*]\n", "package.json": "{}"},
        {"package.json": '{"workspaces": ["packages/*"]}'},
    ],
)
def test_a_mount_of_several_packages_keeps_the_libraries_of_each(
    files: dict[str, str],
) -> None:
    web = {"Procfile": "web: npm -w api start\n", "packages/api/package.json": "{}"}
    volumes = developed({**web, **files})["web"]["volumes"]
    assert {"/app/node_modules", "/app/packages/api/node_modules"} < set(volumes)
    alone = developed({**web, "package.json": "{}"})["web"]["volumes"]
    assert "/app/packages/api/node_modules" not in alone


def test_a_library_of_a_language_that_the_image_lacks_brings_no_program() -> None:
    files = {
        "Procfile": "web: npm start\napi: uvicorn main:app\n",
        "package.json": '{"scripts": {"start": "node a"}}',
        "a.js": "",
        "requirements.txt": "uvicorn\n",
        "main.py": "",
    }
    [text] = messages(converted(files), "TC567")
    assert "uvicorn" in text


@pytest.mark.parametrize(("text", "is_said"), [("\\$PORT", True), ("$PORT", False)])
def test_a_backslash_before_the_port_is_told(text: str, is_said: bool) -> None:
    files = {"Procfile": f"web: puma -p {text}\n", "Gemfile": "gem 'puma'\n"}
    assert bool(messages(converted(files), "TC591")) is is_said


def test_a_server_elsewhere_that_is_told_in_parts_is_kept_on_request() -> None:
    files = {
        "Procfile": "web: gunicorn app.wsgi\n",
        "requirements.txt": "psycopg2\ngunicorn\n",
        "app/settings.py": "ENGINE = 'django.db.backends.postgresql'\n",
        ".env": "DB_HOST=db.prod.example.org\nDB_USER=live\nDB_PASSWORD=x7GvLq92\n",
    }
    assert "postgres" in services_of(converted(files))
    content = {path: text.encode() for path, text in files.items()}
    options = ImportOptions(options={"servers": ("remote",)})
    layout = Layout(split=True)
    result = convert(
        Memory(content), Options(source="procfile", layout=layout, settings=options)
    )
    assert set(services_of(result)) == {"web"}
    assert "db.prod.example.org" in text_of(result, ".env")


def test_a_list_of_libraries_that_powershell_wrote_is_read() -> None:
    procfile = {"Procfile": b"web: gunicorn shop:app\n"}
    listed = "flask==3.0.0\ngunicorn==22.0.0\n"
    results = [
        convert(
            Memory({**procfile, "requirements.txt": listed.encode(encoding)}, "shop"),
            Options(source="procfile"),
        )
        for encoding in ("utf-8", "utf-16")
    ]
    plain_codes, codes = ([note.code for note in result.notes] for result in results)
    assert codes == plain_codes
    assert "TC567" not in codes


@pytest.mark.parametrize(
    ("manifest", "command"), [("project.clj", "java -jar a.jar"), ("build.sbt", "bin/a")]
)
def test_the_address_for_jdbc_holds_user_and_password(manifest: str, command: str) -> None:
    app = b'{"addons": ["heroku-postgresql"]}'
    files = {"Procfile": f"web: {command}\n".encode(), manifest: b"", "app.json": app}
    result = convert(Memory(files, "shop"), Options(source="procfile"))
    web = next(service for service in result.stack.services if service.name == "web")
    values = {variable.name: variable.value for variable in web.environment}
    address = values["JDBC_DATABASE_URL"] or ""
    assert address.startswith("jdbc:postgresql://postgres:5432/app?user=app&password=${")


@pytest.mark.parametrize(
    ("files", "root"),
    [
        ({"public/index.php": ""}, "/app/public"),
        ({"public/index.php": "", "index.php": ""}, "/app"),
        (
            {"public/index.php": "", "Procfile": "web: heroku-php-apache2 web/\n"},
            "/app/web",
        ),
    ],
)
def test_apache_serves_what_the_image_serves(files: dict[str, str], root: str) -> None:
    content = {
        path: text.encode() for path, text in {"composer.json": "{}", **files}.items()
    }
    result = convert(Memory(content, "shop"), Options(source="procfile"))
    web = next(service for service in result.stack.services if service.name == "web")
    values = {variable.name: variable.value for variable in web.environment}
    assert values["APACHE_DOCUMENT_ROOT"] == root


def test_a_variable_is_read_by_a_helper_of_the_settings_own() -> None:
    settings = (
        'E = "django.db.backends.postgresql"\n'
        'DATABASES = {"HOST": os.getenv("DB_HOST", ""), "PASSWORD": envsecret("DB_PASSWORD", "")}\n'
        'DEBUG = env_bool("DEBUG")\n'
    )
    files = {
        "Procfile": "web: gunicorn shop.wsgi\n",
        "requirements.txt": "django\npsycopg\ngunicorn\n",
        "shop/settings.py": settings,
    }
    content = {path: text.encode() for path, text in files.items()}
    result = convert(Memory(content, "shop"), Options(source="procfile"))
    web = next(service for service in result.stack.services if service.name == "web")
    values = {variable.name: variable.value for variable in web.environment}
    assert "POSTGRES_PASSWORD" in (values["DB_PASSWORD"] or "")


# --- the home folder ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "home"),
    [
        ("$HOME/bin/start", "/app"),
        ("cd ~/jobs && node run.js", "/app"),
        ("bash -c 'cd ${HOME}/jobs && node run.js'", "/app"),
        ("/app/bin/start", None),
        ("node jobs/run.js", None),
    ],
)
def test_the_app_is_the_home_of_commands_that_name_it(
    command: str, home: str | None
) -> None:
    files = {"Procfile": f"web: {command}\n", "bin/start": "", "jobs/run.js": ""}
    result = converted({**files, "package.json": "{}"})
    assert services_of(result)["web"]["environment"].get("HOME") == home
    assert not {note.code for note in result.notes} & {"TC566", "TC567"}


@pytest.mark.parametrize(
    "command",
    [
        "for i in {1..3}; do node a.js; done",
        "for convert in a b; do node a.js; done",
        "function f { node a.js; }; f",
        "f() { node a.js; }; f",
        'hosts=(1 2); node a.js "${hosts[@]}"',
        "case $X in\\n1) node a.js;; esac",
    ],
)
def test_names_of_loops_functions_and_arrays_are_no_programs(command: str) -> None:
    files = {"Procfile": f"web: {command}\n", "a.js": "", "package.json": "{}"}
    codes = {note.code for note in converted(files).notes}
    assert not codes & {"TC566", "TC567", "TC568"}


# --- tools that build ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "command", "is_kept", "codes"),
    [
        ({"Cargo.toml": "[package]\nname = 'shop'\n"}, "cargo run --release", True, set()),
        ({"Cargo.toml": "[package]\nname = 'shop'\n"}, "target/release/shop", False, set()),
        ({"go.mod": "module shop\n", "main.go": ""}, "go run main.go", True, set()),
        ({"go.mod": "module shop\n", "main.go": ""}, "bin/shop", False, set()),
        ({"pom.xml": "<project/>"}, "mvn spring-boot:run", False, {"TC093"}),
        ({"build.gradle": "", "gradlew": ""}, "./gradlew bootRun", False, {"TC093"}),
        ({"A.csproj": "<Project/>"}, "dotnet run --project A.csproj", False, {"TC093"}),
        ({"A.csproj": "<Project/>"}, "dotnet bin/publish/A.dll", False, set()),
    ],
)
def test_a_tool_that_builds_stays_in_the_image_or_is_told_of(
    files: dict[str, str], command: str, is_kept: bool, codes: set[str]
) -> None:
    result = converted({**files, "Procfile": f"web: {command}\n"})
    assert ("FROM build AS production" in text_of(result, "Dockerfile")) is is_kept
    assert {note.code for note in result.notes} & {"TC566", "TC567", "TC093"} == codes
