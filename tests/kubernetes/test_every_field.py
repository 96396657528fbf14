"""Manifests that set every field: none goes without a trace, none is read without an effect."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

pytest.importorskip("kubernetes")

from kubernetes_everything import at, paths, without
from kubernetes_models import ROOTS, bare, open_types
from kubernetes_scenes import Scene, scenes
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.ledger import Fate
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

SCENES = scenes()
_PLACE = re.compile(r"m\.yaml:\d+(?::\d+)?")


def result(documents: Scene) -> Result:
    """The conversion of a scene, each document on a line of its own."""
    text = "\n---\n".join(json.dumps(document) for document in documents)
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(Memory({"m.yaml": text.encode()}), options)


def said(outcome: Result) -> Any:
    """What a user gets to see: files and notes, without the places in the source."""
    files = sorted(
        (item.path, _PLACE.sub("", item.content.decode("latin-1")), item.mode)
        for item in outcome.files
    )
    return files, sorted(
        (item.code, _PLACE.sub("", item.message)) for item in outcome.notes
    )


def seen(documents: Scene) -> Any:
    """What a user gets to see of a conversion, or that there is nothing to convert."""
    try:
        return said(result(documents))
    except SourceError as error:
        return str(error)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_nothing_is_left_unread_or_unwritten(name: str) -> None:
    assert [
        note.message
        for note in result(SCENES[name]).notes
        if note.code in ("TC001", "TC901")
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SCENES))
def test_removing_any_field_shows(name: str) -> None:
    documents = SCENES[name]
    base = seen(documents)
    places = [path for path in paths(documents) if len(path) > 1]
    silent = [path for path in places if seen(without(documents, path)) == base]
    assert silent == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SCENES))
def test_changing_any_value_that_was_carried_over_shows(name: str) -> None:
    documents = SCENES[name]
    outcome = result(documents)
    base, silent = said(outcome), []
    for leaf in outcome.ledger.leaves():
        place = ((leaf.span.line - 1) // 2, *outcome.ledger.path(leaf))
        if (
            outcome.ledger.fate(leaf).fate is Fate.MAPPED
            and seen(_changed(documents, place)) == base
        ):
            silent.append(place)
    assert silent == []


def _changed(documents: Scene, place: tuple[Any, ...]) -> Scene:
    made = copy.deepcopy(documents)
    parent = at(made, place[:-1])
    parent[place[-1]] = _other(parent[place[-1]])
    return made


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("b" if value.endswith("a") else "a")
    return [value]


def test_the_scenes_hold_every_field_of_every_supported_kind() -> None:
    """Guards the tests above: a field that no scene sets would never be looked at."""
    present = {
        (type_of, key) for documents in SCENES.values() for type_of, key in _keys(documents)
    }
    kinds = {kind for kind, _ in present}
    for root in ROOTS:
        assert bare(root) in kinds, root
    keys = {key for _, key in present}
    from kubernetes_models import fields

    missing = [
        f"{bare(model)}.{field.name}"
        for model, _ in open_types()
        for field in fields(model)
        if field.name not in keys
    ]
    assert missing == []


def _keys(documents: Scene) -> Any:
    for document in documents:
        for path in paths(document):
            for key in path:
                if isinstance(key, str):
                    yield document["kind"], key
