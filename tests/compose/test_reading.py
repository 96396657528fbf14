"""Existing compose files: what is read of them is what docker compose reads, at its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judges import compose_config, needs_compose, run_config
from oracles import NO_CORPUS, corpus
from tocompose.compose.documents import Places
from tocompose.compose.loading import find_compose_files, load_files
from tocompose.compose.read import stack_of
from tocompose.compose.write import compose_document
from tocompose.compose.yaml_text import render
from tocompose.model import Stack
from tocompose.project import Memory

BASE = """\
name: shop
include: [extra/more.yml]
x-log: &log
  driver: json-file
  options: {max-size: 10m}
services:
  web:
    extends: {service: common, file: parts.yml}
    image: acme/web:${TAG:-1.2}
    command: serve --title "a b" $$HOME
    environment: [A=1, B, "C=x=y", D=$X]
    ports: ["8080:80", 443, "[::1]:53:53/udp", {target: 9000, published: 9001, host_ip: 127.0.0.1}]
    expose: [9000]
    volumes: [.:/app:ro, data:/data, /anonymous, ./x:/x:z, {type: tmpfs, target: /t, tmpfs: {size: 1000}}]
    tmpfs: /run:size=1m
    networks: {front: {aliases: [www], priority: 5}, default: }
    depends_on: [db]
    healthcheck: {test: curl -f localhost, retries: 3, start_period: 10s}
    deploy: {replicas: 2, resources: {limits: {cpus: 0.50, memory: 64M, pids: 5}}, restart_policy: {condition: any}}
    logging: *log
    labels: {a: true, b: 1.10, c: 0o17, d: ~}
    secrets: [token, {source: token, target: other}]
    configs: [{source: conf, target: /etc/conf}]
    user: 1000:1000
    init: true
    extra_hosts: [h:1.1.1.1]
    ulimits: {nofile: 5}
    build: {context: ./src, args: {V: 1.10}, target: prod}
  db:
    image: postgres:16
    command: []
    entrypoint: ["a", "1"]
    healthcheck: {disable: true}
    network_mode: bridge
    links: ["redis:cache"]
    stop_grace_period: 1m
networks:
  front: {internal: true, driver: bridge, ipam: {config: [{subnet: 10.9.0.0/24}]}}
volumes:
  data: {name: real_data}
secrets:
  token: {file: ./token.txt}
configs:
  conf: {content: "a $$b\\n"}
"""
OVERRIDE = """\
services:
  web:
    ports: !override ["81:80"]
    environment: {A: !reset null, B: two}
    volumes: !reset []
    labels: {a: other}
