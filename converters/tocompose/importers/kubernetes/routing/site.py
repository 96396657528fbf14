"""Where a route stands: what its rules need to know beside its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tocompose.importers.kubernetes.routing.proxy import Middleware, Proxy
from tocompose.importers.kubernetes.world import World


class Site(NamedTuple):
    """Where annotations stand: the world, the proxy, the namespace and the name of the Ingress."""

    world: World
    proxy: Proxy
    namespace: str
    name: str

    def middleware(self, kind: str, options: Mapping[str, str]) -> Middleware:
        """A middleware named after the Ingress."""
        return self.proxy.middleware(self.name, kind, options)
