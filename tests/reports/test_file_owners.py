"""Owners of files in host folders that podman without root maps, and Docker does not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reported import reported
from tocompose.notes import explanation
from tocompose.pipeline import Options
from tocompose.reports.cutover import Cutover, cutover_of
from tocompose.reports.duties import duties

UNIT = (
    "[Container]\nImage=redis:7\nVolume={}:/data{}\n{}[Install]\nWantedBy=default.target\n"
)


def cutover(files: dict[str, str]) -> tuple[Cutover, list[str]]:
    told = reported(files, Options())
    return cutover_of(told), [duty.code for duty in duties(told)]


def lines_with(steps: Cutover, word: str) -> list[str]:
    return [
        step.line for step in (*steps.steps_over, *steps.steps_back) if word in step.line
    ]


def unit(source: str, mode: str = "", more: str = "") -> dict[str, str]:
    return {"cache.container": UNIT.format(source, mode, more)}


@pytest.mark.parametrize(
    "files",
    [
        unit("%h/cache"),
        {"run.sh": "podman run -d --name cache -v $HOME/cache:/data redis:7\n"},
    ],
    ids=["units", "script"],
)
def test_owners_are_changed_after_the_stop_and_back_before_the_old_start(
    files: dict[str, str],
) -> None:
    steps, codes = cutover(files)
    over, back = lines_with(steps, "chown")
    assert "TC095" in codes
    assert '"${HOME}"/cache' in over and back.count('"${HOME}"/cache') == 2
    over_lines = [step.line for step in steps.steps_over]
    stop = next(line for line in over_lines if " stop " in line)
    start = next(line for line in over_lines if " up -d" in line)
    assert over_lines.index(stop) < over_lines.index(over) < over_lines.index(start)
    back_lines = [step.line for step in steps.steps_back]
    down = back_lines.index("docker compose down")
    assert down < back_lines.index(back) < len(back_lines) - 1


@pytest.mark.parametrize(
    "files",
    [
        unit("%h/cache", ":ro"),
        unit("%h"),
        unit("%t/podman.sock"),
        unit("cache.volume"),
        unit("%h/cache", more="UserNS=keep-id\nUser=1000\n"),
        unit("%h/cache", more="UIDMap=0:10000:10\n"),
        {
            "cache.container": unit("/srv/cache")["cache.container"].replace(
                "default", "multi-user"
            )
        },
        {"run.sh": "sudo podman run -d --name cache -v /srv/cache:/data redis:7\n"},
        {"run.sh": "podman run -d --uidmap 0:1:5 -v /srv/cache:/data redis:7\n"},
        {"run.sh": "docker run -d --name cache -v /srv/cache:/data redis:7\n"},
    ],
)
def test_nothing_is_said_where_files_keep_their_owners(files: dict[str, str]) -> None:
    steps, codes = cutover(files)
    assert "TC095" not in ",".join(codes)
    assert not lines_with(steps, "chown")


def test_files_of_another_machine_get_their_owners_before_they_are_copied() -> None:
    """A copy by a user, or with the subordinate IDs, gives the container files that it cannot write."""
    advice = explanation("TC095")["advice"]
    assert "stop the old containers, and then use the command" in advice
    assert "copy the folders after that, as root with numeric owners" in advice
    assert "or on another machine, there is nothing" not in advice


def test_a_variable_without_a_value_stops_the_command() -> None:
    script = 'podman run -d --name cache -v "$DATA/a b:/data" redis:7\n'
    steps, _ = cutover({"run.sh": script})
    assert """"${DATA:?}"'/a b'""" in lines_with(steps, "chown")[0]


def test_the_commands_give_each_file_the_owner_of_the_container(tmp_path: Path) -> None:
    steps, _ = cutover({**unit(f"{tmp_path}/data")})
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "sub" / "two\nlines").write_text("")
    programs = tmp_path / "bin"
    programs.mkdir()
    stand_ins = {
        "sudo": '[ "$1" = -v ] || exec "$@"',
        "podman": 'shift; exec "$@"',
        "stat": 'shift 2; for file; do printf "999:998\\0%s\\0" "$file"; done',
        "chown": f'printf "%s|" "$@" >> {tmp_path}/calls',
    }
    for name, body in stand_ins.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }

    def owners_given(line: str) -> list[str]:
        subprocess.run(["bash", "-c", line], check=True, env=environment)
        calls = (tmp_path / "calls").read_text()
        (tmp_path / "calls").unlink()
        return calls.replace(f"{tmp_path}/data", "DATA").split("-h")[1:]

    over, back = lines_with(steps, "chown")
    folders = ("DATA/sub/two\nlines", "DATA/sub", "DATA")
    assert owners_given(over) == [f"|999:998|{folder}|" for folder in folders]
    ids = f"{os.getuid()}:{os.getgid()}"
    assert owners_given(back) == [
        f"R|{ids}|DATA|",
        *(f"|{ids}|{folder}|" for folder in folders),
    ]
    assert not (tmp_path / "owners").exists()
