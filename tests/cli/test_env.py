"""What must be done before the first start: said at the end of a conversion, and asked for by `tocompose env`."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import tree
from tocompose.exporters.dotenv import missing_comment, optional_comment
from tocompose.knowledge.generators import generator_of, make_secret, make_value
from tocompose.writing.env_values import generated_comment, set_values

SCRIPT = (
    "docker run -d --name db -e POSTGRES_PASSWORD=changeme postgres:16\n"
    "docker run -d --name app -e API_KEY=YOUR_KEY_HERE -e TZ=Your/Timezone acme/app:1\n"
)
APP = {
    "Procfile": "web: node server.js\n",
    "app.json": '{"env": {"SESSION_SECRET": {"generator": "secret"}, "PAY_KEY": {"required": true}}}',
    "package.json": '{"name": "shop"}',
}


@pytest.fixture
def deploy(tocompose, tmp_path: Path) -> Path:
    (tmp_path / "run.sh").write_text(SCRIPT)
    assert tocompose("convert", "run.sh", "-o", "deploy", "-q").code == 0
    return tmp_path / "deploy"


def test_the_conversion_ends_with_what_to_do_and_the_next_command(tocompose, tmp_path):
    (tmp_path / "run.sh").write_text(SCRIPT)
    said = tocompose("convert", "run.sh", "-o", "deploy").err.splitlines()
    start = said.index("Before you start:")
    assert said[start + 1].startswith("  set 3 values in deploy/.env: ")
    assert said[-2] == "Next: cd deploy && docker compose up -d --wait"


def test_a_variable_that_the_source_demands_is_to_be_set(tocompose, tmp_path):
    (tmp_path / "docker-compose.yml").write_text(
        "services: {web: {image: 'acme/web:1', environment: {SITE: '${SITE?not set}', HOME: '${HOME:?}'}}}\n"
    )
    said = tocompose("convert", ".", "-o", "deploy").err.splitlines()
    start = said.index("Before you start:")
    assert said[start + 1] == "  set one value in deploy/.env: SITE"


def test_the_terminal_and_the_report_ask_for_the_same(tocompose, tmp_path):
    (tmp_path / "compose.yaml").write_text(
        "services:\n  app: {image: 'acme/app:1', credential_spec: {config: gmsa}, networks: [shared]}\n"
        "  job: {environment: {A: b}}\nnetworks: {shared: {external: true}}\n"
        "configs: {gmsa: {file: ./gmsa.json}}\n"
    )
    said = tocompose("convert", "compose.yaml", "-o", "deploy").err.splitlines()
    start, end = (
        said.index("Before you start:"),
        said.index("Next: cd deploy && docker compose up -d --wait"),
    )
    lines = [line for line in said[start + 1 : end] if not line.startswith("    ")]
    more = [int(line.split()[1]) for line in lines if "What to do" in line]
    boxes = (tmp_path / "deploy" / "MIGRATION.md").read_text().count("\n- [ ] ")
    assert boxes and len(lines) - len(more) + sum(more) == boxes, said


def test_five_services_fit_on_a_screen(tocompose, tmp_path):
    lines = [
        f"docker run -d --name s{n} --link db -p 808{n}:80 -v v{n}:/data -e DB_PASSWORD=hunter2-Kq{n} acme/s{n}:1"
        for n in range(4)
    ]
    (tmp_path / "run.sh").write_text(
        "\n".join(["docker run -d --name db postgres:16", *lines])
    )
    said = tocompose("convert", "run.sh", "-o", "deploy").err
    assert len(said.splitlines()) <= 40, said


def test_what_can_be_made_is_made_once_and_everything_else_stays(tocompose, deploy):
    before = (deploy / ".env").read_text()
    ran = tocompose("env", "deploy", "--generate")
    after = (deploy / ".env").read_text()
    assert (
        ran.code == 1
        and "still missing (set before the first start): APP_API_KEY, TZ" in ran.err
    )
    made = re.search(r'^POSTGRES_PASSWORD="(.{20,})"$', after, re.M)
    assert made and made[1] not in ran.err
    asked, said = (
        "# POSTGRES_PASSWORD has no value yet. Set it here.\nPOSTGRES_PASSWORD=",
        f"{generated_comment('POSTGRES_PASSWORD')}\n{made[0]}",
    )
    assert before.replace(asked, said) == after
    assert stat.S_IMODE((deploy / ".env").stat().st_mode) == 0o600
    assert tocompose("env", "deploy", "--generate").code == 1
    assert (deploy / ".env").read_text() == after


def test_the_password_of_a_server_elsewhere_is_not_made(tocompose, tmp_path):
    (tmp_path / "run.sh").write_text(
        "docker run -d --name app -e DB_HOST=db.acme.org -e DB_PASSWORD=YOUR_PASSWORD"
        " -e SESSION_SECRET=changeme acme/app:1\n"
        "docker run -d --name cache -e REDIS_PASSWORD=changeme redis:7\n"
    )
    tocompose("convert", "run.sh", "-o", "deploy", "-q")
    ran = tocompose("env", "deploy", "--generate")
    assert ": REDIS_PASSWORD, SESSION_SECRET" in ran.err
    assert "still missing (set before the first start): DB_PASSWORD" in ran.err


@pytest.mark.parametrize(
    ("keys", "is_made"),
    [
        (
            "image: 'elasticsearch:8.9.0', environment: {ELASTIC_PASSWORD: '${ES_LOGIN:?}'}",
            1,
        ),
        ("image: 'redis:7', command: [redis-server, --requirepass, '${ES_LOGIN:?}']", 1),
        ("image: 'elasticsearch:8.9.0', environment: {S3_PASSWORD: '${ES_LOGIN:?}'}", 0),
        ("image: 'acme/search:1', environment: {ELASTIC_PASSWORD: '${ES_LOGIN:?}'}", 0),
    ],
)
def test_the_password_of_a_server_is_made_whatever_its_variable_is_called(
    tocompose, tmp_path, keys: str, is_made: int
):
    (tmp_path / "compose.yaml").write_text(f"services: {{search: {{{keys}}}}}\n")
    (tmp_path / ".env").write_text("ES_LOGIN=\n")
    ran = tocompose("env", ".", "--generate")
    assert ("written to .env: ES_LOGIN" in ran.err) == bool(is_made)


def test_a_job_in_the_image_of_a_database_is_no_server(tocompose, tmp_path):
    (tmp_path / "run.sh").write_text(
        "docker run -d --name grant -e POSTGRES_PASSWORD=YOUR_PASSWORD postgres:16"
        " sh -c 'psql -h db.acme.org -c \"SELECT 1\"'\n"
        "docker run -d --name cache -e REDIS_PASSWORD=changeme redis:7"
        " sh -c 'redis-server --requirepass \"$REDIS_PASSWORD\"'\n"
    )
    tocompose("convert", "run.sh", "-o", "deploy", "-q")
    ran = tocompose("env", "deploy", "--generate")
    assert ": REDIS_PASSWORD\n" in ran.err
    assert "still missing (set before the first start): POSTGRES_PASSWORD" in ran.err


def answered(folder: Path, answers: Iterable[bytes]) -> bytes:
    """What a terminal shows while its user answers one question after the other."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "tocompose", "env", str(folder)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.PACKAGE.parent)}
    pipes = {"stdin": writer, "stdout": writer, "stderr": writer}
    with subprocess.Popen(  # type: ignore[call-overload]
        command, env=env, start_new_session=True, **pipes
    ) as process:
        os.close(writer)
        seen = b""
        for answer in answers:
            prompt = b""
            while not prompt.endswith(b": "):
                prompt += os.read(reader, 1000)
            os.write(reader, answer)
            seen += prompt
        process.wait(timeout=60)
    os.close(reader)
    return seen


