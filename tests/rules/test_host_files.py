"""Files of the host that a stack needs: what is said where the source has one, and where a folder may be made of it."""

from __future__ import annotations

import pytest

from tocompose.check import audit
from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

RUN = "docker run -d --name web -v /srv/shop/{file}:/etc/web.conf{mode} acme/web:1\n"


def _said(*files: str, mode: str = "", file: str = "web.conf") -> dict[str, Note]:
    script = RUN.format(mode=mode, file=file)
    project = Memory({"run.sh": script.encode(), **dict.fromkeys(files, b"x")})
    notes = convert(project, Options()).notes
    return {note.code: note for note in notes if note.code in ("TC639", "TC656", "TC665")}


@pytest.mark.parametrize(
    ("mode", "effect"),
    [("", "the service does not start"), (":ro,Z", "the engine makes an empty folder")],
)
def test_the_file_of_the_source_is_named(mode: str, effect: str) -> None:
    said = _said("config/web.conf", mode=mode)
    assert "(copy config/web.conf there, if it is that file)" in said["TC639"].message
    assert effect in said["TC639"].message
    assert "TC665" not in said


def test_of_several_files_none_is_named() -> None:
    assert "TC639" not in _said("a/web.conf", "b/web.conf")


def test_only_a_mount_that_demands_nothing_may_make_a_folder() -> None:
    assert set(_said()) == {"TC656"}
    assert set(_said(mode=":Z")) == {"TC665"}
    assert set(_said(mode=":Z", file="")) == set()


def test_each_advice_fits_its_mount() -> None:
    text = (
        "services:\n  web:\n    image: acme/web:1\n    volumes:\n"
        "      - /srv/a.conf:/a.conf:ro,Z\n      - /srv/b.conf:/b.conf\n      - ./c.conf:/c.conf\n"
    )
    findings = audit(Memory({"compose.yaml": text.encode(), "c.conf": b""}))
    assert findings is not None
    relabelled, plain = (note for note in findings.notes if note.code == "TC545")
    assert "create_host_path" in plain.advice and "SELinux" not in plain.advice
    assert "create_host_path" not in relabelled.advice and "SELinux" in relabelled.advice
    (line,) = (line for line in findings.lines if line.id == "T18")
    assert (line.passed, line.total) == (1, 3)
