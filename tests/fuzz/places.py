"""Every place where a source can hold a secret: what its files are with a given secret there."""

from __future__ import annotations

import json
import shlex
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

Plant = Callable[[str], dict[str, str]]


class Place(NamedTuple):
    """A format, a name for the place, and the files with a secret there; `plain` secrets are letters and digits only."""

    form: str
    name: str
    plant: Plant
    plain: bool = False


def _script(template: str, **files: str) -> Plant:
    """A shell script with `%s` where the secret stands as a shell word, `%u` where it stands in an address."""

    def plant(secret: str) -> dict[str, str]:
        found = {"run.sh": _filled(template, shlex.quote(secret), secret)}
        return found | {
            name.replace("__", "."): _filled(text, secret, secret)
            for name, text in files.items()
        }

    return plant


def _filled(template: str, word: str, secret: str) -> str:
    address = quote(secret, safe="")
    return (
        template.replace("%s", word)
        .replace("%u", address)
        .replace("%b", b64encode(secret.encode()).decode())
    )


_RUN = "docker run -d --name web "
_DB = "docker run -d --name db "
DOCKER: Mapping[str, str] = {
    "env": _RUN + "-e API_TOKEN=%s acme/web:1",
    "env of the image": _DB + "-e POSTGRES_PASSWORD=%s postgres:16",
    "env by position": _DB + "-e MYSQL_ROOT_PASSWORD=%s mysql:8",
    "env joined": _RUN + "--env=API_TOKEN=%s acme/web:1",
    "env in quotes": _RUN + "-e 'API_TOKEN=%u' acme/web:1",
    "address": _RUN + "-e DATABASE_URL=postgres://app:%u@db:5432/app acme/web:1",
    "address of redis": _RUN + "-e REDIS_URL=redis://:%u@cache:6379 acme/web:1",
    "address of mongo": _RUN + "-e MONGO_URL='mongodb+srv://app:%u@a.example/x?w=1' acme/web:1",
    "connection string": _RUN + "-e CONNECTION='Server=db;User=sa;Password=%u;' acme/web:1",
    "odbc": _RUN + "-e 'DB_DSN=host=db user=app password=%u' acme/web:1",
    "variable": "API_TOKEN=%s\n" + _RUN + '-e API_TOKEN="$API_TOKEN" acme/web:1',
    "exported": "export DB_PASSWORD=%s\n" + _RUN + "-e DB_PASSWORD acme/web:1",
    "variable of another name": "x=%s\n" + _RUN + '-e API_TOKEN="$x" acme/web:1',
    "variable in an address": "PW=%u\n" + _RUN + '-e DATABASE_URL="postgres://app:${PW}@db/app" acme/web:1',
    "default of a variable": _RUN + '-e API_TOKEN="${API_TOKEN:-%u}" acme/web:1',
    "before the command": "API_TOKEN=%s " + _RUN + "-e API_TOKEN acme/web:1",
    "option of redis": "docker run -d --name cache redis:7 redis-server --requirepass %s",
    "option joined": _RUN + "acme/web:1 serve --password=%s",
    "option apart": _RUN + "acme/web:1 serve --api-token %s",
    "environment of a shell": _RUN + "acme/web:1 sh -c 'API_TOKEN=%u exec serve'",
    "mysql -p": _RUN + "acme/web:1 sh -c 'mysql -uroot -p%u app < x.sql'",
    "health command": _DB + "-e MYSQL_ROOT_PASSWORD=%s --health-cmd 'mysqladmin ping -p%u' mysql:8",
    "health command alone": _DB + "--health-cmd 'mysqladmin ping -uroot -p%u' mysql:8",
    "health of redis": "docker run -d --name cache --health-cmd 'redis-cli -a %u ping' redis:7 redis-server --requirepass %s",
    "health by curl": _RUN + "--health-cmd 'curl -fu admin:%u http://localhost/' acme/web:1",
    "header in health": _RUN + "--health-cmd 'curl -H \"Authorization: Bearer %u\" http://localhost/' acme/web:1",
    "label": _RUN + "--label app.password=%s acme/web:1",
    "label of traefik": _RUN + "--label traefik.http.middlewares.a.basicauth.users=admin:%u acme/web:1",
    "build argument": "docker build --build-arg NPM_TOKEN=%s -t acme/web:1 .\n" + _RUN + "acme/web:1",
    "log option": _RUN + "--log-driver splunk --log-opt splunk-token=%s --log-opt splunk-url=https://s acme/web:1",
    "log address": _RUN + "--log-driver fluentd --log-opt fluentd-address=tcp://u:%u@h:1 acme/web:1",
    "volume option": "docker volume create -d local -o type=cifs -o o=username=u,password=%u -o device=//n/s data\n"
    + _RUN + "-v data:/d acme/web:1",
    "volume option of mount": _RUN + "--mount 'type=volume,src=d,dst=/d,volume-driver=local,volume-opt=type=cifs,"
    "\"volume-opt=o=username=u,password=%u\"' acme/web:1",
    "login": "docker login -u me -p %s registry.example\n" + _RUN + "registry.example/web:1",
    "login piped": "echo %s | docker login -u me --password-stdin\n" + _RUN + "acme/web:1",
    "docker secret": "echo %s | docker secret create api_token -\n" + _RUN + "acme/web:1",
    "proxy": _RUN + "-e HTTPS_PROXY=http://me:%u@proxy:3128 acme/web:1",
    "curl": "curl -u me:%s https://x.example/a.yml -o a.yml\n" + _RUN + "acme/web:1",
    "exec": _DB + "mysql:8\ndocker exec db mysql -uroot -p%s -e 'create database x'",
    "written file": "cat > app.conf <<'EOF'\nuser = app\npassword = %u\nEOF\n" + _RUN + "-v ./app.conf:/app.conf acme/web:1",
    "image address": _RUN + "-e GIT=https://me:%u@git.example/a.git acme/web:1",
    "token by its form": _RUN + "-e THING=ghp_%u0123456789012345678901234567890123456 acme/web:1",
    "comment": "# password: %u\n" + _RUN + "acme/web:1",
    "unknown flag": _RUN + "--frobnicate-password=%s acme/web:1",
    "runs once": "docker run --rm -e API_TOKEN=%s acme/web:1 migrate",
    "in a loop": "for n in a b; do docker run -d --name $n -e API_TOKEN=%s acme/web:1; done",
    "in a condition": 'if [ -z "$X" ]; then\n  docker run -d --name web -e API_TOKEN=%s acme/web:1\nfi',
    "in a condition apart": 'if [ -z "$X" ]; then export API_TOKEN=%s; else API_TOKEN=1; fi\n'
    + _RUN + "-e API_TOKEN acme/web:1",
    "unclosed quote": _RUN + '-e "API_TOKEN=%u acme/web:1\ndocker run -d --name b acme/b:1',
    "in a function": 'up() { docker run -d --name "$1" -e API_TOKEN="$2" acme/web:1; }\nup web %s',
    "positional default": _RUN + '-e API_TOKEN="${1:-%u}" acme/web:1',
    "substitution": _RUN + '-e API_TOKEN="$(echo %u)" acme/web:1',
    "entrypoint": _RUN + "--entrypoint sh acme/web:1 -c 'serve --token %u'",
    "podman secret": "printf %s | podman secret create api_token -\npodman run -d --name web --secret api_token acme/web:1",
    "swarm service": "docker service create --name web -e API_TOKEN=%s acme/web:1\n" + _RUN + "acme/web:1",
    "array": 'opts=(-e "API_TOKEN=%u" -p 80:80)\n' + _RUN + '"${opts[@]}" acme/web:1',
    "annotation": _RUN + "--annotation api-token=%s acme/web:1",
    "sysctl": _RUN + "--sysctl net.secret_key=%s acme/web:1",
    "driver option": "docker network create -d weave --opt encryption-password=%s n\n" + _RUN + "--network n acme/web:1",
    "storage option": _RUN + "--storage-opt secret-key=%s acme/web:1",
    "query of an address": _RUN + "-e 'HOOK=https://h.example/x?api_key=%u&a=1' acme/web:1",
    "signature in an address": _RUN + "-e 'BLOB=https://s.example/x?sv=1&sig=%u' acme/web:1",
    "header in health, basic": _RUN + "--health-cmd 'curl -f -H \"Authorization: Basic %b\" http://localhost/' acme/web:1",
    "header of a key in health": _RUN + "--health-cmd 'curl -f -H \"X-Api-Key: %u\" http://localhost/' acme/web:1",
    "password in health by wget": _RUN + "--health-cmd 'wget --user=a --password=%u -qO- http://localhost/' acme/web:1",
    "address in health": _RUN + "--health-cmd 'curl -f http://admin:%u@localhost/' acme/web:1",
    "query in health": _RUN + "--health-cmd 'curl -f \"http://localhost/?token=%u\"' acme/web:1",
    "kubectl in a script": "kubectl create secret generic api --from-literal=token=%s\n" + _RUN + "acme/web:1",
    "kubectl apart": "kubectl create secret generic api --from-literal token=%s\n" + _RUN + "acme/web:1",
    "docker registry secret": "kubectl create secret docker-registry r --docker-password=%s\n" + _RUN + "acme/web:1",
    "hashes in a label": _RUN + "-l 'traefik.http.middlewares.a.basicauth.users=a:$apr1$%u,b:$apr1$%u' acme/web:1",
    "JSON in a variable": _RUN + "-e 'SETTINGS={\"db\": {\"user\": \"app\", \"password\": \"%u\"}}' acme/web:1",
    "YAML in a variable": _RUN + "-e 'SETTINGS=password: %u' acme/web:1",
    "amazon": _RUN + "-e AWS_ACCESS_KEY_ID=AKIA0123456789ABCDEF -e AWS_SECRET_ACCESS_KEY=%s acme/web:1",
    "amqp": _RUN + "-e BROKER=amqp://app:%u@mq:5672/v acme/web:1",
    "mysql address": _RUN + "-e DB=mysql://app:%u@db:3306/app?charset=utf8 acme/web:1",
    "several addresses": _RUN + "-e 'HOSTS=amqp://a:%u@m1,amqp://a:%u@m2' acme/web:1",
    "address without a user": _RUN + "-e Q=redis://:%u@cache:6379/0 acme/web:1",
    "jdbc": _RUN + "-e 'DB=jdbc:postgresql://db/app?user=app&password=%u' acme/web:1",
    "jdbc of oracle": _RUN + "-e 'DB=jdbc:oracle:thin:app/%u@db:1521/x' acme/web:1",
    "go dsn": _RUN + "-e 'DB_DSN=app:%u@tcp(db:3306)/app' acme/web:1",
    "cloud storage": _RUN + "-e 'STORE=DefaultEndpointsProtocol=https;AccountName=a;AccountKey=%u;EndpointSuffix=x' acme/web:1",
    "client of postgres": _RUN + "acme/web:1 sh -c 'PGPASSWORD=%u psql -h db -c \"select 1\"'",
    "client of postgres by address": _RUN + "acme/web:1 psql 'postgres://app:%u@db/app' -c 'select 1'",
    "mysql -p in words": _RUN + "mysql:8 mysql -h db -uroot -p%u app",
    "mysqldump": _RUN + "mysql:8 sh -c 'mysqldump -h db -u root -p%u app > /x.sql'",
    "mongo": _RUN + "mongo:7 mongosh -u root -p %s --host db",
    "redis options": "docker run -d --name cache redis:7 --requirepass %s --masterauth %s",
    "redis client": _RUN + "redis:7 redis-cli -h cache -a %s ping",
    "redis in a script": "docker run -d --name cache redis:7 sh -c 'redis-server --requirepass %u'",
    "header in the command": _RUN + "curlimages/curl:8 -H 'Authorization: Bearer %u' http://x/",
    "user in the command": _RUN + "curlimages/curl:8 -u admin:%u http://x/",
    "minio": _RUN + "minio/mc:1 mc alias set m http://minio:9000 admin %u",
    "ldap": _RUN + "acme/ldap:1 ldapsearch -D cn=admin -w %u",
    "sshpass": _RUN + "acme/web:1 sshpass -p %u ssh a@b",
    "export in a script": _RUN + "acme/web:1 sh -c 'export DB_PASSWORD=%u; exec serve'",
    "heredoc of a key": "cat > id_rsa <<'EOF'\n-----BEGIN RSA PRIVATE KEY-----\n%u\n-----END RSA PRIVATE KEY-----\nEOF\n"
    + _RUN + "-v ./id_rsa:/id_rsa acme/web:1",
    "key in a variable": _RUN + "-e 'CERT=-----BEGIN PRIVATE KEY-----\n%u\n-----END PRIVATE KEY-----\n' acme/web:1",
    "label in JSON": _RUN + "--label 'conf={\"password\": \"%u\"}' acme/web:1",
    "user of a label": _RUN + "-l 'com.example.url=https://a:%u@x/' acme/web:1",
    "build argument of an address": "docker build --build-arg REPO=https://me:%u@git.example/a -t acme/web:1 .\n" + _RUN + "acme/web:1",
    "build context": "docker build -t acme/web:1 https://me:%u@git.example/a.git\n" + _RUN + "acme/web:1",
    "hostname": _RUN + "--add-host token:1.2.3.4 -e 'X_KEY=%u' acme/web:1",
    "short name": _RUN + "-e DB_PW=%s acme/web:1",
    "joined name": _RUN + "-e AUTHTOKEN=%s -e CLIENTSECRET=%s acme/web:1",
    "name of a vendor": _RUN + "-e MAILGUN_KEY=%s acme/web:1",
    "data source": _RUN + "-e SENTRY_DSN=https://%u@o1.sentry.example/2 acme/web:1",
    "exec with a variable": _DB + "mysql:8\ndocker exec -e MYSQL_PWD=%s db mysql -uroot",
    "ssh key by base64": _RUN + "-e SSH_KEY_B64=%b acme/web:1",
    "here string": "docker login -u me --password-stdin <<< %s\n" + _RUN + "acme/web:1",
    "printed into .env": "echo API_TOKEN=%s > .env\n" + _RUN + "--env-file .env acme/web:1",
    "written .env": "cat > .env <<EOF\nAPI_TOKEN=%u\nEOF\n" + _RUN + "--env-file .env acme/web:1",
    "kubectl from a file": "kubectl create secret generic api --from-env-file=<(echo token=%u)\n" + _RUN + "acme/web:1",
    "kubectl apply": "kubectl apply -f - <<EOF\nkind: Secret\nstringData:\n  token: %u\nEOF\n" + _RUN + "acme/web:1",
    "helm": "helm install x --set auth.password=%s ./x\n" + _RUN + "acme/web:1",
    "posted JSON": "curl -d '{\"password\": \"%u\"}' http://x/\n" + _RUN + "acme/web:1",
    "header of wget": "wget --header='Authorization: token %u' http://x/\n" + _RUN + "acme/web:1",
    "clone": "git clone https://%u0123456789@git.example/a.git\n" + _RUN + "acme/web:1",
    "substitution of a process": _RUN + "--env-file <(echo API_TOKEN=%s) acme/web:1",
    "piped into the container": "echo %s | docker run -i --name web acme/web:1 login --password-stdin",
    "script in the command": _RUN + "acme/web:1 sh -c 'echo %u | login --password-stdin; export TOKEN=%u'",
    "options of Java": _RUN + "-e 'JAVA_OPTS=-Xmx1g -Ddb.password=%u' acme/web:1",
    "option of Java": _RUN + "acme/web:1 java -Ddb.password=%s -jar a.jar",
    "helm in the command": _RUN + "acme/web:1 deploy --set auth.password=%s",
    "JSON in the command": _RUN + "acme/web:1 serve --config '{\"api_key\": \"%u\"}'",
    "YAML in the command": _RUN + "acme/web:1 sh -c 'printf \"password: %u\\n\" > /c.yml; serve'",
    "sasl": _RUN + "-e 'KAFKA_OPTS=org.apache.kafka.PlainLoginModule required username=\"a\" password=\"%u\";' acme/web:1",
    "cloudflare": _RUN + "cloudflare/cloudflared:1 tunnel run --token %s",
    "exported by printf": "printf 'API_TOKEN=%u\\n' >> .env\n" + _RUN + "--env-file .env acme/web:1",
    "sed": "sed -i 's/PASSWORD=.*/PASSWORD=%u/' app.conf\n" + _RUN + "acme/web:1",
    "exec of psql": _DB + "postgres:16\ndocker exec db psql 'postgres://app:%u@localhost/app' -c 'alter user app'",
    "SQL": _DB + "postgres:16\ndocker exec db psql -c \"ALTER USER app PASSWORD '%u'\"",
    "SQL in the command": _RUN + "postgres:16 psql -h db -c \"CREATE USER app WITH PASSWORD '%u'\"",
    "SQL of MySQL": _RUN + "mysql:8 mysql -e \"CREATE USER 'a'@'%' IDENTIFIED BY '%u'\"",
}  # fmt: skip
_ODD_WORDS = ("unclosed quote", "token by its form", "comment", "written file")


