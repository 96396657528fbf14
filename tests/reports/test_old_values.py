"""Values that old data belong to: who goes on with the data in place has to use the old ones."""

from __future__ import annotations

import pytest

from reported import reported
from tocompose.pipeline import Options
from tocompose.reports.values_to_set import hints_of, values_to_set

UNIT = (
    "[Container]\nImage=postgres:16\nVolume=%h/db:/var/lib/postgresql/data\n"
    "Secret=db-password,type=env,target=POSTGRES_PASSWORD\n"
)
APP = "[Container]\nImage=corp/app:1\nSecret=app-key,type=env,target=APP_SECRET_KEY\n"
SCRIPT = (
    'docker run -d --name db -v kept:/var/lib/postgresql/data -e POSTGRES_PASSWORD="$DB_PASSWORD" postgres:16\n'
    'docker run -d --name app -e SECRET_KEY_BASE="$SECRET_KEY_BASE" -e TAG="$TAG" corp/app:1\n'
)
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - name: app
          image: corp/app:1
          env: [{name: SECRET_KEY_BASE, valueFrom: {secretKeyRef: {name: none, key: key}}}]
          volumeMounts: [{name: d, mountPath: /data}]
      volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: d}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def hints(source: str, files: dict[str, str]) -> dict[str, str]:
    """What is said of each value to set."""
    told = reported(files, Options(source=source), "app")
    by_hint = hints_of(told, values_to_set(told))
    return {name: hint for hint, names in by_hint.items() for name in names}


@pytest.mark.parametrize(
    ("source", "files", "names", "store"),
    [
        (
            "quadlet",
            {"db.container": UNIT, "app.container": APP},
            ["DB_PASSWORD", "APP_KEY"],
            "`${HOME}/db` is empty",
        ),
        (
            "docker_run",
            {"run.sh": SCRIPT},
            ["DB_PASSWORD", "SECRET_KEY_BASE"],
            "the volume kept is empty",
        ),
    ],
)
def test_data_that_stay_in_place_belong_to_the_old_values(
    source: str, files: dict[str, str], names: list[str], store: str
) -> None:
    told = hints(source, files)
    for name in names:
        assert "Use the old value" in told[name] and store in told[name], told
        assert "if you move data" not in told[name]
    assert "old value" not in told.get("TAG", "")


def test_data_of_a_cluster_have_to_be_moved() -> None:
    told = hints("kubernetes", {"app.yaml": MANIFEST})
    assert "if you move data" in told["SECRET_KEY_BASE"]


BROKER = "[Container]\nImage=valkey/valkey:9\nVolume=%h/broker:/data\n"
OWN_DATA = f"{APP}Volume=%h/paper/data:/data\nVolume=%h/paper/media:/media\n"


def test_only_data_of_who_has_the_key_or_of_its_database_belong_to_it() -> None:
    files = {"broker.container": BROKER, "app.container": OWN_DATA}
    assert hints("quadlet", files)["APP_KEY"].endswith(
        "unless `data` and `media` in `${HOME}/paper` are empty: the stack goes on with the data there."
    )
    with_database = hints("quadlet", {**files, "db.container": UNIT})["APP_KEY"]
    assert "`${HOME}/db`" in with_database and "broker" not in with_database


def test_a_database_that_the_app_does_not_wait_for_is_not_its_own() -> None:
    app = f"[Unit]\nRequires=db.service\nAfter=db.service\n{APP}"
    other = UNIT.replace("%h/db", "%h/other").replace("db-password", "other-password")
    files = {"db.container": UNIT, "other.container": other, "app.container": app}
    assert "unless `${HOME}/db` is empty" in hints("quadlet", files)["APP_KEY"]


def test_data_beside_the_script_stay_in_place_too() -> None:
    script = SCRIPT.replace("-v kept:", "-v ./conf:/conf:ro -v ./db:")
    told = hints("docker_run", {"run.sh": script})
    assert "unless `./db` is empty" in told["DB_PASSWORD"]
