"""Configuration files with a secret go to `secrets/`, with what is mounted beside them; others stay."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.rules.config_files import holds_secret

MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {app.ini: "user = app\\npassword = %s\\n", other.ini: "x = 1\\n"}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: 'a:1', volumeMounts: [{name: v, mountPath: /etc/c}]}]
  volumes: [{name: v, configMap: {name: conf}}]
"""


def converted(password: str) -> Result:
    files = {"app.yaml": (MAP % password).encode()}
    return convert(Memory(files), Options(source="kubernetes", layout=Layout(split=True)))


def test_a_config_map_with_a_password_is_written_below_secrets() -> None:
    found = converted("hunter22")
    files = {item.path: item for item in found.files}
    assert not any(path.startswith("config/") for path in files)
    own = files["secrets/conf/app.ini"]
    assert own.secret and own.mode == 0o444 and b"hunter22" in own.content
    assert "secrets/conf/other.ini" in files
    assert [mount.source for mount in found.stack.services[0].mounts] == ["./secrets/conf"]
    assert b"secrets/" in files[".gitignore"].content
    assert [
        (item.code, str(item.subject))
        for item in found.notes
        if item.code in ("TC508", "TC901")
    ] == [("TC508", "services.web.volumes")]


@pytest.mark.parametrize("password", ["${PASSWORD}", "", "$PASSWORD", "none"])
def test_a_config_map_without_one_stays(password: str) -> None:
    assert "config/conf/app.ini" in {item.path for item in converted(password).files}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password = hunter22", True),
        ("  - api_key: 'abc123def'", True),
        ('"clientSecret": "abc123def",', True),
        ("url: postgres://u:hunter22@db/x", True),
        ("url: postgres://db/x", False),
        ("password_file = /run/secrets/x", False),
        ("token_ttl: 3600", False),
        ("password: {{ .Env.PASSWORD }}", False),
        ("password: |", False),
        ("# how to set a password: see below", False),
        ("-----BEGIN PRIVATE KEY-----", True),
    ],
)
def test_what_counts_as_a_secret(text: str, secret: bool) -> None:
    assert holds_secret(f"a = 1\n{text}\n".encode()) is secret


@pytest.mark.parametrize(
    "opening",
    ["cat > conf/app.ini <<EOF", "cat <<'EOF' > conf/app.ini", "tee conf/app.ini <<-EOF"],
)
@pytest.mark.parametrize("source", ["$PWD/conf:/etc/app", "./conf/app.ini:/etc/app.ini:ro"])
def test_a_here_document_with_a_password_is_written_below_secrets(
    opening: str, source: str
) -> None:
    script = f"mkdir -p conf\n{opening}\nuser = app\npassword=hunter22\nEOF\ndocker run -d --name web -v {source} a:1\n"
    found = convert(
        Memory({"run.sh": script.encode()}),
        Options(source="docker_run", layout=Layout(split=True)),
    )
    files = {item.path: item for item in found.files}
    own = files["secrets/conf/app.ini"]
    assert own.secret and own.content == b"user = app\npassword=hunter22\n"
    assert b"secrets/" in files[".gitignore"].content
    assert [path for path, item in files.items() if b"hunter22" in item.content] == [
        "secrets/conf/app.ini"
    ]
    assert [mount.source for mount in found.stack.services[0].mounts] == [
        "./secrets/conf" if source.startswith("$PWD") else "./secrets/conf/app.ini"
    ]
    assert not any("hunter22" in f"{item.message} {item.advice}" for item in found.notes)
