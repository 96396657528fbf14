"""Custom objects as the documentation of each operator shows them: what servers are told, and what clients find."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def converted(*texts: str) -> Result:
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    text = "\n---\n".join(texts)
    return convert(Memory({"m.yaml": text.encode()}, name="shop"), options)


def services(result: Result) -> dict[str, Any]:
    [content] = [file.content for file in result.files if file.path == "docker-compose.yml"]
    parsed: dict[str, Any] = yaml.safe_load(content)["services"]
    return parsed


def file_text(result: Result, ending: str) -> str:
    [content] = [file.content for file in result.files if file.path.endswith(ending)]
    return content if isinstance(content, str) else content.decode()


def aliases(service: dict[str, Any]) -> list[str]:
    return [name for network in service["networks"].values() for name in network["aliases"]]


LOST = "TC697"


def note_on(result: Result, code: str = "TC391") -> str:
    return " ".join(note.message for note in result.notes if note.code == code)


def custom(kind: str, spec: str, name: str = "db", more: str = "") -> str:
    versions = {
        "Cluster": "postgresql.cnpg.io/v1",
        "Database": "postgresql.cnpg.io/v1",
        "postgresql": "acid.zalan.do/v1",
        "Redis": "redis.redis.opstreelabs.in/v1beta2",
        "RedisCluster": "redis.redis.opstreelabs.in/v1beta2",
        "RedisSentinel": "redis.redis.opstreelabs.in/v1beta2",
        "RedisFailover": "databases.spotahome.com/v1",
        "Kafka": "kafka.strimzi.io/v1beta2",
        "KafkaNodePool": "kafka.strimzi.io/v1beta2",
        "KafkaUser": "kafka.strimzi.io/v1beta2",
        "Elasticsearch": "elasticsearch.k8s.elastic.co/v1",
        "Kibana": "kibana.k8s.elastic.co/v1",
        "ApmServer": "apm.k8s.elastic.co/v1",
        "MongoDBCommunity": "mongodbcommunity.mongodb.com/v1",
        "Tenant": "minio.min.io/v2",
        "RabbitmqCluster": "rabbitmq.com/v1beta1",
        "Prometheus": "monitoring.coreos.com/v1",
        "Alertmanager": "monitoring.coreos.com/v1",
        "ServiceMonitor": "monitoring.coreos.com/v1",
        "PodMonitor": "monitoring.coreos.com/v1",
        "Service": "serving.knative.dev/v1",
        "DomainMapping": "serving.knative.dev/v1beta1",
    }
    metadata = f"{{name: {name}{more}}}"
    return (
        f"apiVersion: {versions[kind]}\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"
    )


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("registry.local:5000/cnpg/postgresql:16.3-bookworm", "postgres:16.3"),
        ("ghcr.io/cloudnative-pg/postgresql:17", "postgres:17"),
        ("ghcr.io/cloudnative-pg/postgis:16-3.4", "postgis/postgis:16-3.4"),
    ],
)
def test_the_version_is_that_of_the_tag(image: str, expected: str) -> None:
    result = converted(custom("Cluster", f"{{imageName: '{image}'}}"))
    assert services(result)["db"]["image"] == expected


def test_a_port_of_a_registry_is_no_version_of_redis() -> None:
    text = custom("Redis", "{kubernetesConfig: {image: 'reg.local:5000/redis:v7.2.3'}}")
    assert services(converted(text))["db"]["image"] == "redis:7.2.3"


def test_a_restored_cluster_has_the_database_that_its_bootstrap_names() -> None:
    spec = "{bootstrap: {recovery: {database: gis, owner: ann, secret: {name: ann-pw}}}}"
    environment = services(converted(custom("Cluster", spec)))["db"]["environment"]
    assert environment["POSTGRES_DB"] == "gis"
    assert environment["POSTGRES_USER"] == "ann"
    assert "ann-pw" in environment["POSTGRES_PASSWORD"]


def test_initdb_is_told_of_encoding_and_locales_that_its_image_has() -> None:
    initdb = (
        "{encoding: UTF8, localeCollate: C, localeCType: de_DE.UTF-8, dataChecksums: true}"
    )
    result = converted(custom("Cluster", f"{{bootstrap: {{initdb: {initdb}}}}}"))
    arguments = services(result)["db"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert arguments == "--encoding=UTF8 --lc-collate=C --data-checksums"
    assert "localeCType: de_DE.UTF-8" in note_on(result, LOST)


def test_only_libraries_and_options_of_the_image_are_set() -> None:
    options = (
        "{shared_preload_libraries: 'bg_mon,pg_stat_statements', ssl: 'on', work_mem: 4MB}"
    )
    spec = f"{{postgresql: {{version: '16', parameters: {options}}}}}"
    result = converted(custom("postgresql", spec))
    command = services(result)["db"]["command"]
    assert command[1::2] == [
        "shared_preload_libraries=pg_stat_statements",
        "work_mem=4MB",
    ]
    assert "ssl" in note_on(result, LOST)


def test_statements_run_in_the_database_that_they_are_for() -> None:
    initdb = "{database: shop, postInitSQL: [SELECT 1], postInitApplicationSQL: [SELECT 2]}"
    result = converted(custom("Cluster", f"{{bootstrap: {{initdb: {initdb}}}}}"))
    assert file_text(result, "20-statements.sql").splitlines() == [
        '\\connect "postgres"',
        "SELECT 1;",
        '\\connect "shop"',
        "SELECT 2;",
    ]


ROLES = """
managed:
  roles:
    - {name: ann, login: true, createrole: true, connectionLimit: 5, passwordSecret: {name: a},
       inRoles: [bob, pg_monitor, nobody]}
    - {name: bob}
    - {name: old, ensure: absent}
