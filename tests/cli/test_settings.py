"""Settings of a file: those that change the form of the output, and those that only a person may ask for."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
import yaml

from tocompose.cli.group import COMMANDS, main
from tocompose.cli.settings import long_name
from tocompose.tables import load

SCRIPT = "docker run -d --name web nginx:1.27\n"


@pytest.fixture(autouse=True)
def script(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(SCRIPT)


def _options(command: str) -> list[str]:
    context = click.Context(main)
    params = main.params if not command else main.get_command(context, command).params
    return [long_name(param) for param in params if isinstance(param, click.Option)]


def test_every_option_says_whether_a_file_may_set_it():
    table = load("settings")
    for command in ("", *COMMANDS):
        own_rows = table.get(command, {})
        missing = [
            name
            for name in _options(command)
            if name not in own_rows and name not in table["shared"]
        ]
        assert missing == [], command


def test_every_row_is_an_option():
    table = load("settings")
    options = {command: set(_options(command)) for command in ("", *COMMANDS)}
    everywhere = set.union(*options.values()) | {"help"}
    assert set(table["shared"]) <= everywhere
    for command, rows in table.items():
        if command != "shared":
            assert set(rows) <= options[command], command
        assert set(rows.values()) <= {"form", "inside", "typed", "never"}


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ("inline-secrets = true", "inline-secrets"),
        ('allow-path = ["/etc"]', "allow-path"),
        ('[convert]\nallow-path = "/etc"', "allow-path"),
        ("[cluster]\nallow-exec = true", "allow-exec"),
        ('[cluster]\nkubeconfig = "kube.yaml"', "kubeconfig"),
        ('[prove]\ndocker = "./docker"', "docker"),
        ("[batch]\nrender = true", "render"),
        ("[check]\nfix = true", "fix"),
    ],
)
def test_what_runs_reads_or_shows_something_is_typed(tocompose, tmp_path, settings, key):
    (tmp_path / "tocompose.toml").write_text(settings)
    ran = tocompose("convert", "run.sh")
    assert ran.code == 2
    assert f"tocompose.toml: {key} cannot be set in a file" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("key", ["output", "merge", "answers", "report"])
@pytest.mark.parametrize("place", ["../out", "/tmp/elsewhere", "away/x"])
def test_a_place_of_a_file_lies_in_its_folder(tocompose, tmp_path, key, place):
    (tmp_path / "away").symlink_to(tmp_path.parent)
    (tmp_path / "tocompose.toml").write_text(f'{key} = "{place}"\n')
    ran = tocompose("convert", "run.sh")
    assert ran.code == 2
    assert f"tocompose.toml: {key} names a place outside of" in ran.err


def test_a_place_in_the_folder_may_be_set(tocompose, tmp_path):
    (tmp_path / "tocompose.toml").write_text(
        'output = "deploy"\nreport = ["notes.sarif"]\n'
    )
    assert tocompose("convert", "run.sh").code == 0
    compose = yaml.safe_load((tmp_path / "deploy" / "docker-compose.yml").read_text())
    assert list(compose["services"]) == ["web"]
    assert (tmp_path / "notes.sarif").is_file()


def test_a_table_of_the_name_of_an_option_belongs_to_the_command(tocompose, tmp_path):
    (tmp_path / "tocompose.toml").write_text("[check]\nquiet = true\n")
    assert tocompose("convert", "run.sh", "-o", "out").code == 0
    ran = tocompose("check", "out/docker-compose.yml")
    assert ran.code == 0
    assert "nothing lost" not in ran.err


@pytest.mark.parametrize(
    "text", ["report = [1]", "report = 1", "answers = ['x']", "name = 5", "env = [true]"]
)
def test_a_value_of_another_type_is_named(tocompose, tmp_path, text):
    (tmp_path / "tocompose.toml").write_text(text)
    ran = tocompose("convert", "run.sh")
    assert ran.code == 2
    assert f"tocompose.toml: {text.partition(' ')[0]} must be a text" in ran.err
