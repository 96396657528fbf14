"""What a process is given on the platform, it is given here: its shell, the programs on PATH, its command."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.importers.procfile.shell import convert_command
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.syntax.interpolation import plain

DASH, BASH = shutil.which("dash"), shutil.which("bash")
# Each of them prints something, so that two shells can be compared.
COMMANDS = [
    "sleep 1 & wait -n; echo $?",
    '[ "$HOME" == "$HOME" ] && echo same || echo other',
    "let n=2+3; echo $n",
    "(( 3 > 1 )) && echo more",
    "declare n=4; echo $n",
    "typeset n=4; echo $n",
    "sleep 5 >/dev/null 2>&1 & disown; echo $?",
    'echo -e "a\\tb"',
    "printf -v n %d 7; echo $n",
    "echo {1..3}",
    "set -o pipefail; false | true; echo $?",
    "a=(1 2 3); echo ${a[1]}",
    "n=abc; echo ${n:1:1} ${n^}",
    "read -n 1 x <<< yes; echo $x",
    "trap 'echo bye' EXIT; echo hi",
    "export A=1; echo $A",
    "if [ 1 = 1 ]; then echo yes; fi",
    "cd / && pwd",
    "for n in 1 2; do echo $n; done",
    "echo a 2>&1 | cat",
    "echo ${X:-none} ${HOME#/}",
    "A=1; A+=2; echo $A",
    "n=3; echo $((n * 2))",
    "pushd / >/dev/null; pwd",
    "test 1 == 1; echo $?",
    "time true; echo $?",
    "echo $'a\\tb'",
    "echo a &> /dev/null; echo $?",
    "function f { echo f; }; f",
    "[ -n a ] && exec echo done",
]


@pytest.mark.skipif(not (DASH and BASH), reason="needs dash and bash")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_what_bash_would_do(command: str, tmp_path: Path) -> None:
    arguments = [plain(argument) or "" for argument in convert_command(command).argv]
    shells = {"sh": str(DASH), "bash": str(BASH)}
    program = shells.get(arguments[0], arguments[0])

    def run(*words: str) -> tuple[int, str]:
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
        return done.returncode, done.stdout

    assert run(program, *arguments[1:]) == run(str(BASH), "-c", command)


@pytest.mark.parametrize("builtin", ["exit 1", "return 0", "break", ": ok", "umask 22"])
def test_no_builtin_stands_behind_exec(builtin: str) -> None:
    assert convert_command(f"./run.sh; {builtin}").argv == (
        "sh",
        "-c",
        f"./run.sh; {builtin}",
    )


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    return convert(
        Memory(content, "app"), Options(source="procfile", layout=Layout(split=True))
    )


def written(result: Result, path: str) -> str:
    return next(file.content.decode() for file in result.files if file.path == path)


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ({"package.json": "{}"}, "/app/node_modules/.bin"),
        ({"Gemfile": "gem 'puma'\n"}, "/usr/local/bundle/bin"),
        ({"Gemfile": "gem 'puma'\n"}, "/app/bin"),
        ({"composer.json": "{}"}, "/app/vendor/bin"),
        ({"requirements.txt": "flask\n"}, "/opt/venv/bin"),
    ],
)
def test_programs_of_libraries_are_on_path_in_every_stage(
    files: dict[str, str], folder: str
) -> None:
    text = written(converted({"Procfile": "web: serve\n", **files}), "Dockerfile")
    base = text.partition(" AS base")[2].partition("FROM ")[0]
    assert folder in base.partition("PATH=")[2].partition("$PATH")[0]
    assert text.count("FROM base AS") >= 2


@pytest.mark.parametrize(
    ("addon", "name"),
    [
        ("mongolab", "ORDERS_URI"),
        ("heroku-postgresql", "ORDERS_URL"),
        ("heroku-redis", "ORDERS_URL"),
        ("cloudamqp", "ORDERS_URL"),
        ("cleardb", "ORDERS_DATABASE_URL"),
    ],
)
def test_an_attachment_takes_the_place_of_the_prefix(addon: str, name: str) -> None:
    app = f'{{"addons": [{{"plan": "{addon}", "as": "ORDERS"}}]}}'
    files = {"Procfile": "web: node a\n", "package.json": "{}", "app.json": app}
    web = converted(files).stack.service("web")
    assert web is not None
    names = {variable.name for variable in web.environment}
    assert {text for text in names if "ORDERS" in text or "MONGO" in text} == {name}


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        (["rake db:migrate", "rake db:seed"], "rake db:migrate && exec rake db:seed"),
        (["./a.sh", "./b.sh"], "./a.sh && exec ./b.sh"),
        (["rake", "db:migrate"], ""),
        (["gunicorn", "--bind 0.0.0.0", "a"], ""),
    ],
)
def test_a_list_of_whole_commands_runs_them_all(lines: list[str], command: str) -> None:
    listed = "".join(f"    - {line}\n" for line in lines)
    files = {
        "heroku.yml": f"build:\n  docker:\n    web: Dockerfile\nrelease:\n  command:\n{listed}",
        "Dockerfile": "FROM ruby:3.4-slim\nCMD puma\n",
    }
    result = converted(files)
    release = result.stack.service("release")
    assert release is not None and release.command is not None
    if command:
        assert release.command == ("sh", "-c", command)
    else:
        assert " ".join(release.command) == " ".join(lines)
    assert ("TC561" in {note.code for note in result.notes}) is bool(command)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {"pom.xml": "<project><artifactId>spring-boot-starter</artifactId></project>"},
            "",
        ),
        (
            {
                "pom.xml": "<project><dependency><artifactId>spring-boot-starter-web"
                "</artifactId></dependency></project>"
            },
            "exec java -Dserver.port=$$PORT $$JAVA_OPTS -jar target/*.jar",
        ),
        (
            {"build.gradle": "plugins { id 'org.springframework.boot' version '3.3.4' }\n"},
            "exec java -Dserver.port=$$PORT $$JAVA_OPTS -jar build/libs/*.jar",
        ),
        ({"package.json": '{"scripts": {"start": "x"}}'}, "npm start"),
        ({"package.json": "{}", "server.js": ""}, "npm start"),
    ],
)
def test_the_default_process_is_the_buildpacks(files: dict[str, str], command: str) -> None:
    web = converted({**files, "app.json": '{"stack": "heroku-24"}'}).stack.service("web")
    assert web is not None
    assert " ".join(web.command or ()).removeprefix("sh -c ") == command


def test_an_optional_variable_is_a_comment_in_the_example() -> None:
    files = {"Procfile": "web: gunicorn a --workers $COUNT\n", "requirements.txt": "a\n"}
    assert "\n# COUNT=\n" in written(converted(files), ".env.example")


# --- static.json, variables of the build, TLS -------------------------------------------------------------------

STATIC = {
    "app.json": '{"buildpacks": [{"url": "heroku-community/static"}]}',
    "public/index.html": "hello",
}


def nginx_of(settings: str, **files: str) -> str:
    return written(converted({**STATIC, **files, "static.json": settings}), "nginx.conf")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            '{"headers": {"/**": {"X-A": "b"}}}',
            "add_header X-A $header_x_a always;",
        ),
        ('{"headers": {"/a/*": {"X-A": "b"}}}', '"~^/a/[^/]*$" "b";'),
        (
            '{"proxies": {"/api/": {"origin": "https://a.example/v1/"}}}',
            "rewrite ^/api/?(.*)$ /v1/$1 break;",
        ),
        (
            '{"redirects": {"/old": {"url": "/new", "status": 302}}}',
            "return 302 /new;",
        ),
        ('{"redirects": {"/old": {"url": "/new"}}}', "return 301 /new;"),
        ('{"error_page": "404.html"}', "error_page 404 500 /404.html;"),
        ('{"clean_urls": true}', "try_files $uri.html $uri $uri/ =404;"),
        (
            '{"https_only": true}',
            'if ($http_x_forwarded_proto = "http") {',
        ),
        ('{"encoding": "US-ASCII"}', "charset US-ASCII;"),
        ('{"logging": {"access": false}}', "access_log off;"),
        ('{"logging": {"error": "warn"}}', "error_log /dev/stderr warn;"),
        ('{"basic_auth": true}', 'auth_basic "Restricted";'),
        ('{"canonical_host": "a.example"}', "if ($is_other_host) {"),
        ('{"routes": {"/a/*": "b.html"}}', "location ~ ^/a/[^/]*$ {"),
    ],
)
def test_each_key_of_static_json_is_in_the_configuration(settings: str, line: str) -> None:
    assert line in [text.strip() for text in nginx_of(settings).splitlines()]


def test_a_route_for_some_paths_goes_before_that_for_all() -> None:
    text = nginx_of('{"routes": {"/**": "index.html", "/shop/**": "shop.html"}}')
    assert "location ~ ^/shop/.*$" in text and "location / {" in text


def test_one_user_is_asked_for_by_variables() -> None:
    result = converted({**STATIC, "static.json": '{"basic_auth": true}'})
    web = result.stack.service("web")
    assert web is not None
    names = {variable.name: variable.value for variable in web.environment}
    assert names["BASIC_AUTH_PASSWORD"] == "${BASIC_AUTH_PASSWORD:?}"
    text = written(result, "Dockerfile")
    assert "COPY basic-auth.users /etc/nginx/templates/basic-auth.users.template" in text
    stated = converted(
        {**STATIC, "static.json": '{"basic_auth": true}', ".htpasswd": "a:$apr1$b\n"}
    )
    assert "COPY .htpasswd /etc/nginx/conf.d/basic-auth.users" in written(
        stated, "Dockerfile"
    )


@pytest.mark.parametrize(
    "settings",
    [
        '{"routes": {"/a b": "x.html"}}',
        '{"headers": {"/**": {"X A": "b"}}}',
        '{"proxies": {"/api": {"origin": "ftp://a"}}}',
        '{"redirects": {"/a": {"url": "/b;x"}}}',
        '{"logging": {"error": "loud"}}',
        '{"worker_connections": 9}',
    ],
)
def test_what_nginx_cannot_hold_is_said(settings: str) -> None:
    result = converted({**STATIC, "static.json": settings})
    assert "TC562" in {note.code for note in result.notes}


@pytest.mark.parametrize("where", ["deploy/", "../deploy/"])
def test_the_image_of_a_site_finds_its_files_from_another_folder(where: str) -> None:
    content = {path: text.encode() for path, text in STATIC.items()}
    layout = Layout(split=True)
    options = Options(source="procfile", layout=layout, up="../", back=where)
    result = convert(Memory(content, "app"), options)
    copy = next(
        line for line in written(result, "Dockerfile").splitlines() if "nginx.conf" in line
    )
    compose = written(result, "docker-compose.yml")
    if where.startswith(".."):
        assert copy.startswith("COPY --from=generated nginx.conf ")
        assert "generated: ." in compose
    else:
        assert copy.startswith("COPY deploy/nginx.conf ")


def test_what_a_bundler_inlines_is_an_argument_of_the_build() -> None:
    files = {
        "Procfile": "web: npm start\n",
        "package.json": '{"scripts": {"build": "next build", "start": "next start"}}',
        "app.json": '{"env": {"NEXT_PUBLIC_A": "b", "DATABASE_URL": "postgres://u:p@h/d"}}',
        "pages/index.js": "process.env.NEXT_PUBLIC_READ",
    }
    result = converted(files)
    web = result.stack.service("web")
    assert web is not None and web.build is not None
    assert dict(web.build.args) == {"NEXT_PUBLIC_A": "b", "NEXT_PUBLIC_READ": None}
    build = written(result, "Dockerfile").partition("AS build")[2].partition("FROM")[0]
    assert "ARG NEXT_PUBLIC_A\nARG NEXT_PUBLIC_READ\n" in build
    assert "ENV NEXT_PUBLIC_A=$NEXT_PUBLIC_A\n" in build
    assert "DATABASE_URL" not in written(result, "Dockerfile")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("db.js", "ssl: isProd\n  ? { rejectUnauthorized: false }\n  : false,"),
        (
            "db.js",
            "const ssl = live ? { rejectUnauthorized: false } : false; new Pool({ ssl })",
        ),
        (
            "db.js",
            "new Pool({connectionString: process.env.DATABASE_URL, ssl: {rejectUnauthorized: false}})",
        ),
        ("a/settings.py", "dj_database_url.config(ssl_require=not DEBUG)"),
        ("a/settings.py", "OPTIONS = {'sslmode': 'require' if LIVE else 'prefer'}"),
        ("config/database.yml", "production:\n  sslmode: require\n"),
        ("config/database.php", "'sslmode' => env('DB_SSLMODE', 'require'),"),
        ("config/runtime.exs", "config :a, A.Repo,\n  ssl: true,\n  url: url"),
    ],
)
def test_code_that_demands_tls_gets_it(path: str, code: str) -> None:
    files = {
        "Procfile": "web: run\n",
        "app.json": '{"addons": ["heroku-postgresql"]}',
        "Dockerfile": "FROM debian:12\n",
        path: code,
    }
    result = converted(files)
    postgres = result.stack.service("postgres")
    assert postgres is not None
    assert postgres.image == "postgres:17" and "ssl=on" in (postgres.command or ())
    assert "TC369" in {note.code for note in result.notes}


@pytest.mark.parametrize(
    "code", ["ssl_require=False", "agent: {rejectUnauthorized: false}"]
)
def test_code_that_demands_none_gets_none(code: str) -> None:
    files = {
        "Procfile": "web: run\n",
        "app.json": '{"addons": ["heroku-postgresql"]}',
        "a/settings.py": code,
    }
    postgres = converted(files).stack.service("postgres")
    assert postgres is not None and postgres.image == "postgres:17-alpine"


def test_settings_that_count_for_tls_alone_demand_none() -> None:
    code = (
        "{ url: ENV['REDIS_URL'], ssl_params: { verify_mode: OpenSSL::SSL::VERIFY_NONE } }"
    )
    app = '{"addons": ["heroku-redis"]}'
    files = {"Procfile": "web: puma\n", "Gemfile": "", "app.json": app, "a.rb": code}
    assert "TC369" not in {note.code for note in converted(files).notes}


# --- programs ------------------------------------------------------------------------------------------------------

RUBY = {"Gemfile": "gem 'puma'\n", "Gemfile.lock": "GEM\n", "bin/serve": "#!/bin/sh\n"}


def said_of(command: str, **files: str) -> set[str]:
    """The notes on a worker's command in the image of a Ruby app."""
    procfile = f"web: bundle exec puma\nworker: {command}\n"
    result = converted({"Procfile": procfile, **RUBY, **files})
    codes = ("TC566", "TC567", "TC568")
    return {note.code for note in result.notes if note.code in codes}


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        ("bundle exec puma", set()),
        ("puma -p 3", set()),
        ("bin/serve", set()),
        ("./bin/serve && rake a", set()),
        ("serve", set()),
        ("echo a | grep a", set()),
        ("exec nice bundle exec puma", set()),
        ("A=1 ruby -e 1", set()),
        ("sh -c 'sleep 1'", set()),
        ("node_modules/.bin/x", set()),
        ("$PROGRAM", set()),
        ("bin/boot", {"TC566"}),
        ("./scripts/missing.sh", {"TC566"}),
        ("ruby gone.rb", {"TC566"}),
        ("bash gone.sh", {"TC566"}),
        ("cd lib && ruby gone.rb", {"TC566"}),
        ("python worker.py", {"TC567"}),
        ("java -jar a.jar", {"TC567"}),
        ("frobnicate", {"TC567"}),
        ("sidekiq -q a", {"TC567"}),
        ("bundle exec sidekiq", {"TC567"}),
        ("bundle exec rake a", set()),
        ("ffmpeg -version", {"TC568"}),
        ("echo 1; psql -c 1", {"TC568"}),
    ],
)
def test_a_command_is_held_against_its_image(command: str, codes: set[str]) -> None:
    assert said_of(command) == codes


