"""What is written passes `check` without an error or a warning, but for what the source itself lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corpora import corpus_outcome, corpus_sources
from golden import cases, inputs, outcome, said
from oracles import NO_CORPUS
from tocompose.check import audit
from tocompose.exporters.bundle import Layout
from tocompose.notes import Level
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

CASES = tuple(cases())
CORPUS = corpus_sources()
COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")
# A file to build from or to mount, or a place for data that the version of the image no longer has: each with the notes
# that tell it before the first start.
OF_SOURCE = {"TC536": ("TC358", "TC873"), "TC537": ("TC137", "TC873"), "TC738": ("TC652",)}


def untold(files: dict[str, bytes], result: Result, name: str) -> list[str]:
    """The errors and warnings about the written files that are not of the source, or that no note tells."""
    given = {path: text for path, text in files.items() if not COMPOSE.fullmatch(path)}
    written = {file.path: file.content for file in result.files}
    found = audit(Memory(given | written, name))
    assert found is not None
    told = {note.code for note in result.notes}
    return [
        f"{finding.code} {finding.message}"
        for finding in found.notes
        if finding.kind.level is not Level.INFO
        and not told.intersection(OF_SOURCE.get(finding.code, ()))
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_fixtures(case: Path) -> None:
    if said(case).get("options", {}).get("split", True):
        assert untold(inputs(case), outcome(case, "all"), case.name) == []


@pytest.mark.parametrize(
    "number", range(len(CORPUS)) or (0,), ids=[name for name, _, _ in CORPUS] or None
)
@pytest.mark.skipif(not CORPUS, reason=NO_CORPUS)
def test_corpus(number: int) -> None:
    assert untold(CORPUS[number].files, corpus_outcome(number), "app") == []


STATED = """\
docker run -d --name ci --privileged --pid host --security-opt seccomp=unconfined --cap-add SYS_ADMIN \\
  -v /var/run/docker.sock:/var/run/docker.sock -v /etc:/host/etc --network host corp/ci:1
"""


def compose_of(script: str) -> str:
    files = {"run.sh": script.encode()}
    result = convert(Memory(files, "app"), Options(layout=Layout(split=True)))
    return result.files[0].content.decode()


def test_the_comment_names_the_line_of_the_option_and_not_that_of_the_command() -> None:
    script = "# start\ndocker run -d --name ci \\\n  --privileged \\\n  --network host \\\n  corp/ci:1\n"
    text = compose_of(script)
    assert (
        "privileged: true  # tocompose: ignore[TC512] Privileged container, as in run.sh:3; see TC668"
        in text
    )
    assert (
        "network_mode: host  # tocompose: ignore[TC712] Host network, as in run.sh:4; see TC649"
        in text
    )


def test_ports_that_the_host_network_does_not_publish_are_noted_and_no_fault() -> None:
    script = b"docker run -d --name web --network host -p 80:80 corp/web:1\n"
    result = convert(Memory({"run.sh": script}, "app"), Options(layout=Layout(split=True)))
    codes = {note.code for note in result.notes}
    assert "TC669" in codes and "TC901" not in codes
    noted = [
        leaf.text
        for leaf in result.ledger.leaves()
        if result.ledger.fate(leaf).detail == ("TC669",)
    ]
    assert noted == ["-p", "80:80"]


def test_what_the_source_states_stands_in_a_comment_on_its_line() -> None:
    lines = compose_of(STATED).split("\n")
    comments = {
        line.partition(" # ")[0].strip(): line for line in lines if "tocompose:" in line
    }
    socket = "- /var/run/docker.sock:/var/run/docker.sock"
    assert (
        "ignore[TC512] Privileged container, as in run.sh:1; see TC668"
        in comments["privileged: true"]
    )
    assert (
        "ignore[TC516] Engine socket mounted, as in run.sh:2; see TC661" in comments[socket]
    )
    assert {"pid: host", "network_mode: host", "cap_add:", "- /etc:/host/etc"} <= set(
        comments
    )


def test_what_is_not_of_the_source_is_warned_of_as_before() -> None:
    text = compose_of(STATED)
    more = text.replace("pid: host", "ipc: host\n    pid: host")
    found = audit(Memory({"docker-compose.yml": more.encode()}))
    assert found is not None
    warned = [note.code for note in found.notes if note.kind.level is Level.WARNING]
    assert warned == ["TC513"]


OWN_TEXT = """\
services:
  ci:
    image: corp/ci:1
    privileged: true  # for the cameras
    pid: host  # tocompose: ignore[TC513] it counts processes
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
"""


def test_a_compose_file_of_the_user_says_it_once() -> None:
    """Written over the source the comment has no line to name, and a second conversion adds none."""
    options = Options(source="compose", layout=Layout(split=True))
    content = OWN_TEXT.encode()
    for _ in range(2):
        [base, *_] = convert(Memory({"docker-compose.yml": content}, "app"), options).files
        content = base.content
    lines = [line.strip() for line in content.decode().split("\n") if "tocompose:" in line]
    assert lines == [
        "privileged: true  # for the cameras"
        "  # tocompose: ignore[TC512] Privileged container, as in the source; see TC668",
        "pid: host  # tocompose: ignore[TC513] it counts processes",
        "- /var/run/docker.sock:/var/run/docker.sock"
        "  # tocompose: ignore[TC516] Engine socket mounted, as in the source; see TC661",
    ]


def test_no_comment_stands_on_standard_output() -> None:
    result = convert(Memory({"run.sh": STATED.encode()}, "app"), Options())
    assert b"tocompose:" not in result.files[0].content


HOST_FOLDERS = """\
docker run -d --name web -v /srv/media:/media \\
  -v ./uploads:/uploads corp/web:1
"""


def asked(files: dict[str, bytes], result: Result) -> set[str]:
    """The codes of all that is found in what was written."""
    found = audit(Memory(files | {file.path: file.content for file in result.files}, "app"))
    assert found is not None
    return {note.code for note in found.notes}


def test_folders_of_the_host_are_not_asked_about_again() -> None:
    files = {"run.sh": HOST_FOLDERS.encode()}
    result = convert(Memory(files, "app"), Options(layout=Layout(split=True)))
    text = result.files[0].content.decode()
    assert re.findall(
        r"ignore\[TC715\] Bind mount in production, as in (\S+); see (\w+)", text
    ) == [
        ("run.sh:1", "TC683"),
        ("run.sh:2", "TC658"),
    ]
    assert "TC715" not in asked(files, result)


def test_rotated_logs_that_were_added_are_not_asked_about_again() -> None:
    services = "".join(f"  {name}:\n    image: corp/{name}:1\n" for name in "ab")
    files = {"docker-compose.yml": f"services:\n{services}".encode()}
    result = convert(Memory(files, "app"), Options(layout=Layout(split=True)))
    assert "max-size" in result.files[0].content.decode()
    assert "TC746" not in asked(files, result)
