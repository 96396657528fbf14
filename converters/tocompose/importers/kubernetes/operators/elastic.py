"""Elasticsearch and Kibana of Elastic's operator: one node of each, which speak in plain.

https://www.elastic.co/docs/deploy-manage/deploy/cloud-on-k8s
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    SPEAKS_HTTP,
    Manifest,
    OperatedServer,
    OperatorPart,
    ServerPort,
    ServerSecret,
    ServerService,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_named,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_texts,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Branch, Leaf, Node

_REGISTRY = "docker.elastic.co"
ELASTIC_USER = "elastic"
_HTTP, _TRANSPORT = ServerPort("http", 9200), ServerPort("transport", 9300)
_KIBANA, _APM = ServerPort("http", 5601), ServerPort("http", 8200)
# The end of what is said of a value that has to be none of the operator's.
_WILL_DO = "will do: this stack sets it, and the operator's is not needed"
# The operator's own stands under a key that is called after the user, or is the token of a service account:
# https://github.com/elastic/cloud-on-k8s/blob/main/pkg/controller/association/user.go
# It takes a value of digits alone for a number, what begins with `-` for an option, and what is JSON for that:
# https://github.com/elastic/kibana/issues/55031, https://github.com/elastic/kibana/blob/main/src/cli/command.js
_KIBANA_KEYS = {
    "password": f"Any of 6 characters or more that begins with a letter {_WILL_DO}"
}
# The operator keeps this user in files of the nodes, so neither a snapshot nor a reindexing brings the password along:
# https://github.com/elastic/cloud-on-k8s/blob/main/pkg/controller/elasticsearch/user/predefined.go
_ELASTIC_KEYS = {ELASTIC_USER: f"Any of 6 characters or more {_WILL_DO}"}
# Without a key of its own Kibana makes one at each start, blocks alerts, and cannot read what it encrypted before:
# https://www.elastic.co/docs/reference/kibana/configuration-reference/alerting-settings
_ENCRYPTION = "xpack.encryptedSavedObjects.encryptionKey"
_ONE_NODE = "one node has every role and looks for no other"
# What the operator decides about a cluster, by how its name begins; what has a reason loses nothing.
_DECIDED = {
    "cluster.": "",
    "xpack.security.": "",
    **dict.fromkeys(("discovery.", "node.roles", "node.master", "node.data"), _ONE_NODE),
}


class ElasticSpec(NamedTuple):
    """What a server of Elastic's is to be: `options` are its own by name, with dots, at their places.

    `is_plain` says that the operator's would speak https with a certificate of its own.
    """

    version: str | None
    image: Node | None
    options: Mapping[str, Leaf]
    resources: Node | None
    env: tuple[Node, ...]
    service_type: Node | None
    is_plain: bool
    elasticsearch: str | None
    kibana: str | None = None
    nodes: str | None = None


def decode_elasticsearch(cluster: KubeObject) -> ElasticSpec:
    """The spec of an Elasticsearch: of its nodes those that hold data, which one node stands for."""
    spec = decode_spec(cluster)
    nodes = _decode_data_nodes(spec)
    # Its entry point reads lists with commas.
    options = _decode_options(nodes.at("options"), _DECIDED, ",".join)
    nodes_name = decode_text(nodes, "node-set-name")
    return _decode_server(spec, nodes, options, "elasticsearch")._replace(nodes=nodes_name)


def _decode_data_nodes(spec: SpecFields) -> SpecFields:
    """The nodes that say most of the one that stands for all: the first of those with data that have a pod template."""
    node_sets = list(spec.each("ElasticNodes"))
    with_data = [nodes for nodes in node_sets if _decode_has_data(nodes)]
    chosen = next(iter([*with_data, *node_sets]), spec)
    for nodes in node_sets:
        if nodes != chosen:
            nodes.at("node-set-name").skip("one node stands for all")
    return chosen


def _decode_has_data(nodes: SpecFields) -> bool:
    config = nodes.at("options")
    roles = config.at("node.roles") or config.at("node", "roles")
    roles.skip(_ONE_NODE)
    names = [peek_text(role) or "" for role in list_entries(roles)]
    has_data = not roles or any(name.startswith("data") for name in names)
    return has_data and bool(nodes.at("PodTemplateSpec", "spec", "containers"))


def decode_client(client: KubeObject, container: str) -> ElasticSpec:
    """The spec of a Kibana or an ApmServer, whose own container has that name."""
    spec = decode_spec(client)
    # The entry point of Kibana, and the flags of the APM server, read lists as JSON.
    options = _decode_options(spec.at("options"), {}, _as_json)
    return _decode_server(spec, spec, options, container)


def _as_json(texts: tuple[str, ...]) -> str:
    return json.dumps(list(texts))


def _decode_server(
    spec: SpecFields,
    nodes: SpecFields,
    options: Mapping[str, Leaf],
    container_name: str,
) -> ElasticSpec:
    containers = nodes.at("PodTemplateSpec", "spec", "containers")
    container = decode_named(containers, container_name)
    resources = decode_part(container, "resources")
    return ElasticSpec(
        version=decode_text(spec, "version"),
        image=decode_part(spec, "image"),
        options=options,
        resources=resources or decode_part(nodes, "ResourceRequirements"),
        env=decode_parts(container, "env"),
        service_type=decode_part(spec, "ServiceSpec", "type"),
        is_plain=decode_text(spec, "certificate-disabled") != "true",
        elasticsearch=decode_text(spec, "elasticsearch"),
        kibana=decode_text(spec, "kibana"),
    )


def _decode_options(
    cursor: Cursor,
    decided: Mapping[str, str],
    list_text: Callable[[tuple[str, ...]], str],
    prefix: str = "",
) -> dict[str, Leaf]:
    """The options, nested or with dots, without those that the operator decides and lists of maps."""
    options: dict[str, Leaf] = {}
    for option in cursor:
        name = f"{prefix}{option.key}"
        if option.kind == "map":
            options |= _decode_options(option, decided, list_text, f"{name}.")
        elif name.startswith(tuple(decided)):
            _decode_decided(option, name, decided)
        elif option.kind != "list":
            options[name] = Leaf(decode_text(option) or "", option.span, "double")
        # No variable of the image's entry point can say a list of maps or of lists.
        elif not any(isinstance(member.node, Branch) for member in option):
            text = list_text(decode_texts(option))
            options[name] = Leaf(text, option.span, "double")
    return options


def _decode_decided(option: Cursor, name: str, decided: Mapping[str, str]) -> None:
    """Leaves out what loses nothing; the rest of what the operator decides stays unread."""
    for beginning, reason in decided.items():
        if reason and name.startswith(beginning):
            option.skip(reason)


def answer(kube_object: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server with its Services and Secrets."""
    name = kube_object.name
    match kube_object.title:
        case "Elasticsearch":
            spec = decode_elasticsearch(kube_object)
            yield from _elasticsearch_parts(spec, name)
        case "Kibana":
            spec = decode_client(kube_object, "kibana")
            yield from _kibana_parts(spec, name)
        case _:
            spec = decode_client(kube_object, "apm-server")
            yield from _apm_parts(spec, name)
    if spec.is_plain:
        yield SPEAKS_HTTP