"""


def test_managed_roles_have_their_attributes_and_groups() -> None:
    spec = yaml.safe_dump(yaml.safe_load(ROLES), default_flow_style=True)
    script = file_text(converted(custom("Cluster", spec)), "10-roles.sh")
    assert (
        "CREATE ROLE \"ann\" LOGIN CREATEROLE CONNECTION LIMIT 5 PASSWORD :'password';"
        in script
    )
    assert 'CREATE ROLE "bob" NOLOGIN;' in script and '"old"' not in script
    assert 'GRANT "bob" TO "ann";\nGRANT "pg_monitor" TO "ann";' in script
    assert "nobody" not in script


def test_a_database_of_its_own_object_is_made() -> None:
    cluster = custom("Cluster", "{bootstrap: {initdb: {owner: ann}}}")
    spec = "{name: extra, owner: ann, cluster: {name: db}, schemas: [{name: s}], extensions: [{name: hstore}]}"
    result = converted(cluster, custom("Database", spec, "extra"))
    script = file_text(result, "10-roles.sh")
    assert 'CREATE DATABASE "extra" OWNER "ann";' in script
    assert 'CREATE SCHEMA IF NOT EXISTS "s" AUTHORIZATION "ann";' in script
    assert "WHERE name = 'hstore' \\gexec" in script
    assert "TC203" not in {note.code for note in result.notes}


def test_services_of_a_cluster_are_those_that_it_keeps_and_adds() -> None:
    added = "[{selectorType: rw, serviceTemplate: {metadata: {name: lb}, spec: {type: LoadBalancer}}}]"
    spec = (
        f"{{managed: {{services: {{disabledDefaultServices: [ro], additional: {added}}}}}}}"
    )
    server = services(converted(custom("Cluster", spec)))["db"]
    assert "db-r" in aliases(server) and "lb" in aliases(server)
    assert "db-ro" not in aliases(server)
    assert server["ports"] == ["5432:5432"]


def test_prepared_databases_have_roles_users_and_schemas() -> None:
    bar = "{defaultUsers: true, extensions: {pgcrypto: public}, schemas: {s: {defaultRoles: false}}}"
    prepared = f"{{bar: {bar}, baz: {{}}}}"
    result = converted(custom("postgresql", f"{{preparedDatabases: {prepared}}}"))
    script = file_text(result, "10-roles.sh")
    assert 'CREATE ROLE "bar_reader" NOLOGIN ADMIN "bar_owner";' in script
    assert 'GRANT "bar_owner" TO "bar_owner_user";' in script
    assert 'CREATE DATABASE "bar" OWNER "bar_owner";' in script
    assert 'CREATE SCHEMA IF NOT EXISTS "s" AUTHORIZATION "bar_owner";' in script
    assert 'CREATE SCHEMA IF NOT EXISTS "data" AUTHORIZATION "baz_data_owner";' in script
    assert "format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', 'pgcrypto'" in script
    variables = services(result)["db"]["environment"].values()
    secret = "bar-owner-user.db.credentials.postgresql.acid.zalan.do"
    assert any(secret in text for text in variables)
    assert "preparedDatabases" not in note_on(result)


def test_flags_of_a_user_do_not_contradict_each_other() -> None:
    spec = "{users: {ann: [login, createdb], team: [nologin]}, databases: {shop: stranger}}"
    script = file_text(converted(custom("postgresql", spec)), "10-roles.sh")
    assert 'CREATE ROLE "ann" LOGIN CREATEDB PASSWORD' in script
    assert 'CREATE ROLE "team" NOLOGIN PASSWORD' in script
    assert 'CREATE ROLE "stranger" NOLOGIN;' in script


def test_a_load_balancer_of_a_cluster_publishes_its_port() -> None:
    text = custom("postgresql", "{enableMasterLoadBalancer: true}")
    assert services(converted(text))["db"]["ports"] == ["5432:5432"]


FAILOVER = """\
auth: {secretPath: auth}
sentinel: {customConfig: [down-after-milliseconds 2000]}
redis:
  port: 6380
  customConfig: ['save ""', client-output-buffer-limit normal 0 0 0]
  customCommandRenames: [{from: FLUSHALL, to: ""}]