def test_answers_are_written_and_secrets_are_not_shown(deploy: Path) -> None:
    seen = answered(deploy, (b"s3cret-Zt\n", b"key-Zt\n", b"Europe/Berlin\n"))
    text = (deploy / ".env").read_text()
    assert 'API_KEY="key-Zt"' in text and 'TZ="Europe/Berlin"' in text
    assert b"key-Zt" not in seen and b"s3cret" not in seen


def test_a_password_that_an_address_cannot_hold_is_asked_for_again(
    tocompose, tmp_path: Path
) -> None:
    (tmp_path / "run.sh").write_text(
        "PW=$(cat /root/pw)\n"
        'docker run -d --name db -e POSTGRES_PASSWORD="$PW" postgres:16\n'
        'docker run -d --name web -e DATABASE_URL="postgres://app:$PW@db/app" corp/web:1\n'
    )
    tocompose("convert", "run.sh", "-o", "deploy", "-q")
    deploy = tmp_path / "deploy"
    seen = answered(deploy, (b"new%40pw\n", b"p'w$1x\n", b"new-pw\n"))
    assert 'PW="new-pw"' in (deploy / ".env").read_text()
    assert seen.count(b"letters, digits and - . _ ~ only") >= 2
    assert b"PW (Output of: cat /root/pw;" in seen
    assert b"new%40pw" not in seen


