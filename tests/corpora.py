"""Everything in the corpus that TOCOMPOSE_CORPUS names, and what it is converted to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from oracles import corpus
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.rules import Context


class CorpusSource(NamedTuple):
    """Name, format and files of one source."""

    name: str
    kind: str
    files: dict[str, bytes]


@cache
def corpus_sources() -> tuple[CorpusSource, ...]:
    """Everything in the corpus."""
    return tuple(CorpusSource(*source) for source in _read_sources())


@cache
def corpus_outcome(number: int) -> Result:
    """What a source is converted to as `convert -o` does it, done once: nothing in it can be changed."""
    source = corpus_sources()[number]
    options = Options(
        source=source.kind, layout=Layout(split=True), context=Context(split=True)
    )
    return convert(Memory(source.files, "app"), options)


def _read_sources() -> Iterator[tuple[str, str, dict[str, bytes]]]:
    folder = corpus("docker-run/docs-pairs")
    for place in sorted(folder.glob("*.command.txt")) if folder else ():
        yield place.name, "docker_run", {"run.sh": place.read_bytes()}
    folder = corpus("k8s")
    places = (
        [
            place
            for part in ("apps", "dekube", "pairs", "roundtrip")
            for place in sorted((folder / part).iterdir())
        ]
        if folder
        else []
    )
    for place in places:
        yield (
            f"k8s/{place.name}",
            "kubernetes",
            files_of(place / "k8s" if (place / "k8s").is_dir() else place),
        )
    for kind, folder_name in (("engine", "docker-inspect"), ("compose", "legacy-compose")):
        folder = corpus(folder_name)
        for place in sorted(folder.iterdir()) if folder else ():
            files = {
                path: content
                for path, content in files_of(place).items()
                if kind != "engine" or path.endswith(".json")
            }
            yield f"{folder_name}/{place.name}", kind, files
    folder = corpus("procfile")
    for place in sorted(folder.iterdir()) if folder else ():
        yield f"procfile/{place.name}", "procfile", files_of(place)


def files_of(place: Path) -> dict[str, bytes]:
    """A file, or all files below a folder."""
    if place.is_file():
        return {place.name: place.read_bytes()}
    found = sorted(
        path for path in place.rglob("*") if path.is_file() and ".git" not in path.parts
    )
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in found}
