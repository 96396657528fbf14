"""What pods keep: each server and claim has one note, whose command names what is in the cluster and here."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tocompose.knowledge.dumps import dump_of
from tocompose.knowledge.images import image_facts
from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.markdown import render
from tocompose.reports.report import report
from tocompose.tables import documents, load

MOVED = ("TC437", "TC438", "TC439", "TC442", "TC444", "TC453", "TC454", "TC457")


def pod(
    image: str, volume: str = "", path: str = "", kind: str = "Deployment", env: str = ""
) -> str:
    mounts = f"[{{name: v, mountPath: {path}}}]" if volume else "[]"
    volumes = f"[{{name: v, {volume}}}]" if volume else "[]"
    return f"""
apiVersion: apps/v1
kind: {kind}
metadata: {{name: main, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: main}}}}
  template:
    metadata: {{labels: {{app: main}}}}
    spec:
      containers:
      - {{name: inner, image: '{image}', env: [{env}], volumeMounts: {mounts}}}
      volumes: {volumes}
"""


CLAIM = "persistentVolumeClaim: {claimName: kept}"
NODE_VOLUME = """
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {claimRef: {name: kept, namespace: shop}, SOURCE}
"""


def moved(text: str) -> list[Note]:
    """The notes on data that stay in the cluster."""
    result = convert(Memory({"shop.yaml": text.encode()}, "shop"), Options())
    return [note for note in result.notes if note.code in MOVED]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        (pod("postgres:16", CLAIM, "/var/lib/postgresql/data"), "TC437", "the claim kept"),
        (pod("postgres:16"), "TC453", "no lasting volume"),
        (pod("postgres:16", "emptyDir: {}", "/var/lib/postgresql/data"), "TC453", "no lasting volume"),
        (pod("corp/db:1", "emptyDir: {}", "/var/lib/postgresql/data"), "TC453", "no lasting volume"),
        (pod("corp/db:1", CLAIM, "/var/lib/mysql"), "TC437", "the claim kept"),
        (pod("redis:7", CLAIM, "/data"), "TC438", "the claim kept"),
        (pod("redis:7"), "TC454", "no lasting volume"),
        (pod("corp/web:1", CLAIM, "/srv/files"), "TC438", "the claim kept"),
        (pod("elasticsearch:8.1.0"), "TC454", "no lasting volume"),
        (pod("corp/web:1", "csi: {driver: disk.example.com}", "/srv"), "TC438", "the volume v"),
        (pod("mysql:8", "hostPath: {path: /disk}", "/var/lib/mysql"), "TC439", "/disk"),
        (
            pod("corp/web:1", CLAIM, "/srv")
            + NODE_VOLUME.replace("SOURCE", "hostPath: {path: /disk}"),
            "TC442",
            "/disk",
        ),
    ],
)  # fmt: skip
def test_data_that_stay_are_told(text: str, code: str, where: str) -> None:
    (note,) = moved(text)
    assert note.code == code
    assert where in note.message


@pytest.mark.parametrize(
    ("text", "is_warned"),
    [
        (pod("elasticsearch:8.1.0"), True),
        (pod("elasticsearch:8.1.0", CLAIM, "/usr/share/elasticsearch/data"), True),
        (pod("redis:7"), False),
        (pod("redis:7", CLAIM, "/data"), False),
        (pod("corp/web:1", CLAIM, "/srv/files"), False),
    ],
)
def test_a_copy_of_what_a_server_is_writing_may_be_unusable(
    text: str, is_warned: bool
) -> None:
    notes = [note for note in moved(text) if note.code in ("TC438", "TC454")]
    warned = ["the copy may be unusable" in note.advice for note in notes]
    assert any(warned) is is_warned


@pytest.mark.parametrize(
    "text",
    [
        pod("corp/web:1"),
        pod("corp/web:1", "emptyDir: {}", "/srv"),
        pod("corp/web:1", "hostPath: {path: /proc}", "/host/proc"),
        pod("postgres:16", "nfs: {server: a, path: /b}", "/var/lib/postgresql/data"),
        pod("memcached:1.6"),
        pod("corp/web:1", CLAIM, "/srv") + NODE_VOLUME.replace("SOURCE", "nfs: {server: a, path: /b}"),
    ],
)  # fmt: skip
def test_nothing_is_told_of_what_ends_with_the_pod_or_is_elsewhere(text: str) -> None:
    assert moved(text) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("Deployment", "kubectl exec -n shop deployment/main -c inner --"),
        ("StatefulSet", "kubectl exec -n shop main-0 -c inner --"),
        ("DaemonSet", "kubectl exec -n shop daemonset/main -c inner --"),
    ],
)
def test_the_pod_is_named_as_kubectl_names_it(kind: str, words: str) -> None:
    (note,) = moved(pod("postgres:16", kind=kind))
    assert f"`{words} sh -c 'pg_dumpall" in note.advice
    assert "| docker compose exec -T main sh -c 'psql" in note.advice


def test_a_claim_of_several_pods_is_told_once() -> None:
    twin = pod("corp/web:1", CLAIM, "/srv").replace("name: main,", "name: twin,")
    assert len(moved(f"{pod('corp/web:1', CLAIM, '/srv')}---{twin}")) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (pod("corp/web:1", CLAIM, "/var/cache/web"), "a cache"),
        (pod("corp/web:1", CLAIM, "/srv/logs"), "logs"),
        (
            pod("corp/web:1", CLAIM, "/srv/tmp")
            + NODE_VOLUME.replace("SOURCE", "hostPath: {path: /disk}"),
            "temporary files",
        ),
        (
            pod("corp/web:1", CLAIM, "/srv/logs", "Job").replace("apps/v1", "batch/v1"),
            "logs",
        ),
    ],
)
def test_what_a_program_makes_again_is_no_data_to_copy(text: str, kind: str) -> None:
    (note,) = moved(text)
    assert (note.code, note.kind.value) == ("TC444", "info")
    assert f"because it holds {kind}" in note.message
    assert "docker compose create" in note.advice


def test_logs_that_another_container_has_elsewhere_may_be_data() -> None:
    reader = pod("corp/reader:1", CLAIM, "/srv/files").replace("name: main,", "name: copy,")
    (note,) = moved(f"{pod('corp/web:1', CLAIM, '/srv/logs')}---{reader}")
    assert note.code == "TC438"


def test_who_mounts_the_folder_of_a_known_server_is_none() -> None:
    backup = pod("corp/backup:1", CLAIM, "/var/lib/mysql").replace(
        "name: main,", "name: copy,"
    )
    (note,) = moved(f"{backup}---{pod('mysql:8', CLAIM, '/var/lib/mysql')}")
    assert "main (mysql:8)" in note.message


def job(volume: str = CLAIM, kind: str = "Job") -> str:
    """A job that mounts the volume."""
    text = pod("corp/backup:1", volume, "/srv", kind).replace("apps/v1", "batch/v1")
    if kind == "CronJob":
        head, _, template = text.partition("  template:")
        nested = f"  template:{template}".replace("\n", "\n    ").rstrip()
        text = f"{head}  schedule: '0 3 * * *'\n  jobTemplate:\n    spec:\n    {nested}\n"
    return text.replace("name: main, n", "name: copy, n")


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_what_only_a_job_mounts_is_read_through_a_pod_of_its_own(kind: str) -> None:
    (note,) = moved(job(kind=kind))
    assert (note.code, note.subject[1]) == ("TC457", "copy")
    profile = " --profile cron" if kind == "CronJob" else ""
    commands = re.findall(r"`([^`]+)`", note.advice)
    assert commands[0] == f"docker compose{profile} create copy"
    overrides = shlex.split(commands[1])[6].removeprefix("--overrides=")
    (volume,) = json.loads(overrides)["spec"]["volumes"]
    assert volume["persistentVolumeClaim"] == {"claimName": "kept"}
    assert commands[2] == (
        "kubectl exec -n shop read-kept -- tar -cf - -C /data . | "
        f"docker compose{profile} cp - copy:/srv"
    )
    assert commands[3] == "kubectl delete -n shop pod read-kept"


@pytest.mark.parametrize("volume", ["emptyDir: {}", "hostPath: {path: /srv}"])
def test_what_a_job_keeps_on_no_claim_is_not_told(volume: str) -> None:
    assert moved(job(volume)) == []


def test_a_claim_that_runs_are_told_of_is_not_told_for_the_jobs_again() -> None:
    (note,) = moved(f"{pod('corp/web:1', CLAIM, '/srv')}---{job()}")
    assert note.code == "TC438"


def test_the_user_is_the_variable_that_the_container_is_given() -> None:
    env = "{name: POSTGRES_USER, value: shop}, {name: POSTGRES_PASSWORD, value: x}"
    (note,) = moved(pod("postgres:16", env=env))
    assert '-U "$POSTGRES_USER"' in note.advice
    env = "{name: MYSQL_ROOT_PASSWORD_FILE, value: /run/password}"
    (note,) = moved(pod("mysql:8", env=env))
    assert 'MYSQL_PWD="$(cat "$MYSQL_ROOT_PASSWORD_FILE")"' in note.advice


SECRET = """---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {MYSQL_ROOT_PASSWORD: 9f86d0818}
"""


@pytest.mark.parametrize(
    ("image", "env", "absent"),
    [
        ("mysql:8", "", "MYSQL_ROOT_PASSWORD"),
        ("mariadb:11", "{name: MARIADB_ROOT_PASSWORD_HASH, value: '*A'}", "MARIADB_ROOT_PASSWORD"),
        ("mariadb:11", "{name: MYSQL_ROOT_PASSWORD, value: a}", ""),
        ("mariadb:11", "{name: MARIADB_ALLOW_EMPTY_ROOT_PASSWORD, value: '1'}", ""),
        ("mongo:7", "{name: MONGO_INITDB_ROOT_USERNAME, value: a}", "MONGO_INITDB_ROOT_PASSWORD"),
        ("mongo:7", "", ""),
        ("postgres:16", "", ""),
        ("rabbitmq:3.13", "", ""),
    ],
)  # fmt: skip
def test_a_password_that_the_pod_is_not_given_is_asked_for(
    image: str, env: str, absent: str
) -> None:
    (note,) = moved(pod(image, env=env))
    asked = f"The container is given no {absent}: write the value there."
    assert (asked in note.advice) is bool(absent)
    assert ("is given no" in note.advice) is bool(absent)


def test_a_password_of_a_whole_secret_is_there() -> None:
    text = pod("mysql:8").replace("env: []", "envFrom: [{secretRef: {name: db}}]")
    (note,) = moved(text + SECRET)
    assert "is given no" not in note.advice and "$MYSQL_ROOT_PASSWORD" in note.advice


def test_what_is_restored_waits_for_all_of_the_dump() -> None:
    """rabbitmqctl takes what it finds on its standard input at once, which of a pipe is nothing yet."""
    (note,) = moved(pod("rabbitmq:3.13"))
    assert "import_definitions /tmp/definitions.json" in note.advice


def test_a_user_that_is_not_root_moves_procedures_too() -> None:
    names = ("USER", "PASSWORD", "DATABASE")
    for prefix, image in (("MYSQL", "mysql:8"), ("MARIADB", "mariadb:11")):
        env = ", ".join(f"{{name: {prefix}_{name}, value: shop}}" for name in names)
        (note,) = moved(pod(image, env=env))
        assert "--routines --events" in note.advice and f'"${prefix}_USER"' in note.advice


def test_the_report_never_says_that_nothing_is_to_do() -> None:
    project = Memory({"shop.yaml": pod("postgres:16").encode()}, "shop")
    text = render(report(convert(project, Options()), project))
    assert "Nothing" not in text.partition("## How the services")[0]
    assert "- [ ] Decide whether to move the data of main" in text


def test_every_row_names_images_of_the_table_and_words_of_a_shell() -> None:
    known = {
        str(document.row()["id"]): str(document.row()["match"][0])
        for document in documents("images", "match")
    }
    for row in load("dumps").values():
        for image_id in row["images"]:
            facts = image_facts(known[image_id])
            assert facts is not None and facts.data, image_id
            dump = dump_of(known[image_id], {})
            assert dump is not None, image_id
            for command in (dump.dump, dump.restore, dump.flush):
                assert not re.search(r"<[A-Z]", command)
                assert command == "" or shlex.split(command)
            assert bool(dump.dump) == bool(dump.restore) != bool(dump.flush)


@pytest.mark.parametrize(
    ("env", "needed"),
    [
        ("", "Users come along with their old passwords."),
        (
            "{name: POSTGRES_PASSWORD, value: hunter2-Kq9}",
            "Users come along with their old passwords, so .env needs those.",
        ),
    ],
)
def test_old_passwords_are_needed_only_where_the_server_is_given_some(
    env: str, needed: str
) -> None:
    (note,) = moved(pod("postgres:16", CLAIM, "/var/lib/postgresql/data", env=env))
    assert f" {needed} Start the other services only after all data" in note.advice


@pytest.mark.parametrize(
    ("image", "args", "env", "folder"),
    [
        ("redis:7", "--dir /var/r", "", "/var/r"),
        ("minio/minio:RELEASE.2024-01-01T00-00-00Z", "server /export", "", "/export"),
        ("victoriametrics/victoria-metrics:v1.99.0", "-storageDataPath=/vm", "", "/vm"),
        ("nats:2.10", "-js -sd /streams", "", "/streams"),
        ("nats:2.10", "-js", "", "/tmp/nats/jetstream"),
        ("bitnami/kafka:3.7", "", "{name: KAFKA_CFG_LOG_DIRS, value: /k}", "/k"),
    ],
)
def test_the_folder_that_is_copied_is_the_one_that_the_settings_name(
    image: str, args: str, env: str, folder: str
) -> None:
    words = json.dumps(args.split()) if args else "[]"
    text = pod(image, env=env).replace("volumeMounts:", f"args: {words}, volumeMounts:")
    result = convert(Memory({"shop.yaml": text.encode()}, "shop"), Options())
    (copied,) = (note for note in result.notes if note.code == "TC454")
    assert f"that it has in {folder};" in copied.message
    assert f":{folder}`" in copied.advice
    (service,) = result.stack.services
    assert folder in [mount.target for mount in service.mounts]