def test_a_secret_that_the_source_says_to_generate_is_generated_once(tocompose, tmp_path):
    for name, text in APP.items():
        (tmp_path / name).write_text(text)
    ran = tocompose("convert", ".", "-o", "deploy", "--from", "procfile")
    env = (tmp_path / "deploy" / ".env").read_text()
    made = re.search(r'^SESSION_SECRET="([0-9a-f]{64,})"$', env, re.M)
    assert made and made[1] not in ran.err
    assert "PAY_KEY" in ran.err
    again = tocompose("convert", ".", "-o", "deploy", "--from", "procfile")
    assert again.code == 0
    assert (tmp_path / "deploy" / ".env").read_text() == env


def test_no_report_asks_for_a_value_that_was_generated(tocompose, tmp_path):
    for name, text in APP.items():
        (tmp_path / name).write_text(text)
    tocompose("convert", ".", "-o", "deploy", "--from", "procfile")
    report = (tmp_path / "deploy" / "MIGRATION.md").read_text()
    row = next(
        line for line in report.splitlines() if line.startswith("| `SESSION_SECRET`")
    )
    assert "a new value, generated into .env" in row and "set it" not in row
    assert "Set one value in .env: PAY_KEY [TC343]\n" in report


def test_a_batch_generates_too(tocompose, tmp_path):
    for name, text in APP.items():
        (tmp_path / "shop" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "shop" / name).write_text(text)
    made = []
    for _ in range(2):
        assert tocompose("batch", "shop", "-o", "out").code == 0
        env = (tmp_path / "out" / "repositories" / "shop" / ".env").read_text()
        made += re.findall(r'^SESSION_SECRET="([0-9a-f]{64,})"$', env, re.M)
    assert len(made) == 2 and made[0] == made[1]


def test_render_makes_what_a_blueprint_says_to_generate(tocompose, tmp_path):
    (tmp_path / "render.yaml").write_text(
        "services:\n- {type: web, name: shop, runtime: image, image: {url: 'acme/shop:1'},"
        " envVars: [{key: SIGNER, generateValue: true}]}\n"
    )
    ran = tocompose("convert", "render.yaml", "-o", "deploy")
    env = (tmp_path / "deploy" / ".env").read_text()
    assert re.search(r'^SIGNER="[A-Za-z0-9+/]{43}="$', env, re.M), env
    assert "Before you start" not in ran.err


def test_a_value_that_was_generated_says_so(tocompose, tmp_path):
    for name, text in APP.items():
        (tmp_path / name).write_text(text)
    tocompose("convert", ".", "-o", "deploy", "--from", "procfile")
    lines = (tmp_path / "deploy" / ".env").read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("SESSION_SECRET="))
    assert lines[at - 1].startswith("# SESSION_SECRET was generated.")


