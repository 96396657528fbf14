"""Compose files to check, answers, settings files and kubeconfigs, with values of wrong types."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from fuzz.grammar import words
from fuzz.grammar.scripts import Files
from fuzz.grammar.words import anything, pick

_SCHEMA = Path(__file__).parents[2] / "schemas" / "compose-spec.json"
_WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    {},
    [None],
    {"a": 1},
    ["x", {"y": 2}],
    10**20,
)


@cache
def _schema() -> Any:
    return json.loads(_SCHEMA.read_text(encoding="utf-8"))


def _by_schema(random: Random, schema: Any, depth: int = 0) -> Any:
    """A value that the schema allows, mostly."""
    if depth > 9 or random.random() < 0.02:
        return pick(random, _WRONG)
    if "$ref" in schema:
        return _by_schema(
            random, _schema()["definitions"][schema["$ref"].rpartition("/")[2]], depth + 1
        )
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return _by_schema(random, random.choice(schema[key]), depth + 1)
    if "enum" in schema:
        return random.choice(schema["enum"])
    kind = schema.get("type", "string")
    kind = random.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        return _object(random, schema, depth)
    if kind == "array":
        return [
            _by_schema(random, schema.get("items", {}), depth + 1)
            for _ in range(random.randint(0, 2))
        ]
    return {
        "boolean": random.random() < 0.5,
        "null": None,
        "integer": pick(random, (0, 1, 80, -1)),
        "number": pick(random, (0.5, 1, 2)),
    }.get(kind, anything(random))


def _object(random: Random, schema: Any, depth: int) -> Any:
    properties = schema.get("properties", {})
    names = random.sample(sorted(properties), min(len(properties), random.randint(0, 3)))
    made = {name: _by_schema(random, properties[name], depth + 1) for name in names}
    for pattern in schema.get("patternProperties", {}).values():
        if random.random() < 0.5:
            made[pick(random, ("a", "web", "x-a"), words.NAMES)] = _by_schema(
                random, pattern, depth + 1
            )
    return made


def compose_file(random: Random) -> Files:
    """A compose file by the schema, with services that could run."""
    import yaml

    definition = _schema()["definitions"]["service"]
    services: Any = {}
    for _ in range(random.randint(1, 3)):
        service = _object(random, definition, 1)
        service.setdefault("image", pick(random, words.IMAGES))
        services[pick(random, ("web", "db", "cache"), words.NAMES)] = service
    document: Any = {
        "services": services if random.random() < 0.97 else pick(random, _WRONG)
    }
    for name in ("networks", "volumes", "configs", "secrets", "name", "include", "x-a"):
        if random.random() < 0.2:
            document[name] = _by_schema(random, _schema()["properties"].get(name, {}), 1)
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(document, Dumper=dumper, allow_unicode=True, sort_keys=False)
    if random.random() < 0.05:
        position = random.randrange(len(text) + 1)
        text = (
            text[:position]
            + pick(
                random,
                (
                    "\t",
                    "*a",
                    "&a ",
                    "---\n",
                    "'",
                    "\n- ",
                    "<<: ",
                    "!reset ",
                    "\r\n",
                    "...\n",
                ),
            )
            + text[position:]
        )
    return {"docker-compose.yml": text.encode("utf-8", "replace")}


def _toml_value(random: Random) -> str:
    return pick(
        random,
        (
            json.dumps(anything(random)),
            "true",
            "3",
            "1.5",
            '["a", 1]',
            "{a = 1}",
            "[]",
            "1979-05-27",
            "x",
            '""',
            "[[1]]",
        ),
    )


_KEYS = (
    "name",
    "practices",
    "env",
    "format",
    "output",
    "merge",
    "report",
    "quiet",
    "verbose",
    "from",
    "values",
    "set",
    "allow-path",
    "render",
    "force",
    "inline-secrets",
    "kubeconfig",
    "answers",
    "jobs",
    "timeout",
    "nonsense",
    "fail-on",
    "a b",
    '"x.y"',
)


def settings_file(random: Random) -> Files:
    """A settings file of a repository."""
    lines = [
        f"{random.choice(_KEYS)} = {_toml_value(random)}"
        for _ in range(random.randint(0, 3))
    ]
    if random.random() < 0.5:
        lines.append(
            pick(
                random,
                (
                    "[convert]",
                    "[check]",
                    "[batch]",
                    "[cluster]",
                    "[tool.tocompose]",
                    "[x]",
                    "[[convert]]",
                    "[",
                    "[convert.x]",
                ),
            )
        )
        lines += [
            f"{random.choice(_KEYS)} = {_toml_value(random)}"
            for _ in range(random.randint(0, 2))
        ]
    return {"tocompose.toml": "\n".join(lines).encode("utf-8", "replace")}


def answers(random: Random) -> Files:
    """An answers file."""
    ids = (
        "role.web",
        "depends.web.db",
        "practice.LOG",
        "format",
        "name",
        "value.X",
        "role",
        "",
        "x.y",
        "practice.SEC-OUT",
    )
    lines = [
        f'"{random.choice(ids)}" = {_toml_value(random)}'
        for _ in range(random.randint(0, 4))
    ]
    lines.insert(0, pick(random, ("", "[answers]", "[role]", "version = 1")))
    return {"answers.toml": "\n".join(lines).encode("utf-8", "replace")}


def kubeconfig(random: Random) -> Files:
    """A kubeconfig, parts of it of wrong types."""

    def value(good: Any) -> Any:
        return good if random.random() < 0.85 else pick(random, (*_WRONG, anything(random)))

    cluster = value(
        {
            "server": value(
                pick(
                    random,
                    (
                        "http://127.0.0.1:9",
                        "https://u:p@127.0.0.1:9",
                        "",
                        "x",
                        "http://[::1",
                        "ftp://a",
                    ),
                )
            ),
            "certificate-authority-data": value("eA=="),
            "insecure-skip-tls-verify": value(True),
            "proxy-url": value(None),
        }
    )
    user = value(
        {
            "token": value("abc"),
            "username": value("u"),
            "password": value("p"),
            "client-certificate-data": value("eA=="),
            "exec": value(None),
            "auth-provider": value(None),
            "tokenFile": value("/nowhere"),
        }
    )
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": value("c"),
        "clusters": value([value({"name": value("k"), "cluster": cluster})]),
        "users": value([value({"name": value("u"), "user": user})]),
        "contexts": value(
            [
                value(
                    {
                        "name": value("c"),
                        "context": value(
                            {
                                "cluster": value("k"),
                                "user": value("u"),
                                "namespace": value("n"),
                            }
                        ),
                    }
                )
            ]
        ),
    }
    return {"config": json.dumps(content).encode()}
