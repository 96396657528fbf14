"""The normalisation rules R1 to R23: what is the same passes, what differs is held."""

from __future__ import annotations

import pytest

from prove.pairs import RULES, Rule, both, compose, docker
from tocompose.prove.clients import recordable_arguments
from tocompose.prove.compare import compare_recordings
from tocompose.prove.difference import Difference, Proof
from tocompose.prove.recording import EngineResource, RecordedContainer, Recording

ID = "f" * 64


def differences(
    asked: RecordedContainer | Recording, given: RecordedContainer | Recording
) -> tuple[Difference, ...]:
    left = asked if isinstance(asked, Recording) else Recording((asked,))
    right = given if isinstance(given, Recording) else Recording((given,))
    return Proof(*compare_recordings(left, right._replace(project="p"))).differences


def fields(
    asked: RecordedContainer | Recording, given: RecordedContainer | Recording
) -> list[str]:
    return [one.field for one in differences(asked, given)]


@pytest.mark.parametrize("rule", RULES, ids=[rule.rule for rule in RULES])
def test_rule_lets_the_same_pass_and_holds_a_difference(rule: Rule) -> None:
    assert fields(rule.asked, rule.equal) == []
    assert rule.field in fields(rule.asked, rule.unequal)


def test_every_rule_has_a_pair() -> None:
    elsewhere = {"R18", "R21"}
    assert {rule.rule.split()[0] for rule in RULES} | elsewhere == {
        f"R{number}" for number in range(1, 24)
    }


def test_r18_rm_is_listed_but_inherent() -> None:
    found = differences(
        docker(host={"AutoRemove": True}), compose(host={"AutoRemove": False})
    )
    assert [(one.field, one.is_inherent, one.is_accounted) for one in found] == [
        ("HostConfig.AutoRemove", True, True)
    ]
    reverse = differences(docker(), compose(host={"AutoRemove": True}))
    assert [(one.field, one.is_inherent) for one in reverse] == [
        ("HostConfig.AutoRemove", False)
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("docker run --cidfile /x -d nginx", "run -d nginx"),
        (
            "docker run -itp 80:80 --cidfile=/x --name a nginx --cidfile y",
            "run -itp 80:80 --name a nginx --cidfile y",
        ),
        ("docker run -e --cidfile nginx", "run -e --cidfile nginx"),
        (
            "docker container create -it --rm --cidfile x nginx",
            "container create -it --rm nginx",
        ),
        ("docker -H tcp://1.2.3.4 --context=x -D run nginx", "run nginx"),
        ("docker network create --cidfile", "network create --cidfile"),
    ],
)
def test_r21_cidfile_and_other_engines_are_left_out(given: str, kept: str) -> None:
    assert recordable_arguments(given.split()) == kept.split()


def test_r2_exact_names_are_told_where_wanted() -> None:
    asked = both(docker("web", host={"Binds": ["data:/d"]}))
    given = both(compose(name="web", host={"Binds": ["p_data:/d"]}), project="p")
    assert Proof(*compare_recordings(asked, given)).differences == ()
    found = Proof(*compare_recordings(asked, given, exact_names=True)).differences
    assert [(one.docker_value["source"], one.compose_value["source"]) for one in found] == [
        ("data", "p_data")
    ]


def test_containers_are_matched_by_name_then_likeness() -> None:
    asked = both(
        docker("b", Image="redis"),
        docker(Image="nginx", Cmd=["x"]),
        docker("", Image="nginx")._replace(id=ID),
    )
    given = both(
        compose("one"), compose("two", Cmd=["x"]), compose("b", name="b", Image="redis")
    )
    found, _ = compare_recordings(asked, given._replace(project="p"))
    assert [match.service for match in found] == ["b", "two", "one"]


def test_a_known_service_decides_the_match() -> None:
    asked = both(docker(Image="nginx"), docker("", Image="redis")._replace(id=ID, group=1))
    given = both(compose("one"), compose("two", Image="redis"))
    found, _ = compare_recordings(asked, given._replace(project="p"), {0: "two", 1: "one"})
    assert [match.service for match in found] == ["two", "one"]


def test_a_container_without_counterpart_is_a_difference_on_either_side() -> None:
    found = differences(both(docker("a"), docker("b")), both(compose("a", name="a")))
    assert [
        (one.container, one.field, one.docker_value, one.compose_value) for one in found
    ] == [("b", "Container", "created", None)]
    found = differences(both(docker("a")), both(compose("a", name="a"), compose("z")))
    assert [(one.container, one.docker_value, one.compose_value) for one in found] == [
        ("z", None, "created")
    ]


def test_networks_that_docker_creates_are_compared() -> None:
    made = {
        "Driver": "bridge",
        "IPAM": {"Driver": "default", "Config": [{"Subnet": "10.0.0.0/8"}]},
        "Internal": True,
    }
    asked = both(networks=(EngineResource("n", made),))
    same = both(
        networks=(
            EngineResource(
                "p_n", {"Internal": True, "IPAM": {"Config": [{"Subnet": "10.0.0.0/8"}]}}
            ),
        )
    )
    assert fields(asked, same) == []
    assert fields(asked, both(networks=(EngineResource("p_n", {"IPAM": None}),))) == [
        "Network.n.Internal",
        "Network.n.IPAM.Config",
    ]
    assert fields(asked, both()) == ["Network.n"]


def test_volumes_that_docker_creates_must_exist() -> None:
    asked = both(volumes=(EngineResource("v", {}),))
    assert fields(asked, both(volumes=(EngineResource("v", {}),))) == []
    assert fields(asked, both()) == ["Volume.v"]
