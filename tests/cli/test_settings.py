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
    assert f"tocompose.toml: {key} cannot be set in a file of a repository" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("key", ["output", "merge", "answers", "report"])
@pytest.mark.parametrize("place", ["../out", "/tmp/elsewhere", "away/x"])
def test_a_place_of_a_file_lies_in_its_folder(tocompose, tmp_path, key, place):
    (tmp_path / "away").symlink_to(tmp_path.parent)
    (tmp_path / "tocompose.toml").write_text(f'{key} = "{place}"\n')
    ran = tocompose("convert", "run.sh")
    assert ran.code == 2
    assert f"tocompose.toml: {key} names a place outside of" in ran.err


@pytest.mark.parametrize("key", ["values", "option"])
def test_a_file_of_values_lies_in_the_folder_of_the_settings(tocompose, tmp_path, key):
    value = "../x.yaml" if key == "values" else "values=../x.yaml"
    (tmp_path / "tocompose.toml").write_text(f'[convert]\n{key} = "{value}"\n')
    ran = tocompose("convert", "run.sh")
    assert ran.code == 2
    assert "write --values" in ran.err


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


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own settings file."""
    path = tmp_path / "home" / "tocompose" / "config.toml"
    path.parent.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return path


def test_the_users_own_file_may_say_what_no_repository_may(tocompose, own_settings):
    own_settings.write_text("inline-secrets = true\n")
    ran = tocompose("docker", "run", "-e", "API_TOKEN=abc9876xyz", "nginx:1.27")
    assert ran.code == 0
    assert "abc9876xyz" in ran.out


def test_a_repository_and_flags_come_before_the_users_own_file(
    tocompose, own_settings, tmp_path
):
    own_settings.write_text('name = "own"\npractices = "none"\n')
    (tmp_path / "tocompose.toml").write_text('name = "theirs"\n')
    assert yaml.safe_load(tocompose("convert", "run.sh").out)["name"] == "theirs"
    assert "name: typed" in tocompose("convert", "run.sh", "--name", "typed").out
    assert "restart:" not in tocompose("convert", "run.sh").out


@pytest.mark.parametrize(
    "text", ["force = true", "nonsense = 1", "[nonsense]", "name = 5", "="]
)
def test_a_mistake_in_the_users_own_file_is_named(tocompose, own_settings, text):
    own_settings.write_text(text)
    ran = tocompose("convert", "run.sh")
    assert ran.code == 2
    assert str(own_settings) in ran.err
    assert len(ran.err.strip().splitlines()) <= 3
