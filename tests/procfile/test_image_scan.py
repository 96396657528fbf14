"""Every build context that the fixtures and the real repositories give is scanned: nothing in it may be private.

Into each repository files are put that must not reach an image: values, keys, what its own .gitignore names, and
what tocompose writes. git says what it ignores, the model of Docker's matcher what the context holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import cases, inputs
from oracles import corpus, needs_git
from procfile.test_contexts import ignored_by_git, is_kept_out
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory

KEY = b"-----BEGIN PRIVATE KEY-----\nx\n"
PRIVATE = {
    ".env": b"TOKEN=x\n",
    ".env.production": b"TOKEN=x\n",
    "config/master.key": b"x",
    "keys/id_rsa": KEY,
    "own.pem": KEY,
    "deep/below/.env.local": b"TOKEN=x\n",
}
# What tocompose writes and no image needs.
OWN = re.compile(r"^(?:docker-compose.*|migration\.json|MIGRATION\.md|\.env.*|secrets/.*)$")
_CORPUS = corpus("procfile")
SOURCES = [
    *(case for case in cases() if case.parent.name == "procfile"),
    *(sorted(_CORPUS.iterdir()) if _CORPUS else ()),
]


def files_of(source: Path) -> dict[str, bytes]:
    """The files of a case or of a repository."""
    if (source / "case.toml").is_file():
        return inputs(source)
    project = Folder(source)
    return {path: project.read(path) or b"" for path in project.files()}


def ignored_samples(files: dict[str, bytes]) -> Iterator[str]:
    """A path for each line of each .gitignore, which that line should fit."""
    for path, content in files.items():
        folder, slash, name = path.rpartition("/")
        if name != ".gitignore":
            continue
        for line in content.decode("utf-8", "replace").splitlines():
            pattern = line.strip().lstrip("/")
            if not pattern or pattern[0] in "#!\\":
                continue
            sample = re.sub(r"\[\W*(.)[^\]]*\]", r"\1", pattern.replace("**/", "a/"))
            sample = sample.replace("*", "x").replace("?", "x")
            yield folder + slash + (f"{sample}x" if sample.endswith("/") else sample)


def contexts(result: Result, paths: set[str]) -> Iterator[tuple[str, str, set[str]]]:
    """Each context of a generated Dockerfile: its folder, the file that tells what to leave out, the paths in it."""
    generated = {file.path for file in result.files if ".dockerignore" not in file.path}
    folders = {
        service.build.dockerfile.rpartition("/")[2]: service.build.context
        for service in result.stack.services
        if service.build and service.build.dockerfile
    }
    for file in result.files:
        if file.path.endswith(".dockerignore"):
            dockerfile = file.path.removesuffix(".dockerignore") or "Dockerfile"
            if dockerfile not in generated:
                continue
            context = folders.get(dockerfile, ".").replace("../", "").strip("./")
            prefix = f"{context}/" if context else ""
            inside = {
                path.removeprefix(prefix) for path in paths if path.startswith(prefix)
            }
            yield prefix, file.content.decode(), inside


@needs_git
@pytest.mark.parametrize("where", ["", "deploy/"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nothing_private_is_in_a_build_context(
    source: Path, where: str, tmp_path: Path
) -> None:
    files = {**files_of(source), **PRIVATE}
    up = "../" if where else ""
    options = Options(source="procfile", layout=Layout(split=True), up=up, back=where)
    result = convert(Memory(files, "app"), options)
    written = {f"{where}{file.path}" for file in result.files if OWN.search(file.path)}
    samples = sorted({*ignored_samples(files)} - files.keys())
    for path, content in files.items():
        if path.endswith(".gitignore"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
    hidden = ignored_by_git(tmp_path, [*files, *samples]) if samples else set()
    private = {*PRIVATE, *hidden, *written} - {".gitignore", "deploy/.gitignore"}
    for prefix, told, inside in contexts(result, private):
        asked = {
            line.removeprefix("!") for line in told.splitlines() if line.startswith("!")
        }
        found = [path for path in sorted(inside - asked) if not is_kept_out(path, told)]
        assert found == [], f"{prefix or 'the repository'} holds private files"
