"""A format from another package is found through its entry point, once it is installed, with no edit of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import oracles
import tree

EXAMPLE = tree.ROOT / "tests" / "plugin_example"
CONFIG = """[supervisord]
nodaemon=true
[program:web]
command=gunicorn shop:app --bind 0.0.0.0:8000 ; the site
environment=MODE="live",PRICE="5$"
autorestart=true
stopsignal=QUIT
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", str(folder), str(EXAMPLE)], check=True, timeout=120)
    return folder


def _run(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), str(tree.PACKAGE.parent)])
    return subprocess.run(
        [sys.executable, "-m", "tocompose", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_listed(installed: Path, tmp_path: Path) -> None:
    rows = json.loads(_run(installed, "formats", "--format", "json", cwd=tmp_path).stdout)
    assert {
        "name": "supervisor",
        "title": "supervisord.conf programs",
        "package": "tocompose_supervisor",
    } in rows


def test_it_is_found_by_its_files_and_accounted_for(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "supervisord.conf").write_text(CONFIG)
    ran = _run(installed, "convert", ".", "--format", "json", cwd=tmp_path)
    web = yaml.safe_load(ran.stdout)["services"]["web"]
    assert web["command"] == ["sh", "-c", "gunicorn shop:app --bind 0.0.0.0:8000"]
    assert web["environment"] == {"MODE": "live", "PRICE": "5$$", "PYTHONUNBUFFERED": "1"}
    assert web["restart"] == "always"
    lost = [item for item in json.loads(ran.stderr)["notes"] if item["kind"] == "lost"]
    assert [(item["code"], item["span"]["line"]) for item in lost] == [
        ("TC001", 2),
        ("TC001", 7),
    ]


def test_its_own_tests_pass_with_the_kit(installed: Path, tmp_path: Path) -> None:
    """The format, the notes, the rule, the image and the server of the package, by `tocompose.testing`."""
    path = os.pathsep.join([str(installed), str(tree.PACKAGE.parent)])
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            str(EXAMPLE / "tests"),
        ],
        env={
            **os.environ,
            "PYTHONPATH": path,
            "PATH": oracles.FOLDER or os.environ["PATH"],
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert " passed" in ran.stdout and "skipped" not in ran.stdout


def test_its_rule_and_notes_are_those_of_the_command_line(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "supervisord.conf").write_text(CONFIG)
    explained = _run(installed, "explain", "SUP010", cwd=tmp_path)
    assert explained.stdout.startswith("SUP010: Output of Python at once (added)")
    assert "SUP002" in _run(installed, "explain", "--all", cwd=tmp_path).stdout
    ran = _run(installed, "convert", ".", "--report", "found.sarif", cwd=tmp_path)
    assert (
        yaml.safe_load(ran.stdout)["services"]["web"]["environment"]["PYTHONUNBUFFERED"]
        == "1"
    )
    assert "SUP010" in (tmp_path / "found.sarif").read_text()
    ran = _run(installed, "convert", ".", "--practices", "all,-PY-LOG", cwd=tmp_path)
    assert "PYTHONUNBUFFERED" not in ran.stdout
    assert _run(installed, "check", "--ignore", "SUP", cwd=tmp_path).returncode == 2


BROKEN = {
    "a rule of ours": (
        "rules",
        "twice:RULE",
        "from tocompose.rules.restart import RULE\n",
        "",
        "twice",
    ),
    "a module that fails": (
        "rules",
        "twice:RULE",
        "raise KeyError('x')\n",
        "",
        "the plug-in broken cannot be loaded",
    ),
    "a module that ends the program": (
        "importers",
        "twice:IMPORTER",
        "raise SystemExit(0)\n",
        "",
        "the plug-in broken cannot be loaded",
    ),
    "a class": (
        "importers",
        "twice:Format",
        "class Format:\n    name = title = 'x'\n",
        "",
        "is a class; name an object of it",
    ),
    "no rule": ("rules", "twice:RULE", "RULE = 5\n", "", "has no id, title, mend"),
    "no package": ("tables", "twice:ROWS", "ROWS = 5\n", "a: {}\n", "has no __file__"),
    "a table that is no YAML": (
        "tables",
        "twice",
        "",
        "ABC001: [\n",
        "the plug-in broken: notes.yaml:2 cannot be read as YAML",
    ),
    "a table that is no map": ("tables", "twice", "", "- a\n", "notes.yaml must be a map"),
    "a rule that raises": (
        "rules",
        "twice:RULE",
        "from tocompose.rules import Rule\n"
        "def mend(stack, context):\n    raise RuntimeError\n"
        "RULE = Rule('ZZ-A', 'a', 'may', mend=mend)\n",
        "",
        "a fault of the plug-in broken (RuntimeError in __init__.py:3)",
    ),
    "a code of ours": (
        "tables",
        "twice",
        "",
        "TC001: {}\n",
        "TC001 is no code for the notes of a plug-in",
    ),
    "a note without a reason": (
        "tables",
        "twice",
        "",
        "ABC001: {kind: lost}\n",
        "missing columns",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_package_is_one_sentence(case: str, tmp_path: Path) -> None:
    group, value, code, notes, message = BROKEN[case]
    words = ("explain", "ABC001") if notes else ("docker", "run", "nginx")
    if group == "importers":
        words = ("formats",)
    _install_package(tmp_path, group, value, code, notes)
    ran = _run(tmp_path / "site", *words, cwd=tmp_path)
    assert ran.returncode == 2 and message in ran.stderr, ran.stderr
    assert "fault of tocompose itself" not in ran.stderr


FORMAT = """class Format:
    name, title = NAME, "a list of images"
    def sniff(self, project):
        return tuple(path for path in project.files() if path == "images.txt")
    def read(self, project, ledger, settings):
        raise RuntimeError("hunter2")
IMPORTER = Format()
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("images", "a fault of the plug-in broken (RuntimeError in __init__.py:6)"),
        ("docker_run", "the format docker_run of broken is there twice"),
    ],
)
def test_a_format_that_cannot_be_used_is_named(
    name: str, message: str, tmp_path: Path
) -> None:
    code = FORMAT.replace("NAME", repr(name))
    _install_package(tmp_path, "importers", "twice:IMPORTER", code, "")
    (tmp_path / "images.txt").write_text("redis:7\n")
    ran = _run(tmp_path / "site", "convert", "images.txt", cwd=tmp_path)
    assert ran.returncode == 2 and message in ran.stderr, ran.stderr
    assert "hunter2" not in ran.stderr


def _install_package(tmp_path: Path, group: str, value: str, code: str, notes: str) -> None:
    package = tmp_path / "site" / "twice"
    (package / "mappings").mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    (package / "mappings" / "notes.yaml").write_text(notes)
    metadata = tmp_path / "site" / "broken-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[tocompose.{group}]\nit = {value}\n")


JUDGE = """from tocompose.rules import Rule
def judge(view):
    for service in view.main.stack.services:
        holds = (service.image or "").startswith("mirror.example/")
        yield view.main.verdict(service, "image", "X-01", holds, "ABC001")
RULE = Rule("MIRROR", "Images of the mirror", "should", judge=judge)
"""
MIRROR_NOTE = (
    "ABC001: {kind: lost, title: Foreign image, message: '{service} has a foreign image', "
    "why: The mirror is scanned., advice: Take the image of the mirror.}\n"
)


def test_a_rule_that_only_judges_finds_in_check(tmp_path: Path) -> None:
    _install_package(tmp_path, "rules", "twice:RULE", JUDGE, MIRROR_NOTE)
    with (tmp_path / "site" / "broken-1.dist-info" / "entry_points.txt").open("a") as file:
        file.write("[tocompose.tables]\nthese = twice\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    image: mirror.example/x:1\n  b:\n    image: nginx:1.27\n"
        "  c:\n    image: redis:7 # tocompose: ignore[ABC001] not there yet\n"
    )
    site = tmp_path / "site"
    ran = _run(site, "check", "--select", "ABC", "--format", "json", cwd=tmp_path)
    notes = json.loads(ran.stdout)["notes"]
    places = [(note["code"], note["level"], note["span"]["line"]) for note in notes]
    assert places == [("ABC001", "error", 5)], ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert "b has a foreign image" in _run(site, "check", cwd=tmp_path).stdout
    assert "ABC001" not in _run(site, "check", "--ignore", "ABC", cwd=tmp_path).stdout
    converted = _run(site, "docker", "run", "nginx", cwd=tmp_path)
    assert converted.returncode == 0, "what only judges takes no part in a conversion"
