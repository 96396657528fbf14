"""Hostile repositories each end in one note, and the run goes on."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from batch.runs import ROOT, SCRIPT, batch, make
from tocompose.batch import BatchOptions, convert
from tocompose.batch.outcome import BatchRepository

BOMB = (
    b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + b"".join(
        b"  a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9))
        for n in range(1, 12)
    )
)


def records(out: Path) -> dict[str, dict[str, object]]:
    found = [json.loads(line) for line in (out / "summary.jsonl").read_text().splitlines()]
    return {str(record["repository"]): record for record in found}


def codes(record: dict[str, object]) -> list[str]:
    notes = record["notes"]
    assert isinstance(notes, list)
    return [note["code"] for note in notes]


def of_the_batch(record: dict[str, object]) -> list[str]:
    # From TC870 on they are of good practice again.
    return [code for code in codes(record) if "TC800" <= code < "TC870"]


def test_each_ends_in_one_note_and_the_run_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "r"
    make(root / "aa-good", {"run.sh": SCRIPT})
    loops = make(root / "loops", {})
    (loops / "one").symlink_to("two")
    (loops / "two").symlink_to("one")
    (loops / "run.sh").symlink_to("run.sh")
    (loops / "up").symlink_to("..")
    big = make(root / "big", {})
    with (big / "huge.yaml").open("wb") as file:
        file.write(b"apiVersion: v1\nkind: Pod\n")
        file.truncate(100_000_000)
    make(root / "bomb", {"k8s/bomb.yaml": BOMB})
    make(
        root / "deep",
        {
            "k8s/deep.yaml": b"apiVersion: v1\nkind: List\nitems: "
            + b"[" * 5000
            + b"]" * 5000
        },
    )
    make(root / "new\nline \x1b[31m", {"run.sh": SCRIPT})
    make(root / os.fsdecode(b"not\xffutf8"), {"run.sh": SCRIPT})
    make(
        root / "binary",
        {"run.sh": bytes(range(256)) * 50, "Procfile": b"\x00\xff\xfe" * 99},
    )
    pipe = make(root / "pipe", {})
    os.mkfifo(pipe / "run.sh")
    os.mkfifo(pipe / ".gitignore")
    make(root / "zz-good", {"run.sh": SCRIPT})
    done = batch("r", "-o", "out", "--timeout", 20, cwd=tmp_path, code=None)
    found = records(tmp_path / "out")
    assert len(found) == 10 and done.returncode in (0, 3)
    assert found["aa-good"]["status"] == found["zz-good"]["status"] == "converted"
    assert of_the_batch(found["loops"]) == ["TC808"] or found["loops"]["status"] == "empty"
    assert of_the_batch(found["big"]) == ["TC807"]
    assert found["pipe"]["status"] == "empty" and of_the_batch(found["pipe"]) == ["TC812"]
    for name in ("bomb", "deep", "binary"):
        assert codes(found[name]), f"{name}: nothing is said"
        assert len(of_the_batch(found[name])) <= 1, (name, codes(found[name]))
    odd = [record for name, record in found.items() if name.startswith(("new", "not"))]
    assert [record["status"] for record in odd] == ["converted", "converted"]
    assert "\x1b" not in done.stdout and len(done.stdout.splitlines()) == 10


@pytest.mark.slow
def test_names_that_are_odd_survive_a_resume_and_the_list(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a\nb", {"run.sh": b"docker run --name x\n"})
    make(tmp_path / "r" / os.fsdecode(b"c\xff"), {"run.sh": b"docker run --name x\n"})
    batch("r", "-o", "out", cwd=tmp_path, code=3)
    batch("r", "-o", "out", "--resume", cwd=tmp_path, code=3)
    assert len((tmp_path / "out" / "state.jsonl").read_bytes().splitlines()) == 2
    batch("--repos", "out/failed.txt", "-o", "again", cwd=tmp_path, code=3)
    assert set(records(tmp_path / "again")) == set(records(tmp_path / "out"))


def _like_everybody() -> None:
    """Takes from root what lets it read any file: the program run then has only the rights of the owner."""
    drop, override, search = 24, 1, 2
    for capability in (override, search) if os.geteuid() == 0 else ():
        if ctypes.CDLL(None, use_errno=True).prctl(drop, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def test_what_may_not_be_read(tmp_path: Path) -> None:
    root = tmp_path / "r"
    make(root / "file", {"run.sh": SCRIPT, "other.sh": SCRIPT.replace(b"web", b"two")})
    (root / "file" / "other.sh").chmod(0)
    make(root / "part", {"run.sh": SCRIPT, "closed/run.sh": SCRIPT})
    (root / "part" / "closed").chmod(0)
    make(root / "whole", {"run.sh": SCRIPT}).chmod(0)
    (tmp_path / "list").write_text("r/file\nr/part\nr/whole\n")
    done = batch(
        "--repos", "list", "-o", "out", cwd=tmp_path, code=3, preexec_fn=_like_everybody
    )
    found = records(tmp_path / "out")
    assert (
        of_the_batch(found["r/file"]) == ["TC806"]
        and found["r/file"]["status"] == "converted"
    )
    assert (
        of_the_batch(found["r/part"]) == ["TC806"]
        and found["r/part"]["status"] == "converted"
    )
    assert codes(found["r/whole"]) == ["TC805"] and "permission denied" in done.stdout


# A format whose importer does what a hostile source might make one do.
PLUGIN = """
import ctypes, os, time

