"""What is put on disk: all or nothing, with the right modes, and never over what a user has written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocompose.exporters.dotenv import quoted
from tocompose.model import File
from tocompose.syntax.env_lines import entries_by_name
from tocompose.writing import WriteError, plan, write
from writing.bundle import FILES, mode, tree


def test_a_new_folder_gets_every_file_with_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    old = os.umask(0o077)
    try:
        written = write(FILES, folder)
    finally:
        os.umask(old)
    assert tree(folder) == {item.path: item.content for item in FILES}
    assert (
        sorted(written.created) == sorted(item.path for item in FILES)
        and written.changed == ()
    )
    assert mode(folder / ".env") == 0o600
    assert mode(folder / "secrets") == 0o700 and mode(folder / "secrets" / "token") == 0o444
    assert mode(folder / "docker-compose.yml") == 0o644


def test_folders_that_containers_mount_are_open_below_the_closed_one(
    tmp_path: Path,
) -> None:
    """A container's user is seldom ours; the umask of whoever converts must not shut it out."""
    folder = tmp_path / "out"
    files = [
        File(path="secrets/login/deep/key", content=b"k", secret=True),
        File(path="config/site/index.html", content=b"x"),
    ]
    old = os.umask(0o077)
    try:
        write(files, folder)
    finally:
        os.umask(old)
    assert mode(folder / "secrets") == 0o700
    open_folders = ("secrets/login", "secrets/login/deep", "config", "config/site")
    assert {mode(folder / name) for name in open_folders} == {0o755}
    assert mode(folder / "secrets/login/deep/key") == 0o644


def test_the_second_run_changes_nothing(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = write(FILES, tmp_path)
    assert again.created == again.changed == () and len(again.kept) == len(FILES)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps


def test_a_file_of_the_user_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("mine\n")
    with pytest.raises(
        WriteError, match=r"docker-compose\.yml exists with another content.*--force"
    ):
        write(FILES, tmp_path)
    assert tree(tmp_path) == {"docker-compose.yml": b"mine\n"}
    assert write(FILES, tmp_path, force=True).changed == ("docker-compose.yml",)
    assert (tmp_path / "docker-compose.yml").read_text() == "name: a\n"


@pytest.mark.parametrize("force", [False, True])
def test_values_and_secrets_of_the_user_stay(tmp_path: Path, force: bool) -> None:
    (tmp_path / ".env").write_text('export A=mine\nX="several\nB=lines"')
    (tmp_path / "secrets").mkdir(mode=0o755)
    (tmp_path / "secrets" / "token").write_text("changed by the user")
    written = write(FILES, tmp_path, force=force)
    assert (tmp_path / ".env").read_text() == (
        'export A=mine\nX="several\nB=lines"\nB="two"\n# C has no value in the source: set it here.\n# C=\n'
    )
    assert mode(tmp_path / ".env") == 0o600
    assert (tmp_path / "secrets" / "token").read_text() == "changed by the user"
    said = {item.code: item.message for item in written.notes}
    assert (
        said["TC760"] == ".env already existed: its values were kept, and B, C were added"
    )
    assert "TC761" in said and "mode 755" in said["TC766"]
    assert write(FILES, tmp_path).changed == ()


@pytest.mark.parametrize(
    ("given_lines", "added"),
    [
        ("", ".env\nsecrets/\n"),
        ("node_modules", "node_modules\n.env\nsecrets/\n"),
        ("*.env\n", "*.env\nsecrets/\n"),
        ("/.env\n/secrets\n", "/.env\n/secrets\n"),
        (".env*\n!.env\n", ".env*\n!.env\n.env\nsecrets/\n"),
        ("a\r\n", "a\r\n.env\r\nsecrets/\r\n"),
    ],
)
def test_gitignore_gets_only_the_lines_that_are_missing(
    tmp_path: Path, given_lines: str, added: str
) -> None:
    (tmp_path / ".gitignore").write_bytes(given_lines.encode())
    write(FILES, tmp_path)
    assert (tmp_path / ".gitignore").read_bytes() == added.encode()


@pytest.mark.parametrize(
    "path", ["../out", "/etc/x", "a/../../b", "./a", "a//b", "", "a\x00b"]
)
def test_nothing_is_written_outside_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "in"
    with pytest.raises(WriteError, match="does not lie inside"):
        write([*FILES, File(path=path, content=b"x")], folder)
    assert not folder.exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "config").symlink_to(outside)
    with pytest.raises(WriteError, match="leads out of"):
        write(FILES, folder, force=True)
    (folder / "config").unlink()
    (folder / ".env").symlink_to(outside / "file")
    with pytest.raises(WriteError, match="not a plain file"):
        write(FILES, folder, force=True)
    assert (outside / "file").read_text() == "theirs"


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="is not a folder"):
        write(FILES, tmp_path / "file")
    with pytest.raises(WriteError, match="a part of the path is a file"):
        write(FILES, tmp_path / "file" / "below")


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(WriteError, match="not a plain file"):
        write(FILES, tmp_path, force=True)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("own", "other", "read"),
    [
        ("docker-compose.yml", "compose.yaml", "compose.yaml"),
        ("docker-compose.yml", "compose.yml", "compose.yml"),
        ("docker-compose.yml", "docker-compose.yaml", "docker-compose.yml"),
        ("compose.yaml", "docker-compose.yml", "compose.yaml"),
    ],
)
def test_another_base_file_beside_ours_is_told(
    tmp_path: Path, own: str, other: str, read: str
) -> None:
    """T27: docker compose reads one of them, with a warning."""
    (tmp_path / other).write_text("services: {}\n")
    (said,) = write([File(path=own, content=b"name: a\n")], tmp_path).notes
    assert said.code == "TC765" and f"docker compose reads {read} unless" in said.message
    assert f"docker compose -f {own} up -d" in said.advice


def test_a_plan_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=mine\nX=y\n")
    before = tree(tmp_path)
    changes, notes = plan(FILES, tmp_path)
    needed = {
        item.path: (item.old_content, item.new_content)
        for item in changes
        if item.is_needed
    }
    assert needed[".env"][0] == b"A=mine\nX=y\n" and needed[".env"][1].startswith(
        b"A=mine\nX=y\nB="
    )
    assert [item.code for item in notes] == ["TC760"] and tree(tmp_path) == before
    write(FILES, tmp_path)
    assert [item.path for item in plan(FILES, tmp_path)[0] if item.is_needed] == []


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        max_size=5,
    )
)
def test_names_are_found_whatever_the_values_hold(values: list[str]) -> None:
    text = "\n".join(f"V{number}={quoted(value)}" for number, value in enumerate(values))
    assert entries_by_name(text).keys() == {f"V{number}" for number in range(len(values))}
