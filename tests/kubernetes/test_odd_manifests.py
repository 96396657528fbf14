"""Manifests as people write them: placeholders in images, empty strings, values that are no base64."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def result(text: str, practices: str = "none", split: bool = True) -> Result:
    """The conversion of one manifest."""
    options = Options(source="kubernetes", practices=practices, layout=Layout(split=split))
    return convert(Memory({"app.yaml": text.encode()}, "shop"), options)


def services(text: str) -> dict[str, Any]:
    """The services of the base file."""
    found: dict[str, Any] = yaml.safe_load(result(text).files[0].content)["services"]
    return found


def pod(**parts: Any) -> str:
    """A pod called `web` of one container, with fields added to it; `spec` and `more` stand beside the container."""
    container = {"name": "web", "image": "example/web:1", **parts.pop("container", {})}
    spec = {"containers": [container], **parts.pop("spec", {})}
    item = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": spec,
    }
    return yaml.safe_dump_all([item, *parts.pop("more", ())])


@pytest.mark.parametrize(
    ("limit", "cpus"),
    [("3m", "0.01"), ("10m", "0.01"), ("250m", "0.25"), ("16", "16"), ("48", None)],
)
def test_cpu_limits_are_what_the_engine_takes(limit: str, cpus: str | None) -> None:
    found = result(pod(container={"resources": {"limits": {"cpu": limit}}}))
    [service] = found.stack.services
    assert service.resources.limits.cpus == cpus
    is_said = "TC259" in {note.code for note in found.notes}
    assert is_said == (limit in ("3m", "48"))
    assert not {note.code for note in found.notes} & {"TC001", "TC901"}


@pytest.mark.parametrize(("request_text", "is_kept"), [("2Mi", False), ("32Mi", True)])
def test_a_memory_request_that_the_engine_refuses_is_left_out_with_its_own_name(
    request_text: str, is_kept: bool
) -> None:
    found = result(pod(container={"resources": {"requests": {"memory": request_text}}}))
    [service] = found.stack.services
    assert (service.resources.reservations.memory is not None) == is_kept
    codes = {note.code for note in found.notes}
    assert "TC771" not in codes and ("TC259" in codes) != is_kept


def test_each_probe_that_is_lost_is_named_with_what_it_asks() -> None:
    probes = {
        "livenessProbe": {"httpGet": {"path": "/up", "port": 9001}, "periodSeconds": 7},
        "readinessProbe": {"httpGet": {"path": "/in", "port": 9000}},
        "startupProbe": {"tcpSocket": {"port": 9002}},
    }
    said = [note.message for note in result(pod(container=probes)).notes]
    for asked in ("127.0.0.1:9000/in", "/up on 9001; periodSeconds 7", "port 9002"):
        assert any(asked in message for message in said), asked
    assert not any("values)" in message for message in said)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            "${REGISTRY}/web:$TAG",
            "${REGISTRY:?set REGISTRY in .env}/web:${TAG:?set TAG in .env}",
        ),
        (
            "couchdb:${COUCHDB_VERSION}",
            "couchdb:${COUCHDB_VERSION:?set COUCHDB_VERSION in .env}",
        ),
        ("$(REGISTRY)/web", "${REGISTRY:?set REGISTRY in .env}/web"),
        ("example/web:${TAG:-latest}", "example/web:${TAG:-latest}"),
        ("${IMAGE}", "${IMAGE:?set IMAGE in .env}"),
    ],
)
def test_a_variable_in_an_image_stays_one(given: str, wanted: str) -> None:
    found = result(pod(container={"image": given}))
    assert yaml.safe_load(found.files[0].content)["services"]["web"]["image"] == wanted
    assert "TC265" in {item.code for item in found.notes}
    asked = {item.name for item in found.stack.settings if item.required}
    assert asked == {
        name
        for name in ("REGISTRY", "TAG", "COUCHDB_VERSION", "IMAGE")
        if f"{{{name}:?" in wanted
    }


EMPTY = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: "", labels: {app: web}}
spec:
  restartPolicy: ""
  hostname: ""
  runtimeClassName: ""
  nodeName: ""
  containers:
    - name: web
      image: example/web:1
      imagePullPolicy: ""
      workingDir: ""
      args: ["", "x"]
      env: [{name: A, value: ""}]
      ports: [{containerPort: 80, protocol: "", hostIP: ""}]
      volumeMounts: [{name: h, mountPath: /h, subPath: "", mountPropagation: ""}]
  volumes: [{name: h, hostPath: {path: /h, type: ""}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ""
  clusterIP: ""
  sessionAffinity: ""
  selector: {app: web}
  ports: [{port: 80, targetPort: "", protocol: ""}]
"""