@pytest.mark.parametrize(
    ("files", "is_told"),
    [
        ({"Gemfile": "gem 'puma'\n"}, True),
        ({"Gemfile": "gem 'puma'\ngem 'sidekiq'\n"}, False),
        ({"Gemfile.lock": "GEM\n  specs:\n    sidekiq (7.1.0)\n"}, False),
        ({"Gemfile": "gem 'puma'\ngemspec\n"}, False),
        ({"Gemfile": "gem 'puma'\neval_gemfile 'more'\n"}, False),
    ],
)
def test_a_gem_is_missed_where_the_gemfile_tells_of_all(
    files: dict[str, str], is_told: bool
) -> None:
    assert ("TC567" in said_of("bundle exec sidekiq", **files)) == is_told


@pytest.mark.parametrize(
    ("command", "manifest", "is_told"),
    [
        ("gunicorn shop.wsgi", "flask\n", True),
        ("gunicorn shop.wsgi", "flask\ngunicorn==22\n", False),
        ("gunicorn shop.wsgi", "flask\n-r more.txt\n", False),
        ("uvicorn shop.wsgi:app", "fastapi[standard]\n", False),
        ("poetry run gunicorn shop.wsgi", "flask\npoetry\n", True),
        ("flask run", "flask\n", False),
    ],
)
def test_a_server_is_missed_where_the_requirements_tell_of_all(
    command: str, manifest: str, is_told: bool
) -> None:
    files = {"requirements.txt": manifest, "shop/wsgi.py": ""}
    result = converted({"Procfile": f"web: {command}\n", **files})
    assert ("TC567" in {note.code for note in result.notes}) == is_told


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("gunicorn mysite.wsgi", "mysite.wsgi"),
        ("gunicorn -w 4 -b 0.0.0.0:$PORT 'mysite:create()'", "mysite"),
        ("gunicorn -k uvicorn.workers.UvicornWorker app.main:app", "app.main"),
        ("uvicorn --reload app.main:app --port $PORT", "app.main"),
        ("poetry run hypercorn app.main:app", "app.main"),
        ("daphne -b 0.0.0.0 app.asgi:application", "app.asgi"),
        ("celery -A proj worker -l info", "proj"),
        ("celery --app=shop.gone:queue beat", "shop.gone"),
        ("gunicorn shop.wsgi --log-file -", ""),
        ("gunicorn shop.wsgi:application", ""),
        ("gunicorn -b localhost:web shop.wsgi", ""),
        ("gunicorn -c python:gone.config shop.wsgi", ""),
        ("gunicorn -c gunicorn.conf.py", ""),
        ("gunicorn $APP", ""),
        ("celery -A shop worker", ""),
        ("celery worker", ""),
    ],
)
def test_the_module_that_a_server_loads_is_looked_for(command: str, module: str) -> None:
    files = {"shop/wsgi.py": "", "app/models.py": "", "gunicorn.conf.py": ""}
    manifest = "gunicorn\nuvicorn\nhypercorn\ndaphne\ncelery\nfastapi\npoetry\n"
    result = converted(
        {"Procfile": f"web: {command}\n", "requirements.txt": manifest, **files}
    )
    told = [note.message for note in result.notes if note.code == "TC566"]
    expected = f"web runs the module {module}, which is not in the repository"
    assert told == ([expected] if module else [])


