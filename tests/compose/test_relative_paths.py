"""Paths lead to the same files from wherever the compose file is written, as docker compose resolves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judges import compose_config, needs_compose, write
from tocompose.check.score import audit
from tocompose.exporters.bundle import Layout
from tocompose.exporters.rebase_paths import rebase_paths
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

# Every key that docker compose resolves, and what it leaves: addresses, repositories, images, other files.
SOURCE = r"""
services:
  a:
    build:
      context: .
      additional_contexts:
        folder: ./lib
        word: lib
        repository: git@github.com:acme/lib.git
        short: github.com/acme/lib
        image: docker-image://alpine
        service: service:b
    develop: {watch: [{path: ./lib, action: sync, target: /l}, {path: lib, action: rebuild}]}
    env_file: [./lib/a.env]
    label_file: ./lib/labels
    credential_spec: {file: ./spec.json}
    volumes: ["bound:/b", "named:/n", "./lib:/l", {type: image, source: ./i, target: /i}]
    configs: [c]
    secrets: [s]
  b: {build: github.com/acme/b, volumes: [bound:/b]}
  c: {build: "git@github.com:acme/c.git#main"}
  d: {build: ./lib}
volumes:
  bound: {driver: local, driver_opts: {type: none, o: bind, device: ./lib}}
  named: {driver: local, driver_opts: {type: nfs, o: "addr=nas,rw", device: ":/data"}}
configs:
  c: {file: lib/c.conf}
secrets:
  s: {file: ./lib/s.txt}
"""
FILES = {
    "compose.yaml": SOURCE.encode(),
    "lib/a.env": b"A=b\n",
    "lib/labels": b"a=b\n",
    "lib/c.conf": b"c\n",
    "lib/s.txt": b"not-so-secret\n",
    "lib/Dockerfile": b"FROM scratch\n",
    "Dockerfile": b"FROM scratch\n",
}


def resolved(folder: Path, name: str) -> Any:
    """What docker compose makes of a file, without what is not about paths."""
    config = compose_config(folder, name)
    for service in config["services"].values():
        for key in ("depends_on", "networks", "command", "entrypoint"):
            service.pop(key, None)
    return {key: config[key] for key in ("services", "volumes", "configs", "secrets")}


@pytest.mark.parametrize(
    ("folder", "up"),
    [
        pytest.param("out", "../", marks=needs_compose),
        pytest.param("out/deep", "../../", marks=needs_compose),
    ],
)
def test_a_file_in_another_folder_names_the_same_files(
    tmp_path: Path, folder: str, up: str
) -> None:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    layout = Layout(split=True)
    options = Options(practices="none", layout=layout, up=up, back=f"{folder}/")
    result = convert(Memory(FILES, tmp_path.name), options)
    write(tmp_path / folder, result.files)
    written = resolved(tmp_path / folder, result.files[0].path)
    assert written == resolved(tmp_path, "compose.yaml")


def test_a_key_for_ssh_is_a_file_too() -> None:
    text = b"services: {a: {build: {context: ., ssh: [default=./key, default, b=/k]}}}"
    stack = convert(Memory({"compose.yaml": text}), Options(practices="none")).stack
    build = rebase_paths(stack, "../", "out/").services[0].build
    assert build is not None
    assert build.options["ssh"] == ["default=../key", "default", "b=/k"]


def test_what_lies_elsewhere_is_not_missing() -> None:
    text = r"""
    services:
      a:
        build: github.com/acme/app
        volumes:
          - ../nginx.conf:/etc/nginx/nginx.conf:ro
          - 'C:\conf\other.conf:/etc/nginx/other.conf:ro'
          - ~/third.conf:/etc/nginx/third.conf:ro
          - {type: bind, source: ~/fourth, target: /x, bind: {create_host_path: false}}
        secrets: [s, t]
      b: {build: "git@github.com:acme/app.git#main"}
      c: {build: ~/app}
    secrets:
      s: {file: ./lib/../../s.txt}
      t: {file: 'C:\t.txt'}
    """
    report = audit(Memory({"compose.yaml": text.encode(), "x": b""}, "shop"))
    assert report is not None
    told = {note.code for note in report.notes}
    assert told.isdisjoint({"TC536", "TC537", "TC729", "TC737"})


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("./gone.conf", "TC681"),
        ("${CONF:-./gone.conf}", "TC681"),
        ("${CONF:-./there.conf}", None),
        ("/gone.conf", None),
        (r"C:\gone.conf", None),
    ],
)
def test_a_demanded_file_is_looked_for_where_the_path_leads(
    written: str, told: str | None
) -> None:
    text = f"""
    services:
      a:
        image: acme/a:1
        volumes:
          - type: bind
            source: '{written}'
            target: /x
            bind: {{create_host_path: false}}
    """
    files = {"compose.yaml": text.encode(), "there.conf": b"x"}
    codes = {note.code for note in convert(Memory(files)).notes}
    assert ("TC681" in codes) is (told is not None)


def test_a_note_names_an_env_file_as_the_source_and_the_written_file_do() -> None:
    text = "services:\n  web: {image: 'shop/web:1', env_file: [../shared.env]}\n"
    options = Options(source="compose", up="../../", back="out/deep/")
    result = convert(Memory({"docker-compose.yml": text.encode()}, "shop"), options)
    (said,) = [note for note in result.notes if note.code == "TC609"]
    assert "../../../shared.env" in result.files[0].content.decode()
    assert "reads ../shared.env (in the written file ../../../shared.env)," in said.message