def test_an_empty_string_is_an_absent_field() -> None:
    found = result(EMPTY)
    web = yaml.safe_load(found.files[0].content)["services"]["web"]
    assert not {"hostname", "runtime", "working_dir", "pull_policy", "ports"} & set(web)
    assert (web["environment"], web["command"], web["volumes"]) == (
        {"A": ""},
        ["", "x"],
        ["/h:/h"],
    )
    assert not {item.code for item in found.notes} & {
        "TC001",
        "TC201",
        "TC209",
        "TC224",
        "TC901",
    }


def test_an_empty_key_of_a_config_map_is_kept() -> None:
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "data": {"A": "", "B": "b"},
    }
    text = pod(container={"envFrom": [{"configMapRef": {"name": "c"}}]}, more=[config])
    assert services(text)["web"]["environment"] == {"A": "", "B": "b"}
    assert "TC001" not in {item.code for item in result(text).notes}


def _secret(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def _from(name: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def test_a_secret_that_holds_no_text_is_one_setting_to_fill_in() -> None:
    # "password" is base64, of six bytes that are no text: people forget to encode what stands in `data`.
    text = pod(
        container={"env": [_from("A", "s", "pw"), _from("B", "s", "pw")]},
        more=[_secret("s", pw="password")],
    )
    found = result(text)
    assert [(item.name, item.value) for item in found.stack.settings] == [("A", None)]
    assert set(services(text)["web"]["environment"].values()) == {
        "${A:?set A in .env (pw of Secret s)}"
    }
    assert [item.code for item in found.notes if item.code in ("TC209", "TC901")] == [
        "TC209"
    ]


def test_no_settings_name_holds_a_hyphen() -> None:
    secrets = [
        _secret("a", k="b25l"),
        _secret("b", k="dHdv"),
        _secret("b-k", v="eA=="),
        _secret("b.k", v="eQ=="),
    ]
    first = [_from("A", "a", "k"), _from("B_K_V", "b-k", "v")]
    more = {
        "name": "more",
        "image": "example/more:1",
        "env": [_from("A", "b", "k"), _from("B_K_V", "b.k", "v")],
    }
    container = {"name": "web", "image": "example/web:1", "env": first}
    names = [
        item.name
        for item in result(
            pod(spec={"containers": [container, more]}, more=secrets)
        ).stack.settings
    ]
    assert len(set(names)) == 4
    assert all(name.replace("_", "").isalnum() for name in names), names


def test_a_service_before_the_hosts_network_is_accounted_for() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    ports = [{"containerPort": 8080, "name": "http"}]
    found = result(
        pod(container={"ports": ports}, spec={"hostNetwork": True}, more=[service])
    )
    assert not {item.code for item in found.notes} & {"TC001", "TC901"}
    assert any(
        "Service web" in item.message for item in found.notes if item.code == "TC228"
    )


def test_rights_that_may_grow_are_kept_in_production() -> None:
    text = pod(container={"securityContext": {"allowPrivilegeEscalation": True}})
    found = {item.path: item.content.decode() for item in result(text, "all").files}
    assert yaml.safe_load(found["docker-compose.yml"])["services"]["web"][
        "security_opt"
    ] == ["no-new-privileges:false"]
    assert "no-new-privileges" not in found["docker-compose.prod.yml"]


def _with_directory(image: str, path: str, **container: Any) -> str:
    mounts = [{"name": "data", "mountPath": path}]
    return pod(
        container={"image": image, "volumeMounts": mounts, **container},
        spec={"volumes": [{"name": "data", "emptyDir": {}}]},
    )


def test_an_empty_directory_where_the_image_keeps_its_data_needs_no_preparation() -> None:
    found = services(_with_directory("redis:7", "/data"))
    assert list(found) == ["web"]
    assert found["web"]["volumes"] == ["web-data:/data"]


@pytest.mark.parametrize(
    "text",
    [
        _with_directory("example/web:1", "/data"),
        _with_directory("redis:7", "/elsewhere"),
        _with_directory("redis:7", "/data", securityContext={"runAsUser": 1234}),
    ],
    ids=["unknown-image", "other-path", "other-user"],
)
def test_any_other_empty_directory_is_opened_to_every_user(text: str) -> None:
    assert "chmod 0777 /volumes/web-data" in services(text)["web-volumes"]["command"][2]


def test_a_claim_template_takes_the_place_of_a_volume_of_its_name() -> None:
    text = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: "example/db:1", volumeMounts: [{name: data, mountPath: /data}]}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: other}}
  volumeClaimTemplates:
    - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
