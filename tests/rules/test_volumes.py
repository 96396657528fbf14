"""Data on named volumes, code in development, a word about what opens the host."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.compose.write import write_mount as mount
from tocompose.model import ComposeFileRole
from tocompose.rules import Context, Outcome, apply_all, select

PRACTICES = select("SVC-CLASS,VOL-NAMED,VOL-BIND,VOL-SENS,HOSTNAME")


def outcome(body: str) -> Outcome:
    return apply_all(stack(f"services: {{x: {{{body}}}}}"), PRACTICES, Context())


def volumes(body: str) -> list[object]:
    return [mount(item) for item in outcome(body).stack.services[0].mounts]


def codes(body: str) -> list[str]:
    return [note.code for note in outcome(body).notes if note.code != "TC601"]


def test_a_volume_that_is_added_is_told_of_once() -> None:
    assert [code for code in codes("image: 'mysql:8'") if code != "TC600"] == ["TC651"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("image: 'postgres:17'", ["x_data:/var/lib/postgresql/data"]),
        ("image: 'postgres:18'", ["x_data:/var/lib/postgresql"]),
        ("image: 'mysql:8'", ["x_data:/var/lib/mysql"]),
        ("image: 'mongo:7'", ["x_data:/data/db"]),
        (
            "image: 'mongo:7', command: [--configsvr]",
            ["x_data:/data/db", "x_configdb:/data/configdb"],
        ),
        ("image: 'mysql:8', volumes: [/var/lib/mysql]", ["x_data:/var/lib/mysql"]),
        ("image: 'mysql:8', volumes: ['mine:/var/lib/mysql']", ["mine:/var/lib/mysql"]),
        ("image: 'mysql:8', volumes: ['./sql:/var/lib/mysql']", ["./sql:/var/lib/mysql"]),
        ("image: 'mysql:8', tmpfs: [/var/lib/mysql]", ["/var/lib/mysql"]),
        (
            "image: 'postgres:17', environment: {PGDATA: /pg}, volumes: ['mine:/pg']",
            ["mine:/pg"],
        ),
        ("image: 'postgres:17', environment: {PGDATA: /pg}", ["x_data:/pg"]),
        (
            "image: 'minio/minio', command: [server, /d1, /d2, --address, ':9000']",
            ["x_data:/d1", "x_d2:/d2"],
        ),
        (
            "image: 'minio/minio', command: [server, '/d{1...2}']",
            ["x_data:/d1", "x_d2:/d2"],
        ),
        ("image: 'rabbitmq:4', environment: {RABBITMQ_MNESIA_BASE: /m}", ["x_data:/m"]),
        ("image: 'postgres:16', entrypoint: [''], command: [sleep, 1d]", []),
        ("image: 'apache/kafka:3.9.0'", ["x_data:/var/lib/kafka/data"]),
        (
            "image: 'apache/kafka:3.9.0', volumes: ['mine:/tmp/kraft-combined-logs']",
            ["mine:/tmp/kraft-combined-logs"],
        ),
        (
            "image: 'apache/kafka:3.9.0', volumes: ['./conf:/mnt/shared/config']",
            ["./conf:/mnt/shared/config"],
        ),
        ("image: 'me/web:1', volumes: [/srv/up-loads/]", ["x_up_loads:/srv/up-loads/"]),
        (
            "image: 'me/web:1', volumes: ['.:/app', /app/node_modules]",
            [".:/app", "/app/node_modules"],
        ),
        (
            "image: 'me/web:1', volumes: [/app/node_modules]",
            ["x_node_modules:/app/node_modules"],
        ),
        ("image: 'postgres:16', command: [pg_dump]", []),
        ("image: 'minio/minio', command: [server, /data]", ["x_data:/data"]),
        ("image: 'minio/minio', command: [server, /other]", ["x_data:/other"]),
        ("image: 'questdb/questdb:8'", ["x_data:/var/lib/questdb"]),
        ("image: 'amazon/dynamodb-local:2'", []),
        (
            "image: 'firebirdsql/firebird:5'",
            ["x_data:/var/lib/firebird/data"],
        ),
        ("image: 'scylladb/scylla:6'", ["x_data:/var/lib/scylla"]),
        ("image: 'semitechnologies/weaviate:1.27.0'", ["x_data:/data"]),
        (
            "image: 'semitechnologies/weaviate:1.27.0', environment: {PERSISTENCE_DATA_PATH: /var/lib/weaviate}",
            ["x_data:/var/lib/weaviate"],
        ),
    ],
)
def test_named_volumes(body: str, found: list[object]) -> None:
    got = [item if isinstance(item, str) else "/var/lib/mysql" for item in volumes(body)]
    assert got == found


def test_replicas_do_not_share_what_was_their_own() -> None:
    body = "image: 'mysql:8', deploy: {replicas: 2}, volumes: [/scratch]"
    assert volumes(body) == ["/scratch"]
    assert codes(body) == ["TC653", "TC653"], (
        "the volume of the source, and the one that the image declares"
    )


def test_names_are_not_used_twice() -> None:
    given = stack("services: {db: {image: 'mysql:8'}}\nvolumes: {db_data: }")
    found = apply_all(given, PRACTICES, Context()).stack
    assert [item.name for item in found.volumes] == ["db_data", "db_data-2"]


@pytest.mark.parametrize(
    ("image", "target"),
    [("postgres:18", "/var/lib/postgresql/data"), ("postgres:17", "/var/lib/postgresql")],
)
def test_a_mount_beside_the_data(image: str, target: str) -> None:
    """T19: the data folder of PostgreSQL depends on the version."""
    body = f"image: '{image}', volumes: ['pg:{target}']"
    assert volumes(body) == [f"pg:{target}"]
    assert "TC652" in codes(body)


@pytest.mark.parametrize(
    ("image", "target", "since", "outcome"),
    [
        ("postgres", "/var/lib/postgresql/data", "since version 18", "newest is pulled"),
        (
            "postgres:18",
            "/var/lib/postgresql/data",
            "since version 18",
            "With such a mount",
        ),
        ("postgres:16", "/var/lib/postgresql", "before version 18", "anonymous volume"),
        ("mongo:7", "/data", "", "anonymous volume"),
    ],
)
def test_a_mount_beside_the_data_is_named_with_what_comes_of_it(
    image: str, target: str, since: str, outcome: str
) -> None:
    given = stack(f"services: {{db: {{image: '{image}', volumes: ['pg:{target}']}}}}")
    told = apply_all(given, PRACTICES, Context()).notes
    [said] = [note for note in told if note.code == "TC652"]
    assert said.message.endswith(f"{since}, but the source mounts {target}")
    assert outcome in said.advice


@pytest.mark.parametrize(
    ("source", "target", "moved"),
    [
        (".", "/app", True),
        ("./src", "/usr/src/app/src", True),
        ("./uploads", "/data", False),
        ("./config.yml", "/app/config.yml", False),
        ("/abs/src", "/app", False),
        ("../other", "/app", False),
    ],
)
def test_code_of_built_services(source: str, target: str, moved: bool) -> None:
    service = outcome(f"build: ., volumes: ['{source}:{target}']").stack.services[0]
    part = service.overlays.get(ComposeFileRole.DEV)
    assert [item.source for item in (part.mounts if part else ())] == (
        [source] if moved else []
    )
    assert len(service.mounts) == (0 if moved else 1)


def test_code_on_a_bare_runtime_stays() -> None:
    """Without the mount there would be no code at all in production."""
    assert volumes("image: 'node:22', volumes: ['.:/app']") == [".:/app"]


@pytest.mark.parametrize(
    ("volume", "strict"),
    [
        ("./nginx.conf:/etc/nginx/nginx.conf:ro", True),
        ("/etc/app/settings.yaml:/x", True),
        ("./conf.d:/etc/nginx/conf.d", False),
        ("./nginx.conf:/etc/nginx/nginx.conf:z", False),
        ("data:/x.conf", False),
    ],
)
def test_files_must_exist(volume: str, strict: bool) -> None:
    """T18: Docker makes an empty folder of a missing file."""
    options = (
        outcome(f"image: 'me/web:1', volumes: ['{volume}']")
        .stack.services[0]
        .mounts[0]
        .options
    )
    assert (options == {"bind": {"create_host_path": False}}) is strict


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            "image: 'traefik:v3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']",
            "TC660",
        ),
        (
            "image: 'me/web:1', volumes: ['/var/run/docker.sock:/var/run/docker.sock']",
            "TC661",
        ),
        ("image: 'prom/node-exporter:v1', volumes: ['/:/host:ro']", "TC662"),
        ("image: 'me/web:1', volumes: ['/etc:/etc']", "TC663"),
        ("image: 'mysql:8', volumes: ['/srv/sql:/var/lib/mysql']", "TC657"),
        ("image: 'me/web:1', volumes: ['./up:/up']", "TC658"),
        ("image: 'me/web:1', volumes: ['../up:/up:ro']", "TC658"),
        ("image: 'me/web:1', volumes: ['/srv/up:/up']", "TC683"),
        ("image: 'me/web:1', volumes: ['~/up:/up']", "TC683"),
        ("image: 'me/web:1', volumes: ['/etc/localtime:/etc/localtime:ro']", "TC682"),
        ("image: 'me/web:1', volumes: ['/dev/bus/usb:/dev/bus/usb']", "TC682"),
        ("image: 'me/web:1', volumes: ['/tmp/.X11-unix:/tmp/.X11-unix']", "TC682"),
        ("image: 'me/web:1', volumes: ['/run/mysqld/mysqld.sock:/my.sock']", "TC682"),
    ],
)
def test_a_word_about_mounts(body: str, code: str) -> None:
    assert codes(body) == [code]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("image: 'rabbitmq:4'", "x"),
        ("image: 'rabbitmq:4', hostname: mine", "mine"),
        ("image: 'rabbitmq:4', network_mode: host", None),
        ("image: 'redis:7'", None),
    ],
)
def test_host_names(body: str, name: str | None) -> None:
    assert outcome(body).stack.services[0].options.get("hostname") == name


def test_a_broker_is_told_to_keep_its_data_where_the_volume_is() -> None:
    """Without a variable it keeps them in /tmp; the first one puts its whole default configuration out of force."""

    def settings(body: str) -> dict[str, str | None]:
        [service] = outcome(f"image: 'apache/kafka:3.9.0', {body}").stack.services
        return {setting.name: setting.value for setting in service.environment}

    whole = settings("volumes: ['mine:/var/lib/kafka/data']")
    assert whole["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert whole["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert settings("environment: {KAFKA_NODE_ID: 7}") == {
        "KAFKA_NODE_ID": "7",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
    }
    assert settings("environment: {KAFKA_LOG_DIRS: /logs}") == {"KAFKA_LOG_DIRS": "/logs"}
    assert settings("volumes: ['mine:/tmp/kraft-combined-logs']") == {}


@pytest.mark.parametrize(
    ("owner", "heir"),
    [
        ("image: 'mysql:8', volumes: ['mine:/var/lib/mysql']", "image: 'mysql:8'"),
        ("image: 'mysql:8', volumes: [/var/lib/mysql]", "image: 'mysql:8'"),
        ("image: 'mysql:8'", "image: 'mysql:8'"),
        ("image: 'busybox', volumes: ['mine:/var/lib']", "image: 'mysql:8'"),
        ("image: 'mysql:8', volumes_from: [b]", "image: 'mysql:8'"),
    ],
)
def test_no_volume_hides_what_another_service_brings(owner: str, heir: str) -> None:
    body = f"services: {{a: {{{owner}}}, b: {{{heir}, volumes_from: ['a:ro']}}}}"
    found = apply_all(stack(body), PRACTICES, Context())
    assert found.stack.services[1].mounts == ()


def test_what_the_other_service_does_not_bring_gets_a_volume() -> None:
    body = "services: {a: {image: 'nginx:1'}, b: {image: 'mysql:8', volumes_from: [a]}}"
    found = apply_all(stack(body), PRACTICES, Context())
    assert [mount.target for mount in found.stack.services[1].mounts] == ["/var/lib/mysql"]


@pytest.mark.parametrize(
    ("image", "variables", "body", "targets"),
    [
        ("postgres:16", "PGDATA=/srv/pg/data", "", ["/srv/pg/data"]),
        (
            "postgres:16",
            "export PGDATA='/srv/pg/data'",
            "volumes: ['pg:/srv/pg']",
            ["/srv/pg"],
        ),
        ("grafana/grafana", "GF_PATHS_DATA=/srv/g", "volumes: ['g1:/srv/g']", ["/srv/g"]),
        ("apache/kafka:3.9.0", "KAFKA_LOG_DIRS=/logs", "volumes: ['k1:/logs']", ["/logs"]),
    ],
)
def test_a_file_of_variables_moves_the_data(
    image: str, variables: str, body: str, targets: list[str]
) -> None:
    given = stack(f"services: {{x: {{image: '{image}', env_file: [x.env], {body}}}}}")
    context = Context(read={"x.env": f"{variables}\n".encode()}.get)
    [service] = apply_all(given, PRACTICES, context).stack.services
    assert [mount.target for mount in service.mounts] == targets
    assert service.environment == ()


@pytest.mark.parametrize(
    ("image", "target", "missed"),
    [
        ("mongo:7", "/data", True),
        ("mysql:8", "/var/lib", True),
        ("mongo:7", "/data/db", False),
        ("nextcloud:30", "/var/www/html/data", False),
        ("grafana/grafana:11.1.0", "/var/lib", False),
    ],
)
def test_a_mount_above_a_volume_of_the_image_holds_no_data(
    image: str, target: str, missed: bool
) -> None:
    given = stack(f"services: {{x: {{image: '{image}', volumes: ['v1:{target}']}}}}")
    notes = apply_all(given, PRACTICES, Context()).notes
    assert ("TC652" in {note.code for note in notes}) is missed


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("image: 'me/postgres:1'", True),
        ("image: 'me/redis:1', tmpfs: [/run]", True),
        ("image: 'me/postgres:1', volumes: ['./pg:/pg']", False),
        ("image: 'me/web:1'", False),
        ("image: 'postgres:16'", False),
        ("image: 'me/nginx:1'", False),
    ],
)
def test_a_database_of_an_unknown_image_without_a_volume_is_told(
    body: str, is_told: bool
) -> None:
    assert ("TC447" in codes(body)) == is_told


@pytest.mark.parametrize(
    ("keys", "is_told"),
    [
        ("image: 'me/store:1'", True),
        ("image: 'me/store:1', volumes: ['d:/d']", False),
        ("image: 'redis:7'", False),
    ],
)
@pytest.mark.parametrize(
    ("address", "is_of_data"),
    [
        ("mongodb://store:7/a", True),
        ("http://store:7/a", False),
        ("mongodb://far/a", False),
    ],
)
def test_what_others_use_as_a_database_is_told_to_keep_nothing(
    keys: str, is_told: bool, address: str, is_of_data: bool
) -> None:
    text = f"services: {{api: {{image: 'me/api:1', environment: {{DB_URI: '{address}'}}}}, store: {{{keys}}}}}"
    notes = apply_all(stack(text), PRACTICES, Context()).notes
    told = [str(note.subject) for note in notes if note.code == "TC447"]
    assert told == (["services.store"] if is_told and is_of_data else [])
