"""Small custom objects of every kind that is answered, what else each needs, and values that its fields may have."""

from __future__ import annotations

from typing import Any


def custom(version: str, kind: str, name: str, spec: Any, **labels: str) -> dict[str, Any]:
    """A custom object."""
    metadata: dict[str, Any] = {"name": name}
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def of_cluster(kind: str, name: str, spec: Any) -> dict[str, Any]:
    """An object that belongs to the Kafka, or the KafkaConnect, of the name `events`."""
    made = custom("kafka.strimzi.io/v1beta2", kind, name, spec)
    made["metadata"]["labels"] = {"strimzi.io/cluster": "events"}
    return made


def _pod(name: str) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": "example/app:1",
        "ports": [{"name": "web", "containerPort": 80}],
    }
    return custom("v1", "Pod", name, {"containers": [container]}, app=name)


def _service(name: str) -> dict[str, Any]:
    ports = [{"name": "web", "port": 80}]
    return custom(
        "v1", "Service", name, {"selector": {"app": name}, "ports": ports}, app=name
    )


_STRIMZI, _OPSTREE = "kafka.strimzi.io/v1beta2", "redis.redis.opstreelabs.in/v1beta2"
_CNPG, _COREOS, _ISTIO = (
    "postgresql.cnpg.io/v1",
    "monitoring.coreos.com/v1",
    "networking.istio.io/v1",
)
_SCRAM = "scram-sha-512"
_LOGGED_IN = {
    "name": "secure",
    "port": 9094,
    "type": "nodeport",
    "authentication": {"type": _SCRAM},
}
_SELECTED: dict[str, Any] = {"selector": {"matchLabels": {"app": "shop"}}}
_USER = of_cluster("KafkaUser", "ann", {"authentication": {"type": _SCRAM}})
_KAFKA = custom(_STRIMZI, "Kafka", "events", {"kafka": {"listeners": [_LOGGED_IN]}})
_CONNECT = custom(
    _STRIMZI, "KafkaConnect", "events", {"bootstrapServers": "events-kafka-bootstrap:9094"}
)
_POSTGRES = custom(_CNPG, "Cluster", "pg", {})
_MONITOR = custom(
    _COREOS, "ServiceMonitor", "shop", {**_SELECTED, "endpoints": [{"port": "web"}]}
)
_MONITOR["metadata"]["labels"] = {"app": "shop"}
_CERTIFICATE = custom("v1", "Secret", "edge-tls", {})
del _CERTIFICATE["spec"]
_CERTIFICATE |= {
    "type": "kubernetes.io/tls",
    "stringData": {"tls.crt": "x", "tls.key": "y"},
}
_PROMETHEUS = custom(
    _COREOS, "Prometheus", "main", {"ruleSelector": {"matchLabels": {"app": "shop"}}}
)
_SHOP = [_pod("shop"), _service("shop")]
_GATEWAY = custom(
    _ISTIO,
    "Gateway",
    "edge",
    {
        "servers": [
            {"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["shop.example.org"]}
        ]
    },
)
_TARGET: dict[str, Any] = {"destination": {"host": "shop"}}
_ROUTES: dict[str, Any] = {"hosts": ["shop.example.org"], "gateways": ["edge"]}
_SUBSET = {"destination": {"host": "shop", "subset": "blue"}}
_KNATIVE = custom(
    "serving.knative.dev/v1",
    "Service",
    "hello",
    {"template": {"spec": {"containers": [{"image": "example/hello:1"}]}}},
)

_RULE = custom(
    _ISTIO,
    "DestinationRule",
    "shop",
    {"host": "shop", "subsets": [{"name": "blue", "labels": {"colour": "blue"}}]},
)
_ROUTES_OF_ALERTS = custom("v1", "Secret", "alert-routes", {})
del _ROUTES_OF_ALERTS["spec"]
_ROUTES_OF_ALERTS["stringData"] = {"alertmanager.yaml": "route: {}\n"}

# The object of each kind in which a field is set, by its name with the API group.
SAMPLES: dict[str, dict[str, Any]] = {
    "RabbitmqCluster.rabbitmq.com": custom(
        "rabbitmq.com/v1beta1", "RabbitmqCluster", "mq", {}
    ),
    "Cluster.postgresql.cnpg.io": _POSTGRES,
    "Pooler.postgresql.cnpg.io": custom(
        _CNPG, "Pooler", "pool", {"cluster": {"name": "pg"}}
    ),
    "Database.postgresql.cnpg.io": custom(
        _CNPG, "Database", "shop", {"cluster": {"name": "pg"}}
    ),
    "postgresql.acid.zalan.do": custom(
        "acid.zalan.do/v1",
        "postgresql",
        "acid",
        {"enableConnectionPooler": True, "enableReplicaConnectionPooler": True},
    ),
    "Redis.redis.redis.opstreelabs.in": custom(_OPSTREE, "Redis", "cache", {}),
    "RedisReplication.redis.redis.opstreelabs.in": custom(
        _OPSTREE, "RedisReplication", "cache", {}
    ),
    "RedisCluster.redis.redis.opstreelabs.in": custom(
        _OPSTREE, "RedisCluster", "cache", {}
    ),
    "RedisSentinel.redis.redis.opstreelabs.in": custom(
        _OPSTREE,
        "RedisSentinel",
        "watch",
        {"redisSentinelConfig": {"redisReplicationName": "cache"}},
    ),
    "RedisFailover.databases.spotahome.com": custom(
        "databases.spotahome.com/v1", "RedisFailover", "cache", {}
    ),
    "Kafka.kafka.strimzi.io": _KAFKA,
    "KafkaNodePool.kafka.strimzi.io": of_cluster(
        "KafkaNodePool", "pool", {"roles": ["broker"]}
    ),
    "KafkaTopic.kafka.strimzi.io": of_cluster("KafkaTopic", "orders", {}),
    "KafkaUser.kafka.strimzi.io": _USER,
    "KafkaConnect.kafka.strimzi.io": custom(
        _STRIMZI,
        "KafkaConnect",
        "events",
        {
            "bootstrapServers": "events-kafka-bootstrap:9094",
            "authentication": {"type": _SCRAM},
        },
    ),
    "KafkaConnector.kafka.strimzi.io": of_cluster("KafkaConnector", "sink", {}),
    "Elasticsearch.elasticsearch.k8s.elastic.co": custom(
        "elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "logs", {"version": "8.16.1"}
    ),
    "Kibana.kibana.k8s.elastic.co": custom(
        "kibana.k8s.elastic.co/v1", "Kibana", "logs", {"version": "8.16.1"}
    ),
    "ApmServer.apm.k8s.elastic.co": custom(
        "apm.k8s.elastic.co/v1", "ApmServer", "apm", {"version": "8.16.1"}
    ),
    "Beat.beat.k8s.elastic.co": custom(
        "beat.k8s.elastic.co/v1beta1",
        "Beat",
        "logs",
        {"type": "filebeat", "version": "8.16.1"},
    ),
    "MongoDBCommunity.mongodbcommunity.mongodb.com": custom(
        "mongodbcommunity.mongodb.com/v1",
        "MongoDBCommunity",
        "mdb",
        {"users": [{"name": "ann"}]},
    ),
    "Tenant.minio.min.io": custom("minio.min.io/v2", "Tenant", "store", {}),
    "Service.serving.knative.dev": _KNATIVE,
    "DomainMapping.serving.knative.dev": custom(
        "serving.knative.dev/v1beta1",
        "DomainMapping",
        "shop.example.org",
        {"ref": {"kind": "Service", "name": "hello"}},
    ),
    "Gateway.networking.istio.io": _GATEWAY,
    "VirtualService.networking.istio.io": custom(
        _ISTIO, "VirtualService", "shop", {**_ROUTES, "http": [{"route": [_TARGET]}]}
    ),
    "DestinationRule.networking.istio.io": _RULE,
    "Prometheus.monitoring.coreos.com": custom(
        _COREOS, "Prometheus", "main", {"externalUrl": "https://metrics.example.org"}
    ),
    "PrometheusRule.monitoring.coreos.com": custom(
        _COREOS, "PrometheusRule", "rules", {}, app="shop"
    ),
    "ServiceMonitor.monitoring.coreos.com": _MONITOR,
    "PodMonitor.monitoring.coreos.com": custom(
        _COREOS,
        "PodMonitor",
        "shop",
        {**_SELECTED, "podMetricsEndpoints": [{"port": "web"}]},
    ),
    "Alertmanager.monitoring.coreos.com": custom(_COREOS, "Alertmanager", "main", {}),
}
_ROUTED = [
    custom(_ISTIO, "VirtualService", "shop", {**_ROUTES, "http": [{"route": [_TARGET]}]}),
    *_SHOP,
]
_OPTIONS = custom("v1", "ConfigMap", "more", {})
del _OPTIONS["spec"]
_OPTIONS["data"] = {"redis-additional.conf": "maxmemory 1gb\n"}

# What else the input holds, so that the object of a kind is answered.
CONTEXT: dict[str, list[dict[str, Any]]] = {
    "Pooler.postgresql.cnpg.io": [_POSTGRES],
    "Database.postgresql.cnpg.io": [_POSTGRES],
    "Redis.redis.redis.opstreelabs.in": [_OPTIONS],
    "RedisReplication.redis.redis.opstreelabs.in": [_OPTIONS],
    "RedisCluster.redis.redis.opstreelabs.in": [_OPTIONS],
    "RedisSentinel.redis.redis.opstreelabs.in": [
        custom(_OPSTREE, "RedisReplication", "cache", {})
    ],
    "Kafka.kafka.strimzi.io": [_USER],
    "KafkaNodePool.kafka.strimzi.io": [_KAFKA],
    "KafkaTopic.kafka.strimzi.io": [_KAFKA],
    "KafkaUser.kafka.strimzi.io": [_KAFKA],
    "KafkaConnector.kafka.strimzi.io": [_CONNECT],
    "DomainMapping.serving.knative.dev": [_KNATIVE],
    "Gateway.networking.istio.io": [*_ROUTED, _CERTIFICATE],
    "VirtualService.networking.istio.io": [_GATEWAY, _RULE, *_SHOP],
    "Alertmanager.monitoring.coreos.com": [_ROUTES_OF_ALERTS],
    "DestinationRule.networking.istio.io": [
        _GATEWAY,
        custom(
            _ISTIO, "VirtualService", "shop", {**_ROUTES, "http": [{"route": [_SUBSET]}]}
        ),
        *_SHOP,
    ],
    "Prometheus.monitoring.coreos.com": [_MONITOR, *_SHOP],
    "PrometheusRule.monitoring.coreos.com": [_PROMETHEUS, _MONITOR, *_SHOP],
    "ServiceMonitor.monitoring.coreos.com": _SHOP,
    "PodMonitor.monitoring.coreos.com": _SHOP,
}

_LIMITS = {"limits": {"memory": "64Mi"}}
# Shapes of fields that say true or false.
_FLAGS = (
    "has-superuser bypassrls createdb createrole login replication superuser tls listener-tls"
    " certificate-disabled any-namespace admin-api remote-write-receiver object-lock exposed-console exposed-minio"
    " pooler replica-pooler load-balancer replica-load-balancer pooler-load-balancer replica-pooler-load-balancer"
    " default-users"
)
# Values by the path of a field, or by its shape or type.
VALUES: dict[str, Any] = {
    **dict.fromkeys(_FLAGS.split(), "true"),
    "inherit": "false",
    "auto-certificate": "false",
    "default-roles": "false",
    "ResourceRequirements": _LIMITS,
    "EnvVar": {"name": "COLOUR", "value": "blue"},
    "EnvVarSource": {"secretKeyRef": {"name": "login", "key": "word"}},
    "PersistentVolumeClaim": {"spec": {"resources": {"requests": {"storage": "1Gi"}}}},
    "ObjectMeta": {"labels": {"tier": "data"}},
    "ServiceSpec": {"type": "LoadBalancer"},
    "StatefulSetSpec": {"template": {"spec": {"containers": [{"resources": _LIMITS}]}}},
    "PodTemplateSpec": {"spec": {"containers": [{"resources": _LIMITS}]}},
    "PodSecurityContext": {"runAsUser": 1000},
    "PodDNSConfig": {"nameservers": ["192.0.2.1"]},
    "HostAlias": {"ip": "192.0.2.2", "hostnames": ["far"]},
    "Container": {"name": "beside", "image": "busybox:1"},
    "Volume": {"name": "scratch", "emptyDir": {"medium": "Memory"}},
    "annotations": {"note": "x"},
    "labels": {"tier": "data"},
    "pod-labels": {"tier": "data"},
    "locale": "C",
    "lc-collate": "C",
    "lc-ctype": "C",
    "parameters": {"work_mem": "4MB"},
    "libraries": ["pg_stat_statements"],
    "mechanism": _SCRAM,
    "listener-mechanism": _SCRAM,
    "listener-type": "nodeport",
    "RedisFailover.redis.customConfig": ["maxmemory 1gb"],
    "sentinel-options": ["quorum 1"],
    "options": {"shop.colour": "blue"},
    "more-options": "more",
    "leader-options": "more",
    "plugins": ["rabbitmq_stream"],
    "connection-options": {"retryWrites": "true"},
    "privileges": [{"actions": ["find"], "resource": {"db": "shop"}}],
    "inherited-roles": [{"role": "read", "db": "shop"}],
    "users": {"ann": ["createdb"]},
    "databases": {"shop": "ann"},
    "extensions": {"hstore": "public"},
    "statements": ["SELECT 1"],
    "template-statements": ["SELECT 1"],
    "application-statements": ["SELECT 1"],
    "groups": ["pg_monitor"],
    "role-presence": "present",
    "presence": "present",
    "database-presence": "present",
    "cluster": "pg",
    "disabled-services": ["ro"],
    "broker-options": {"num.partitions": "3"},
    "topic-options": {"retention.ms": "7"},
    "worker-options": {"offset.flush.interval.ms": "7"},
    "connector-options": {"topics": "orders"},
    "pool-roles": ["broker"],
    "config": {"filebeat.inputs": [{"type": "filestream"}]},
    "external-labels": {"site": "north"},
    "service-monitors": {"matchLabels": {"app": "shop"}},
    "pod-monitors": {"matchLabels": {"app": "shop"}},
    "rules": {"matchLabels": {"app": "shop"}},
    "selector": {"matchLabels": {"app": "shop"}},
    "namespaces": ["default"],
    "alertmanager": "shop",
    "alertmanager-port": "web",
    "alertmanager-namespace": "default",
    "rule-groups": [{"name": "shop", "rules": [{"alert": "Down", "expr": "up == 0"}]}],
    "port": "web",
    "RedisFailover.redis.port": "6380",
    "target-port": "80",
    "honor_labels": True,
    "params": {"module": ["http"]},
    "relabel_configs": [{"action": "drop", "regex": "x"}],
    "metric_relabel_configs": [{"action": "drop", "regex": "x"}],
    "target-kind": "Service",
    "target": "hello",
    "hosts": ["shop.example.org"],
    "gateways": ["edge"],
    "service-host": "shop",
    "subset": "blue",
    "path": {"prefix": "/api"},
    "method": {"exact": "GET"},
    "headers": {"x-kind": {"exact": "a"}},
    "parameters-of-requests": {"kind": {"exact": "a"}},
    "VirtualService.http.[].match.[].queryParams": {"kind": {"exact": "a"}},
    "request": {"set": {"x-kind": "a"}},
    "response": {"remove": ["x-kind"]},
    "new-path": "/v2",
    "redirect-path": "/v2",
    "redirect-code": 302,
    "protocol": "HTTP",
    "port-number": 8080,
    "tls-mode": "SIMPLE",
    "https-redirect": "true",
    "credential": "edge-tls",
    "config-secret": "alert-routes",
    "destination-port": 80,
    "route-prefix": "/",
    "publication": "LoadBalancer",
    "Service.template.spec.hostNetwork": True,
}

# What stands beside a field in the same value, by the path of the value.
BESIDE: dict[str, dict[str, Any]] = {
    "Cluster.managed.services.additional": {
        "serviceTemplate": {"metadata": {"name": "front"}}
    },
    "Gateway.servers.[].tls": {"mode": "SIMPLE"},
    "Prometheus.alerting.alertmanagers": {"name": "shop"},
    "Redis.kubernetesConfig.redisSecret": {"name": "login"},
    "RedisReplication.kubernetesConfig.redisSecret": {"name": "login"},
    "RedisCluster.kubernetesConfig.redisSecret": {"name": "login"},
    "Cluster.managed.roles": {"name": "ann"},
    "Database.schemas": {"name": "hr"},
    "Database.extensions": {"name": "hstore"},
}

# Fields whose value shows beside others only: why changing it alone changes nothing.
SHOWN_WITH_OTHERS = {
    "Cluster.managed.roles.[].ensure": "only the word absent takes the role away",
    "Database.ensure": "only the word absent takes the database away",
    "Database.extensions.[].ensure": "only the word absent takes the extension away",
    "Database.schemas.[].ensure": "only the word absent takes the schema away",
    "DestinationRule.subsets.[].labels": "no pod has labels to choose from",
    "DomainMapping.ref.apiVersion": "the kind says what it is",
    "MongoDBCommunity.additionalConnectionStringConfig": "no client asks for the connection string",
    "MongoDBCommunity.users.[].additionalConnectionStringConfig": "no client asks for the connection string",
    "MongoDBCommunity.users.[].connectionStringSecretName": "no client asks for the connection string",
    "PodMonitor.namespaceSelector.any": "there is one namespace",
    "ServiceMonitor.namespaceSelector.any": "there is one namespace",
    "Prometheus.podMonitorSelector": "there is no PodMonitor",
    "Prometheus.ruleSelector": "there are no rules",
    "Service.traffic.[].percent": "it is the share of the latest revision",
    "Service.traffic.[].latestRevision": "it has no share",
    "Service.traffic.[].revisionName": "it has no share",
    "ServiceMonitor.endpoints.[].targetPort": "the name of the port counts",
    "VirtualService.http.[].route.[].weight": "there is one target",
}
