"""The whole proof with the real clients: runs of every kind, refusals, secrets, notes, figures."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from oracles import NO_CORPUS, corpus, needs_oracles, oracles
from parity import argv, cases, prove
from tocompose.importers import ImportOptions
from tocompose.notes import Kind, Note
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove import Command, Proof, ProofError, find_binaries, prove_commands
from tocompose.prove.clients import record_compose, record_docker
from tocompose.prove.conversion import prove_conversion
from tocompose.prove.table import as_data, as_json, as_text
from tocompose.syntax.model_path import ModelPath

pytestmark = needs_oracles
COMPOSE = "services: {web: {image: nginx, container_name: web}}"


def proof(commands: str, compose: str, *notes: Note, **more: object) -> Proof:
    found = [Command(tuple(shlex.split(line))) for line in commands.splitlines()]
    return prove_commands(found, compose, notes, *oracles(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "command",
    [
        "docker run --name web nginx",
        "docker run -d --name web nginx",
        "docker run -a stdout --name web nginx",
        "docker create --name web nginx",
        "docker container run -d --name web nginx",
        "docker container create --name web nginx",
        "podman run -d --name web nginx",
        "docker -H tcp://10.255.255.1:2375 --context remote run -d --name web nginx",
        "docker run --cidfile /nowhere/id -d --name web nginx",
    ],
)
def test_every_way_to_create_a_container(command: str) -> None:
    assert proof(command, COMPOSE).verdict == "equal"


@pytest.mark.parametrize("flags", ["-it", "-i", "-t", "-itd", "-it -a stdin -a stdout"])
def test_an_interactive_run_ends(flags: str) -> None:
    options = "".join(
        f", {key}: true"
        for letter, key in (("i", "stdin_open"), ("t", "tty"))
        if letter in flags.split()[0]
    )
    found = proof(
        f"docker run --rm {flags} --name web nginx",
        COMPOSE.replace(": web}}", f": web{options}}}}}"),
    )
    assert (found.verdict, [one.field for one in found.differences]) == (
        "equal apart from --rm",
        ["HostConfig.AutoRemove"],
    )


def test_a_refused_command_is_reported_and_the_others_are_compared() -> None:
    found = proof("docker run --memory lots nginx\ndocker run --name web nginx", COMPOSE)
    assert (found.verdict, found.holds, found.matches[0].differences) == (
        "refused",
        False,
        (),
    )
    assert (
        found.refusals[0].group == 0
        and 'invalid argument "lots"' in found.refusals[0].message
    )
    assert "docker refuses command 1" in as_text(found)


def test_only_commands_that_create_are_run(tmp_path: Path) -> None:
    commands = [
        ["docker", *words.split()]
        for words in ("rm -f web", "login", "exec web ls", "build .", "run nginx")
    ]
    found = record_docker(commands, docker=oracles().docker, folder=tmp_path)
    assert ([one.group for one in found.refusals], len(found.containers)) == (
        [0, 1, 2, 3],
        1,
    )


def test_a_name_taken_twice_is_refused_as_docker_refuses_it() -> None:
    found = proof("docker run -d --name web nginx\ndocker run -d --name web nginx", COMPOSE)
    assert "already in use" in found.refusals[0].message


def test_the_environment_is_what_was_given_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKED", "inherited")
    monkeypatch.setenv("DOCKER_CONTEXT", "remote")
    env = {
        "GIVEN": "1",
        "DOCKER_HOST": "tcp://10.255.255.1:1",
        "DOCKER_CONFIG": "/etc",
        "COMPOSE_FILE": "/x",
    }
    words = ["docker", "run", "-d", "-e", "LEAKED", "-e", "GIVEN", "nginx"]
    found = record_docker([words], docker=oracles().docker, folder=tmp_path, env=env)
    assert "GIVEN=1" in found.containers[0].config["Env"] and "inherited" not in str(found)
    (tmp_path / "c.yaml").write_text(
        "services: {a: {image: nginx, environment: [LEAKED, GIVEN]}}"
    )
    given = record_compose(
        [tmp_path / "c.yaml"], compose=oracles().compose, folder=tmp_path, env=env
    )
    assert "GIVEN=1" in given.containers[0].config["Env"] and "inherited" not in str(given)


def test_files_and_dotenv_lie_in_the_folder_of_both() -> None:
    files = {".env": b"TOKEN=s3cret-value\n", "conf/app.env": b"A=1\n"}
    compose = (
        "services: {web: {image: nginx, env_file: conf/app.env, volumes: ['./x:/x'], "
        "environment: {T: '${TOKEN}'}}}"
    )
    found = proof(
        "docker run -d --env-file conf/app.env -v ./x:/x -e T=s3cret-value nginx",
        compose,
        files=files,
    )
    assert found.verdict == "equal"


def test_values_are_shown_in_no_report() -> None:
    files = {".env": b"TOKEN=s3cret-value\n"}
    compose = "services: {web: {image: nginx, command: ['--t=${TOKEN}'], environment: {T: a-changed-one}}}"
    found = proof("docker run -d -e T=hidden-as-well nginx --t=other", compose, files=files)
    shown = as_text(found) + json.dumps(as_data(found))
    assert [one.field for one in found.undeclared] == ["Config.Cmd", "Env.T"]
    assert "--t=${TOKEN}" in shown and "(14 characters)" in shown
    assert not any(
        value in shown for value in ("s3cret-value", "hidden-as-well", "a-changed-one")
    )
    assert json.loads(as_json(found)) == as_data(found)


def test_values_of_the_environment_are_shown_neither() -> None:
    compose = "services: {web: {image: nginx, command: ['--t=${TOKEN}']}}"
    found = proof("docker run -d nginx", compose, env={"TOKEN": "s3cret-value"})
    assert "--t=${TOKEN}" in as_text(found) and "s3cret" not in as_text(found)


def test_what_compose_refuses_is_one_message_without_secrets_or_places() -> None:
    with pytest.raises(ProofError) as fault:
        proof(
            "docker run nginx",
            "services: {web: {image: nginx, shm_size: '${SIZE}'}}",
            files={".env": b"SIZE=s3cretvalue"},
        )
    assert "docker compose refuses the file" in str(fault.value)
    assert "s3cretvalue" not in str(fault.value) and "/tmp" not in str(fault.value)


def test_a_file_outside_the_project_is_refused() -> None:
    with pytest.raises(ProofError, match="outside the project"):
        proof("docker run nginx", COMPOSE, files={"../x": b""})


def test_a_note_declares_a_difference() -> None:
    note = Note(
        code="TC600",
        kind=Kind.ADDED,
        message="",
        subject=ModelPath.service("web", "restart"),
    )
    found = proof(
        "docker run --name web nginx",
        COMPOSE.replace(": web}}", ": web, restart: always}}"),
        note,
    )
    assert (found.verdict, found.differences[0].declared_by) == ("declared", "TC600")


def test_external_names_are_provided_and_reported() -> None:
    compose = """
