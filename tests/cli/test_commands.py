"""The commands as users run them: what goes to standard output and standard error, and the exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

import tree
from tocompose.cli.group import COMMANDS, main

SCRIPT = """docker network create back
docker run -d --name db --network back -e POSTGRES_PASSWORD=hunter2-Kq9 -v data:/var/lib/postgresql/data postgres:16
docker run -d --name web --network back --frob -p 8080:80 -e DB_HOST=db nginx
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "run.sh").write_text(SCRIPT)
    return "run.sh"


def test_a_pasted_command_gives_a_compose_file(tocompose):
    ran = tocompose(
        "--practices",
        "none",
        "docker",
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        "8080:80",
        "nginx",
    )
    assert ran.code == 0
    assert yaml.safe_load(ran.out)["services"]["web"]["ports"] == ["8080:80"]


@pytest.mark.parametrize(
    "words",
    [["docker"], ["docker", "--help"], ["docker", "run", "--help"], ["podman", "-h"]],
)
def test_a_docker_command_that_asks_for_help_gets_ours(tocompose, words):
    ran = tocompose(*words)
    assert (ran.code, ran.err) == (0, "")
    assert "tocompose docker run -d --name web -p 8080:80 nginx" in ran.out


def test_a_pipe_can_be_converted(tocompose, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(
        target=(tmp_path / "pipe").write_text, args=["docker run --name web nginx\n"]
    )
    writer.start()
    assert (
        yaml.safe_load(tocompose("convert", "pipe").out)["services"]["web"]["image"]
        == "nginx"
    )
    writer.join()


@pytest.mark.parametrize(
    "words", ["explain --all", "docker run nginx", "convert run.sh", "--help"]
)
def test_a_reader_that_goes_away_is_no_error_of_ours(script, tmp_path, words):
    reader, writer = os.pipe()
    os.close(reader)
    env = {"PYTHONPATH": str(tree.PACKAGE.parent)}
    command = [sys.executable, "-m", "tocompose", *words.split()]
    ran = subprocess.run(
        command,
        env=env,
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert ran.returncode == 141
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


def test_a_full_disk_is_one_clear_message(script, tmp_path):
    env = {"PYTHONPATH": str(tree.PACKAGE.parent)}
    command = [sys.executable, "-m", "tocompose", "convert", script]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            command,
            env=env,
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 2
    assert "tocompose: standard output: No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


def test_a_prompt_before_a_pasted_command_is_no_hindrance(tocompose):
    assert yaml.safe_load(tocompose("$", "sudo", "docker", "run", "nginx").out)["services"][
        "nginx"
    ]


def test_own_options_stand_before_the_word_docker(tocompose):
    ran = tocompose("--name", "shop", "-q", "docker", "run", "--name", "x", "nginx")
    assert yaml.safe_load(ran.out)["name"] == "shop"
    assert ran.err == ""


def test_standard_output_is_only_the_compose_file(tocompose, script):
    ran = tocompose("convert", script)
    assert set(yaml.safe_load(ran.out)["services"]) == {"db", "web"}
    assert "--frob" in ran.err
    assert "run.sh:3:41" in ran.err


def test_standard_input(tocompose):
    ran = tocompose("convert", "-", stdin="docker run --name web nginx\n")
    assert yaml.safe_load(ran.out)["services"]["web"]["image"] == "nginx"


def test_a_pipe_without_a_command_is_told_of_the_one_that_reads_it(tocompose):
    ran = tocompose("-q", stdin="docker run --name web nginx\n")
    assert ran.code == 2 and "tocompose convert -" in ran.err


MANIFEST = """# docker run is what it replaces
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: web, image: 'nginx:1.27'}
"""


@pytest.mark.parametrize(
    ("name", "text", "service"),
    [
        ("app.yaml", MANIFEST, "web"),
        ("deploy.txt", "docker run --name web nginx\n", "web"),
        ("start.sh", "D=docker\n$D run --name web nginx\n", "web"),
        ("Procfile", "web: gunicorn shop:app\n", "web"),
    ],
)
def test_the_format_of_a_file_is_found_out(tocompose, tmp_path, name, text, service):
    (tmp_path / name).write_text(text)
    assert service in yaml.safe_load(tocompose("convert", name).out)["services"]


@pytest.mark.parametrize("text", [MANIFEST, "docker run --name web nginx\n"])
def test_the_format_of_standard_input_is_found_out(tocompose, text):
    assert "web" in yaml.safe_load(tocompose("convert", "-", stdin=text).out)["services"]


def test_a_file_of_no_format_is_named(tocompose, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n")
    ran = tocompose("convert", "notes.txt")
    assert ran.code == 2
    assert (
        "notes.txt: no supported format was found (see `tocompose formats`); --from says"
        in ran.err
    )


def test_secrets_are_printed_nowhere(tocompose, script):
    for arguments in (
        ["-v"],
        ["--format", "json"],
        ["--format", "html"],
        ["--format", "markdown"],
        ["--diff"],
    ):
        ran = tocompose("convert", script, *arguments)
        assert "hunter2" not in ran.err
        assert "hunter2" not in (ran.out if arguments == ["--diff"] else "")


def test_the_output_folder_has_the_reports(tocompose, script, tmp_path):
    ran = tocompose("convert", script, "-o", "deploy")
    assert (ran.code, ran.out) == (0, "")
    written = {path.name for path in (tmp_path / "deploy").iterdir()}
    assert {"docker-compose.yml", "MIGRATION.md", "migration.json"} <= written
    assert "hunter2" not in (tmp_path / "deploy" / "MIGRATION.md").read_text()


def test_running_twice_changes_nothing(tocompose, script, tmp_path):
    tocompose("convert", script, "-o", "deploy")
    before = {path: path.read_bytes() for path in sorted((tmp_path / "deploy").iterdir())}
    assert tocompose("convert", script, "-o", "deploy").code == 0
    assert {
        path: path.read_bytes() for path in sorted((tmp_path / "deploy").iterdir())
    } == before


def test_a_users_file_is_not_overwritten_unasked(tocompose, script, tmp_path):
    (tmp_path / "deploy").mkdir()
    own = tmp_path / "deploy" / "docker-compose.yml"
    own.write_text("services: {mine: {image: x}}\n")
    ran = tocompose("convert", script, "-o", "deploy")
    assert ran.code == 2
    assert "docker-compose.yml" in ran.err
    assert own.read_text() == "services: {mine: {image: x}}\n"
    assert not (tmp_path / "deploy" / "MIGRATION.md").exists()
    assert tocompose("convert", script, "-o", "deploy", "--force").code == 0
    assert "postgres:16" in own.read_text()


def test_check_and_diff_say_whether_something_would_change(tocompose, script, tmp_path):
    assert tocompose("convert", script, "-o", "deploy", "--check").code == 1
    ran = tocompose("convert", script, "-o", "deploy", "--diff")
    assert ran.code == 1
    assert "+    image: postgres:16" in ran.out
    assert not (tmp_path / "deploy").exists()
    tocompose("convert", script, "-o", "deploy")
    assert tocompose("convert", script, "-o", "deploy", "--check").code == 0
    ran = tocompose("convert", script, "-o", "deploy", "--diff")
    assert (ran.code, ran.out) == (0, "")


def test_a_fresh_checkout_without_the_ignored_files_is_current(tocompose, script, tmp_path):
    tocompose("convert", script, "-o", "deploy")
    (tmp_path / "deploy" / ".env").unlink()
    for path in sorted((tmp_path / "deploy" / "secrets").glob("*")):
        path.unlink()
    ran = tocompose("convert", script, "-o", "deploy", "--check")
    assert (ran.code, ran.err) == (0, "")
    assert tocompose("convert", script, "-o", "deploy", "--diff").code == 0
    (tmp_path / "deploy" / ".gitignore").unlink()
    assert (
        "would change deploy/.env"
        in tocompose("convert", script, "-o", "deploy", "--check").err
    )


def test_diff_masks_the_secrets_of_a_file_that_stands_there(tocompose, script, tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "docker-compose.yml").write_text(
        "services: {db: {environment: {DB_PASSWORD: s3cret9}}}\n"
    )
    ran = tocompose("convert", script, "-o", "deploy", "--diff")
    assert "DB_PASSWORD" in ran.out
    assert "s3cret9" not in ran.out + ran.err


def test_fail_on_a_kind_of_note(tocompose, script):
    assert tocompose("convert", script, "--fail-on", "lost").code == 1
    assert tocompose("convert", script, "--fail-on", "changed,lost").code == 1
    assert tocompose("docker", "run", "nginx").code == 0
    assert tocompose("--fail-on", "added", "docker", "run", "nginx").code == 1


def test_a_form_goes_to_standard_error_beside_the_compose_file_and_else_to_standard_output(
    tocompose, script
):
    beside = tocompose("convert", script, "--format", "json")
    assert json.loads(beside.err)["importer"] == "docker_run"
    alone = tocompose("convert", script, "-o", "deploy", "--format", "jsonl")
    assert all(json.loads(line)["code"] for line in alone.out.splitlines())


def test_reports_in_the_form_that_their_names_tell(tocompose, script, tmp_path):
    assert (
        tocompose(
            "convert", script, "--report", "a/notes.sarif", "--report", "report.html"
        ).code
        == 0
    )
    assert json.loads((tmp_path / "a/notes.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    ran = tocompose("convert", script, "--report", "notes.docx")
    assert ran.code == 2
    assert "notes.docx: the name does not tell the form" in ran.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["convrt", "x"], "did you mean convert?"),
        (["run.sh"], "did you mean: tocompose convert run.sh"),
        (["convert", "run.sh", "--format", "jsn"], "did you mean json?"),
        (["convert", "run.sh", "--fail-on", "last"], "did you mean lost?"),
        (["convert", "run.sh", "--from", "kuberntes"], "did you mean kubernetes?"),
        (["explain", "TC0O1"], "did you mean TC"),
        (["convert", "run.sh", "--practices", "all,-LGO"], "did you mean LOG?"),
        (["convert", "run.sh", "--practises", "none"], "--practices"),
    ],
)
def test_did_you_mean(tocompose, script, arguments, hint):
    ran = tocompose(*arguments)
    assert ran.code == 2
    assert hint in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "none.sh"], "none.sh: no such file or folder"),
        (["convert", "-", "run.sh"], "cannot be combined"),
        (["convert", "run.sh", "--option", "x"], "write NAME=VALUE"),
        (["convert", "run.sh", "--answers", "none.toml"], "none.toml"),
        (
            ["convert", "run.sh", "-o", "x", "--inline-secrets"],
            "--inline-secrets is for standard output",
        ),
    ],
)
def test_a_usage_error_is_one_clear_message(tocompose, script, arguments, message):
    ran = tocompose(*arguments)
    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_fault_of_our_own_says_no_value_of_the_input(tocompose, script, monkeypatch):
    def broken(*_: object) -> None:
        raise KeyError("hunter2-Kq9")

    monkeypatch.setattr("tocompose.cli.conversion.convert", broken)
    ran = tocompose("convert", script)
    assert ran.code == 2
    assert "a fault of tocompose itself (KeyError in test_commands.py:" in ran.err
    assert "hunter2" not in ran.err