def test_packages_of_programs_are_installed() -> None:
    result = converted({"Procfile": "web: puma\nclip: ffmpeg -i a\n", **RUBY})
    assert " ffmpeg " in written(result, "Dockerfile")
    aptfile = converted(
        {"Procfile": "web: puma\nclip: gpg a\n", "Aptfile": "gnupg\n", **RUBY}
    )
    assert "TC568" not in {note.code for note in aptfile.notes}


@pytest.mark.parametrize("manifest", ["Gemfile", "requirements.txt"])
def test_node_comes_beside_another_language(manifest: str) -> None:
    files = {"Procfile": "web: node stream.js\njob: puma\n", "stream.js": "", manifest: ""}
    text = written(converted(files | {"app.json": APP_OF[manifest]}), "Dockerfile")
    base = text.partition(" AS base")[2].partition("FROM ")[0]
    assert "COPY --from=" in base and "/usr/local/bin/" in base
    assert "package.json" not in text


APP_OF = {
    "Gemfile": '{"buildpacks": [{"url": "heroku/nodejs"}, {"url": "heroku/ruby"}]}',
    "requirements.txt": '{"buildpacks": [{"url": "heroku/nodejs"}, {"url": "heroku/python"}]}',
}


@pytest.mark.parametrize("requirement", ["file:./own", "link:own", "workspace:*"])
def test_a_package_that_is_a_folder_is_there_when_it_is_installed(requirement: str) -> None:
    package = f'{{"dependencies": {{"own": "{requirement}"}}}}'
    text = written(
        converted({"Procfile": "web: own\n", "package.json": package}), "Dockerfile"
    )
    assert text.index("COPY --chown=node:node . .") < text.index("RUN npm install")