services: {web: {image: nginx, networks: [own, there], volumes: ["data:/d"]}}
networks: {own: {external: true}, there: {external: true}}
volumes: {data: {external: true}}
"""
    found = proof(
        "docker network create own\ndocker run --network own --network there -v data:/d nginx",
        compose,
    )
    assert [one.field for one in found.differences] == ["External.own", "External.data"]


def test_services_of_a_profile_and_replicas_are_created() -> None:
    compose = (
        "services: {web: {image: nginx, scale: 2}, tool: {image: redis, profiles: [tools]}}"
    )
    assert (
        proof("docker run nginx\ndocker run redis\ndocker run nginx", compose).verdict
        == "equal"
    )


def test_missing_binary_is_named() -> None:
    with pytest.raises(ProofError, match=r"docker was not found on PATH.*--docker"):
        find_binaries(path="/nonexistent")
    with pytest.raises(ProofError, match="/no/docker is not a program"):
        find_binaries("/no/docker")
    with pytest.raises(ProofError, match="cannot be run"):
        prove_commands(
            [Command(("docker", "run", "x"))], COMPOSE, [], "/no/docker", "/no/compose"
        )


@pytest.mark.parametrize(("docker", "compose"), [(False, True), (True, False)])
def test_another_engines_client_is_never_started(
    docker: bool, compose: bool, tmp_path: Path
) -> None:
    fake = tmp_path / "docker"
    fake.write_text(
        f"#!/bin/sh\ncase $1 in *version) echo podman version 5.4;; *) touch {tmp_path}/started;; esac\n"
    )
    fake.chmod(0o755)
    real = oracles()
    clients = (real.docker if docker else str(fake), real.compose if compose else str(fake))
    with pytest.raises(
        ProofError, match=r"not Docker's own client \(it says 'podman version 5.4'\)"
    ):
        prove_commands([Command(("docker", "run", "nginx"))], COMPOSE, [], *clients)
    assert not (tmp_path / "started").exists()


NASTY = [
    "$",
    "$$",
    "${A}",
    "`x`",
    "a b",
    " ",
    "\t",
    "\n",
    "#",
    "a #b",
    ": ",
    "'",
    '"',
    "\\",
    "\\n",
    "é",
    "\u2028",
    "🐳",
    "%",
    "{}",
    "-",
]


def test_any_text_arrives_at_the_engine_unchanged(tmp_path: Path) -> None:
    words = [
        "docker",
        "run",
        "-d",
        *(f"--env=N{i}={text}" for i, text in enumerate(NASTY)),
        "nginx",
        *NASTY,
    ]
    found = (
        record_docker([words], docker=oracles().docker, folder=tmp_path)
        .containers[0]
        .config
    )
    assert sorted(found["Env"]) == sorted(f"N{i}={text}" for i, text in enumerate(NASTY))
    assert found["Cmd"] == NASTY


def test_hundreds_of_services_go_in_one_project(tmp_path: Path) -> None:
    file = tmp_path / "compose.json"
    file.write_text(
        json.dumps(
            {
                "services": {
                    f"s{i}": {"image": "nginx", "command": [f"{i}"]} for i in range(300)
                }
            }
        )
    )
    found = record_compose([file], compose=oracles().compose, folder=tmp_path)
    assert sorted(int(one.config["Cmd"][0]) for one in found.containers) == list(range(300))


def test_argv_of_a_documented_command() -> None:
    assert argv("docker run \\\r\n  -e 'A=b c' `#optional` \\\n  x\n") == (
        "docker",
        "run",
        "-e",
        "A=b c",
        "x",
    )


@pytest.mark.skipif(corpus("docker-run/docs-pairs") is None, reason=NO_CORPUS)
def test_written_pairs_are_found_equal() -> None:
    """A sample of what people wrote by hand for the same container, as a check on the comparison itself."""
    folder = corpus("docker-run/docs-pairs")
    assert folder
    sample = [case for case in list(cases(folder))[::6] if "<" not in case.compose]
    assert sum(prove(case).holds for case in sample) >= 0.9 * len(sample)


def test_what_changes_a_container_later_is_compared_too() -> None:
    commands = (
        "docker network create lan\ndocker run -d --name old nginx\ndocker rename old web\n"
        "docker update --restart always --memory 64m web\ndocker network connect lan web\n"
        "docker network disconnect bridge web"
    )
    compose = COMPOSE.replace(
        ": web}}", ": web, restart: always, mem_limit: 64m, networks: [lan]}}"
    )
    assert proof(commands, f"{compose}\nnetworks: {{lan: {{}}}}").verdict == "equal"


def test_a_proof_says_that_the_reading_of_the_script_was_not_checked() -> None:
    script = Memory({"up.sh": b"docker run -d --name web nginx\n"}, "shop")
    options = Options(source="docker_run", practices="none")
    found = prove_conversion(script, options, *oracles())
    assert found.holds and "Not checked" in as_text(found)
    assert as_data(found)["unchecked"].startswith("Not checked: that the script runs")
    pasted = ImportOptions(options={"argv": ("docker", "run", "-d", "nginx")})
    options = Options(source="docker_run", practices="none", settings=pasted)
    assert prove_conversion(Memory({}), options, *oracles()).unchecked == ""


def test_what_a_swarm_makes_is_named_and_not_compared() -> None:
    text = b"docker service create --name web nginx\ndocker run -d --name db redis\n"
    options = Options(source="docker_run", practices="none")
    found = prove_conversion(Memory({"up.sh": text}, "shop"), options, *oracles())
    assert [match.service for match in found.matches] == ["db"] and found.holds
    assert "web, which a swarm makes" in as_text(found)
