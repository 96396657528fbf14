"""Everything that the README and the pages behind it show is run, in their order, and prints what they say.

A block behind `<!-- file: NAME -->` is written to that file; a `console` block is a list of commands (`$ …`) and
what they print; a `python` block is a program; one behind `<!-- needs: PROGRAM -->` is left out where there is none.
`TOCOMPOSE_UPDATE_README=1 pytest tests/test_readme.py` writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import tree
from tocompose import __version__

README = tree.ROOT / "README.md"
# The pages with blocks, which build on each other's files.
PAGES = (
    README,
    *(
        tree.ROOT / "docs" / f"{name}.md"
        for name in (
            *("formats", "engine", "check", "decisions", "reports", "batch", "proof"),
            *("ci", "library", "plug-ins", "page"),
        )
    ),
)
SESSIONS = tree.ROOT / "docs" / "sessions.md"
_BLOCK = re.compile(
    r"(?:<!-- (?:file: (?P<file>\S+)|needs: (?P<needs>[^>]+)) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```\n",
    re.DOTALL,
)
# The commands that stand for this very test run: that the tests can be installed and found is all that is asked.
_ELSEWHERE = {
    "pip install --quiet -e '.[dev]'": "pip install --quiet '.[dev]'",
    "pytest -q -n 2": "python -m pytest --collect-only -q -k readme tests/test_readme.py > /dev/null",
}


class Block(NamedTuple):
    """A code block: the file that it is, the programs without which it cannot be run, its kind, its text."""

    file: str
    needs: str
    kind: str
    text: str


def blocks(text: str) -> Iterator[Block]:
    """Every code block, in order."""
    for match in _BLOCK.finditer(text):
        yield Block(match["file"] or "", match["needs"] or "", match["kind"], match["text"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's surroundings: an empty environment that sees the libraries of this one."""
    folder = tmp_path_factory.mktemp("readme")
    venv.create(folder / "venv", with_pip=False)
    site = Path(
        sysconfig.get_path(
            "purelib", vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")}
        )
    )
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries) + "\n")
    # pip is one of these libraries: to install another takes longer than all commands of a page.
    pip = folder / "venv" / "bin" / "pip"
    pip.write_text('#!/bin/sh\nexec "${0%/*}/python" -m pip "$@"\n')
    pip.chmod(0o755)
    (folder / "work").mkdir()
    return folder


def _programs() -> str:
    """Where programs are looked for: on PATH, and among the judges of the tests."""
    return os.pathsep.join(
        item for item in (os.environ["PATH"], os.environ.get("TOCOMPOSE_ORACLES")) if item
    )


def _run(command: str, place: Path) -> str:
    """What a command prints; `pip` is run in the checkout, everything else in a folder of its own."""
    bin_folder = place / "venv" / "bin"
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "TOCOMPOSE", "GITHUB"))
    }
    env |= {
        "PATH": f"{bin_folder}{os.pathsep}{_programs()}",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_COMPILE": "0",
        "LC_ALL": "C",
        "PIP_NO_INDEX": "1",
    }
    env |= {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "COLUMNS": "100",
    }
    command = _ELSEWHERE.get(command, command)
    cwd = tree.ROOT if command.startswith(("pip ", "python -m pytest")) else place / "work"
    ran = subprocess.run(
        ["bash", "-c", command],
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
    )
    assert ran.returncode == 0, f"$ {command}\n{ran.stdout}"
    return ran.stdout


def _console(text: str, place: Path) -> str:
    """The block as it should stand: each command with what it prints now."""
    lines: list[str] = []
    for command in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
        lines += [f"$ {command}", *_run(command, place).splitlines()]
    return "\n".join(lines) + "\n"


def test_the_readme_holds(place: Path) -> None:
    for page in PAGES:
        _hold_page(page, place)


def _hold_page(page: Path, place: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in blocks(text):
        if block.file:
            (place / "work" / block.file).parent.mkdir(parents=True, exist_ok=True)
            (place / "work" / block.file).write_text(block.text)
        elif not all(
            shutil.which(name, path=_programs()) for name in block.needs.split(", ") if name
        ):
            continue
        elif block.kind == "console":
            shown = _console(block.text, place)
            if os.environ.get("TOCOMPOSE_UPDATE_README"):
                text = text.replace(
                    f"```console\n{block.text}```", f"```console\n{shown}```", 1
                )
                page.write_text(text, encoding="utf-8")
            else:
                assert shown == block.text
        elif block.kind == "python":
            _run_python(block.text, place)


def _run_python(program: str, place: Path) -> None:
    subprocess.run(
        [str(place / "venv" / "bin" / "python"), "-c", program],
        check=True,
        timeout=60,
        cwd=place / "work",
        env={"PATH": os.environ["PATH"]},
    )


def test_every_block_is_of_a_kind_that_is_run() -> None:
    for page in (*PAGES, SESSIONS):
        for block in blocks(page.read_text(encoding="utf-8")):
            assert block.file or block.kind in ("console", "python"), block


def test_every_page_is_run_or_made() -> None:
    made = {"api.md", "hazards.md", "notes.md", "rules.md"}
    pages = {path.name for path in (tree.ROOT / "docs").glob("*.md")}
    assert pages - made == {page.name for page in (*PAGES[1:], SESSIONS)}


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 250


def test_links_lead_somewhere() -> None:
    for document in (*PAGES, SESSIONS, tree.ROOT / "CONTRIBUTING.md"):
        for target in re.findall(
            r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8")
        ):
            assert (document.parent / target).exists(), target


def _anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/reports.md", "docs/hazards.md"],
)
def test_anchors_are_headings(name: str) -> None:
    for file, anchor in re.findall(
        r"\]\(([^)#:]*)#([^)]+)\)", (tree.ROOT / name).read_text(encoding="utf-8")
    ):
        document = (tree.ROOT / name).parent / file if file else tree.ROOT / name
        text = document.read_text(encoding="utf-8")
        assert anchor in {
            _anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }, anchor


def test_the_workflow_uses_inputs_that_the_action_has() -> None:
    shown = {
        block.file: block.text
        for block in blocks((tree.ROOT / "docs" / "ci.md").read_text(encoding="utf-8"))
        if block.kind == "yaml"
    }
    (step,) = yaml.safe_load(shown["workflow-step.yml"])
    action = yaml.safe_load((tree.ROOT / "action.yml").read_text(encoding="utf-8"))
    assert set(step["with"]) <= set(action["inputs"])
    (repository,) = yaml.safe_load(shown[".pre-commit-config.yaml"])["repos"]
    hooks = {
        item["id"]
        for item in yaml.safe_load(
            (tree.ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
        )
    }
    assert {item["id"] for item in repository["hooks"]} <= hooks
    assert (
        step["uses"].endswith(f"@v{__version__}") and repository["rev"] == f"v{__version__}"
    )


def test_the_map_of_the_package_is_complete() -> None:
    table = (
        (tree.ROOT / "CONTRIBUTING.md")
        .read_text(encoding="utf-8")
        .partition("| to find |")[2]
        .partition("\n\n")[0]
    )
    named = set(re.findall(r"`([\w/.]+?)(?:/<format>)?/?`", table))
    assert {name for name in named if not (tree.PACKAGE / name).exists()} == {
        "mappings",
        "MENDING",
        "converters/tocompose",
    }
    folders = {
        path.name
        for path in tree.PACKAGE.iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert folders <= named


def test_the_python_that_runs_is_supported() -> None:
    assert sys.version_info >= (3, 11)
