"""Where a route stands: what its rules need to know beside its own fields."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.ledger import Cursor, Fate, Settlement
from tocompose.record import NamedTuple
from tocompose.source import leaves
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import Middleware
from tocompose.traefik.proxy_builder import ProxyBuilder


class RouteSite(NamedTuple):
    """Where annotations stand: the world, the proxy, the namespace, the name and the age of the Ingress."""

    model: ClusterModel
    proxy: ProxyBuilder
    namespace: str
    name: str
    age: str = ""

    def note_nowhere(self, route_object: KubeObject) -> None:
        """Says of an object that none of its routes leads anywhere, unless that was said of each of them."""
        ledger, node = self.model.ledger, route_object.cursor.node
        assert node is not None, "an object stands somewhere"
        if any(
            ledger.fate(leaf) == Settlement(Fate.NOTED, ("TC282",)) for leaf in leaves(node)
        ):
            route_object.cursor.mark_noted("TC282")
        else:
            route_object.cursor.note(
                "TC282",
                route=str(route_object),
                why="it leads to no container of the manifests",
            )

    def note_resolver(self, name: str, cursor: Cursor) -> None:
        """Says once of a certificate resolver that the proxy does not know it."""
        if self.proxy.is_new_resolver(name):
            cursor.annotate("TC287", subject=ModelPath.service(self.proxy.name), name=name)

    def middleware(self, kind: str, options: Mapping[str, str]) -> Middleware:
        """A middleware named after the Ingress."""
        return self.proxy.middleware(self.name, kind, options)