"""
PARTS = "services:\n  common:\n    restart: always\n    environment: {COMMON: c, A: from-parts}\n"
MORE = "services:\n  redis: {image: redis:7, command: redis-server}\n"
FILES = {
    "docker-compose.yml": BASE,
    "docker-compose.override.yml": OVERRIDE,
    "parts.yml": PARTS,
    "extra/more.yml": MORE,
}


def project(files: dict[str, str] = FILES) -> Memory:
    """The files, in memory."""
    return Memory({name: text.encode() for name, text in files.items()})


def stack(*paths: str, files: dict[str, str] = FILES) -> Stack:
    """The stack that those files describe."""
    loaded = load_files(project(files), paths)
    return stack_of(loaded.document, Places(loaded.files))


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def test_the_files_of_a_folder_are_found_as_compose_finds_them() -> None:
    assert find_compose_files(project()) == (
        "docker-compose.yml",
        "docker-compose.override.yml",
        "",
        (),
    )
    names = (
        "docker-compose.yaml",
        "compose.yml",
        "docker-compose.override.yaml",
        "compose.override.yaml",
        "compose.prod.yaml",
    )
    assert find_compose_files(project(dict.fromkeys(names, ""))) == (
        "compose.yml",
        "compose.override.yaml",
        "compose.prod.yaml",
        (),
    )
    assert find_compose_files(project({"other.yml": ""})) is None


def test_positions_are_those_of_the_last_file_that_speaks() -> None:
    loaded = load_files(project(), ("docker-compose.yml", "docker-compose.override.yml"))
    places = Places(loaded.files)
    assert str(places.span("services", "web", "image")) == "docker-compose.yml:9:5"
    assert (
        str(places.span("services", "web", "labels", "a"))
        == "docker-compose.override.yml:6:14"
    )
    assert str(places.span("services", "redis")) == "extra/more.yml:2:3"
    assert str(places.item("D", "services", "web", "environment")).startswith(
        "docker-compose.yml:11:"
    )
    assert (
        str(places.span("services", "web", "nothing", "here"))
        == "docker-compose.override.yml:2:3"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "- a",
        "services:",
        "services: [a]",
        "services: {a: b}",
        "services: {a: {ports: x}}",
    ],
)
def test_no_shape_of_file_is_an_error(text: str) -> None:
    stack("f.yml", files={"f.yml": text})


SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.sampled_from(["a", "a=b", "a:b", "80:80", "$X"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "target", "file", "path"]), inner)
    ),
    max_leaves=5,
)
KEYS = sorted(
    json.loads((Path(__file__).parents[1] / "schemas/compose-spec.json").read_text())[
        "definitions"
    ]["service"]["properties"]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(KEYS), SHAPES, max_size=6), min_size=2, max_size=2
    ),
    SHAPES,
)
def test_wrong_shapes_are_no_error(bodies: list[dict[str, Any]], top: Any) -> None:
    files = {
        f"{number}.yml": json.dumps(
            {
                "services": {"a": body},
                "networks": top,
                "volumes": {"a": top},
                "secrets": top,
            }
        )
        for number, body in enumerate(bodies)
    }
    read = stack("0.yml", "1.yml", files=files)
    render(compose_document(read))


class TestDockerCompose:
    """What we read and write again is the same to docker compose."""

    pytestmark = needs_compose

    def test_a_file_with_everything(self, tmp_path: Path) -> None:
        put(tmp_path, FILES)
        for names in (
            ("docker-compose.yml",),
            ("docker-compose.yml", "docker-compose.override.yml"),
        ):
            expected = unordered(compose_config(tmp_path, *names))
            assert again(tmp_path, stack(*names)) == expected

    @pytest.mark.parametrize(
        "mode", ["0440", "'0440'", "0o440", "288", "0000", "'${MODE:-440}'"]
    )
    def test_the_mode_of_a_file_stays_what_it_is(self, mode: str, tmp_path: Path) -> None:
        grant = f"[{{source: s, mode: {mode}}}]"
        text = (
            f"name: app\nservices: {{web: {{build: {{context: ., secrets: {grant}}},\n"
            f"  secrets: {grant}, configs: {grant}}}}}\n"
            "configs: {s: {content: x}}\nsecrets: {s: {environment: HOME}}\n"
        )
        put(tmp_path, {"given.yml": text})
        expected = unordered(compose_config(tmp_path, "given.yml"))
        assert str(expected).count("'mode'") == 3
        assert again(tmp_path, stack("given.yml", files={"given.yml": text})) == expected

    def test_the_corpus(self, tmp_path: Path) -> None:
        folder = corpus("docker-run/docs-pairs")
        if folder is None:
            pytest.skip(NO_CORPUS)
        compared = 0
        for place in sorted(folder.glob("*.compose.yaml")):
            text = place.read_text(encoding="utf-8")
            (tmp_path / "given.yml").write_text(text, encoding="utf-8")
            if run_config(tmp_path, ["given.yml"]).returncode == 0:
                compared += 1
                expected = unordered(
                    compose_config(tmp_path, "given.yml", extra=("-p", "app"))
                )
                assert (
                    again(tmp_path, stack("given.yml", files={"given.yml": text}))
                    == expected
                ), place.name
        assert compared > 50


def again(folder: Path, read: Stack) -> Any:
    """What docker compose makes of the stack, written as one file."""
    (folder / "again.yml").write_text(render(compose_document(read)), encoding="utf-8")
    return unordered(compose_config(folder, "again.yml"))


def unordered(config: Any) -> Any:
    """A configuration without the order of ports, which we sort, and without extension fields."""
    for service in config["services"].values():
        service.get("ports", []).sort(key=json.dumps)
    return {key: value for key, value in config.items() if not key.startswith("x-")}
