"""Adding to an existing compose file: every byte of the user stays, conflicts are told and not resolved."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from judges import compose_config, needs_compose, write
from samples import DB, SHOP, TOKEN, WEB
from tocompose.exporters.bundle import Bundle, added_to
from tocompose.exporters.insertion import InsertionError, insert
from tocompose.model import (
    Dependency,
    File,
    Mount,
    Network,
    NetworkAttachment,
    Service,
    Stack,
    Volume,
)

EXISTING = """\
# The stack of the shop. Ask Ann before changing.
x-log: &log   # one block
  driver: "local"

services:
    cache:     # fast
        image:   "redis:7"
        logging: *log
        command: >
          redis-server
          --save ""

    mail:
        <<: {restart: always}
        image: mail:1  # pinned
        ports: ["25:25"]

# volumes of old
volumes:
    cache_data: {}

networks:
"""


def add(stack: Stack, text: str = EXISTING) -> Bundle:
    return added_to(File(path="docker-compose.yml", content=text.encode()), stack)


def text_of(made: Bundle) -> str:
    return made.files[0].content.decode()


def assert_kept(before: str, after: str) -> None:
    """Every line of the user, in order."""
    lines = iter(after.splitlines())
    for line in before.splitlines():
        assert line in lines, line


def test_every_line_stays_and_the_rest_is_added() -> None:
    made = add(SHOP)
    text = text_of(made)
    assert_kept(EXISTING, text)
    body = yaml.safe_load(text)
    assert sorted(body["services"]) == ["cache", "db", "mail", "web", "worker"]
    assert sorted(body["volumes"]) == ["cache_data", "db_data"] and sorted(
        body["networks"]
    ) == ["backend", "frontend"]
    assert body["services"]["db"]["ports"] == ["127.0.0.1:5432:5432"]
    assert "    # from run.sh:6\n    web:\n" in text
    assert text.index("    web:") < text.index("# volumes of old")
    assert [item.path for item in made.files[1:4]] == [".env", ".env.example", ".gitignore"]
    assert TOKEN not in text
    assert [item.code for item in made.notes] == [*["TC767"] * 3, "TC769"]


def test_adding_twice_changes_nothing() -> None:
    text = text_of(add(SHOP))
    again = add(SHOP, text)
    assert text_of(again) == text and again.notes == ()


def test_a_service_of_the_same_name_stays_as_it_is() -> None:
    made = add(
        Stack(
            name="s",
            services=(
                Service(name="cache", image="other:1"),
                Service(name="new", image="n:1"),
            ),
        )
    )
    assert yaml.safe_load(text_of(made))["services"]["cache"]["image"] == "redis:7"
    assert [(item.code, str(item.subject)) for item in made.notes] == [
        ("TC768", "services.cache"),
        ("TC769", "files.docker-compose.yml"),
    ]


def test_a_service_of_theirs_can_be_depended_on() -> None:
    service = Service(
        name="new",
        image="n:1",
        depends_on=(Dependency(service="cache"), Dependency(service="nope")),
    )
    made = add(Stack(name="s", services=(service,)))
    assert list(yaml.safe_load(text_of(made))["services"]["new"]["depends_on"]) == ["cache"]
    assert [item.code for item in made.notes] == ["TC750", "TC769"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "services:\n",
        "services: {}\n",
        "services: {a: {image: 'x:1'}}\nvolumes: {}\n",
        '{"services": {"a": {"image": "x:1"}}}\n',
        "services:\n  a:\n    image: x:1",
        "name: n\r\nservices:\r\n  a:\r\n    image: x:1\r\nvolumes:\r\n  v:\r\n",
        "services:\n  a:\n    image: x:1\n\n\n# the end\n",
        "services:\n  a:\n    command: |\n      one\n\n      # two\nvolumes:\n  v:\n",
        "services:\n a:\n  image: x:1\nnetworks:\n # mine\n n:\n  driver: bridge\n",
        "---\nservices:\n  a:\n    image: x:1\n",
        "services:\n  a:\n    image: x:1\n...\n",
        "services: &all\n  a: &a\n    image: x:1\n  b: *a\n",
    ],
)
def test_files_of_every_style(text: str) -> None:
    after = text_of(add(SHOP, text))
    before = yaml.safe_load(text) or {}
    body = yaml.safe_load(after)
    assert set(body["services"]) == {*(before.get("services") or {}), "db", "web", "worker"}
    for name, service in (before.get("services") or {}).items():
        assert body["services"][name] == service
    assert ("\r\n" in text) == ("\r\n" in after) and "\r" not in after.replace("\r\n", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services:\n  a: [\n", r"docker-compose\.yml:3:1: .*Correct the file first"),
        ("a: 1\n---\nb: 2\n", "more than one YAML document"),
        ("- a\n", "not a compose file"),
        ("services: [a]\n", "not a compose file"),
        ("a: \x01\n", "docker-compose.yml"),
    ],
)
def test_a_file_that_cannot_be_added_to(text: str, message: str) -> None:
    with pytest.raises(InsertionError, match=message):
        add(SHOP, text)


class TestDockerCompose:
    """The result is a compose file."""

    pytestmark = needs_compose

    def test_the_result_is_accepted(self, tmp_path: Path) -> None:
        write(tmp_path, add(SHOP).files)
        assert sorted(compose_config(tmp_path)["services"]) == [
            "cache",
            "db",
            "mail",
            "web",
            "worker",
        ]

    def test_it_can_be_started_from_an_empty_file(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            add(Stack(name="s", services=(DB, WEB), settings=SHOP.settings), "").files,
        )
        assert sorted(compose_config(tmp_path)["services"]) == ["db", "web"]


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  a:\n    image: &i x:1\n  b:\n    image: &i y:1\n  c:\n    image: *i\n",
        "services:\n  a:\n    image: x:1\n    ports: !override\n      - '80:80'\n    command: !reset null\n",
    ],
    ids=["an anchor set again", "tags of Compose"],
)
def test_what_docker_compose_takes_is_taken(text: str) -> None:
    made = insert(text, "compose.yaml", {"services": {"new": {"image": "z:1"}}})
    assert made.added == (("services", "new"),)
    assert made.text.startswith(text.rstrip("\n"))


@pytest.mark.parametrize(
    ("present", "condition", "networks"),
    [
        ("{image: 'redis:7', networks: [shelf]}", "service_started", ["shelf"]),
        (
            "{image: 'redis:7', networks: {shelf: {}}, healthcheck: {test: [CMD, x]}}",
            "service_healthy",
            ["shelf"],
        ),
        ("{image: 'redis:7'}", "service_started", ["default"]),
        ("{image: 'redis:7', network_mode: host}", "service_started", ["data", "out"]),
    ],
)
def test_a_new_service_reaches_the_one_that_stays(
    present: str, condition: str, networks: list[str]
) -> None:
    edge = Dependency(service="store", condition="service_healthy")
    nets = tuple(NetworkAttachment(network=name) for name in ("data", "out"))
    stack = Stack(
        name="x",
        services=(
            Service(name="mail", image="me/mail:1", depends_on=(edge,), networks=nets),
            Service(
                name="store",
                image="redis:8",
                networks=nets[:1],
                mounts=(Mount(kind="volume", source="store_data", target="/data"),),
            ),
        ),
        networks=(Network(name="data", internal=True), Network(name="out")),
        volumes=(Volume(name="store_data"),),
    )
    made = add(stack, f"services: {{store: {present}}}\nnetworks: {{shelf: {{}}}}\n")
    document = yaml.safe_load(text_of(made))
    mail = document["services"]["mail"]
    assert mail["depends_on"]["store"]["condition"] == condition
    assert sorted(mail["networks"]) == networks
    assert "volumes" not in document
    left_out = {"data", "out"} - set(networks)
    assert not left_out & set(document["networks"])
    assert ("TC773" in {item.code for item in made.notes}) == (condition != edge.condition)
    assert ("TC772" in {item.code for item in made.notes}) == (networks != ["data", "out"])