"""


def test_options_of_redis_are_words_of_their_own() -> None:
    spec = yaml.safe_dump(yaml.safe_load(FAILOVER), default_flow_style=True)
    made = services(converted(custom("RedisFailover", spec)))
    command = made["rfr-db"]["command"]
    assert command[3:] == [
        *("--save", ""),
        *("--client-output-buffer-limit", "normal", "0", "0", "0"),
        *("--rename-command", "FLUSHALL", ""),
        *("--port", "6380"),
        "--requirepass",
        command[-1],
    ]
    assert made["rfr-db"]["expose"] == ["6380"]
    script = made["rfs-db"]["entrypoint"][-1]
    assert "monitor mymaster rfrm-db 6380 1" in script
    assert "sentinel down-after-milliseconds mymaster 2000" in script


def test_an_option_that_no_shell_could_read_is_no_fault() -> None:
    text = custom("RedisFailover", "{redis: {customConfig: ['hz \"5', '']}}")
    assert "--hz" in services(converted(text))["rfr-db"]["command"]


CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {redis-additional.conf: "tcp-keepalive 400"}
"""


def test_more_options_of_redis_are_mounted_where_they_are_in_the_input() -> None:
    text = custom("Redis", "{redisConfig: {additionalRedisConfig: more}}")
    alone = converted(text)
    assert services(alone)["db"]["command"][:2] == ["redis-server", "--appendonly"]
    assert "additionalRedisConfig: more" in note_on(alone, LOST)
    command = services(converted(text, CONFIG))["db"]["command"]
    assert command[:2] == ["redis-server", "/etc/redis/redis-additional.conf"]


def test_a_sentinel_answers_to_all_of_its_services() -> None:
    spec = "{redisSentinelConfig: {redisReplicationName: r, failoverTimeout: '9'}}"
    server = services(converted(custom("RedisSentinel", spec)))["db-sentinel"]
    assert {"db-sentinel-headless", "db-sentinel-additional"} <= set(aliases(server))
    assert "sentinel failover-timeout myMaster 9" in server["entrypoint"][-1]


POOLS = (
    custom(
        "KafkaNodePool",
        "{roles: [controller]}",
        "heads",
        ", labels: {strimzi.io/cluster: db}",
    ),
    custom(
        "KafkaNodePool",
        "{roles: [broker], resources: {limits: {memory: 2Gi}}, jvmOptions: {-Xmx: 1g}}",
        "hands",
        ", labels: {strimzi.io/cluster: db}",
    ),
)


def test_brokers_have_the_limits_of_their_pool() -> None:
    server = services(converted(custom("Kafka", "{kafka: {}}"), *POOLS))["db-hands"]
    assert server["deploy"]["resources"]["limits"]["memory"] == "2G"
    assert server["environment"]["KAFKA_HEAP_OPTS"] == "-Xmx1g"


def test_a_listener_for_the_outside_is_published_where_it_is_advertised() -> None:
    outside = "{name: external, port: 9094, type: nodeport, configuration: {bootstrap: {nodePort: 32100}}}"
    spec = f"{{kafka: {{listeners: [{{name: plain, port: 9092, type: internal}}, {outside}]}}}}"
    server = services(converted(custom("Kafka", spec)))["db-kafka"]
    assert server["ports"] == ["32100:9094"]
    assert "db-kafka-external-bootstrap" in aliases(server)
    advertised = server["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert advertised == "PLAIN://db-kafka-bootstrap:9092,EXTERNAL://localhost:32100"


def test_a_kafka_of_which_there_is_no_image_is_the_first_that_has_one() -> None:
    options = "{inter.broker.protocol.version: '2.8', num.partitions: 6}"
    result = converted(custom("Kafka", f"{{kafka: {{version: 3.6.1, config: {options}}}}}"))
    server = services(result)["db-kafka"]
    assert server["image"] == "apache/kafka:3.7.0"
    assert "KAFKA_INTER_BROKER_PROTOCOL_VERSION" not in server["environment"]
    assert "Of 3.6.1 there is no image" in note_on(result)


def containers(name: str, memory: str) -> str:
    sidecar = "{name: sidecar, image: 'busybox:1', resources: {limits: {memory: 9Mi}}}"
    own = f"{{name: {name}, env: [{{name: A, value: b}}], resources: {{limits: {{memory: {memory}}}}}}}"
    return f"{{spec: {{containers: [{sidecar}, {own}]}}}}"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (
            custom(
                "Elasticsearch",
                f"{{nodeSets: [{{name: a, podTemplate: {containers('elasticsearch', '2Gi')}}}]}}",
            ),
            "db-es",
        ),
        (custom("Kibana", f"{{podTemplate: {containers('kibana', '2Gi')}}}"), "db-kb"),
        (
            custom("ApmServer", f"{{podTemplate: {containers('apm-server', '2Gi')}}}"),
            "db-apm-server",
        ),
        (
            custom(
                "MongoDBCommunity",
                f"{{statefulSet: {{spec: {{template: {containers('mongod', '2Gi')}}}}}}}",
            ),
            "db",
        ),
    ],
)
def test_a_pod_template_is_read_at_the_container_of_the_operator(
    text: str, server: str
) -> None:
    made = services(converted(text))[server]
    assert made["deploy"]["resources"]["limits"]["memory"] == "2G"
    assert made["environment"]["A"] == "b"