def test_interrupted(tocompose, script, monkeypatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tocompose.cli.conversion.convert", stopped)
    assert tocompose("convert", script).code == 130


def test_help_is_no_command(tocompose):
    ran = tocompose("help")
    assert ran.code == 2 and "write tocompose --help" in ran.err


def test_a_docker_command_that_makes_nothing_is_named(tocompose):
    ran = tocompose("docker", "ps")
    assert ran.code == 2
    assert (
        ran.err
        == "tocompose: <command>: no docker run or docker create command that names an image was found\n"
    )


def test_formats(tocompose):
    text = tocompose("formats").out
    names = re.findall(r"(?m)^(\w+)  +\S", text)
    assert names == sorted(names) and {"compose", "docker_run", "procfile"} <= {*names}
    assert re.search(
        r"\n +\d{3} fields and flags: \d{2,3} carried over, \d+ with a note, \d+ left out on purpose\n",
        text,
    )
    assert {
        row["name"] for row in json.loads(tocompose("formats", "--format", "json").out)
    } >= {"docker_run"}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_an_example(name):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert re.search(
        r"Examples:\n +(\S+ \| |eval \"\$\()?tocompose ", command.help or ""
    ), name
    summary = (command.help or "").split("\n")[0]
    assert summary.rstrip(".") in COMMANDS[name] or len(summary) > 20


def test_settings_of_a_file_are_defaults(tocompose, script, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tocompose]\nname = "from-file"\npractices = "none"\n'
    )
    assert yaml.safe_load(tocompose("convert", script).out)["name"] == "from-file"
    assert "restart" not in tocompose("convert", script).out
    assert (
        yaml.safe_load(tocompose("convert", script, "--name", "flag").out)["name"] == "flag"
    )
    (tmp_path / "tocompose.toml").write_text('name = "own-file"\nfail-on = ["lost"]\n')
    ran = tocompose("convert", script)
    assert yaml.safe_load(ran.out)["name"] == "own-file"
    assert ran.code == 1


