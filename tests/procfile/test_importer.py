"""What the importer makes of a repository: the stack that a person would have written."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from golden import ROOT, outcome
from judges import needs_compose
from oracles import NO_COMPOSE
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.procfile import IMPORTER
from tocompose.ledger import Ledger
from tocompose.model import ComposeFileRole, Role, Service, Stack
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory


def of(files: dict[str, str], **options: tuple[str, ...]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    settings = ImportOptions(options=dict(options))
    return convert(
        Memory(content, "app"),
        Options(source="procfile", layout=Layout(split=True), settings=settings),
    )


def stack_of(files: dict[str, str], **options: tuple[str, ...]) -> Stack:
    return IMPORTER.read(
        Memory({path: text.encode() for path, text in files.items()}, "app"),
        Ledger(),
        ImportOptions(options=dict(options)),
    )


def service(stack: Stack, name: str) -> Service:
    found = stack.service(name)
    assert found is not None, [item.name for item in stack.services]
    return found


def environment(item: Service) -> dict[str, str | None]:
    return {variable.name: variable.value for variable in item.environment}


def codes(notes: tuple[Note, ...]) -> set[str]:
    return {item.code for item in notes}


NODE = {"package.json": '{"engines": {"node": "22"}}', "package-lock.json": "{}"}


@pytest.fixture(scope="module")
def web_stack() -> Stack:
    return outcome(ROOT / "fixtures" / "procfile" / "web_stack").stack


def test_process_types_share_one_image(web_stack: Stack) -> None:
    app = [
        service(web_stack, name)
        for name in ("web", "worker", "beat", "release", "postdeploy")
    ]
    assert {item.image for item in app} == {"web_stack:local"}
    assert all(item.build == app[0].build for item in app)
    shared = [environment(item) | {"PORT": None} for item in app]
    assert all(item == shared[0] for item in shared)


def test_the_web_process_is_published_and_checked(web_stack: Stack) -> None:
    web = service(web_stack, "web")
    assert [(item.host_ip, item.published, item.target) for item in web.ports] == [
        ("127.0.0.1", "${WEB_PORT:-8000}", "8000")
    ]
    assert web.healthcheck is not None
    assert environment(web)["PORT"] == "8000"
    assert not service(web_stack, "worker").ports


def test_the_others_wait_for_the_release(web_stack: Stack) -> None:
    conditions = {
        item.service: item.condition for item in service(web_stack, "worker").depends_on
    }
    assert conditions == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "release": "service_completed_successfully",
    }
    release = service(web_stack, "release")
    assert (release.restart, release.role) == ("no", Role.JOB)
    assert {item.service for item in release.depends_on} == {"postgres", "redis"}


def test_data_services_hold_t_03_to_t_05(web_stack: Stack) -> None:
    for name, path in (("postgres", "/var/lib/postgresql/data"), ("redis", "/data")):
        data = service(web_stack, name)
        assert [(item.source, item.target) for item in data.mounts] == [
            (f"{name}_data", path)
        ]
        assert data.healthcheck is not None
        assert not data.ports
        networks = {item.network for item in data.networks}
        assert networks
        assert networks <= {item.name for item in web_stack.networks if item.internal}
    assert {item.name for item in web_stack.volumes} == {"postgres_data", "redis_data"}


def test_the_app_holds_t_02(web_stack: Stack) -> None:
    web = service(web_stack, "web")
    assert web.build is not None
    assert {
        item.service: item.condition
        for item in web.depends_on
        if item.service in ("postgres", "redis")
    } == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }
    outer = {item.network for item in web.networks} - {
        item.name for item in web_stack.networks if item.internal
    }
    inner = {
        item.network
        for name in ("postgres", "redis")
        for item in service(web_stack, name).networks
    }
    assert "frontend" in outer
    assert inner < {item.network for item in web.networks}
    assert "frontend" not in {
        item.network for item in service(web_stack, "worker").networks
    }


def test_the_missing_proxy_of_t_01_is_said() -> None:
    assert "TC373" in codes(outcome(ROOT / "fixtures" / "procfile" / "web_stack").notes)


def test_the_dev_override_has_all_of_e_01() -> None:
    package = '{"engines": {"node": "22"}, "scripts": {"start": "node server.js"}}'
    files = {
        "Procfile": "web: npm start\nworker: node w.js\n",
        "package.json": package,
        "package-lock.json": "{}",
    }
    web = service(stack_of(files), "web").overlays[ComposeFileRole.DEV]
    assert web.build is not None
    assert web.build.target == "development"
    assert [(item.kind, item.source, item.target) for item in web.mounts] == [
        ("bind", ".", "/app"),
        ("volume", None, "/app/node_modules"),
    ]
    assert environment(web) == {"NODE_ENV": "development"}
    assert web.command == ("node", "--watch", "--inspect=0.0.0.0:9229", "server.js")
    assert [(item.host_ip, item.target) for item in web.ports] == [("127.0.0.1", "9229")]
    assert service(stack_of(files), "worker").overlays[ComposeFileRole.DEV].command is None


def test_worker_does_not_inherit_the_web_check_of_a_dockerfile() -> None:
    dockerfile = "FROM node:22\nHEALTHCHECK CMD curl localhost\nEXPOSE 80\n"
    stack = stack_of({"Procfile": "web: a\nworker: b\n", "Dockerfile": dockerfile})
    check = service(stack, "worker").healthcheck
    assert check is not None
    assert check.disable


@pytest.mark.parametrize(
    ("files", "port"),
    [
        ({"Procfile": "web: node x -p 4000\n"}, "4000"),
        ({"Procfile": "web: node x\n", ".env": "PORT=4100\n"}, "4100"),
        ({"Procfile": "web: node x\n"}, "3000"),
        (
            {"Procfile": "web: node x\n", "Dockerfile": "FROM node:22\nEXPOSE 4200\n"},
            "4200",
        ),
        ({"Procfile": "web: ./x\n"}, "3000"),
    ],
)
def test_the_port_of_the_web_process(files: dict[str, str], port: str) -> None:
    assert [item.target for item in service(stack_of({**NODE, **files}), "web").ports] == [
        port
    ]


def test_only_what_names_port_gets_it() -> None:
    stack = stack_of({**NODE, "Procfile": "web: a\nadmin: b -p $PORT\nworker: c\n"})
    assert "PORT" in environment(service(stack, "admin"))
    assert "PORT" not in environment(service(stack, "worker"))


def test_heroku_yml_wins_over_the_procfile() -> None:
    files = {
        "Procfile": "web: old\nmore: old\n",
        "heroku.yml": "build: {docker: {web: Dockerfile}}\nrun: {web: new}\n",
    }
    stack = stack_of({**files, "Dockerfile": "FROM node:22\n"})
    assert [item.name for item in stack.services] == ["web"]
    assert service(stack, "web").command == ("new",)


def test_a_heroku_yml_without_run_leaves_the_procfile_in_force() -> None:
    stack = stack_of(
        {
            "Procfile": "web: a\n",
            "heroku.yml": "setup: {config: {A: b}}\n",
            "Dockerfile": "FROM node\n",
        }
    )
    assert environment(service(stack, "web"))["A"] == "b"


def test_an_environment_of_app_json_replaces_whole_keys() -> None:
    app = '{"addons": ["heroku-redis"], "env": {"A": "1"}, "environments": {"review": {"addons": ["mongolab"]}}}'
    stack = stack_of(
        {**NODE, "Procfile": "web: a\n", "app.json": app}, environment=("review",)
    )
    assert {item.name for item in stack.services} == {"web", "mongo"}
    assert environment(service(stack, "web"))["A"] == "1"


def test_another_procfile_on_request() -> None:
    files = {**NODE, "Procfile": "web: a\n", "Procfile.dev": "web: b\n"}
    assert service(stack_of(files, procfile=("Procfile.dev",)), "web").command == ("b",)


def test_pack_on_request() -> None:
    stack = stack_of({**NODE, "Procfile": "web: a\n"}, dockerfile=("pack",))
    web = service(stack, "web")
    assert (web.build, web.entrypoint, web.command) == (None, ("launcher",), ("a",))
    assert not stack.files


def test_no_dockerfile_on_request() -> None:
    stack = stack_of({**NODE, "Procfile": "web: a\n"}, dockerfile=("never",))
    web = service(stack, "web")
    assert (web.build and web.build.context, web.entrypoint, web.command) == (
        ".",
        None,
        ("a",),
    )
    assert not stack.files


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"procfil": ("x",)}, "procfile has no option 'procfil': did you mean procfile?"),
        (
            {"x": ("x",)},
            "procfile has no option 'x': it has procfile, environment, servers, dockerfile",
        ),
        ({"dockerfile": ("no",)}, "dockerfile=no: it is one of auto, never, pack"),
        (
            {"procfile": ("Procfile.dev",)},
            "procfile=Procfile.dev: no such file; there is Procfile",
        ),
        (
            {"environment": ("x",)},
            "environment=x: app.json has no such environment; there is review, test",
        ),
    ],
)
def test_an_option_that_cannot_be_met_is_an_error(
    options: dict[str, tuple[str, ...]], message: str
) -> None:
    files = {
        "Procfile": b"web: ./serve\n",
        "app.json": b'{"environments": {"test": {}, "review": {}}}',
    }
    with pytest.raises(SourceError) as caught:
        convert(Memory(files, "shop"), Options(settings=ImportOptions(options=options)))
    assert str(caught.value) == message


def test_secrets_have_no_value_outside_env() -> None:
    secret = "7d1f-a-very-secret-value"
    app = (
        f'{{"env": {{"API_TOKEN": "{secret}", "ADMIN_PASSWORD": {{"value": "{secret}"}}}}}}'
    )
    result = of(
        {
            **NODE,
            "Procfile": "web: a\n",
            "app.json": app,
            ".env": f"SESSION_SECRET={secret}\n",
        }
    )
    assert not any(secret in f"{item.message} {item.advice}" for item in result.notes)
    assert {item.path for item in result.files if secret.encode() in item.content} == {
        ".env"
    }


def test_an_address_in_env_is_replaced_and_a_remote_one_kept_when_asked() -> None:
    base = {**NODE, "Procfile": "web: a\n", "app.json": '{"addons": ["heroku-redis"]}'}
    local = stack_of({**base, ".env": "REDIS_URL=redis://localhost:6379\n"})
    far = {**base, ".env": "REDIS_URL=redis://cache.example.org:6379\n"}
    remote = stack_of(far, servers=("remote",))
    for stack in (local, stack_of(far)):
        assert environment(service(stack, "web"))["REDIS_URL"] == "redis://redis:6379/0"
    assert environment(service(remote, "web"))["REDIS_URL"] == "${REDIS_URL}"


def test_the_postgres_volume_moved_with_version_18() -> None:
    app = '{"addons": [{"plan": "heroku-postgresql", "options": {"version": "18"}}]}'
    stack = stack_of({**NODE, "Procfile": "web: a\n", "app.json": app})
    assert [item.target for item in service(stack, "postgres").mounts] == [
        "/var/lib/postgresql"
    ]


def test_an_empty_repository_is_one_clear_message() -> None:
    with pytest.raises(SourceError, match="no process type"):
        stack_of({"README.md": "x"})


@pytest.mark.parametrize("name", ["app.json"])
def test_an_app_json_of_another_tool_is_not_taken(name: str) -> None:
    assert IMPORTER.sniff(Memory({name: b'{"expo": {"name": "x"}, "name": "y"}'})) == ()


def test_standard_input_is_known_by_its_lines() -> None:
    assert IMPORTER.sniff(
        Memory({"-": b"web: node server.js\nworker: node worker.js\n"})
    ) == ("-",)
    assert (
        IMPORTER.sniff(Memory({"-": b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n"}))
        == ()
    )
    assert IMPORTER.sniff(Memory({"-": b"docker run nginx\n"})) == ()


def test_other_peoples_code_is_not_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("node_modules/x", "vendor/y", ".git/z", "app"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "code.js").write_text(
            "process.env.HIDDEN_KEY + process.env.REDIS_URL\n"
        )
    (tmp_path / "Procfile").write_text("web: node app/code.js\n")
    (tmp_path / "package.json").write_text('{"dependencies": {"ioredis": "5"}}')
    opened: list[str] = []
    read = Folder.read
    monkeypatch.setattr(
        Folder, "read", lambda self, path: opened.append(path) or read(self, path)
    )
    stack = IMPORTER.read(Folder(tmp_path), Ledger(), ImportOptions())
    assert "app/code.js" in opened
    assert not any(
        part in path.split("/")
        for path in opened
        for part in ("node_modules", "vendor", ".git")
    )
    assert service(stack, "redis")


AWKWARD = [
    "a b",
    "a #b",
    "a#b",
    "pa$word",
    "pa$$word",
    "${X}",
    "it's",
    'say "x"',
    "back\\slash",
    "a\\nb",
    " lead",
    "é✓",
]


@pytest.mark.oracle
@pytest.mark.skipif(needs_compose[1].args[0], reason=NO_COMPOSE)
def test_compose_reads_the_values_that_foreman_reads(tmp_path: Path) -> None:
    lines = {f"VALUE_{number}": text for number, text in enumerate(AWKWARD)}
    result = of(
        {
            **NODE,
            "Procfile": "web: a\n",
            ".env": "".join(f"{name}={text}\n" for name, text in lines.items()),
        }
    )
    for item in result.files:
        (tmp_path / item.path).write_bytes(item.content)
    command = [
        os.environ["TOCOMPOSE_ORACLES"] + "/docker-compose",
        "-f",
        "docker-compose.yml",
        "config",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    given: dict[str, Any] = yaml.safe_load(done.stdout)["services"]["web"]["environment"]
    assert {name: given[name].replace("$$", "$") for name in lines} == lines


def broken() -> Iterator[tuple[str, dict[str, str]]]:
    yield "app.json", {"app.json": "{"}
    yield "heroku.yml", {"heroku.yml": "run: [a\n"}
    yield "a list", {"heroku.yml": "- a\n", "app.json": "[1, 2]"}
    yield (
        "types",
        {
            "app.json": '{"addons": {"a": 1}, "env": [], "formation": "x", "scripts": [1], "buildpacks": {}}'
        },
    )
    yield (
        "more types",
        {
            "app.json": '{"healthchecks": [1], "cron": {"a": 1}, "environments": 7, "stack": {}}'
        },
    )
    yield "run", {"heroku.yml": "run: text\nbuild: [1]\nsetup: 3\nrelease: {image: 1}\n"}
    yield (
        "package.json",
        {"package.json": "{", "composer.json": "[]", "Pipfile": "[", "Cargo.toml": "= ="},
    )
    yield (
        "dependencies",
        {"package.json": '{"dependencies": [], "scripts": 3, "engines": "x"}'},
    )
    yield (
        "pyproject",
        {
            "pyproject.toml": 'project = 1\n[tool]\npoetry = "x"\n',
            "requirements.txt": "==\n",
        },
    )


@pytest.mark.parametrize(
    ("name", "files"),
    list(broken()),
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_bad_input_stops_nothing(name: str, files: dict[str, str]) -> None:
    result = of({"Procfile": "web: node x\n", **files})
    assert result.stack.service("web")
    assert "TC901" not in codes(result.notes)


def test_a_very_large_repository_is_searched_in_part() -> None:
    code = {f"lib/part{number}.js": "x\n" for number in range(3005)}
    assert "TC376" in codes(of({**NODE, "Procfile": "web: a\n", **code}).notes)


def test_an_env_file_in_json_as_node_foreman_takes_it() -> None:
    text = '{"a": {"port": 1, "host": "x"}, "NAME": "n", "none": null}'
    result = of({**NODE, "Procfile": "web: a\n", ".env": text})
    values = {item.name: item.value for item in result.stack.settings}
    assert {name: values[name] for name in ("A_PORT", "A_HOST", "NAME")} == {
        "A_PORT": "1",
        "A_HOST": "x",
        "NAME": "n",
    }
    assert "TC317" in codes(result.notes)


MIXED = {
    "Procfile": b"web: node x\n",
    "run.sh": b"docker run nginx\n",
    "README.md": b"```\ndocker run me\n```\n",
    "deploy/pod.yaml": b"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: n}]}\n",
}


def folder_of(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(MIXED[name])
    return tmp_path


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("Procfile", "run.sh", "README.md", "deploy/pod.yaml"), "kubernetes"),
        (("Procfile", "run.sh", "README.md"), "procfile"),
        (("run.sh", "README.md"), "docker_run"),
    ],
)
def test_a_folder_of_several_formats(
    names: tuple[str, ...], chosen: str, tmp_path: Path
) -> None:
    result = convert(Folder(folder_of(tmp_path, *names)))
    assert result.importer == chosen
    aside = [item for item in result.notes if item.code in ("TC012", "TC014")]
    assert (
        len(aside)
        == len({"kubernetes", "procfile", "docker_run"} & set(map(importer_of, names))) - 1
    )
    told = convert(Folder(tmp_path), Options(source=importer_of(names[-1])))
    assert {"TC012", "TC014"}.isdisjoint(codes(told.notes))


OPENSHIFT = b"apiVersion: v1\nkind: Template\nmetadata: {name: web}\nobjects: []\n"


def test_a_format_with_nothing_to_run_gives_way_to_the_next() -> None:
    files = {"Procfile": b"web: ./serve\n", "openshift/web.yaml": OPENSHIFT}
    result = convert(Memory(files, "shop"))
    assert result.importer == "procfile"
    assert [item.message for item in result.notes if item.code == "TC013"] == [
        "openshift/web.yaml (kubernetes) gives no services, so Procfile was converted instead"
    ]
    asked = convert(Memory(files, "shop"), Options(source="kubernetes"))
    assert "TC013" not in codes(asked.notes)
    assert not asked.stack.services


def test_a_format_that_cannot_be_read_gives_way_only_to_one_that_is_meant() -> None:
    files = {
        "Procfile": b"# web: ./serve\n",
        "README.md": b"```sh\ndocker run nginx\n```\n",
    }
    with pytest.raises(SourceError):
        convert(Memory(files, "shop"))
    assert (
        convert(Memory(files | {"run.sh": b"docker run nginx\n"}, "shop")).importer
        == "docker_run"
    )


@pytest.mark.parametrize(
    ("folder", "chosen"),
    [
        ("deploy/overlays/prod", "kubernetes"),
        ("k8s", "kubernetes"),
        ("agent", "kubernetes"),
        ("agent/lib/data", "procfile"),
        ("docs", "procfile"),
        ("k8s/examples", "procfile"),
    ],
)
def test_manifests_go_before_a_procfile_where_they_say_what_is_deployed(
    folder: str, chosen: str
) -> None:
    pod = MIXED["deploy/pod.yaml"]
    assert (
        convert(
            Memory({"Procfile": b"web: ./serve\n", f"{folder}/pod.yaml": pod}, "shop")
        ).importer
        == chosen
    )


def importer_of(name: str) -> str:
    return {"Procfile": "procfile", "deploy/pod.yaml": "kubernetes"}.get(name, "docker_run")


def test_a_procfile_that_is_named_or_piped_is_one(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "Procfile", "README.md")
    (folder / "Procfile.dev").write_text("web: node dev.js\n")
    assert convert(Folder(folder, named=("Procfile.dev",))).importer == "procfile"
    assert (
        convert(Memory({"<stdin>": b"web: node server.js\n"}, "app")).importer == "procfile"
    )
    assert (
        convert(Memory({"<stdin>": b"docker run nginx\n"}, "app")).importer == "docker_run"
    )


def converted(**files: str) -> Result:
    return convert(Memory({name: text.encode() for name, text in files.items()}, "shop"))


def service_of(result: Result, name: str) -> Service:
    return next(item for item in result.stack.services if item.name == name)


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        ("php artisan migrate:fresh --seed", True),
        ("php artisan queue:work", False),
        ("php artisan horizon", False),
        ("php artisan bot:listen", False),
        ("./manage.py createsuperuser", True),
        ("python manage.py runserver", False),
        ("python manage.py poll_queue", False),
        ("bundle exec rake db:seed", True),
        ("bundle exec rake jobs:work", False),
        ("bin/rails db:migrate", True),
        ("bin/rails runner bin/threaded.rb", False),
        ("mix ecto.migrate", True),
        ("npm run migrate:latest", True),
        ("npm run build:watch", False),
        ("npx prisma studio", False),
        ("npx knex migrate:latest", True),
        ("alembic upgrade head", True),
        ("cd api && flask --app shop db upgrade", True),
        ("while true; do php artisan schedule:run; sleep 60; done", False),
    ],
)
def test_a_command_that_ends_is_started_on_request(command: str, ends: bool) -> None:
    found = service_of(converted(Procfile=f"web: ./serve\nextra: {command}\n"), "extra")
    assert (found.profiles == ("extra",)) is ends


def test_the_development_command_keeps_the_words_of_the_web_command() -> None:
    files = {
        "Procfile": 'web: gunicorn "shop:create_app()"\n',
        "requirements.txt": "gunicorn\n",
    }
    web = service_of(converted(**files), "web")
    assert web.overlays[ComposeFileRole.DEV].command == (
        "gunicorn",
        "shop:create_app()",
        "--reload",
    )
    again = service_of(
        converted(**files | {"Procfile": "web: gunicorn --reload shop:app\n"}), "web"
    )
    assert again.overlays[ComposeFileRole.DEV].command == (
        "gunicorn",
        "--reload",
        "shop:app",
    )


@pytest.mark.parametrize(("version", "words"), [("16.x", ()), ("20.x", ("--watch",))])
def test_node_watches_from_the_version_that_can(
    version: str, words: tuple[str, ...]
) -> None:
    package = (
        f'{{"engines": {{"node": "{version}"}}, "scripts": {{"watch": "webpack --watch"}}}}'
    )
    web = service_of(
        converted(**{"Procfile": "web: node server.js\n", "package.json": package}), "web"
    )
    assert web.overlays[ComposeFileRole.DEV].command == (
        "node",
        *words,
        "--inspect=0.0.0.0:9229",
        "server.js",
    )


@pytest.mark.parametrize(
    ("name", "text", "driver"),
    [
        (
            "settings.py",
            "DATABASES = {'default': dj_database_url.config()}\n",
            ("requirements.txt", "psycopg2\n"),
        ),
        (
            "src/main/resources/application.properties",
            "spring.datasource.url=${JDBC_DATABASE_URL:jdbc:h2:mem}\nserver.port=${PORT:8080}\nx=${DATABASE_URL}\n",
            ("pom.xml", "<dependency><artifactId>postgresql</artifactId></dependency>"),
        ),
    ],
)
def test_a_helper_or_a_placeholder_reads_the_variable(
    name: str, text: str, driver: tuple[str, str]
) -> None:
    found = converted(**{"Procfile": "web: ./serve\n", name: text, driver[0]: driver[1]})
    assert "postgres" in [item.name for item in found.stack.services]


def test_the_evidence_for_a_broker_is_said_once() -> None:
    files = {
        "Procfile": "web: ./serve\nworker: celery -A shop worker\n",
        "requirements.txt": "celery[redis]\n",
    }
    said = [item.message for item in converted(**files).notes if item.code == "TC401"]
    assert said == [
        "service redis (redis:7-alpine) was added: requirements.txt names celery[redis]; worker runs celery"
    ]


def test_each_piece_of_evidence_is_a_clause_of_its_own() -> None:
    files = {
        "Procfile": "web: rails server\n",
        "Gemfile": "gem 'pg'\ngem 'rails'\n",
        "app.json": '{"environments": {"review": {"addons": ["heroku-postgresql"]}}}',
    }
    [said] = [item.message for item in converted(**files).notes if item.code == "TC401"]
    assert said.endswith(
        "Gemfile names pg; Gemfile names rails, a program with a database; app.json asks for PostgreSQL for review apps"
    )


@pytest.mark.parametrize(
    ("processes", "told"),
    [
        ("", "at every `docker compose up`, before web starts"),
        ("worker: ./work\n", "at every `docker compose up`, before web and worker start"),
    ],
)
def test_a_release_is_said_to_run_before_what_waits_for_it(
    processes: str, told: str
) -> None:
    """What runs in development alone does not wait."""
    files = {
        "Procfile": f"release: ./migrate\nweb: ./serve\n{processes}",
        "Procfile.dev": "web: ./serve\ncss: npm run css\n",
    }
    [said] = [item.message for item in converted(**files).notes if item.code == "TC322"]
    assert said.endswith(told)


def test_development_packages_stay_where_the_platform_was_told_to_keep_them() -> None:
    files = {"Procfile": "web: node x\n", "package.json": '{"scripts": {"build": "tsc"}}'}
    kept = converted(**files, **{"app.json": '{"env": {"NPM_CONFIG_PRODUCTION": "false"}}'})
    text = next(
        item.content.decode() for item in kept.stack.files if item.path == "Dockerfile"
    )
    assert "npm run build" in text
    assert "prune" not in text


def test_buildpacks_of_heroku_yml_are_read() -> None:
    text = (
        "build:\n  languages: [go]\n  buildpacks: [heroku/python]\nrun:\n  web: ./serve\n"
    )
    found = converted(
        **{"heroku.yml": text, "requirements.txt": "", "go.mod": "module shop\n"}
    )
    assert not [item for item in found.notes if item.code == "TC001"]
    assert any("one for Python was generated" in item.message for item in found.notes)


def test_what_demands_tls_of_a_service_is_one_note_with_all_its_places() -> None:
    code = 'a = connect(sslmode="require")\n'
    files = {
        "Procfile": "web: ./serve\n",
        "app.json": '{"addons": ["heroku-postgresql"]}',
        "a.py": code,
        "b.py": code,
    }
    [found] = [item for item in converted(**files).notes if item.code == "TC369"]
    assert (found.span and found.span.file, [span.file for span in found.related]) == (
        "a.py",
        ["b.py"],
    )


def test_tls_by_variables_is_left_to_services_outside() -> None:
    given = '{"env": {"PGSSLMODE": "require", "BUILDPACK_URL": "heroku/go"}}'
    found = converted(**{"Procfile": "web: ./serve\n", "app.json": given})
    environment = {item.name: item.value for item in service_of(found, "web").environment}
    assert environment == {"PGSSLMODE": "require", "PORT": "8080"}
    assert "TC380" not in codes(found.notes)


def test_a_local_address_is_said_unless_it_is_where_the_app_listens() -> None:
    files = {
        "Procfile": "web: ./serve\n",
        ".env": "HOST=127.0.0.1\nQUEUE=amqp://localhost:5672\nDB_HOST=localhost\n",
    }
    said = [
        item.message.split()[0] for item in converted(**files).notes if item.code == "TC381"
    ]
    assert said == ["QUEUE", "DB_HOST"]


@pytest.mark.parametrize(
    ("entrypoint", "files", "cleared"),
    [
        ('["./boot.sh"]', {"boot.sh": "#!/bin/sh\nexec gunicorn shop:app\n"}, True),
        (
            '["/usr/bin/wait.sh"]',
            {"docker/wait.sh": '#!/bin/sh\nwait-for db\nexec "$@"\n'},
            False,
        ),
        ('["/sbin/tini", "--"]', {}, False),
        ('["docker-php-entrypoint"]', {}, False),
        ('["bundle", "exec"]', {}, False),
        ('["bin/shop"]', {}, True),
        ("exec ./serve", {}, True),
        (
            '["bash", "docker/run.sh"]',
            {"docker/run.sh": '#!/bin/bash\n"${@:-serve}"\n'},
            False,
        ),
    ],
)
def test_an_entrypoint_that_runs_no_command_is_cleared(
    entrypoint: str, files: dict[str, str], cleared: bool
) -> None:
    dockerfile = f"FROM python:3.12\nWORKDIR /app\nCOPY . .\nENTRYPOINT {entrypoint}\n"
    given = {
        "Procfile": "web: ./serve\nworker: rq worker\n",
        "Dockerfile": dockerfile,
        **files,
    }
    result = converted(**given)
    assert (service_of(result, "worker").entrypoint == ()) is cleared
    assert ("TC382" in codes(result.notes)) is cleared
    platform = converted(
        **given
        | {"heroku.yml": "build: {docker: {web: Dockerfile}}\nrun: {web: ./serve}\n"}
    )
    assert service_of(platform, "web").entrypoint is None


def test_a_variable_that_a_service_provides_is_asked_for_no_more() -> None:
    given = '{"env": {"MONGODB_URI": {"description": "Where it is", "value": "", "required": true}}}'
    files = {
        "Procfile": "web: ./serve\n",
        "app.json": given,
        "package.json": '{"dependencies": {"mongodb": "6"}}',
    }
    result = converted(**files)
    assert "TC901" not in codes(result.notes)
    assert "mongo" in [item.name for item in result.stack.services]
    assert "MONGODB_URI" not in [item.name for item in result.stack.settings]


@pytest.mark.parametrize(
    ("scripts", "library", "static"),
    [
        ('{"build": "vite build"}', "vite", True),
        (
            '{"start": "react-scripts start", "build": "react-scripts build"}',
            "react-scripts",
            True,
        ),
        ('{"start": "node server.mjs", "build": "vite build"}', "vite", False),
        ('{"build": "vite build"}', "@sveltejs/kit", False),
        ('{"start": "node .", "build": "tsc"}', "express", False),
    ],
)
def test_a_front_end_without_a_server_is_served_as_files(
    scripts: str, library: str, static: bool
) -> None:
    package = f'{{"scripts": {scripts}, "devDependencies": {{"{library}": "1"}}}}'
    files = {"package.json": package, "package-lock.json": "{}"}
    assert ("nginx" in built(files)) is static
    assert "nginx" not in built({**files, "Procfile": "web: npm start\n"})


def built(files: dict[str, str]) -> str:
    return next(
        item.content.decode() for item in stack_of(files).files if item.path == "Dockerfile"
    )


def test_engines_of_app_json_are_left_to_package_json() -> None:
    found = converted(
        **{
            "Procfile": "web: ./serve\n",
            "app.json": '{"engines": {"yarn": "1.x", "node": "20"}}',
        }
    )
    assert "TC001" not in codes(found.notes)


def test_a_command_of_a_backslash_alone_is_none() -> None:
    result = of({"Procfile": "x: \\\nworker: psql -h db\n", "Dockerfile": "FROM a\n"})
    codes = {item.code for item in result.notes}
    assert [item.name for item in result.stack.services] == ["worker"]
    assert "TC307" in codes and "TC901" not in codes


@pytest.mark.parametrize(
    ("app", "code"),
    [
        ({"healthchecks": {"web": [{"type": "startpu", "path": "/x"}]}}, "TC315"),
        ({"healthchecks": {"web": [{"type": "liveness", "path": "/x"}]}}, ""),
        ({"stack": "heroku-of-old"}, "TC315"),
        ({"stack": "heroku-22"}, ""),
        ({"stack": "container"}, ""),
        ({"scripts": {"postdeploy": {"command": "a", "size": "gaint"}}}, "TC328"),
        ({"scripts": {"postdeploy": {"command": "a", "size": "standard-2x"}}}, ""),
        ({"cron": [{"command": "a", "schedule": "@dayly"}]}, "TC315"),
        ({"cron": [{"command": "a", "schedule": "5 * * *"}]}, "TC315"),
        ({"cron": [{"command": "a", "schedule": "5 * * * *"}]}, ""),
    ],
)
def test_a_word_that_the_platform_does_not_know_is_told(
    app: dict[str, Any], code: str
) -> None:
    files = {
        "Procfile": b"web: puma\n",
        "Gemfile": b"",
        "app.json": json.dumps(app).encode(),
    }
    notes = convert(Memory(files, "app"), Options(source="procfile")).notes
    codes = {note.code for note in notes if note.code in ("TC315", "TC328")}
    assert codes == ({code} if code else set())


@pytest.mark.parametrize("key", ["https_only", "clean_urls", "basic_auth"])
def test_a_truth_value_of_static_json_that_is_none_is_told(key: str) -> None:
    for value, is_told in ((True, False), (False, False), ("yep", True)):
        text = json.dumps({"root": "a", key: value}).encode()
        files = {"static.json": text, "a/index.html": b""}
        notes = convert(Memory(files, "app"), Options(source="procfile")).notes
        assert ("TC315" in {note.code for note in notes}) is is_told


@pytest.mark.parametrize(("process", "is_used"), [("web", False), ("worker", True)])
def test_a_checks_file_counts_where_app_json_checks_another_process(
    process: str, is_used: bool
) -> None:
    app = {"healthchecks": {process: [{"path": "/up"}]}}
    files = {
        "Procfile": b"web: puma\nworker: rake jobs\n",
        "Gemfile": b"gem 'puma'\n",
        "app.json": json.dumps(app).encode(),
        "CHECKS": b"/old\n",
    }
    result = convert(Memory(files, "app"), Options(source="procfile"))
    web = result.stack.service("web")
    assert web is not None and web.healthcheck is not None
    assert ("/old" in " ".join(web.healthcheck.test or ())) is is_used
    told = [note.span.file for note in result.notes if note.code == "TC349" and note.span]
    assert told == ([] if is_used else ["CHECKS"])


def test_a_missing_dockerfile_is_told_once() -> None:
    heroku = "build:\n  docker:\n    web: Dockerfile\nrun:\n  web: ./serve\n"
    project = Memory({"heroku.yml": heroku.encode()}, "shop")
    codes = [told.code for told in convert(project, Options()).notes]
    assert codes.count("TC358") == 1 and "TC873" not in codes
