"""Random secrets planted in every place of a source come out in `.env` and `secrets/` and nowhere else."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from random import Random
from string import ascii_letters, digits
from urllib.parse import quote

import pytest

from fuzz.outputs import shown
from fuzz.places import PLACES, Place
from tocompose.cli.exit import exit_cleanly

_ODD = "$#'\"\\ !&<>|`*{}%é=:/@"


def secret_of(random: Random, plain: bool) -> str:
    """A secret of 10 to 24 characters; one that is not plain has characters that each format must escape."""
    letters = random.choices(ascii_letters + digits, k=random.randint(10, 24))
    for _ in range(0 if plain else random.randint(0, 3)):
        letters.insert(random.randint(1, len(letters) - 1), random.choice(_ODD))
    return "".join(letters)


def forms(secret: str) -> set[str]:
    """The ways in which the secret, or so much of it that the rest can be guessed, may stand in a text."""
    pieces = {secret[start : start + 9] for start in range(max(len(secret) - 8, 1))}
    coded = b64encode(secret.encode()).decode().rstrip("=")[:-1]
    written = {
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        secret.replace("$", "$$"),
        coded[:12],
    }
    return pieces | {form for form in written if len(form) > 8}


def leaks(place: Place, secret: str) -> Iterator[str]:
    """The outputs in which the secret stands."""
    known = forms(secret)
    files = {name: text.encode() for name, text in place.plant(secret).items()}
    for name, text in shown(files, place.form):
        if any(form in text for form in known):
            yield f"{name}: {next(line for line in text.splitlines() if any(form in line for form in known))[:200]}"


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.form}-{place.name}")
def test_a_secret_comes_out_nowhere_but_in_env_and_secrets(place: Place) -> None:
    secret = secret_of(Random(f"{place.form}{place.name}"), place.plain)
    assert not list(leaks(place, secret)), f"{place.plant(secret)}"


def test_a_traceback_shows_where_a_fault_comes_from_and_no_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOCOMPOSE_TRACEBACK", "1")
    with pytest.raises(SystemExit), exit_cleanly():
        try:
            int("hunter22-canary")
        except ValueError as inner:
            raise KeyError("hunter22" + "-canary") from inner
    said = capsys.readouterr().err
    assert "KeyError" in said and "ValueError" in said and "test_secrets.py" in said
    # The line of the test itself is quoted; what the exceptions say is not.
    assert said.count("hunter22-canary") == said.count('int("hunter22-canary")')
