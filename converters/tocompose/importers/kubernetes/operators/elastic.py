"""Elasticsearch and Kibana of Elastic's operator: one node of each, which speak in plain.

https://www.elastic.co/docs/deploy-manage/deploy/cloud-on-k8s
"""

from __future__ import annotations

from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    Manifest,
    OperatedServer,
    OperatorRequest,
    ServerPort,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.scalars import list_entries, take_scalar
from tocompose.ledger import Cursor
from tocompose.source import Branch

_REGISTRY = "docker.elastic.co"
_HTTP, _TRANSPORT = ServerPort("http", 9200), ServerPort("transport", 9300)
_KIBANA = ServerPort("http", 5601)
# What the operator decides about a cluster.
_DECIDED = (
    "cluster.",
    "discovery.",
    "node.roles",
    "node.master",
    "node.data",
    "xpack.security.",
)


def answer(request: OperatorRequest) -> None:
    """Makes the server with its Services and Secrets."""
    if request.kube_object.title == "Elasticsearch":
        _answer_elasticsearch(request)
    else:
        _answer_kibana(request)
    if _is_plain(request):
        request.remarks.append(
            "it speaks http, where the operator's speaks https with a certificate of its own"
        )


def _service_type(request: OperatorRequest) -> Cursor:
    return request.at("spec", "http", "service", "spec", "type")


def _is_plain(request: OperatorRequest) -> bool:
    """Whether the operator's server would speak https with a certificate of its own."""
    tls = request.at("spec", "http", "tls", "selfSignedCertificate", "disabled")
    return take_scalar(tls, SERVICES) != "true"


def _answer_elasticsearch(request: OperatorRequest) -> None:
    name = request.name
    secret = f"{name}-es-elastic-user"
    request.add_secret(secret, {"elastic": None})
    nodes = request.at("spec", "nodeSets", 0)
    container = nodes.at("podTemplate", "spec", "containers", 0)
    request.add_server(
        OperatedServer(
            name=f"{name}-es",
            image=request.at("spec", "image") or _image("elasticsearch", request),
            ports=(_HTTP, _TRANSPORT),
            env={
                "discovery.type": "single-node",
                "ELASTIC_PASSWORD": from_secret(secret, "elastic"),
                "xpack.security.enabled": "true",
                "xpack.security.http.ssl.enabled": "false",
                "xpack.security.transport.ssl.enabled": "false",
                **_options(nodes.at("config")),
            },
            data_folder="/usr/share/elasticsearch/data",
            resources=container.at("resources"),
            more_env=container.at("env"),
        )
    )
    for ending, service_type in (
        ("http", _service_type(request)),
        ("internal-http", None),
    ):
        request.add_service(
            f"{name}-es-{ending}",
            f"{name}-es",
            (_HTTP,),
            is_plain=_is_plain(request),
            service_type=service_type,
        )
    request.add_service(f"{name}-es-transport", f"{name}-es", (_TRANSPORT,))


def _image(program: str, request: OperatorRequest) -> str:
    version = request.take("spec", "version")
    return image_of(f"{_REGISTRY}/{program}/{program}", version, "elasticsearch")


def _options(cursor: Cursor, prefix: str = "") -> dict[str, Manifest]:
    """The options of elasticsearch.yml, nested or with dots, as the variables that its entry point reads."""
    options: dict[str, Manifest] = {}
    for option in cursor:
        name = f"{prefix}{option.key}"
        if isinstance(option.node, Branch) and option.kind == "map":
            options |= _options(option, f"{name}.")
        elif option.kind == "leaf" and not name.startswith(_DECIDED):
            options[name] = take_scalar(option, SERVICES) or ""
    return options


def _answer_kibana(request: OperatorRequest) -> None:
    name = request.name
    reference = request.take("spec", "elasticsearchRef", "name")
    address = f"http://{reference}-es-http:{_HTTP.number}"
    env: dict[str, Manifest] = {
        key.replace(".", "_").upper(): text
        for key, text in _options(request.at("spec", "config")).items()
    }
    secret = f"{name}-kibana-user"
    if reference:
        request.add_secret(secret, {"password": None})
        env |= {
            "ELASTICSEARCH_HOSTS": address,
            "ELASTICSEARCH_USERNAME": "kibana_system",
            "ELASTICSEARCH_PASSWORD": from_secret(secret, "password"),
        }
    container = next(
        list_entries(request.at("spec", "podTemplate", "spec", "containers")), None
    )
    request.add_server(
        OperatedServer(
            name=f"{name}-kb",
            image=request.at("spec", "image") or _image("kibana", request),
            ports=(_KIBANA,),
            env=env,
            resources=container.at("resources") if container else None,
        ),
        kind="Deployment",
    )
    request.add_service(
        f"{name}-kb-http",
        f"{name}-kb",
        (_KIBANA,),
        is_plain=_is_plain(request),
        service_type=_service_type(request),
    )
    if reference:
        _add_login(request, reference, address, secret)


def _add_login(request: OperatorRequest, reference: str, address: str, secret: str) -> None:
    """The one-shot that gives Kibana's own user its password, as the operator does."""
    script = (
        'until curl -fsS -u "elastic:$ELASTIC_PASSWORD" -H "Content-Type: application/json" -X POST '
        '-d "{\\"password\\":\\"$KIBANA_PASSWORD\\"}" "$ELASTICSEARCH_URL/_security/user/kibana_system/_password"; '
        "do sleep 5; done"
    )
    request.add_server(
        OperatedServer(
            name=f"{request.name}-kb-login",
            image=_image("elasticsearch", request),
            env={
                "ELASTICSEARCH_URL": address,
                "ELASTIC_PASSWORD": from_secret(f"{reference}-es-elastic-user", "elastic"),
                "KIBANA_PASSWORD": from_secret(secret, "password"),
            },
            command=("sh", "-c", script),
        ),
        kind="Job",
    )
