"""Files of version 2 and 3 in which something stands that docker compose refuses, or reads otherwise now."""

from __future__ import annotations

from typing import Any

import yaml

from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def read(text: str, file: str = "docker-compose.yml", **others: str) -> Result:
    files = {file: text, **{name.replace("_", "."): body for name, body in others.items()}}
    project = Memory({path: body.encode() for path, body in files.items()}, "shop")
    return convert(project, Options(source="compose", practices="none"))


def compose(result: Result) -> Any:
    return yaml.safe_load(result.files[0].content)


def told(result: Result, code: str) -> list[str]:
    return [one.message for one in result.notes if one.code == code]


def web(lines: str, version: str = "3") -> str:
    return f'version: "{version}"\nservices:\n  web:\n    image: nginx\n    {lines}\n'


def test_a_service_that_is_extended_and_missing_is_told() -> None:
    for reference in ("{service: gone}", "gone", "{file: more.yml, service: gone}"):
        result = read(web(f"extends: {reference}"), more_yml="services: {a: {image: b}}")
        assert told(result, "TC744") == ["web: service gone is not defined"]
    known = read(web("extends: base") + "  base: {image: b}\n")
    assert not told(known, "TC744")


def test_a_word_where_a_flag_is_asked_is_left_out() -> None:
    result = read(web("stdin_open: maybe\n    tty: 'yes'\n    read_only: true"))
    assert compose(result)["services"]["web"] == {
        "image": "nginx",
        "tty": "yes",
        "read_only": True,
    }
    assert len(told(result, "TC771")) == 1


def test_the_path_of_an_init_program_is_told() -> None:
    result = read(web("init: /usr/bin/tini", "2.2"))
    assert compose(result)["services"]["web"]["init"] is True
    assert "/usr/bin/tini" in told(result, "TC771")[0]


def test_of_an_external_volume_only_its_name_is_kept() -> None:
    volumes = "volumes:\n  d: {external: true, labels: {a: b}, driver: nfs}\n  e: {external: true}\n"
    result = read(web('volumes: ["d:/d", "e:/e"]') + volumes)
    assert compose(result)["volumes"] == {"d": {"external": True}, "e": {"external": True}}
    assert [message.partition(":")[0] for message in told(result, "TC045")] == ["volume d"]


def test_a_driver_of_version_two_made_volumes_without_a_name() -> None:
    named = read(web("volume_driver: nfs\n    volumes: ['d:/d']", "2") + "volumes: {d: }\n")
    assert not told(named, "TC067") and not told(named, "TC070")
    assert told(read(web("volume_driver: nfs\n    volumes: [/d]", "2")), "TC067")


def test_a_link_to_another_project_is_told_in_every_version() -> None:
    text = "version: '2'\nservices:\n  web:\n    image: a:1\n    external_links: ['smtp_1:smtp']\n"
    result = convert(
        Memory({"docker-compose.yml": text.encode()}, "shop"), Options(source="compose")
    )
    (told,) = [note for note in result.notes if note.code == "TC137"]
    assert (
        "smtp_1" in told.message
        and "`docker network connect shop_default smtp_1`" in told.advice
    )


def test_a_lender_of_the_volume_that_its_image_declares_goes_too() -> None:
    text = (
        "version: '2'\nservices:\n"
        "  rows: {image: 'mysql:8.0', command: /bin/true}\n"
        "  sql: {image: 'mysql:8.0', volumes_from: [rows]}\n"
        "  blank: {image: 'acme/x:1', command: /bin/true}\n"
        "  app: {image: 'acme/x:1', volumes_from: [blank]}\n"
    )
    services = compose(read(text))["services"]
    assert services["sql"]["volumes"] == ["rows-var-lib-mysql:/var/lib/mysql"]
    assert "rows" not in services and "volumes_from" not in services["sql"]
    assert services["app"]["volumes_from"] == ["blank"]


def test_the_data_of_a_lender_are_copied_from_it_under_either_name_of_the_project() -> None:
    """Those that use it are stopped; Compose before 1.21 took the dash out of the project's name."""
    lender = "  data: {image: busybox, command: 'true', volumes: [/var/lib/d, './conf:/conf:ro']}\n"
    users = "  db: {image: 'a:1', volumes_from: [data]}\n  web: {image: 'b:1', volumes_from: [data]}\n"
    files = {"docker-compose.yml": f"version: '2'\nservices:\n{lender}{users}".encode()}
    result = convert(Memory(files, "my-app"), Options(source="compose"))
    said = {note.code: f"{note.message} {note.advice}" for note in result.notes}
    assert "the old container data" in said["TC432"] and "stop db and web" in said["TC432"]
    assert (
        "-f name='^(my-app|myapp)[-_]' -f label=com.docker.compose.service=data"
        in said["TC432"]
    )
    mounts = "mounted in db and web instead: the volume data-var-lib-d at /var/lib/d and the bind mount ./conf at /conf"
    assert mounts in said["TC068"]
    # No volume of the source has a name that begins with that of the project.
    assert "TC074" not in said
    renamed = convert(
        Memory(files, "my-app"),
        Options(source="compose", settings=ImportOptions(name="shop")),
    )
    (copied,) = [note.advice for note in renamed.notes if note.code == "TC432"]
    assert "-v shop_data-var-lib-d:/to" in copied