def test_lists_of_options_reach_each_entry_point_in_its_form() -> None:
    nodes = "{nodeSets: [{name: a, config: {http.cors.allow-origin: [a, b]}}]}"
    elastic = services(converted(custom("Elasticsearch", nodes)))["db-es"]
    assert elastic["environment"]["http.cors.allow-origin"] == "a,b"
    hosts = "{config: {elasticsearch.hosts: ['https://es:9200']}}"
    kibana = services(converted(custom("Kibana", hosts)))["db-kb"]
    assert kibana["environment"]["ELASTICSEARCH_HOSTS"] == '["https://es:9200"]'


def test_an_apm_server_sends_to_its_elasticsearch_under_its_token() -> None:
    text = custom("ApmServer", "{version: 8.15.0, elasticsearchRef: {name: logs}}")
    server = services(converted(text))["db-apm-server"]
    assert server["image"] == "docker.elastic.co/apm/apm-server:8.15.0"
    assert "db-apm-http" in aliases(server)
    assert 'output.elasticsearch.hosts=["http://logs-es-http:9200"]' in server["command"]
    assert "db-apm-token" in server["environment"]["SECRET_TOKEN"]


MONGO = """\
security:
  tls: {enabled: true}
  roles: [{role: seer, db: admin, privileges: [{resource: {db: t, collection: ""}, actions: [find]}], roles: []}]
users:
  - {name: ann, db: shop, roles: [{name: seer, db: admin}],
     additionalConnectionStringConfig: {readPreference: primary}}
additionalConnectionStringConfig: {retryWrites: true}
"""


def test_roles_of_mongodb_are_made_before_the_users_that_have_them() -> None:
    spec = yaml.safe_dump(yaml.safe_load(MONGO), default_flow_style=True)
    result = converted(custom("MongoDBCommunity", spec))
    first, second = file_text(result, "10-users.js").splitlines()
    assert 'createRole({role: "seer"' in first and '"actions": ["find"]' in first
    assert 'createUser({user: "ann"' in second
    assert "speaks without TLS" in note_on(result)
    names = aliases(services(result)["db"])
    assert "db-0.db-svc.default.svc.cluster.local" in names


def test_a_connection_string_has_the_options_of_cluster_and_user() -> None:
    spec = yaml.safe_dump(yaml.safe_load(MONGO), default_flow_style=True)
    reference = "{secretKeyRef: {name: db-shop-ann, key: connectionString.standard}}"
    env = f"[{{name: URL, valueFrom: {reference}}}]"
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: app}\n"
        f"spec: {{containers: [{{name: a, image: i, env: {env}}}]}}\n"
    )
    result = converted(custom("MongoDBCommunity", spec), pod)
    url = services(result)["app"]["environment"]["URL"]
    assert url.endswith("?authSource=shop&retryWrites=true&readPreference=primary")


def test_users_and_options_of_buckets_are_made_with_the_buckets() -> None:
    spec = "{buckets: [{name: b, objectLock: true, region: eu}], users: [{name: u}], credsSecret: {name: c}}"
    made = services(converted(custom("Tenant", spec)))["db-buckets"]
    script = made["entrypoint"][-1]
    assert "mc mb --ignore-existing --with-lock --region=eu tenant/b" in script
    assert 'mc admin user add tenant "$$USER_1" "$$USER_PASSWORD_1"' in script
    assert "CONSOLE_SECRET_KEY" in made["environment"]["USER_PASSWORD_1"]


def test_a_default_user_of_the_configuration_is_that_of_the_secret() -> None:
    spec = '{rabbitmq: {additionalConfig: "default_user = ann\\nchannel_max = 9\\ndefault_pass = s3cret-of-ann\\n"}}'
    result = converted(custom("RabbitmqCluster", spec))
    environment = services(result)["db"]["environment"]
    assert environment["RABBITMQ_DEFAULT_USER"] == "ann"
    assert environment["RABBITMQ_DEFAULT_PASS"] == "s3cret-of-ann"
    assert file_text(result, "90-additional.conf") == "channel_max = 9\n"