def test_packages_come_into_images_of_every_language() -> None:
    apt = {"Aptfile": "libvips42\n"}
    for files in (
        {"go.mod": "module a\n", "main.go": ""},
        {"pom.xml": "<project/>"},
        {"requirements.txt": ""},
        {"package.json": "{}"},
        {"composer.json": "{}"},
        {"mix.exs": ""},
        {"Cargo.toml": ""},
    ):
        result = converted({"Procfile": "web: serve\n", **files, **apt})
        last = written(result, "Dockerfile").rpartition("\nFROM ")
        assert "libvips42" in "".join(last), files


# --- Procfile.dev --------------------------------------------------------------------------------------------------

DEVELOPED = {
    "Procfile": "web: bundle exec puma\nworker: bundle exec sidekiq\n",
    "Gemfile": "gem 'rails'\ngem 'sidekiq'\n",
    "bin/rails": "",
    "config.ru": "",
}


def override_of(lines: str, path: str = "Procfile.dev", **files: str) -> dict[str, Any]:
    result = converted({**DEVELOPED, path: lines, **files})
    names = {file.path for file in result.files}
    assert "TC901" not in {note.code for note in result.notes} and ".env" in names
    base = yaml.safe_load(written(result, "docker-compose.yml"))
    override = yaml.safe_load(written(result, "docker-compose.override.yml"))
    override["only"] = sorted(set(override["services"]) - set(base["services"]))
    return dict(override)