"""
    found = result(text)
    assert yaml.safe_load(found.files[0].content)["services"]["db"]["volumes"] == [
        "data-db-0:/data"
    ]
    assert "TC001" not in {item.code for item in found.notes}


def test_a_secret_outside_the_manifests_is_not_said_to_stand_there() -> None:
    found = result(pod(container={"env": [_from("A", "s", "pw")]}), split=False)
    assert [item.message for item in found.notes if item.code == "TC213"]
    assert "TC758" not in {item.code for item in found.notes}
    given = result(
        pod(container={"env": [_from("A", "s", "pw")]}, more=[_secret("s", pw="eA==")]),
        split=False,
    )
    assert "TC758" in {item.code for item in given.notes}


def _probe(delay: int = 0, **action: Any) -> dict[str, Any]:
    return {**action, **({"initialDelaySeconds": delay} if delay else {})}


def test_a_probe_that_can_run_goes_before_one_that_cannot() -> None:
    http, command = (
        {"httpGet": {"path": "/", "port": 8080}},
        {"exec": {"command": ["/check"]}},
    )
    web = services(pod(container={"readinessProbe": http, "livenessProbe": command}))["web"]
    assert web["healthcheck"]["test"] == ["CMD", "/check"]
    said = result(pod(container={"readinessProbe": http, "livenessProbe": command})).notes
    assert any("readinessProbe" in item.message for item in said if item.code == "TC230")
    assert "TC231" not in {item.code for item in said}


def test_a_first_start_may_take_as_long_as_the_liveness_probe_waits() -> None:
    ready, alive = (
        _probe(5, exec={"command": ["/ready"]}),
        _probe(90, exec={"command": ["/alive"]}),
    )
    web = services(pod(container={"readinessProbe": ready, "livenessProbe": alive}))["web"]
    assert web["healthcheck"]["start_period"] == "90s"


def test_a_first_start_may_take_as_long_as_the_image_needs() -> None:
    ready = {**_probe(5, exec={"command": ["mysqladmin", "ping"]}), "periodSeconds": 2}
    found = result(pod(container={"image": "mysql:8.0", "readinessProbe": ready}))
    web = yaml.safe_load(found.files[0].content)["services"]["web"]
    assert web["healthcheck"] == {
        "test": ["CMD", "mysqladmin", "ping"],
        "interval": "2s",
        "timeout": "1s",
        "retries": 3,
        "start_period": "60s",
    }
    assert [item.code for item in found.notes if "first start" in item.message] == ["TC259"]
    patient = {**ready, "failureThreshold": 60}
    web = services(pod(container={"image": "mysql:8.0", "readinessProbe": patient}))["web"]
    assert web["healthcheck"]["start_period"] == "5s"


def _api(version: str, port: int) -> dict[str, Any]:
    labels = {"app": "api", "version": version}
    container = {
        "name": "api",
        "image": f"example/api:{version}",
        "ports": [{"name": "http", "containerPort": port}],
    }
    metadata = {"name": f"api-{version}", "labels": labels}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container]},
    }


def test_a_service_with_a_different_port_in_each_workload_is_said() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api"},
        "spec": {"selector": {"app": "api"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    found = result(yaml.safe_dump_all([service, _api("v1", 5000), _api("v2", 5001)]))
    assert [
        "5000 or 5001" in item.message for item in found.notes if item.code == "TC220"
    ] == [True]


def test_a_name_in_the_cluster_that_nothing_answers_to_is_said_once() -> None:
    env = [
        {"name": "A", "value": "http://web.default.svc/"},
        {"name": "B", "value": "tcp://db.data.svc.cluster.local:3306"},
        {"name": "C", "value": "db.data.svc.cluster.local"},
        {"name": "D", "value": "web-0.web.default.svc.cluster.local"},
    ]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}},
    }
    found = result(pod(container={"env": env}, more=[service]))
    said = [item.message for item in found.notes if item.code == "TC266"]
    assert said == [
        "web uses the host name db.data.svc.cluster.local, for which there is no Service among the manifests"
    ]


@pytest.mark.parametrize(
    ("security", "stated", "mode"),
    [
        ({}, 0o440, 0o440),
        ({"runAsUser": 0}, 0o440, 0o440),
        ({"runAsUser": 1000}, 0o440, 0o444),
        ({"runAsUser": 1000}, 0o550, 0o555),
        ({"runAsUser": 1000}, 0o754, 0o755),
        ({"capabilities": {"drop": ["all"]}}, 0o440, 0o444),
    ],
)
def test_a_file_stays_as_closed_as_the_container_can_bear(
    security: dict[str, Any], stated: int, mode: int
) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "data": {"a": "b"},
    }
    container = {
        "securityContext": security,
        "volumeMounts": [{"name": "c", "mountPath": "/c"}],
    }
    volumes = [{"name": "c", "configMap": {"name": "c", "defaultMode": stated}}]
    files = result(
        pod(container=container, spec={"volumes": volumes}, more=[config])
    ).stack.files
    assert [(item.path, item.mode) for item in files] == [("config/c/a", mode)]


def _deployment(replicas: int, *containers: dict[str, Any], **spec: Any) -> str:
    mounts = [{"name": "data", "mountPath": "/data"}]
    main = {"name": "web", "image": "example/web:1", "volumeMounts": mounts}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "containers": [main, *containers],
            "volumes": [{"name": "data", "emptyDir": {}}],
            **spec,
        },
    }
    selector = {"matchLabels": {"app": "web"}}
    item = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    }
    return yaml.safe_dump(item)


@pytest.mark.parametrize("practices", ["none", "all"])
def test_replicas_do_not_share_what_each_pod_has_of_its_own(practices: str) -> None:
    found = yaml.safe_load(result(_deployment(3), practices).files[0].content)
    web = found["services"]["web"]
    assert (web["volumes"], web["deploy"]["replicas"], found.get("volumes")) == (
        ["/data"],
        3,
        None,
    )


def test_replicas_of_a_chosen_user_keep_their_directory_in_memory() -> None:
    web = services(_deployment(3, securityContext={"runAsUser": 1000}))["web"]
    assert web["volumes"] == [
        {"type": "tmpfs", "target": "/data", "tmpfs": {"mode": 0o1777}}
    ]


def test_one_pod_keeps_its_directory_in_a_volume_with_a_name() -> None:
    partner = {"name": "log", "image": "example/log:1"}
    spec = {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": spec,
    }
    published = f"{_deployment(3)}---\n{yaml.safe_dump(service)}"
    for text in (_deployment(1), _deployment(3, partner), published):
        assert services(text)["web"]["volumes"][0]["source"] == "web-data"


def test_replicas_do_not_share_a_host_name() -> None:
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    text = _deployment(2).replace(
        "image: example/web:1", f"image: example/web:1\n        env: {env}"
    )
    assert "hostname" not in services(text)["web"]
    assert services(text.replace("replicas: 2", "replicas: 1"))["web"]["hostname"] == "web"


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ({"configMapRef": {"name": "app"}}, "./config/app.env"),
        ({"secretRef": {"name": "app"}, "prefix": "DB_"}, "./secrets/app.env"),
    ],
)
def test_variables_outside_the_manifests_have_a_file_to_stand_in(
    source: dict[str, Any], path: str
) -> None:
    found = result(pod(container={"envFrom": [source]}))
    web = yaml.safe_load(found.files[0].content)["services"]["web"]
    assert web["env_file"] == [{"path": path, "required": False}]
    [said] = [item.message for item in found.notes if item.code == "TC884"]
    assert path in said and ("DB_" in said) == ("prefix" in source)
    assert not {item.code for item in found.notes} & {"TC001", "TC901"}


def test_optional_variables_need_no_file() -> None:
    found = result(
        pod(container={"envFrom": [{"secretRef": {"name": "app", "optional": True}}]})
    )
    assert "env_file" not in yaml.safe_load(found.files[0].content)["services"]["web"]


def test_limits_that_no_container_takes_are_said() -> None:
    amounts = {"cpu": "100m", "memory": "10Mi"}
    limits = [
        {"type": "Pod", "max": {"cpu": "2"}},
        {"type": "Container", "default": amounts, "defaultRequest": amounts},
    ]
    item = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "r"},
        "spec": {"limits": limits},
    }
    found = result(
        pod(container={"resources": {"limits": amounts, "requests": amounts}}, more=[item])
    )
    assert "TC001" not in {item.code for item in found.notes}
    assert any(
        "limits[0].type" in item.message for item in found.notes if item.code == "TC253"
    )


@pytest.mark.parametrize(
    ("variable", "host"),
    [
        (("QUEUE", "amqp://u@hare:5672/"), "hare"),
        (("MAIL_HOST", "postbox"), "postbox"),
        (("TRACES", "http://collector:4318"), "collector"),
        (("KAFKA_BROKERS", "kafka.example.com:9092,kafka-1:9092"), "kafka-1"),
        (("CASSANDRA_CONTACT_POINTS", "ring"), "ring"),
        (("MEMCACHED_SERVERS", "cache:11211"), "cache"),
        (("LISTEN_ADDR", "localhost:80"), None),
        (("NODE_ADDRESS", "web:80"), None),
        (("WINDOW", "a:15"), None),
        (("SELF", "http://web:80"), None),
        (("SELF", "http://localhost:80"), None),
        (("CACHE_HOST", "10.0.0.1"), None),
        (("VERBOSE_HOST", "true"), None),
    ],
)
def test_a_host_that_nothing_answers_is_named(
    variable: tuple[str, str], host: str | None
) -> None:
    name, value = variable
    found = result(pod(container={"env": [{"name": name, "value": value}]}))
    said = [note.message for note in found.notes if note.code == "TC266"]
    assert len(said) == (host is not None)
    assert all(host in message for message in said if host)


def test_a_host_that_nothing_answers_is_named_where_an_argument_calls_it() -> None:
    args = [
        "--traces=http://collector:4318",
        "--own=http://web:80",
        "--at",
        "http://$(A):1",
    ]
    found = result(pod(container={"args": args}))
    said = [note.message for note in found.notes if note.code == "TC266"]
    assert len(said) == 1 and "the host name collector," in said[0]


_SOPS = "ENC[AES256_GCM,data:p4f/,iv:a1=,tag:b2=,type:str]"


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
@pytest.mark.parametrize("section", ["stringData", "data"])
def test_what_sops_has_encrypted_is_no_value(kind: str, section: str) -> None:
    section = section if kind == "Secret" else "data"
    kept = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "kept"},
        section: {"word": _SOPS},
        "sops": {"mac": _SOPS, "version": "3.9.0"},
    }
    by_key = {
        "secretKeyRef" if kind == "Secret" else "configMapKeyRef": {
            "name": "kept",
            "key": "word",
        }
    }
    volume = (
        {"secret": {"secretName": "kept"}}
        if kind == "Secret"
        else {"configMap": {"name": "kept"}}
    )
    container = {
        "env": [{"name": "WORD", "valueFrom": by_key}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }
    spec = {"volumes": [{"name": "v", **volume}]}
    found = result(pod(container=container, spec=spec, more=[kept]))
    assert not any(b"ENC[" in file.content for file in found.files)
    codes = {note.code for note in found.notes}
    assert "TC548" in codes and not codes & {"TC001", "TC209", "TC901"}
    (setting,) = found.stack.settings
    assert setting.required and setting.value is None


@pytest.mark.parametrize(
    ("host", "is_of_agent"),
    [
        ("fleet-agent-http.default.svc", True),
        ("fleet-agent-http", True),
        ("fleetings.default.svc", False),
        ("fleet-agent-http.other.svc", False),
    ],
)
def test_a_host_that_an_object_left_out_would_make_is_told_as_that(
    host: str, *, is_of_agent: bool
) -> None:
    agent = {
        "apiVersion": "agent.k8s.elastic.co/v1alpha1",
        "kind": "Agent",
        "metadata": {"name": "fleet"},
        "spec": {"version": "8.9.0"},
    }
    env = [{"name": "FLEET_URL", "value": f"https://{host}:8220"}]
    found = result(pod(container={"env": env}, more=[agent]))
    (said,) = [note for note in found.notes if note.code == "TC266"]
    assert said.message.startswith(f"web uses the host name {host}, ")
    assert ("Agent fleet" in said.message) is is_of_agent
    assert ("convert the manifests" in said.advice) is not is_of_agent


@pytest.mark.parametrize(("families", "is_noted"), [("[IPv4]", False), ("[IPv6]", True)])
def test_the_family_that_the_api_server_fills_in_is_no_loss(
    families: str, is_noted: bool
) -> None:
    manifest = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
        f"spec: {{ipFamilies: {families}, selector: {{app: web}}, ports: [{{port: 80}}]}}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n"
        "spec: {containers: [{name: web, image: 'nginx:1.27'}]}\n"
    )
    found = convert(Memory({"app.yaml": manifest.encode()}), Options())
    assert ("TC224" in {item.code for item in found.notes}) is is_noted


def test_a_large_file_that_was_read_was_not_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_SCRIPT_BYTES", "20")
    text = b"# " + b"x" * 200 + b"\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
    spec = b"spec: {containers: [{name: web, image: 'example/web:1'}]}\n"
    found = convert(Memory({"web.yaml": text + spec}, name="shop"), Options())
    assert not [note for note in found.notes if note.code == "TC020"]


def test_a_service_of_workloads_that_are_too_many_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_SERVICES", "1")
    pods = [
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: {name}}}}}\n"
        f"spec: {{containers: [{{name: c, image: 'example/{name}:1'}}]}}\n"
        for name in ("a", "b")
    ]
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n"
        "spec: {selector: {app: b}, ports: [{port: 80}]}\n"
    )
    text = "---\n".join([*pods, service])
    found = convert(Memory({"m.yaml": text.encode()}, name="shop"), Options())
    codes = {note.code for note in found.notes}
    assert {"TC025", "TC222"} <= codes and "TC001" not in codes


@pytest.mark.parametrize(
    ("mount", "options", "said"),
    [
        ("Unmasked", ["systempaths=unconfined"], set()),
        ("Default", None, set()),
        ("Sideways", None, {"TC001"}),
    ],
)
def test_only_a_mount_of_proc_that_docker_knows_is_written(
    mount: str, options: list[str] | None, said: set[str]
) -> None:
    manifest = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
        f"  - {{name: web, image: 'a:1', securityContext: {{procMount: {mount}}}}}\n"
    )
    found = convert(Memory({"m.yaml": manifest.encode()}), Options(practices="none"))
    assert found.stack.services[0].security.security_opt == tuple(options or ())
    assert {n.code for n in found.notes if n.code in ("TC001", "TC901")} == said


def test_an_address_in_a_secret_is_not_taken_out_elsewhere() -> None:
    """Others name it for themselves: what is written over it in `.env` is not meant for them."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"URL": "https://shop.example.com", "HOST": "db.example.com"},
    }
    env = [
        *(
            {"name": key, "valueFrom": {"secretKeyRef": {"name": "s", "key": key}}}
            for key in ("URL", "HOST")
        ),
        {"name": "SITE", "value": "https://shop.example.com"},
        {"name": "PEER", "value": "db.example.com"},
    ]
    text = pod(container={"env": env}, more=[secret])
    base = yaml.safe_load(result(text, practices="SEC-OUT").files[0].content)
    environment = base["services"]["web"]["environment"]
    assert environment["SITE"] == "https://shop.example.com"
    assert environment["PEER"] == "db.example.com"


def test_what_the_api_server_fills_in_is_not_said_of_a_lost_probe() -> None:
    times = {"periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 5}
    probe = {"httpGet": {"path": "/live", "port": 80, "scheme": "HTTP"}, **times}
    notes = result(pod(container={"livenessProbe": probe})).notes
    [lost] = [note.message for note in notes if note.code == "TC231"]
    assert "http://127.0.0.1:80/live (failureThreshold 5), was" in lost
    assert "TC001" not in {note.code for note in notes}


def test_the_replicas_of_an_autoscaler_whose_workload_runs_nothing() -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "idle"},
        "spec": {
            "minReplicas": 2,
            "maxReplicas": 5,
            "scaleTargetRef": {"kind": "Deployment", "name": "idle"},
        },
    }
    idle = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "idle"},
        "spec": {"template": {"spec": {}}},
    }
    codes = {note.code for note in result(pod(more=[idle, scaler])).notes}
    assert {"TC210", "TC254"} <= codes and "TC901" not in codes
