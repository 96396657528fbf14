"""Which kinds a cluster has, and which of them say anything about the applications in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.cluster.api import ApiServer, RequestRefused
from tocompose.notes import Note, note
from tocompose.record import NamedTuple
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


class ApiResource(NamedTuple):
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

    def list_paths(self, namespaces: tuple[str, ...]) -> tuple[str, ...]:
        """The paths to list: one a namespace; all of them at once when none is named or the kind has none."""
        root = (
            f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        )
        if not self.namespaced or not namespaces:
            return (f"{root}/{self.plural}",)
        return tuple(f"{root}/namespaces/{name}/{self.plural}" for name in namespaces)


def kind_rows() -> dict[str, Row]:
    """The table of kinds by key."""
    return dict(
        table(
            "kubernetes/edge/cluster",
            required=set(),
            optional={"ignore", "kind", "version", "cluster"},
        )
    )


def is_ignored(resource: ApiResource) -> bool:
    """Whether the kind says nothing about applications; of cluster-wide kinds only those in the table are read."""
    row = kind_rows().get(resource.key) or kind_rows().get(f"{resource.group}/*") or {}
    return "ignore" in row or (not resource.namespaced and not row.get("cluster"))


def discover_kinds(api: ApiServer) -> tuple[list[ApiResource], list[Note]]:
    """Every kind that the server lists, in a fixed order; what Kubernetes itself has when the server will not say.

    Raises SourceError when the server cannot be reached or does not accept who asks.
    """
    try:
        resources = [*_core_kinds(api), *_group_kinds(api)]
    except RequestRefused as refusal:
        return list(_usual_kinds()), [note("TC272", why=str(refusal))]
    return sorted(resources, key=lambda resource: (resource.group, resource.plural)), []


def _usual_kinds() -> Iterator[ApiResource]:
    for key, row in kind_rows().items():
        if "kind" in row:
            group, _, plural = key.rpartition("/")
            yield ApiResource(
                group, str(row["version"]), plural, str(row["kind"]), not row.get("cluster")
            )


def _core_kinds(api: ApiServer) -> Iterator[ApiResource]:
    body = api.first("/api", _AGGREGATED)
    if body.get("kind") == "APIGroupDiscoveryList":
        yield from _aggregated_kinds(body)
    else:
        yield from _listed_kinds("", "v1", api.get("/api/v1", {}))


def _group_kinds(api: ApiServer) -> Iterator[ApiResource]:
    body = api.get("/apis", {}, _AGGREGATED)
    if body.get("kind") == "APIGroupDiscoveryList":
        yield from _aggregated_kinds(body)
        return
    for group in body.get("groups") or ():
        version = str((group.get("preferredVersion") or {}).get("version"))
        try:
            yield from _listed_kinds(
                group["name"], version, api.get(f"/apis/{group['name']}/{version}", {})
            )
        except RequestRefused:
            # A group whose own server is down (metrics, a broken operator) must not hide the others; what this table
            # knows of it is asked for all the same, and its absence told then.
            yield from (
                resource for resource in _usual_kinds() if resource.group == group["name"]
            )


def _listed_kinds(group: str, version: str, body: dict[str, Any]) -> Iterator[ApiResource]:
    for api_resource in body.get("resources") or ():
        if "/" not in api_resource["name"] and "list" in (api_resource.get("verbs") or ()):
            yield ApiResource(
                group,
                version,
                api_resource["name"],
                api_resource["kind"],
                bool(api_resource.get("namespaced")),
            )


def _aggregated_kinds(body: dict[str, Any]) -> Iterator[ApiResource]:
    for group in body.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        known_names: set[str] = set()
        for version in group.get("versions") or ():
            # The server names its preferred version first; an older one adds the kinds that only it has.
            for api_resource in _unseen_resources(
                version.get("resources") or (), known_names
            ):
                kind = str((api_resource.get("responseKind") or {}).get("kind"))
                yield ApiResource(
                    name,
                    version["version"],
                    api_resource["resource"],
                    kind,
                    api_resource.get("scope") == "Namespaced",
                )


def _unseen_resources(
    resources: Iterable[dict[str, Any]], known_names: set[str]
) -> Iterator[dict[str, Any]]:
    for api_resource in resources:
        if (
            "list" in (api_resource.get("verbs") or ())
            and api_resource["resource"] not in known_names
        ):
            known_names.add(api_resource["resource"])
            yield api_resource
