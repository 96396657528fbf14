"""What volumes come to where containers differ: users, replicas, init containers, keys that no variable can hold."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.importers.kubernetes import config_names, storage
from tocompose.importers.kubernetes.config import VolumeFiles
from tocompose.importers.kubernetes.volume_files import volume_files
from tocompose.model import Service
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports.known_secrets import secrets_of
from tocompose.rules import mounted_files

Json = dict[str, Any]


def converted(*objects: Json) -> Result:
    """The conversion of objects into the files of a folder, without practices."""
    project = Memory({"all.yaml": yaml.safe_dump_all(objects, sort_keys=False).encode()})
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(project, options)


def service(outcome: Result, name: str) -> Service:
    """The service of that name."""
    return next(each for each in outcome.stack.services if each.name == name)


def deployment(name: str, pod: Json, **spec: Any) -> Json:
    """A Deployment of pods of that spec."""
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": selector, "template": template, **spec},
    }


def container(name: str, **fields: Any) -> Json:
    """A container with those fields."""
    return {"name": name, "image": "example/app:1", **fields}


def config(kind: str, name: str, **sections: Any) -> Json:
    """A ConfigMap or Secret."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **sections}


def mount(name: str, path: str, **fields: Any) -> Json:
    """A mount of the volume of that name."""
    return {"name": name, "mountPath": path, **fields}


def test_a_file_is_readable_for_each_of_its_users() -> None:
    volume = {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o400}}

    def user(name: str, **security: int) -> Json:
        containers = [container(name, volumeMounts=[mount("keys", "/keys")])]
        pod = {"containers": containers, "volumes": [volume], "securityContext": security}
        return deployment(name, pod)

    secret = config("Secret", "keys", stringData={"k": "a-key-of-mine"})
    root, other = user("root"), user("other", runAsUser=1000, fsGroup=1000)
    for objects in ((secret, root, other), (secret, other, root)):
        (file,) = (
            file for file in converted(*objects).files if file.path == "secrets/keys/k"
        )
        assert file.mode & 0o044 == 0o044
    (alone,) = (
        file for file in converted(secret, root).files if file.path == "secrets/keys/k"
    )
    assert alone.mode == 0o400


def filled_by_init(**init_mount: Any) -> Result:
    """A pod whose container mounts a sub-path of what its init container mounts."""
    init = container("fill", volumeMounts=[mount("work", "/work", **init_mount)])
    web = container(
        "web", volumeMounts=[mount("work", "/etc/app.conf", subPath="out/app.conf")]
    )
    pod = {
        "initContainers": [init],
        "containers": [web],
        "volumes": [{"name": "work", "emptyDir": {}}],
        "securityContext": {"runAsUser": 1000},
    }
    return converted(deployment("web", pod))


def test_a_sub_path_that_an_init_container_may_make_is_left_to_it() -> None:
    outcome = filled_by_init()
    job = service(outcome, "web-sub-paths")
    assert {each.service for each in job.depends_on} == {"web-volumes", "web-init-fill"}
    assert "web-sub-paths" in {each.service for each in service(outcome, "web").depends_on}
    assert "out" not in str(service(outcome, "web-volumes").command)


def test_a_sub_path_is_made_first_where_no_init_container_can_make_it() -> None:
    outcome = filled_by_init(readOnly=True)
    assert "web-sub-paths" not in {each.name for each in outcome.stack.services}
    assert "out/app.conf" in str(service(outcome, "web-volumes").command)


def run_job(job: Service, volumes: Path) -> None:
    """Runs the command of a job as a shell does, its volumes below a folder."""
    assert job.command is not None
    shell, flag, text = job.command
    text = text.replace("/volumes/", f"{volumes}/").replace("$$", "$")
    subprocess.run([shell, flag, text], check=True)


def test_a_job_for_sub_paths_keeps_what_is_there(tmp_path: Path) -> None:
    job = service(filled_by_init(), "web-sub-paths")
    out = tmp_path / "web-work" / "out"
    (tmp_path / "web-work").mkdir()
    run_job(job, tmp_path)
    assert (out / "app.conf").is_dir()
    assert [path.stat().st_mode & 0o777 for path in (out, out / "app.conf")] == [0o777] * 2
    (out / "app.conf").rmdir()
    (out / "app.conf").write_text("made by the init container", encoding="utf-8")
    run_job(job, tmp_path)
    assert (out / "app.conf").read_text(encoding="utf-8") == "made by the init container"


def of_volume(volume: Json, **spec: Any) -> Result:
    """A Deployment whose only container mounts the volume at /data."""
    pod = {
        "containers": [container("app", volumeMounts=[mount("data", "/data")])],
        "volumes": [{"name": "data", **volume}],
    }
    return converted(deployment("app", pod, **spec))


