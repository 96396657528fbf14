"""The user's own text: comments, order and anchors stay, and only what a conversion changes is edited."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml

from legacy_compose.config_judge import judge
from oracles import corpus, unless_oracles
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

TEXT = """\
# The shop.
version: "3.7"

x-env: &env
  TZ: Europe/Berlin   # of the office

services:
  web:  # what people see
    image: shop/web:1.2
    # as the proxy expects it
    ports:
      - "8080:80"
    environment:
      <<: *env
      MODE: live
  db:
    image: postgres:16
    networks: {back: {}}
    volumes: [data:/var/lib/postgresql/data]

volumes:
  data:
networks:
  back: {}
"""


def written(text: str, file: str = "docker-compose.yml", practices: str = "none") -> str:
    result = convert(
        Memory({file: text.encode()}, "shop"),
        Options(source="compose", practices=practices),
    )
    return result.files[0].content.decode()


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:1] in "+-"]


def test_only_the_version_changes() -> None:
    after = written(TEXT)
    assert changed_lines(TEXT, after) == ['- version: "3.7"', "+ name: shop"]
    assert written(after) == after


def test_practices_are_edits_too() -> None:
    after = written(TEXT, practices="all")
    for line in (
        "# The shop.",
        "x-env: &env",
        "      <<: *env",
        "  web:  # what people see",
    ):
        assert line in after.splitlines()
    assert "    restart: unless-stopped" in after and "    healthcheck:" in after
    assert written(after) == after


def test_services_of_version_one_move_below_their_section_with_their_comments() -> None:
    text = """\
# All of it.

# the site
web:
  image: a:1   # pinned
  links:
    - db
  net: bridge
  # where it is
  ports: ["80:80"]
db:
  image: b:1
"""
    after = written(text)
    assert (
        after
        == """\
# All of it.

name: shop

services:
  # the site
  web:
    image: a:1   # pinned
    # where it is
    ports: ["80:80"]
    depends_on:
      db:
        condition: service_started
  db:
    image: b:1
"""
    )
    assert written(after) == after


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: a}}",
        "services:\n  web: {image: a, init: /sbin/tini}\n",
        "version: '2'\nservices:\n  a: &a\n    image: x\n    init: /bin/i\n  b: *a\n",
        "version: '2'\nx: &x {init: /bin/i}\nservices:\n  a:\n    <<: *x\n    image: x\n",
    ],
)
def test_what_no_line_can_say_is_written_anew(text: str) -> None:
    after = written(text)
    assert "init: /" not in after.split("services:")[1] and written(after) == after


@pytest.mark.oracle
@unless_oracles
def test_docker_compose_reads_the_same_in_both(tmp_path: Path) -> None:
    folder = corpus("legacy-compose")
    sources = sorted(folder.glob("*/*.yml")) if folder else []
    for number, source in enumerate(sources):
        copied = tmp_path / str(number) / source.name
        copied.parent.mkdir()
        copied.write_bytes(source.read_bytes())
        judgement = judge(copied)
        assert not (judgement.accepted and judgement.differences), source


BESIDE = {
    "docker-compose.yml": "services:\n  web:\n    image: shop/web:1.2\n    build: .\n",
    "docker-compose.override.yml": """\
services:
  web: {ports: ["127.0.0.1:9229:9229"], environment: {DEBUG: "1"}}
  mail: {image: "axllent/mailpit:v1.20", ports: ["8025:8025"]}
""",
    "docker-compose.prod.yml": """\
services:
  web: {deploy: {resources: {limits: {memory: 3G}}}, restart: always}
""",
    ".env": "TAG=7\n",
}


def split(files: dict[str, str], practices: str = "all") -> dict[str, str]:
    """The files that are written of a folder, the second time what was written the first time."""
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    project.named = ()
    result = convert(
        project,
        Options(source="compose", practices=practices, layout=Layout(split=True)),
    )
    return {file.path: file.content.decode() for file in result.files}


def test_the_files_of_development_and_production_stay_apart() -> None:
    files = split(BESIDE, practices="none")
    base, dev, prod = (yaml.safe_load(files[name])["services"] for name in list(BESIDE)[:3])
    assert base == {"web": {"image": "shop/web:1.2", "build": "."}}
    assert dev["web"] == {
        "environment": {"DEBUG": "1"},
        "ports": ["127.0.0.1:9229:9229"],
    }
    assert dev["mail"]["image"] == "axllent/mailpit:v1.20"
    assert prod["web"]["deploy"] == {"resources": {"limits": {"memory": "3G"}}}
    assert files[".env"].startswith("TAG=7\n")


def test_what_was_written_stays_as_it_is() -> None:
    first = split(BESIDE)
    again = split(first)
    names = [*list(BESIDE), ".gitignore", ".dockerignore"]
    assert [again[name] for name in names] == [first[name] for name in names]
    assert "3G" in first["docker-compose.prod.yml"]


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("docker-compose.prod.yml", "services: {proxy: {image: 'nginx:1'}}", "TC071"),
        (
            "docker-compose.override.yml",
            "services: {web: {build: !reset null}}",
            "TC072",
        ),
    ],
)
def test_a_file_that_cannot_stay_apart_is_told(path: str, text: str, code: str) -> None:
    files = {"docker-compose.yml": BESIDE["docker-compose.yml"], path: text}
    project = Memory({name: body.encode() for name, body in files.items()}, "shop")
    project.named = ()
    result = convert(project, Options(source="compose", layout=Layout(split=True)))
    assert code in {told.code for told in result.notes}


def test_secrets_of_own_sections_become_variables_at_their_places() -> None:
    text = """\
