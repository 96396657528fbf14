"""No health command asks in the wrong place: containers as people move them, and where their servers answer then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocompose.model import (
    EnvVariable,
    Healthcheck,
    Mount,
    Port,
    Service,
    Stack,
)
from tocompose.record import replace
from tocompose.rules import Context
from tocompose.rules.healthchecks import known_healthcheck

LINES = [
    line
    for line in (Path(__file__).parent / "moved_servers.txt")
    .read_text("utf-8")
    .splitlines()
    if line and not line.startswith("#")
]
# Words of a health command behind which a port stands, in the tools that the images have.
PORT = re.compile(
    r"(?:127\.0\.0\.1|localhost)['\"]?[:/ ,]+(\$\{[^}]*\}|\d+)"
    r"|(?:-p|-P|-port|--port|localhost,)[ =]?(\d+)|connect\((\d+)|fsockopen\([^)]*?(\d+)\)"
)
# Where a tool asks that is told nothing.
USUAL = {
    "redis-cli": "6379",
    "valkey-cli": "6379",
    "pg_isready": "5432",
    "mysqladmin": "3306",
    "mariadb-admin": "3306",
    "healthcheck.sh": "3306",
    "mongosh": "27017",
    "mongo": "27017",
    "mc": "9000",
    "consul": "8500",
    "etcdctl": "2379",
    "influx": "8086",
    "cqlsh": "9042",
    "sqlcmd": "1433",
}
FOLLOWING = (
    "rabbitmq-diagnostics",
    "zkServer.sh",
    "emqx",
    "varnishadm",
    "/usr/bin/miniflux",
)


class Container:
    """One line of the table: the service, the stack around it with its files, and where it answers."""

    def __init__(self, line: str) -> None:
        image, settings, self.answer = (part.strip() for part in line.split("|"))
        self.files: dict[str, bytes] = {}
        self.service = Service(name="x", image=image)
        self.callers: list[Service] = []
        for text in re.split(r"\s(?=[>!@+~]|[A-Za-z_][\w.]*=)", f" {settings}")[1:]:
            self._add(text)

    def _add(self, text: str) -> None:
        service, mark, rest = self.service, text[0], text[1:]
        if mark == ">":
            self.service = replace(service, command=tuple(rest.split(" ")))
        elif mark == "!":
            self.service = replace(service, entrypoint=(rest,))
        elif mark == "+":
            port = Port(target=rest, published=rest, protocol="tcp")
            self.service = replace(service, ports=(*service.ports, port))
        elif mark == "~":
            url = EnvVariable(name="URL", value=f"tcp://x:{rest}")
            self.callers.append(Service(name="y", image="a/b", environment=(url,)))
        elif mark == "@":
            self._mount(rest)
        else:
            name, _, value = text.partition("=")
            variable = EnvVariable(
                name=name, value=value.replace("_--", " --").replace("port_", "port ")
            )
            self.service = replace(service, environment=(*service.environment, variable))

    def _mount(self, text: str) -> None:
        target, _, content = text.partition("=")
        source = f"/srv{target}" if content == "?" else f"./f{target}"
        if content != "?":
            self.files[f"f{target}"] = content.replace("\\n", "\n").encode()
        mount = Mount(kind="bind", source=source, target=target)
        self.service = replace(self.service, mounts=(*self.service.mounts, mount))

    def check(self) -> Healthcheck | str:
        """What is written for it."""
        stack = Stack(name="s", services=(self.service, *self.callers))
        context = Context(read=self.files.get, below=lambda path: ())
        return known_healthcheck(self.service, stack, context)


def asked_port(text: str) -> str:
    """The port that a health command asks."""
    match = PORT.search(text)
    if match:
        return next(filter(None, match.groups()))
    tool = next(filter(USUAL.__contains__, re.split(r"[\s/]+", text)), "")
    return USUAL.get(tool, "")


@pytest.mark.parametrize("line", LINES)
def test_the_check_asks_where_the_server_answers(line: str) -> None:
    container = Container(line)
    check, answer = container.check(), container.answer.split()
    if answer in (["none"], ["own"]):
        assert check == "TC611" if answer == ["own"] else isinstance(check, str)
        return
    assert isinstance(check, Healthcheck) and check.test
    text = " ".join(check.test)
    if answer == ["any"]:
        assert text.split()[1] in FOLLOWING
        return
    ports = [word for word in answer if word[0] in "0123456789$"]
    assert asked_port(text) in ports
    assert "tls" not in answer or "http://" not in text
    assert "tls" in answer or "https://" not in text
    assert "path" not in answer or "://" not in text


def test_there_are_enough_of_them() -> None:
    assert len(LINES) >= 150
