"""Reads the objects of a live cluster, by list calls only, as the files that `kubectl get -o json` would write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tocompose.cluster.api import ApiServer, ListAnswer
from tocompose.cluster.kinds import ApiResource, discover_kinds, is_ignored
from tocompose.cluster.kubeconfig import connect_cluster
from tocompose.cluster.selection import Selection, parse_selector, select_objects
from tocompose.notes import Note, note
from tocompose.project import Memory
from tocompose.record import NamedTuple
from tocompose.wording import counted, plural

__all__ = ["Found", "Request", "read"]

# Requests at a time: a remote cluster answers each within a tenth of a second, and has a few dozen kinds.
_PARALLEL = 6


class ClusterRequest(NamedTuple):
    """What to read: a context of the kubeconfig, namespaces (those of the context when empty), a label selector."""

    context: str | None = None
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    selector: str | None = None
    secrets: bool = True
    kubeconfig: str | None = None
    allow_exec: bool = False
    timeout: float = 20.0


class ClusterObjects(NamedTuple):
    """The objects as files, and what to tell about what could not be read."""

    project: Memory
    notes: tuple[Note, ...]


def read_cluster(request: ClusterRequest) -> ClusterObjects:
    """The objects of the namespaces asked for.

    Raises SourceError when the cluster cannot be reached or lets nobody in, or the selector is none.
    """
    selector = parse_selector(request.selector or "")
    connection = connect_cluster(
        request.kubeconfig, request.context, allow_exec=request.allow_exec
    )
    api = ApiServer(connection, request.timeout)
    resources, notes = discover_kinds(api)
    asked_for = [resource for resource in resources if _is_asked_for(resource, request)]
    namespaces: tuple[str, ...] = ()
    if not request.all_namespaces:
        namespaces = request.namespaces or (connection.namespace,)
    answers = _list_all(api, asked_for, namespaces)
    objects = [resource for _, answer in answers for resource in answer.items]
    selected, left_out = select_objects(objects, Selection(namespaces, selector))
    notes += _notes_on_missing(request, answers, left_out)
    name = namespaces[0] if len(namespaces) == 1 else connection.name
    return ClusterObjects(Memory(dict(_object_files(selected)), name), tuple(notes))


def _notes_on_missing(
    request: ClusterRequest,
    answers: list[tuple[ApiResource, ListAnswer]],
    left_out: Sequence[str],
) -> Iterator[Note]:
    """What was refused, was not asked for, or is of no use."""
    for resource, answer in answers:
        if answer.problem:
            yield _note_refusal(resource, answer)
    if not request.secrets:
        yield note("TC273")
    if left_out:
        names = ", ".join(left_out[:5]) + (" …" * (len(left_out) > 5))
        yield note("TC271", objects=counted(len(left_out), "object"), what=names)


def _is_asked_for(resource: ApiResource, request: ClusterRequest) -> bool:
    is_withheld = resource.plural == "secrets" and not request.secrets
    return not is_withheld and not is_ignored(resource)


def _list_all(
    api: ApiServer, resources: list[ApiResource], namespaces: tuple[str, ...]
) -> list[tuple[ApiResource, ListAnswer]]:
    """The answer for each resource and namespace, asked side by side, in the order of the resources."""
    from concurrent.futures import ThreadPoolExecutor

    calls = [
        (resource, path)
        for resource in resources
        for path in resource.list_paths(namespaces)
    ]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        answers = list(pool.map(lambda call: api.list(call[1]), calls))
    return [
        (resource, answer) for (resource, _), answer in zip(calls, answers, strict=True)
    ]


def _note_refusal(resource: ApiResource, answer: ListAnswer) -> Note:
    kinds = plural(resource.kind)
    return note("TC270", kinds=kinds, why=answer.problem, verb=resource.plural)


def _object_files(objects: Iterable[dict[str, Any]]) -> Iterable[tuple[str, bytes]]:
    """One file an object, named `namespace/kind/name.json`, so that a position in a note says which object it is."""
    for api_object in objects:
        metadata = api_object.get("metadata") or {}
        path = "/".join(
            (
                metadata.get("namespace") or "cluster",
                str(api_object["kind"]).lower(),
                str(metadata.get("name")),
            )
        )
        yield (
            f"{path}.json",
            json.dumps(api_object, indent=2, ensure_ascii=False, sort_keys=True).encode(),
        )