def test_a_secret_that_a_cluster_names_holds_its_user() -> None:
    text = custom("RabbitmqCluster", "{secretBackend: {externalSecret: {name: mine}}}")
    assert "mine" in services(converted(text))["db"]["environment"]["RABBITMQ_DEFAULT_PASS"]


def test_plugins_are_enabled_in_an_image_without_them_and_open_their_ports() -> None:
    spec = "{image: 'rabbitmq:4.0.5', service: {type: LoadBalancer}, rabbitmq: {additionalPlugins: [rabbitmq_mqtt]}}"
    result = converted(custom("RabbitmqCluster", spec))
    assert "1883:1883" in services(result)["db"]["ports"]
    plain = converted(custom("RabbitmqCluster", "{image: 'rabbitmq:4.0.5'}"))
    enabled = file_text(plain, "enabled_plugins")
    assert enabled == "[rabbitmq_management,rabbitmq_prometheus].\n"


def test_volumes_of_an_override_are_mounted() -> None:
    mount = "{name: defs, mountPath: /defs}"
    volumes = "[{name: defs, configMap: {name: more}}]"
    pod = (
        f"{{containers: [{{name: rabbitmq, volumeMounts: [{mount}]}}], volumes: {volumes}}}"
    )
    spec = f"{{override: {{statefulSet: {{spec: {{template: {{spec: {pod}}}}}}}}}}}"
    made = services(converted(custom("RabbitmqCluster", spec), CONFIG))["db"]
    assert any("/defs" in str(mounted) for mounted in made["volumes"])


WATCHED = """\
apiVersion: v1
kind: Service
metadata: {name: NAME, labels: {app: NAME}}
spec: {selector: {app: NAME}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {app: NAME}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
"""


def test_a_monitor_watches_what_its_expressions_select() -> None:
    selector = "{matchExpressions: [{key: app, operator: In, values: [api]}]}"
    monitor = custom(
        "ServiceMonitor", f"{{selector: {selector}, endpoints: [{{port: http}}]}}"
    )
    api, other = WATCHED.replace("NAME", "api"), WATCHED.replace("NAME", "other")
    written = file_text(converted(monitor, api, other), "prometheus.yml")
    assert [job["job_name"] for job in yaml.safe_load(written)["scrape_configs"]] == [
        "db/api/0"
    ]


def test_a_prometheus_asks_only_the_monitors_that_it_selects() -> None:
    server = custom(
        "Prometheus", "{serviceMonitorSelector: {matchLabels: {team: a}}}", "main"
    )
    spec = "{selector: {matchLabels: {app: api}}, endpoints: [{port: http}]}"
    mine = custom("ServiceMonitor", spec, "mine", ", labels: {team: a}")
    other = custom("ServiceMonitor", spec, "other", ", labels: {team: b}")
    result = converted(server, mine, other, WATCHED.replace("NAME", "api"))
    jobs = yaml.safe_load(file_text(result, "prometheus.yml"))["scrape_configs"]
    assert [job["job_name"] for job in jobs] == ["mine/api/0"]
    assert "other" in note_on(result, "TC203")


ENDPOINT = """\
port: http
honorLabels: true
params: {format: [prometheus]}
relabelings: [{sourceLabels: [__meta_kubernetes_pod_name], targetLabel: pod}, {targetLabel: site, replacement: north}]
metricRelabelings: [{action: Drop, regex: go_.*, sourceLabels: [__name__]}]
"""


def test_an_endpoint_is_asked_as_it_says() -> None:
    endpoint = yaml.safe_dump(yaml.safe_load(ENDPOINT), default_flow_style=True, width=999)
    spec = f"{{selector: {{matchLabels: {{app: api}}}}, endpoints: [{endpoint.strip()}]}}"
    result = converted(custom("ServiceMonitor", spec), WATCHED.replace("NAME", "api"))
    [job] = yaml.safe_load(file_text(result, "prometheus.yml"))["scrape_configs"]
    assert job["honor_labels"] is True and job["params"] == {"format": ["prometheus"]}
    assert job["relabel_configs"] == [{"target_label": "site", "replacement": "north"}]
    assert job["metric_relabel_configs"] == [
        {"action": "drop", "regex": "go_.*", "source_labels": ["__name__"]}
    ]
    assert "__meta_kubernetes_pod_name" in note_on(result, LOST)


ALERTS = """\
apiVersion: v1
kind: Secret
metadata: {name: alertmanager-main}
stringData: {alertmanager.yaml: "route: {receiver: none}"}
"""


