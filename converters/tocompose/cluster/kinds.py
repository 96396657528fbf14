"""Which kinds a cluster has, and which of them say anything about the applications in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tocompose.cluster.api import Api, Refusal
from tocompose.notes import Note, note
from tocompose.tables import Row, table

# Discovery in two requests where the server can, else a request a group.
# https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
_AGGREGATED = ",".join(
    [
        f"application/json;g=apidiscovery.k8s.io;v={v};as=APIGroupDiscoveryList"
        for v in ("v2", "v2beta1")
    ]
    + ["application/json"]
)


class Resource(NamedTuple):
    """A kind that the server can list: `group` is empty for the core, `version` the group's preferred one."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def key(self) -> str:
        """How the table of kinds names it: `apps/deployments`, `pods`."""
        return f"{self.group}/{self.plural}" if self.group else self.plural

    def places(self, namespaces: tuple[str, ...]) -> tuple[str, ...]:
        """The paths to list: one a namespace; all of them at once when none is named or the kind has none."""
        root = (
            f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        )
        if not self.namespaced or not namespaces:
            return (f"{root}/{self.plural}",)
        return tuple(f"{root}/namespaces/{name}/{self.plural}" for name in namespaces)


def rows() -> dict[str, Row]:
    """The table of kinds by key."""
    return dict(
        table(
            "kubernetes/edge/cluster",
            required=set(),
            optional={"ignore", "kind", "version", "cluster"},
        )
    )


def ignored(resource: Resource) -> bool:
    """Whether the kind says nothing about applications; of cluster-wide kinds only those in the table are read."""
    row = rows().get(resource.key) or rows().get(f"{resource.group}/*") or {}
    return "ignore" in row or (not resource.namespaced and not row.get("cluster"))


def discover(api: Api) -> tuple[list[Resource], list[Note]]:
    """Every kind that the server lists, in a fixed order; what Kubernetes itself has when the server will not say.

    Raises SourceError when the server cannot be reached or does not accept who asks.
    """
    try:
        found = [*_core(api), *_groups(api)]
    except Refusal as refusal:
        return list(_usual()), [note("TC272", why=str(refusal))]
    return sorted(found, key=lambda item: (item.group, item.plural)), []


def _usual() -> Iterator[Resource]:
    for key, row in rows().items():
        if "kind" in row:
            group, _, plural = key.rpartition("/")
            yield Resource(
                group, str(row["version"]), plural, str(row["kind"]), not row.get("cluster")
            )


def _core(api: Api) -> Iterator[Resource]:
    body = api.first("/api", _AGGREGATED)
    if body.get("kind") == "APIGroupDiscoveryList":
        yield from _aggregated(body)
    else:
        yield from _listed("", "v1", api.get("/api/v1", {}))


def _groups(api: Api) -> Iterator[Resource]:
    body = api.get("/apis", {}, _AGGREGATED)
    if body.get("kind") == "APIGroupDiscoveryList":
        yield from _aggregated(body)
        return
    for group in body.get("groups") or ():
        version = str((group.get("preferredVersion") or {}).get("version"))
        try:
            yield from _listed(
                group["name"], version, api.get(f"/apis/{group['name']}/{version}", {})
            )
        except Refusal:
            # A group whose own server is down (metrics, a broken operator) must not hide the others; what this table
            # knows of it is asked for all the same, and its absence told then.
            yield from (item for item in _usual() if item.group == group["name"])


def _listed(group: str, version: str, body: dict[str, Any]) -> Iterator[Resource]:
    for item in body.get("resources") or ():
        if "/" not in item["name"] and "list" in (item.get("verbs") or ()):
            yield Resource(
                group, version, item["name"], item["kind"], bool(item.get("namespaced"))
            )


def _aggregated(body: dict[str, Any]) -> Iterator[Resource]:
    for group in body.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        seen: set[str] = set()
        for version in group.get("versions") or ():
            # The server names its preferred version first; an older one adds the kinds that only it has.
            for item in _fresh(version.get("resources") or (), seen):
                kind = str((item.get("responseKind") or {}).get("kind"))
                yield Resource(
                    name,
                    version["version"],
                    item["resource"],
                    kind,
                    item.get("scope") == "Namespaced",
                )


def _fresh(resources: Iterable[dict[str, Any]], seen: set[str]) -> Iterator[dict[str, Any]]:
    for item in resources:
        if "list" in (item.get("verbs") or ()) and item["resource"] not in seen:
            seen.add(item["resource"])
            yield item