class Hostile:
    name = "hostile"
    title = "does what it is told"

    def sniff(self, project):
        return tuple(path for path in project.files() if path == "hostile.txt")

    def read(self, project, ledger, settings):
        word = project.read("hostile.txt").decode().strip()
        if word == "hang":
            time.sleep(600)
        if word == "eat":
            kept = []
            while True:
                kept.append(bytearray(8_000_000))
        if word == "crash":
            ctypes.string_at(0)
        if word == "exit":
            os._exit(7)
        if word == "raise":
            raise RuntimeError("the password is hunter2")
        if word == "recurse":
            return self.read(project, ledger, settings)

IMPORTER = Hostile()
"""


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "site"
    info = folder / "hostile-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "hostile_plugin.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tocompose.importers]\nhostile = hostile_plugin:IMPORTER\n"
    )
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'converters'}{os.pathsep}{folder}",
        "NO_COLOR": "1",
    }


WORDS = {
    "hang": "TC802",
    "eat": "TC803",
    "crash": "TC804",
    "exit": "TC804",
    "raise": "TC902",
    "recurse": "TC902",
}


@pytest.mark.slow
def test_hanging_greedy_and_crashing_conversions(
    tmp_path: Path, plugin: dict[str, str]
) -> None:
    for number, word in enumerate(WORDS):
        make(tmp_path / "r" / word, {"hostile.txt": word.encode()})
        make(tmp_path / "r" / f"good-{number}", {"run.sh": SCRIPT})
    words = [
        sys.executable,
        "-m",
        "tocompose",
        "batch",
        "r",
        "-o",
        "out",
        "-j",
        "2",
        "--timeout",
        "8",
        "--memory",
        "300",
    ]
    done = subprocess.run(
        words, cwd=tmp_path, env=plugin, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 3, done.stderr
    found = records(tmp_path / "out")
    for word, code in WORDS.items():
        assert (found[word]["status"], codes(found[word])) == ("failed", [code]), word
    assert all(
        found[f"good-{number}"]["status"] == "converted" for number in range(len(WORDS))
    )
    assert "SIGSEGV" in done.stdout and "exit code 7" in done.stdout
    every = "".join(path.read_text() for path in (tmp_path / "out").glob("*.*"))
    assert "hunter2" not in done.stdout + done.stderr + every
    state = (tmp_path / "out" / "state.jsonl").read_bytes()
    again = subprocess.run(
        [*words, "--resume"],
        cwd=tmp_path,
        env=plugin,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (
        again.returncode == 3 and (tmp_path / "out" / "state.jsonl").read_bytes() == state
    )


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path) -> None:
    make(tmp_path / "r" / "a", {"run.sh": b"docker run --name x\n"})
    for number in range(20):
        make(tmp_path / "r" / f"b{number:02}", {"run.sh": SCRIPT})
    batch("r", "-o", "out", "-j", 1, "--fail-fast", cwd=tmp_path, code=3)
    assert list(records(tmp_path / "out")) == ["a"]


def test_a_fault_of_our_own_is_a_note_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: convert.Job) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(convert, "_convert_repository", fail)
    make(tmp_path / "shop", {"run.sh": SCRIPT})
    repository = BatchRepository("shop", str(tmp_path / "shop"), "shop")
    outcome = convert.run_job(convert.Job(repository, BatchOptions()))
    assert outcome is not None
    (told,) = outcome.notes
    assert told.code == "TC801" and "RuntimeError in test_hostile.py:" in told.message
    assert "hunter2" not in told.message
