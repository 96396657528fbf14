"""Values of 60 kB of one piece repeated, at each place where a source can hold a text: none takes the square of its
length. Patterns that look for an address, a secret or a name are what such values hit."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from shlex import quote

import pytest

from growth import grows_with_input
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

LENGTH = 60_000
PIECES = (
    *("a", "A_", "0", "-", "a.", "a,", "a:", "a=", "a@", "x://", " ", "\n", "a\n", "# ", "'", '"', "\\\n", "{", "${"),
    *("{a,b}", "|", "||", "&&a ", "<", "$(", "curl ", "mysql ", "token: ", "eyJ-", "a:1,", "host "),
)  # fmt: skip
POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w", "labels": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "nginx", "envFrom": [{"configMapRef": {"name": "m"}}]}]},
}  # fmt: skip
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
           "spec": {"selector": {"a": "b"}, "ports": [{"port": 80, "targetPort": 8080}]}}  # fmt: skip


def scripts(text: str) -> Iterator[dict[str, str]]:
    other = "\ndocker run -d --name b redis\n"
    for line in (
        f"docker run -d --name a -e X={quote(text)} nginx",
        f"docker run -d --name a -l x={quote(text)} nginx",
        f"docker run -d --name a nginx sh -c {quote(text)}",
        f"X={quote(text)}\ndocker run -d --name a -e X=$X nginx",
        f"docker run -d --name a nginx\ndocker exec a sh -c {quote(text)}",
        f"docker run -d --name a nginx\n{text}",
    ):
        yield {"run.sh": line + other}
    yield {
        "run.sh": "docker run -d --name a --env-file e.env nginx" + other,
        "e.env": f"X={text}\n",
    }
    yield {"README.md": f"# x\n{text}\n```\ndocker run -d nginx\n```\n"}


def manifests(text: str) -> Iterator[dict[str, str]]:
    container = POD["spec"]["containers"][0]  # type: ignore[index]
    for more in (
        {"env": [{"name": "X", "value": text}]},
        {"args": [text]},
        {"command": ["sh", "-c", text]},
    ):
        pod = POD | {"spec": {"containers": [container | more]}}
        yield {"app.yaml": f"{json.dumps(pod)}\n---\n{json.dumps(SERVICE)}"}
    pod = POD | {
        "metadata": {"name": "w", "labels": {"a": "b"}, "annotations": {"x": text}}
    }
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "m"},
        "data": {"X": text, "a.conf": text},
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "m"},
        "stringData": {"PASSWORD": text},
    }
    yield {
        "app.yaml": "\n---\n".join(
            json.dumps(item) for item in (pod, SERVICE, settings, secret)
        )
    }


def repositories(text: str) -> Iterator[dict[str, str]]:
    line = " ".join(text.splitlines()) or "x"
    web = {"Procfile": "web: npm start\n", "package.json": "{}"}
    yield web | {"Procfile": f"web: node {line}\n"}
    yield web | {".env": f"X={text}\n"}
    told = {
        "env": {"X": {"value": text, "description": text}},
        "scripts": {"postdeploy": text},
    }
    yield web | {"app.json": json.dumps(told)}
    yield web | {
        "package.json": json.dumps({"scripts": {"start": text}, "engines": {"node": text}})
    }
    yield web | {"Dockerfile": f'FROM node:20\nENV X={line}\nCMD ["a"]\n'}
    yield {
        "Procfile": "web: python a.py\n",
        "requirements.txt": text,
        "runtime.txt": text,
        "a.py": text,
    }
    lock = f"GEM\n  specs:\n    rails (7.0)\n{text}\n"
    yield {
        "Procfile": "web: rails s\n",
        "Gemfile": f"gem 'rails'\n{text}\n",
        "Gemfile.lock": lock,
    }


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_no_value_takes_the_square_of_its_length(piece: str) -> None:
    for kind, sources in (
        ("docker_run", scripts),
        ("kubernetes", manifests),
        ("procfile", repositories),
    ):
        for number in range(len(list(sources("a")))):

            def convert_text(size: int, kind=kind, sources=sources, number=number) -> None:
                text = (piece * size)[:size]
                files = next(itertools.islice(sources(text), number, None))
                project = Memory({path: text.encode() for path, text in files.items()})
                with suppress(SourceError):
                    convert(project, Options(source=kind, layout=Layout(split=True)))

            assert grows_with_input(convert_text, LENGTH), (kind, number)
