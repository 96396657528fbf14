"""Sidecars that copy ConfigMaps by their label: the folder holds those of the manifests, or it is said why not."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

Json = dict[str, Any]
BOARDS = {"LABEL": "board", "FOLDER": "/boards"}


def converted(*objects: Json) -> Result:
    project = Memory({"all.yaml": yaml.safe_dump_all(objects).encode()}, "shop")
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(project, options)


def config(name: str, labels: Json, kind: str = "ConfigMap", **fields: Any) -> Json:
    metadata = {"name": name, "labels": labels, **fields}
    keys = {"data": {f"{name}.json": "{}"}}
    if kind == "Secret":
        keys = {"stringData": keys["data"]}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **keys}


def watcher(settings: Json, name: str = "watch", **fields: Any) -> Json:
    env = [{"name": key, "value": value} for key, value in settings.items()]
    mounts = [{"name": "shared", "mountPath": "/boards"}]
    image = "quay.io/kiwigrid/k8s-sidecar:1.30.0"
    return {"name": name, "image": image, "env": env, "volumeMounts": mounts, **fields}


def workload(*sidecars: Json, inits: tuple[Json, ...] = (), **volume: Any) -> Json:
    mounts = [{"name": "shared", "mountPath": "/srv/boards"}]
    main = {"name": "web", "image": "example/web:1", "volumeMounts": mounts}
    spec = {
        "initContainers": list(inits),
        "containers": [*sidecars, main],
        "volumes": [{"name": "shared", **(volume or {"emptyDir": {}})}],
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    selector = {"matchLabels": {"app": "web"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": selector, "template": template},
    }


def paths(result: Result) -> set[str]:
    """The files of the volume."""
    return {
        file.path for file in result.files if file.path.startswith(("config/", "secrets/"))
    }


def codes(result: Result) -> list[str]:
    return [note.code for note in result.notes if note.code in ("TC698", "TC699")]


def test_the_folder_holds_what_the_sidecar_would_copy() -> None:
    result = converted(
        config("a", {"board": "1"}), config("b", {"other": "1"}), workload(watcher(BOARDS))
    )
    (service,) = result.stack.services
    (mount,) = service.mounts
    assert (service.name, mount.source, mount.target) == (
        "web",
        "./config/web-shared",
        "/srv/boards",
    )
    assert paths(result) == {"config/web-shared/a.json"}
    assert codes(result) == ["TC698"] and not result.stack.volumes
    assert not {"TC001", "TC245"} & {note.code for note in result.notes}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"LABEL_VALUE": "2"}, {"b.json"}),
        ({"RESOURCE": "secret"}, {"s.json"}),
        ({"RESOURCE": "both"}, {"a.json", "b.json", "s.json", "sub/c.json"}),
        ({"FOLDER": "/boards/deep"}, {"deep/a.json", "deep/b.json", "deep/sub/c.json"}),
        ({"FOLDER_ANNOTATION": "to"}, {"a.json", "b.json", "c.json"}),
        ({"NAMESPACE": "far"}, {"d.json"}),
        ({"NAMESPACE": "ALL"}, {"a.json", "b.json", "d.json", "sub/c.json"}),
        ({"UNIQUE_FILENAMES": "true", "LABEL_VALUE": "1"}, {"namespace_default.configmap_a.a.json"}),
    ],
)  # fmt: skip
def test_its_settings_choose_objects_and_paths(settings: Json, wanted: set[str]) -> None:
    target = {"k8s-sidecar-target-directory": "sub"}
    result = converted(
        config("a", {"board": "1"}),
        config("b", {"board": "2"}),
        config("c", {"board": "3"}, annotations=target),
        config("d", {"board": "4"}, namespace="far"),
        config("s", {"board": "5"}, "Secret"),
        workload(watcher({**BOARDS, **settings})),
    )
    found = {path.partition("web-shared/")[2] for path in paths(result)}
    assert found == wanted


def test_two_of_them_fill_one_folder() -> None:
    first = watcher({**BOARDS, "METHOD": "LIST"}, "once")
    second = watcher({"LABEL": "source", "FOLDER": "/boards"})
    result = converted(
        config("a", {"board": "1"}),
        config("b", {"source": "1"}),
        workload(second, inits=(first,)),
    )
    assert [service.name for service in result.stack.services] == ["web"]
    assert paths(result) == {"config/web-shared/a.json", "config/web-shared/b.json"}


def test_without_objects_the_folder_is_there_to_be_filled() -> None:
    result = converted(workload(watcher(BOARDS)))
    (note,) = [note for note in result.notes if note.code == "TC698"]
    assert (
        "is empty, because no object of the manifests has the label board" in note.message
    )
    assert "./config/web-shared" in note.advice and "restart web" in note.advice
    assert paths(result) == {"config/web-shared/.keep"}


def test_files_that_it_would_download_or_put_elsewhere_are_told() -> None:
    away = config("a", {"board": "1"}, annotations={"k8s-sidecar-target-directory": "/etc"})
    far = config("b", {"board": "1"})
    far["data"] = {"far.json.url": "https://example.com/far.json"}
    (note,) = [
        note
        for note in converted(away, far, workload(watcher(BOARDS))).notes
        if note.code == "TC698"
    ]
    assert note.advice.endswith("Put a.json and far.json.url there by hand.")


INIT = {
    "name": "seed",
    "image": "example/seed:1",
    "volumeMounts": [{"name": "shared", "mountPath": "/out"}],
}


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (workload(watcher({"LABEL": "board"})), "do not show its FOLDER"),
        (workload(watcher({"FOLDER": "/boards"})), "do not show its LABEL"),
        (
            workload(watcher({**BOARDS, "FOLDER": "/elsewhere"})),
            "/elsewhere is on no emptyDir",
        ),
        (
            workload(watcher(BOARDS), hostPath={"path": "/boards"}),
            "/boards is on no emptyDir",
        ),
        (workload(watcher(BOARDS, command=["run"])), "a command of its own"),
        (workload(watcher(BOARDS), inits=(INIT,)), "the init container seed writes"),
    ],
)
def test_one_that_must_stay_says_why(manifest: Json, why: str) -> None:
    result = converted(config("a", {"board": "1"}), manifest)
    assert codes(result) == ["TC699"]
    (message,) = [note.message for note in result.notes if note.code == "TC699"]
    assert why in message
    assert any("watch" in service.name for service in result.stack.services)


def test_one_that_stays_keeps_others_of_its_volume() -> None:
    second = watcher({"FOLDER": "/boards"}, "second")
    result = converted(config("a", {"board": "1"}), workload(watcher(BOARDS), second))
    assert codes(result) == ["TC699", "TC699"]
    assert not paths(result)