def test_a_small_empty_dir_keeps_its_limit_in_memory() -> None:
    (small,) = service(of_volume({"emptyDir": {"sizeLimit": "50Mi"}}), "app").mounts
    assert (small.kind, small.options["tmpfs"]["size"]) == ("tmpfs", "50M")
    large = of_volume({"emptyDir": {"sizeLimit": "2Gi"}})
    assert [each.kind for each in service(large, "app").mounts] == ["volume"]


def test_replicas_do_not_share_an_ephemeral_volume() -> None:
    template = {"spec": {"accessModes": ["ReadWriteOnce"]}}
    volume = {"ephemeral": {"volumeClaimTemplate": template}}
    (each,) = service(of_volume(volume, replicas=3), "app").mounts
    assert (each.kind, each.source) == ("volume", None)
    assert "TC267" in {note.code for note in of_volume(volume, replicas=3).notes}
    (alone,) = service(of_volume(volume), "app").mounts
    assert alone.source == "app-data"


def test_variables_hold_no_binary_data() -> None:
    reference = {"configMapKeyRef": {"name": "bin", "key": "logo", "optional": True}}
    app = container(
        "app",
        envFrom=[{"configMapRef": {"name": "bin"}}],
        env=[{"name": "LOGO", "valueFrom": reference}],
    )
    binary = config("ConfigMap", "bin", data={"A": "1"}, binaryData={"logo": "AAEC"})
    outcome = converted(binary, deployment("app", {"containers": [app]}))
    assert [each.name for each in service(outcome, "app").environment] == ["A"]


def test_an_optional_volume_asks_for_none_of_its_keys() -> None:
    items = [{"key": "there", "path": "there"}, {"key": "absent", "path": "absent"}]
    pod = {
        "containers": [container("app", volumeMounts=[mount("c", "/c")])],
        "volumes": [
            {"name": "c", "configMap": {"name": "has", "optional": True, "items": items}}
        ],
    }
    has = config("ConfigMap", "has", data={"there": "yes"})
    codes = {note.code for note in converted(has, deployment("app", pod)).notes}
    assert "TC214" in codes and "TC213" not in codes


def test_a_variable_without_a_name_hides_no_other() -> None:
    app = container("app", envFrom=[{"configMapRef": {"name": "odd"}}])
    odd = config("ConfigMap", "odd", data={"": "nameless", "API_TOKEN": "tok-9f86d081"})
    outcome = converted(odd, deployment("app", {"containers": [app]}))
    assert "tok-9f86d081" in {secret.text for secret in secrets_of(outcome.stack)}


