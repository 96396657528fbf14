"""Patches that the real `git apply` takes, without a secret in them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from batch.generator import generate
from batch.runs import batch, contents, make
from growth import grows_with_input
from oracles import needs_git
from tocompose.batch.patch import FilePatch, render_patch

LINE = st.text(st.sampled_from("ab \t\r-+@\\\"'é\x00"), max_size=6)
TEXT = st.lists(LINE, max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "\n".join([*lines, ""])])
)
PATHS = st.sampled_from(
    [
        "a",
        "b c",
        "d/e f",
        'q"uote',
        "back\\slash",
        "ünï",
        "new\nline",
        "tab\tbed",
        " lead",
        "a/b/c.yml",
    ]
)


def git(*words: str, cwd: Path) -> None:
    done = subprocess.run(["git", *words], cwd=cwd, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


@needs_git
def test_a_patch_of_long_repetitive_files_takes_no_time() -> None:
    def changed(number: int) -> tuple[bytes, bytes]:
        before = b"- a\n  b: 1\n\n  c:\n" * number
        middle = 12 * number
        return before, b"x\n" + before[:middle] + b"y\n" + before[middle:] + b"z"

    def patch_of(number: int) -> bytes:
        return render_patch([FilePatch("long", *changed(number))])

    assert grows_with_input(patch_of, 5_000)
    before, after = changed(5_000)
    content = patch_of(5_000)
    with TemporaryDirectory() as name:
        (Path(name) / "long").write_bytes(before)
        (Path(name) / ".p").write_bytes(content)
        git("apply", "--whitespace=nowarn", ".p", cwd=Path(name))
        assert (Path(name) / "long").read_bytes() == after


@needs_git
@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        PATHS,
        st.tuples(st.none() | TEXT, TEXT, st.sampled_from([0o644, 0o755])),
        min_size=1,
        max_size=3,
    )
)
def test_git_applies_any_change(edits: dict[str, tuple[str | None, str, int]]) -> None:
    if {"a", "a/b/c.yml"} <= set(edits):
        del edits["a"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, (before, _, _) in edits.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if before is not None:
                (folder / path).write_bytes(before.encode())
        made = [
            FilePatch(path, None if old is None else old.encode(), new.encode(), mode)
            for path, (old, new, mode) in edits.items()
        ]
        content = render_patch(made)
        if content:
            (folder / ".p").write_bytes(content)
            git("apply", "--whitespace=nowarn", ".p", cwd=folder)
        for path, (_, after, _) in edits.items():
            assert (folder / path).read_bytes() == after.encode()


@needs_git
def test_a_patch_for_each_repository_applies_and_holds_no_secret(tmp_path: Path) -> None:
    generate(tmp_path / "repos", 40)
    secret = b"docker run -d --name db -e POSTGRES_PASSWORD=s3cr3t-v4lue -p 5432:5432 postgres:16\n"
    make(
        tmp_path / "repos" / "team-00" / "zz",
        {"run.sh": secret, ".gitignore": b"*.log\nlast"},
    )
    before = contents(tmp_path / "repos")
    batch("repos", "--out-layout", "patch", "-o", "out", cwd=tmp_path, code=None)
    assert contents(tmp_path / "repos") == before, (
        "the repositories themselves are not touched"
    )
    patches = sorted((tmp_path / "out" / "patches").iterdir())
    assert len(patches) > 30
    assert all(
        b"s3cr3t-v4lue" not in data for data in contents(tmp_path / "out", but=()).values()
    )
    for place in patches:
        folder = tmp_path / "repos" / place.name.removesuffix(".patch").replace("__", "/")
        (folder / ".git" / "HEAD").unlink(missing_ok=True)
        (folder / ".git").rmdir()
        git("init", "-q", cwd=folder)
        git("apply", "--check", "--whitespace=nowarn", str(place), cwd=folder)
        git("apply", "--whitespace=nowarn", str(place), cwd=folder)
        assert list(folder.rglob("docker-compose.yml")), place
        # One that the repository keeps itself stays as it was.
        for file in folder.rglob(".env"):
            name = file.relative_to(tmp_path / "repos").as_posix()
            assert file.read_bytes() == before.get(name), name
    ignored = (tmp_path / "repos" / "team-00" / "zz" / ".gitignore").read_bytes()
    assert ignored.startswith(b"*.log\nlast\n") and b"\n.env\n" in ignored


def test_a_secret_left_out_is_said(tmp_path: Path) -> None:
    make(
        tmp_path / "r" / "db",
        {"run.sh": b"docker run -d --name db -e POSTGRES_PASSWORD=abc postgres:16\n"},
    )
    batch("r", "--out-layout", "patch", "-o", "out", cwd=tmp_path)
    summary = (tmp_path / "out" / "summary.jsonl").read_text()
    assert '"TC815"' in summary and "the patch leaves out .env" in summary


@needs_git
def test_what_is_there_is_never_changed_by_a_patch_unasked(tmp_path: Path) -> None:
    folder = make(
        tmp_path / "r" / "db",
        {"run.sh": b"docker run -d --name db redis:7\n", "MIGRATION.md": b"mine\n"},
    )
    batch("r", "--out-layout", "patch", "-o", "out", cwd=tmp_path, code=3)
    assert not (tmp_path / "out" / "patches").exists()
    batch("r", "--out-layout", "patch", "-o", "out", "--force", cwd=tmp_path)
    git("init", "-q", cwd=folder)
    git("apply", str(tmp_path / "out" / "patches" / "db.patch"), cwd=folder)
    assert b"mine" not in (folder / "MIGRATION.md").read_bytes()
