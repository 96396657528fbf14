"""ConfigMaps and Secrets that are not among the manifests: one note each, whoever makes them in the cluster."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.duties import start_duties
from tocompose.reports.report import report


def converted(*objects: dict[str, Any]) -> Result:
    text = yaml.safe_dump_all(objects)
    files = Memory({"m.yaml": text.encode()}, name="shop")
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(files, options)


def pod(*keys: tuple[str, str, str], name: str = "web") -> dict[str, Any]:
    env = [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for variable, secret, key in keys
    ]
    container = {"name": name, "image": "example/web:1", "env": env}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container]},
    }


def made(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "db"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


MAKERS = [
    made(
        "external-secrets.io/v1",
        "ExternalSecret",
        {
            "target": {"name": "db-secret"},
            "data": [{"secretKey": "pw", "remoteRef": {"key": "x"}}],
        },
    ),
    made(
        "bitnami.com/v1alpha1",
        "SealedSecret",
        {
            "encryptedData": {"pw": "AgBy"},
            "template": {"metadata": {"name": "db-secret"}},
        },
    ),
    made(
        "secrets.hashicorp.com/v1beta1",
        "VaultStaticSecret",
        {"destination": {"name": "db-secret"}, "path": "db"},
    ),
]


def said(result: Result, code: str) -> list[str]:
    return [note.message for note in result.notes if note.code == code]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker["kind"])
def test_a_secret_that_a_controller_makes_has_one_note(maker: dict[str, Any]) -> None:
    result = converted(maker, pod(("PW", "db-secret", "pw"), ("USER", "db-secret", "user")))
    [message] = said(result, "TC390")
    assert all(part in message for part in ("db-secret", "PW (key pw)", "DB_SECRET_USER"))
    codes = {note.code for note in result.notes}
    assert not codes & {"TC001", "TC203", "TC213", "TC901"}
    [settings] = [file.content for file in result.files if file.path == ".env"]
    assert b"\nPW=\n" in settings


def test_a_secret_without_a_maker_has_one_note_for_all_its_keys() -> None:
    keys = [(f"V{number}", "gone", f"key{number}") for number in range(5)]
    result = converted(pod(*keys))
    [message] = said(result, "TC213")
    assert all(f"V{number} (key key{number})" in message for number in range(5))


def test_a_secret_that_is_there_needs_no_maker() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db-secret"},
        "stringData": {"pw": "hunter2"},
    }
    result = converted(MAKERS[0], secret, pod(("PW", "db-secret", "pw")))
    assert not said(result, "TC390") and said(result, "TC203")


def in_namespace(manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


ONE = "get secret gone -o jsonpath='{.data.tls\\.crt}' | base64 -d"
SEVERAL = """get secret gone -o go-template='{{range $k, $v := .data}}{{$k}}={{base64decode $v}}{{"\\n"}}{{end}}'"""


@pytest.mark.parametrize("namespace", ["", "shop"])
@pytest.mark.parametrize(("keys", "command"), [(("tls.crt",), ONE), (("a", "b"), SEVERAL)])
def test_one_command_reads_what_an_object_of_the_cluster_holds(
    keys: tuple[str, ...], command: str, namespace: str
) -> None:
    source = pod(*((f"V{number}", "gone", key) for number, key in enumerate(keys)))
    result = converted(in_namespace(source, namespace) if namespace else source)
    exact = f"kubectl{f' -n {namespace}' if namespace else ''} {command}"
    (advice,) = [note.advice for note in result.notes if note.code == "TC213"]
    assert f"`{exact}`" in advice and "-o yaml > secret-gone.yaml`" in advice
    (example,) = [file.content for file in result.files if file.path == ".env.example"]
    assert example.decode().count(f"# Secret gone in the cluster: {exact}\n\n") == 1


def test_a_value_of_a_config_map_is_read_as_it_is_and_no_secret() -> None:
    source = pod(("MODE", "modes", "mode"))
    (env,) = source["spec"]["containers"][0]["env"]
    env["valueFrom"] = {"configMapKeyRef": env["valueFrom"]["secretKeyRef"]}
    result = converted(source)
    (advice,) = [note.advice for note in result.notes if note.code == "TC213"]
    assert "`kubectl get configmap modes -o jsonpath='{.data.mode}'`" in advice
    (setting,) = result.stack.settings
    assert not setting.secret and setting.required


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker["kind"])
def test_what_a_controller_made_is_read_by_its_key(maker: dict[str, Any]) -> None:
    result = converted(maker, pod(("PW", "db-secret", "pw")))
    (advice,) = [note.advice for note in result.notes if note.code == "TC390"]
    assert "`kubectl get secret db-secret -o jsonpath='{.data.pw}' | base64 -d`" in advice


def test_a_mount_of_a_volume_that_the_pod_lacks_is_told() -> None:
    source = pod()
    (container,) = source["spec"]["containers"]
    container["volumeMounts"] = [{"name": "nowhere", "mountPath": "/srv"}]
    (note,) = [note for note in converted(source).notes if note.code == "TC213"]
    assert "/srv" in note.message and note.advice.startswith("Add the volume")


def with_files(source: dict[str, Any], *volumes: dict[str, Any]) -> dict[str, Any]:
    """The pod, which has each volume as a folder too."""
    (container,) = source["spec"]["containers"]
    names = [volume["name"] for volume in volumes]
    container["volumeMounts"] = [
        {"name": name, "mountPath": f"/files/{name}"} for name in names
    ]
    source["spec"]["volumes"] = list(volumes)
    return source


def task_texts(result: Result) -> dict[str, list[str]]:
    told = start_duties(report(result, Memory({}, "shop"))).named
    return {
        duty.code: [duty.advice, *(detail.advice for detail in duty.details)]
        for duty in told
    }


GET = "kubectl get secret {0} -o go-template="
EACH = (
    f"for key in $({GET}'{{{{{{{{range $k, $v := .data}}}}}}}}{{{{{{{{$k}}}}}}}} {{{{{{{{end}}}}}}}}'); do "
    f'{GET}"{{{{{{{{index .data \\"$key\\" | base64decode}}}}}}}}" > secrets/{{0}}/"$key"; done'
)


def test_files_to_fill_are_a_task_beside_values_of_the_same_secret() -> None:
    source = pod(("PW", "gone", "pw"))
    source["spec"]["containers"][0]["envFrom"] = [
        {"prefix": "P_", "secretRef": {"name": "gone"}}
    ]
    volume = {"name": "tls", "secret": {"secretName": "gone"}}
    result = converted(with_files(source, volume))
    [message] = said(result, "TC884")
    assert "./secrets/gone.env" in message and "the folder secrets/gone" in message
    (said_how,) = task_texts(result)["TC884"]
    assert "> secrets/gone.env`" in said_how and EACH.format("gone") in said_how
    assert '{{printf "P_%s=\\u0027%s\\u0027\\n" $k (base64decode $v)}}' in said_how


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker["kind"])
def test_files_of_a_secret_that_a_controller_makes_are_a_task(
    maker: dict[str, Any],
) -> None:
    volume = {"name": "tls", "secret": {"secretName": "db-secret"}}
    result = converted(maker, with_files(pod(), volume))
    (said_how,) = task_texts(result)["TC884"]
    assert EACH.format("db-secret") in said_how and "-o yaml" not in said_how
    (advice,) = [note.advice for note in result.notes if note.code == "TC390"]
    assert "TC884" in advice
    text = render("markdown", report(result, Memory({}, "shop")))
    assert "- `secrets/db-secret/.keep`\n" in text


def test_a_file_of_one_key_is_filled_where_it_is_mounted() -> None:
    items = [{"key": "a.b", "path": "sub/f"}]
    sources = [
        {"secret": {"name": "gone", "items": items}},
        {"configMap": {"name": "lost", "items": items}},
    ]
    volume = {"name": "all", "projected": {"sources": sources}}
    result = converted(with_files(pod(), volume))
    texts = "".join(task_texts(result)["TC884"])
    command = (
        "`mkdir -p {0}/sub && kubectl get {1} -o jsonpath='{{.data.a\\.b}}'{2} > {0}/sub/f`"
    )
    folder = result.stack.services[0].mounts[0].source.removeprefix("./")
    assert command.format(folder, "secret gone", " | base64 -d") in texts
    assert command.format(folder, "configmap lost", "") in texts
