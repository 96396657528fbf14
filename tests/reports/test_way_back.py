"""What the steps over stop or replace is undone by the way back, and one store of data does not start the rest."""

from __future__ import annotations

import pytest

from reported import reported
from tocompose.reports import render

BLUEPRINT = (
    "services: [{type: web, name: web, runtime: image, image: {url: 'shop/web:1'},"
    " disk: {name: files, mountPath: /files}}]\ndatabases: [{name: db}]\n"
)
MANIFEST = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: 'postgres:16', volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]}]
  volumeClaimTemplates:
    - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
"""
APP = {
    "Procfile": "web: gunicorn app:app\nworker: celery -A app worker\n",
    "requirements.txt": "gunicorn==23.0.0\ncelery==5.4.0\n",
    "app.json": '{"addons": ["heroku-postgresql", "heroku-redis"]}',
}


def page(files: dict[str, str]) -> str:
    return render("markdown", reported(files))


def way_back(files: dict[str, str]) -> str:
    return page(files).partition("## Move over")[2].partition("To go back, ")[2]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            APP,
            "run `heroku maintenance:off -a APP`, scale each process type up to its old number",
        ),
        (
            {"render.yaml": BLUEPRINT},
            "end the maintenance and point the domain at the platform",
        ),
        (
            {"Procfile": "web: ./serve\n"},
            "point the domain at the platform again.",
        ),
        ({"db.yaml": MANIFEST}, "stop the stack and start the stopped pods again."),
    ],
    ids=["heroku", "render", "no data", "cluster"],
)
def test_what_was_stopped_is_started_again(files: dict[str, str], sentence: str) -> None:
    assert way_back(files).startswith(sentence)


def test_the_old_containers_of_a_project_get_no_mounts_of_new_ones() -> None:
    compose = (
        "web:\n  image: shop/web:1\n  volumes_from: [files]\n"
        "files:\n  image: busybox\n  volumes: [/files]\n  command: 'true'\n"
    )
    text = way_back({"docker-compose.yml": compose})
    assert text.startswith(
        "run `docker compose down` in this folder, then `docker-compose up -d` in the folder of the old file."
    )


def test_a_volume_without_a_name_is_mounted_in_the_old_file_first() -> None:
    compose = "version: '2'\nservices:\n  db:\n    image: postgres:16\n"
    text = way_back({"docker-compose.yml": compose})
    assert text.startswith(
        "run `docker compose down` in this folder. In the old file, add"
        " `shop_db_data:/var/lib/postgresql/data` to the `volumes` of db: otherwise the new container starts with a"
        " new, empty volume. Declare the volume below `volumes` with `external: true`. Then run `docker compose up -d`"
    )


_UNNAMED = "{image: acme/web, volumes: [/srv/files]}"


@pytest.mark.parametrize(
    ("compose", "declared", "start"),
    [
        (f"web: {_UNNAMED}\n", "", "Then run `docker-compose up -d` in"),
        (
            f"version: '3'\nservices:\n  web: {_UNNAMED}\n",
            "Declare the volume below `volumes` with `external: true`. ",
            "Then run `docker compose up -d` in",
        ),
    ],
    ids=["version 1", "version 3"],
)
def test_an_entry_without_a_name_is_replaced_as_its_format_allows(
    compose: str, declared: str, start: str
) -> None:
    text = way_back({"docker-compose.yml": compose})
    edit = "replace the line `/srv/files` of web by `shop_web_files:/srv/files`"
    fault = "otherwise the new container starts with a new, empty volume"
    assert f"In the old file, {edit}: {fault}. {declared}{start}" in text
    assert "is not copied back" not in text


@pytest.mark.parametrize(
    "files", [APP, {"render.yaml": BLUEPRINT}], ids=["heroku", "render"]
)
def test_moving_one_store_does_not_start_the_rest(files: dict[str, str]) -> None:
    text = page(files).partition("## How the services")[0]
    assert "then start the rest" not in text
    assert "Start the other services only after all data is moved." in text


def test_what_a_moving_command_leaves_open_is_explained_outside_of_it() -> None:
    files = {**APP, "app.json": '{"addons": ["ormongo"]}'}
    text = page(files)
    assert (
        "'app.*'` (OLD_NAME is the name of the old database, the last part of `$OLD_URL` before any `?`)"
        in text
    )


def test_a_newer_image_is_pulled_and_built_for_one_service() -> None:
    compose = "services:\n  web: {image: 'nginx:1.27', depends_on: [db]}\n  db: {image: 'postgres:16'}\n"
    assert "up -d --no-deps --pull always web" in page({"compose.yml": compose})
    assert "up -d --no-deps --build web" in page(APP)
