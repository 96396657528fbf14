"""The proof for containers that exist: the real docker compose, a model of the daemon, and what docker inspect said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine_source.objects import container, endpoint, image, network
from oracles import needs_oracles, oracles
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove import Proof
from tocompose.prove.conversion import prove_conversion
from tocompose.prove.daemon import effective_container, plain_host
from tocompose.prove.recording import RecordedContainer

pytestmark = needs_oracles


def prove(*objects: Any) -> Proof:
    content = json.dumps(list(objects), indent=1).encode()
    options = Options(source="engine", practices="none")
    compose = oracles().compose
    return prove_conversion(Memory({"inspect.json": content}, "host"), options, "", compose)


WEB_IMAGE = image(
    Env=["PATH=/bin", "V=1"],
    Cmd=["serve"],
    Entrypoint=["start"],
    Labels={"m": "i"},
    User="7",
    ExposedPorts={"80/tcp": {}},
    Healthcheck={"Test": ["CMD", "t"], "Interval": 5000000000},
)
MERGED = {
    "Env": ["A=1$B", "PATH=/bin", "V=1"],
    "Cmd": ["serve"],
    "Entrypoint": ["start"],
    "Labels": {"m": "i", "own": "x"},
    "User": "7",
    "ExposedPorts": {"80/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "t"], "Interval": 5000000000},
}


@pytest.mark.parametrize(
    "host",
    [
        {},
        {"NetworkMode": "host"},
        {"NetworkMode": "none"},
        {"Binds": ["data:/d", "/srv:/s:ro"], "Tmpfs": {"/run": "size=1m"}},
        {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}},
        {
            "Memory": 67108864,
            "MemorySwap": 134217728,
            "NanoCpus": 500000000,
            "PidsLimit": 9,
        },
        {
            "Privileged": True,
            "SecurityOpt": ["label=disable"],
            "MaskedPaths": None,
            "ReadonlyPaths": None,
        },
        {
            "CapAdd": ["CAP_NET_ADMIN"],
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": True,
            "Init": True,
        },
        {
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "ShmSize": 1048576,
        },
        {
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "5m"}},
            "Dns": ["1.1.1.1"],
        },
        {
            "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}],
            "Sysctls": {"net.core.somaxconn": "9"},
        },
    ],
)
def test_what_compose_makes_is_what_was_there(host: dict[str, Any]) -> None:
    proof = prove(container(config=MERGED, host=host), WEB_IMAGE)
    assert proof.holds, proof.matches
    assert not [one for match in proof.matches for one in match.differences]


def test_networks_with_names_and_addresses_hold() -> None:
    networks = {
        "shop": endpoint(Aliases=["front"], IPAMConfig={"IPv4Address": "172.25.0.9"})
    }
    web = container(
        config=MERGED, host={"NetworkMode": "shop"}, NetworkSettings={"Networks": networks}
    )
    assert prove(web, WEB_IMAGE, network("shop")).holds


def test_a_value_that_was_lost_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof does not take the importer's word: a variable that it forgets is an undeclared difference."""
    from tocompose.importers.engine import shapes

    monkeypatch.setattr(shapes, "read_environment", lambda cursor, context: iter(()))
    from tocompose.importers.engine import object_facts

    object_facts.shape_function.cache_clear()
    try:
        proof = prove(container(config=MERGED), WEB_IMAGE)
    finally:
        object_facts.shape_function.cache_clear()
    assert not proof.holds
    assert {one.field for match in proof.matches for one in match.differences} == {"Env.A"}


def test_the_daemon_merges_as_its_source_says() -> None:
    own = RecordedContainer("1", "a", {"Cmd": ["x"], "Env": ["V=2"]}, {"Memory": 5}, {})
    made = effective_container(
        own, {"Env": ["V=1", "W=1"], "Cmd": ["y"], "Entrypoint": ["e"]}
    )
    assert made.config["Env"] == ["V=2", "W=1"]
    assert made.config["Cmd"] == ["x"] and made.config["Entrypoint"] == ["e"]
    assert made.host["MemorySwap"] == 10 and made.host["ShmSize"] == 67108864
    emptied = own._replace(config={"Entrypoint": [], "Cmd": ["x"]})
    assert effective_container(emptied, {"Entrypoint": ["e"]}).config["Entrypoint"] == []
    with_entrypoint = own._replace(config={"Entrypoint": ["f"]})
    assert effective_container(with_entrypoint, {"Cmd": ["y"]}).config.get("Cmd") is None
    assert plain_host({"MaskedPaths": ["/proc"]})["MaskedPaths"] is None


def test_what_is_no_plain_json_is_refused(tmp_path: Path) -> None:
    from tocompose.prove import ProofError

    text = f"$ docker inspect web\n{json.dumps([container()])}"
    options = Options(source="engine", practices="none")
    with pytest.raises(ProofError, match="is not plain JSON"):
        prove_conversion(
            Memory({"inspect.json": text.encode()}), options, "", oracles().compose
        )
