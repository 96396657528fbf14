"""The kinds of objects: which are Kubernetes' own, what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tocompose.tables import load


class Kind(NamedTuple):
    """What becomes of a kind: `type` is its table of fields, `template` the path of its pod template; one without a
    type is said once, with `advice`."""

    type: str = ""
    template: tuple[str, ...] = ()
    advice: str = ""
    versions: tuple[str, ...] = ()
    not_applicable: bool = False


@cache
def kind_rows() -> Mapping[str, Kind]:
    """Every kind that `mappings/kubernetes/kinds.yaml` knows."""
    return {name: _parse_kind(row or {}) for name, row in load("kubernetes/kinds").items()}


def _parse_kind(row: Mapping[str, str]) -> Kind:
    given = dict(row)
    template = tuple(given.pop("template", "").split(".")) if "template" in given else ()
    versions = tuple(given.pop("versions", "").split())
    return Kind(template=template, versions=versions, **given)  # type: ignore[arg-type]


def kind_row(name: str) -> Kind:
    """What becomes of a kind; those of a custom API group may share a row (`*.cert-manager.io`)."""
    table = kind_rows()
    if name in table:
        return table[name]
    group = name.partition(".")[2]
    while group:
        if f"*.{group}" in table:
            return table[f"*.{group}"]
        group = group.partition(".")[2]
    return Kind()


def is_served(name: str, version: str) -> bool:
    """Whether the API version is one in which Kubernetes has served the kind; true for kinds without a table."""
    return not (versions := kind_row(name).versions) or version in versions


_OWN_GROUPS = frozenset({"", "apps", "batch", "extensions", "autoscaling", "policy"})


def qualified_kind(name: str, version: str) -> str:
    """The name under which a kind is known: with its API group unless that is one of Kubernetes' own."""
    group = version.rpartition("/")[0]
    if group in _OWN_GROUPS or group.endswith(".k8s.io") or name == "Rollout":
        return name
    return (
        name
        if f"{name}.{group}" not in kind_rows() and name in _FORKED
        else f"{name}.{group}"
    )


# Kinds that another API group took over from Kubernetes unchanged.
_FORKED = frozenset({"DeploymentConfig", "ImageStream"})
