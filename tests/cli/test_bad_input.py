"""Input that cannot be converted: one clear message, exit code 2, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Tocompose

BAD = {
    "unbalanced quotes": b"docker run -d --name 'web nginx:1.27\n",
    "no image": b"docker run -d --name web\n",
    "an empty file": b"",
    "binary junk": bytes(range(256)) * 40,
    "a line of 5 MB": b"docker run " + b"x" * 5_000_000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_file(tocompose: Tocompose, tmp_path: Path, name: str) -> None:
    (tmp_path / "run.sh").write_bytes(BAD[name])
    ran = tocompose("convert", "run.sh", "-o", "out")
    refused(ran.code, ran.out, ran.err, tmp_path)
    assert "run.sh:" in ran.err


@pytest.mark.parametrize("name", [name for name in BAD if name != "binary junk"])
def test_standard_input(tocompose: Tocompose, tmp_path: Path, name: str) -> None:
    ran = tocompose("convert", "-", "-o", "out", stdin=BAD[name].decode())
    refused(ran.code, ran.out, ran.err, tmp_path)


@pytest.mark.parametrize(
    "words", [("docker", "run", "-d", "--name", "web"), ("convert", "no.sh", "-o", "out")]
)
def test_a_pasted_command_without_an_image_and_a_missing_file(
    tocompose: Tocompose, tmp_path: Path, words: tuple[str, ...]
) -> None:
    ran = tocompose(*words)
    refused(ran.code, ran.out, ran.err, tmp_path)


def test_a_folder_without_sources(tocompose: Tocompose, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing to run\n", encoding="utf-8")
    ran = tocompose("convert", "empty", "-o", "out")
    refused(ran.code, ran.out, ran.err, tmp_path)


def refused(code: int, out: str, err: str, folder: Path) -> None:
    """One line on standard error, and no file."""
    assert code == 2, err
    assert out == "" and "Traceback" not in err
    assert err.count("\n") == 1 and err.startswith("tocompose: ") and len(err) < 500, err
    assert not (folder / "out").exists()
