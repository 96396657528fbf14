"""Addresses of live servers in `.env`: the stack has servers of its own, unless the user asks for those elsewhere."""

from __future__ import annotations

import pytest

from tocompose.decisions import plan
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.knowledge.servers import moving_step, servers
from tocompose.model import Service
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

_URL = "postgres://u:p-9Kq2vT@db-7.cloud.acme.io:5432/d"
_APP = {
    "Procfile": "release: npm run migrate\nweb: node server.js\n",
    "package.json": '{"dependencies": {"pg": "^8"}}',
    "server.js": "new Pool({connectionString: process.env.DATABASE_URL})\n",
}
_DECLARED = {**_APP, "app.json": '{"addons": ["heroku-postgresql"]}'}


def options_of(servers: str) -> Options:
    settings = ImportOptions(options={"servers": (servers,)} if servers else {})
    return Options(source="procfile", layout=Layout(split=True), settings=settings)


def converted(app: dict[str, str], value: str, servers: str = "") -> Result:
    files = {**app, ".env": f"DATABASE_URL={value}\n"}
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    return convert(project, options_of(servers))


def convert_files(files: dict[str, str]) -> Result:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    return convert(project, options_of(""))


def database_url(result: Result) -> str | None:
    release = result.stack.service("release")
    assert release is not None
    return {item.name: item.value for item in release.environment}["DATABASE_URL"]


def codes(result: Result) -> set[str]:
    return {item.code for item in result.notes}


@pytest.mark.parametrize("app", [_APP, _DECLARED], ids=["inferred", "declared"])
@pytest.mark.parametrize("value", [_URL, "postgres://u:p-9Kq2vT@10.0.0.5/d"])
def test_the_release_runs_on_the_database_of_the_stack(
    app: dict[str, str], value: str
) -> None:
    result = converted(app, value)
    assert database_url(result) == "postgres://app:${POSTGRES_PASSWORD:?}@postgres:5432/app"
    note = next(item for item in result.notes if item.code == "TC578")
    assert "pg_dump" in note.advice
    assert not any(b"p-9Kq2vT" in file.content for file in result.files)


@pytest.mark.parametrize("app", [_APP, _DECLARED], ids=["inferred", "declared"])
def test_the_server_elsewhere_is_used_when_it_is_asked_for(app: dict[str, str]) -> None:
    result = converted(app, _URL, "remote")
    assert result.stack.service("postgres") is None
    assert database_url(result) == "${DATABASE_URL:?}"
    assert "TC853" in codes(result) and "TC578" not in codes(result)


def test_user_and_password_of_another_server_are_used_with_its_address() -> None:
    app = {
        "Procfile": "web: python shop.py\n",
        "requirements.txt": "psycopg2\n",
        "shop.py": "from os import environ\nenviron['DB_HOST'], environ['DB_USER'], environ['DB_PASSWORD']\n",
    }
    hosts = ("db", "db.cloud.acme.io", "10.0.0.5")
    results = {}
    for host in hosts:
        env = f"DB_HOST={host}\nDB_USER=joe\nDB_PASSWORD=p-9Kq2vT\n"
        project = {path: text.encode() for path, text in {**app, ".env": env}.items()}
        servers = "" if host == "db" else "remote"
        results[host] = convert(Memory(project, "shop"), options_of(servers))
    local, *remote = results.values()
    [advice] = {note.advice for note in local.notes if note.code == "TC416"}
    assert "set its address, user and password in .env of the source" in advice
    assert "`--option servers=remote`" in advice
    for result in remote:
        assert [service.name for service in result.stack.services] == ["web"]
        assert "TC416" not in codes(result)


@pytest.mark.parametrize("servers", ["", "remote"])
def test_the_plan_asks(servers: str) -> None:
    files = {**_APP, ".env": f"DATABASE_URL={_URL}\n"}
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    decisions = {item.id: item for item in plan(project, options_of(servers)).decisions}
    assert decisions["servers"].answer == (servers or "own")
    assert set(decisions["servers"].choices) == {"own", "remote"}


@pytest.mark.parametrize("kind", ["postgres", "mysql", "mariadb", "mongo", "redis"])
def test_the_data_of_each_server_is_moved_by_a_command(kind: str) -> None:
    command = str(servers()[kind]["move"])
    assert "<image>" in command and "<service>" in command
    # One program reads what the other writes: through a pipe, or a file where the first may fail.
    assert (" | " in command) is not (" > dump.rdb && " in command)
    step = moving_step(kind, Service(name="store", image="new:1"), "set OLD_URL")
    start = "To move the data, start store alone (`docker compose up -d --wait store`)"
    assert step.startswith(f"{start}, set OLD_URL and run `") and "new:1" in step


