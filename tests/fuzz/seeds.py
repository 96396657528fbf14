"""Real inputs to start from: the project's fixtures, and the corpus where there is one; nothing of it is copied."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_LARGEST = 60_000
_MOST_FILES = 12
# Scripts as people of Windows write them, with every form that `readers/shell.py` knows.
WINDOWS = tuple(
    text.encode()
    for text in (
        "docker run -d `\n  --name db `\n"
        '  -v "C:\\data\\pg:/var/lib/postgresql/data" `\n  -e POSTGRES_DB=shop `\n  postgres:16\n',
        '$name = "web"\n$env:PORT = "8080"\nWrite-Host "starting"\n'
        "docker run -d --name $name -p ${env:PORT}:80 -v ${PWD}\\html:/usr/share/nginx/html nginx:1.27\n",
        "docker run --rm -v $(Get-Location)\\src:/app -v $((pwd).Path)\\out:/out -w /app `\n node:20 npm test\n",
        "$PSScriptRoot\ndocker run -v ${PSScriptRoot}\\conf:/etc/app -v ..\\up:/up -v .\\here:/here app:1\n",
        '@echo off\r\nrem start the cache\r\nset PORT=6379\r\nset "NAME=cache one"\r\n'
        "docker run -d --name %NAME% ^\r\n  -p %PORT%:6379 ^\r\n  -v %cd%\\data:/data redis:7\r\n",
        ":: from the folder of the script\n@set A=$x`y\\z\n"
        "docker run -v %~dp0conf:/conf -v %~dp0\\lib:/lib -e A=%A% ^\n app:2\n",
        'docker run --mount type=bind,source=D:\\a b\\c,target=/c -v "src=C:\\x\\y:/y" app:3\n',
    )
)


class Seed(NamedTuple):
    """The files of one source by their relative path, and the format that it is of."""

    name: str
    form: str
    files: dict[str, bytes]


@cache
def seeds(form: str) -> tuple[Seed, ...]:
    """Every seed of a format (`docker_run`, `kubernetes`, `procfile`, `compose`), sorted by name."""
    found = [*_fixtures(form), *_corpus(form)]
    # A source of the corpus may be called as a fixture is.
    by_name = sorted(found, key=lambda seed: (seed.name, sorted(seed.files)))
    return tuple(seed for seed in by_name if seed.files)


@cache
def texts(*endings: str) -> tuple[bytes, ...]:
    """Every file of all seeds whose name ends so, for the fuzzers of single readers."""
    every = (
        seed
        for form in ("docker_run", "kubernetes", "procfile", "compose")
        for seed in seeds(form)
    )
    found = {
        text: None
        for seed in every
        for name, text in sorted(seed.files.items())
        if name.endswith(endings)
    }
    return tuple(found)


def _fixtures(form: str) -> Iterator[Seed]:
    if form == "compose":
        for place in sorted((ROOT / "fixtures").glob("*/*/expected")):
            names = sorted(place.glob("*compose*.y*ml"))
            yield Seed(
                f"{place.parent.name}/expected",
                form,
                {item.name: _read(item) for item in names},
            )
        return
    for place in sorted((ROOT / "fixtures" / form).iterdir()):
        files = {
            name: text
            for name, text in _tree(place)
            if name != "case.toml" and not name.startswith("expected/")
        }
        yield Seed(f"fixtures/{place.name}", form, files)


def _corpus(form: str) -> Iterator[Seed]:
    root = Path(os.environ.get("TOCOMPOSE_CORPUS") or "/nonexistent")
    if form == "docker_run":
        for place in sorted(root.glob("docker-run/*/*.command.txt")):
            yield Seed(f"corpus/{place.name}", form, {"run.sh": _read(place)})
    elif form == "procfile":
        for place in sorted(root.glob("procfile/*")):
            yield Seed(f"corpus/{place.name}", form, dict(_tree(place)))
    elif form == "kubernetes":
        for place in sorted(root.glob("k8s/**/*.yaml")):
            yield Seed(
                f"corpus/{place.relative_to(root)}", form, {place.name: _read(place)}
            )
    else:
        for place in sorted(root.glob("**/*compose*.y*ml")):
            yield Seed(
                f"corpus/{place.relative_to(root)}",
                form,
                {"docker-compose.yml": _read(place)},
            )


def _tree(place: Path) -> Iterator[tuple[str, bytes]]:
    if place.is_file():
        yield place.name, _read(place)
        return
    paths = [path for path in sorted(place.rglob("*")) if path.is_file()][:_MOST_FILES]
    yield from ((path.relative_to(place).as_posix(), _read(path)) for path in paths)


def _read(path: Path) -> bytes:
    return path.read_bytes()[:_LARGEST]
