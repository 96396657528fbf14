"""A kubeconfig whose proxy is no address gets one message."""

from __future__ import annotations

import pytest
import yaml

from tocompose.cluster.kubeconfig import connect_cluster
from tocompose.importers import SourceError


@pytest.mark.parametrize("proxy", [5, ["http://h"], {"a": "b"}])
def test_a_proxy_that_is_no_address_is_named(tmp_path, proxy):
    cluster = {"server": "https://127.0.0.1:1", "proxy-url": proxy}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "x"}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(SourceError, match="context a"):
        connect_cluster(str(path), None, allow_exec=False)
