"""Whatever starts a container is a source: one small input for each way in which a command is written down."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from docker_run.measure_mentions import measure
from growth import grows_with_input
from oracles import NO_CORPUS, corpus
from tocompose.importers import SourceError
from tocompose.notes import Kind
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory
from tocompose.reports import render
from tocompose.reports.report import report


class SourceCase(NamedTuple):
    """A file, the services that must come of it with some of their keys, and the notes that must be said."""

    file: str
    text: str
    services: dict[str, dict[str, Any]]
    codes: tuple[str, ...] = ()


PROMPTS = {
    "cmd": (r"C:\>docker run --name one a:1" + "\n" + r"D:\my work> docker run --name two b:1"),
    "PowerShell": r"PS C:\Users\me> docker run --name one a:1" + "\n7f2c\nPS>docker run --name two b:1",
    "a word": "unix> cd /srv\nunix> docker run --name one a:1\nunix> docker run --name two b:1",
    "root": "root@host:~# docker run --name one a:1\n9af3\nroot@host:~# docker run --name two b:1",
    "brackets": "[me@host app]$ docker run --name one a:1\n[me@host app]$ docker run --name two b:1",
    "a theme": "❯ docker run --name one a:1\n~/app ❯ docker run --name two b:1",
    "a branch": "➜  app git:(main) docker run --name one a:1\n➜  app git:(main) ✗ docker run --name two b:1",
    "fish": "me@host ~/app> docker run --name one a:1\nme@host ~/app> docker run --name two b:1",
    "an environment": "(venv) me@host ~ % docker run --name one a:1\n(venv) me@host ~ % docker run --name two b:1",
    "a container's": "/ # docker run --name one a:1\n/srv # docker run --name two b:1",
    "a version": "bash-5.2# docker run --name one a:1\nbash-5.2# docker run --name two b:1",
    "only a bracket": "> docker run --name one a:1\n> docker run --name two b:1",
}  # fmt: skip


def converted(files: dict[str, str], **options: Any) -> Result:
    """The conversion of files, without rules."""
    project = Memory({name: text.encode() for name, text in files.items()}, "shop")
    return convert(project, Options(practices="none", **options))


def services_of(result: Result) -> dict[str, dict[str, Any]]:
    """The services of the compose file that was made."""
    document = yaml.safe_load(result.files[0].content)
    return dict(document.get("services") or {})


def check(case: SourceCase) -> None:
    """Asserts the services, their keys and the notes of a case; what is lost must have been asked for."""
    result = converted({case.file: case.text})
    services = services_of(result)
    assert list(services) == list(case.services), [note.message for note in result.notes]
    for name, keys in case.services.items():
        assert {key: services[name].get(key) for key in keys} == keys
    said = {note.code for note in result.notes}
    lost = {note.code for note in result.notes if note.kind is Kind.LOST}
    assert set(case.codes) <= said
    assert lost <= set(case.codes), [note.message for note in result.notes]


@pytest.mark.parametrize("file", ["run.sh", "commands.txt", "block.md"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_any_prompt_is_left_aside(prompt: str, file: str) -> None:
    text = PROMPTS[prompt]
    if file.endswith(".md"):
        text = f"```console\n{text}\n```\n"
    images = {"one": {"image": "a:1"}, "two": {"image": "b:1"}}
    check(SourceCase(file, text, images))


@pytest.mark.parametrize(
    "line",
    [
        "# docker run --name one a:1",
        "echo hi > /dev/null",
        "true # docker run --name one a:1",
    ],
)
def test_what_looks_like_a_prompt_stays(line: str) -> None:
    check(SourceCase("run.sh", f"{line}\ndocker run --name two b:1", {"two": {}}))


WINDOWS = [
    SourceCase(
        "run.ps1",
        r"docker run -d --name app -v C:\data:C:\app\data -v C:\logs:C:\app\logs acme/app:1",
        {"app": {"volumes": [
            {"type": "bind", "source": "C:/data", "target": "C:/app/data"},
            {"type": "bind", "source": "C:/logs", "target": "C:/app/logs"},
        ]}},
    ),
    SourceCase(
        "run.ps1",
        "docker run -d `\n  --name app `\n  -v ${PWD}\\conf:/conf:ro `\n  -v .\\data:/data acme/app:1",
        {"app": {"volumes": ["./conf:/conf:ro", "./data:/data"]}},
    ),
    SourceCase(
        "run.cmd",
        "docker run -d ^\r\n  --name app ^\r\n  -v %cd%\\data:/data ^\r\n  acme/app:1\r\n",
        {"app": {"volumes": ["./data:/data"]}},
    ),
    SourceCase(
        "run.bat",
        "set TAG=2\r\ndocker run -d --name app --mount type=bind,source=C:\\in,target=C:\\out acme/app:%TAG%\r\n",
        {"app": {"image": "acme/app:2", "volumes": [{
            "type": "bind", "source": "C:/in", "target": "C:/out", "bind": {"create_host_path": False}}]}},
    ),
    SourceCase(
        "run.ps1",
        'docker run -d --name app -v "$($PWD.Path):/src" -v store:C:\\store acme/app:1',
        {"app": {"volumes": [".:/src", {"type": "volume", "source": "store", "target": "C:/store"}]}},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", WINDOWS, ids=lambda case: case.file)
def test_windows_paths(case: SourceCase) -> None:
    check(case)


def test_a_placeholder_may_hold_a_bar() -> None:
    text = "$ docker run -d --name node -e HUB=<hub_ip|hub_name> \\\n    acme/node:4\n"
    environment = {"environment": {"HUB": "${HUB:?set HUB in .env}"}}
    check(SourceCase("run.sh", text, {"node": environment}, ("TC153",)))


PLAYBOOK_TASK = """
- hosts: all
  vars: {version: "2.1"}
  tasks:
    - community.docker.docker_container:
        name: app
        image: "acme/app:{{ version }}"
