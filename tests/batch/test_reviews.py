"""`batch --reviews`: a commit message that git takes, the text of a pull request, SARIF with the repository's paths."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from markdown_it import MarkdownIt

import oracles
from batch.runs import environment
from tocompose.batch.outcome import BatchRepository, RepositoryOutcome, StackRecord, Status
from tocompose.batch.summary.reviews import review_texts
from tocompose.notes import Kind, Note
from tocompose.source import Span

SARIF = Path(__file__).parents[1] / "schemas" / "sarif-2.1.0.json"
SECRET = "hunter2-Kq9wX"
SCRIPT = f"docker run -d --name web -p 8080:80 --frob -e API_TOKEN={SECRET} nginx:1.27\n"


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    (folder / "repos" / "shop" / "deploy").mkdir(parents=True)
    (folder / "repos" / "shop" / "deploy" / "run.sh").write_text(SCRIPT)
    for name in ("shop", "empty"):
        (folder / "repos" / name / ".git").mkdir(parents=True)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "tocompose", "batch", "repos", "-o", "out"),
            *("--out-layout", "patch", "--reviews", "--jobs", "1"),
        ],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return folder


def test_only_what_was_converted_has_a_review(reviews: Path) -> None:
    assert [path.name for path in (reviews / "out" / "reviews").iterdir()] == ["shop"]
    files = {path.name for path in (reviews / "out" / "reviews" / "shop").iterdir()}
    assert files == {"commit.txt", "pull-request.md", "notes.sarif"}


@oracles.needs_git
def test_patch_and_message_make_a_commit(reviews: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    repository = reviews / "repos" / "shop"

    def call(*words: str) -> str:
        return subprocess.run(
            [*git, *words], cwd=repository, capture_output=True, text=True, check=True
        ).stdout

    call("init", "-q")
    call("apply", str(reviews / "out" / "patches" / "shop.patch"))
    call("add", "--all")
    call("commit", "-q", "-F", str(reviews / "out" / "reviews" / "shop" / "commit.txt"))
    subject, empty, *body = call("log", "-1", "--format=%B").splitlines()
    assert subject == "Add Docker Compose files for web" and empty == ""
    assert max(map(len, body)) <= 72
    assert any("deploy/run.sh:1" in line for line in body)


def test_paths_are_those_of_the_repository(reviews: Path) -> None:
    log = json.loads((reviews / "out" / "reviews" / "shop" / "notes.sarif").read_text())
    jsonschema.Draft4Validator(json.loads(SARIF.read_text())).validate(log)
    places = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in log["runs"][0]["results"]
        for location in result["locations"]
    }
    assert places == {"deploy/run.sh"}


def test_the_request_says_what_was_lost_and_no_secret(reviews: Path) -> None:
    folder = reviews / "out" / "reviews" / "shop"
    text = (folder / "pull-request.md").read_text()
    assert "- [ ] `deploy/run.sh:1:" in text and "--frob" in text
    (files_line,) = [line for line in text.splitlines() if "Files:" in line]
    assert "`docker-compose.yml`" in files_line and "`.env`" not in files_line
    assert "- Not in the commit, as values may be secrets: `.env`." in text
    assert all(SECRET not in path.read_text() for path in folder.iterdir())


def test_names_and_notes_of_a_source_break_out_of_nothing() -> None:
    evil = "x`\n# <script>alert(1)</script> [a](javascript:b) | \x1b[31m"
    note = Note(
        code="TC001", kind=Kind.LOST, message=evil, advice=evil, span=Span(evil, 1, 1, 1, 2)
    )
    stack = StackRecord(evil, evil, "docker_run", (evil,), ("docker-compose.yml",), {})
    repository = BatchRepository(evil, "/x", evil)
    texts = review_texts(
        RepositoryOutcome(repository, Status.CONVERTED, (stack,), (note,) * 60)
    )
    for text in texts.values():
        assert "\x1b" not in text
    subject, empty = texts["commit.txt"].split("\n")[:2]
    assert len(subject) <= 60 and empty == ""
    assert "- and 10 more" in texts["commit.txt"]
    page = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(
        texts["pull-request.md"]
    )
    assert (
        "<script" not in page
        and "<h1" not in page
        and "javascript:" not in page.replace("[a](javascript:b)", "")
    )
