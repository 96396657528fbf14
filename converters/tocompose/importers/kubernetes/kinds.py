"""The tables of kinds and of their fields: which kinds are Kubernetes' own, what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tocompose.importers.field_tables import FieldTables
from tocompose.importers.kubernetes import FIELD_TABLES
from tocompose.record import NamedTuple
from tocompose.tables import load

# Why a field with the value that the API server gives it says nothing.
FILLED_IN = "the value that Kubernetes fills in itself"
_OWN_GROUPS = frozenset({"", "apps", "batch", "extensions", "autoscaling", "policy"})
# Kinds that another API group took over from Kubernetes unchanged.
_FORKED = frozenset({"DeploymentConfig", "ImageStream"})


class KindRow(NamedTuple):
    """What becomes of a kind: `type` is its table of fields, `template` the path of its pod template; one without a
    type is said once, with `advice`, or `flagged` where its field `flag` is true. `secret` is the path of the name of a
    Secret that a controller makes for it (else the object's own name), `keys` are those of the Secret's keys."""

    type: str = ""
    template: tuple[str, ...] | None = None
    advice: str = ""
    flag: str = ""
    flagged: str = ""
    versions: tuple[str, ...] = ()
    not_applicable: bool = False
    secret: str = ""
    keys: tuple[str, ...] = ()


@cache
def field_tables() -> FieldTables:
    """The fields of every type of the API, by its name without the version (`Container`)."""
    return FieldTables.load(*FIELD_TABLES)


@cache
def kind_rows() -> Mapping[str, KindRow]:
    """Every kind that `mappings/kubernetes/kinds.yaml` knows."""
    return {name: _parse_kind(row or {}) for name, row in load("kubernetes/kinds").items()}


def _parse_kind(row: Mapping[str, str]) -> KindRow:
    columns = dict(row)
    path = columns.pop("template", None)
    template = None if path is None else tuple(key for key in path.split(".") if key)
    versions = tuple(columns.pop("versions", "").split())
    keys = tuple(columns.pop("keys", "").split())
    return KindRow(template=template, versions=versions, keys=keys, **columns)  # type: ignore[arg-type]


def kind_row(name: str) -> KindRow:
    """What becomes of a kind; those of a custom API group may share a row (`*.cert-manager.io`)."""
    rows = kind_rows()
    if name in rows:
        return rows[name]
    group = name.partition(".")[2]
    while group:
        if f"*.{group}" in rows:
            return rows[f"*.{group}"]
        group = group.partition(".")[2]
    return KindRow()


def is_served(name: str, version: str) -> bool:
    """Whether the API version is one in which Kubernetes has served the kind; true for kinds without a table."""
    versions = kind_row(name).versions
    return not versions or version in versions


def qualified_kind(name: str, version: str) -> str:
    """The name under which a kind is known: with its API group unless that is one of Kubernetes' own."""
    group = version.rpartition("/")[0]
    qualified = f"{name}.{group}"
    if group in _OWN_GROUPS or name == "Rollout":
        return name
    # An extension may have put its group below that of Kubernetes, as KEDA did.
    if group.endswith(".k8s.io") and f"*.{group}" not in kind_rows():
        return name
    return name if name in _FORKED and qualified not in kind_rows() else qualified
