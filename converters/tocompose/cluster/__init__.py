"""Reads the objects of a live cluster, by list calls only, as the files that `kubectl get -o json` would write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from tocompose.cluster.api import Answer, Api
from tocompose.cluster.kinds import Resource, discover, ignored
from tocompose.cluster.kubeconfig import connect
from tocompose.cluster.selection import Selection, kept, requirements
from tocompose.notes import Note, note
from tocompose.project import Memory

__all__ = ["Found", "Request", "read"]

# Requests at a time: a remote cluster answers each within a tenth of a second, and has a few dozen kinds.
_PARALLEL = 6


class Request(NamedTuple):
    """What to read: a context of the kubeconfig, namespaces (those of the context when empty), a label selector."""

    context: str | None = None
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    selector: str | None = None
    secrets: bool = True
    kubeconfig: str | None = None
    allow_exec: bool = False
    timeout: float = 20.0


class Found(NamedTuple):
    """The objects as files, and what to tell about what could not be read."""

    project: Memory
    notes: tuple[Note, ...]


def read(request: Request) -> Found:
    """The objects of the namespaces asked for.

    Raises SourceError when the cluster cannot be reached or lets nobody in, or the selector is none.
    """
    selector = requirements(request.selector or "")
    connection = connect(request.kubeconfig, request.context, allow_exec=request.allow_exec)
    api = Api(connection, request.timeout)
    resources, notes = discover(api)
    wanted = [
        item
        for item in resources
        if not ignored(item) and (request.secrets or item.plural != "secrets")
    ]
    namespaces = (
        () if request.all_namespaces else request.namespaces or (connection.namespace,)
    )
    answers = _all(api, wanted, namespaces)
    notes += [_refused(resource, answer) for resource, answer in answers if answer.problem]
    if not request.secrets:
        notes.append(note("TC273"))
    objects = [item for _, answer in answers for item in answer.items]
    selection = Selection(namespaces, selector)
    chosen, left_out = kept(objects, selection)
    if left_out:
        notes.append(
            note(
                "TC271",
                count=len(left_out),
                what=", ".join(left_out[:5]) + (" …" * (len(left_out) > 5)),
            )
        )
    name = namespaces[0] if len(namespaces) == 1 else connection.name
    return Found(Memory(dict(_files(chosen)), name), tuple(notes))


def _all(
    api: Api, resources: list[Resource], namespaces: tuple[str, ...]
) -> list[tuple[Resource, Answer]]:
    """The answer for each resource and namespace, asked side by side, in the order of the resources."""
    from concurrent.futures import ThreadPoolExecutor

    calls = [(item, place) for item in resources for place in item.places(namespaces)]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        answers = list(pool.map(lambda call: api.list(call[1]), calls))
    return [(item, answer) for (item, _), answer in zip(calls, answers, strict=True)]


def _refused(resource: Resource, answer: Answer) -> Note:
    return note("TC270", kind=resource.kind, why=answer.problem, verb=resource.plural)


def _files(objects: Iterable[dict[str, Any]]) -> Iterable[tuple[str, bytes]]:
    """One file an object, named `namespace/kind/name.json`, so that a position in a note says which object it is."""
    for item in objects:
        metadata = item.get("metadata") or {}
        place = "/".join(
            (
                metadata.get("namespace") or "cluster",
                str(item["kind"]).lower(),
                str(metadata.get("name")),
            )
        )
        yield (
            f"{place}.json",
            json.dumps(item, indent=2, ensure_ascii=False, sort_keys=True).encode(),
        )
