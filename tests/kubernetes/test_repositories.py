"""Manifests as repositories hold them: namespaces stated in some files only, kinds in names, templates, OpenShift."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def result(
    *objects: Any, practices: str = "none", split: bool = True, **sets: str
) -> Result:
    """The conversion of some objects, in one file each."""
    files = {
        f"{number}.yaml": yaml.safe_dump(item).encode()
        for number, item in enumerate(objects)
    }
    chosen = (
        {"set": tuple(f"{name}={value}" for name, value in sets.items())} if sets else {}
    )
    settings = ImportOptions(options=chosen)
    options = Options(
        source="kubernetes",
        practices=practices,
        layout=Layout(split=split),
        settings=settings,
    )
    return convert(Memory(files, "shop"), options)


def services(found: Result) -> dict[str, Any]:
    """The services of the base file."""
    read: dict[str, Any] = yaml.safe_load(found.files[0].content)["services"]
    return read


def codes(found: Result) -> list[str]:
    """The codes of the notes."""
    return [item.code for item in found.notes]


def workload(
    name: str,
    *containers: Any,
    kind: str = "Deployment",
    namespace: str | None = None,
    **pod: Any,
) -> Any:
    """A workload whose pods have the label `app: NAME`."""
    spec = {
        "containers": list(containers) or [{"name": name, "image": "example/app:1"}],
        **pod,
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata,
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template}}  # fmt: skip


def service(name: str, app: str, namespace: str | None = None, **port: Any) -> Any:
    """A Service for the pods of a workload."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    spec = {"selector": {"app": app}, "ports": [{"port": 80, **port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def config(name: str, namespace: str | None = None, **data: str) -> Any:
    """A ConfigMap."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


MAIL = {
    "name": "mail",
    "image": "example/mail:1",
    "envFrom": [{"configMapRef": {"name": "mail"}}],
}


@pytest.mark.parametrize(("deployment", "configmap"), [("shop", None), (None, "shop")])
def test_a_reference_joins_what_states_a_namespace_and_what_states_none(
    deployment: str | None, configmap: str | None
) -> None:
    found = result(
        workload("mail", MAIL, namespace=deployment),
        config("mail", configmap, DOMAIN="example.com"),
    )
    assert services(found)["mail"]["environment"] == {"DOMAIN": "example.com"}
    assert codes(found).count("TC274") == 1
    assert not {"TC213", "TC253"} & set(codes(found))


def test_a_service_selects_pods_across_that_line() -> None:
    found = result(workload("web"), service("front", "web", "shop"))
    assert "front.shop.svc" in services(found)["web"]["networks"]["default"]["aliases"]
    assert "TC274" in codes(found)


def test_no_namespace_is_taken_where_every_reference_holds() -> None:
    found = result(
        *(workload("mail", MAIL), config("mail", DOMAIN="here")),
        *(workload("mail", MAIL, namespace="shop"), config("mail", "shop", DOMAIN="there")),
    )
    given = [body["environment"]["DOMAIN"] for body in services(found).values()]
    assert sorted(given) == ["here", "there"]
    assert "TC274" not in codes(found)


def test_among_several_namespaces_only_what_is_needed_moves() -> None:
    found = result(
        *(workload("mail", MAIL, namespace="shop"), config("mail", DOMAIN="example.com")),
        *(workload("tool", namespace="tools"), workload("web"), service("web", "web")),
    )
    assert services(found)["mail"]["environment"] == {"DOMAIN": "example.com"}
    assert "web.default.svc" in services(found)["web"]["networks"]["default"]["aliases"]


@pytest.mark.parametrize(
    ("kind", "name", "wanted"),
    [
        ("Deployment", "redis-deployment", "redis"),
        ("Deployment", "redis-dep", "redis"),
        ("DaemonSet", "agent-ds", "agent"),
        ("StatefulSet", "db-sts", "db"),
        ("Deployment", "db-sts", "db-sts"),
        ("Deployment", "a-deployment", "a-deployment"),
    ],
)
def test_a_service_is_named_without_the_kind_of_its_workload(
    kind: str, name: str, wanted: str
) -> None:
    found = result(workload(name, kind=kind))
    assert list(services(found)) == [wanted]
    assert ("TC276" in codes(found)) == (name != wanted)


def test_the_short_name_is_left_to_whom_it_belongs() -> None:
    found = result(workload("api-deployment"), workload("web"), service("api", "web"))
    assert sorted(services(found)) == ["api-deployment", "web"]
    assert sorted(services(result(workload("api-deployment"), workload("api")))) == [
        "api",
        "api-deployment",
    ]
    assert sorted(
        services(result(workload("db-deployment"), workload("db-sts", kind="StatefulSet")))
    ) == [
        "db-deployment",
        "db-sts",
    ]


def test_a_statefulset_keeps_its_host_name() -> None:
    assert (
        services(result(workload("db-sts", kind="StatefulSet")))["db"]["hostname"]
        == "db-sts-0"
    )


def test_the_namesake_of_the_workload_stands_for_the_pod() -> None:
    proxy, main = (
        {"name": "shop-nginx", "image": "nginx:1.27"},
        {"name": "shop", "image": "example/shop:1"},
    )
    setup = {"name": "init-data", "image": "busybox:1.37", "command": ["true"]}
    found = services(result(workload("shop", proxy, main, initContainers=[setup])))
    assert {name: body["image"] for name, body in found.items()} == {
        "shop": "example/shop:1",
        "shop-nginx": "nginx:1.27",
        "shop-init-data": "busybox:1.37",
    }
    assert found["shop-nginx"]["network_mode"] == "service:shop"


def test_the_default_container_of_kubectl_stands_for_the_pod() -> None:
    item = workload(
        "shop",
        {"name": "log", "image": "example/log:1"},
        {"name": "app", "image": "example/shop:1"},
    )
    item["spec"]["template"]["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/default-container": "app"
    }
    assert services(result(item))["shop"]["image"] == "example/shop:1"


def test_an_image_stream_says_the_image_of_a_deployment_config() -> None:
    item = workload("web", {"name": "web", "image": " "}, kind="DeploymentConfig")
    item["apiVersion"] = "apps.openshift.io/v1"
    change = {
        "containerNames": ["web"],
        "from": {"kind": "ImageStreamTag", "name": "web:latest"},
    }
    item["spec"]["triggers"] = [
        {"type": "ConfigChange"},
        {"type": "ImageChange", "imageChangeParams": change},
    ]
    stream = {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "web"},
        "spec": {
            "tags": [
                {"name": "latest", "from": {"kind": "DockerImage", "name": "example/web:3"}}
            ]
        },
    }
    found = result(item, stream)
    assert services(found)["web"]["image"] == "example/web:3"
    assert not {"TC212", "TC203"} & set(codes(found))
    assert "TC212" in codes(result(item))


def template() -> list[Any]:
    """A Deployment and its Service with variables of envsubst."""
    container = {
        "name": "${APP}",
        "image": "example/app:${TAG}",
        "ports": [{"containerPort": "${PORT}"}],
        "env": [
            {"name": "HOST", "value": "${DB_HOST}"},
            {"name": "MODE", "value": "${MODE:=fast}"},
            {"name": "OWN", "value": "$HOME/${HOST}"},
        ],
        "envFrom": [{"configMapRef": {"name": "conf"}}],
        "args": ["sh", "-c", "echo ${SHELL_VARIABLE}"],
    }
    item = workload("${APP}", container)
    item["spec"]["replicas"] = "${REPLICAS:-2}"
    return [
        item,
        service("${APP}-svc", "${APP}", targetPort="${PORT}"),
        config("conf", ZONE="${ZONE}"),
    ]


def test_a_template_is_told_as_one_with_the_variables_that_it_leaves_open() -> None:
    found = result(*template())
    body = services(found)["app"]
    assert body["environment"] == {
        "ZONE": "${ZONE:?set ZONE in .env}",
        "HOST": "${DB_HOST:?set DB_HOST in .env}",
        "MODE": "${MODE:-fast}",
        "OWN": "$$HOME/$${HOST}",
    }
    assert body["command"] == ["sh", "-c", "echo $${SHELL_VARIABLE}"]
    assert body["deploy"]["replicas"] == 2
    assert "app-svc" in body["networks"]["default"]["aliases"]
    (said,) = [item for item in found.notes if item.code == "TC275"]
    assert "APP, PORT" in said.message
    assert {"DB_HOST", "TAG", "ZONE"} <= {
        item.name for item in found.stack.settings if item.required
    }
    assert "TC901" not in codes(found)


def test_values_fill_a_template_in() -> None:
    found = result(*template(), APP="web", PORT="8080", TAG="3", REPLICAS="1", DB_HOST="db")
    body = services(found)["web"]
    assert (body["image"], body["expose"], body["environment"]["HOST"]) == (
        "example/app:3",
        ["8080"],
        "db",
    )
    assert "TC275" not in codes(found)


def test_a_variable_in_an_image_makes_a_template() -> None:
    env = [{"name": "VERSION", "value": "${TAG:-latest}"}]
    found = result(
        workload("web", {"name": "web", "image": "example/web:${TAG:-latest}", "env": env})
    )
    body = services(found)["web"]
    assert (body["image"], body["environment"]) == (
        "example/web:${TAG:-latest}",
        {"VERSION": "${TAG:-latest}"},
    )
    assert "TC275" not in codes(found)


def test_a_script_alone_makes_no_template() -> None:
    item = workload(
        "web",
        {"name": "web", "image": "example/web:1", "env": [{"name": "A", "value": "${B}"}]},
    )
    found = result(item)
    assert services(found)["web"]["environment"] == {"A": "$${B}"}
    assert "TC275" not in codes(found)


def test_a_published_service_whose_port_nobody_has_is_accounted_for() -> None:
    published = service("web", "web", targetPort="http")
    published["spec"]["type"] = "LoadBalancer"
    found = result(workload("web"), published)
    assert "TC227" in codes(found)
    assert not {"TC001", "TC901"} & set(codes(found))


def test_one_amount_is_said_once_and_the_comment_is_a_whole_sentence() -> None:
    resource = "smarter-devices/fuse"
    amounts = {"limits": {resource: "1"}, "requests": {resource: "1"}}
    main = {"name": "web", "image": "example/web:1", "resources": amounts}
    found = result(workload("web", main, {**main, "name": "log"}))
    assert codes(found).count("TC252") == 2
    lines = [line.strip() for line in found.files[0].content.decode().splitlines()]
    comments = " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))
    assert comments.count(f"{resource}: 1 cannot be limited or reserved") == 2


def test_disk_space_that_all_containers_share_is_no_loss() -> None:
    amounts = {"limits": {"ephemeral-storage": "1Gi"}}
    found = result(
        workload("web", {"name": "web", "image": "example/web:1", "resources": amounts})
    )
    assert "TC899" in codes(found) and "TC252" not in codes(found)
    assert "ephemeral-storage" not in found.files[0].content.decode()


def test_one_file_of_a_missing_config_map_is_left_to_be_filled_in() -> None:
    main = {
        "name": "web",
        "image": "example/web:1",
        "volumeMounts": [
            {"name": "conf", "mountPath": "/etc/app.json", "subPath": "app.json"}
        ],
    }
    found = result(
        workload("web", main, volumes=[{"name": "conf", "configMap": {"name": "conf"}}])
    )
    assert {item.path: item.content for item in found.files}["config/conf/app.json"] == b""
    assert [item["target"] for item in services(found)["web"]["configs"]] == [
        "/etc/app.json"
    ]
    assert "TC884" in codes(found)


def test_a_password_between_a_user_and_a_host_is_taken_out() -> None:
    uri = "admin:suchsecretwords@mongodb:27017"
    main = {
        "name": "mail",
        "image": "example/mail:1",
        "env": [{"name": "STORE_URI", "value": uri}],
    }
    found = result(workload("mail", main), practices="all")
    public = [item for item in found.files if item.path != ".env" and not item.secret]
    assert not any(b"suchsecretwords" in item.content for item in public)
    plain = {
        "name": "mail",
        "image": "example/mail:1",
        "env": [{"name": "TO", "value": "mailto:someone@example.com"}],
    }
    assert services(result(workload("mail", plain), practices="all"))["mail"][
        "environment"
    ] == {"TO": "mailto:someone@example.com"}


def test_a_request_of_zero_asks_for_nothing_and_an_empty_tag_is_no_image() -> None:
    amounts = {"requests": {"cpu": 0, "memory": "0"}, "limits": {"memory": "64Mi"}}
    found = result(
        workload("web", {"name": "web", "image": "example/web:1", "resources": amounts})
    )
    assert services(found)["web"]["deploy"] == {"resources": {"limits": {"memory": "64M"}}}
    assert not {"TC209", "TC001"} & set(codes(found))
    assert "TC212" in codes(
        result(workload("web", {"name": "web", "image": "example/web:"}))
    )


def test_a_host_name_with_its_last_dot_is_a_reference() -> None:
    client = {
        "name": "c",
        "image": "example/c:1",
        "args": ["web.default.svc.cluster.local.:80", "Ask http://web. Now"],
    }
    found = result(
        workload("web"), service("web", "web", targetPort=4040), workload("client", client)
    )
    assert services(found)["client"]["command"] == [
        "web.default.svc.cluster.local.:4040",
        "Ask http://web. Now",
    ]
