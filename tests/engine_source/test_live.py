"""A live engine is read by GET requests only; what fails is one sentence."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine_source.fake_engine import dripping_engine, engine_on
from engine_source.objects import ID, IMAGE_ID, container, image, network
from tocompose.cli.group import main
from tocompose.engine_api import ContainerSelection, read_engine
from tocompose.engine_api.addresses import EngineAddress, find_engine, port_of
from tocompose.importers import SourceError

LISTED = {"Id": ID, "Names": ["/web"], "State": "running", "Labels": {"tier": "front"}}
WEB = container(host={"NetworkMode": "shop"}, NetworkSettings={"Networks": {"shop": {}}})
ANSWERS: dict[str, tuple[int, Any]] = {
    "/containers/json?all=1": (200, [LISTED]),
    f"/containers/{ID}/json": (200, WEB),
    f"/images/{IMAGE_ID.replace(':', '%3A')}/json": (200, image(Cmd=["a"])),
    "/networks/shop": (200, network("shop")),
}


def read(address: str, **fields: Any) -> Any:
    return read_engine(ContainerSelection(host=address, **fields))


def test_everything_is_asked_for_by_get(tmp_path: Path) -> None:
    with engine_on(ANSWERS, tmp_path) as (address, requests):
        objects = read(address).objects
    assert [len(objects), requests[0]] == [3, "GET /containers/json?all=1"]
    assert all(request.startswith("GET ") for request in requests)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"names": ("web",)}, 1),
        ({"names": (ID[:12],)}, 1),
        ({"labels": ("tier=front",)}, 1),
        ({"labels": ("tier",)}, 1),
        ({"states": ("running",)}, 1),
        ({"labels": ("tier=back",)}, 0),
        ({"projects": ("shop",)}, 0),
        ({"states": ("exited",)}, 0),
    ],
)
def test_containers_are_chosen(fields: dict[str, Any], count: int, tmp_path: Path) -> None:
    with engine_on(ANSWERS, tmp_path) as (address, _):
        if count:
            assert sum("HostConfig" in one for one in read(address, **fields).objects) == 1
        else:
            with pytest.raises(SourceError, match="no container of the engine matches"):
                read(address, **fields)


def test_an_engine_without_containers_is_told_as_such(tmp_path: Path) -> None:
    answers = {**ANSWERS, "/containers/json?all=1": (200, [])}
    refused = pytest.raises(SourceError, match="the engine has no containers")
    with engine_on(answers, tmp_path) as (address, _), refused:
        read(address)


def test_a_name_that_no_container_has(tmp_path: Path) -> None:
    refused = pytest.raises(SourceError, match="there is no container 'api'")
    with engine_on(ANSWERS, tmp_path) as (address, _), refused:
        read(address, names=("api",))


def test_a_container_that_goes_meanwhile_is_a_note(tmp_path: Path) -> None:
    gone = {"Id": "e" * 64, "Names": ["/gone"], "State": "running"}
    answers = {**ANSWERS, "/containers/json?all=1": (200, [gone, LISTED])}
    with engine_on(answers, tmp_path) as (address, _):
        engine_objects = read(address)
    assert [one.code for one in engine_objects.notes] == ["TC489"]
    assert "gone" in engine_objects.notes[0].message and len(engine_objects.objects) == 3


def test_what_a_proxy_forbids_is_told_once(tmp_path: Path) -> None:
    answers = {**ANSWERS, "/networks/shop": (403, b"<html>Forbidden</html>")}
    with engine_on(answers, tmp_path) as (address, _):
        engine_objects = read(address)
    assert [one.code for one in engine_objects.notes] == ["TC490"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((403, b"Forbidden"), r"the proxy in front of the engine forbids it \(403\)"),
        ((401, {"message": "who\nare you"}), r"not let in \(401\).*: who are you"),
        ((500, {"message": "broken"}), r"the engine failed \(500\)"),
        ((200, b"<html>hello</html>"), "what answers there is no engine"),
        ((0, None), r"no answer within 0\.2 seconds"),
    ],
)
def test_a_refusal_is_one_sentence(
    answer: tuple[int, Any], sentence: str, tmp_path: Path
) -> None:
    answers = {"/containers/json?all=1": answer}
    refused = pytest.raises(SourceError, match=sentence)
    with engine_on(answers, tmp_path) as (address, _), refused as refusal:
        read(address, timeout=0.2 if answer[0] == 0 else 20.0)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("unix:///no/such.sock", "there is no such socket"),
        ("tcp://127.0.0.1:1", "nothing listens there"),
        ("tcp://nowhere.invalid:1", "the host name is not known"),
        ("gopher://x", "an engine is reached by"),
        ("tcp://h:x", "the port x is none"),
        ("unix://", "ends behind its scheme"),
        ("ssh://-oProxyCommand=x", "this is no host name"),
    ],
)
def test_an_address_that_leads_nowhere(address: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        read(address)


def test_an_answer_that_drips_in_is_not_waited_for(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n["
    refused = pytest.raises(SourceError, match=r"no answer within 0\.3 seconds")
    with dripping_engine(head, tmp_path) as address, refused:
        read(address, timeout=0.3)


def test_the_last_words_of_ssh_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ssh"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.exit('banner\\nPermission denied (publickey).\\n')\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = r"ssh ended before the engine answered: Permission denied \(publickey\)\.$"
    with pytest.raises(SourceError, match=refused):
        read("ssh://example.org")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_tls_by_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = tmp_path / "ca.pem"
    key = tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    both = tmp_path / "server.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    key.unlink()
    with engine_on(ANSWERS, tmp_path, both) as (address, _):
        with pytest.raises(SourceError, match="DOCKER_TLS_VERIFY=1"):
            read(address)
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
        assert len(read(address).objects) == 3
        certificate.unlink()
        with pytest.raises(SourceError, match="not trusted"):
            read(address)


def test_another_machine_is_reached_by_ssh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in the place of ssh carries bytes to the socket, as `docker system dial-stdio` does."""
    said = tmp_path / "said"
    with engine_on(ANSWERS, tmp_path) as (address, _):
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(
            f"#!{sys.executable}\n"
            "import os, socket, sys, threading\n"
            f"open({str(said)!r}, 'w').write(' '.join(sys.argv[1:]))\n"
            f"far = socket.socket(socket.AF_UNIX); far.connect({address.removeprefix('unix://')!r})\n"
            "def carry():\n"
            "    while data := far.recv(65536): os.write(1, data)\n"
            "threading.Thread(target=carry, daemon=True).start()\n"
            "while data := os.read(0, 65536): far.sendall(data)\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent))
        assert len(read("ssh://admin@example.org:2222").objects) == 3
    words = said.read_text()
    assert words.endswith("-l admin -p 2222 example.org -- docker system dial-stdio")


def _with_context(home: Path, name: str, host: str) -> None:
    docker = home / ".docker"
    folder = docker / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    endpoints = {"Endpoints": {"docker": {"Host": host}}}
    (folder / "meta.json").write_text(json.dumps(endpoints))
    (docker / "config.json").write_text(json.dumps({"currentContext": name}))


def test_the_engine_is_found_as_the_docker_client_finds_it(tmp_path: Path) -> None:
    _with_context(tmp_path, "far", "tcp://far:2375")

    def found(
        host: str | None = None, context: str | None = None, **environment: str
    ) -> str:
        return find_engine(host, context, environment, tmp_path).url

    assert found() == "tcp://far:2375"
    assert found(DOCKER_HOST="unix:///a") == "unix:///a"
    assert found(DOCKER_CONTEXT="default") == "unix:///var/run/docker.sock"
    assert found(context="far", DOCKER_HOST="unix:///a") == "tcp://far:2375"
    assert found("unix:///b", "far", DOCKER_HOST="unix:///a") == "unix:///b"
    with pytest.raises(SourceError, match="no docker context 'near'"):
        found(context="near")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("tcp://h", ("h", 2375)),
        ("tcp://h:1", ("h", 1)),
        ("tcp://[::1]:2", ("::1", 2)),
        ("tcp://[::1]", ("::1", 2375)),
        ("https://h/", ("h", 2376)),
    ],
)
def test_the_port_of_an_address(url: str, place: tuple[str, int]) -> None:
    assert port_of(EngineAddress(url)) == place


