"""Custom objects of operators, in the shape that the documentation of each shows."""

RABBITMQ = """\
apiVersion: rabbitmq.com/v1beta1
kind: RabbitmqCluster
metadata: {name: mq}
spec:
  replicas: 3
  persistence: {storage: 10Gi}
  rabbitmq: {additionalPlugins: [rabbitmq_shovel], additionalConfig: "channel_max = 1050"}
"""
CLOUD_NATIVE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg}
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:16.3
  enableSuperuserAccess: true
  postgresql: {parameters: {max_connections: "200"}}
  bootstrap: {initdb: {database: shop, owner: shopper}}
"""
ZALANDO = """\
apiVersion: acid.zalan.do/v1
kind: postgresql
metadata: {name: acid}
spec:
  numberOfInstances: 2
  users: {admin: [superuser], foo_user: []}
  databases: {foo: foo_user}
  postgresql: {version: "15"}
"""
FAILOVER = """\
apiVersion: databases.spotahome.com/v1
kind: RedisFailover
metadata: {name: cache}
spec:
  sentinel: {replicas: 3}
  redis: {replicas: 3, image: "redis:6.2.6-alpine"}
  auth: {secretPath: cache-auth}
"""
OPSTREE = """\
apiVersion: redis.redis.opstreelabs.in/v1beta2
kind: RedisReplication
metadata: {name: cache}
spec:
  clusterSize: 3
  kubernetesConfig: {image: "quay.io/opstree/redis:v7.0.12"}
"""
KAFKA = """\
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: events}
spec:
  kafka:
    version: 3.9.0
    replicas: 3
    listeners:
      - {name: plain, port: 9092, type: internal, tls: false}
      - {name: tls, port: 9093, type: internal, tls: true}
    config: {offsets.topic.replication.factor: 3, auto.create.topics.enable: false}
    storage: {type: persistent-claim, size: 10Gi}
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaTopic
metadata: {name: orders, labels: {strimzi.io/cluster: events}}
spec: {partitions: 3, replicas: 3, config: {retention.ms: 7200000}}
"""
ELASTIC = """\
apiVersion: elasticsearch.k8s.elastic.co/v1
kind: Elasticsearch
metadata: {name: logs}
spec: {version: 8.16.1, nodeSets: [{name: default, count: 3, config: {node.store.allow_mmap: false}}]}
---
apiVersion: kibana.k8s.elastic.co/v1
kind: Kibana
metadata: {name: logs}
spec: {version: 8.16.1, count: 1, elasticsearchRef: {name: logs}}
"""
MONGODB = """\
apiVersion: mongodbcommunity.mongodb.com/v1
kind: MongoDBCommunity
metadata: {name: mdb}
spec:
  members: 3
  type: ReplicaSet
  version: "6.0.5"
  users:
    - {name: ann, db: shop, passwordSecretRef: {name: ann-pw}, roles: [{name: readWrite, db: shop}]}
"""
MINIO = """\
apiVersion: minio.min.io/v2
kind: Tenant
metadata: {name: store}
spec:
  image: quay.io/minio/minio:RELEASE.2024-10-02T17-50-41Z
  buckets: [{name: data}]
  pools: [{servers: 4, volumesPerServer: 4}]
"""
KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec: {template: {spec: {containers: [{image: "example/hello:1", env: [{name: TARGET, value: World}]}]}}}
"""