"""


def task(*lines: str) -> str:
    """A playbook with one container that has these parameters."""
    return PLAYBOOK_TASK + "".join(f"        {line}\n" for line in lines)


WORKFLOWS = {
    "github": SourceCase(
        "ci.yml",
        """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      db:
        image: postgres:16
        env: {POSTGRES_DB: shop}
        ports: ["5432:5432"]
        options: --health-cmd pg_isready --health-interval 10s
    steps:
      - run: docker run -d --name cache redis:7
""",
        {
            "cache": {"image": "redis:7"},
            "db": {
                "image": "postgres:16",
                "environment": {"POSTGRES_DB": "shop"},
                "ports": ["5432:5432"],
                "healthcheck": {"test": ["CMD-SHELL", "pg_isready"], "interval": "10s"},
            },
        },
    ),
    "github's expressions": SourceCase(
        "ci.yml",
        """
jobs:
  test:
    container: node:20
    env: {TAG: "3"}
    services:
      db: {image: "acme/db:${{ matrix.db }}", env: {MODE: "${{ env.TAG }}"}}
    steps:
      - working-directory: ./web
        run: |
          docker run -d --name web -v ./conf:/conf acme/web:$TAG
""",
        {
            "db": {"image": "acme/db:${DB:?set DB in .env}", "environment": {"MODE": "3"}},
            "web": {"image": "acme/web:3", "volumes": ["./web/conf:/conf"]},
        },
        ("TC032", "TC031"),
    ),
    "gitlab": SourceCase(
        ".gitlab-ci.yml",
        """
variables: {PG: "16"}
services: ["redis:7"]
test:
  services:
    - name: postgres:$PG
      alias: db
      variables: {POSTGRES_DB: shop}
      command: [postgres, -c, fsync=off]
  script:
    - npm ci
    - docker run -d --name web acme/web:$PG
""",
        {
            "db": {
                "image": "postgres:16",
                "environment": {"PG": "16", "POSTGRES_DB": "shop"},
                "command": ["postgres", "-c", "fsync=off"],
            },
            "redis": {"image": "redis:7", "environment": {"PG": "16"}},
            "web": {"image": "acme/web:16"},
        },
    ),
    "gitlab, variables of the file and of a job reach its services": SourceCase(
        ".gitlab-ci.yml",
        """
variables: {MODE: fast, USED: all, GIT_DEPTH: 1, TAG: "$CI_COMMIT_SHA"}
test:
  variables: {USED: job, PRICE: "5$$"}
  services: [{name: "acme/db:1", variables: {MODE: "own-$USED"}}]
  script: [rake]
other:
  services: ["acme/cache:1"]
  script: [rake]
""",
        {
            "cache": {
                "image": "acme/cache:1",
                "environment": {"MODE": "fast", "USED": "all"},
            },
            "db": {
                "image": "acme/db:1",
                "environment": {"MODE": "own-job", "USED": "job", "PRICE": "5$$"},
            },
        },
    ),
    "drone, variables of the pipeline reach its services": SourceCase(
        ".drone.yml",
        """
