"""Where stacks of a swarm, pods for `podman kube play`, Makefiles and units of systemd can hold a secret.

`%u` is the secret, which has letters and digits only; `%b` the same in base64, `%l` a login with it in base64.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from fuzz.places import Place, Plant

_STACK = "services:\n  web:\n    image: acme/web:1\n"


def planted(files: Mapping[str, str]) -> Plant:
    def plant(secret: str) -> dict[str, str]:
        coded = b64encode(secret.encode()).decode()
        login = b64encode(f"user:{secret}".encode()).decode()
        return {
            name: text.replace("%u", secret).replace("%b", coded).replace("%l", login)
            for name, text in files.items()
        }

    return plant


def _service(lines: str, more: str = "", **files: str) -> dict[str, str]:
    """A compose file whose service has these lines, the sections after it, and files beside it."""
    body = "".join(f"    {line}\n" for line in lines.split("\n"))
    beside = {
        name.replace("__", ".").replace("_in_", "/"): text for name, text in files.items()
    }
    return {"docker-compose.yml": f"{_STACK}{body}{more}", **beside}


SWARM: Mapping[str, dict[str, str]] = {
    "environment": _service("environment: {API_TOKEN: %u}"),
    "environment as a list": _service("environment:\n  - DB_PASSWORD=%u"),
    "default of a variable": _service('environment: {DB_PASSWORD: "${DB_PASSWORD:-%u}"}'),
    "default within a default": _service('environment: {DB_PASSWORD: "${A:-${DB_PASSWORD:-%u}}"}'),
    "address": _service("environment: {DATABASE_URL: 'postgres://app:%u@db/app'}"),
    "doubled dollars": _service("environment: {DB_PASSWORD: 'a$$%u'}"),
    "multi-line variable": _service("environment:\n  SETTINGS: |\n    user: a\n    password: %u"),
    "JSON variable": _service("environment:\n  SETTINGS: '{\"token\": \"%u\"}'"),
    "env_file": _service("env_file: app.env", app__env="API_TOKEN=%u\n"),
    "env_file with export": _service("env_file: [app.env]", app__env="export DB_PASSWORD='%u'\n"),
    "env_file in long form": _service("env_file: [{path: app.env, required: true}]", app__env="DB_PASSWORD=%u # x\n"),
    "dotenv": {**_service('environment: {DB_PASSWORD: "${DB_PASSWORD}"}'), ".env": "DB_PASSWORD=%u\n"},
    "dotenv under a plain name": {**_service('environment: {DB_PASSWORD: "${X}"}'), ".env": "X=%u\n"},
    "label": _service("labels: {com.example.password: %u}"),
    "labels as a list": _service("labels:\n  - traefik.http.middlewares.a.basicauth.users=u:$$apr1$$%u"),
    "label of deploy": _service("deploy:\n  labels:\n    app.token: %u"),
    "label of deploy as a list": _service("deploy:\n  labels:\n    - traefik.http.middlewares.a.basicauth.users=u:$$2y$$05$$%u%u"),
    "label of a header": _service("deploy:\n  labels:\n    t.headers.customrequestheaders.Authorization: 'Bearer %u'"),
    "command": _service("command: serve --password %u"),
    "command as a list": _service('command: ["serve", "--token", "%u"]'),
    "command over lines": _service("command: >\n  serve\n  --db-password=%u"),
    "command in a shell": _service("command: sh -c 'export DB_PASSWORD=%u && exec serve'"),
    "entrypoint": _service('entrypoint: ["/bin/sh", "-c", "serve --secret-key=%u"]'),
    "health check": _service("healthcheck: {test: 'curl -fu admin:%u http://localhost/'}"),
    "health check as a list": _service('healthcheck: {test: ["CMD", "redis-cli", "-a", "%u", "ping"]}'),
    "health check in a shell": _service('healthcheck: {test: ["CMD-SHELL", "mysqladmin ping -uroot -p%u"]}'),
    "build argument": _service("build:\n  context: .\n  args: {NPM_TOKEN: %u}", Dockerfile="FROM x\nARG NPM_TOKEN\n"),
    "build argument as a list": _service("build:\n  context: .\n  args: [NPM_TOKEN=%u]", Dockerfile="FROM x\n"),
    "build context": _service("build: https://ci:%u@git.example/app.git"),
    "image": {"docker-compose.yml": "services:\n  web:\n    image: ci:%u@registry.example/web:1\n"},
    "logging": _service("logging:\n  driver: splunk\n  options: {splunk-token: %u, splunk-url: 'https://s'}"),
    "hook": _service("post_start:\n  - command: sh -c 'login --password %u'"),
    "hook as a list": _service('pre_stop:\n  - command: ["logout", "--token", "%u"]'),
    "annotation": _service("annotations: {com.example.api-token: %u}"),
    "sysctl": _service("sysctls: {net.secret_key: %u}"),
    "extra host": _service("extra_hosts: ['db:1.2.3.4']\nenvironment: {SMTP: 'smtp://u:%u@mail:25'}"),
    "extension of a service": _service("x-backup: {password: %u}"),
    "extension": _service("environment: {A: b}", "x-vault:\n  token: %u\n"),
    "anchor": {"docker-compose.yml": "x-e: &e\n  DB_PASSWORD: %u\n" + _STACK + "    environment: *e\n"},
    "anchor merged": {"docker-compose.yml": "x-e: &e\n  DB_PASSWORD: %u\n" + _STACK + "    environment:\n      <<: *e\n      A: b\n"},
    "content of a config": _service("configs: [c]", "configs:\n  c:\n    content: |\n      [db]\n      password = %u\n"),
    "content of a config in JSON": _service("configs: [c]", "configs:\n  c:\n    content: '{\"apiKey\": \"%u\"}'\n"),
    "file of a config": _service("configs: [c]", "configs: {c: {file: ./c.conf}}\n", c__conf="password = %u\n"),
    "file of a config in XML": _service("configs: [{source: c, target: /c.xml}]", "configs: {c: {file: ./c.xml}}\n", c__xml="<db password=\"%u\"/>\n"),
    "environment of a config": {**_service("configs: [c]", "configs: {c: {environment: DB_PASSWORD}}\n"), ".env": "DB_PASSWORD=%u\n"},
    "file of a secret": _service("secrets: [s]", "secrets: {s: {file: ./s.txt}}\n", s__txt="%u\n"),
    "environment of a secret": {**_service("secrets: [s]", "secrets: {s: {environment: API}}\n"), ".env": "API=%u\n"},
    "label of a secret": _service("secrets: [s]", "secrets: {s: {file: ./s.txt, labels: {old-password: %u}}}\n", s__txt="x\n"),
    "name of an external secret": _service("secrets: [s]", "secrets: {s: {external: true, name: 'db'}}\nx-old-token: %u\n"),
    "option of a volume": _service("volumes: ['d:/d']", "volumes:\n  d:\n    driver_opts: {type: cifs, device: //n/s, o: 'username=u,password=%u'}\n"),
    "option of a network": _service("networks: [n]", "networks:\n  n:\n    driver: weave\n    driver_opts: {encryption-password: %u}\n"),
    "label of a network": _service("networks: [n]", "networks:\n  n:\n    labels: {com.example.token: %u}\n"),
    "mounted file": _service("volumes: ['./app.ini:/app.ini:ro']", app__ini="[db]\npassword = %u\n"),
    "mounted file of keys": _service("volumes: ['./id_rsa:/id_rsa:ro']", id_rsa="-----BEGIN RSA PRIVATE KEY-----\n%u\n-----END RSA PRIVATE KEY-----\n"),
    "override": {**_service("environment: {A: b}"), "docker-compose.override.yml": "services:\n  web:\n    environment: {DB_PASSWORD: %u}\n"},
    "included file": {"docker-compose.yml": "include: [db.yml]\n" + _STACK, "db.yml": "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: %u}\n"},
    "extended service": {"docker-compose.yml": "services:\n  web:\n    extends: {file: base.yml, service: b}\n", "base.yml": "services:\n  b:\n    image: acme/web:1\n    command: serve --token %u\n"},
    "comment": _service("# DB_PASSWORD: %u\nenvironment: {A: b}"),
    "wrong type": _service("environment: {DB_PASSWORD: {value: %u}}"),
    "not closed": {"docker-compose.yml": _STACK + '    environment: {DB_PASSWORD: "%u}\n'},
    "tab": {"docker-compose.yml": _STACK + "    environment:\n\tDB_PASSWORD: %u\n"},
    "unknown key": _service("db_password: %u"),
    "credential spec": _service("credential_spec: {config: c}", "configs: {c: {content: '{\"client_secret\": \"%u\"}'}}\n"),
    "provider": {"docker-compose.yml": _STACK + "  db:\n    provider:\n      type: x\n      options: {password: %u}\n"},
}  # fmt: skip

_POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web%m\nspec:\n  containers:\n  - name: web\n    image: acme/web:1\n"


def _pod(lines: str, more: str = "", after: str = "", metadata: str = "") -> dict[str, str]:
    container = "".join(f"    {line}\n" for line in lines.split("\n"))
    pod = "".join(f"  {line}\n" for line in more.split("\n") if line)
    head = _POD.replace("%m", f"\n  {metadata}" if metadata else "")
    return {"pod.yaml": head + container + pod + (f"---\n{after}" if after else "")}


_NEEDS = "env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: k}}}]"
_HELD = "volumeMounts: [{name: c, mountPath: /c}]"
_FROM = "volumes: [{name: c, configMap: {name: c}}]"
_CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
_SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
PODMAN: Mapping[str, dict[str, str]] = {
    "env": _pod("env:\n- name: DB_PASSWORD\n  value: %u"),
    "env in one line": _pod('env: [{name: API_TOKEN, value: "%u"}]'),
    "env with the value first": _pod('env: [{value: "%u", name: API_TOKEN}]'),
    "address": _pod('env: [{name: URL, value: "amqp://app:%u@mq/v"}]'),
    "args": _pod('args: ["--password", "%u"]'),
    "args of a shell": _pod("command: [sh, -c]\nargs: ['DB_PASSWORD=%u exec serve']"),
    "args over lines": _pod("command: [sh, -c]\nargs:\n- |\n  export API_TOKEN=%u\n  exec serve"),
    "probe": _pod("livenessProbe: {exec: {command: [redis-cli, -a, '%u', ping]}}"),
    "header of a probe": _pod("livenessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: Authorization, value: 'Bearer %u'}]}}"),
    "header of a key in a probe": _pod("readinessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: X-Api-Key, value: %u}]}}"),
    "query of a probe": _pod("readinessProbe: {httpGet: {path: '/?token=%u', port: 80}}"),
    "hook": _pod("lifecycle: {preStop: {exec: {command: [sh, -c, 'logout --password %u']}}}"),
    "annotation": _pod("tty: true", metadata="annotations: {api-token: %u}"),
    "annotation of podman": _pod("tty: true", metadata="annotations: {io.podman.annotations.label/web: 'token=%u'}"),
    "label": _pod("tty: true", metadata="labels: {password: %u}"),
    "ConfigMap": _pod("envFrom: [{configMapRef: {name: c}}]", after=_CONFIG + "  DB_PASSWORD: %u\n"),
    "ConfigMap in a file": _pod(_HELD, _FROM, _CONFIG + "  app.ini: |\n    [db]\n    password = %u\n"),
    "ConfigMap of nginx": _pod(_HELD, _FROM, _CONFIG + '  n.conf: |\n    proxy_set_header Authorization "Basic %l";\n'),
    "ConfigMap in binary": _pod(_HELD, _FROM, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\nbinaryData: {id_rsa: %b}\n"),
    "Secret": _pod(_NEEDS, after=_SECRET + "data: {k: %b}\n"),
    "Secret in clear": _pod(_NEEDS, after=_SECRET + "stringData: {k: %u}\n"),
    "Secret of a file": _pod("volumeMounts: [{name: s, mountPath: /s}]", "volumes: [{name: s, secret: {secretName: s}}]", _SECRET + "stringData:\n  k: |\n    password=%u\n"),
    "Secret in JSON": _pod(_NEEDS, after='{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "%u"}}\n'),
    "Secret that is not closed": _pod(_NEEDS, after=_SECRET + 'stringData: {k: "%u\n'),
    "Secret with a tab": _pod(_NEEDS, after=_SECRET + "stringData:\n\tk: %u\n"),
    "Secret of a registry": _pod("tty: true", "imagePullSecrets: [{name: s}]", _SECRET + "type: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '{\"auths\": {\"r.example\": {\"auth\": \"%l\"}}}'\n"),
    "Secret twice": _pod(_NEEDS, after=_SECRET + "stringData: {k: a%u}\n---\n" + _SECRET + "stringData: {k: %u}\n"),
    "persistent claim": _pod("tty: true", after="apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: p\n  annotations: {volume.podman.io/driver: local, volume.podman.io/mount-options: 'username=u,password=%u'}\nspec: {}\n"),
    "init container": _pod("tty: true", "initContainers:\n- name: i\n  image: acme/i:1\n  command: [sh, -c, 'mysql -uroot -p%u < /x.sql']"),
    "Deployment": {"d.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: d, image: 'acme/d:1', env: [{name: JWT_SECRET, value: %u}]}\n"},
    "DaemonSet": {"d.yaml": "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: d, image: 'acme/d:1', args: [--api-key=%u]}\n"},
    "Job": {"d.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: d, image: 'acme/d:1', command: [psql, 'postgres://a:%u@db/x']}\n"},
    "comment": _pod("# password: %u\ntty: true"),
    "generated header": {"pod.yaml": "# Save the output of this file: DB_PASSWORD=%u\n" + _pod("tty: true")["pod.yaml"]},
    "unknown field": _pod("adminPassword: %u"),
    "volume of a host": _pod("volumeMounts: [{name: h, mountPath: /h}]", "volumes: [{name: h, hostPath: {path: /srv/x}}]\nx-token: %u"),
    "variable in a variable": _pod('env: [{name: PW, value: %u}, {name: URL, value: "redis://:$(PW)@r"}]'),
    "image": {"pod.yaml": _pod("tty: true")["pod.yaml"].replace("acme/web:1", "ci:%u@registry.example/web:1")},
}  # fmt: skip

_RUN = "docker run -d --name web"
MAKE: Mapping[str, dict[str, str]] = {
    name: {"Makefile": text}
    for name, text in {
        "recipe": f"up:\n\t{_RUN} -e API_TOKEN=%u acme/web:1\n",
        "variable that eval names": f"n := a\n$(eval T_$(n) := %u)\nup:\n\t{_RUN} -e API_TOKEN=$(T_a) acme/web:1\n",
        "recipe over lines": f"up:\n\t{_RUN} \\\n\t\t-e DB_PASSWORD=%u \\\n\t\tacme/web:1\n",
        "silent recipe": f"up:\n\t@{_RUN} -e DB_PASSWORD='%u' acme/web:1\n",
        "recipe that may fail": f"up:\n\t-{_RUN} -e DB_PASSWORD=\"%u\" acme/web:1\n",
        "variable": f"API_TOKEN := %u\nup:\n\t{_RUN} -e API_TOKEN=$(API_TOKEN) acme/web:1\n",
        "variable with a default": f"DB_PASSWORD ?= %u\nup:\n\t{_RUN} -e DB_PASSWORD=${{DB_PASSWORD}} acme/web:1\n",
        "variable that expands late": f"DB_PASSWORD = %u\nup:\n\t{_RUN} -e DB_PASSWORD=$(DB_PASSWORD) acme/web:1\n",
        "variable of a plain name": f"X = %u\nup:\n\t{_RUN} -e DB_PASSWORD=$(X) acme/web:1\n",
        "variable of options": f"FLAGS = -e API_TOKEN=%u -p 80:80\nup:\n\t{_RUN} $(FLAGS) acme/web:1\n",
        "variable that grows": f"FLAGS = -p 80:80\nFLAGS += -e API_TOKEN=%u\nup:\n\t{_RUN} $(FLAGS) acme/web:1\n",
        "exported": f"export DB_PASSWORD := %u\nup:\n\t{_RUN} -e DB_PASSWORD acme/web:1\n",
        "exported apart": f"DB_PASSWORD = %u\nexport DB_PASSWORD\nup:\n\t{_RUN} -e DB_PASSWORD acme/web:1\n",
        "of a target": f"up: DB_PASSWORD = %u\nup:\n\t{_RUN} -e DB_PASSWORD=$(DB_PASSWORD) acme/web:1\n",
        "of a target, exported": f"up: export API_TOKEN := %u\nup:\n\t{_RUN} -e API_TOKEN acme/web:1\n",
        "defined": f"define FLAGS\n-e DB_PASSWORD=%u\nendef\nup:\n\t{_RUN} $(FLAGS) acme/web:1\n",
        "defined recipe": f"define START\n{_RUN} -e DB_PASSWORD=%u acme/web:1\nendef\nup:\n\t$(START)\n",
        "called": f"start = {_RUN} -e API_TOKEN=$(1) acme/web:1\nup:\n\t$(call start,%u)\n",
        "condition": f"ifdef CI\nT = %u\nelse\nT = b%u\nendif\nup:\n\t{_RUN} -e API_TOKEN=$(T) acme/web:1\n",
        "condition of an unknown": f"ifeq ($(A),b)\nDB_PASSWORD = %u\nendif\nup:\n\t{_RUN} -e DB_PASSWORD=$(DB_PASSWORD) acme/web:1\n",
        "shell": f"T := $(shell echo %u)\nup:\n\t{_RUN} -e API_TOKEN=$(T) acme/web:1\n",
        "one shell": f".ONESHELL:\nup:\n\texport DB_PASSWORD=%u\n\t{_RUN} -e DB_PASSWORD acme/web:1\n",
        "before the command": f"up:\n\tDB_PASSWORD=%u {_RUN} -e DB_PASSWORD acme/web:1\n",
        "label": f"up:\n\t{_RUN} --label app.token=%u acme/web:1\n",
        "doubled dollars": f"up:\n\t{_RUN} --label 'traefik.http.middlewares.a.basicauth.users=u:$$apr1$$%u' acme/web:1\n",
        "command": f"up:\n\t{_RUN} acme/web:1 serve --password %u\n",
        "command in a shell": f"up:\n\t{_RUN} acme/web:1 sh -c 'export TOKEN=%u; exec serve'\n",
        "health": f"up:\n\t{_RUN} --health-cmd 'curl -fu a:%u http://localhost/' acme/web:1\n",
        "login": f"up:\n\tdocker login -u ci -p %u r.example\n\t{_RUN} acme/web:1\n",
        "login piped": f"up:\n\t@echo %u | docker login -u ci --password-stdin r.example\n\t{_RUN} acme/web:1\n",
        "login of a variable": f"PW = %u\nup:\n\techo $(PW) | docker login -u ci --password-stdin\n\t{_RUN} acme/web:1\n",
        "exec": f"up:\n\t{_RUN} acme/web:1\n\tdocker exec web mysql -uroot -p%u -e 'select 1'\n",
        "build argument": f"up:\n\tdocker build --build-arg NPM_TOKEN=%u -t acme/web:1 .\n\t{_RUN} acme/web:1\n",
        "comment": f"# DB_PASSWORD=%u\nup:\n\t{_RUN} acme/web:1\n",
        "comment of help": f"up: ## starts it with DB_PASSWORD=%u\n\t{_RUN} acme/web:1\n",
        "said": f"up:\n\t@echo 'API_TOKEN=%u'\n\t{_RUN} acme/web:1\n",
        "written": f"up:\n\tprintf 'API_TOKEN=%u\\n' > .env\n\t{_RUN} --env-file .env acme/web:1\n",
        "address": f"URL = postgres://app:%u@db/app\nup:\n\t{_RUN} -e DATABASE_URL=$(URL) acme/web:1\n",
        "part of an address": f"PW = %u\nup:\n\t{_RUN} -e DATABASE_URL=postgres://app:$(PW)@db/app acme/web:1\n",
        "unclosed quote": f"up:\n\t{_RUN} -e 'DB_PASSWORD=%u acme/web:1\n",
        "loop": "up:\n\tfor n in a b; do docker run -d --name $$n -e API_TOKEN=%u acme/web:1; done\n",
        "error": f"up:\n\t{_RUN} -e DB_PASSWORD=%u --no-such-flag=%u acme/web:1\n",
        "info": f"$(info token %u)\nup:\n\t{_RUN} -e API_TOKEN=%u acme/web:1\n",
        "include": f"-include secrets.mk\nAPI_TOKEN ?= %u\nup:\n\t{_RUN} -e API_TOKEN=$(API_TOKEN) acme/web:1\n",
        "curl": f"up:\n\tcurl -H 'Authorization: Bearer %u' https://h/x\n\t{_RUN} acme/web:1\n",
    }.items()
}  # fmt: skip
MAKE = {
    **MAKE,
    "argument of a script": {
        "Makefile": "up:\n\t./run.sh %u\n",
        "run.sh": f'{_RUN} -e DB_PASSWORD="$1" acme/web:1\n',
    },
    "included variables": {
        "Makefile": f"include vars.mk\nup:\n\t{_RUN} -e API_TOKEN=$(API_TOKEN) acme/web:1\n",
        "vars.mk": "API_TOKEN = %u\n",
    },
    "included .env": {
        "Makefile": f"include .env\nexport\nup:\n\t{_RUN} -e API_TOKEN acme/web:1\n",
        ".env": "API_TOKEN=%u\n",
    },
}


def _unit(lines: str, **files: str) -> dict[str, str]:
    beside = {name.replace("__", "."): text for name, text in files.items()}
    return {"web.service": f"[Unit]\nDescription=web\n[Service]\n{lines}\n", **beside}


def _quadlet(lines: str, **files: str) -> dict[str, str]:
    beside = {name.replace("__", "."): text for name, text in files.items()}
    return {
        "web.container": f"[Container]\nImage=docker.io/acme/web:1\n{lines}\n",
        **beside,
    }


_START = "ExecStart=/usr/bin/docker run --name web"
UNITS: Mapping[str, dict[str, str]] = {
    "start": _unit(f"{_START} -e API_TOKEN=%u acme/web:1"),
    "start over lines": _unit(f"{_START} \\\n  -e DB_PASSWORD=%u \\\n  acme/web:1"),
    "start in quotes": _unit(f'{_START} -e "DB_PASSWORD=%u" acme/web:1'),
    "start in a shell": _unit("ExecStart=/bin/sh -c 'docker run --name web -e DB_PASSWORD=%u acme/web:1'"),
    "command": _unit(f"{_START} acme/web:1 serve --token %u"),
    "environment": _unit(f"Environment=DB_PASSWORD=%u\n{_START} -e DB_PASSWORD acme/web:1"),
    "environment in quotes": _unit(f'Environment="A=b" "DB_PASSWORD=%u"\n{_START} -e DB_PASSWORD=${{DB_PASSWORD}} acme/web:1'),
    "environment of a plain name": _unit(f"Environment=X=%u\n{_START} -e DB_PASSWORD=${{X}} acme/web:1"),
    "environment file": _unit(f"EnvironmentFile=web.env\n{_START} -e API_TOKEN acme/web:1", web__env="API_TOKEN=%u\n"),
    "environment file of docker": _unit(f"{_START} --env-file web.env acme/web:1", web__env="API_TOKEN=%u\n"),
    "login before": _unit(f"ExecStartPre=/bin/sh -c 'echo %u | docker login -u ci --password-stdin'\n{_START} acme/web:1"),
    "login by option": _unit(f"ExecStartPre=/usr/bin/docker login -u ci -p %u r.example\n{_START} acme/web:1"),
    "after the start": _unit(f"{_START} acme/web:1\nExecStartPost=/usr/bin/docker exec web login --password %u"),
    "stop": _unit(f"{_START} acme/web:1\nExecStop=/usr/bin/docker exec web mysqladmin -uroot -p%u shutdown"),
    "credential": _unit(f"SetCredential=api.token:%u\n{_START} acme/web:1"),
    "pass environment": _unit(f"Environment=API_TOKEN=%u\nPassEnvironment=HOME\n{_START} --env API_TOKEN acme/web:1"),
    "comment": _unit(f"# DB_PASSWORD=%u\n{_START} acme/web:1"),
    "label": _unit(f"{_START} -l app.password=%u acme/web:1"),
    "health": _unit(f"{_START} --health-cmd 'redis-cli -a %u ping' acme/web:1"),
    "address": _unit(f"{_START} -e URL=postgres://a:%u@db/x acme/web:1"),
    "unknown key": _unit(f"{_START} acme/web:1\nDbPassword=%u"),
    "unclosed quote": _unit(f'{_START} -e "DB_PASSWORD=%u acme/web:1'),
    "drop-in": {**_unit(f"{_START} -e API_TOKEN acme/web:1"), "web.service.d/token.conf": "[Service]\nEnvironment=API_TOKEN=%u\n"},
    "Quadlet environment": _quadlet("Environment=DB_PASSWORD=%u"),
    "Quadlet environment of several": _quadlet('Environment=A=b "DB_PASSWORD=%u" C=d'),
    "Quadlet environment file": _quadlet("EnvironmentFile=web.env", web__env="DB_PASSWORD=%u\n"),
    "Quadlet command": _quadlet("Exec=serve --password %u"),
    "Quadlet command in a shell": _quadlet("Exec=sh -c 'export TOKEN=%u; exec serve'"),
    "Quadlet entry point": _quadlet("Entrypoint=[\"serve\", \"--token\", \"%u\"]"),
    "Quadlet label": _quadlet("Label=app.token=%u"),
    "Quadlet labels": _quadlet("Label=a=b \"traefik.http.middlewares.a.basicauth.users=u:$apr1$%u\""),
    "Quadlet annotation": _quadlet("Annotation=api-token=%u"),
    "Quadlet health": _quadlet("HealthCmd=curl -fu admin:%u http://localhost/"),
    "Quadlet start-up health": _quadlet("HealthStartupCmd=mysqladmin ping -uroot -p%u"),
    "Quadlet arguments": _quadlet("PodmanArgs=--env API_TOKEN=%u"),
    "Quadlet unknown argument": _quadlet("PodmanArgs=--frobnicate-password=%u"),
    "Quadlet global arguments": _quadlet("GlobalArgs=--log-level=debug --token=%u"),
    "Quadlet log option": _quadlet("LogDriver=splunk\nLogOpt=splunk-token=%u"),
    "Quadlet sysctl": _quadlet("Sysctl=net.secret_key=%u"),
    "Quadlet mount": _quadlet("Mount=type=volume,source=d,destination=/d,volume-opt=password=%u"),
    "Quadlet image": {"web.container": "[Container]\nImage=ci:%u@r.example/web:1\n"},
    "Quadlet comment": _quadlet("# Environment=DB_PASSWORD=%u"),
    "Quadlet unknown key": _quadlet("DbPassword=%u"),
    "Quadlet unit": {"web.container": "[Unit]\nDescription=token=%u\n[Container]\nImage=docker.io/acme/web:1\n"},
    "Quadlet volume": {**_quadlet("Volume=d.volume:/d"), "d.volume": "[Volume]\nType=cifs\nDevice=//n/s\nOptions=username=u,password=%u\n"},
    "Quadlet volume label": {**_quadlet("Volume=d.volume:/d"), "d.volume": "[Volume]\nLabel=token=%u\n"},
    "Quadlet network": {**_quadlet("Network=n.network"), "n.network": "[Network]\nDriver=weave\nOptions=encryption-password=%u\n"},
    "Quadlet pod": {**_quadlet("Pod=p.pod"), "p.pod": "[Pod]\nPodmanArgs=--label token=%u\n"},
    "Quadlet build": {"web.container": "[Container]\nImage=w.build\n", "w.build": "[Build]\nImageTag=localhost/w\nSetWorkingDirectory=unit\nEnvironment=NPM_TOKEN=%u\nPodmanArgs=--build-arg NPM_TOKEN=%u\n", "Containerfile": "FROM x\n"},
    "Quadlet kube": {"web.kube": "[Kube]\nYaml=pod.yaml\n", **_pod("env: [{name: DB_PASSWORD, value: %u}]")},
    "Quadlet drop-in": {**_quadlet("Exec=serve"), "web.container.d/token.conf": "[Container]\nEnvironment=API_TOKEN=%u\n"},
    "Quadlet service": _quadlet("Exec=serve\n[Service]\nEnvironment=DB_PASSWORD=%u\nExecStartPre=/bin/sh -c 'login --password %u'"),
}  # fmt: skip


def _form_of(name: str) -> str:
    return "quadlet" if name.startswith("Quadlet") else "docker_run"


STACK_PLACES = tuple(
    Place(form or _form_of(name), f"{kind} {name}", planted(files), plain=True)
    for kind, form, places in (
        ("swarm", "compose", SWARM),
        ("podman", "kubernetes", PODMAN),
        ("make", "docker_run", MAKE),
        ("unit", "", UNITS),
    )
    for name, files in places.items()
)