def test_each_stack_gets_a_folder(tmp_path: Path) -> None:
    other = {"Id": "d" * 64, "Names": ["/alone"], "State": "running"}
    answers = {
        **ANSWERS,
        "/containers/json?all=1": (200, [LISTED, other]),
        f"/containers/{'d' * 64}/json": (200, {**container("alone"), "Id": "d" * 64}),
    }
    with engine_on(answers, tmp_path) as (address, _):
        arguments = ["engine", "--host", address]
        many = CliRunner().invoke(main, arguments)
        assert many.exit_code == 2 and "2 stacks (web, alone)" in many.output
        folders = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "out")])
        one = CliRunner().invoke(main, [*arguments, "--one-stack"])
    assert folders.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"web", "alone"}
    assert one.exit_code == 0 and "  alone:" in one.output and "  web:" in one.output


TASK = {
    "Id": "a" * 64,
    "Names": ["/shop_web.1.x"],
    "State": "running",
    "Labels": {"com.docker.swarm.service.name": "shop_web"},
}
GRANT = {"ConfigID": "c1", "ConfigName": "site", "File": {"Name": "/site"}}
MOUNT = {"Type": "volume", "Source": "data", "Target": "/d"}
CONTAINER_SPEC = {"Image": "shop/web:1", "Configs": [GRANT], "Mounts": [MOUNT]}
SWARM_SERVICE = {
    "ID": "s1",
    "Spec": {
        "Name": "shop_web",
        "Labels": {"com.docker.stack.namespace": "shop"},
        "TaskTemplate": {"ContainerSpec": CONTAINER_SPEC, "Networks": [{"Target": "n1"}]},
    },
}
SWARM: dict[str, tuple[int, Any]] = {
    "/containers/json?all=1": (200, [TASK]),
    f"/containers/{TASK['Id']}/json": (
        200,
        {**container("shop_web.1.x"), "Id": TASK["Id"]},
    ),
    "/services": (200, [SWARM_SERVICE]),
    "/networks/n1": (200, {**network("shop_net"), "Id": "n1", "Driver": "overlay"}),
    "/volumes/data": (200, {"Name": "data", "Mountpoint": "/x", "Driver": "local"}),
    "/configs/c1": (
        200,
        {"ID": "c1", "Version": {}, "Spec": {"Name": "site", "Data": "YQ=="}},
    ),
}


