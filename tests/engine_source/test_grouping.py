"""Which containers of a host are one stack."""

from __future__ import annotations

from typing import Any

from engine_source.objects import container
from tocompose.importers.engine.grouping import group_stacks


def on(name: str, *networks: str, project: str = "", **fields: Any) -> Any:
    labels = {"com.docker.compose.project": project} if project else {}
    places = {"Networks": {network: {} for network in networks or ("bridge",)}}
    made = container(name, config={"Labels": labels}, NetworkSettings=places, **fields)
    return {**made, "Id": name.ljust(64, "0")}


def names(*containers: Any) -> dict[str, list[str]]:
    return {
        group.name: [str(one["Name"]).strip("/") for one in group.objects]
        for group in group_stacks(containers)
    }


def test_a_project_of_compose_is_a_stack_whatever_it_shares() -> None:
    shared = [on("a", "proxy", project="one"), on("b", "proxy", project="two")]
    assert names(*shared) == {"one": ["a"], "two": ["b"]}


def test_a_network_of_their_own_ties_containers_together() -> None:
    found = names(on("a", "shop"), on("b", "shop"), on("c"))
    assert found == {"shop": ["a", "b"], "c": ["c"]}


def test_the_engines_own_networks_tie_nothing() -> None:
    assert names(on("a"), on("b"), on("c", "host"), on("d", "host")) == {
        name: [name] for name in "abcd"
    }


def test_links_namespaces_and_volumes_tie() -> None:
    volume = [{"Type": "volume", "Name": "data"}]
    found = names(
        on("a", host={"Links": ["/b:/a/db"]}),
        on("b"),
        on("c", host={"NetworkMode": f"container:{'b'.ljust(64, '0')}"}),
        on("d", host={"VolumesFrom": ["e:ro"]}, Mounts=volume),
        on("e"),
        on("f", Mounts=volume),
    )
    assert found == {"a": ["a", "b", "c"], "d": ["d", "e", "f"]}


def test_two_stacks_of_one_name_are_told_apart() -> None:
    assert list(names(on("Web"), on("web_"))) == ["web", "web-2"]