def test_settings_of_a_command_stand_in_a_table_of_its_name(tocompose, script, tmp_path):
    (tmp_path / "tocompose.toml").write_text(
        'name = "all"\n[convert]\nname = "one"\nfrom = "docker_run"\n'
    )
    assert yaml.safe_load(tocompose("convert", script).out)["name"] == "one"
    assert yaml.safe_load(tocompose("docker", "run", "nginx").out)["name"] == "all"
    assert (
        yaml.safe_load(tocompose("--name", "typed", "convert", script).out)["name"]
        == "typed"
    )
    assert (
        yaml.safe_load(tocompose("convert", script, "--name", "last").out)["name"] == "last"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[convrt]\nname = 1", "[convrt] is no command"),
        ("[convert]\nfrm = 1", "frm is no setting; did you mean from?"),
        ('practises = "none"', "practises is no setting; did you mean practices?"),
        ("quiet = 1", "quiet must be true or false"),
        ("name = [", "tocompose.toml:1:9: invalid value"),
        ("force = true", "force is no setting"),
    ],
)
def test_a_wrong_setting_is_named(tocompose, script, tmp_path, text, message):
    (tmp_path / "tocompose.toml").write_text(text)
    ran = tocompose("convert", script)
    assert ran.code == 2
    assert message in ran.err


