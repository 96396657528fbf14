"""The cases of `fixtures/<format>/<case>/` and what they must give.

`python tests/golden.py [WORD]` writes `expected/` anew.

A case is its input files and `case.toml`: `shows` says in a sentence what it is for; `[options]` may set `source`,
`practices`, `split` (true unless set), `name`, `inline_secrets`, `importer` (its
options); `unknown = true` allows values that no rule reads.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "converters"))

from tocompose.exporters.bundle import Layout  # noqa: E402
from tocompose.importers import Settings  # noqa: E402
from tocompose.pipeline import Options, Result, convert  # noqa: E402
from tocompose.project import Memory  # noqa: E402


def cases() -> Iterator[Path]:
    """Every case's folder, sorted."""
    yield from sorted(path.parent for path in (ROOT / "fixtures").glob("*/*/case.toml"))


def said(case: Path) -> dict[str, Any]:
    """What `case.toml` says."""
    return tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))


def inputs(case: Path) -> dict[str, bytes]:
    """The input files by relative path."""
    files = sorted(path for path in case.rglob("*") if path.is_file())
    named = {path.relative_to(case).as_posix(): path for path in files}
    return {
        name: path.read_bytes()
        for name, path in named.items()
        if name != "case.toml" and not name.startswith("expected/")
    }


def outcome(case: Path) -> Result:
    """The conversion that the case asks for."""
    options = said(case).get("options", {})
    layout = Layout(split=options.get("split", True))
    return convert(
        Memory(inputs(case), case.name),
        Options(
            source=options.get("source"),
            practices=options.get("practices", "all"),
            layout=layout,
            settings=Settings(
                name=options.get("name"),
                options={k: (v,) for k, v in options.get("importer", {}).items()},
            ),
        ),
    )


def written(result: Result) -> dict[str, bytes]:
    """The files of `expected/`: the bundle, and every note on a line of `notes.txt`."""
    lines = [
        f"{item.span or '-'}: {item.kind.value}: {item.message} [{item.code}]"
        for item in result.notes
    ]
    notes = "".join(f"{line}\n" for line in lines).encode()
    return {**{item.path: item.content for item in result.files}, "notes.txt": notes}


def expected(case: Path) -> dict[str, bytes]:
    """The files that stand in `expected/`."""
    folder = case / "expected"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def rewrite(case: Path) -> None:
    """Writes `expected/` anew."""
    shutil.rmtree(case / "expected", ignore_errors=True)
    for name, content in written(outcome(case)).items():
        path = case / "expected" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    for found in cases():
        if not sys.argv[1:] or any(word in found.as_posix() for word in sys.argv[1:]):
            rewrite(found)
            print(found.relative_to(ROOT))