def _of_docker(name: str, template: str) -> Place:
    return Place("docker_run", name, _script(template), plain="%u" in template)


def _env_file(secret: str) -> dict[str, str]:
    return {
        "run.sh": _RUN + "--env-file app.env acme/web:1\n",
        "app.env": f"# the token\nAPI_TOKEN={secret}\n",
    }


def _makefile(secret: str) -> dict[str, str]:
    return {
        "Makefile": f"TOKEN = {secret}\nup:\n\tdocker run -d --name web -e API_TOKEN=$(TOKEN) acme/web:1\n"
    }


def _unit(secret: str) -> dict[str, str]:
    body = f"Environment=API_TOKEN={secret}\nExecStart=/usr/bin/docker run --name web -e API_TOKEN acme/web:1\n"
    return {"web.service": f"[Service]\n{body}[Install]\nWantedBy=multi-user.target\n"}


def _readme(secret: str) -> dict[str, str]:
    return {"README.md": f"# Web\n\n```bash\n{_RUN}-e API_TOKEN={secret} acme/web:1\n```\n"}


_POD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web%(meta)s}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}%(pod)s}
    spec:
      containers:
      - name: web
        image: %(image)s
%(body)s
%(more)s
"""


def _pod(
    body: str = "",
    more: str = "",
    after: str = "",
    image: str = "acme/web:1",
    meta: str = "",
    pod: str = "",
) -> Plant:
    """A Deployment: lines of its container, lines of its pod, documents after it; `%s` is the secret in YAML."""

    def plant(secret: str) -> dict[str, str]:
        inner = "\n".join(f"        {line}" for line in body.split("\n") if line)
        rest = "\n".join(f"      {line}" for line in more.split("\n") if line)
        text = _POD % {
            "body": inner,
            "more": rest,
            "image": image,
            "meta": meta,
            "pod": pod,
        }
        text += f"---\n{after}\n" if after else ""
        return {"app.yaml": _filled(text, json.dumps(secret), secret)}

    return plant


def _secret(data: str = "", kind: str = "Opaque", name: str = "api") -> str:
    return (
        f"apiVersion: v1\nkind: Secret\ntype: {kind}\nmetadata: {{name: {name}}}\n{data}\n"
    )


_DATA, _STRINGS = "data: {token: %b}", "stringData: {token: %s}"
_REF = "env:\n- {name: X, valueFrom: {secretKeyRef: {name: api, key: token}}}"
_MOUNT = "volumeMounts: [{name: v, mountPath: /etc/api}]"
_VOLUME = "volumes: [{name: v, secret: {secretName: api}}]"
_CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n"
_LAST = "kubectl.kubernetes.io/last-applied-configuration"
KUBERNETES: Mapping[str, Plant] = {
    "env": _pod("env: [{name: API_TOKEN, value: %s}]"),
    "env of the image": _pod("env: [{name: POSTGRES_PASSWORD, value: %s}]", image="postgres:16"),
    "address": _pod('env: [{name: DATABASE_URL, value: "postgres://app:%u@db/app"}]'),
    "connection string": _pod('env: [{name: CONN, value: "Server=db;Password=%u;"}]'),
    "variable in a variable": _pod('env: [{name: PW, value: "%u"}, {name: DB_PASSWORD, value: "$(PW)"}]'),
    "Secret data": _pod(_REF, after=_secret(_DATA)),
    "Secret stringData": _pod(_REF, after=_secret(_STRINGS)),
    "Secret over several lines": _pod(_REF, after=_secret("stringData:\n  token: |\n    first %u\n    second %u\n")),
    "Secret by envFrom": _pod("envFrom: [{secretRef: {name: api}}]", after=_secret(_STRINGS)),
    "Secret under a plain name": _pod("envFrom: [{secretRef: {name: api}}]", after=_secret("stringData: {COLOUR: %s}")),
    "Secret mounted": _pod(_MOUNT, _VOLUME, _secret(_DATA)),
    "Secret mounted by subPath": _pod("volumeMounts: [{name: v, mountPath: /etc/t, subPath: token}]", _VOLUME, _secret(_DATA)),
    "Secret projected": _pod(_MOUNT, "volumes: [{name: v, projected: {sources: [{secret: {name: api}}]}}]", _secret(_DATA)),
    "Secret in args": _pod(_REF + '\nargs: ["--x=$(X)"]', after=_secret(_STRINGS)),
    "Secret in a List": _pod(_REF, after="apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n"
                             "  metadata: {name: api}\n  stringData: {token: %s}"),
    "Secret that nothing uses": _pod(after=_secret(_STRINGS)),
    "Secret with bad base64": _pod(_REF, after=_secret('data: {token: "%u!"}')),
    "Secret last applied": _pod(_REF, after="apiVersion: v1\nkind: Secret\nmetadata:\n  name: api\n  annotations:\n"
                                f"    {_LAST}: |\n      {{\"stringData\": {{\"token\": \"%u\"}}}}\n{_STRINGS}"),
    "Secret annotation": _pod(_REF, after="apiVersion: v1\nkind: Secret\nmetadata: {name: api, annotations: {password: %s}}\n"
                              "data: {token: eA==}"),
    "registry login": _pod(more="imagePullSecrets: [{name: api}]", after=_secret(
        "stringData:\n  .dockerconfigjson: '{\"auths\": {\"r.example\": {\"password\": \"%u\"}}}'",
        "kubernetes.io/dockerconfigjson")),
    "basic auth Secret": _pod(_MOUNT, _VOLUME, _secret("stringData: {username: u, password: %s}", "kubernetes.io/basic-auth")),
    "TLS key": _pod(after=_secret("stringData: {tls.crt: crt, tls.key: %s}", "kubernetes.io/tls", "tls")
                    + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n"
                    "  tls: [{hosts: [a.example], secretName: tls}]\n  rules:\n  - host: a.example\n    http:\n"
                    "      paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]\n"
                    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
                    "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"),
    "external secret": _pod(after="apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: api}\n"
                            "spec: {target: {template: {data: {token: %s}}}}"),
    "sealed secret": _pod(after="apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: api}\n"
                          "spec: {encryptedData: {token: %s}}"),
    "unknown kind": _pod(after="apiVersion: x.example/v1\nkind: Widget\nmetadata: {name: w}\nspec: {adminPassword: %s}"),
    "ConfigMap by envFrom": _pod("envFrom: [{configMapRef: {name: conf}}]", after=_CONFIG + "data: {API_TOKEN: %s}"),
    "ConfigMap by key": _pod("env: [{name: API_TOKEN, valueFrom: {configMapKeyRef: {name: conf, key: t}}}]",
                             after=_CONFIG + "data: {t: %s}"),
    "ConfigMap file": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                           _CONFIG + "data:\n  app.ini: |\n    user = app\n    password = %u\n"),
    "ConfigMap file with an address": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]",
                                           "volumes: [{name: v, configMap: {name: conf}}]",
                                           _CONFIG + 'data: {"app.yaml": "db: postgres://app:%u@db/app"}'),
    "ConfigMap that nothing uses": _pod(after=_CONFIG + "data: {API_TOKEN: %s}"),
    "argument": _pod('args: ["serve", "--password=%u"]'),
    "argument apart": _pod('args: ["serve", "--api-token", %s]'),
    "command of a shell": _pod('command: ["sh", "-c", "API_TOKEN=%u exec serve"]'),
    "probe": _pod('livenessProbe: {exec: {command: ["redis-cli", "-a", "%u", "ping"]}}', image="redis:7"),
    "probe header": _pod('readinessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: Authorization, '
                         'value: "Bearer %u"}]}}'),
    "probe address": _pod('readinessProbe: {httpGet: {path: "/?token=%u", port: 80}}'),
    "lifecycle": _pod('lifecycle: {preStop: {exec: {command: ["sh", "-c", "curl -u a:%u http://x/stop"]}}}'),
    "annotation": _pod(meta=', annotations: {"x.example/password": %s}'),
    "annotation of the pod": _pod(pod=', annotations: {"x.example/api-token": %s}'),
    "label": _pod(pod=', labels: {"x.example/password": %s}'),
    "last applied": _pod(meta=f", annotations: {{{_LAST}: '{{\"API_TOKEN\": \"%u\"}}'}}"),
    "unknown field": _pod("apiToken: %s"),
    "init container": _pod(more="initContainers: [{name: i, image: a:1, env: [{name: API_TOKEN, value: %s}]}]"),
    "csi volume": _pod("volumeMounts: [{name: v, mountPath: /d}]",
                       "volumes: [{name: v, csi: {driver: smb.csi, volumeAttributes: {password: %s}}}]"),
    "flex volume": _pod("volumeMounts: [{name: v, mountPath: /d}]",
                        "volumes: [{name: v, flexVolume: {driver: x/cifs, options: {password: %s}}}]"),
    "ingress with basic auth": _pod(after=_secret("stringData: {auth: %s}", name="auth")
                                    + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\n"
                                    "  annotations: {nginx.ingress.kubernetes.io/auth-type: basic, "
                                    "nginx.ingress.kubernetes.io/auth-secret: auth}\nspec:\n  rules:\n  - host: a.example\n"
                                    "    http:\n      paths: [{path: /, pathType: Prefix, backend: "
                                    "{service: {name: web, port: {number: 80}}}}]\n"
                                    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
                                    "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"),
    "ingress snippet": _pod(after="apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\n  annotations:\n"
                            "    nginx.ingress.kubernetes.io/configuration-snippet: |\n"
                            "      proxy_set_header Authorization \"Bearer %u\";\n"
                            "spec:\n  rules:\n  - host: a.example\n    http:\n      paths: [{path: /, pathType: Prefix, "
                            "backend: {service: {name: web, port: {number: 80}}}}]\n"
                            "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
                            "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"),
    "document that does not parse": _pod(after="kind: Secret\nstringData:\n  token: %u\n bad: [\n"),
    "duplicate key": _pod("env: [{name: API_TOKEN, value: %s}]\nenv: [{name: API_TOKEN, value: x1}]"),
    "value of a wrong type": _pod("env: [{name: API_TOKEN, value: {x: %s}}]"),
    "service account token": _pod(after=_secret("stringData: {token: %s}", "kubernetes.io/service-account-token")),
    "cron job": _pod(after="apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec:\n  schedule: '* * * * *'\n"
                     "  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: j, image: a:1, "
                     "env: [{name: API_TOKEN, value: %s}]}]}}}}"),
    "header of basic auth": _pod('livenessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: Authorization, '
                                 'value: "Basic %b"}]}}'),
    "header of a key": _pod('livenessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: X-Api-Key, value: "%u"}]}}'),
    "probe by curl": _pod('livenessProbe: {exec: {command: ["curl", "-f", "-u", "admin:%u", "http://localhost/"]}}'),
    "probe by mysql": _pod('livenessProbe: {exec: {command: ["mysqladmin", "ping", "-uroot", "-p%u"]}}', image="mysql:8"),
    "probe by postgres": _pod('livenessProbe: {exec: {command: ["sh", "-c", "PGPASSWORD=%u psql -U a -c 1"]}}'),
    "JSON in a variable": _pod("env: [{name: SETTINGS, value: '{\"db\": {\"password\": \"%u\"}}'}]"),
    "query of an address": _pod('env: [{name: HOOK, value: "https://h.example/x?access_token=%u"}]'),
    "amqp": _pod('env: [{name: BROKER, value: "amqp://app:%u@mq:5672/v"}]'),
    "amazon": _pod("env: [{name: AWS_ACCESS_KEY_ID, value: AKIA0123456789ABCDEF}, {name: AWS_SECRET_ACCESS_KEY, value: %s}]"),
    "redis in args": _pod('args: ["--requirepass", %s]', image="redis:7"),
    "mysql in args": _pod('command: ["mysql", "-uroot", "-p%u"]', image="mysql:8"),
    "script in args": _pod('command: ["sh", "-c", "PGPASSWORD=%u psql -h db"]'),
    "private key in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]",
                                       "volumes: [{name: v, configMap: {name: conf}}]",
                                       _CONFIG + "data:\n  tls.key: |\n    -----BEGIN PRIVATE KEY-----\n    %u\n"
                                       "    -----END PRIVATE KEY-----\n"),
    "JSON in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                                _CONFIG + 'data:\n  a.json: \'{"db": {"user": "a", "password": "%u"}}\'\n'),
    "Java properties in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]",
                                           "volumes: [{name: v, configMap: {name: conf}}]",
                                           _CONFIG + "data:\n  a.properties: |\n    spring.datasource.password=%u\n"),
    "XML in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                               _CONFIG + "data:\n  a.xml: |\n    <db><password>%u</password></db>\n"),
    "htpasswd in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]",
                                    "volumes: [{name: v, configMap: {name: conf}}]",
                                    _CONFIG + "data:\n  htpasswd: |\n    admin:$apr1$%u\n"),
    "pgpass in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]",
                                  "volumes: [{name: v, configMap: {name: conf}}]",
                                  _CONFIG + "data:\n  .pgpass: |\n    db:5432:app:app:%u\n"),
    "binaryData of a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]",
                                      "volumes: [{name: v, configMap: {name: conf}}]",
                                      _CONFIG + "binaryData: {token: %b}"),
    "config.json of a registry": _pod(more="imagePullSecrets: [{name: api}]", after=_secret(
        "data: {.dockercfg: %b}", "kubernetes.io/dockercfg")),
    "Secret through a variable in args": _pod(
        'args: ["--db=postgres://app:$(X)@db/app"]\n' + _REF, after=_secret(_STRINGS)),
    "lifecycle header": _pod('lifecycle: {postStart: {httpGet: {path: "/?key=%u", port: 80, httpHeaders: '
                             '[{name: Authorization, value: "Bearer %u"}]}}}'),
    "middleware of traefik": _pod(after="apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m}\n"
                                  "spec: {headers: {customRequestHeaders: {Authorization: 'Bearer %u'}}}"),
    "volume of nfs": _pod("volumeMounts: [{name: v, mountPath: /d}]",
                          "volumes: [{name: v, csi: {driver: smb.csi, volumeAttributes: {source: '//u:%u@h/s'}}}]"),
    "chart of helm": _pod(after="apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: h}\n"
                          "spec:\n  valuesContent: |\n    auth:\n      password: %u\n"),
    "downward": _pod("env: [{name: API_TOKEN, valueFrom: {fieldRef: {fieldPath: \"metadata.annotations['x']\"}}}]",
                     pod=", annotations: {x: %s}"),
    "script in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                                  _CONFIG + "data:\n  a.sh: |\n    export API_TOKEN=%u\n    exec serve\n"),
    "SQL in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                               _CONFIG + "data:\n  a.sql: |\n    CREATE USER app WITH PASSWORD '%u';\n"),
    "SQL in a probe": _pod("livenessProbe: {exec: {command: [mysql, -e, \"SET PASSWORD = '%u'\"]}}"),
    "JSON in an annotation": _pod(meta=", annotations: {x: '{\"password\": \"%u\"}'}"),
    "options of Java": _pod('env: [{name: JAVA_OPTS, value: "-Xmx1g -Ddb.password=%u"}]'),
    "piped in a command": _pod('command: ["sh", "-c", "echo %u | login --password-stdin"]'),
    "Alertmanager": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                         _CONFIG + "data:\n  a.yml: |\n    basic_auth:\n      username: a\n      password: '%u'\n"),
    "nginx in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                                 _CONFIG + "data:\n  a.conf: |\n    proxy_set_header X-Api-Key %u;\n"),
    "redis in a ConfigMap": _pod("volumeMounts: [{name: v, mountPath: /etc/c}]", "volumes: [{name: v, configMap: {name: conf}}]",
                                 _CONFIG + "data:\n  redis.conf: |\n    requirepass %u\n"),
}  # fmt: skip
_QUOTED_RAW = (
    "Secret over several lines",
    "ConfigMap file",
    "last applied",
    "Secret last applied",
    "registry login",
    "htpasswd in a ConfigMap",
    "pgpass in a ConfigMap",
    "XML in a ConfigMap",
)


def _app(procfile: str = "web: npm start\n", **files: str) -> Plant:
    """A repository: `%s` is the secret as JSON or as a raw value, `_json` files by name."""

    def plant(secret: str) -> dict[str, str]:
        found = {
            "Procfile": procfile,
            **{_NAMES.get(name, name): text for name, text in files.items()},
        }
        return {
            name: _filled(
                text, json.dumps(secret) if name.endswith(".json") else secret, secret
            )
            for name, text in found.items()
        }

    return plant


_NAMES = {"env": ".env", "example": ".env.example", "app": "app.json", "heroku": "heroku.yml", "docker": "Dockerfile",
          "package": "package.json", "compose": "docker-compose.yml", "checks": "CHECKS", "dev": "Procfile.dev",
          "database": "config/database.yml"}  # fmt: skip
PROCFILE: Mapping[str, Plant] = {
    ".env": _app(env="API_TOKEN=%u\n"),
    ".env in quotes": _app(env='API_TOKEN="%u"\n'),
    ".env exported": _app(env="export API_TOKEN=%u\n"),
    ".env address": _app(env="DATABASE_URL=postgres://app:%u@db/app\n"),
    ".env odd line": _app(env="API_TOKEN: %u\n"),
    ".env without a name": _app(env="=%u\n"),
    ".env bare line": _app(env="%u\n"),
    ".env comment": _app(env="# API_TOKEN=%u\nA=1\n"),
    ".env over several lines": _app(env='API_TOKEN="first %u\nsecond %u"\n'),
    ".env unclosed": _app(env='API_TOKEN="%u\nB=1\n'),
    "app.json value": _app(app='{"env": {"API_TOKEN": {"value": %s}}}'),
    "app.json short": _app(app='{"env": {"API_TOKEN": %s}}'),
    "app.json address": _app(app='{"env": {"DATABASE_URL": "postgres://app:%u@db/app"}}'),
    "app.json environment": _app(app='{"environments": {"test": {"env": {"API_TOKEN": %s}}}}'),
    "app.json script": _app(app='{"scripts": {"postdeploy": "API_TOKEN=%u npm run seed"}}'),
    "app.json script option": _app(app='{"scripts": {"postdeploy": "npm run seed -- --password %u"}}'),
    "app.json unknown": _app(app='{"frobnicate": {"password": %s}}'),
    "app.json wrong type": _app(app='{"env": {"API_TOKEN": {"value": [%s]}}}'),
    "app.json cron": _app(app='{"cron": [{"command": "curl -u a:%u http://x", "schedule": "@daily"}]}'),
    "app.json add-on": _app(app='{"addons": [{"plan": "heroku-postgresql", "options": {"password": %s}}]}'),
    "app.json broken": _app(app='{"env": {"API_TOKEN": %s}, oops}'),
    "app.json buildpack": _app(app='{"buildpacks": [{"url": "https://me:%u@git.example/b.git"}]}'),
    "app.json repository": _app(app='{"name": "a", "repository": "https://me:%u@git.example/b.git"}'),
    "app.json health": _app(app='{"healthchecks": {"web": [{"type": "startup", "path": "/?token=%u", "httpHeaders": '
                            '[{"name": "Authorization", "value": "Bearer %u"}]}]}}'),
    "Procfile variable": _app("web: API_TOKEN=%u npm start\n"),
    "Procfile option": _app("web: npm start --api-token %u\n"),
    "Procfile option joined": _app("web: npm start --password=%u\n"),
    "Procfile address": _app("web: npm start --url postgres://app:%u@db/app\n"),
    "Procfile default": _app("web: API_TOKEN=${API_TOKEN:-%u} npm start\n"),
    "Procfile odd line": _app("web: npm start\nAPI_TOKEN=%u\n"),
    "Procfile.dev": _app("web: npm start\n", dev="web: API_TOKEN=%u npm run dev\n"),
    "release": _app("web: npm start\nrelease: API_TOKEN=%u npm run migrate\n"),
    "heroku.yml config": _app(heroku="build:\n  docker: {web: Dockerfile}\n  config: {API_TOKEN: %u}\n", docker="FROM node:20\n"),
    "heroku.yml run": _app("", heroku="run:\n  web: API_TOKEN=%u npm start\n"),
    "heroku.yml unknown": _app(heroku="build:\n  password: %u\n"),
    "Dockerfile ENV": _app(docker="FROM node:20\nENV API_TOKEN=%u\nCMD npm start\n"),
    "Dockerfile ARG": _app(docker="FROM node:20\nARG API_TOKEN=%u\nCMD npm start\n"),
    "Dockerfile CMD": _app("", docker="FROM node:20\nEXPOSE 80\nCMD serve --password=%u\n", app="{}"),
    "Dockerfile health": _app(docker="FROM node:20\nHEALTHCHECK CMD curl -u a:%u http://localhost\nCMD npm start\n"),
    "example": _app(example="API_TOKEN=%u\n", env="API_TOKEN=%u\n"),
    "package.json script": _app("web: npm start\n", package='{"scripts": {"start": "API_TOKEN=%u node a.js"}}'),
    "package.json dev script": _app("web: npm start\n", package='{"scripts": {"start": "node a", "dev": "API_TOKEN=%u node a"}}'),
    "other compose file": _app(compose="services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: %u}}}\n"),
    "database.yml": _app(database="development: {adapter: postgresql, password: %u}\n"),
    "CHECKS": _app(checks="http://a:%u@localhost/ ok\n"),
    ".env JSON": _app(env='SETTINGS={"db": {"password": "%u"}}\n'),
    ".env query": _app(env="HOOK=https://h.example/?api_key=%u\n"),
    ".env key": _app(env='KEY="-----BEGIN RSA PRIVATE KEY-----\n%u\n-----END RSA PRIVATE KEY-----"\n'),
    ".env of a vendor": _app(env="MAILGUN_KEY=%u\nSMTP_PW=%u\nSENTRY_DSN=https://%u@s.example/1\n"),
    "Procfile postgres": _app("web: npm start\nworker: PGPASSWORD=%u psql -h db -c 'select 1'\n"),
    "Procfile mysql": _app("web: npm start\nworker: mysql -h db -uroot -p%u app\n"),
    "Procfile redis": _app("web: npm start\ncache: redis-server --requirepass %u\n"),
    "Procfile header": _app('web: npm start\nping: curl -H "Authorization: Bearer %u" http://x/\n'),
    "Procfile user": _app("web: npm start\nping: curl -u admin:%u http://x/\n"),
    "Procfile query": _app("web: npm start --hook 'https://h.example/?api_key=%u'\n"),
    "Procfile export": _app("web: export API_TOKEN=%u; exec npm start\n"),
    "app.json JSON": _app(app='{"env": {"SETTINGS": {"value": "{\\"password\\": \\"%u\\"}"}}}'),
    "app.json success address": _app(app='{"success_url": "/?token=%u"}'),
    ".npmrc": _app(**{".npmrc": "//registry.example/:_authToken=%u\n", "package": '{"scripts": {"start": "node a"}}'}),
    "requirements.txt": _app(**{"requirements.txt": "--extra-index-url https://me:%u@pypi.example/simple\ndjango\n"}),
    "Gemfile": _app(Gemfile="source 'https://me:%u@gems.example'\nruby '3.2.0'\n"),
    "package.json address": _app(package='{"dependencies": {"a": "git+https://me:%u@git.example/a.git"}}'),
    "procfile scale": _app("web: npm start\n", **{".foreman": "env: .env\nAPI_TOKEN: %u\n"}),
    "options of Java": _app(env="JAVA_OPTS=-Xmx1g -Ddb.password=%u\n"),
    "Procfile option of Java": _app("web: java -Ddb.password=%u -jar a.jar\n"),
    "heroku in a script": _app(**{"setup.sh": "heroku config:set API_TOKEN=%u\n"}),
    "heroku in the README": _app(**{"README.md": "```\nheroku config:set API_TOKEN=%u\n```\n"}),
    "settings of Python": _app(**{"app.py": "import os\nx = os.environ.get('API_TOKEN', '%u')\n", "requirements.txt": "flask\n"}),
    "settings of Ruby": _app(**{"config/a.rb": "ENV.fetch('API_TOKEN', '%u')\n", "Gemfile": "gem 'rails'\n"}),
    "SQL": _app("web: npm start\nrelease: psql -c \"ALTER USER a PASSWORD '%u'\"\n"),
}  # fmt: skip


def _composed(text: str) -> Plant:
    """A compose file of version 2 with `%u` where the secret stands."""
    return lambda secret: {
        "docker-compose.yml": _filled('version: "2.4"\n' + text, secret, secret)
    }


_ONE = "services: {web: {image: 'acme/web:1'}}\n"
COMPOSE: Mapping[str, Plant] = {
    "own section": _composed("x-vault: {api_key: %u}\n" + _ONE),
    "own section, nested": _composed("x-a:\n  b:\n    - c: {db-password: '%u'}\nservices:\n  web:\n    image: acme/web:1\n"),
    "own section, an address": _composed("x-a:\n  url: postgres://app:%u@db/app\nservices:\n  web:\n    image: acme/web:1\n"),
    "own section, several lines": _composed("x-a:\n  conf: |\n    user: a\n    password: %u\nservices:\n  web:\n    image: acme/web:1\n"),
    "fragment that is merged": _composed("x-env: &env\n  DB_PASSWORD: %u\nservices:\n  web:\n    image: acme/web:1\n"
                                         "    environment:\n      <<: *env\n"),
    "fragment of a whole service": _composed("x-base: &base\n  command: [redis-server, --requirepass, %u]\nservices:\n"
                                             "  cache:\n    <<: *base\n    image: redis:7\n"),
    "fragment that nobody takes": _composed("x-base: &base\n  environment: [API_TOKEN=%u]\n  command: [serve, --password, %u]\n"
                                            "services:\n  web:\n    image: acme/web:1\n"),
    "fragment below an anchor": _composed("x-a:\n  token: &t %u\nservices:\n  web:\n    image: acme/web:1\n"
                                          "    environment:\n      API_TOKEN: *t\n"),
    "own key of a service": _composed("services:\n  web:\n    image: acme/web:1\n    x-note: {token: %u}\n"),
    "own key of a service, nested": _composed("services:\n  web:\n    image: acme/web:1\n    x-note:\n      a: [{client_secret: %u}]\n"),
}  # fmt: skip

PLACES = (
    *(_of_docker(name, text) for name, text in DOCKER.items()),
    Place("docker_run", "env file", _env_file),
    Place("docker_run", "Makefile", _makefile, plain=True),
    Place("docker_run", "systemd unit", _unit, plain=True),
    Place("docker_run", "README", _readme, plain=True),
    *(
        Place("kubernetes", name, plant, plain=name in _QUOTED_RAW)
        for name, plant in KUBERNETES.items()
    ),
    *(Place("procfile", name, plant, plain=True) for name, plant in PROCFILE.items()),
    *(Place("compose", name, plant, plain=True) for name, plant in COMPOSE.items()),
)
