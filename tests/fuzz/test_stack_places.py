"""Secrets in stacks of a swarm, pods of podman, Makefiles and units of systemd come out in `.env` and `secrets/` alone.

`python -m fuzz.test_stack_places FOLDER` writes what anyone may read into a folder, for scanners of others to judge.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from fuzz.outputs import shown
from fuzz.places import Place
from fuzz.stack_places import STACK_PLACES
from fuzz.test_secrets import forms, secret_of

# A word that no output has, and digits as a machine issues them.
KINDS = ("random", "word", "hexadecimal")
WORD = "quietharborlanternfold"
CASES = [(place, kind) for place in STACK_PLACES for kind in KINDS]


def secret_for(place: Place, kind: str) -> str:
    """The secret of that kind for the place."""
    random = Random(f"{kind}{place.name}")
    if kind == "hexadecimal":
        return "".join(random.choices("0123456789abcdef", k=40))
    return WORD if kind == "word" else secret_of(random, plain=True)


def outputs(place: Place, secret: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each output."""
    files = {name: text.encode() for name, text in place.plant(secret).items()}
    return shown(files, place.form)


def leaks(place: Place, kind: str) -> Iterator[str]:
    """The outputs that show the secret."""
    secret = secret_for(place, kind)
    known = forms(secret)
    for name, text in outputs(place, secret):
        if any(form in text for form in known):
            yield name


@pytest.mark.parametrize(("place", "kind"), CASES[::7])
def test_a_place_shows_no_secret(place: Place, kind: str) -> None:
    assert not list(leaks(place, kind)), place.name


@pytest.mark.slow
@pytest.mark.parametrize("place", STACK_PLACES, ids=lambda place: place.name)
def test_no_place_shows_any_kind_of_secret(place: Place) -> None:
    assert not [name for kind in KINDS for name in leaks(place, kind)]


def main() -> None:
    """Writes the files of each place, and the secrets to look for beside the folder."""
    folder = Path(sys.argv[1])
    for number, (place, kind) in enumerate(CASES):
        secret = secret_for(place, kind)
        for name, text in outputs(place, secret):
            if (name.startswith("split: ") and "--diff" not in name) or "error" in name:
                path = folder / str(number) / name.removeprefix("split: ").replace("/", "_")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    secrets = {secret_for(place, kind) for place, kind in CASES}
    listed = "".join(f"{secret}\n" for secret in sorted(secrets))
    folder.with_suffix(".secrets").write_text(listed, encoding="utf-8")


if __name__ == "__main__":
    main()
