"""Folders that systemd makes for units, and containers mount: nothing makes them here."""

from __future__ import annotations

import pytest

from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

UNIT = "[Service]\nExecStart=/usr/bin/docker run --name web -v MOUNT:/x corp/web:1\n"
QUADLET = "[Container]\nImage=corp/web:1\nVolume=MOUNT:/x\n"


def told(files: dict[str, str], code: str) -> list[Note]:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    return [note for note in convert(project, Options()).notes if note.code == code]


@pytest.mark.parametrize(
    ("name", "unit"), [("web.service", UNIT), ("web.container", QUADLET)]
)
@pytest.mark.parametrize(
    ("mount", "line"),
    [
        ("/run/shop", "d /run/shop 0755 root root -"),
        ("/run/shop/sock", "D! /run/shop - - - 10d"),
        ("/run/shop", "d %t/shop/ 0755"),
        ("/run/shop", "f+$ /run/shop/app.ini 0600 1000 1000 - password=hunter2-Kx"),
        ("/srv/shop", "L /srv/shop - - - - /mnt/shop"),
    ],
)
def test_a_file_of_tmpfiles_is_named(name: str, unit: str, mount: str, line: str) -> None:
    files = {
        f"units/{name}": unit.replace("MOUNT", mount),
        "units/tmpfiles.d/shop.conf": f"# folders\n{line}\n",
    }
    (note,) = told(files, "TC449")
    assert "units/tmpfiles.d/shop.conf was not read" in note.message
    assert "/shop" in note.message and "which web mounts" in note.message
    assert "sudo cp units/tmpfiles.d/shop.conf /etc/tmpfiles.d/" in note.advice
    assert "hunter2" not in f"{note.message}{note.advice}"
    # A line with the content of a file is not quoted.
    assert (note.span is None) == ("hunter2" in line or line.startswith("L"))


@pytest.mark.parametrize(
    "line", ["d /run/other 0755", "r /run/shop", "# d /run/shop", "", "d run/shop"]
)
def test_what_no_service_mounts_is_not_told(line: str) -> None:
    files = {
        "web.container": QUADLET.replace("MOUNT", "/run/shop"),
        "tmpfiles.d/shop.conf": f"{line}\n",
    }
    assert told(files, "TC449") == []


@pytest.mark.parametrize(
    ("setting", "mount", "path"),
    [
        ("RuntimeDirectory=shop", "/run/shop", "/run/shop"),
        ("RuntimeDirectory=other shop", "%t/shop", "/run/shop"),
        ("StateDirectory=shop/web", "/var/lib/shop/web", "/var/lib/shop/web"),
    ],
)
def test_a_folder_of_a_unit_is_told(setting: str, mount: str, path: str) -> None:
    unit = UNIT.replace("[Service]", f"[Service]\n{setting}").replace("MOUNT", mount)
    (note,) = told({"web.service": unit}, "TC450")
    assert note.message.startswith(f"systemd makes {path} before web.service starts")
    assert f"`sudo mkdir -p {path}`" in note.advice


def test_a_folder_of_a_unit_that_its_container_does_not_mount_is_not_told() -> None:
    unit = UNIT.replace("[Service]", "[Service]\nRuntimeDirectory=shop")
    assert told({"web.service": unit.replace("MOUNT", "/srv/x")}, "TC450") == []
