"""Kinds of faults that public repositories showed, each in the smallest repository that has it."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.notes import Kind
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

LOCK = "GEM\n  specs:\n    execjs (2.10.0)\n    terser (1.2.6)\n"
TOKIO = '[package]\nname = "bot"\nversion = "1.0.0"\n[dependencies]\n'


def converted(files: dict[str, str], split: bool = False) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    options = Options(source="procfile", layout=Layout(split=split))
    result = convert(Memory(content, "shop"), options)
    assert "TC901" not in {note.code for note in result.notes}
    return result


def codes(result: Result) -> set[str]:
    return {note.code for note in result.notes}


def dockerfile(files: dict[str, str]) -> str:
    files_of = converted(files).stack.files
    return next(file.content.decode() for file in files_of if file.path == "Dockerfile")


def variables(files: dict[str, str], name: str) -> dict[str, str | None]:
    services = converted(files).stack.services
    environment = next(service.environment for service in services if service.name == name)
    return {variable.name: variable.value for variable in environment}


@pytest.mark.parametrize(
    ("engine", "needs_node"), [("", True), ("    mini_racer (0.16)\n", False)]
)
def test_a_gem_that_runs_javascript_has_node_when_it_is_loaded(
    engine: str, needs_node: bool
) -> None:
    lock = LOCK + engine
    files = {"Procfile": "web: puma\n", "Gemfile": "gem 'terser'\n", "Gemfile.lock": lock}
    base, _, _ = dockerfile(files).partition(" AS tools")
    assert ("--from=node" in base) == needs_node


@pytest.mark.parametrize(
    "files",
    [
        {
            "requirements.txt": "-r requirements/production.txt\n",
            "requirements/production.txt": "-r base.txt\n",
        },
        {"requirements.txt": "--requirement=requirements/base.txt\n"},
        # Two files that include each other.
        {
            "requirements.txt": "-r requirements/base.txt\n",
            "requirements/base.txt": "-r ../requirements.txt\n",
        },
    ],
)
def test_the_version_of_python_fits_the_pins_of_included_files(
    files: dict[str, str],
) -> None:
    base = files.get("requirements/base.txt", "") + "Django==1.11.29\n"
    text = dockerfile(
        {"Procfile": "web: gunicorn a\n", **files, "requirements/base.txt": base}
    )
    assert "FROM python:3.7-" in text


@pytest.mark.parametrize(
    ("declaration", "demanded"),
    [
        ('{"value": "", "required": true}', True),
        ('{"value": ""}', False),
        ('{"value": "", "required": false}', False),
        ('{"value": "x", "required": true}', False),
    ],
)
def test_an_empty_value_of_what_is_required_is_asked_for(
    declaration: str, demanded: bool
) -> None:
    files = {"Procfile": "worker: python a.py\n", "requirements.txt": "", "a.py": ""}
    files["app.json"] = f'{{"env": {{"API_ID": {declaration}}}}}'
    assert ("TC343" in codes(converted(files))) == demanded
    assert ((variables(files, "worker")["API_ID"] or "").endswith(":?}")) == demanded


@pytest.mark.parametrize(
    ("program", "is_told"),
    [
        ("bin/shop", True),
        ("target/universal/stage/bin/shop", False),
        ("api/build/install/api/bin/api", False),
    ],
)
def test_a_program_of_java_lies_where_its_build_leaves_one(
    program: str, is_told: bool
) -> None:
    files = {"Procfile": f"web: {program} -Dhttp.port=$PORT\n", "build.sbt": ""}
    assert ("TC566" in codes(converted(files))) == is_told


@pytest.mark.parametrize(
    ("files", "is_bot"),
    [
        (
            {
                "Procfile": "web: target/release/bot\n",
                "Cargo.toml": TOKIO + 'teloxide = "0.12"\n',
                "src/main.rs": "fn main() {}\n",
            },
            True,
        ),
        (
            {
                "Procfile": "web: target/release/bot\n",
                "Cargo.toml": TOKIO + 'teloxide = "0.12"\naxum = "0.7"\n',
                "src/main.rs": "fn main() {}\n",
            },
            False,
        ),
        (
            {
                "Procfile": "web: bin/bot\n",
                "go.mod": "module bot\nrequire github.com/bwmarrin/discordgo v0.27.0\n",
                "main.go": "package main\n",
            },
            True,
        ),
        (
            {
                "Procfile": "web: bin/bot\n",
                "go.mod": "module bot\nrequire github.com/bwmarrin/discordgo v0.27.0\n",
                "main.go": "package main\nfunc main() { http.ListenAndServe(port(), nil) }\n",
            },
            False,
        ),
    ],
)
def test_a_compiled_bot_publishes_no_port(files: dict[str, str], is_bot: bool) -> None:
    result = converted(files)
    assert ("TC597" in codes(result)) == is_bot
    assert any(service.ports for service in result.stack.services) != is_bot


@pytest.mark.parametrize(
    ("options", "is_opened"),
    [("-c conf.py", True), ("-c conf.py -b 0.0.0.0:8000", False), ("", False)],
)
def test_gunicorn_is_opened_where_its_file_binds_a_socket(
    options: str, is_opened: bool
) -> None:
    files = {
        "Procfile": f"web: bin/start-nginx gunicorn {options} shop.wsgi\n",
        "requirements.txt": "gunicorn\n",
        "conf.py": "bind = 'unix:///tmp/nginx.socket'\n",
        "shop/wsgi.py": "",
    }
    told = variables(files, "web").get("GUNICORN_CMD_ARGS")
    assert told == ("--bind=0.0.0.0:8000" if is_opened else None)
    assert "TC329" not in codes(converted(files))


LARAVEL = {
    "Procfile": "web: heroku-php-apache2 public/\n",
    "composer.json": '{"require": {"laravel/framework": "^11", "predis/predis": "^2"}}',
}


@pytest.mark.parametrize(
    ("files", "is_demanded"),
    [
        # Laravel's own settings read it where the app has none, and an example is no value.
        ({}, True),
        ({".env.example": "APP_KEY=\n"}, True),
        ({"config/app.php": "<?php return ['key' => env('APP_KEY')];\n"}, True),
        ({"config/app.php": "<?php return ['key' => config('k')];\n"}, False),
    ],
)
def test_laravel_is_asked_for_its_key(files: dict[str, str], is_demanded: bool) -> None:
    told = variables({**LARAVEL, **files}, "web").get("APP_KEY") or ""
    assert told == ("${APP_KEY:?}" if is_demanded else "")


def test_an_example_that_selects_a_server_of_the_stack_is_kept_and_others_are_shown() -> (
    None
):
    example = "REDIS_HOST=127.0.0.1\nQUEUE_CONNECTION=redis\nCACHE_STORE=memcached\nAPP_NAME=Shop\n"
    files = {**LARAVEL, ".env.example": example}
    told = variables(files, "web")
    assert told["QUEUE_CONNECTION"] == "${QUEUE_CONNECTION:-redis}"
    assert told["CACHE_STORE"] is told["APP_NAME"] is None
    env = next(
        file.content.decode()
        for file in converted(files, split=True).files
        if file.path == ".env"
    )
    assert 'QUEUE_CONNECTION="redis"\n' in env and '\n# APP_NAME="Shop"\n' in env
    assert "APP_NAME has no value" not in env and "\nAPP_NAME" not in env


@pytest.mark.parametrize(
    ("name", "value", "is_plain"),
    [
        ("PGSSLMODE", "no-verify", True),
        ("DB_SSLMODE", "require", True),
        ("PGSSLMODE", "disable", False),
        ("MYSQL_SSL_MODE", "require", False),
    ],
)
def test_tls_is_off_where_the_service_has_none(
    name: str, value: str, is_plain: bool
) -> None:
    files = {
        "Procfile": "web: ./serve\n",
        "app.json": f'{{"addons": ["heroku-postgresql"], "env": {{"{name}": "{value}"}}}}',
    }
    assert variables(files, "web")[name] == ("disable" if is_plain else value)
    assert ("TC380" in codes(converted(files))) == is_plain


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("node a.js", "it is usual for Node.js"),
        ("heroku-php-apache2 public/", "it is usual for PHP"),
        ("gunicorn a:app", "gunicorn uses it by default"),
    ],
)
def test_a_port_is_a_programs_default_only_where_it_has_one(command: str, why: str) -> None:
    notes = converted({"Procfile": f"web: {command}\n"}).notes
    assert [f"({why})" in note.message for note in notes if note.code == "TC320"] == [True]


def test_the_entry_of_a_missing_script_is_named_where_it_stands() -> None:
    files = {
        "Procfile": "web: node a.js\n",
        "a.js": "",
        "package.json": "{}",
        "app.json": '{"scripts": {"postdeploy": "node scripts/seed.js"}}',
    }
    [told] = [note for note in converted(files).notes if note.code == "TC566"]
    assert told.span is not None and told.span.file == "app.json"
    # Notes on several files are told as one, with one advice.
    assert told.advice.endswith("delete the entry that names it.")
    # Nobody can confirm that a file is missing: it is no assumption.
    assert told.kind is Kind.CHANGED


@pytest.mark.parametrize(
    ("stated", "started"),
    [
        ("poetry run gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("pipenv run python work.py", "python work.py"),
        ("uv run --frozen --no-dev gunicorn shop.wsgi", "gunicorn shop.wsgi"),
        ("uv run work.py --fast", "python work.py --fast"),
        ("uv run -m shop.work", "python -m shop.work"),
        ("env A=b pdm run gunicorn shop.wsgi", "env A=b gunicorn shop.wsgi"),
        # What --with names is in no image, and what requirements.txt names is.
        ("uv run --with rich work.py", "uv run --with rich work.py"),
        ("honcho run gunicorn shop.wsgi", "honcho run gunicorn shop.wsgi"),
    ],
)
def test_a_command_needs_no_launcher_of_the_environment_that_is_on_path(
    stated: str, started: str
) -> None:
    files = {
        "Procfile": f"worker: {stated}\n",
        "requirements.txt": "gunicorn\nhoncho\n",
        "shop/wsgi.py": "",
        "shop/work.py": "",
        "work.py": "",
    }
    result = converted(files)
    worker = next(service for service in result.stack.services if service.name == "worker")
    assert " ".join(worker.command or ()) == started
    assert ("TC585" in codes(result)) == (stated != started)
    own_image = {**files, "Dockerfile": "FROM python:3.13\nWORKDIR /app\nCOPY . .\n"}
    (kept,) = converted(own_image).stack.services
    assert " ".join(kept.command or ()) == stated


@pytest.mark.parametrize(
    ("files", "has", "lacks"),
    [
        ({}, ("pdo_mysql", "pdo_pgsql"), "pcntl"),
        ({".env.example": "DB_CONNECTION=mysql\nDB_HOST=h\n"}, ("pdo_mysql",), "pdo_pgsql"),
        (
            {
                "composer.lock": '{"packages": [{"require": {"ext-pcntl": "*", "ext-json": "*"}}]}'
            },
            ("pcntl",),
            "json",
        ),
        (
            {"composer.json": '{"require": {"laravel/horizon": "^5"}}'},
            ("pcntl",),
            "pdo_pgsql",
        ),
    ],
)
def test_the_extensions_are_those_that_composer_asks_for(
    files: dict[str, str], has: tuple[str, ...], lacks: str
) -> None:
    text = dockerfile({**LARAVEL, **files})
    [installed] = [line for line in text.splitlines() if "docker-php-ext-install" in line]
    words = installed.split()
    assert set(has) <= set(words) and lacks not in words


DENO = "web: deno run --allow-net --cached-only --import-map=map.json src/main.ts\n"


def test_what_deno_code_imports_is_in_the_image() -> None:
    files = {"Procfile": DENO, "src/main.ts": "", "worker.ts": ""}
    text = dockerfile(
        {**files, "Procfile": f"{DENO}job: deno run worker.ts && deno run a.ts\n"}
    )
    # Both stages build on it; a script that is not there is not cached.
    base, _, _ = text.partition(" AS development")
    assert "RUN deno cache --import-map=map.json src/main.ts\n" in base
    assert "RUN deno cache worker.ts\n" in base and "a.ts" not in base


@pytest.mark.parametrize(
    "files",
    [
        {
            "Procfile": "web: deno run -A main.ts\n",
            "main.ts": 'import { Pool } from "https://deno.land/x/postgres@v0.17.0/mod.ts"\n'
            'new Pool(Deno.env.get("DATABASE_URL"))\n',
        },
        {
            "Procfile": "web: deno run -A main.ts\n",
            "main.ts": 'import pg from "npm:pg@8"\nDeno.env.get("DATABASE_URL")\n',
        },
        {
            "Procfile": "web: java -jar target/a.jar\n",
            "project.clj": '(defproject a "1" :dependencies [[org.postgresql/postgresql "42.7"]])\n',
            "src/a.clj": "(def db (env :database-url))\n",
        },
        {
            "Procfile": "web: cd bin/publish; ./Shop --urls http://*:$PORT\n",
            "Shop.csproj": '<PackageReference Include="Npgsql" Version="9" />\n',
            "Program.cs": 'Environment.GetEnvironmentVariable("DATABASE_URL");\n',
        },
    ],
)  # fmt: skip
def test_a_driver_and_its_variable_bring_the_server_in_every_language(
    files: dict[str, str],
) -> None:
    result = converted(files)
    assert {service.name for service in result.stack.services} == {"postgres", "web"}
    assert variables(files, "web")["DATABASE_URL"]


@pytest.mark.parametrize(
    ("channel", "reason"),
    [("nightly-2024-01-01", "nightly-2024-01-01"), ("", "the source names no version")],
)
def test_a_toolchain_that_is_no_number_is_told_as_it_is(channel: str, reason: str) -> None:
    files = {"Procfile": "web: target/release/bot\n", "Cargo.toml": TOKIO}
    result = converted({**files, **({"rust-toolchain": channel} if channel else {})})
    (told,) = (note for note in result.notes if note.code == "TC356")
    assert reason in told.message


def test_a_workspace_with_procfiles_below_says_which_are_not_read() -> None:
    files = {
        "package.json": '{"scripts": {"build": "turbo run build"}, "workspaces": ["apps/*"]}',
        "app.json": "{}",
        "apps/api/Procfile": "web: npm start\n",
        "apps/site/Procfile": "web: npm start\n",
    }
    (told,) = (note for note in converted(files).notes if note.code == "TC389")
    assert "apps/api/Procfile and apps/site/Procfile are not read" in told.message
    # The root says itself what it runs.
    for further in (
        {"Procfile": "web: npm start\n"},
        {"package.json": '{"scripts": {"start": "node a.js"}}'},
        {"Dockerfile": "FROM node:22\nCMD node a.js\n"},
    ):
        assert "TC389" not in codes(converted({**files, **further}))


def test_the_launcher_of_a_buildpack_gives_way_to_what_the_image_starts() -> None:
    files = {
        "Procfile": "web: php startup.php && heroku-php-apache2 public/\n",
        "Dockerfile": 'FROM example.com/php:8\nCMD ["/startup.sh"]\n',
    }
    result = converted(files)
    assert codes(result) & {"TC374", "TC387"} == {"TC387"}
    assert result.stack.services[0].command is None


@pytest.mark.parametrize(
    ("command", "is_local"), [("rackup", False), ("rackup -o localhost", True)]
)
def test_rackup_listens_on_localhost_in_development_alone(
    command: str, is_local: bool
) -> None:
    files = {
        "Procfile": f"web: bundle exec {command} -p $PORT\n",
        "Gemfile": "gem 'rack'\n",
    }
    assert ("TC329" in codes(converted(files))) == is_local


@pytest.mark.parametrize(
    ("option", "is_told"),
    [
        ("-C config/puma.rb", True),
        ("--config=config/live.rb", True),
        ("-C config/kept.rb", False),
        ("-C /etc/puma.rb", False),
        ("-C $PUMA_FILE", False),
    ],
)
def test_a_configuration_file_that_is_missing_is_told(option: str, is_told: bool) -> None:
    files = {
        "Procfile": f"web: bundle exec puma {option}\n",
        "Gemfile": "gem 'puma'\n",
        "config/kept.rb": "",
    }
    assert ("TC091" in codes(converted(files))) is is_told


def test_each_process_whose_configuration_file_is_missing_is_told() -> None:
    files = {
        "Procfile": "web: bundle exec puma -C config/puma.rb\n"
        "worker: bundle exec sidekiq -C config/sidekiq.yml\n"
        "mail: bundle exec sidekiq -q mail\n",
        "Gemfile": "gem 'puma'\ngem 'sidekiq'\n",
    }
    told = [note.message for note in converted(files).notes if note.code == "TC091"]
    assert told == [
        "puma of web reads config/puma.rb, which is not in the repository",
        "sidekiq of worker reads config/sidekiq.yml, which is not in the repository",
    ]


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("official.compose.yaml", True),
        ("docker-compose.test.yml", True),
        ("docker-compose.prod.yml", False),
        ("composer.yml", False),
    ],
)
def test_a_compose_file_that_nothing_reads_is_told(name: str, is_told: bool) -> None:
    files = {
        "Procfile": "web: node a.js\n",
        "a.js": "",
        "package.json": "{}",
        name: "services: {web: {image: 'shop/web:1'}}\n",
    }
    assert ("TC097" in codes(converted(files))) is is_told
