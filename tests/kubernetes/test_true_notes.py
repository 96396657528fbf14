"""Notes say only what is lost: what the cluster does anyway is none, and advice fits what the object asks for."""

from __future__ import annotations

import re

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  FIELD
  containers: [{name: web, image: "example/web:1", ports: [{containerPort: 80}]}]
"""


def converted(text: str) -> Result:
    options = Options(source="kubernetes", practices="none")
    return convert(Memory({"m.yaml": text.encode()}, name="shop"), options)


def codes(result: Result) -> set[str]:
    return {note.code for note in result.notes}


@pytest.mark.parametrize(("text", "is_lost"), [("true", True), ("false", False)])
def test_only_a_token_that_is_mounted_is_missed(text: str, *, is_lost: bool) -> None:
    field = f"automountServiceAccountToken: {text}"
    assert ("TC247" in codes(converted(POD.replace("FIELD", field)))) is is_lost


@pytest.mark.parametrize(("count", "is_lost"), [(1, False), (2, True)])
def test_a_job_that_is_to_complete_once_loses_nothing(count: int, *, is_lost: bool) -> None:
    job = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {completions: %d, template: {spec: "
        "{restartPolicy: Never, containers: [{name: a, image: 'example/once:1', command: [run]}]}}}\n"
    )
    assert ("TC241" in codes(converted(job % count))) is is_lost


POLICY = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress: [{ports: [{port: 80}]}]
  egress: EGRESS
"""


@pytest.mark.parametrize(
    ("egress", "advice"),
    [
        ("[{}]", "Nothing to do unless web listens on other ports too."),
        ("[]", "Put web on networks with `internal: true` only"),
    ],
)
def test_a_policy_that_lets_all_out_asks_for_no_internal_network(
    egress: str, advice: str
) -> None:
    result = converted(POD.replace("  FIELD\n", "") + POLICY.replace("EGRESS", egress))
    [told] = [note.advice for note in result.notes if note.code == "TC296"]
    assert told.startswith(advice)


def test_what_a_claim_cannot_have_is_said_of_its_volume() -> None:
    claim = (
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: disk}\n"
        "spec: {dataSource: {kind: VolumeSnapshot, name: snap}}\n"
    )
    volumes = "volumes: [{name: d, persistentVolumeClaim: {claimName: disk}}]"
    pod = POD.replace("FIELD", volumes).replace(
        "ports:", "volumeMounts: [{name: d, mountPath: /d}], ports:"
    )
    [told] = [note for note in converted(pod + claim).notes if note.code == "TC244"]
    assert str(told.subject) == "volumes.disk"


def _of_kind(kind: str, number: int) -> str:
    manifests = (
        f"apiVersion: example.com/v1\nkind: {kind}\nmetadata: {{name: it-{each}}}\n"
        for each in range(number)
    )
    return "---\n".join(manifests)


@pytest.mark.parametrize(
    ("kind", "several"),
    [
        ("Agent", "2 Agents"),
        ("RoutePolicy", "2 RoutePolicies"),
        ("Relay", "2 Relays"),
        ("ProxyClass", "2 ProxyClasses"),
        ("Mesh", "2 Meshes"),
        ("Endpoints", "2 Endpoints"),
    ],
)
def test_kinds_are_counted_in_words(kind: str, several: str) -> None:
    for number, words in ((1, f"1 {kind}"), (2, several)):
        notes = converted(_of_kind(kind, number)).notes
        (left_out,) = [note for note in notes if note.code == "TC203"]
        assert left_out.message.startswith(f"{words} left out (it-0")


AUTHORITY = """\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own}
spec: SPEC
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web}
spec: {secretName: web-tls, dnsNames: [shop.test], issuerRef: {name: own}}
"""


@pytest.mark.parametrize("spec", ["{selfSigned: {}}", "{ca: {secretName: root}}"])
def test_an_issuer_that_is_no_public_authority_gets_no_advice_about_one(spec: str) -> None:
    notes = converted(AUTHORITY.replace("SPEC", spec)).notes
    advice = [note.advice for note in notes if note.code == "TC203"]
    assert len(advice) == 2 and not any("ACME" in each for each in advice)
    assert "`kubectl get secret web-tls -o yaml > secret-web-tls.yaml`" in advice[1]


