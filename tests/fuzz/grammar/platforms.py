"""Sources of platforms: documents whose fields are rows of the importers' tables, with values of wrong types."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import yaml

from fuzz.grammar import words
from fuzz.grammar.manifests import WRONG, pruned
from fuzz.grammar.scripts import Files, flag_value
from fuzz.grammar.words import anything, pick

_ROOT = Path(__file__).parents[3]
_ODD_TEXT = (
    "\t",
    "*a",
    "{{ .x }}",
    "---\n",
    "'",
    ",",
    "}",
    "\ufeff",
    "\x00",
    "NaN",
    "\r\n",
)
Table = dict[str, Any]


@cache
def _table(path: str) -> Table:
    loaded: Table = yaml.safe_load((_ROOT / "mappings" / path).read_text(encoding="utf-8"))
    return loaded


def _by_row(random: Random, table: Table, row: Table, depth: int) -> Any:
    """What a field of that row is given: mostly what it asks for."""
    shape = str(row.get("shape", ""))
    if random.random() < 0.06 or depth > 4:
        return pick(random, WRONG)
    if shape.strip("[]") in table:
        made = _by_table(random, table, shape.strip("[]"), depth + 1)
        return [made] if shape.startswith("[") else made
    target = str(row.get("target", ""))
    text = flag_value(random, target) if target.startswith("--") else anything(random)
    chance = random.random()
    if chance < 0.5:
        return text
    if chance < 0.7:
        return [text, anything(random)][: random.randint(0, 2)]
    if chance < 0.85:
        return {pick(random, words.VARIABLES): text}
    return pick(random, (0, 1, 80, 512, True, False, None))


def _by_table(random: Random, table: Table, type_name: str, depth: int = 0) -> Table:
    """A few fields of a type."""
    rows = table[type_name]
    names = random.sample(sorted(rows), min(len(rows), random.randint(0, 4)))
    return {name: _by_row(random, table, rows[name], depth) for name in names}


def broken(random: Random, text: str) -> bytes:
    """The text, seldom with something wrong in it."""
    if random.random() < 0.06:
        position = random.randrange(len(text) + 1)
        text = text[:position] + pick(random, _ODD_TEXT) + text[position:]
    content = text.encode("utf-8", "replace")
    return content[: len(content) // 2] if random.random() < 0.01 else content


def yaml_text(random: Random, document: Any) -> bytes:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    dumped = yaml.dump(document, Dumper=dumper, allow_unicode=True, sort_keys=False)
    return broken(random, dumped)


def _json(random: Random, document: Any) -> bytes:
    return broken(random, json.dumps(document, indent=pick(random, (None, 2))))


def _name(random: Random) -> str:
    return pick(random, ("web", "db", "cache"), words.NAMES)


def _variable(random: Random) -> Table:
    value = pick(random, (*words.TEXTS, *words.ADDRESSES, *words.NUMBERS))
    return {"name": pick(random, words.VARIABLES), "value": value}


def task(random: Random) -> Files:
    """A task definition of ECS, a Dockerrun.aws.json or a manifest of Copilot."""
    chance = random.random()
    if chance < 0.2:
        return {"copilot/web/manifest.yml": yaml_text(random, _copilot(random))}
    table = _table("aws/ecs.yaml")
    containers = [
        {
            "name": _name(random),
            "image": pick(random, words.IMAGES),
            "environment": [_variable(random) for _ in range(random.randint(0, 2))],
            "portMappings": [{"containerPort": pick(random, (80, 5432), WRONG)}],
            **_by_table(random, table, "ContainerDefinition"),
        }
        for _ in range(random.randint(1, 3))
    ]
    definition = {
        "family": "app",
        **_by_table(random, table, "TaskDefinition"),
        "containerDefinitions": containers,
    }
    if chance < 0.35:
        file, definition = "Dockerrun.aws.json", {"AWSEBDockerrunVersion": 2, **definition}
    else:
        file = "task-definition.json"
    if chance > 0.9:
        definition = {"taskDefinition": definition}
    return {file: _json(random, pruned(random, definition, 0.95))}


def _copilot(random: Random) -> Any:
    base = {
        "name": _name(random),
        "type": pick(random, ("Load Balanced Web Service", "Scheduled Job", "x")),
        "image": {"location": pick(random, words.IMAGES), "port": 80},
        "variables": {pick(random, words.VARIABLES): anything(random)},
        **_by_table(random, _table("aws/copilot.yaml"), "Copilot"),
    }
    return pruned(random, base, 0.95)


def blueprint(random: Random) -> Files:
    """A blueprint of Render."""
    table = _table("render/blueprint.yaml")
    services = [
        {
            "type": pick(random, ("web", "worker", "pserv", "cron", "keyvalue", "static")),
            "name": _name(random),
            "runtime": pick(random, ("node", "python", "docker", "image", "go", "x")),
            "startCommand": pick(random, words.COMMANDS),
            "image": {"url": pick(random, words.IMAGES)},
            "envVars": [_render_variable(random) for _ in range(random.randint(0, 3))],
            **_by_table(random, table, "Service"),
        }
        for _ in range(random.randint(1, 3))
    ]
    groups = {"name": "shop", "envVars": [_render_variable(random)]}
    document = {
        "services": services,
        "databases": [{"name": "db", **_by_table(random, table, "Database")}],
        "envVarGroups": [groups],
        **(_by_table(random, table, "Blueprint") if random.random() < 0.2 else {}),
    }
    return {"render.yaml": yaml_text(random, pruned(random, document, 0.93))}


def _render_variable(random: Random) -> Table:
    key = pick(random, words.VARIABLES)
    source = {"name": pick(random, ("db", "web")), "property": "connectionString"}
    return pick(
        random,
        (
            {"key": key, "value": anything(random)},
            {"key": key, "generateValue": True},
            {"key": key, "sync": False},
            {"key": key, "fromDatabase": source},
            {"key": key, "fromService": {"type": "web", **source}},
            {"fromGroup": "shop"},
        ),
    )


def template(random: Random) -> Files:
    """Templates of Unraid."""
    table = _table("unraid/template.yaml")
    files = {}
    for number in range(random.randint(1, 2)):
        rows = table["Container"]
        names = random.sample([name for name in sorted(rows) if name[0] != "@"], 5)
        elements = [
            _element(name, flag_value(random, str(rows[name].get("target", ""))))
            for name in names
        ]
        elements += [_setting(random) for _ in range(random.randint(0, 4))]
        body = "\n".join(
            (
                f"<Name>{escape(_name(random))}</Name>",
                f"<Repository>{escape(pick(random, words.IMAGES))}</Repository>",
                *elements,
            )
        )
        text = f'<?xml version="1.0"?>\n<Container version="2">\n{body}\n</Container>\n'
        files[f"my-app-{number}.xml"] = broken(random, text)
    return files


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_printable(text))}</{name}>"


def _printable(text: str) -> str:
    return text.replace("\x00", "")


def _setting(random: Random) -> str:
    kind = pick(random, ("Port", "Path", "Variable", "Device", "Label"), ("x", ""))
    target, value = {
        "Port": (pick(random, ("80", "8080"), words.PORTS), pick(random, words.PORTS)),
        "Path": (pick(random, words.PATHS), pick(random, words.PATHS)),
        "Variable": (pick(random, words.VARIABLES), anything(random)),
    }.get(kind, (anything(random), anything(random)))
    attributes = {
        "Name": anything(random),
        "Target": target,
        "Default": pick(random, ("", "a|b", anything(random))),
        "Mode": pick(random, ("tcp", "udp", "rw", "ro", "rw,slave", "")),
        "Type": kind,
        "Required": pick(random, ("true", "false")),
        "Mask": pick(random, ("true", "false")),
    }
    stated = [
        f"{name}={quoteattr(_printable(text))}"
        for name, text in attributes.items()
        if random.random() < 0.95
    ]
    return f"<Config {' '.join(stated)}>{escape(_printable(value))}</Config>"


def quadlet(random: Random) -> Files:
    """Units of Podman that refer to each other."""
    table = _table("quadlet/units.yaml")
    files = {
        "web.container": _quadlet_unit(random, table, "Container"),
        "n.network": _quadlet_unit(random, table, "Network"),
    }
    for ending in random.sample(("Volume", "Pod", "Build", "Image", "Kube"), 2):
        files[f"x.{ending.lower()}"] = _quadlet_unit(random, table, ending)
    return files


def _quadlet_unit(random: Random, table: Table, group: str) -> bytes:
    rows = table[group]
    names = random.sample(sorted(rows), min(len(rows), random.randint(0, 6)))
    lines = [f"[{group}]"]
    if group in ("Container", "Image"):
        lines.append(f"Image={pick(random, words.IMAGES, ('x.build', 'x.image'))}")
    if group == "Container":
        lines.append(f"Network={pick(random, ('n.network', 'host', 'x.pod'), words.NAMES)}")
        lines.append(f"Volume={pick(random, ('x.volume:/d', *words.MOUNTS))}")
    for name in names:
        value = flag_value(random, str(rows[name].get("target", "")))
        lines.append(f"{name}={pick(random, (value, f'{value!r}'))}")
    if random.random() < 0.4:
        lines += [
            "[Service]",
            f"Restart={pick(random, ('always', 'no', 'on-failure', 'x'))}",
        ]
        lines += [f"TimeoutStopSec={pick(random, words.DURATIONS)}"]
        lines += [f"Environment={words.environment(random)}"]
    if random.random() < 0.3:
        lines += ["[Install]", "WantedBy=default.target"]
    return broken(random, "\n".join(lines))


def inspected(random: Random) -> Files:
    """What `docker inspect` prints of containers."""
    path = _ROOT / "fixtures" / "engine" / "shop" / "inspect.json"
    containers = json.loads(path.read_text(encoding="utf-8"))
    some = random.sample(containers, random.randint(1, len(containers)))
    table = _table("engine/container.yaml")
    for container in some:
        for key, type_name in (("Config", "ContainerConfig"), ("HostConfig", "HostConfig")):
            if random.random() < 0.5 and isinstance(container.get(key), dict):
                container[key] |= _by_table(random, table, type_name)
        if random.random() < 0.2:
            container |= _by_table(random, table, "Container")
    return {"inspect.json": _json(random, pruned(random, some, 0.95))}


def app_json(random: Random) -> Files:
    """An app of Heroku or Dokku without a Procfile."""
    rows = _table("app_json.yaml")
    container = {"web": {"command": ["npm start"], "quantity": 1, "size": "basic"}}
    healthcheck = {"type": "startup", "path": pick(random, words.PATHS), "attempts": 3}
    document = {
        "name": _name(random),
        "env": {pick(random, words.VARIABLES): anything(random)},
        "formation": container,
        "addons": [pick(random, ("heroku-postgresql", {"plan": "heroku-redis:mini"}))],
        "scripts": {"dokku": {"predeploy": pick(random, words.COMMANDS)}},
        "healthchecks": {"web": [healthcheck]},
        "cron": [{"command": pick(random, words.COMMANDS), "schedule": anything(random)}],
        **{name: anything(random) for name in random.sample(sorted(rows), 2)},
    }
    manifest = {
        "build": {"docker": {"web": "Dockerfile"}, "config": {"A": anything(random)}},
        "run": {
            "web": pick(random, words.COMMANDS),
            "worker": {"command": ["x"], "image": "web"},
        },
        "release": {"image": "web", "command": [pick(random, words.COMMANDS)]},
        "setup": {
            "addons": [{"plan": "heroku-postgresql", "as": "DB"}],
            "config": {"B": "c"},
        },
    }
    return {
        "app.json": _json(random, pruned(random, document, 0.9)),
        "heroku.yml": yaml_text(random, pruned(random, manifest, 0.9)),
        "Dockerfile": b"FROM node:20\nCMD npm start\n",
        "package.json": b'{"scripts": {"start": "node a.js"}}',
    }


# What servers of data take, whichever of them the service is.
_PASSWORDS = {"POSTGRES_PASSWORD": "quietharbor", "MYSQL_ROOT_PASSWORD": "lanternfold"}
_OLD_VALUES: dict[str, Any] = {
    "net": ("host", "bridge", "container:cache", "none"),
    "log_driver": ("syslog", "json-file", "x"),
    "links": (["cache:c"], ["cache"], ["x"]),
    "volumes_from": (["cache"], ["cache:ro"], ["container:x"], ["web"], ["db"]),
    "external_links": (["x:y"], []),
    "mem_limit": words.SIZES,
    "memswap_limit": (*words.SIZES, "-1", -1),
    "cpu_shares": words.NUMBERS,
    "volumes": tuple([mount] for mount in words.MOUNTS),
    "ports": tuple([port] for port in words.PORTS),
    "environment": ({"A": 1}, ["A=b", "C"], {"API_TOKEN": "x"}, "A=b", _PASSWORDS),
    "extends": ({"service": "cache"}, {"file": "x.yml", "service": "a"}, "cache"),
    "restart": ("always", "no", False, "on-failure:3", "x"),
    "deploy": ({"replicas": 2, "restart_policy": {"condition": "any"}}, {"mode": "global"}),
    "depends_on": (["cache"], {"cache": {"condition": "service_healthy"}}, "cache"),
    "healthcheck": ({"test": "true"}, {"disable": True}, {"test": ["NONE"]}),
    "build": (".", {"context": ".", "args": ["A=b"]}, "https://u:p@git.example/x.git"),
    "volume_driver": ("local", "x"),
    "dockerfile": ("Dockerfile", 3),
    "env_file": ("a.env", ["a.env"]),
    "command": words.COMMANDS,
    "networks": (["n"], {"n": {"aliases": ["a"]}}, ["missing"]),
    "container_name": words.NAMES,
    "cpuset": ("0,1", "0", 0),
    "expose": (["80"], [80], 80),
    "isolation": ("default", "x"),
    "credential_spec": ({"file": "x"},),
}


def old_compose(random: Random) -> Files:
    """Compose files of every age."""
    services: Any = {
        name: {
            "image": pick(random, words.IMAGES[:6]),
            **{
                key: random.choice(_OLD_VALUES[key])
                for key in random.sample(sorted(_OLD_VALUES), random.randint(0, 5))
            },
        }
        for name in ("web", "db", "cache")
    }
    version = pick(random, (None, "1", "2", "2.1", "2.4", "3", "3.8", 3))
    if version is None and random.random() < 0.7:
        return {"fig.yml": yaml_text(random, services)}
    document: Any = {"version": version, "services": services}
    if random.random() < 0.5:
        document["networks"] = {"n": pick(random, (None, {"driver": "overlay"}))}
        document["volumes"] = {"data": pick(random, (None, {"external": {"name": "d"}}))}
    if random.random() < 0.3:
        document["secrets"] = {"spare": {"file": "./x"}}
        document["configs"] = {"spare": {"content": "password: lanternfold"}}
    return {"docker-compose.yml": yaml_text(random, document), **_beside(random)}


def _beside(random: Random) -> Files:
    """The files of development and production, or one of them, or none."""
    return {
        f"docker-compose.{name}.yml": yaml_text(random, {"services": {"web": body}})
        for name in ("override", "prod")
        if random.random() < 0.1
        for body in ({"environment": {"A": "b"}, "ports": ["9000:90"]},)
    }


def odd_compose(random: Random) -> Files:
    """Compose files with values of wrong types, which docker compose itself refuses."""
    (name, content), *_ = old_compose(random).items()
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError):
        return {name: content}
    return {name: yaml_text(random, pruned(random, document, 0.9))}