def test_a_secret_that_changed_in_the_source_is_named(tocompose, tmp_path):
    script = tmp_path / "run.sh"
    run = "docker run -d --name db -e POSTGRES_PASSWORD={} -e TZ={} postgres:16\n"
    script.write_text(run.format("s3cret-9Kq", "UTC"))
    tocompose("convert", "run.sh", "-o", "deploy")
    script.write_text(run.format("n3wer-8Zx", "CET"))
    ran = tocompose("convert", "run.sh", "-o", "deploy", "--force")
    assert "[TC856]" in ran.err and "old value of POSTGRES_PASSWORD:" in ran.err
    assert "s3cret" not in ran.err and "n3wer" not in ran.err
    assert "s3cret-9Kq" in (tmp_path / "deploy" / ".env").read_text()
    again = tocompose("convert", "run.sh", "-o", "deploy", "--force")
    assert "[TC856]" in again.err


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("SECRET_KEY_BASE", r"[0-9a-f]{128}"),
        ("APP_KEY", r"base64:[A-Za-z0-9+/]{43}="),
        ("DJANGO_SECRET_KEY", r".{50}"),
        ("AIRFLOW__CORE__FERNET_KEY", r"[\w-]{43}="),
        ("POSTGRES_PASSWORD", r"[\w-]{32}"),
        ("JWT_SECRET", r"[0-9a-f]{64}"),
    ],
)
def test_each_framework_gets_its_form(name: str, form: str) -> None:
    row = generator_of(name)
    assert row is not None and re.fullmatch(form, make_value(row))


@pytest.mark.parametrize(
    "name",
    [
        *("STRIPE_API_KEY", "RAILS_MASTER_KEY", "GITHUB_TOKEN", "TZ", "AWS_ACCESS_KEY_ID"),
        *("FACEBOOK_APP_SECRET", "GOOGLE_CLIENT_SECRET", "SLACK_SIGNING_SECRET"),
        *("OAUTH_SECRET", "STRIPE_WEBHOOK_SECRET", "TWITTER_APP_KEY", "AWS_SECRET"),
    ],
)
def test_what_others_give_out_is_not_made(name: str) -> None:
    assert generator_of(name) is None


def test_a_folder_without_values_is_said(tocompose, tmp_path):
    ran = tocompose("env", ".")
    assert ran.code == 2 and "name the folder" in ran.err


def test_the_comment_that_a_value_is_missing_goes_with_its_value(tmp_path):
    (tmp_path / ".env").write_text(
        f"{missing_comment('A_KEY')}\nA_KEY=\n{optional_comment('B_KEY')}\nB_KEY=\n"
    )
    set_values(tmp_path, {"A_KEY": "a", "B_KEY": "b"})
    assert (tmp_path / ".env").read_text() == 'A_KEY="a"\nB_KEY="b"\n'


@pytest.mark.parametrize(
    ("description", "length"),
    [("Run openssl rand -hex 20", 40), ("Any text", 128), ("openssl rand -base64 12", 16)],
)
def test_a_secret_is_made_by_the_command_that_its_description_names(description, length):
    assert len(make_secret("SIGNATURE", "hex", description)) == length
    assert make_secret("APP_KEY", "hex", description).startswith("base64:")


def test_an_optional_variable_is_asked_for_by_no_file(tocompose, tmp_path):
    (tmp_path / "Procfile").write_text("web: node server.js\n")
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / ".env.example").write_text("FORCE_TLS=on\nTRACE_DSN=\n")
    tocompose("convert", ".", "-o", "deploy", "-q")
    lines = (tmp_path / "deploy/.env").read_text().splitlines()
    assert {"# TRACE_DSN has no value (optional).", "# TRACE_DSN="} < set(lines)
    shown = (tmp_path / "deploy/.env.example").read_text().splitlines()
    assert {'# FORCE_TLS="on"', "# TRACE_DSN="} < set(shown)