@pytest.mark.parametrize("names", [(), ("shop_web",)])
def test_the_services_of_a_swarm_stand_for_their_tasks(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    with engine_on(SWARM, tmp_path) as (address, _):
        ran = CliRunner().invoke(main, ["engine", "--host", address, *names])
    assert ran.exit_code == 0, ran.output
    assert "name: shop\n" in ran.stdout and "\n  web:\n" in ran.stdout
    assert "shop_net" in ran.stdout and "content: a" in ran.stdout
    assert "TC479" not in ran.stderr


def test_a_worker_of_a_swarm_says_which_command_shows_more(tmp_path: Path) -> None:
    refused = (503, {"message": "This node is not a swarm manager."})
    listed = {**LISTED, "Labels": {}}
    answers = {**ANSWERS, **SWARM, "/services": refused}
    answers["/containers/json?all=1"] = (200, [TASK, listed])
    task = container("shop_web.1.x", config={"Labels": TASK["Labels"]}, Id=TASK["Id"])
    answers[f"/containers/{TASK['Id']}/json"] = (200, task)
    with engine_on(answers, tmp_path) as (address, _):
        ran = CliRunner().invoke(main, ["engine", "--host", address, "--one-stack"])
    assert "docker service inspect shop_web" in ran.stderr and "\n  web:\n" in ran.stdout


def test_an_engine_without_a_swarm_is_not_asked_for_services(tmp_path: Path) -> None:
    with engine_on(ANSWERS, tmp_path) as (address, requests):
        read(address)
    assert "GET /services" not in requests
