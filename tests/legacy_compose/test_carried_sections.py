"""What nothing is done with is written all the same: the user's own sections, and the models."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import oracles
from oracles import unless_oracles
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

SECTIONS = """\
x-own: &own
  texts: ["2", "1.50", "07", yes, "a$$b", "${MODE:-live}"]
  numbers: [1, 1.50, 07, 1e3, 0x1F, 2147483648123]
  others: [true, null, {}, []]
x-logging: {a: 1}
x-number: 5
models:
  llm: {model: ai/smollm2, context_size: 1024, runtime_flags: [--top-k, "1"]}
"""
SERVICES = """\
services: {
  web: {image: "shop/web:1.2", models: [llm], x-share: 1.5},
  api: {image: "shop/api:1.2", models: {llm: {endpoint_var: URL, model_var: MODEL}}}}
"""


def anew(text: str) -> dict[str, str]:
    """The file with another, empty one: there is no text of one file to keep, so it is written anew."""
    files = {"compose.yml": text, "other.yml": "services: {}\n"}
    return {**files, ".env": "COMPOSE_FILE=compose.yml:other.yml\n"}


def written(
    files: dict[str, str], practices: str, *, split: bool = False
) -> dict[str, str]:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    if len(files) > 1:
        project.named = ()
    options = Options(source="compose", practices=practices, layout=Layout(split=split))
    return {file.path: file.content.decode() for file in convert(project, options).files}


def configuration(folder: Path, *files: str) -> dict[str, Any]:
    """What docker compose reads in the files."""
    chosen = [word for file in files for word in ("-f", str(folder / file))]
    ran = subprocess.run(
        [oracles.binary("docker-compose"), "-p", "shop", *chosen, "config"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    document: dict[str, Any] = yaml.safe_load(ran.stdout)
    return document


@pytest.mark.oracle
@unless_oracles
@pytest.mark.parametrize("practices", ["none", "all"])
def test_docker_compose_reads_the_same_sections(tmp_path: Path, practices: str) -> None:
    source = SECTIONS + SERVICES
    (tmp_path / "source.yml").write_text(source)
    after = written(anew(source), practices)["docker-compose.yml"]
    (tmp_path / "after.yml").write_text(after)
    wanted, found = (configuration(tmp_path, f"{name}.yml") for name in ("source", "after"))
    keys = ("x-own", "x-logging", "x-number", "models")
    assert {key: found[key] for key in keys} == {key: wanted[key] for key in keys}
    for name, body in wanted["services"].items():
        assert found["services"][name].items() >= body.items()


def test_shared_blocks_have_names_that_the_user_does_not_use() -> None:
    after = yaml.safe_load(written(anew(SECTIONS + SERVICES), "all")["docker-compose.yml"])
    assert after["x-logging"] == {"a": 1}
    assert after["services"]["web"]["logging"] == after["x-logging-2"]


def test_a_block_of_an_earlier_run_is_not_written_twice() -> None:
    source = SECTIONS.replace("x-logging: {a: 1}\n", "") + SERVICES
    first = written(anew(source), "all")["docker-compose.yml"]
    second = written(anew(first), "all")["docker-compose.yml"]
    assert yaml.safe_load(second) == yaml.safe_load(first)


def test_a_secret_among_the_numbers_of_a_section_is_a_variable() -> None:
    source = "x-vault: {pin_password: 123456789, size: 3}\n" + SERVICES.replace(
        "models: [llm], ", ""
    ).replace(", models: {llm: {endpoint_var: URL, model_var: MODEL}}", "")
    after = yaml.safe_load(
        written(anew(source), "SEC-OUT", split=True)["docker-compose.yml"]
    )
    assert after["x-vault"]["size"] == 3
    assert after["x-vault"]["pin_password"].startswith("${")


@pytest.mark.parametrize("is_anew", [True, False])
def test_secrets_of_models_are_variables(is_anew: bool) -> None:
    source = """\
models:
  llm:
    model: "https://me:hunter-22-a@models.example/llm"
    runtime_flags: ["--api-key", hunter-22-b]
services:
  web: {image: "shop/web:1.2", models: [llm]}
"""
    files = anew(source) if is_anew else {"docker-compose.yml": source}
    after = written(files, "SEC-OUT", split=True)["docker-compose.yml"]
    model = yaml.safe_load(after)["models"]["llm"]
    assert "hunter" not in after
    assert model["model"].startswith("https://me:${")
    assert model["runtime_flags"][1].startswith("${")


def test_models_of_the_file_of_development_are_declared() -> None:
    beside = "models: {llm: {model: ai/smollm2, context_size: 8}}\n" + SERVICES
    base = "services: {web: {image: 'shop/web:1.2'}, api: {image: 'shop/api:1.2'}}\n"
    files = {"docker-compose.yml": base, "docker-compose.override.yml": beside}
    after = written(files, "none", split=True)
    assert yaml.safe_load(after["docker-compose.yml"])["models"] == {
        "llm": {"model": "ai/smollm2", "context_size": 8}
    }
    override = yaml.safe_load(after["docker-compose.override.yml"])
    assert override["services"]["web"]["models"] == ["llm"]


@pytest.mark.parametrize("named", ["[llm, gone]", "{llm: {endpoint_var: URL}, gone: }"])
def test_a_model_that_is_not_declared_is_told_of(named: str) -> None:
    source = (
        "models: {llm: {model: ai/smollm2}}\n"
        f"services: {{web: {{image: 'shop/web:1.2', models: {named}}}}}\n"
    )
    project = Memory({"docker-compose.yml": source.encode()}, "shop")
    result = convert(project, Options(source="compose", practices="none"))
    service = yaml.safe_load(result.files[0].content)["services"]["web"]
    assert list(service["models"]) == ["llm"]
    assert [note.message for note in result.notes if note.code == "TC750"] == [
        "web: the model gone is not defined in this stack, so the reference was left out"
    ]


def test_an_empty_section_is_written() -> None:
    source = "x-none:\nx-list: []\nservices: {web: {image: 'shop/web:1.2'}}\n"
    after = yaml.safe_load(written(anew(source), "none")["docker-compose.yml"])
    assert after["x-none"] is None and after["x-list"] == []


def test_sections_of_the_files_beside_the_base_stay_in_them() -> None:
    web = "services: {web: {image: 'shop/web:1.2', environment: {MODE: MODES}}}\n"
    files = {
        f"docker-compose{part}.yml": f"x-own{part.replace('.', '-')}: {{size: 3}}\n"
        + web.replace("MODES", part or "base")
        for part in ("", ".override", ".prod")
    }
    first = written(files, "all", split=True)
    for path in files:
        before, after = yaml.safe_load(files[path]), yaml.safe_load(first[path])
        own_sections = {key for key in before if key.startswith("x-own")}
        assert {key for key in after if key.startswith("x-own")} == own_sections
        assert all(after[key] == {"size": 3} for key in own_sections)
    again = written(first, "all", split=True)
    assert {path: again[path] for path in files} == {path: first[path] for path in files}