def test_watchers_run_in_the_override_alone_with_a_terminal() -> None:
    override = override_of("web: bin/rails server -p 3001\ncss: bin/rails css:watch\n")
    css = override["services"]["css"]
    assert override["only"] == ["css"]
    assert css["tty"] is True and css["stdin_open"] is True
    assert css["command"] == ["bin/rails", "css:watch"]
    assert css["build"]["target"] == "development" and ".:/app" in css["volumes"]
    web = override["services"]["web"]
    assert web["command"][-1] == "3000" and "0.0.0.0" in web["command"]


@pytest.mark.parametrize(
    "line", ["env TRACE=on PORT=9 bin/rails s", "TRACE=on bin/rails s"]
)
def test_what_a_development_command_sets_stays_where_another_command_runs(
    line: str,
) -> None:
    web = override_of(f"web: {line}\n")["services"]["web"]
    assert web["environment"]["TRACE"] == "on" and "PORT" not in web["environment"]
    assert web["command"][-1] == "3000"


def test_a_builder_that_watches_asks_nothing_at_its_terminal() -> None:
    override = override_of("js: yarn build --watch\nmail: bundle exec guard\n")
    js, mail = override["services"]["js"], override["services"]["mail"]
    assert js["environment"]["COREPACK_ENABLE_DOWNLOAD_PROMPT"] == "0"
    assert "redis" in js["depends_on"] and "redis" in mail["depends_on"]
    assert "COREPACK_ENABLE_DOWNLOAD_PROMPT" not in mail["environment"]


