"""The cases of `fixtures/<format>/<case>/` and what they must give.

`python tests/golden.py [WORD]` writes `expected/` anew, and what `[expect]` says of notes and files.

A case is its input files and `case.toml`: `shows` says in a sentence what it is for; `[options]` may set `source`,
`practices`, `split` (true unless set), `name`, `inline_secrets`, `importer` (its
options); `unknown = true` allows values that no rule reads.

Without `[expect]` the whole output stands in `expected/`, every note in its `notes.txt`. With it only what the case is
about is held against the output: `files` are the names of all files, `notes` the place, code and subject of each note
but those of practices, `whole` the files that stand in `expected/`. `[expect."docker-compose.yml"]` gives values by
their path in that file (`services.web.ports`; the text `(null)` is YAML's null), `[expect.lines]` lines of other files.
`practices = "none"` in it takes the conversion without practices, so that a change of one touches few cases.
"""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "converters"))

from tocompose.exporters.bundle import Layout  # noqa: E402
from tocompose.importers import ImportOptions  # noqa: E402
from tocompose.notes import Note, registry  # noqa: E402
from tocompose.pipeline import Options, Result, convert  # noqa: E402
from tocompose.project import Memory  # noqa: E402


def cases() -> Iterator[Path]:
    """Every case's folder, sorted."""
    yield from sorted(path.parent for path in (ROOT / "fixtures").glob("*/*/case.toml"))


def said(case: Path) -> dict[str, Any]:
    """What `case.toml` says."""
    return tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))


def expectations(case: Path) -> dict[str, Any] | None:
    """What `[expect]` says; None where the whole output is expected."""
    expect: dict[str, Any] | None = said(case).get("expect")
    return expect


def inputs(case: Path) -> dict[str, bytes]:
    """The input files by relative path."""
    files = sorted(path for path in case.rglob("*") if path.is_file())
    named = {path.relative_to(case).as_posix(): path for path in files}
    return {
        name: path.read_bytes()
        for name, path in named.items()
        if name != "case.toml" and not name.startswith("expected/")
    }


@cache
def outcome(case: Path, practices: str | None = None) -> Result:
    """The conversion that the case asks for, done once: nothing in it can be changed."""
    return converted(case, practices)


def converted(case: Path, practices: str | None = None) -> Result:
    """The conversion that the case asks for, done anew."""
    options = said(case).get("options", {})
    layout = Layout(split=options.get("split", True))
    return convert(
        Memory(inputs(case), case.name),
        Options(
            source=options.get("source"),
            practices=practices or options.get("practices", "all"),
            layout=layout,
            settings=ImportOptions(
                name=options.get("name"),
                options={k: (v,) for k, v in options.get("importer", {}).items()},
            ),
        ),
    )


def expected_outcome(case: Path) -> Result:
    """The conversion that `expected/` and `[expect]` speak of."""
    return outcome(case, (expectations(case) or {}).get("practices"))


def written(result: Result) -> dict[str, bytes]:
    """The files of `expected/`: the bundle, and every note on a line of `notes.txt`."""
    lines = [
        f"{note.span or '-'}: {note.kind.value}: {note.message} [{note.code}]"
        for note in result.notes
    ]
    notes = "".join(f"{line}\n" for line in lines).encode()
    return {**{file.path: file.content for file in result.files}, "notes.txt": notes}


def expected(case: Path) -> dict[str, bytes]:
    """The files that stand in `expected/`."""
    folder = case / "expected"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def notes_of_source(result: Result) -> list[str]:
    """Place, code and subject of each note, without those that practices say."""
    practices = registry("practices")
    return [_brief(note) for note in result.notes if note.code not in practices]


def _brief(note: Note) -> str:
    return f"{note.span or '-'} {note.code} {note.subject}".rstrip()


def value_at(content: bytes, path: str) -> Any:
    """The value at a path of a YAML file as `case.toml` writes it. Raises KeyError where there is none."""
    value = yaml.safe_load(content)
    for key in path.split("."):
        value = value[key]
    return _without_null(value)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_without_null(child) for child in value]
    return "(null)" if value is None else value


def rewrite(case: Path) -> None:
    """Writes `expected/` anew, and the files and notes of `[expect]`."""
    result, expect = expected_outcome(case), expectations(case)
    files = written(result)
    shutil.rmtree(case / "expected", ignore_errors=True)
    asserted = expect is not None and "files" in expect
    for name in expect.get("whole", ()) if expect and asserted else files:
        path = case / "expected" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
    if asserted:
        _rewrite_list(case / "case.toml", "files", sorted(set(files) - {"notes.txt"}))
        _rewrite_list(case / "case.toml", "notes", notes_of_source(result))


def _rewrite_list(path: Path, key: str, texts: list[str]) -> None:
    """Puts the texts where the file has a list of that name, one a line."""
    before, _, rest = path.read_text(encoding="utf-8").partition(f"\n{key} = [")
    after = rest.partition("\n]" if rest.startswith("\n  ") else "]")[2]
    lines = "".join(f"\n  {json.dumps(text, ensure_ascii=False)}," for text in texts)
    filled = f"[{lines}\n]" if texts else "[]"
    path.write_text(f"{before}\n{key} = {filled}{after}", encoding="utf-8")


if __name__ == "__main__":
    for found in cases():
        if not sys.argv[1:] or any(word in found.as_posix() for word in sys.argv[1:]):
            rewrite(found)
            print(found.relative_to(ROOT))