kind: pipeline
environment: {ZONE: north, SHA: $DRONE_COMMIT}
services: [{name: db, image: "acme/db:1", environment: {MODE: slow}}]
steps: [{name: test, image: ruby, commands: [rake]}]
""",
        {"db": {"image": "acme/db:1", "environment": {"ZONE": "north", "MODE": "slow"}}},
    ),
    "github, variables of the workflow reach the steps only": SourceCase(
        ".github/workflows/ci.yml",
        """
env: {MODE: fast}
jobs:
  test:
    env: {USED: job}
    services: {db: {image: "acme/db:1"}}
    steps: [{run: rake}]
""",
        {"db": {"image": "acme/db:1"}},
    ),
    "gitlab, every job with an image": SourceCase(
        ".gitlab-ci.yml",
        """
test:
  image: ruby:3
  services: [{name: "postgres:14", alias: db}]
  script: [rake]
""",
        {"db": {"image": "postgres:14"}},
    ),
    "circleci": SourceCase(
        "config.yml",
        """
jobs:
  build:
    docker:
      - image: cimg/node:20
      - {image: "postgres:14", name: db, environment: {POSTGRES_USER: u}, command: -c fsync=off}
    steps: [{run: npm test}]
""",
        {
            "db": {
                "image": "postgres:14",
                "environment": {"POSTGRES_USER": "u"},
                "command": ["-c", "fsync=off"],
            }
        },
        ("TC032",),
    ),
    "drone": SourceCase(
        ".drone.yml",
        """
kind: pipeline
steps: [{name: test, image: "golang:1", commands: [go test]}]
services:
  - {name: db, image: "mysql:8", environment: {MODE: {from_secret: mode}}}
""",
        {"db": {"image": "mysql:8", "environment": {"MODE": "${MODE:?set MODE in .env}"}}},
        ("TC031",),
    ),
    "bitbucket": SourceCase(
        "bitbucket-pipelines.yml",
        """
definitions:
  services:
    db: {image: "postgres:16", variables: {POSTGRES_DB: shop}}
pipelines: {default: [{step: {services: [db], script: [npm test]}}]}
""",
        {"db": {"image": "postgres:16", "environment": {"POSTGRES_DB": "shop"}}},
    ),
    "azure": SourceCase(
        "azure-pipelines.yml",
        """
resources:
  containers:
    - {container: cache, image: "redis:7", ports: ["6379:6379"], env: {MODE: x}}
""",
        {
            "cache": {
                "image": "redis:7",
                "ports": ["6379:6379"],
                "environment": {"MODE": "x"},
            }
        },
    ),
    "login": SourceCase(
        "ci.yml",
        """
jobs:
  a:
    services:
      db: {image: "acme/db:1", credentials: {username: u, password: "${{ secrets.P }}"}}