def test_a_prometheus_alerts_the_alertmanager_of_the_input() -> None:
    alerting = "{alerting: {alertmanagers: [{name: alertmanager-operated, port: web}]}}"
    monitor = custom(
        "ServiceMonitor", "{selector: {matchLabels: {app: api}}, endpoints: [{port: http}]}"
    )
    result = converted(
        custom("Prometheus", alerting, "k8s"),
        custom("Alertmanager", "{version: 0.27.0}", "main"),
        ALERTS,
        monitor,
        WATCHED.replace("NAME", "api"),
    )
    made = services(result)["alertmanager-main"]
    assert made["image"] == "prom/alertmanager:v0.27.0"
    assert made["secrets"][0]["target"] == "/etc/alertmanager/config/alertmanager.yaml"
    [alertmanager] = yaml.safe_load(file_text(result, "prometheus.yml"))["alerting"][
        "alertmanagers"
    ]
    [static] = alertmanager["static_configs"]
    assert static["targets"] == ["alertmanager-operated.default:9093"]


def test_a_monitor_watches_the_server_that_an_operator_made() -> None:
    labels = "{matchLabels: {app.kubernetes.io/component: rabbitmq}}"
    selector = f"{{selector: {labels}, podMetricsEndpoints: [{{port: prometheus}}]}}"
    text = file_text(
        converted(custom("RabbitmqCluster", "{}", "mq"), custom("PodMonitor", selector)),
        "prometheus.yml",
    )
    [job] = yaml.safe_load(text)["scrape_configs"]
    [target] = job["dns_sd_configs"]
    assert (target["names"], target["port"]) == (["mq-metrics"], 15692)


def test_a_probe_of_knative_asks_the_port_of_its_container() -> None:
    container = "{image: i, ports: [{containerPort: 8090}], livenessProbe: {httpGet: {path: /live, port: 0}}}"
    spec = f"{{template: {{spec: {{containers: [{container}]}}}}}}"
    assert "8090/live" in note_on(converted(custom("Service", spec)), "TC231")


def test_a_service_of_knative_keeps_its_least_number_of_pods() -> None:
    annotations = "{annotations: {autoscaling.knative.dev/min-scale: '2'}}"
    spec = (
        f"{{template: {{metadata: {annotations}, spec: {{containers: [{{image: i}}]}}}}}}"
    )
    assert services(converted(custom("Service", spec)))["db"]["deploy"]["replicas"] == 2


def test_a_domain_leads_to_its_service_of_knative() -> None:
    service = custom("Service", "{template: {spec: {containers: [{image: i}]}}}")
    domain = custom("DomainMapping", "{ref: {kind: Service, name: db}}", "shop.example.com")
    labels = services(converted(service, domain))["db"]["labels"]
    assert "Host(`shop.example.com`)" in labels.values()


@pytest.mark.parametrize(
    ("version", "kind", "advice"),
    [
        ("rabbitmq.com/v1beta1", "Queue", "load_definitions"),
        ("argoproj.io/v1alpha1", "AnalysisTemplate", "by hand"),
    ],
)
def test_what_no_operator_makes_is_lost_with_advice_of_its_own(
    version: str, kind: str, advice: str
) -> None:
    text = (
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: q}}\nspec: {{name: q}}\n"
    )
    result = converted(text, WATCHED.replace("NAME", "api"))
    [lost] = [note for note in result.notes if note.code == "TC203"]
    assert advice in lost.advice


ISTIO = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.example.com]
  gateways: [gw]
  http: [{MATCH rewrite: {uri: NEW}, route: [{destination: {host: api, port: {number: 80}}}]}]
"""


@pytest.mark.parametrize(
    ("match", "new_path", "expected"),
    [
        ("{prefix: /v1/}", "/v2", {"regex": "^/v1/", "replacement": "/v2"}),
        ("{prefix: /pre}", "/", {"regex": "^/pre", "replacement": "/"}),
        (None, "/all", {"regex": "^/", "replacement": "/all"}),
        ("{exact: /one}", "/two", {"path": "/two"}),
        ("{regex: '/r[0-9]+'}", "/r", {"path": "/r"}),
        ("{prefix: /same}", "/same", {}),
    ],
)
def test_a_rewrite_of_istio_replaces_what_was_matched(
    match: str | None, new_path: str, expected: dict[str, str]
) -> None:
    text = ISTIO.replace("MATCH", f"match: [{{uri: {match}}}]," if match else "")
    result = converted(text.replace("NEW", new_path), WATCHED.replace("NAME", "api"))
    labels = services(result)["api"]["labels"]
    options = {
        key.rpartition(".")[2]: str(label)
        for key, label in labels.items()
        if ".middlewares.shop" in key
    }
    assert options == expected


GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {listeners: [{name: web, protocol: HTTP, port: 80, hostname: a.example.com}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: gw, SECTION}]
  hostnames: [HOST]
  rules: [{backendRefs: [{name: api, port: 80}], filters: [{type: URLRewrite, urlRewrite: {hostname: b}}]}]
"""