def elastic_image(group: str, program: str, version: str | None) -> str:
    """The image of a program of Elastic's."""
    return image_of(f"{_REGISTRY}/{group}/{program}", version, "elasticsearch")


def _elasticsearch_parts(spec: ElasticSpec, name: str) -> Iterator[OperatorPart]:
    secret, server = elastic_secret(name), f"{name}-es"
    pods = f"{server}-{spec.nodes}" if spec.nodes else server
    meanings = {ELASTIC_USER: f"Password of the user {ELASTIC_USER} of Elasticsearch"}
    yield ServerSecret(secret, {ELASTIC_USER: None}, meanings, _ELASTIC_KEYS)
    yield OperatedServer(
        name=server,
        image=spec.image or elastic_image("elasticsearch", "elasticsearch", spec.version),
        ports=(_HTTP, _TRANSPORT),
        env={
            "discovery.type": "single-node",
            "ELASTIC_PASSWORD": from_secret(secret, ELASTIC_USER),
            "xpack.security.enabled": "true",
            "xpack.security.http.ssl.enabled": "false",
            "xpack.security.transport.ssl.enabled": "false",
            **spec.options,
        },
        data_folder="/usr/share/elasticsearch/data",
        resources=spec.resources,
        governing=pods,
        pods=pods,
        more_env=spec.env,
    )
    for ending, service_type in (("http", spec.service_type), ("internal-http", None)):
        yield ServerService(
            f"{server}-{ending}",
            server,
            (_HTTP,),
            is_plain=spec.is_plain,
            service_type=service_type,
        )
    yield ServerService(f"{server}-transport", server, (_TRANSPORT,))


def _kibana_parts(spec: ElasticSpec, name: str) -> Iterator[OperatorPart]:
    env: dict[str, Manifest] = {
        _variable(option): value for option, value in spec.options.items()
    }
    if _ENCRYPTION not in spec.options:
        key_secret = _encryption_secret(name)
        yield key_secret
        env[_variable(_ENCRYPTION)] = from_secret(key_secret.name, "key")
    secret = f"{name}-kibana-user"
    if spec.elasticsearch:
        meanings = {"password": "Password of the user kibana_system of Elasticsearch"}
        yield ServerSecret(secret, {"password": None}, meanings, _KIBANA_KEYS)
        env |= {
            "ELASTICSEARCH_HOSTS": elasticsearch_url(spec.elasticsearch),
            "ELASTICSEARCH_USERNAME": "kibana_system",
            "ELASTICSEARCH_PASSWORD": from_secret(secret, "password"),
        }
    yield OperatedServer(
        name=f"{name}-kb",
        image=spec.image or elastic_image("kibana", "kibana", spec.version),
        kind="Deployment",
        ports=(_KIBANA,),
        env=env,
        resources=spec.resources,
        more_env=spec.env,
    )
    yield ServerService(
        f"{name}-kb-http",
        f"{name}-kb",
        (_KIBANA,),
        is_plain=spec.is_plain,
        service_type=spec.service_type,
    )
    if spec.elasticsearch:
        yield _login_job(spec, name, spec.elasticsearch, secret)