""",
        {"db": {"image": "acme/db:1"}},
        ("TC035",),
    ),
}

PLAYBOOKS = {
    "variables of the play": (task(), {"image": "acme/app:2.1"}, ()),
    "an open value": (
        task("env: {MODE: '{{ mode }}', PORT: \"{{ port | default('80') }}\"}"),
        {"environment": {"MODE": "${MODE:?set MODE in .env}", "PORT": "${PORT:-80}"}},
        ("TC031",),
    ),
    "ports": (task("published_ports: ['80:80', 443:443]"), {"ports": ["80:80", "443:443"]}, ()),
    "ports in a text": (task("ports: 80:80,443:443"), {"ports": ["80:80", "443:443"]}, ()),
    "volumes": (
        task("volumes: [data:/data, /srv/in:/in:ro]"),
        {"volumes": ["data:/data", "/srv/in:/in:ro"]},
        (),
    ),
    "networks": (
        task("networks: [{name: back, ipv4_address: 10.9.0.5, aliases: [api, web]}]"),
        {"networks": {"back": {"aliases": ["api", "web"], "ipv4_address": "10.9.0.5"}}},
        (),
    ),
    "network mode": (task("network_mode: host"), {"network_mode": "host"}, ()),
    "restart": (
        task("restart_policy: on-failure", "restart_retries: 3"),
        {"restart": "on-failure:3"},
        (),
    ),
    "no restart": (task("restart_policy: no"), {"restart": "no"}, ()),
    "a healthcheck": (
        task("healthcheck: {test: [CMD, curl, -f, http://localhost], interval: 10s, retries: 3}"),
        {
            "healthcheck": {
                "test": ["CMD-SHELL", "curl -f http://localhost"],
                "interval": "10s",
                "retries": 3,
            }
        },
        (),
    ),
    "no healthcheck": (
        task("healthcheck: {test: [NONE]}"),
        {"healthcheck": {"disable": True}},
        (),
    ),
    "a command": (
        task("command: serve --name 'a b' --port {{ 80 }}"),
        {"command": ["serve", "--name", "a b", "--port", "${_80}"]},
        (),
    ),
    "a command's words": (task("command: [serve, '--x=$y']"), {"command": ["serve", "--x=$$y"]}, ()),
    "an entry point": (
        task("entrypoint: [tini, --]", "command: [serve]"),
        {"entrypoint": ["tini"], "command": ["--", "serve"]},
        (),
    ),
    "switches": (
        task("privileged: yes", "read_only: true", "init: no", "tty: false"),
        {"privileged": True, "read_only": True, "init": None, "tty": None},
        (),
    ),
    "limits": (
        task("memory: 512m", "cpus: 1.5", "ulimits: ['nofile:1024:2048']", "shm_size: 1g"),
        {
            "deploy": {"resources": {"limits": {"memory": "512m", "cpus": "1.5"}}},
            "ulimits": {"nofile": {"soft": 1024, "hard": 2048}},
            "shm_size": "1g",
        },
        (),
    ),
    "security": (
        task("capabilities: [NET_ADMIN]", "cap_drop: [ALL]", "user: '1000'", "groups: [audio]"),
        {"cap_add": ["NET_ADMIN"], "cap_drop": ["ALL"], "user": "1000", "group_add": ["audio"]},
        (),
    ),
    "names of hosts": (
        task("etc_hosts: {far: 10.0.0.1}", "dns_servers: [1.1.1.1]", "hostname: here"),
        {"extra_hosts": ["far=10.0.0.1"], "dns": ["1.1.1.1"], "hostname": "here"},
        (),
    ),
    "logs and labels": (
        task("log_driver: json-file", "log_options: {max-size: 9m}", "labels: {a.b: c}"),
        {
            "logging": {"driver": "json-file", "options": {"max-size": "9m"}},
            "labels": {"a.b": "c"},
        },
        (),
    ),
    "mounts": (
        task("mounts: [{type: volume, source: data, target: /data, read_only: true}]"),
        {"volumes": ["data:/data:ro"]},
        (),
    ),
    "lists that are not said": (
        task("networks: '{{ nets }}'", "ports: '{{ ports }}'", "env: '{{ env }}'", "env_file: '{{ f }}'"),
        {"networks": None, "ports": None, "environment": None},
        ("TC155", "TC031"),
    ),
    "what has no key": (task("frobnicate: 7"), {"image": "acme/app:2.1"}, ("TC034",)),
    "another engine": (task("docker_host: tcp://far:2375"), {}, ("TC163",)),
}  # fmt: skip

OTHER_YAML = {
    "short form": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - docker_container: name=app image=acme/app:1 published_ports=80:80\n",
        {"app": {"image": "acme/app:1", "ports": ["80:80"]}},
    ),
    "a loop": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - docker_container: {name: 'web-{{ item.name }}', image: 'a:{{ item.tag }}'}\n"
        "      loop: [{name: a, tag: 1}, {name: b, tag: 2}]\n",
        {"web-a": {"image": "a:1"}, "web-b": {"image": "a:2"}},
    ),
    "an open loop": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - docker_container: {name: web, image: 'a:{{ item }}'}\n"
        "      loop: '{{ tags }}'\n",
        {"web": {"image": "a:${ITEM:?set ITEM in .env}"}},
        ("TC158",),
    ),
    "a removal": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - docker_container: {name: old, state: absent}\n"
        "    - podman_container: {name: new, image: 'a:1', ports: ['80:80']}\n",
        {"new": {"image": "a:1", "ports": ["80:80"]}},
    ),
    "a network and a volume": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - docker_network: {name: back, internal: yes}\n"
        "    - docker_volume: {name: data}\n"
        "    - docker_container: {name: app, image: 'a:1', networks: [{name: back}], volumes: [data:/data]}\n",
        {"app": {"networks": ["back"], "volumes": ["data:/data"]}},
    ),
    "shell tasks": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - shell: docker run -d --name a -p {{ port }}:80 a:1\n"
        "    - command: {argv: [docker, run, -d, --name, b, 'b:1', '--x=$y']}\n",
        {"a": {"ports": ["${PORT:?set PORT in .env}:80"]}, "b": {"command": ["--x=$$y"]}},
    ),
    "compose by a module": SourceCase(
        "play.yml",
        "- hosts: all\n  tasks:\n    - docker_compose_v2: {project_src: /srv/shop}\n"
        "    - docker_container: {name: app, image: 'a:1'}\n",
        {"app": {}},
        ("TC036",),
    ),
    "cloud-init": SourceCase(
        "user-data",
        "#cloud-config\nruncmd:\n  - docker run -d --name a a:1\n  - [docker, run, -d, --name, b, 'b:1']\n"
        "  - [sh, -c, 'docker run -d --name c c:1']\n  - |\n    TAG=2\n    docker run -d --name d d:$TAG\n",
        {"a": {}, "b": {}, "c": {}, "d": {"image": "d:2"}},
    ),
    "cloud-init's files": SourceCase(
        "cloud.yaml",
        "#cloud-config\nwrite_files:\n  - path: /etc/systemd/system/app.service\n    content: |\n"
        "      [Service]\n      ExecStart=/usr/bin/docker run --name %N -p 80:80 a:1\n      Restart=always\n"
        "  - path: /srv/compose.yaml\n    content: |\n      services:\n        db:\n          image: db:1\n",
        {"app": {"image": "a:1", "ports": ["80:80"], "restart": "always"}},
        ("TC037",),
    ),
    "an editor's settings": SourceCase(
        "mcp.json",
        '{"servers": {"tools": {"command": "docker", "args": ["run", "-i", "-e", "MODE", "acme/tools:1"],'
        ' "env": {"MODE": "x"}}}}',
        {"tools": {"image": "acme/tools:1", "environment": {"MODE": "x"}}},
    ),
    "scripts of a package": SourceCase(
        "package.json",
        '{"scripts": {"db": "docker run -d --name db -p 5432:5432 postgres:16", "test": "jest"}}',
        {"db": {"ports": ["5432:5432"]}},
    ),
    "tasks": SourceCase(
        "Taskfile.yml",
        "vars: {TAG: '2'}\ntasks:\n  db:\n    desc: the database\n    cmds:\n"
        "      - docker run -d --name db acme/db:{{.TAG}}\n",
        {"db": {"image": "acme/db:2"}},
    ),
    "a text that speaks of it": SourceCase(
        "tasks.yml",
        "help: start it with `docker run -d acme/db:1`\nrun: docker run -d --name db acme/db:2\n",
        {"db": {"image": "acme/db:2"}},
        ("TC033",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WORKFLOWS.values(), ids=list(WORKFLOWS))
def test_workflows(case: SourceCase) -> None:
    check(case)


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_parameters_of_a_playbook(name: str) -> None:
    text, keys, codes = PLAYBOOKS[name]
    check(SourceCase("play.yml", text, {"app": keys}, codes))


@pytest.mark.parametrize("case", OTHER_YAML.values(), ids=list(OTHER_YAML))
def test_other_yaml(case: SourceCase) -> None:
    check(case)


def test_what_yaml_says_keeps_its_place() -> None:
    text = task("volumes: [data:/data]", "frobnicate: 7")
    note = next(
        note for note in converted({"play.yml": text}).notes if note.code == "TC034"
    )
    line = text.split("\n").index("        frobnicate: 7") + 1
    assert note.span is not None and (note.span.line, note.span.column) == (line, 9)


SECRET = "hunter2-is-long"
HOLDERS = {
    "ci.yml": "jobs: {a: {services: {db: {image: 'postgres:16', env: {POSTGRES_PASSWORD: SECRET}, x: 1}}}}",
    "play.yml": "- docker_container: {name: db, image: 'postgres:16', x: 1, env: {POSTGRES_PASSWORD: SECRET}}",
    "shell.yml": "- vars: {db_password: SECRET}\n  shell: docker run -e PASSWORD={{ db_password }} --x 1 a:1",
    "cloud.yaml": "#cloud-config\nruncmd: [[docker, run, --x, '1', -e, POSTGRES_PASSWORD=SECRET, 'postgres:16']]",
    "mcp.json": '{"a": {"command": "docker", "args": ["run", "-e", "TOKEN", "a:1"], "env": {"TOKEN": "SECRET"}}}',
}  # fmt: skip


@pytest.mark.parametrize("file", HOLDERS)
def test_no_secret_of_yaml_is_shown(file: str) -> None:
    text = HOLDERS[file].replace("SECRET", SECRET)
    project = Memory({file: text.encode()}, "shop")
    result = convert(project)
    assert result.stack.services
    assert all(SECRET not in note.message for note in result.notes)
    assert all(SECRET.encode() not in made.content for made in result.files)
    for form in ("markdown", "json"):
        assert SECRET not in render(form, report(result, project))


DOCUMENTATION = {
    "a table": SourceCase(
        "README.md",
        "| db | `docker run -d --name db db:1` |\n\n```sh\ndocker run -d --name web --link db web:1\n```\n",
        {
            "db": {"image": "db:1"},
            "web": {"depends_on": {"db": {"condition": "service_started"}}},
        },
        ("TC038",),
    ),
    "a cell without backticks": SourceCase(
        "README.md",
        "| db | docker run -d --name db db:1 |\n\n```sh\ndocker run -d --name web web:1\n```\n",
        {"db": {}, "web": {}},
        ("TC038",),
    ),
    "a tag": SourceCase(
        "README.md",
        "Do <code>docker run -d --name db db:1</code>.\n\n```sh\ndocker run -d --name web web:1\n```\n",
        {"db": {}, "web": {}},
        ("TC038",),
    ),
    "an example": SourceCase(
        "README.md",
        "Try `docker run --rm other:1 --help`.\n\n```sh\ndocker run -d --name web web:1\n```\n",
        {"web": {}},
        ("TC033",),
    ),
    "the same container": SourceCase(
        "README.md",
        "Try `docker run --rm acme/web --help`.\n\n```sh\ndocker run -d --name web acme/web:1\n```\n",
        {"web": {}},
    ),
    "no container": SourceCase(
        "README.md",
        "See `docker run --help` and `docker run`.\n\n```sh\ndocker run -d --name web web:1\n```\n",
        {"web": {}},
    ),
    "restructured text": SourceCase(
        "README.rst",
        "Try ``docker run --rm other:1``.\n\n::\n\n    docker run -d --name web web:1\n",
        {"web": {}},
        ("TC033",),
    ),
    "lines and inline code": SourceCase(
        "README.md",
        "docker run -d --name web web:1\n\nand `docker run -d --name db db:1`\n",
        {"db": {}, "web": {}},
        ("TC038",),
    ),
    "a block of another language": SourceCase(
        "README.md",
        "```python\nsystem('docker run -d other:1')\n```\n\n```sh\ndocker run -d --name web web:1\n```\n",
        {"web": {}},
        ("TC033",),
    ),
    "a unit alone": SourceCase(
        "README.md",
        "```ini\n[Service]\nExecStart=/usr/bin/docker run --name web web:1\nRestart=always\n```\n",
        {"web": {"restart": "always"}},
    ),
    "a unit beside a command": SourceCase(
        "README.md",
        "```sh\ndocker run -d --name web web:1\n```\n\n```\n[Service]\nExecStart=/usr/bin/docker run web:1\n```\n",
        {"web": {"restart": None}},
        ("TC033",),
    ),
}
CRONTABS = {
    "at boot": SourceCase("crontab", "@reboot docker run -d --name a a:1\n", {"a": {}}),
    "a user": SourceCase(
        "etc/cron.d/app.cron", "@reboot root /usr/bin/docker run -d --name a a:1\n", {"a": {}}
    ),
    "at times": SourceCase(
        "jobs.cron",
        "# m h dom mon dow\nTAG=2\n0 3 * * 1-5 root docker run --name a a:$TAG sh -c 'date +\\%s'\n",
        {"a": {"image": "a:2", "command": ["sh", "-c", "date +%s"]}},
        ("TC039",),
    ),
    "by its lines": SourceCase("jobs", "*/5 * * * * docker run --name a a:1\n", {"a": {}}, ("TC039",)),
    "another command first": SourceCase(
        "crontab", "@daily cd /srv && docker run --name a -v ./x:/x a:1\n",
        {"a": {"volumes": ["/srv/x:/x"]}}, ("TC039",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOCUMENTATION.values(), ids=list(DOCUMENTATION))
def test_documentation(case: SourceCase) -> None:
    check(case)


@pytest.mark.parametrize("case", CRONTABS.values(), ids=list(CRONTABS))
def test_crontabs(case: SourceCase) -> None:
    check(case)


def test_a_scheduled_start_is_named_by_its_service() -> None:
    lines = "0 3 * * * docker run --rm --name dump a:1\n5 4 * * * docker run --rm b:1\n"
    result = convert(Memory({"crontab": lines.encode()}, "app"), Options())
    told = [note for note in result.notes if note.code == "TC039"]
    assert {note.message.split()[0] for note in told} == {"dump", "b"}
    commands = "".join(note.advice for note in told)
    assert "run --rm --no-deps dump`" in commands and "run --rm --no-deps b`" in commands


WRITTEN = {
    "a unit": SourceCase(
        "run.sh",
        "PORT=81\ncat > /etc/systemd/system/app.service <<EOF\n[Service]\nEnvironment=MODE=x\n"
        "ExecStart=/usr/bin/docker run --name app -p $PORT:80 -e MODE=\\${MODE} app:1\nRestart=always\nEOF\n"
        "systemctl enable --now app\n",
        {"app": {"ports": ["81:80"], "restart": "always", "environment": {"MODE": "x"}}},
        ("TC149",),
    ),
    "a unit by tee": SourceCase(
        "run.sh",
        "sudo tee /etc/systemd/system/app.service >/dev/null <<'EOF'\n[Service]\n"
        "ExecStart=/usr/bin/podman run --name %p app:1\nEOF\n",
        {"app": {"container_name": "app"}},
    ),
    "a compose file": SourceCase(
        "run.sh",
        "cat > compose.yaml <<EOF\nservices:\n  db:\n    image: db:1\nEOF\ndocker compose up -d\n"
        "docker run -d --name web web:1\n",
        {"web": {}},
        ("TC037", "TC036"),
    ),
    "an env file": SourceCase(
        "run.sh",
        "MODE=x\ncat > app.env <<EOF\n# settings\nA=$MODE b\nB=2\nEOF\necho C=3 >> app.env\n"
        "docker run -d --name web --env-file ./app.env -e B=9 web:1\n",
        {"web": {"environment": {"A": "x b", "B": "9", "C": "3"}, "env_file": None}},
    ),
    "a crontab": SourceCase(
        "run.sh",
        "echo '@reboot docker run -d --name boot boot:1' | crontab -\n"
        "echo '0 3 * * * root docker run --name backup backup:1' > /etc/cron.d/backup\n",
        {"backup": {}, "boot": {}},
        ("TC039",),
    ),
    "a crontab that runs a command in a container": SourceCase(
        "run.sh",
        "docker run -d --name db db:1\n"
        "echo '0 4 * * * root docker exec db dump > /srv/db.sql' > /etc/cron.d/dump\n"
        "( crontab -l; echo '0 5 * * * docker exec db vacuum' ) | crontab -\n",
        {"db": {"container_name": "db"}},
        ("TC178",),
    ),
    "lines of a crontab after the commands": SourceCase(
        "run.sh",
        "docker run -d --name db db:1\n"
        "0 4 * * * docker exec db dump | gzip > /srv/db.sql\n"
        "30 4 * * 1-5 docker run --rm -v pg:/d tar:1 tar /d\n"
        "@daily cd /srv && docker exec db vacuum; /srv/clean.sh\n",
        {"db": {"depends_on": None}, "tar": {"profiles": ["scheduled"]}},
        ("TC178", "TC039"),
    ),
    "lines of a crontab among pasted commands": SourceCase(
        "paste.txt",
        "docker run -d --name db db:1\n15 3 * * sun root docker exec db vacuum\n",
        {"db": {"container_name": "db"}},
        ("TC178",),
    ),
    "compose by its files": SourceCase(
        "run.sh",
        "docker compose -f base.yml -f more.yml up -d db\ndocker-compose up\ndocker compose ps\n"
        "cd app && docker compose start\ndocker stack deploy -c stack.yml shop\ndocker run -d --name web web:1\n",
        {"web": {}},
        ("TC036",),
    ),
    "nerdctl": SourceCase(
        "run.sh",
        "sudo nerdctl -n k8s.io --snapshotter stargz run -d --name a a:1\nnerdctl --address=/x run -d --name b b:1\n",
        {"a": {}, "b": {}},
    ),
    "podman's options": SourceCase(
        "run.sh",
        "podman --log-level debug --root /srv run -d --name a a:1\npodman --remote run -d --name b b:1\n",
        {"a": {}, "b": {}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN.values(), ids=list(WRITTEN))
def test_what_a_script_writes_and_starts(case: SourceCase) -> None:
    check(case)


def test_compose_is_named_with_its_file() -> None:
    text = WRITTEN["compose by its files"].text
    said = [note for note in converted({"run.sh": text}).notes if note.code == "TC036"]
    files = (
        "base.yml, more.yml",
        "the compose file",
        "the compose file in app",
        "app/stack.yml",
    )
    assert [note.message.split(" are ")[0] for note in said] == [
        f"services of {file}" for file in files
    ]
    assert [note.span.line for note in said if note.span] == [1, 2, 4, 5]


NOTHING = {
    "a comment": (
        "run.sh",
        "#!/bin/sh\n# docker run -d a:1\necho docker\n",
        "run.sh:2:3: ",
    ),
    "a text of YAML": (
        "tasks.yml",
        "help: start it with `docker run -d a:1`\n",
        "tasks.yml:1:7: ",
    ),
    "compose only": ("up.sh", "docker compose -f base.yml up -d\n", "up.sh:1:19: "),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_file_of_which_nothing_comes_names_the_place(name: str) -> None:
    file, text, start = NOTHING[name]
    with pytest.raises(SourceError) as caught:
        converted({file: text}, source="docker_run")
    assert str(caught.value).startswith(start)


@pytest.mark.skipif(not os.environ.get("TOCOMPOSE_CORPUS"), reason=NO_CORPUS)
def test_no_place_of_the_corpus_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus("docker-run/docs-pairs")
    assert folder is not None
    counts: Counter[str] = Counter()
    measure(folder, counts)
    assert counts["places"] > 40
    assert counts["places that are silent"] == 0, capsys.readouterr().out
    assert counts["files of which nothing came"] == 0


ELSEWHERE = {
    "a service of Swarm": SourceCase(
        "run.sh",
        "docker network create -d overlay back\n"
        "docker service create --name web --network back --replicas 3 -p 80:80 --limit-memory 256m web:1\n",
        {
            "web": {
                "networks": ["back"],
                "ports": ["80:80"],
                "deploy": {"replicas": 3, "resources": {"limits": {"memory": "256m"}}},
            }
        },
    ),
    "Jenkins": SourceCase(
        "Jenkinsfile",
        "steps {\n  sh 'docker run -d --name a a:1'\n  sh \"\"\"\n    docker run -d --name b b:1\n  \"\"\"\n}\n",
        {"a": {}, "b": {}},
    ),
    "a command for other machines": SourceCase(
        "run.sh",
        "ansible all -a 'docker run -d --name far far:1'\ndocker run -d --name near near:1\n",
        {"near": {}},
        ("TC033",),
    ),
    "Butane": SourceCase(
        "machine.bu",
        "systemd:\n  units:\n    - name: app.service\n      contents: |\n        [Service]\n"
        "        ExecStart=/usr/bin/podman run --name %N app:1\n",
        {"app": {"container_name": "app"}},
    ),
    "an action of an image": SourceCase(
        "ci.yml",
        "jobs: {a: {steps: [{uses: 'docker://alpine:3'}, {run: docker run -d --name a a:1}]}}\n",
        {"a": {}},
        ("TC032",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_commands_of_other_tools(case: SourceCase) -> None:
    check(case)


def test_a_folder_with_a_playbook_alone_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("```sh\ndocker run -d --name doc doc:1\n```\n")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "app.yml").write_text(task())
    result = convert(Folder(tmp_path), Options(practices="none"))
    assert list(services_of(result)) == ["app"]


def test_a_folder_names_what_else_starts_containers(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("docker run -d --name web web:1\n")
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text(WORKFLOWS["github"].text)
    (workflows / "lint.yml").write_text("jobs: {a: {steps: [{run: make lint}]}}\n")
    result = convert(Folder(tmp_path), Options(practices="none"))
    assert list(services_of(result)) == ["web"]
    said = [note.span.file for note in result.notes if note.code == "TC199" and note.span]
    assert said == [".github/workflows/ci.yml"]


GROWING = {
    "README.md": "Use `docker run -d --name c{n} a{n}:1`.\n\n```sh\ndocker run -d --name d{n} b{n}:1\n```\n",
    "play.yml": "- docker_container: {{name: c{n}, image: 'a{n}:1', ports: ['{n}:80']}}\n",
    "crontab": "@reboot docker run -d --name c{n} a{n}:1\n",
}


@pytest.mark.parametrize("file", GROWING)
def test_work_grows_with_the_file(file: str) -> None:
    def read(size: int) -> object:
        text = "".join(GROWING[file].format(n=number + 1) for number in range(size))
        return converted({file: text})

    assert grows_with_input(read, 320)
