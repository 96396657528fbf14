"""From a source that docker compose refuses comes a file that it takes, and what is not in it is told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import needs_compose, run_config
from tocompose import Memory, Options, Result, convert

pytestmark = needs_compose

# Faulty parts of a service with what the note on each quotes as the rule.
LEFT_OUT: dict[str, str] = {
    "post_start: [{user: root}]": "a map with the key command",
    "pre_stop: [{command: {a: b}}]": "a map with the key command",
    "pre_stop: [{command: a, environment: {A: [b]}}]": "one value",
    "post_start: a": "a list of maps",
    "post_start: ''": "a list of maps",
    "develop: {watch: [{action: sync, path: ./a}]}": "a map with the key target",
    "develop: {watch: [{action: sync+exec, path: ./a, target: ''}]}": "a map with the key target",
    "develop: {watch: [{action: sync, path: ./a, target: [b]}]}": "a map with the key target",
    "develop: {watch: [{path: ./a}]}": "a map with the keys path and action",
    "develop: {watch: [{action: sync, path: a, target: /a, initial_sync: '${X}'}]}": "true or false",
    "devices: [{source: /dev/null}]": "a map with the keys source and target",
    "devices: [{target: /dev/null}]": "a map with the keys source and target",
    "extra_hosts: {a: {b: c}}": "one value",
    "extra_hosts: {a: [[b]]}": "one value",
    "provider: {options: {a: b}}": "a map with the key type",
    "provider: {type: a, options: {b: {c: d}}}": "one value",
    "cpu_percent: 50.5": "a whole number from 0 to 100",
    "storage_opt: {size: [a]}": "one value",
    "ulimits: {nofile: {soft: 5}}": "a map with the keys soft and hard",
    "ulimits: {nofile: [5]}": "one value",
    "gpus: some": "a list of maps",
    "gpus: [{count: [1]}]": "one value",
    "gpus: [{count: true}]": "a whole number or all",
    "env_file: ['']": "the path of a file",
    "deploy: {update_config: {delay: x}}": "a duration such as 1m30s",
    "deploy: {restart_policy: {window: 1.5}}": "a duration such as 1m30s",
    "deploy: {update_config: {max_failure_ratio: x}}": "a number",
    "deploy: {placement: {preferences: x}}": "a list of maps",
    "deploy: {resources: {reservations: {devices: [{count: 1}]}}}": "a map with the key capabilities",
    "blkio_config: {weight_device: x}": "a list of maps",
    "build: {context: ., ulimits: {nofile: x}}": "a whole number",
    "build: {context: ., ssh: [a]}": "default or a name and a path",
    "build: {context: ., additional_contexts: [a]}": "names with a value each",
    "build: {context: ., additional_contexts: {a: }}": "names with a value each",
    "build: {context: ., shm_size: x}": "a size such as 512m",
    "build: {context: ., provenance: [a]}": "one value",
}
# What is plain, with the form in which docker compose takes it.
PUT_RIGHT: dict[str, str] = {
    "devices: [true]": "devices: ['true']",
    "develop: {watch: [{action: sync, path: a, target: /a, initial_sync: 'yes'}]}": (
        "develop: {watch: [{action: sync, path: a, target: /a, initial_sync: true}]}"
    ),
    "use_api_socket: 'on'": "use_api_socket: true",
    "annotations: a=b": "annotations: [a=b]",
    "extra_hosts: 'a:1.2.3.4'": "extra_hosts: ['a:1.2.3.4']",
    "build: {context: ., ulimits: {nofile: '5'}}": "build: {context: ., ulimits: {nofile: 5}}",
    "build: {context: ., labels: a=b}": "build: {context: ., labels: [a=b]}",
    "post_start: [{command: a, environment: A=b}]": "post_start: [{command: a, environment: [A=b]}]",
}
# Sections below which a value is at fault.
OUTSIDE_SERVICES = (
    "networks: {a: {driver_opts: {b: [c]}}}",
    "networks: {a: {driver_opts: {b: }}}",
    "networks: {a: {ipam: {options: {b: [c]}}}}",
    "networks: {a: {ipam: {config: [{subnet: 10.9.0.0/16, aux_addresses: {b: {c: d}}}]}}}",
    "volumes: {a: {driver_opts: {b: [c]}}}",
)


def _converted(source: str, folder: Path) -> tuple[Result, dict[str, Any]]:
    """What comes of a source that docker compose refuses, after the proof that it takes this."""
    folder.joinpath("compose.yaml").write_text(source, encoding="utf-8")
    assert run_config(folder, ["compose.yaml"], env={"X": "true"}).returncode
    project = Memory({"compose.yaml": source.encode()}, name="shop")
    result = convert(project, Options(practices="none"))
    (written,) = [file for file in result.files if file.path == "docker-compose.yml"]
    folder.joinpath(written.path).write_bytes(written.content)
    judged = run_config(folder, [written.path], env={"X": "true"})
    assert judged.returncode == 0, judged.stderr
    document: dict[str, Any] = yaml.safe_load(written.content)
    return result, document


def _service(part: str) -> str:
    return f"services:\n  web:\n    image: nginx:1.27\n    {part}\n"


@pytest.mark.parametrize("part", LEFT_OUT)
def test_a_faulty_part_is_left_out_and_the_note_quotes_the_rule(
    part: str, tmp_path: Path
) -> None:
    result, _ = _converted(_service(part), tmp_path)
    messages = [note.message for note in result.notes if note.code == "TC771"]
    assert any(LEFT_OUT[part] in message for message in messages), messages


@pytest.mark.parametrize("part", PUT_RIGHT)
def test_what_is_plain_is_put_right(part: str, tmp_path: Path) -> None:
    _, document = _converted(_service(part), tmp_path)
    for key, value in yaml.safe_load(PUT_RIGHT[part]).items():
        assert document["services"]["web"][key] == value


@pytest.mark.parametrize("part", OUTSIDE_SERVICES)
def test_a_faulty_option_of_a_network_or_volume_is_left_out(
    part: str, tmp_path: Path
) -> None:
    user = "volumes: ['a:/a']" if part.startswith("volumes") else "networks: [a]"
    result, _ = _converted(f"{_service(user)}{part}\n", tmp_path)
    assert "TC771" in {note.code for note in result.notes}


def test_a_build_mounts_only_secrets_that_are_there(tmp_path: Path) -> None:
    result, document = _converted(_service("build: {context: ., secrets: [a]}"), tmp_path)
    assert "TC750" in {note.code for note in result.notes}
    assert "secrets" not in document["services"]["web"]["build"]


def test_a_secret_in_a_part_that_is_left_out_is_not_shown(tmp_path: Path) -> None:
    part = "post_start: [{environment: {DB_PASSWORD: hunter2hunter2}}]"
    result, _ = _converted(_service(part), tmp_path)
    assert not [note for note in result.notes if "hunter2" in note.message]
