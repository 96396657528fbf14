"""Start-up stays lean: what a command does not need is not imported (times are measured in `tests/benchmarks`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import tree

PATH = str(tree.PACKAGE.parent)
HEAVY = (
    "kubernetes",
    "jinja2",
    "tree_sitter",
    "ruamel",
    "jsonschema",
    "dockerfile_parse",
    "asyncio",
    "http.client",
    "hashlib",
    "importlib.resources",
)


def _loaded(*arguments: str, folder: Path | None = None) -> set[str]:
    code = (
        "import sys\nfrom tocompose.cli import run\n"
        f"try:\n run({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": PATH},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ran.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_no_part_of_the_converter(arguments: list[str]) -> None:
    loaded = _loaded(*arguments)
    assert {name for name in loaded if name.startswith("tocompose")} <= {
        "tocompose",
        "tocompose.cli",
        "tocompose.cli.exit",
        "tocompose.cli.group",
        "tocompose.cli.options",
        "tocompose.cli.settings",
        "tocompose.collector",
        "tocompose.limits",
        "tocompose.record",
        "tocompose.reports",
        "tocompose.wording",
    }
    assert "dataclasses" not in loaded
    assert not loaded & {*HEAVY, "yaml"}


def test_a_pasted_command_imports_nothing_heavy() -> None:
    loaded = _loaded("docker", "run", "-d", "-p", "80:80", "nginx")
    assert not loaded & {*HEAVY, "dataclasses", "inspect"}
    assert not {
        name
        for name in loaded
        if name.startswith(("tocompose.importers.kubernetes", "tocompose.prove"))
    }


def test_manifests_load_neither_shells_nor_libraries_that_they_do_not_need(
    tmp_path: Path,
) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx:1.27}]}\n"
    (tmp_path / "pod.yaml").write_text(pod)
    loaded = _loaded("convert", "pod.yaml", folder=tmp_path)
    assert "yaml" in loaded
    assert not loaded & set(HEAVY)
    assert not {
        name
        for name in loaded
        if name.startswith(("tocompose.readers.shell", "tocompose.prove", "difflib"))
    }


def test_an_app_loads_the_languages_that_its_files_speak_of(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: bin/web\n")
    (tmp_path / "go.mod").write_text("module example.com/web\n\ngo 1.22\n")
    loaded = _loaded("convert", "--from", "procfile", ".", folder=tmp_path)
    assert "tocompose.languages.go" in loaded
    others = ("elixir", "java", "python", "ruby", "rust")
    assert not loaded & {f"tocompose.languages.{language}" for language in others}


def _settings_kept_out(folder: Path, text: str) -> bool:
    """Whether a pasted command went the short way, which leaves click out, in a folder with that `pyproject.toml`."""
    (folder / "pyproject.toml").write_text(text)
    return "click" not in _loaded("docker", "run", "nginx", folder=folder)


def test_a_pasted_command_goes_the_short_way_unless_settings_stand(tmp_path: Path) -> None:
    assert _settings_kept_out(tmp_path, '[project]\nname = "tocompose"\n')
    assert _settings_kept_out(tmp_path, "[tool.ruff]\n")
    assert not _settings_kept_out(tmp_path, '[tool.tocompose]\npractices = "none"\n')
    assert not _settings_kept_out(tmp_path, '[tool]\ntocompose.practices = "none"\n')


@pytest.mark.slow
def test_a_program_that_ends_at_once_has_written_everything(tmp_path: Path) -> None:
    lines = [f"docker run -d --name web{number} nginx:1.{number}" for number in range(1000)]
    (tmp_path / "run.sh").write_text("\n".join(lines))
    command = [sys.executable, "-m", "tocompose", "convert", "run.sh", "--fail-on", "added"]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": PATH},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert len(yaml.safe_load(ran.stdout)["services"]) == len(lines)
    assert ran.stderr.endswith("tocompose explain TC610 explains a note\n")
