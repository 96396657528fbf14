"""Makes folders of varied repositories from the fixtures: `python tests/batch/generator.py FOLDER [COUNT]`.

The same count gives the same repositories, byte for byte. Each is one of the shapes below, filled from the fixtures of
every format and from templates, with names, images, ports and sizes that differ from one to the next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
Files = dict[str, bytes]

_NAMES = (
    "shop",
    "blog",
    "mail",
    "search",
    "billing",
    "queue",
    "stock",
    "login",
    "chat",
    "maps",
    "tickets",
    "reports",
)
_PARTS = ("api", "web", "worker", "core", "edge", "admin", "gateway", "sync")
_IMAGES = (
    "nginx:1.27",
    "redis:7",
    "postgres:16",
    "mariadb:11",
    "rabbitmq:3",
    "ghcr.io/example/app:2.3",
    "mongo:7",
)


@cache
def fixtures() -> tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]:
    """The input files of every fixture, by its path."""
    found = []
    for case in sorted(path.parent for path in (ROOT / "fixtures").glob("*/*/case.toml")):
        every = sorted(path for path in case.rglob("*") if path.is_file())
        named = [(path.relative_to(case).as_posix(), path.read_bytes()) for path in every]
        kept = tuple(
            (name, data)
            for name, data in named
            if name != "case.toml" and not name.startswith("expected/")
        )
        found.append((case.relative_to(ROOT / "fixtures").as_posix(), kept))
    return tuple(found)


def _fixture(rng: Random) -> Files:
    _, files = rng.choice(fixtures())
    return dict(files)


def _script(rng: Random) -> Files:
    lines = ["#!/bin/sh", f"docker network create net{rng.randrange(100)}"]
    for number in range(rng.randrange(1, 6)):
        port = rng.randrange(2000, 9000)
        image = rng.choice(_IMAGES)
        secret = f" -e DB_PASSWORD=pw{rng.randrange(10**6)}" if rng.random() < 0.5 else ""
        name = f"{rng.choice(_PARTS)}{number}"
        lines.append(
            f"docker run -d --name {name} -p {port}:80 -v data{number}:/data{secret} {image}"
        )
    return {"deploy/run.sh": "\n".join([*lines, ""]).encode()}


def _procfile(rng: Random) -> Files:
    types = [
        "web: gunicorn app:app --workers 3",
        "worker: celery -A app worker",
        "release: python manage.py migrate",
    ]
    chosen = types[: rng.randrange(1, 4)]
    addons = rng.sample(
        ["heroku-postgresql", "heroku-redis", "cloudamqp"], rng.randrange(0, 3)
    )
    listed = ", ".join(f'"{item}"' for item in addons)
    return {
        "Procfile": "".join(f"{line}\n" for line in chosen).encode(),
        "app.json": f'{{"name": "app{rng.randrange(99)}", "addons": [{listed}]}}\n'.encode(),
        "requirements.txt": b"flask==3.0\ngunicorn==22.0\n",
        "runtime.txt": b"python-3.12.1\n",
    }


def _manifests(rng: Random) -> Files:
    files: Files = {}
    for part in rng.sample(_PARTS, rng.randrange(1, 4)):
        port = rng.randrange(2000, 9000)
        files[f"k8s/{part}.yaml"] = f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {part}
  labels: {{app: {part}}}
spec:
  replicas: {rng.randrange(1, 4)}
  selector: {{matchLabels: {{app: {part}}}}}
  template:
    metadata: {{labels: {{app: {part}}}}}
    spec:
      containers:
        - name: {part}
          image: {rng.choice(_IMAGES)}
          ports: [{{containerPort: {port}}}]
          env:
            - {{name: LEVEL, value: "{rng.randrange(9)}"}}
          resources: {{limits: {{memory: {rng.choice((64, 128, 256))}Mi}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {part}}}
spec:
  selector: {{app: {part}}}
  ports: [{{port: 80, targetPort: {port}}}]
""".encode()
    return files


def _readme(rng: Random) -> Files:
    image = rng.choice(_IMAGES)
    return {
        "README.md": f"# Tool\n\n```sh\ndocker run --rm -p 8080:80 {image}\n```\n".encode(),
        "main.go": b"package main\n",
    }


def _monorepo(rng: Random) -> Files:
    files: Files = {"README.md": b"# Many applications\n"}
    for part in rng.sample(_PARTS, rng.randrange(2, 4)):
        files |= {f"services/{part}/{name}": data for name, data in _procfile(rng).items()}
    return files


def _both(rng: Random) -> Files:
    return {**_procfile(rng), **_manifests(rng)}


def _composed(rng: Random) -> Files:
    return {**_script(rng), "docker-compose.yml": b"services:\n  web:\n    image: nginx\n"}


def _library(rng: Random) -> Files:
    return {
        "README.md": b"# A library\n",
        "src/lib.c": b"int answer(void) { return 42; }\n" * rng.randrange(1, 50),
    }


def _ignoring(rng: Random) -> Files:
    return {
        **_script(rng),
        ".gitignore": b"build/\n*.log\n",
        "build/run.sh": b"docker run -d evil\n",
        "x.log": b"x\n",
    }


def _broken(rng: Random) -> Files:
    return {
        "k8s/app.yaml": b"apiVersion: apps/v1\nkind: Deployment\nspec: [unclosed\n",
        "notes.txt": str(rng.random()).encode(),
    }


# How often each shape comes, of 100.
SHAPES: tuple[tuple[int, Callable[[Random], Files]], ...] = (
    (25, _fixture),
    (15, _script),
    (15, _procfile),
    (15, _manifests),
    (8, _readme),
    (5, _monorepo),
    (4, _both),
    (4, _composed),
    (4, _library),
    (3, _ignoring),
    (2, _broken),
)


def repository(number: int) -> tuple[str, Files]:
    """The path and the files of the repository with that number."""
    rng = Random(number)
    weights, shapes = zip(*SHAPES, strict=True)
    files = rng.choices(shapes, weights)[0](rng)
    team = f"team-{number % 17:02}"
    return f"{team}/{rng.choice(_NAMES)}-{rng.choice(_PARTS)}-{number:05}", files


def generate(folder: Path, count: int) -> list[str]:
    """Writes that many repositories below the folder; their paths."""
    paths = []
    for number in range(count):
        path, files = repository(number)
        place = folder / path
        (place / ".git").mkdir(parents=True)
        (place / ".git" / "HEAD").write_bytes(b"ref: refs/heads/main\n")
        for name, data in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        paths.append(path)
    return sorted(paths)


if __name__ == "__main__":
    print(
        len(generate(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)),
        "repositories",
    )
