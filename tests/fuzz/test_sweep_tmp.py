"""The planted secrets of test_secrets.py, by the commands that users run: batch, --diff, --check, prove, cluster."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from fuzz.places import PLACES, Place
from fuzz.test_secrets import forms, secret_of
from oracles import oracles, unless_oracles
from tocompose.cli import run


class Planted(NamedTuple):
    """A place of a source, and the secret that stands there."""

    place: Place
    secret: str


PLANTED = [
    Planted(place, secret_of(Random(f"told {place.form}{place.name}"), place.plain))
    for place in PLACES
]
# A handful of each format; the batch takes them all.
SOME = PLANTED
PROVED = [planted for planted in PLANTED if planted.place.form == "docker_run"][::8]
_names = pytest.mark.parametrize(
    "planted", SOME, ids=lambda item: f"{item.place.form}-{item.place.name}"
)
Told = Callable[..., str]


@pytest.fixture
def told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Told:
    """What a command line run in `tmp_path` prints to both streams."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        with pytest.raises(SystemExit):
            run(list(words))
        printed = capfdbinary.readouterr()
        text = (printed.out + printed.err).decode("utf-8", "replace")
        # A command line that is refused tells nothing of a source, and so hides no leak either.
        assert "Try 'tocompose" not in text, words
        return text

    return call


def put(folder: Path, files: dict[str, str]) -> None:
    """Writes the files of a source."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def leaked(text: str, secret: str) -> list[str]:
    """The lines that the secret stands in."""
    known = forms(secret)
    return [line[:200] for line in text.splitlines() if any(form in line for form in known)]


def _private(path: Path) -> bool:
    return path.name == ".env" or "secrets" in path.parts


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["tree", "patch"])
def test_a_batch_over_every_place(told: Told, tmp_path: Path, layout: str) -> None:
    # Patches are made of the same files: a third of the places is enough to see that they are masked.
    wanted = PLANTED if layout == "tree" else PLANTED[::3]
    for number, (place, secret) in enumerate(wanted):
        (tmp_path / "repos" / f"r{number:03}" / ".git").mkdir(parents=True)
        put(tmp_path / "repos" / f"r{number:03}", place.plant(secret))
    said = told("batch", "repos", "-j", "1", "-o", "out", "--out-layout", layout)
    out = tmp_path / "out"
    assert {
        "summary.jsonl",
        "summary.csv",
        "summary.sarif",
        "junit.xml",
        "dashboard.html",
        "state.jsonl",
    } <= {path.name for path in out.iterdir()}
    texts = [("what is printed", said)]
    texts += [
        (
            path.relative_to(out).as_posix(),
            path.read_text(encoding="utf-8", errors="replace"),
        )
        for path in sorted(out.rglob("*"))
        if path.is_file() and not _private(path.relative_to(out))
    ]
    assert len(texts) > len(wanted)
    found = [
        (planted.place.form, planted.place.name, name, line)
        for name, text in texts
        for number, planted in enumerate(wanted)
        if "/" not in name or name.startswith(f"r{number:03}") or f"r{number:03}" in name
        for line in leaked(text, planted.secret)
        # A patch cannot be applied without the lines beside a change, which stand in the repository's own file already.
        if not (
            name.endswith(".patch")
            and line.startswith(" ")
            and planted.place.name == "example"
        )
    ]
    assert not found


@_names
def test_differences_with_what_is_there(
    told: Told, tmp_path: Path, planted: Planted
) -> None:
    place, secret = planted
    put(tmp_path / "source", place.plant(secret))
    other = secret_of(Random(f"before {place.name}"), place.plain)
    source = ["--from", place.form, "source"]
    convert = ["convert", *source, "-o", "out"]
    for words in (
        [*convert, "--diff"],
        [*convert, "--check"],
        [*convert, "--check", "--format", "json"],
        ["plan", *source],
        ["plan", *source, "--as", "json"],
        ["plan", *source, "--as", "answers"],
    ):
        said = told(*words)
        assert not leaked(said, secret), words
    put(tmp_path / "source", place.plant(other))
    told(*convert)
    put(tmp_path / "source", place.plant(secret))
    for words in (
        ["--diff"],
        ["--check"],
        ["--diff", "--force"],
        ["--check", "--format", "json"],
    ):
        said = told(*convert, *words)
        assert not leaked(said, secret) and not leaked(said, other), words
    for code in ("TC001", secret):
        assert not leaked(told("explain", code), other)


@pytest.mark.oracle
@unless_oracles
@pytest.mark.parametrize("practices", ["all", "none"])
@pytest.mark.parametrize("planted", PROVED, ids=lambda item: item.place.name)
def test_proofs(told: Told, tmp_path: Path, planted: Planted, practices: str) -> None:
    put(tmp_path, planted.place.plant(planted.secret))
    clients = oracles()
    for form in ("text", "json"):
        words = (
            "prove",
            "run.sh",
            "--docker",
            clients.docker,
            "--compose",
            clients.compose,
            "--format",
            form,
        )
        said = told("--practices", practices, *words)
        assert said and not leaked(said, planted.secret)


_LOGIN = "#!/bin/sh\necho '%s'\necho 'token %s' >&2\nexit 1\n"
_USERS = {
    "a token and no server": "{token: %s}",
    "a password": "{username: me, password: '%s'}",
    "a key that is none": "{client-certificate-data: '%s', client-key-data: '%s'}",
    "a file that is missing": "{tokenFile: /nonexistent, token: '%s', password: '%s'}",
    "a word": "'%s'",
    "a list": "['%s']",
    "not closed": "{token: '%s",
    "a tag": "!!python/object:a.b {token: '%s'}",
    "no name of a provider": "{auth-provider: {config: {id-token: '%s'}}, token: '%s'}",
    "a provider without all": "{auth-provider: {name: oidc, config: {refresh-token: '%s'}}}",
    "a login program without all": "{exec: {command: login, args: ['%s']}}",
    "a login program that is a word": "{exec: '%s', token: '%s'}",
    "nothing": "~",
    "no mapping": "[{token: '%s'}]",
    "a token twice": "{token: '%s', ? ['%s'] : x}",
    "a login program that fails": "{exec: {apiVersion: client.authentication.k8s.io/v1, command: login, "
    "interactiveMode: Never, env: [{name: T, value: '%s'}], args: ['--token=%s']}}",
    "a provider": "{auth-provider: {name: oidc, config: {id-token: '%s', refresh-token: '%s'}}}",
}
_SERVERS = (
    "'https://127.0.0.1:1'",
    "'https://me:%s@127.0.0.1:1'",
    "'https://['",
    "'https://127.0.0.1:x'",
    "''",
    "~",
    "[{a: '%s'}]",
)


@pytest.mark.parametrize("server", _SERVERS)
@pytest.mark.parametrize("user", list(_USERS))
def test_clusters_that_let_nobody_in(
    told: Told, tmp_path: Path, user: str, server: str
) -> None:
    secret = secret_of(Random(f"{user}{server}"), plain=True)
    text = "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
    text += f"clusters: [{{name: c, cluster: {{server: {server}}}}}]\nusers: [{{name: u, user: {_USERS[user]}}}]\n"
    (tmp_path / "config").write_text(text.replace("%s", secret))
    (tmp_path / "login").write_text(_LOGIN.replace("%s", secret))
    (tmp_path / "login").chmod(0o700)
    for more in ([], ["--allow-exec"]):
        said = told("cluster", "--kubeconfig", "config", "--timeout", "1", *more)
        assert said.strip() and "Traceback" not in said and "fault of tocompose" not in said
        assert not leaked(said, secret)