def test_a_build_script_that_migrates_does_not_run_in_the_image() -> None:
    scripts = {"heroku-postbuild": "npm run build && npm run db:migrate", "build": "tsc"}
    files = {"Procfile": "web: node a\n", "package.json": json.dumps({"scripts": scripts})}
    result = converted(files)
    dockerfile = written(result, "Dockerfile")
    assert "npm run build" in dockerfile and "heroku-postbuild" not in dockerfile
    [said] = [note for note in result.notes if note.code == "TC569"]
    assert "runs build alone" in said.message
    assert "`docker compose run --rm --no-deps web …`" in said.advice


def test_a_server_of_the_developers_machine_is_a_service() -> None:
    override = override_of("web: bin/rails s\ndb: postgres -D tmp\nredis: redis-server\n")
    # Redis is there already: sidekiq needs it.
    assert override["only"] == ["postgres"]
    web = override["services"]["web"]["environment"]
    assert web["DATABASE_URL"].endswith("@postgres:5432/app")


def test_the_client_of_stripe_reaches_web() -> None:
    override = override_of("s: stripe listen --forward-to localhost:3000/hooks\n")
    service = override["services"]["s"]
    assert service["command"] == ["listen", "--forward-to", "web:3000/hooks"]
    assert service["image"].startswith("stripe/stripe-cli:")