@pytest.mark.parametrize(
    ("section", "host"), [("sectionName: other", "a.example.com"), ("port: 80", "b.org")]
)
def test_a_route_that_no_listener_takes_is_lost_as_a_whole(section: str, host: str) -> None:
    text = GATEWAY.replace("SECTION", section).replace("HOST", host)
    result = converted(text, WATCHED.replace("NAME", "api"))
    assert "no listener of its Gateway takes it" in note_on(result, "TC282")
    assert not {note.code for note in result.notes} & {"TC001", "TC901"}
    assert "traefik" not in services(result)


def test_an_older_mongodb_makes_its_users_with_the_shell_that_it_has(
    tmp_path: Path,
) -> None:
    users = "[{name: ann, db: $external, roles: [{name: read, db: shop}]}]"
    text = custom("MongoDBCommunity", f"{{version: 4.4.0, users: {users}}}")
    script = file_text(converted(text), "10-users.sh")
    assert 'process = {env: {USER_PASSWORD_1: "$USER_PASSWORD_1"}};' in script
    assert 'getSiblingDB("\\$external").createUser({user: "ann"' in script
    # What the shell is told is JavaScript, whatever letters the password has.
    password = 'a"b\\c&d$e'
    mongo = tmp_path / "mongo"
    mongo.write_text("#!/bin/sh\ncat\n")
    mongo.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "USER_PASSWORD_1": password}
    words = ["sh", "-c", script]
    told = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout
    [value] = re.findall(r"USER_PASSWORD_1: (.+)\}\};", told)
    assert json.loads(value) == password


def test_a_password_of_a_sentinel_may_have_any_letters() -> None:
    spec = "{auth: {secretPath: auth}, redis: {image: 'redis:7'}}"
    script = services(converted(custom("RedisFailover", spec)))["rfs-db"]["entrypoint"][-1]
    assert script.startswith("printf '%s\\n' \"port 26379\"")


def test_the_owner_of_a_cluster_is_said_to_be_a_superuser() -> None:
    assert "Its owner app is a superuser here" in note_on(
        converted(custom("Cluster", "{}"))
    )


BROKER = custom("Kafka", "{kafka: {version: 3.9.0, listeners: [LISTENERS]}}", "events")
USER = custom(
    "KafkaUser",
    "{authentication: {type: TYPE}, quotas: {producerByteRate: 1024}}",
    "ann",
    ", labels: {strimzi.io/cluster: events}",
)
LOGGED_IN = "{name: secure, port: 9093, type: internal, tls: true, authentication: {type: scram-sha-512}}"
OPEN = "{name: plain, port: 9092, type: internal, tls: false}"
CLIENT = """\
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  containers:
    - name: client
      image: example/client:1
      env:
        - name: JAAS
          valueFrom: {secretKeyRef: {name: ann, key: sasl.jaas.config}}
"""