def test_a_sub_path_of_a_folder_of_each_replica_is_that_folder() -> None:
    pod = {
        "containers": [
            container("app", volumeMounts=[mount("data", "/data", subPath="a")])
        ],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    outcome = converted(deployment("app", pod, replicas=2))
    assert [each.name for each in outcome.stack.services] == ["app"]
    (own,) = service(outcome, "app").mounts
    assert (own.source, own.options) == (None, {})


def test_what_is_mounted_twice_is_one_folder() -> None:
    def sources(*paths: Json) -> list[str | None]:
        pod = {
            "containers": [
                container(
                    "app",
                    volumeMounts=[
                        mount("data", f"/{n}", **each) for n, each in enumerate(paths)
                    ],
                )
            ],
            "volumes": [{"name": "data", "emptyDir": {"medium": "Memory"}}],
        }
        app = service(converted(deployment("app", pod)), "app")
        return [each.source for each in app.mounts]

    assert sources({}, {}) == ["app-data"] * 2
    assert sources({"subPath": "a"}, {"subPath": "b"}) == [None] * 2


def test_files_of_one_name_keep_their_contents() -> None:
    first = config("ConfigMap", "app", data={"a": "of app"})
    second = config("ConfigMap", "app-conf", data={"a": "of app-conf"})
    items = [{"key": "a", "path": "conf/a"}]
    mounts = [mount("one", "/one", subPath="conf/a"), mount("two", "/two", subPath="a")]
    pod = {
        "containers": [container("app", volumeMounts=mounts)],
        "volumes": [
            {"name": "one", "configMap": {"name": "app", "items": items}},
            {"name": "two", "configMap": {"name": "app-conf"}},
        ],
    }
    outcome = converted(first, second, deployment("app", pod))
    contents = {file.path: file.content for file in outcome.files}
    paths = {each.name: each.file or "" for each in outcome.stack.configs}
    texts = [
        contents[paths[grant.source].removeprefix("./")]
        for grant in service(outcome, "app").configs
    ]
    assert texts == [b"of app", b"of app-conf"]


def test_a_user_can_read_what_a_file_says_of_the_pod() -> None:
    items = [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]
    pod = {
        "containers": [container("app", volumeMounts=[mount("info", "/info")])],
        "volumes": [
            {"name": "info", "downwardAPI": {"items": items, "defaultMode": 0o400}}
        ],
        "securityContext": {"runAsUser": 1000, "fsGroup": 1000},
    }
    files = converted(deployment("app", pod)).files
    (file,) = (file for file in files if file.path == "config/app-info/name")
    assert file.mode == 0o444


def test_a_sub_path_is_told_once_for_all_pods() -> None:
    pod = {"containers": [container("app", volumeMounts=[mount("d", "/d", subPath="a")])]}
    claim = {"metadata": {"name": "d"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    stateful = deployment("app", pod, replicas=3, volumeClaimTemplates=[claim])
    outcome = converted(stateful | {"kind": "StatefulSet"})
    assert [note.code for note in outcome.notes].count("TC882") == 1


def test_bytes_of_a_secret_become_no_variable() -> None:
    reference = {"secretKeyRef": {"name": "s", "key": "bin"}}
    app = container("app", env=[{"name": "BIN", "valueFrom": reference}])
    secret = config("Secret", "s", data={"bin": "AAECAw=="})
    outcome = converted(secret, deployment("app", {"containers": [app]}))
    assert "TC209" in {note.code for note in outcome.notes}
    assert not any(b"\0" in file.content for file in outcome.files)


@pytest.mark.parametrize("kind", ["initContainers", "containers"])
def test_what_an_init_container_leaves_in_memory_is_kept(kind: str) -> None:
    """The engine empties a volume in memory between an init container and the next one."""
    first, last = (
        {
            "name": name,
            "image": f"example/{name}:1",
            "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
        }
        for name in ("fetch", "web")
    )
    pod: Json = {"volumes": [{"name": "shared", "emptyDir": {"medium": "Memory"}}]}
    pod["containers"] = [last]
    pod[kind] = [first, *pod.get(kind, [])]
    result = converted(deployment("web", pod))
    [volume] = result.stack.volumes
    is_kept = kind == "initContainers"
    assert (not volume.options) is is_kept
    assert ("TC692" in {note.code for note in result.notes}) is is_kept


def test_no_job_prepares_what_is_in_memory() -> None:
    """The engine makes such a volume anew as soon as no container uses it: it is made for the group at once."""
    mounts = [mount("shared", "/shared"), mount("kept", "/kept")]
    pod: Json = {
        "securityContext": {"runAsUser": 1000, "fsGroup": 2000},
        "containers": [container(name, volumeMounts=mounts) for name in ("web", "helper")],
        "volumes": [
            {"name": "shared", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            {"name": "kept", "persistentVolumeClaim": {"claimName": "kept"}},
        ],
    }
    outcome = converted(deployment("web", pod))
    options = {volume.name: volume.options for volume in outcome.stack.volumes}
    assert options["web-shared"]["driver_opts"]["o"] == "mode=2777,gid=2000,size=1g"
    job = service(outcome, "web-volumes")
    assert [mounted.source for mounted in job.mounts] == ["kept"]


def test_the_files_of_a_volume_are_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []

    def counted(*arguments: Any) -> VolumeFiles:
        found.append(arguments[1])
        return volume_files(*arguments)

    for module in (config_names, storage):
        if hasattr(module, "volume_files"):
            monkeypatch.setattr(module, "volume_files", counted)
    mounts = [mount("conf", "/conf")]
    pod: Json = {
        "containers": [container(name, volumeMounts=mounts) for name in ("a", "b")],
        "volumes": [{"name": "conf", "configMap": {"name": "conf"}}],
    }
    converted(config("ConfigMap", "conf", data={"a": "1"}), deployment("app", pod))
    assert found == ["conf", "conf"]


def test_files_are_indexed_once_for_all_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules look at the files of the stack for each service in turn."""
    indexed: list[int] = []

    def counted(names: Iterable[str]) -> dict[str, list[str]]:
        indexed.append(1)
        return names_below(names)

    names_below = mounted_files._names_below
    monkeypatch.setattr(mounted_files, "_names_below", counted)

    def indexings(services: int) -> int:
        indexed.clear()
        manifests: list[Json] = []
        for number in range(services):
            name = f"app-{number}"
            pod: Json = {
                "containers": [container("a", volumeMounts=[mount("conf", "/conf")])],
                "volumes": [{"name": "conf", "configMap": {"name": name}}],
            }
            manifests += [
                config("ConfigMap", name, data={"a": "1"}),
                deployment(name, pod),
            ]
        text = yaml.safe_dump_all(manifests).encode()
        convert(Memory({"all.yaml": text}), Options(source="kubernetes"))
        return len(indexed)

    assert indexings(9) == indexings(3)