def test_a_server_without_such_a_command_is_named_in_words() -> None:
    queue = Service(name="queue", image="rabbitmq:4")
    step = moving_step("rabbitmq", queue, "set OLD_URL")
    assert step == "Messages are not moved. The app creates its queues anew"


def test_the_password_of_an_added_server_is_not_asked_for() -> None:
    result = converted(_DECLARED, _URL)
    settings = {setting.name: setting.value for setting in result.stack.settings}
    assert settings["POSTGRES_PASSWORD"] == "change-me"
    assert "TC852" not in codes(result) and "TC411" in codes(result)


SPRING = "<project><dependencies><dependency><artifactId>{}</artifactId></dependency></dependencies></project>"
JAVA = {"Procfile": "web: java -jar target/a.jar\n"}
RUBY = {
    "Procfile": "web: bundle exec puma\n",
    "Gemfile": "gem 'puma'\ngem 'mongoid'\ngem 'pg'\n",
}


@pytest.mark.parametrize(
    ("library", "path", "text", "variable", "value"),
    [
        ("spring-boot-starter-data-mongodb", "src/main/resources/application.properties",
         "spring.data.mongodb.uri=mongodb://localhost:27017/shop\n",
         "SPRING_DATA_MONGODB_URI", "mongodb://mongo:27017/app"),
        ("spring-boot-starter-data-redis", "src/main/resources/application.yml",
         "spring:\n  data:\n    redis:\n      host: localhost\n",
         "SPRING_DATA_REDIS_HOST", "redis"),
        ("spring-boot-starter-amqp", "config/application-prod.yaml",
         "spring:\n  rabbitmq: {}\n  rabbitmq.host: 127.0.0.1\n",
         "SPRING_RABBITMQ_HOST", "rabbitmq"),
    ],
)  # fmt: skip
def test_a_key_of_spring_that_names_localhost_is_outranked(
    library: str, path: str, text: str, variable: str, value: str
) -> None:
    result = convert_files({**JAVA, "pom.xml": SPRING.format(library), path: text})
    web = next(service for service in result.stack.services if service.name == "web")
    values = {setting.name: setting.value for setting in web.environment}
    assert values[variable] == value
    assert "TC596" not in {note.code for note in result.notes}


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("config/mongoid.yml", "production:\n  clients:\n    default:\n      hosts:\n        - localhost:27017\n", 5),
        ("config/cable.yml", "production:\n  adapter: redis\n  url: redis://localhost:6379/1\n", 3),
        ("appsettings.json", '{"ConnectionStrings":\n {"Default": "Server=localhost;Database=a"}}', 2),
        ("config/mongoid.yml", "development:\n  hosts:\n    - localhost\n", 0),
        ("config/cable.yml", 'production:\n  url: <%= ENV.fetch("REDIS_URL") { "redis://localhost:6379/1" } %>\n', 0),
        ("config/cable.yml", "production:\n  url: redis://queue:6379/1\n", 0),
        ("config/database.yml", "production:\n  adapter: postgresql\n  host: localhost\n", 0),
        ("appsettings.Development.json", '{"Host": "localhost"}', 0),
        ("appsettings.json", '{"AllowedHosts": "*", "Url": "http://localhost:80"}', 0),
        ("application.properties", "server.address=localhost\nspring.redis.host=${REDIS_HOST:localhost}\n", 0),
    ],
)  # fmt: skip
def test_a_settings_file_that_names_localhost_is_told(
    path: str, text: str, line: int
) -> None:
    notes = [
        note for note in convert_files({**RUBY, path: text}).notes if note.code == "TC596"
    ]
    places = [(note.span.file, note.span.line) for note in notes if note.span]
    assert places == ([(path, line)] if line else [])


@pytest.mark.parametrize(
    ("host", "is_added"), [("10.0.0.7", True), ("ds7.cloud.acme.io", False)]
)
def test_a_host_of_a_settings_file_is_judged_as_one_of_a_variable(
    host: str, is_added: bool
) -> None:
    files = {**JAVA, "pom.xml": SPRING.format("mongo-java-driver")}
    files["src/main/resources/application.yml"] = f"mongo:\n  host: {host}\n  port: 27017\n"
    result = convert_files(files)
    names = {service.name for service in result.stack.services}
    assert ("mongo" in names) is is_added
    assert ("TC402" in {note.code for note in result.notes}) is not is_added


@pytest.mark.parametrize(
    ("own", "is_said"), [("  host: <%= ENV['REDIS_HOST'] %>\n", False), ("", True)]
)
def test_a_host_that_production_replaces_names_no_machine(own: str, is_said: bool) -> None:
    text = "default: &default\n  host: localhost\nproduction:\n  <<: *default\n"
    notes = convert_files({**RUBY, "config/redis.yml": text + own}).notes
    assert ("TC596" in {note.code for note in notes}) is is_said
