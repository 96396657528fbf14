"""Every part of what podman, builds and pods are told: in the file, in a note of its own, or left out for a reason."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
import yaml

from docker_run.podman_parts import BUILD, POD, PODMAN, PODMAN_CREATED
from docker_run.test_value_parts import changed
from docker_run.value_parts import Flag
from tocompose.exporters.creation import find_conflicts
from tocompose.exporters.refused_values import refused_values
from tocompose.importers import SourceError
from tocompose.importers.docker_run.options import flag_rows
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

KINDS = {"podman": PODMAN, "build": BUILD, "pod": POD, "created": PODMAN_CREATED}
OTHERS = "podman run -d --name other acme/o:1\npodman run -d --name db acme/o:1\n"
# A script of each kind, with room for the flag.
SCRIPTS = {
    "podman": OTHERS + "podman run -d --name app {} acme/a:1",
    "build": "docker buildx build -t acme/a:1 {} .\ndocker run -d --name app acme/a:1",
    "pod": "podman pod create --name p {}\npodman run -d --pod p --name app acme/a:1",
    "created": "podman {} res\npodman run -d --network=res --volume=res:/res acme/a:1",
}
VALUES = [
    (kind, flag, value)
    for kind, flags in KINDS.items()
    for flag in flags
    for value in flag.values()
]
# Notes of a value that could not be read, or of a fault of tocompose itself.
ODD = {"TC001", "TC101", "TC102", "TC901"}


def result_of(kind: str, flag: Flag, value: str) -> Result:
    *before, name = flag.name.split()
    word = name + (value if value.startswith("=") else f"={value}")
    script = SCRIPTS[kind].format(shlex.join([*before, word]))
    files = {"run.sh": script.encode(), "l.txt": b"a=1\n"}
    return convert(Memory(files, "parts"), Options(source="docker_run", practices="none"))


def outcome(kind: str, flag: Flag, value: str) -> object:
    try:
        result = result_of(kind, flag, value)
    except SourceError as problem:
        return str(problem)
    return result.files[0].content, [note.message for note in result.notes]


def is_settled_whole(kind: str, flag: Flag, messages: list[str]) -> bool:
    """Whether a note is about the flag with its whole value, or its row says why nothing is lost."""
    name = flag.name.split()[-1]
    tables = {"podman": ("podman", "run"), "build": ("build",), "pod": ("pod_create",)}
    rows = flag_rows(*tables.get(kind, (flag.name.split()[0] + "_create",)))
    return "ignore" in rows[name] or any(name in message for message in messages)


def silent_parts(remainder: int) -> Iterator[tuple[str, str, str]]:
    for kind, flag, value in VALUES[remainder::8]:
        before = outcome(kind, flag, value)
        messages = before[1] if isinstance(before, tuple) else []
        if is_settled_whole(kind, flag, messages):
            continue
        for variant in changed(value):
            if outcome(kind, flag, variant) == before:
                yield flag.name, value, variant


@pytest.mark.parametrize("remainder", range(8))
def test_no_part_can_change_unseen(remainder: int) -> None:
    assert list(silent_parts(remainder)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_value_is_read_and_what_is_written_can_be_created(kind: str) -> None:
    for flag, value in [(flag, value) for k, flag, value in VALUES if k == kind]:
        result = result_of(kind, flag, value)
        document = yaml.safe_load(result.files[0].content)
        assert not ODD & {note.code for note in result.notes}, (flag.name, value)
        assert list(find_conflicts(document)) == [], (flag.name, value)
        refusals = map(refused_values, document["services"].values())
        assert not any(refusals), (flag.name, value)


def test_there_are_values_enough() -> None:
    assert len(VALUES) >= 400


def test_podmans_own_network_takes_names_and_loses_addresses() -> None:
    [flag] = [flag for flag in PODMAN if "bridge:ip=10.88.0.9" in flag.values()]
    result = result_of("podman", flag, "bridge:alias=a,mac=02:42:ac:11:00:07")
    service = yaml.safe_load(result.files[0].content)["services"]["app"]
    attachment = {"aliases": ["a"], "mac_address": "02:42:ac:11:00:07"}
    assert service["networks"] == {"default": attachment}


def test_a_secret_option_that_podman_does_not_know_is_named() -> None:
    flag = Flag("--secret", (("cert,typo=mount",),))
    [note] = [
        n for n in result_of("podman", flag, "cert,typo=mount").notes if n.code == "TC102"
    ]
    assert "typo" in note.message


def test_the_secrets_of_a_build_are_declared_and_stay_where_they_are() -> None:
    script = (
        "cd app\ndocker build --secret id=npm,src=.npmrc --secret id=tok,env=TOKEN -t acme/a:1 .\n"
        "docker run -d --name web acme/a:1\n"
    )
    options = Options(source="docker_run", practices="none")
    result = convert(Memory({"run.sh": script.encode()}, "parts"), options)
    document = yaml.safe_load(result.files[0].content)
    assert document["services"]["web"]["build"]["secrets"] == ["npm", "tok"]
    assert document["secrets"] == {
        "npm": {"file": "./app/.npmrc"},
        "tok": {"environment": "TOKEN"},
    }


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("--network private", ""),
        ("--network ns:/run/netns/x", "TC127"),
        ("--group-add keep-groups", "TC193"),
        ("--tz local", "TC193"),
        ("--log-driver k8s-file", "TC193"),
        ("--log-opt path=/var/log/x", "TC193"),
        ("--tmpfs /x:tmpcopyup", "TC193"),
        ("--tmpfs /x:notmpcopyup", ""),
        ("-v data:/x:copy", ""),
        ("--network bridge:ip=10.88.0.7", "TC045"),
    ],
)
def test_what_podman_takes_and_no_docker_engine_is_left_out(words: str, note: str) -> None:
    """Podman 4.3.1 takes each of them, and docker's engine refuses it."""
    value = words.rpartition(" ")[2]
    script = f"podman run -d --name app {words} acme/a:1\n"
    options = Options(source="docker_run", practices="none")
    result = convert(Memory({"run.sh": script.encode()}, "parts"), options)
    body = yaml.safe_load(result.files[0].content)["services"]["app"]
    assert value not in str(body)
    # That a volume is copied and a network is not made is said of each that is named.
    codes = [said.code for said in result.notes if said.code not in ("TC141", "TC787")]
    assert codes == [note] * bool(note)