def test_another_command_of_a_process_is_that_of_the_override() -> None:
    override = override_of("worker: bundle exec sidekiq -c 1\n")
    assert override["services"]["worker"]["command"] == [
        "bundle",
        "exec",
        "sidekiq",
        "-c",
        "1",
    ]


def test_bin_dev_says_which_file_is_for_development() -> None:
    script = {"bin/dev": "#!/bin/sh\nexec foreman start -f Procfile.local\n"}
    override = override_of("css: bin/rails css:watch\n", "Procfile.local", **script)
    assert override["only"] == ["css"]


def test_a_tunnel_is_left_out() -> None:
    result = converted({**DEVELOPED, "Procfile.dev": "t: ngrok http 3000\n"})
    assert "TC572" in {note.code for note in result.notes}
    asked = convert(
        Memory(
            {k: v.encode() for k, v in {**DEVELOPED, "Procfile.dev": "web: x\n"}.items()},
            "a",
        ),
        Options(
            source="procfile",
            layout=Layout(split=True),
            settings=ImportOptions(options={"procfile": ("Procfile.dev",)}),
        ),
    )
    assert [service.name for service in asked.stack.services if service.build] == ["web"]


# --- folders of their own ------------------------------------------------------------------------------------------

TWO = {
    "backend/requirements.txt": "flask\npsycopg2\n",
    "frontend/package.json": '{"scripts": {"start": "serve"}}',
}


@pytest.mark.parametrize(
    ("python", "node"),
    [
        ("cd backend && gunicorn api:app", "npm --prefix frontend start"),
        ("gunicorn --chdir backend api:app", "cd frontend; npm start"),
        ("cd ./backend/ && exec gunicorn api:app", "npm start --prefix frontend"),
    ],
)
def test_two_languages_in_two_folders_are_two_images(python: str, node: str) -> None:
    result = converted({"Procfile": f"web: {python}\nfront: {node}\n", **TWO})
    web, front = result.stack.service("web"), result.stack.service("front")
    assert web is not None and web.build is not None and front is not None
    assert front.build is not None
    assert (web.build.context, front.build.context) == ("./backend", "./frontend")
    assert web.command == ("gunicorn", "api:app") and front.command == ("npm", "start")
    assert web.image != front.image
    assert "FROM python" in written(result, "Dockerfile.backend")
    assert "FROM node" in written(result, "Dockerfile.frontend")
    assert not {"TC001", "TC901"} & {note.code for note in result.notes}


def test_a_folder_of_another_language_beside_an_app_has_its_own_image() -> None:
    files = {"Procfile": "web: puma\nfront: cd frontend && npm start\n", **TWO, **RUBY}
    result = converted(files)
    web, front = result.stack.service("web"), result.stack.service("front")
    assert web is not None and web.build is not None and web.build.context == "."
    assert front is not None and front.build is not None
    assert front.build.dockerfile == "../Dockerfile.frontend"


def test_a_folder_of_the_same_language_has_none() -> None:
    files = {"Procfile": "web: puma\njob: cd lib && rake x\n", **RUBY, "lib/Gemfile": ""}
    result = converted(files)
    assert [path.path for path in result.files if path.path.startswith("Dockerfile.")] == []


def test_the_dockerfile_of_a_folder_is_found_from_another_folder() -> None:
    content = {"Procfile": "web: cd backend && gunicorn a\n", **TWO}
    options = Options(
        source="procfile", layout=Layout(split=True), up="../", back="deploy/"
    )
    memory = Memory({path: text.encode() for path, text in content.items()}, "app")
    web = yaml.safe_load(written(convert(memory, options), "docker-compose.yml"))[
        "services"
    ]["web"]
    assert web["build"] == {
        "context": "../backend",
        "dockerfile": "../deploy/Dockerfile.backend",
    }
