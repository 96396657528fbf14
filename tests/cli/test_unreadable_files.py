"""A file of a source that may not be read is named once, by itself, and the rest is converted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.test_hostile_surroundings import like_everybody, ran

_POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"
    "spec: {containers: [{name: %s, image: 'acme/%s:1'}]}\n"
)
_RUN = "docker run -d --name %s acme/%s:1\n"
_WEB = "web:\n  image: acme/web:1\n"
_UNIT = "[Container]\nImage=docker.io/acme/web:1\n"
_PODS = {"a.yaml": _POD % (("web",) * 3), "b.yaml": _POD % (("two",) * 3)}


class Closed(NamedTuple):
    """The files of a source, the one that may not be read, and what of the rest must be written all the same."""

    files: dict[str, str]
    file: str
    kept: str = "acme/web:1"
    # Where the folder that is converted is not that of the files, or one file is named.
    source: str = "."


PARTS = {
    "script": Closed({"run.sh": _RUN % ("web", "web"), "b.sh": _RUN % ("b", "b")}, "b.sh"),
    "sourced script": Closed(
        {"run.sh": ". ./vars.sh\n" + _RUN % ("web", "web"), "vars.sh": "X=1\n"}, "vars.sh"
    ),
    "env file of a command": Closed(
        {
            "run.sh": _RUN.replace("-d", "-d --env-file app.env") % ("web", "web"),
            "app.env": "A=b\n",
        },
        "app.env",
        kept="app.env",
        source="run.sh",
    ),
    "override": Closed(
        {"docker-compose.yml": _WEB, "docker-compose.override.yml": _WEB},
        "docker-compose.override.yml",
    ),
    "env file of a service": Closed(
        {"docker-compose.yml": f"{_WEB}  env_file: app.env\n", "app.env": "A=b\n"},
        "app.env",
        kept="app.env",
    ),
    "values": Closed(
        {"docker-compose.yml": f"{_WEB}  user: $U\n", ".env": "U=1\n"}, ".env"
    ),
    "file of a secret": Closed(
        {
            "docker-compose.yml": "services:\n  web: {image: 'acme/web:1', secrets: [s]}\n"
            "secrets: {s: {file: s.txt}}\n",
            "s.txt": "x\n",
        },
        "s.txt",
    ),
    "Dockerfile": Closed(
        {"docker-compose.yml": f"{_WEB}  build: .\n", "Dockerfile": "FROM x\n"},
        "Dockerfile",
    ),
    "manifest": Closed(_PODS, "b.yaml"),
    "folder of manifests": Closed({"a.yaml": _PODS["a.yaml"], "sub/b.yaml": "x"}, "sub"),
    "package.json": Closed(
        {"Procfile": "web: node a.js\n", "package.json": "{}"},
        "package.json",
        kept="a.js",
    ),
    "app.json": Closed(
        {"Procfile": "web: node a.js\n", "package.json": "{}", "app.json": "{}"},
        "app.json",
        kept="a.js",
    ),
    "unit": Closed({"web.container": _UNIT, "b.container": _UNIT}, "b.container"),
    "drop-in": Closed(
        {"web.container": _UNIT, "web.container.d/x.conf": "[Container]\nUser=1\n"},
        "web.container.d/x.conf",
    ),
    "env file of a unit": Closed(
        {"web.container": f"{_UNIT}EnvironmentFile=a.env\n", "a.env": "A=b\n"},
        "a.env",
        kept="a.env",
    ),
}
# Nothing is left to convert.
WHOLES = {
    "compose file": Closed({"docker-compose.yml": _WEB}, "docker-compose.yml"),
    "compose file that is named": Closed({"c.yml": _WEB}, "c.yml", source="c.yml"),
    "script": Closed({"run.sh": _RUN % ("web", "web")}, "run.sh", source="run.sh"),
    "Makefile": Closed({"Makefile": "up:\n\t" + _RUN % ("web", "web")}, "Makefile"),
    "manifest": Closed({"a.yaml": _PODS["a.yaml"]}, "a.yaml", source="a.yaml"),
    "unit": Closed({"a.container": _UNIT}, "a.container", source="a.container"),
    "README": Closed(
        {"README.md": "```sh\n" + _RUN % ("web", "web") + "```\n"}, "README.md"
    ),
    "render.yaml": Closed({"render.yaml": "services: []\n"}, "render.yaml"),
    "kustomization": Closed(
        {"kustomization.yaml": "resources: [a.yaml]\n", **_PODS}, "kustomization.yaml"
    ),
    "settings": Closed(
        {"run.sh": _RUN % ("web", "web"), "tocompose.toml": ""}, "tocompose.toml"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which everything may be removed at the end."""
    yield tmp_path
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o700)


def put(folder: Path, closed: Closed) -> None:
    """Writes the files, and closes the one."""
    for name, text in closed.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / closed.file).chmod(0)


@pytest.mark.parametrize("name", PARTS)
def test_a_closed_file_is_named_once_and_the_rest_converted(
    folder: Path, name: str
) -> None:
    closed = PARTS[name]
    put(folder, closed)
    words = f"tocompose convert {closed.source} -o out"
    done = ran(folder, words, preexec_fn=like_everybody)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"{closed.file} was not read: permission denied [TC024]") == 1
    assert "1 lost" in done.stderr
    assert closed.kept in (folder / "out" / "docker-compose.yml").read_text()


@pytest.mark.parametrize("name", WHOLES)
def test_a_closed_file_is_named_where_it_is_all_there_is(folder: Path, name: str) -> None:
    closed = WHOLES[name]
    put(folder, closed)
    words = f"tocompose convert {closed.source} -o out"
    done = ran(folder, words, preexec_fn=like_everybody)
    assert done.returncode == 2 and not (folder / "out").exists()
    last_line = done.stderr.splitlines()[-1]
    assert closed.file in last_line
    assert "permission denied" in last_line.lower() or "is not readable" in last_line