@pytest.mark.parametrize(
    ("listeners", "inner"),
    [(LOGGED_IN, "REPLICATION"), (f"{LOGGED_IN}, {OPEN}", "PLAIN")],
)
def test_users_of_a_kafka_log_in(listeners: str, inner: str) -> None:
    broker = BROKER.replace("LISTENERS", listeners)
    parts = services(converted(broker, USER.replace("TYPE", "scram-sha-512"), CLIENT))
    env = parts["events-kafka"]["environment"]
    assert "SECURE:SASL_PLAINTEXT" in env["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]
    assert env["KAFKA_INTER_BROKER_LISTENER_NAME"] == inner
    # https://github.com/apache/kafka/blob/trunk/docker/examples/README.md#using-environment-variables
    key = "KAFKA_LISTENER_NAME_SECURE_SCRAM___SHA___512_SASL_JAAS_CONFIG"
    assert env[key].endswith("ScramLoginModule required;")
    maker = parts["events-users"]
    password = maker["environment"]["USER_PASSWORD_1"]
    assert "--entity-name 'ann'" in maker["entrypoint"][-1]
    assert "producer_byte_rate=1024" in maker["entrypoint"][-1]
    assert password in parts["client"]["environment"]["JAAS"]
    port = {"REPLICATION": 9091, "PLAIN": 9092}[inner]
    assert maker["environment"]["KAFKA_BOOTSTRAP"] == f"events-kafka-bootstrap:{port}"


@pytest.mark.parametrize("kind", ["tls", "tls-external"])
def test_without_passwords_a_kafka_lets_everybody_in(kind: str) -> None:
    broker = BROKER.replace("LISTENERS", LOGGED_IN.replace("scram-sha-512", kind))
    result = converted(broker, USER.replace("TYPE", kind))
    env = services(result)["events-kafka"]["environment"]
    assert "SASL" not in env["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]
    assert "lets everybody in" in note_on(result)
    assert "security.protocol=PLAINTEXT" in note_on(result)
    (advice,) = [note.advice for note in result.notes if note.code == "TC391"]
    assert "`docker compose up -d --wait events-kafka`" in advice
    assert "MirrorMaker" in advice


CONNECT = """\
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaConnect
metadata: {name: link}
spec:
  version: 3.9.0
  bootstrapServers: events-kafka-bootstrap:9093
  authentication: {type: scram-sha-512, username: ann, passwordSecret: {secretName: ann, password: password}}
  config:
    group.id: link
    offset.storage.replication.factor: 3
    config.providers: vault
    config.providers.vault.class: io.strimzi.kafka.KubernetesSecretConfigProvider
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaConnector
metadata: {name: stock, labels: {strimzi.io/cluster: link}}
spec:
  class: org.example.Sink
  tasksMax: 2
  config: {topics: orders, password: "${vault:default/db:pass}", path: "${file:/etc/a:b}"}
---
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {pass: s3cr3tValue}
"""


def test_a_connect_worker_has_its_configuration_and_its_connectors() -> None:
    broker = BROKER.replace("LISTENERS", LOGGED_IN)
    result = converted(broker, USER.replace("TYPE", "scram-sha-512"), CONNECT)
    parts, lines = services(result), file_text(result, "connect.properties").splitlines()
    assert "group.id=link" in lines
    assert "offset.storage.replication.factor=-1" in lines
    assert "consumer.sasl.mechanism=SCRAM-SHA-512" in lines
    assert "config.providers=env" in lines
    worker = parts["link-connect"]
    assert "link-connect-api.default" in aliases(worker)
    assert worker["environment"]["DB_PASS"] == "${DB_PASS}"
    assert "CONNECT_PASSWORD" in worker["environment"]
    connector = yaml.safe_load(file_text(result, "stock.json"))
    assert connector["name"] == "stock"
    assert connector["config"] == {
        "connector.class": "org.example.Sink",
        "tasks.max": "2",
        "topics": "orders",
        "password": "${env:DB_PASS}",
        "path": "${file:/etc/a:b}",
    }
    assert "/connectors/stock.json" in parts["link-connectors"]["entrypoint"][-1]
    assert "s3cr3tValue" not in "".join(lines)


BEAT = """\
apiVersion: beat.k8s.elastic.co/v1beta1
kind: Beat
metadata: {name: logs}
spec:
  type: filebeat
  version: 8.17.0
  elasticsearchRef: {name: store}
  config: {filebeat.inputs: [{type: filestream, paths: [/var/log/*.log]}], processors: [{add_host_metadata: {}}]}
  daemonSet:
    podTemplate:
      spec:
        hostNetwork: true
        dnsPolicy: ClusterFirstWithHostNet
        securityContext: {runAsUser: 0}
        containers:
          - name: filebeat
            volumeMounts: [{name: logs, mountPath: /var/log}]
          - {name: helper, image: "example/helper:1"}
        volumes: [{name: logs, hostPath: {path: /var/log}}]
"""


def test_a_beat_runs_with_its_configuration_beside_its_elasticsearch() -> None:
    store = custom("Elasticsearch", "{version: 8.17.0}", "store")
    result = converted(store, BEAT)
    parts = services(result)
    beat = parts["logs-beat-filebeat"]
    assert beat["image"] == "docker.elastic.co/beats/filebeat:8.17.0"
    assert beat["command"] == ["-e", "-c", "/etc/beat.yml", "--strict.perms=false"]
    assert "network_mode" not in beat
    assert "/var/log:/var/log" in beat["volumes"]
    assert "logs-beat-filebeat-helper" in parts
    config = yaml.safe_load(file_text(result, "beat.yml"))
    assert config["output.elasticsearch"]["hosts"] == ["http://store-es-http:9200"]
    assert config["processors"] == [{"add_host_metadata": {}}]
    password = parts["store-es"]["environment"]["ELASTIC_PASSWORD"]
    assert beat["environment"]["ELASTICSEARCH_PASSWORD"] == password


def test_shares_of_older_revisions_are_told() -> None:
    spec = """
  template: {spec: {containers: [{image: "example/hello:1"}]}}
  traffic: [{latestRevision: true, percent: 20}, {revisionName: hello-00001, percent: 80}]
"""
    service = custom("Service", spec, "hello")
    told = note_on(converted(service), "TC399")
    assert "80 % to hello-00001" in told
    assert "not used here" not in told
