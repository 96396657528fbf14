"""Flags that docker refuses, alone or together, end in a note and leave nothing that Compose refuses."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def read(script: str, **files: str) -> Result:
    texts = {name.replace("_", "."): text.encode() for name, text in files.items()}
    project = Memory({"run.sh": script.encode(), **texts})
    return convert(project, Options(source="docker_run", practices="none"))


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ("--no-healthcheck --health-retries 3", "TC194"),
        ("--no-healthcheck --health-cmd true", "TC194"),
        ("--volume-driver rexray", "TC195"),
        ("--volume-driver rexray -v /host:/data", "TC195"),
        ("--volume-driver rexray --mount type=tmpfs,target=/data", "TC195"),
        ("--volume-driver x --mount target=/b,bind-propagation=rslave", "TC195"),
        ("--label-file gone.env", "TC196"),
        ("--mount type=bind,target=/data", "TC102"),
        ("--mount type=volume,source=/a,target=/data", "TC188"),
        ("--mount type=volume,source=a,target=data", "TC102"),
        ("-v data:relative", "TC102"),
        ("--secret 'a b'", "TC102"),
        ("--name 'a b'", "TC771"),
        ("--health-interval 9999999h", "TC102"),
        ("--memory-reservation=-1", ""),
        ("--cpus ''", "TC102"),
        ("--cpus ٣", "TC102"),
        ("--mount type=tmpfs,target=/a,volume-opt=a=b", "TC102"),
        ("--mount type=bind,source=/a,target=/a,tmpfs-size=1m", "TC102"),
        ("--mount type=tmpfs,source=/a,target=/b", "TC102"),
        ("--device 1:2:3:4", "TC102"),
        ("--device video0", "TC102"),
        ("--device /dev/a:b", "TC102"),
        ("--device /dev/a:/b:xyz", "TC102"),
        ("--name web --link web", "TC045"),
        ("--name web --link web:db", "TC045"),
        ("--name web --volumes-from web:ro", "TC045"),
    ],
)
def test_what_docker_refuses_is_said(flags: str, code: str) -> None:
    result = read(f"docker run -d {flags} nginx:1.27")
    codes = {note.code for note in result.notes}
    assert code in {*codes, ""}
    assert not {told for told in codes if told.startswith("TC9")}
    assert [service.image for service in result.stack.services] == ["nginx:1.27"]


def test_a_volume_whose_name_docker_refuses_is_not_made() -> None:
    result = read(
        "docker volume create -d nfs 'a!b'\ndocker volume create ''\ndocker run nginx:1.27"
    )
    assert result.stack.volumes == ()
    assert [one.message for one in result.notes if one.kind.value == "lost"] == [
        "docker refuses a!b as the name of a volume; no volume was created"
    ]


def test_a_driver_of_volumes_stays_with_the_volume_that_it_makes() -> None:
    result = read("docker run -d --volume-driver rexray -v data:/data nginx:1.27")
    assert [volume.driver for volume in result.stack.volumes] == ["rexray"]


def test_a_file_with_labels_of_the_source_stays() -> None:
    result = read("docker run -d --label-file a.env nginx:1.27", a_env="x=1\n")
    assert result.stack.services[0].options["label_file"] == ["a.env"]


def test_a_command_whose_image_is_empty_gives_no_service() -> None:
    result = read("docker run -d ''\ndocker run -d nginx:1.27")
    assert [service.image for service in result.stack.services] == ["nginx:1.27"]
    assert "TC106" in {note.code for note in result.notes}


@pytest.mark.parametrize(
    "flags",
    [
        "--no-healthcheck=t --health-cmd true",
        "--volume-driver rexray -v data:relative",
        "--platform linux/amd64 --variant v8",
    ],
)
def test_flags_that_do_not_go_together_are_no_fault(flags: str) -> None:
    codes = {note.code for note in read(f"docker run -d {flags} nginx:1.27").notes}
    assert not {code for code in codes if code.startswith("TC9")}


def test_a_network_over_several_machines_is_no_fault() -> None:
    result = read(
        "docker network create -d overlay n\ndocker run -d --network n nginx:1.27"
    )
    codes = {note.code for note in result.notes}
    assert "TC495" in codes
    assert "TC901" not in codes