def test_merge_adds_services_to_a_compose_file_and_keeps_the_rest(
    tocompose, script, tmp_path
):
    (tmp_path / "deploy").mkdir()
    own = tmp_path / "deploy" / "compose.yml"
    own.write_text("# mine\nservices:\n  web:\n    image: mine   # stays\n")
    ran = tocompose("convert", script, "--merge", "deploy/compose.yml")
    assert ran.code == 0, ran.err
    text = own.read_text()
    assert text.startswith("# mine\nservices:\n  web:\n    image: mine   # stays\n")
    assert yaml.safe_load(text)["services"]["db"]["image"] == "postgres:16"
    assert "TC768" in ran.err
    assert (tmp_path / "deploy" / ".env").exists()


def test_nothing_is_told_of_what_a_merge_leaves_out(tocompose, tmp_path):
    (tmp_path / "add.sh").write_text(
        "docker run -d --name cache redis:7\n"
        "docker run -d --name mail --link cache -e REDIS_URL=redis://cache:6379 corp/mail:2\n"
    )
    own = "services: {cache: {image: 'redis:7-alpine', networks: [inner]}}\nnetworks: {inner: }\n"
    (tmp_path / "compose.yml").write_text(own)
    ran = tocompose("convert", "add.sh", "--merge", "compose.yml", "-v")
    guide = (tmp_path / "MIGRATION.md").read_text()
    assert ran.code == 0 and "TC768" in ran.err
    # The volume, the limits of production and the old container of what stays are nowhere.
    for text in (ran.err, guide):
        assert "cache_data" not in text and "TC432" not in text and "TC628" not in text
    assert "docker stop mail`" in guide and "| `inner` |" in guide


def test_merge_into_what_is_no_compose_file_is_one_message(tocompose, script, tmp_path):
    (tmp_path / "compose.yml").write_text("services: [\n")
    ran = tocompose("convert", script, "--merge", "compose.yml")
    assert ran.code == 2
    assert "compose.yml:" in ran.err
    assert (tmp_path / "compose.yml").read_text() == "services: [\n"
    assert tocompose("convert", script, "--merge", "none.yml").code == 2
    assert (
        "leave out -o"
        in tocompose("convert", script, "--merge", "compose.yml", "-o", "x").err
    )


def test_lines_of_a_users_gitignore_stay(tocompose, script, tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / ".gitignore").write_text("*.log\n")
    ran = tocompose("convert", script, "-o", "deploy")
    assert "TC764" in ran.err
    assert (tmp_path / "deploy" / ".gitignore").read_text().startswith("*.log\n")


def test_check_puts_right_what_is_safe(tocompose, tmp_path):
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n"
    )
    assert "TC625" in "".join(tocompose("check", "--fix")[1:])
    assert "logging" in (tmp_path / "docker-compose.yml").read_text()


def test_a_file_outside_of_the_source_is_named(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "secret.env").write_text("A=1\n")
    (tmp_path / "app" / "run.sh").write_text(
        "docker run --name web --env-file ../secret.env nginx\n"
    )
    done = CliRunner().invoke(main, ["convert", "-v", str(tmp_path / "app")])
    assert "../secret.env was not read: it lies outside of the source [TC023]" in " ".join(
        done.stderr.split()
    )
    assert "A: " not in done.stdout


def test_one_value_is_counted_as_one(tocompose, tmp_path):
    (tmp_path / "compose.yaml").write_text("services:\n  a:\n    image: nginx:1\n")
    assert "\n1 value: 1 carried over\n" in tocompose("convert", "compose.yaml").err
