"""Runs that are killed at any moment and taken up again lose nothing and repeat nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from batch.generator import generate
from batch.runs import SCRIPT, batch, command, contents, environment, make
from tocompose.batch.convert import Job, run_job
from tocompose.batch.discovery import repository_at
from tocompose.batch.intent import FOLDER, finish_intents
from tocompose.batch.options import BatchOptions, OutputMode


def kill_after(seconds: float, *words: object, cwd: Path) -> bool:
    """Starts a batch and kills it; whether it was still running."""
    with subprocess.Popen(
        command(*words),
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait()
            return True
    return False


def lines(out: Path) -> list[str]:
    """The names in the state file, a whole line each; a line cut short is that of no repository."""
    if not (out / "state.jsonl").exists():
        return []
    whole = (out / "state.jsonl").read_bytes().split(b"\n")[:-1]
    return [json.loads(line)["repository"][0] for line in whole]


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["tree", "in-place"])
def test_kill_and_resume_in_a_loop(tmp_path: Path, layout: str) -> None:
    generate(tmp_path / "repos", 80)
    (tmp_path / "once").mkdir()
    shutil.copytree(tmp_path / "repos", tmp_path / "once" / "repos")
    words = ("repos", "-o", "out", "--out-layout", layout, "-j", 2)
    batch(*words, cwd=tmp_path / "once", code=None)
    rng, killed, seen = Random(7), 0, 0
    for _ in range(8):
        if not kill_after(rng.uniform(0.5, 2.0), *words, "--resume", cwd=tmp_path):
            break
        killed += 1
        done = lines(tmp_path / "out")
        assert len(done) == len(set(done)), "a repository was done twice"
        assert len(done) >= seen, "a result was lost"
        seen = len(done)
    batch(*words, "--resume", cwd=tmp_path, code=None)
    assert killed >= 2
    assert sorted(lines(tmp_path / "out")) == sorted(lines(tmp_path / "once" / "out"))
    assert contents(tmp_path / "out") == contents(tmp_path / "once" / "out")
    assert contents(tmp_path / "repos") == contents(tmp_path / "once" / "repos")
    assert not [path for path in tmp_path.rglob(".tocompose-*") if path.is_dir()], (
        "something is left of a killed run"
    )
    assert not list((tmp_path / "out").glob(f"{FOLDER}/*"))


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    generate(tmp_path / "repos", 100)
    running = subprocess.Popen(
        command("repos", "-o", "out", "-j", 2),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while len(lines(tmp_path / "out")) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    children = _children(running.pid)
    running.kill()
    running.wait()
    assert len(children) >= 2
    while any(_alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_alive(child) for child in children)


def _children(parent: int) -> list[int]:
    every = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [int(path.name) for path in every if _parent(path) == parent]


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_what_is_done_is_kept_and_what_changed_is_done_again(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        make(tmp_path / "r" / name, {"run.sh": SCRIPT})
    batch("r", "-j", 1, "-o", "out", cwd=tmp_path)
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["a", "b", "c"]
    (tmp_path / "r" / "b" / "run.sh").write_bytes(
        SCRIPT.replace(b"--name web", b"--name next")
    )
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["a", "b", "c", "b"]
    written = tmp_path / "out" / "repositories"
    assert b"  next:" in (written / "b" / "docker-compose.yml").read_bytes()
    (tmp_path / "r" / "c" / "other.sh").write_bytes(
        SCRIPT.replace(b"--name web", b"--name more")
    )
    shutil.rmtree(written / "a")
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out")[4:] == ["a", "c"]
    assert (written / "a" / "docker-compose.yml").exists()


APP = {
    "app.json": b'{"scripts": {"postdeploy": "npm run seed -- --password hunter2 --into db/seed.key"}}',
    "Procfile": b"web: npm start\n",
    "package.json": b'{"name": "shop", "scripts": {"start": "node server.js", "seed": "node seed.js"}}',
}


@pytest.mark.slow
def test_a_file_that_was_missing_is_seen_when_it_comes(tmp_path: Path) -> None:
    make(tmp_path / "r" / "shop", {**APP, ".gitignore": b".dockerignore\n.nvmrc\n"})
    batch("r", "-j", 1, "-o", "out", cwd=tmp_path)
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["shop"]
    # The list of files does not tell of it, as git ignores it.
    (tmp_path / "r" / "shop" / ".nvmrc").write_text("20\n")
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["shop", "shop"]
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["shop", "shop"]


def test_the_state_names_no_file_that_is_not_there(tmp_path: Path) -> None:
    make(tmp_path / "r" / "shop", APP)
    batch("r", "-j", 1, "-o", "out", cwd=tmp_path)
    record = json.loads((tmp_path / "out" / "state.jsonl").read_text())
    assert set(record["seen"]) <= {*APP, ".git", ".", ""}
    assert "hunter2" not in json.dumps(record)
    assert record["missing"][""]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links of POSIX")
def test_links_in_a_circle_and_long_words_are_no_change(tmp_path: Path) -> None:
    long_word = b"x" * 300
    make(
        tmp_path / "r" / "shop",
        {**APP, "Procfile": b"web: npm start " + long_word + b" loop/a loop\n"},
    )
    (tmp_path / "r" / "shop" / "loop").symlink_to("loop")
    batch("r", "-j", 1, "-o", "out", cwd=tmp_path)
    batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["shop"]
    record = json.loads((tmp_path / "out" / "state.jsonl").read_text())
    # A name that is too long for the file system is no file that was refused.
    assert not [note for note in record["notes"] if "too long" in note[2]]


def test_what_the_user_changed_is_not_replaced_by_a_resumed_run(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    batch("r", "-o", "out", cwd=tmp_path)
    file = tmp_path / "out" / "repositories" / "a" / "docker-compose.yml"
    file.write_text("mine\n")
    (tmp_path / "r" / "a" / "run.sh").write_bytes(
        SCRIPT.replace(b"--name web", b"--name next")
    )
    batch("r", "-o", "out", "--resume", cwd=tmp_path, code=3)
    assert file.read_text() == "mine\n"


def test_other_options_are_another_run(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    batch("r", "-o", "out", cwd=tmp_path)
    batch("r", "-o", "out", "--resume", "--practices", "none", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["a", "a"]


@pytest.mark.slow
def test_in_place_results_hold_although_the_repository_has_changed_by_them(
    tmp_path: Path,
) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT, ".gitignore": b"*.log\n"})
    words = ("r", "-o", "out", "--out-layout", "in-place")
    batch(*words, cwd=tmp_path)
    done = batch(*words, "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["a"] and "converted" in done.stdout


def test_failures_are_kept_unless_asked_for(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": b"docker run --name x\n"})
    batch("r", "-o", "out", cwd=tmp_path, code=3)
    batch("r", "-o", "out", "--resume", cwd=tmp_path, code=3)
    assert lines(tmp_path / "out") == ["a"]
    batch("r", "-o", "out", "--resume", "--retry-failed", cwd=tmp_path, code=3)
    assert lines(tmp_path / "out") == ["a", "a"]


@pytest.mark.slow
def test_what_was_refused_is_done_with_force(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make(tmp_path / "r" / name, {"run.sh": SCRIPT})
    make(
        tmp_path / "out" / "repositories" / "b",
        {"docker-compose.yml": b"mine\n"},
        git=False,
    )
    batch("r", "-o", "out", cwd=tmp_path, code=3)
    batch("r", "-o", "out", "--resume", "--force", cwd=tmp_path)
    assert sorted(lines(tmp_path / "out")) == ["a", "b", "b"]


@pytest.mark.slow
def test_a_fresh_run_keeps_the_earlier_state_aside(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    batch("r", "-o", "out", cwd=tmp_path)
    first = (tmp_path / "out" / "state.jsonl").read_bytes()
    batch("r", "-o", "out", cwd=tmp_path)
    assert (tmp_path / "out" / "state.previous.jsonl").read_bytes() == first


@pytest.mark.slow
def test_a_line_cut_short_is_dropped(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make(tmp_path / "r" / name, {"run.sh": SCRIPT})
    batch("r", "-j", 1, "-o", "out", cwd=tmp_path)
    state = tmp_path / "out" / "state.jsonl"
    whole = state.read_bytes()
    for length in (0, 1, len(whole) // 3, len(whole) // 2 + 7, len(whole) - 1):
        state.write_bytes(whole[:length])
        batch("r", "-j", 1, "-o", "out", "--resume", cwd=tmp_path)
        assert state.read_bytes() == whole


def test_an_interrupt_ends_with_its_own_code(tmp_path: Path) -> None:
    generate(tmp_path / "repos", 150)
    with subprocess.Popen(
        command("repos", "-o", "out", "-q"),
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while len(lines(tmp_path / "out")) < 2:
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "are done, --resume goes on" in said and "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["tree", "in-place"])
def test_a_repository_with_the_folders_of_gradle_is_not_done_again(
    tmp_path: Path, layout: str
) -> None:
    files = {
        "Procfile": b"web: java -jar build/libs/shop.jar\n",
        "build.gradle": b"sourceCompatibility = '17'\n",
        "gradlew": b"#!/bin/sh\n",
        "gradle/wrapper/gradle-wrapper.properties": b"distributionUrl=x\n",
    }
    make(tmp_path / "repos" / "shop", files)
    words = ("repos", "-o", "out", "--out-layout", layout)
    batch(*words, cwd=tmp_path)
    before = lines(tmp_path / "out")
    batch(*words, "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == before == ["shop"]


@pytest.mark.parametrize("given", ["", "MINE=1\n"], ids=("no .env", "a .env of the user"))
def test_a_kill_between_files_and_state_changes_no_word(tmp_path: Path, given: str) -> None:
    """All files are in place and the intent still stands: what is told is what would have been told."""
    repository = make(
        tmp_path / "a",
        {"run.sh": b"docker run -e POSTGRES_PASSWORD=s3cret-9Kq postgres:16\n"},
    )
    if given:
        (repository / ".env").write_text(given)
    output = str(tmp_path / "out")
    outcome = run_job(
        Job(
            repository_at(str(repository)),
            BatchOptions(output_mode=OutputMode.IN_PLACE, output=output),
        )
    )
    assert outcome is not None and (
        "TC760" in {item.code for item in outcome.notes}
    ) == bool(given)
    written = contents(repository)
    assert [item.notes for item in finish_intents(output, False)] == [outcome.notes]
    assert contents(repository) == written


@pytest.mark.slow
def test_a_kill_between_state_and_intent_gives_no_second_line(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": SCRIPT})
    words = ("r", "-j", 1, "-o", "out", "--out-layout", "in-place")
    batch(*words, cwd=tmp_path)
    (line,) = (tmp_path / "out" / "state.jsonl").read_text().splitlines()
    outcome = {name: value for name, value in json.loads(line).items() if name != "key"}
    pending = tmp_path / "out" / FOLDER
    pending.mkdir(exist_ok=True)
    (pending / "0.json").write_text(json.dumps({"outcome": outcome, "targets": []}))
    batch(*words, "--resume", cwd=tmp_path)
    assert lines(tmp_path / "out") == ["a"]
