"""Secrets in files of many programs, nested shells, options, addresses and broken sources are shown nowhere.

The places stand in `more_places.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from fuzz.outputs import shown
from fuzz.places import Place
from fuzz.stack_places import planted
from fuzz.test_secrets import forms, secret_of

_BY_IMPORTER = yaml.safe_load(
    Path(__file__).with_name("more_places.yaml").read_text(encoding="utf-8")
)
_OF_CONFIG_MAPS = "config files"


def _mounted(files: dict[str, str]) -> dict[str, str]:
    """Manifests of a ConfigMap with the files and of what mounts it."""
    mount = {"name": "v", "mountPath": "/etc/x"}
    container = {"name": "web", "image": "acme/web:1", "volumeMounts": [mount]}
    volume = {"name": "v", "configMap": {"name": "c"}}
    manifests: list[Any] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": files},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web"},
            "spec": {"containers": [container], "volumes": [volume]},
        },
    ]
    return {"app.yaml": yaml.safe_dump_all(manifests, default_style="|")}


def _places() -> Iterator[Place]:
    for importer, places in _BY_IMPORTER.items():
        for name, files in places.items():
            if importer == _OF_CONFIG_MAPS:
                yield Place("kubernetes", name, planted(_mounted(files)), plain=True)
            else:
                yield Place(importer, name, planted(files), plain=True)


PLACES = tuple(_places())


def leaks(place: Place) -> list[str]:
    """The outputs that show the secret of the place."""
    secret = secret_of(Random(place.name), plain=True)
    files = {name: text.encode() for name, text in place.plant(secret).items()}
    known = forms(secret)
    return [
        name
        for name, text in shown(files, place.form)
        if any(form in text for form in known)
    ]


@pytest.mark.parametrize("place", PLACES[::9], ids=lambda place: place.name)
def test_a_place_shows_no_secret(place: Place) -> None:
    assert not leaks(place)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_place_shows_its_secret(place: Place) -> None:
    assert not leaks(place)