version: "2.4"
x-vault:
  api_key: &key hunter-22-a   # of the vault
  pin_password: 123456789
  size: 3
  conf: |
    user: app
    password: hunter-22-b
x-base: &base
  command: [redis-server, --requirepass, hunter-22-c]
services:
  cache:
    <<: *base
    image: redis:7
    x-note:
      token: *key
"""
    result = convert(
        Memory({"docker-compose.yml": text.encode()}, "shop"),
        Options(source="compose", practices="SEC-OUT", layout=Layout(split=True)),
    )
    files = {file.path: file.content.decode() for file in result.files}
    after, example = files["docker-compose.yml"], files[".env.example"]
    content = yaml.safe_load(after)
    assert "  api_key: &key " in after and "   # of the vault" in after
    assert content["x-vault"]["api_key"].startswith("${CACHE_TOKEN:?")
    assert content["x-vault"]["conf"].startswith("user: app\npassword: ${")
    assert content["services"]["cache"]["command"][2].startswith("${CACHE_PASSWORD:?")
    assert 'pin_password: "${VAULT_PIN_PASSWORD:?' in after and "  size: 3" in after
    assert after.count("hunter-22") == example.count("hunter-22") == 0
    assert written(after) == after


@pytest.mark.parametrize(
    ("lines", "code", "kept"),
    [
        ("cpuset: 0", "", {"cpuset": "0"}),
        ("expose:", "", {}),
        ("volumes:", "", {}),
        ("hostname: 7", "", {"hostname": "7"}),
        ("memswap_limit: '-1'", "", {"memswap_limit": -1}),
        ("volumes: ['a/b:/c', '/d:/e']", "TC771", {"volumes": ["/d:/e"]}),
        ("volumes: [':/x']", "TC771", {}),
        ("volumes: ['/a:/b:ro:rw']", "TC771", {}),
        (r"volumes: ['C:\a b/x:/x:ro:/y']", "TC771", {}),
        (r"volumes: ['C:\a b/x:/x:ro']", "", {"volumes": [r"C:\a b/x:/x:ro"]}),
        ("command: 'echo \"open'", "TC771", {}),
        ('entrypoint: "it\'s"', "TC771", {}),
        ("command: 'echo \"closed\"'", "", {"command": ["echo", "closed"]}),
    ],
)
def test_what_docker_compose_refuses_is_mended_or_left_out(
    lines: str, code: str, kept: dict[str, object]
) -> None:
    text = f"version: '2.4'\nservices:\n  web:\n    image: shop/web:1.2\n    {lines}\n"
    result = convert(
        Memory({"docker-compose.yml": text.encode()}, "shop"),
        Options(source="compose", practices="none"),
    )
    body = yaml.safe_load(result.files[0].content)["services"]["web"]
    if isinstance(body.get("command"), str):
        body["command"] = body["command"].replace('"', "").split()
    assert body == {"image": "shop/web:1.2", **kept}
    assert {note.code for note in result.notes if note.kind.value == "lost"} == {code} - {
        ""
    }


def test_services_that_need_each_other_in_a_circle_lose_what_closes_it() -> None:
    text = """\
version: "2.4"
services:
  a: {image: x:1, volumes_from: [b]}
  b: {image: x:1, links: [c]}
  c: {image: x:1, network_mode: "service:a"}
  d: {image: x:1, volumes_from: [a]}
"""
    result = convert(
        Memory({"docker-compose.yml": text.encode()}, "shop"),
        Options(source="compose", practices="none"),
    )
    services = yaml.safe_load(result.files[0].content)["services"]
    assert "network_mode" not in services["c"]
    assert services["b"]["links"] == ["c"] and services["d"]["volumes_from"] == ["a"]
    (lost,) = (note for note in result.notes if note.kind.value == "lost")
    assert lost.code == "TC045" and "network_mode" in str(lost.subject)


def test_a_hidden_secret_in_a_comment_of_an_earlier_run_is_none() -> None:
    comment = "  # lost (TC771): container_name amqp://guest:•••@mq was left out"
    text = f"services:\n{comment}\n  web:\n    image: shop/web:1.2\n"
    assert comment in written(text).splitlines()
    assert "hunter" not in written(text.replace("•••", "hunter-22-a"))
