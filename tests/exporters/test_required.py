"""Values and files that the source names and does not bring: the stack says which it needs, and needs no more."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from judges import needs_compose, run_config, write
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

SCRIPT = (
    "docker run -d --name $NAME -p $PORT:80 -v $DATA:/data -e LEVEL=$LEVEL shop/web:$TAG\n"
)
LAYOUTS = (Layout(), Layout(split=True))


def converted(script: str, layout: Layout = LAYOUTS[1], **files: bytes) -> Result:
    return convert(
        Memory({"run.sh": script.encode(), **files}, "app"),
        Options(source="docker_run", layout=layout),
    )


def service(result: Result) -> dict[str, object]:
    (found,) = yaml.safe_load(result.files[0].content)["services"].values()
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_service_cannot_start_without_is_asked_for_by_name(layout: Layout) -> None:
    result = converted(SCRIPT, layout)
    body = service(result)
    assert body["image"] == "shop/web:${TAG:?set TAG in .env}"
    assert body["container_name"] == "${NAME:?set NAME in .env}"
    assert "${PORT:?set PORT in .env}:80" in str([item.content for item in result.files])
    assert body["environment"] == {"LEVEL": "${LEVEL}"}, "an application may do without"
    told = [
        (item.subject[-1], item.message) for item in result.notes if item.code == "TC770"
    ]
    named = {
        (where, name)
        for where, text in told
        for name in ("TAG", "NAME", "PORT")
        if f" {name} " in text
    }
    assert (
        named == {("image", "TAG"), ("container_name", "NAME"), ("ports", "PORT")}
        and len(told) == 3
    )


@pytest.mark.parametrize(
    "script",
    ["TAG=1\ndocker run a:$TAG", "docker run a:${TAG:-1}", "docker run a:${TAG:?no tag}"],
)
def test_what_has_a_value_or_its_own_words_is_left_alone(script: str) -> None:
    result = converted(script)
    assert "set TAG" not in str(service(result)) and "TC770" not in {
        item.code for item in result.notes
    }


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, [{"path": "./app.env", "required": False, "format": "raw"}]),
        ({"app.env": b"A=1\n"}, ["./app.env"]),
        ({"app.env": b"A='1'\n"}, [{"path": "./app.env", "format": "raw"}]),
    ],
    ids=("absent", "read alike", "read raw"),
)
def test_an_env_file_is_required_when_it_is_there(
    files: dict[str, bytes], wanted: list[object]
) -> None:
    result = converted("docker run -d --name web --env-file app.env nginx:1.27", **files)
    assert service(result)["env_file"] == wanted
    assert ("TC142" in {item.code for item in result.notes}) == (not files)


class TestDockerCompose:
    """What docker compose says to it."""

    pytestmark = needs_compose

    def test_the_missing_value_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, converted(SCRIPT).files)
        given = dict.fromkeys(("NAME", "PORT", "LEVEL", "DATA"), "8080")
        done = run_config(tmp_path, ["docker-compose.yml"], env={**given, "DATA": "/d"})
        assert done.returncode != 0 and "set TAG in .env" in done.stderr
        done = run_config(
            tmp_path, ["docker-compose.yml"], env={**given, "DATA": "/d", "TAG": "1"}
        )
        assert done.returncode == 0, done.stderr

    def test_an_absent_env_file_stops_nothing(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            converted("docker run -d --name web --env-file app.env nginx:1.27").files,
        )
        done = run_config(tmp_path, ["docker-compose.yml"])
        assert (done.returncode, done.stderr) == (0, "")
