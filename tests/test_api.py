"""The library as its users see it: an example for each public name runs, and mypy knows every type in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tocompose
import tocompose.batch
import tocompose.testing
import tree
from api_examples import EXAMPLES
from tocompose.model import File


def test_every_public_name_has_an_example() -> None:
    testing_names = set(tocompose.testing.__all__)
    assert set(EXAMPLES) == {*tocompose.__all__, *tocompose.batch.__all__, *testing_names}
    checks = {name for name in vars(tocompose.testing) if name.startswith("check_")}
    assert testing_names == checks


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert name in EXAMPLES[name]
    exec(compile(EXAMPLES[name], name, "exec"), {"__name__": name})


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (tocompose.Options(practices="all,-GONE"), ValueError),
        (tocompose.Options(existing=File(path="compose.yaml", content=b"[]")), ValueError),
        (tocompose.Options(source="gone"), tocompose.SourceError),
        (tocompose.Options(source="procfile"), tocompose.SourceError),
    ],
)
def test_a_conversion_raises_what_its_docstring_says(
    options: tocompose.Options, error: type[Exception]
) -> None:
    project = tocompose.Memory({"run.sh": b"docker run -d --name web nginx:1.27"})
    with pytest.raises(error):
        tocompose.convert(project, options)
    assert error.__name__ in (tocompose.convert.__doc__ or "")


@pytest.mark.slow
def test_editors_see_the_types(tmp_path: Path) -> None:
    """With --strict nothing is Any; what is wrong is found."""
    for name, text in EXAMPLES.items():
        (tmp_path / f"example_{name}.py").write_text(text)
    (tmp_path / "wrong.py").write_text(
        "from tocompose import Memory, Options, convert\n"
        "reveal_type(convert)\n"
        "convert('run.sh')\n"
        "Options(practice='none')\n"
        "convert(Memory({})).stack.servcies\n"
    )
    assert (tree.PACKAGE / "py.typed").is_file()
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-incremental"),
            *("--cache-dir", os.devnull, "--follow-imports", "silent", "."),
        ],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tree.PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [
        line
        for line in ran.stdout.splitlines()
        if line.startswith(("wrong.py", "example_"))
    ]
    assert (
        "def (project: tocompose.project.Project, options: tocompose.pipeline.Options | None"
        in lines[0]
    )
    assert [line.split(":")[:2] for line in lines[1:]] == [
        ["wrong.py", str(n)] for n in (3, 4, 5)
    ], ran.stdout
