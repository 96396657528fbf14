"""Manifests that set every field: none goes without a trace, none is read without an effect."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
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


def result(documents: Scene, practices: str = "none") -> Result:
    """The conversion of a scene, each document on a line of its own."""
    text = "\n---\n".join(json.dumps(document) for document in documents)
    options = Options(source="kubernetes", practices=practices, layout=Layout(split=True))
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


def seen(documents: Scene, practices: str = "none") -> Any:
    """What a user gets to see of a conversion, or that there is nothing to convert."""
    try:
        return said(result(documents, practices))
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


# Of so many values one is removed, and one changed, with practices on.
_SAMPLED = 90


@pytest.mark.slow
def test_practices_hide_no_field_and_no_value() -> None:
    places = [
        (name, path)
        for name, documents in sorted(SCENES.items())
        for path in paths(documents)
        if len(path) > 1
    ]
    bases = {name: seen(documents, "all") for name, documents in SCENES.items()}
    carried = {
        name: {tuple(place) for place in _carried_places(documents)}
        for name, documents in SCENES.items()
    }
    silent = []
    for name, path in places[::_SAMPLED]:
        documents = SCENES[name]
        variants = [without(documents, path)]
        if path in carried[name]:
            variants.append(_changed(documents, path))
        silent += [
            (name, path) for variant in variants if seen(variant, "all") == bases[name]
        ]
    assert silent == []


def _carried_places(documents: Scene) -> Iterator[tuple[Any, ...]]:
    ledger = result(documents, "all").ledger
    for leaf in ledger.leaves():
        if ledger.fate(leaf).fate is Fate.MAPPED:
            yield ((leaf.span.line - 1) // 2, *ledger.path(leaf))


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