def _variable(option: str) -> str:
    """The variable by which the entry point of Kibana reads an option."""
    return option.replace(".", "_").upper()


def _encryption_secret(name: str) -> ServerSecret:
    """The key with which Kibana encrypts what it keeps in Elasticsearch; the operator's stands in a file of options."""
    meaning = "Key with which Kibana encrypts connectors, rules and Fleet settings"
    value = (
        "Any of 32 characters or more that begins with a letter. With moved data: the operator's "
        f"({_ENCRYPTION} in kibana.yml of Secret {name}-kb-config)"
    )
    return ServerSecret(
        f"{name}-kb-encryption", {"key": None}, {"key": meaning}, {"key": value}
    )


def elastic_secret(name: str) -> str:
    """The Secret of the superuser of an Elasticsearch, whose key is the user."""
    return f"{name}-es-elastic-user"


def elasticsearch_url(name: str) -> str:
    """Where an Elasticsearch of that name answers."""
    return f"http://{name}-es-http:{_HTTP.number}"


def kibana_url(name: str) -> str:
    """Where a Kibana of that name answers."""
    return f"http://{name}-kb-http:{_KIBANA.number}"


# The server takes six characters or more. It may not know its own user yet when it starts, but after two minutes it
# never will: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-change-password
_LOGIN_SCRIPT = """\
if [ "${#KIBANA_PASSWORD}" -lt 6 ]; then
  echo "the password of kibana_system needs 6 characters or more" >&2
  exit 1
fi
quote='"' slash='\\'
password=${KIBANA_PASSWORD//"$slash"/"$slash$slash"}
password=${password//"$quote"/"$slash$quote"}
for attempt in {1..24}; do
  curl -fsS -u "elastic:$ELASTIC_PASSWORD" -H "Content-Type: application/json" -X POST \\
    -d "{\\"password\\":\\"$password\\"}" "$ELASTICSEARCH_URL/_security/user/kibana_system/_password" && exit
  sleep 5
done
exit 1"""


def _login_job(
    spec: ElasticSpec, name: str, elasticsearch: str, secret: str
) -> OperatedServer:
    """The one-shot that gives Kibana's own user its password, as the operator does."""
    return OperatedServer(
        name=f"{name}-kb-login",
        image=elastic_image("elasticsearch", "elasticsearch", spec.version),
        kind="Job",
        env={
            "ELASTICSEARCH_URL": elasticsearch_url(elasticsearch),
            "ELASTIC_PASSWORD": from_secret(elastic_secret(elasticsearch), ELASTIC_USER),
            "KIBANA_PASSWORD": from_secret(secret, "password"),
        },
        command=("bash", "-c", _LOGIN_SCRIPT),
    )


def _apm_parts(spec: ElasticSpec, name: str) -> Iterator[OperatorPart]:
    """The APM server with its token.

    https://www.elastic.co/docs/deploy-manage/deploy/cloud-on-k8s/configuration-apm-server
    """
    secret, server = f"{name}-apm-token", f"{name}-apm-server"
    yield ServerSecret(secret, {"secret-token": None})
    env: dict[str, Manifest] = {"SECRET_TOKEN": from_secret(secret, "secret-token")}
    options = {
        "apm-server.host": f"0.0.0.0:{_APM.number}",
        "apm-server.auth.secret_token": "$(SECRET_TOKEN)",
    }
    if spec.elasticsearch:
        user = elastic_secret(spec.elasticsearch)
        env["ELASTIC_PASSWORD"] = from_secret(user, ELASTIC_USER)
        options |= {
            "output.elasticsearch.hosts": json.dumps(
                [elasticsearch_url(spec.elasticsearch)]
            ),
            "output.elasticsearch.username": ELASTIC_USER,
            "output.elasticsearch.password": "$(ELASTIC_PASSWORD)",
        }
    if spec.kibana:
        options |= {
            "apm-server.kibana.enabled": "true",
            "apm-server.kibana.host": kibana_url(spec.kibana),
        }
    stated = {option: value.text for option, value in spec.options.items()}
    option_words = (f"{option}={text}" for option, text in {**options, **stated}.items())
    yield OperatedServer(
        name=server,
        image=spec.image or elastic_image("apm", "apm-server", spec.version),
        kind="Deployment",
        ports=(_APM,),
        env=env,
        args=("-e", *(argument for word in option_words for argument in ("-E", word))),
        resources=spec.resources,
        more_env=spec.env,
    )
    yield ServerService(
        f"{name}-apm-http",
        server,
        (_APM,),
        is_plain=spec.is_plain,
        service_type=spec.service_type,
    )
