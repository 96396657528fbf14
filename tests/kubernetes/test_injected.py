"""What controllers would put into pods is told by what asks for it: sidecars of Dapr, files of Vault, proxies."""

from __future__ import annotations

import pytest

from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.tables import load

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {ANNOTATIONS}}
spec: {containers: [{name: web, image: "example/web:1"}, {name: SECOND, image: "example/second:1"}]}
"""


def notes(annotations: str, second: str = "second", more: str = "") -> list[Note]:
    text = POD.replace("ANNOTATIONS", annotations).replace("SECOND", second) + more
    options = Options(source="kubernetes", practices="none")
    result = convert(Memory({"m.yaml": text.encode()}, name="shop"), options)
    return [note for note in result.notes if note.code in {"TC886", "TC887"}]


def test_a_sidecar_of_dapr_is_told_with_what_it_is_told() -> None:
    settings = "dapr.io/enabled: 'true', dapr.io/app-id: orders, dapr.io/app-port: '80', dapr.io/env: A=s3cret"
    [note] = notes(settings)
    assert "web gets no daprd sidecar" in note.message
    assert "dapr.io/app-id: orders, dapr.io/app-port: 80, dapr.io/env" in note.message
    assert "s3cret" not in note.message
    assert "network_mode: service:web" in note.advice


def test_each_file_of_vault_is_told_with_its_path() -> None:
    vault = "vault.hashicorp.com/"
    settings = {
        "agent-inject": "'true'",
        "agent-inject-secret-db.txt": "kv/db",
        "agent-inject-template-db.txt": "'{{ with secret \"kv/db\" }}{{ .Data.p }}{{ end }}'",
        "agent-inject-secret-api": "kv/api",
        "agent-inject-file-api": "api.env",
        "secret-volume-path-api": "/etc/api",
    }
    [note] = notes(", ".join(f"{vault}{key}: {text}" for key, text in settings.items()))
    assert (
        "/vault/secrets/db.txt (from kv/db), /etc/api/api.env (from kv/api);"
        in note.message
    )


@pytest.mark.parametrize(
    ("annotations", "second"),
    [
        ("linkerd.io/inject: disabled", "second"),
        ("sidecar.istio.io/inject: 'false'", "second"),
        ("dapr.io/app-id: orders", "second"),
        ("linkerd.io/inject: enabled", "linkerd-proxy"),
    ],
)
def test_nothing_is_missed_where_nothing_is_injected(annotations: str, second: str) -> None:
    assert notes(annotations, second) == []


def test_a_mesh_is_told_once_with_the_namespaces_that_ask_for_it() -> None:
    namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
    [note] = notes("sidecar.istio.io/inject: 'true'", more=namespace)
    assert note.message.startswith(
        "web, namespace shop run without the Envoy proxy of Istio"
    )
    assert "sidecar.istio.io/inject, istio-injection" in note.message


@pytest.mark.parametrize("name", load("kubernetes/injectors"))
def test_every_injector_is_told(name: str) -> None:
    switch = load("kubernetes/injectors")[name]["switches"][-1]
    [note] = notes(f"{switch}{'x' if switch.endswith(('/', '-')) else ''}: enabled")
    assert name in note.message
