"""The batch command: results, summaries, exit codes, and what is never overwritten."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from batch.generator import generate
from batch.runs import SCRIPT, batch, command, contents, environment, make
from effort import part_of

SCHEMAS = Path(__file__).parents[1] / "schemas"
GENERATED = part_of(60)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    generate(folder / "repos", GENERATED)
    make(folder / "repos" / "zz", {"run.sh": b"docker run --name x\n"})
    return folder


@pytest.mark.slow
def test_any_number_of_processes_gives_the_same_bytes(repositories: Path) -> None:
    results = []
    for jobs in (1, 2, 3):
        done = batch("repos", "-j", jobs, "-o", "out", cwd=repositories, code=3)
        state = sorted((repositories / "out" / "state.jsonl").read_bytes().splitlines())
        results.append((done.stdout, contents(repositories / "out"), state))
        shutil.rmtree(repositories / "out")
    assert results[0] == results[1] == results[2]
    assert len(results[0][2]) == GENERATED + 1


def test_a_line_for_each_repository_in_order(repositories: Path) -> None:
    done = batch("repos", "-j", 2, "-o", "out", "--dry-run", cwd=repositories, code=3)
    names = [line.split()[1] for line in done.stdout.splitlines()]
    assert names == sorted(names) and len(names) == GENERATED + 1
    assert (
        f"{GENERATED + 1} repositories: " in done.stderr
        and "nothing was written" in done.stderr
    )
    assert not (repositories / "out").exists()


@pytest.mark.slow
def test_summaries_agree(repositories: Path) -> None:
    batch("repos", "-o", "all", cwd=repositories, code=3)
    out = repositories / "all"
    records = [
        json.loads(line) for line in (out / "summary.jsonl").read_text().splitlines()
    ]
    assert len(records) == GENERATED + 1
    notes = sum(len(record["notes"]) for record in records)
    sarif = json.loads((out / "summary.sarif").read_text())
    jsonschema.validate(sarif, json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    assert len(sarif["runs"][0]["results"]) == notes
    suites = ElementTree.parse(out / "junit.xml").getroot()
    assert [suite.get("name") for suite in suites] == [
        record["repository"] for record in records
    ]
    lost = sum(record["notes_by_kind"]["lost"] for record in records)
    assert int(suites.get("failures") or 0) + int(suites.get("errors") or 0) == lost
    assert len((out / "summary.csv").read_text().splitlines()) == GENERATED + 2
    failed = [record["repository"] for record in records if record["status"] == "failed"]
    assert [
        line.rpartition("/./")[2] for line in (out / "failed.txt").read_text().splitlines()
    ] == failed


def test_what_failed_feeds_the_next_run(repositories: Path, tmp_path: Path) -> None:
    batch("repos", "-o", tmp_path / "one", cwd=repositories, code=3)
    done = batch(
        "--repos",
        tmp_path / "one" / "failed.txt",
        "-o",
        tmp_path / "two",
        cwd=repositories,
        code=3,
    )
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["failed", "zz"]]


def test_a_repository_that_is_gone_fails_alone(tmp_path: Path) -> None:
    make(tmp_path / "a", {"run.sh": SCRIPT})
    (tmp_path / "list").write_text("a\nmissing\n")
    done = batch("--repos", "list", "-o", "out", cwd=tmp_path, code=3)
    assert done.stdout.splitlines()[0].startswith("converted  a")
    assert "there is no such folder [TC805]" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name folders to look below"),
        (("missing",), "no such folder"),
        (("empty",), "no repository was found"),
        (("empty", "--repos", "x"), "name folders to look below"),
        (("--repos", "missing"), "missing"),
        (("a", "--report", "x.pdf"), "does not tell the form"),
        (("a", "--out-layout", "tre"), "did you mean tree"),
        (("a", "--answers", "missing"), "missing"),
        (("a", "--from", "kubernets"), "did you mean kubernetes?"),
        (("a", "--prefer", "procfil"), "did you mean procfile?"),
    ],
)
def test_usage(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    make(tmp_path / "a", {"run.sh": SCRIPT})
    (tmp_path / "empty").mkdir()
    done = batch(*words, "-o", "out", cwd=tmp_path, code=2)
    assert said in done.stderr


def test_fail_on_a_kind_of_note(tmp_path: Path) -> None:
    make(tmp_path / "a", {"run.sh": b"docker run -d --name a --gpus-x 1 redis:7\n"})
    batch("a", "-o", "out", cwd=tmp_path)
    batch("a", "-o", "out", "--fail-on", "lost", "--force", cwd=tmp_path, code=1)


def test_outputs_are_not_overwritten_unasked(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    batch("r", "-o", "out", cwd=tmp_path)
    file = tmp_path / "out" / "repositories" / "a" / "docker-compose.yml"
    batch("r", "-o", "out", cwd=tmp_path)
    file.write_text("mine\n")
    done = batch("r", "-o", "out", cwd=tmp_path, code=3)
    assert "exists with another content" in done.stdout and "[TC814]" in done.stdout
    assert file.read_text() == "mine\n"
    batch("r", "-o", "out", "--force", cwd=tmp_path)
    assert file.read_text() != "mine\n"


def test_in_place_writes_beside_the_source_and_is_settled_then(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT, ".gitignore": b"*.log\n"})
    batch("r", "-o", "out", "--out-layout", "in-place", cwd=tmp_path)
    first = contents(tmp_path / "r")
    assert {"a/docker-compose.yml", "a/.env", "a/MIGRATION.md"} <= set(first)
    assert (tmp_path / "r" / "a" / ".env").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "out" / ".pending").exists()
    done = batch("r", "-o", "out", "--out-layout", "in-place", cwd=tmp_path)
    assert "present" in done.stdout and contents(tmp_path / "r") == first


def test_the_output_is_not_taken_for_a_repository(tmp_path: Path) -> None:
    make(tmp_path / "a", {"run.sh": SCRIPT})
    for _ in range(2):
        done = batch(".", "-o", "out", cwd=tmp_path)
        assert [line.split()[1] for line in done.stdout.splitlines()] == ["a"]


def test_no_secret_leaves_its_place(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    done = batch("r", "-o", "out", "--report", "extra.html", cwd=tmp_path)
    found = [
        path
        for path, data in contents(tmp_path / "out", but=()).items()
        if b"hunter2" in data
    ]
    assert found == ["repositories/a/.env"]
    assert (
        "hunter2" not in done.stdout + done.stderr + (tmp_path / "extra.html").read_text()
    )


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    (tmp_path / "out").mkdir()
    state = (tmp_path / "out" / "state.jsonl").open("w")
    fcntl.flock(state, fcntl.LOCK_EX)
    done = batch("r", "-o", "out", cwd=tmp_path, code=2)
    assert "another run is using this folder" in done.stderr
    state.close()
    batch("r", "-o", "out", cwd=tmp_path)


@pytest.mark.slow
def test_a_bar_with_rate_and_eta_on_a_terminal(tmp_path: Path) -> None:
    # Enough of them for the run to last some seconds: click tells the time left once a second is over.
    generate(tmp_path / "repos", 200)
    near, far = pty.openpty()
    words = command("repos", "-o", "out", "-j", 1)
    env = {**environment(), "TERM": "xterm", "COLUMNS": "120"}
    log = tmp_path / "log.txt"
    with (
        log.open("w") as lines,
        subprocess.Popen(words, cwd=tmp_path, stdout=lines, stderr=far, env=env) as running,
    ):
        os.close(far)
        seen = b""
        while True:
            try:
                data = os.read(near, 4096)
            except OSError:
                break
            seen += data
        running.wait(60)
    text = seen.decode()
    assert len(log.read_text().splitlines()) == 200, (
        "a log has a line for each, whatever the terminal shows"
    )
    assert re.search(r"\[####+\] +200/200 +100%", text) and re.search(r"\d+\.\d/s", text), (
        text[-600:]
    )
    assert re.search(r"\d\d:\d\d:\d\d", text), "the time that it will take"


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_what_failed_stands_in_red_below_the_bar(tmp_path: Path, no_colour: str) -> None:
    make(tmp_path / "repos" / "a", {"run.sh": b"docker run --name x\n"})
    make(tmp_path / "repos" / "b", {"run.sh": SCRIPT})
    near, far = pty.openpty()
    env = {**environment(), "TERM": "xterm", "NO_COLOR": no_colour}
    with subprocess.Popen(
        command("repos", "-o", "out"), cwd=tmp_path, stdout=far, stderr=far, env=env
    ) as running:
        os.close(far)
        seen = b""
        with suppress(OSError):
            while data := os.read(near, 4096):
                seen += data
        running.wait(60)
    text = seen.decode()
    assert ("\x1b[31mfailed   \x1b[0m  a" in text) is (not no_colour)
    assert re.search(r"failed .*  a  ", text) and not re.search(r"converted.*  b  ", text)