def test_an_issuer_that_speaks_acme_is_told_of_it() -> None:
    notes = converted(AUTHORITY.replace("SPEC", "{acme: {server: 'https://a.test'}}")).notes
    assert all("ACME" in note.advice for note in notes if note.code == "TC203")


HEADERS = "httpHeaders: [{name: Host, value: a.test}, {name: X-Token, value: t0ken}]"


@pytest.mark.parametrize(
    ("field", "fact"),
    [
        (
            f"livenessProbe: {{httpGet: {{port: 80, path: /live, {HEADERS}}}}}",
            "(httpGet, /live on 80, 2 headers: Host, X-Token)",
        ),
        (
            "livenessProbe: {httpGet: {port: 443, path: /live, scheme: HTTPS, host: a.test}}",
            "(httpGet, /live on 443, scheme HTTPS, host a.test)",
        ),
        (
            "livenessProbe: {exec: {command: [sh, -c, 'curl -u a:s3cret x']}}",
            "(exec, sh with 2 arguments)",
        ),
        (
            f"lifecycle: {{preStop: {{httpGet: {{port: 80, path: /stop, {HEADERS}}}}}}}",
            "(port: 80, path: /stop, httpHeaders: Host, X-Token)",
        ),
    ],
)
def test_what_a_lost_request_asks_is_named_and_not_counted(field: str, fact: str) -> None:
    probed = f'image: "nginx:1.27", readinessProbe: {{tcpSocket: {{port: 80}}}}, {field}'
    pod = POD.replace("FIELD", "").replace('image: "example/web:1"', probed)
    messages = [
        note.message for note in converted(pod).notes if note.code in {"TC230", "TC234"}
    ]
    assert [fact in message for message in messages] == [True]
    assert not any("t0ken" in message or "s3cret" in message for message in messages)


def workload(kind: str) -> str:
    version = "v1" if kind == "ReplicationController" else "apps/v1"
    containers = f"[{{name: web, image: 'example/{kind.lower()}:1'}}]"
    template = f"{{metadata: {{labels: {{app: web}}}}, spec: {{containers: {containers}}}}}"
    head = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web}}\n"
    return f"{head}spec: {{template: {template}}}\n"


SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {TYPE selector: {app: web}, ports: [{port: 80}]}
"""


@pytest.mark.parametrize("is_first", [True, False])
def test_the_deployment_keeps_the_name_that_a_legacy_controller_has_too(
    *, is_first: bool
) -> None:
    kinds = ("Deployment", "ReplicationController")
    texts = [SERVICE, *map(workload, kinds if is_first else reversed(kinds))]
    result = converted("---\n".join(texts).replace("TYPE ", ""))
    (file,) = [file for file in result.files if file.path == "docker-compose.yml"]
    text = file.content.decode()
    assert text.index("\n  web:") < text.index("image: example/deployment:1")
    (told,) = [note for note in result.notes if note.code == "TC207"]
    assert told.message.endswith(
        "web-replicationcontroller; Service web leads by chance to it or to Deployment web"
    )


@pytest.mark.parametrize(("owners", "wanted"), [(1, ["TC239"]), (2, ["TC239", "TC223"])])
def test_a_node_port_without_a_number_asks_for_none(owners: int, wanted: list[str]) -> None:
    """Nobody can free a port that the cluster would choose; one that another Service has is said to be taken."""
    one = f"{workload('Deployment')}---\n{SERVICE.replace('TYPE', 'type: NodePort,')}"
    other = one.replace("name: web}", "name: api}").replace("app: web", "app: api")
    result = converted("---\n".join((one, other)[:owners]))
    told = [note.code for note in result.notes if note.code in ("TC239", "TC223")]
    assert told == wanted


@pytest.mark.parametrize(
    ("more", "is_told"),
    [
        ("TYPE: ClusterIP", True),
        ("TYPE: LoadBalancer", False),
        ("TYPE: LoadBalancer called", True),
    ],
)
def test_another_port_is_told_to_those_who_use_it(more: str, *, is_told: bool) -> None:
    """A Service that is published and that nothing in the stack names has its clients outside."""
    called = "http://web:80" if "called" in more else "http://api.example.com"
    env = f"[{{name: WEB_URL, value: '{called}'}}]"
    containers = f"[{{name: api, image: 'a/b:1', env: {env}}}]"
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\n"
    caller = f"{head}spec: {{containers: {containers}}}\n"
    service_type = f"type: {more.split()[1]}, "
    service = SERVICE.replace("TYPE ", service_type).replace(
        "port: 80", "port: 80, targetPort: 8080"
    )
    result = converted("---\n".join((workload("Deployment"), service, caller)))
    assert ("TC220" in codes(result)) is is_told


def test_a_probe_without_a_client_is_told_how_to_try_one() -> None:
    probe = "readinessProbe: {httpGet: {path: /health, port: 80}}"
    pod = POD.replace("FIELD", "").replace("ports:", f"{probe}, ports:")
    (told,) = [note for note in converted(pod).notes if note.code == "TC231"]
    assert told.message.endswith("example/web:1 is not known to have curl or wget")
    command = "docker compose exec web wget -q -O /dev/null http://127.0.0.1:80/health"
    assert f"Try `{command}`." in told.advice


@pytest.mark.parametrize(("field", "redirects"), [("true", True), ("false", False)])
def test_a_redirect_is_told_of_the_object_that_asks_for_it(
    field: str, *, redirects: bool
) -> None:
    frontend = (
        "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata: {name: ssl}\n"
        f"spec: {{redirectToHttps: {{enabled: {field}}}}}\n"
    )
    text = "---\n".join((POD.replace("FIELD", ""), frontend))
    (told,) = [note for note in converted(text).notes if note.code == "TC203"]
    assert told.advice.startswith("It redirects http to https: ") is redirects


STORED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      volumes: [{name: d, persistentVolumeClaim: {claimName: disk}}]
      containers: [{name: web, image: "example/web:1", volumeMounts: [{name: d, mountPath: /d}]}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {storageClassName: fast, accessModes: [ReadWriteMany]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {storageClassName: CLASS, csi: {driver: example.com, volumeHandle: v}}
"""


@pytest.mark.parametrize(("replicas", "is_chosen"), [(1, False), (2, True)])
def test_an_archive_is_copied_to_one_container(replicas: int, *, is_chosen: bool) -> None:
    text = STORED.replace("REPLICAS", str(replicas)).replace("CLASS", "fast")
    [copied] = [note for note in converted(text).notes if note.code == "TC438"]
    assert ("docker compose cp --index 1 - web:/d" in copied.advice) is is_chosen


@pytest.mark.parametrize(
    ("storage_class", "code", "other"),
    [("fast", "TC244", "TC253"), ("slow", "TC253", "TC244")],
)
def test_a_volume_is_replaced_or_unused_and_not_both(
    storage_class: str, code: str, other: str
) -> None:
    result = converted(STORED.replace("REPLICAS", "1").replace("CLASS", storage_class))
    told = {
        note.code for note in result.notes if "PersistentVolume disk" in note.message
    } - {"TC243"}
    assert code in told and other not in told
    assert "TC001" not in codes(result)


def test_a_folder_of_a_node_that_no_claim_names_is_accounted_for() -> None:
    text = STORED.replace("REPLICAS", "1").replace("CLASS", "fast")
    folder = re.sub(r"csi: .*", "hostPath: {path: /data/disk, type: Directory}", text)
    assert folder != text
    assert not {"TC001", "TC244"} & set(codes(converted(folder)))


def test_what_compose_has_no_use_for_may_be_defined_twice() -> None:
    kind = (
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\n"
        "provisioner: P\n"
    )
    text = (
        POD.replace("FIELD", "") + kind.replace("P\n", "a\n") + kind.replace("P\n", "b\n")
    )
    result = converted(text)
    assert "TC099" in codes(result) and "TC204" not in codes(result)
