"""Repositories with a Procfile and what platforms read beside it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from fuzz.grammar import words
from fuzz.grammar.scripts import Files
from fuzz.grammar.words import anything, pick

_TYPES = (
    "web",
    "worker",
    "release",
    "clock",
    "urgent_worker",
    "Web",
    "a-b",
    "",
    "x" * 64,
    "postdeploy",
    "sidekiq",
)
_WRONG: tuple[Any, ...] = (None, True, 3, "", "x", [], {}, [1], {"a": 1}, [{"x": None}])


def _procfile(random: Random) -> str:
    lines = []
    for _ in range(random.randint(1, 4)):
        colon = pick(random, (": ", ":"), (" ", " : ", "::"))
        lines.append(
            f"{pick(random, _TYPES)}{colon}{pick(random, words.COMMANDS, words.ANYTHING)}"
        )
    return "\n".join(lines)


def _value(random: Random, value: Any) -> Any:
    return value if random.random() < 0.85 else pick(random, _WRONG)


def _app_json(random: Random) -> Any:
    return {
        "name": _value(random, anything(random)),
        "env": _value(
            random,
            {
                pick(random, words.VARIABLES): _value(
                    random,
                    pick(
                        random,
                        (
                            anything(random),
                            {
                                "value": anything(random),
                                "required": True,
                                "generator": "secret",
                            },
                        ),
                    ),
                )
                for _ in range(random.randint(0, 3))
            },
        ),
        "addons": _value(
            random,
            [
                pick(
                    random,
                    (
                        "heroku-postgresql:mini",
                        "heroku-redis",
                        {"plan": "rediscloud:30", "as": "X"},
                        "unknown:x",
                        "",
                        "scheduler",
                    ),
                )
            ],
        ),
        "formation": _value(
            random,
            {
                pick(random, _TYPES): _value(
                    random,
                    {"quantity": pick(random, (1, 2, -1, "3")), "size": "standard-2x"},
                )
            },
        ),
        "buildpacks": _value(
            random,
            [
                _value(
                    random,
                    {
                        "url": pick(
                            random, ("heroku/nodejs", "heroku/python", "https://x/y")
                        )
                    },
                )
            ],
        ),
        "scripts": _value(random, {"postdeploy": pick(random, words.COMMANDS)}),
        "environments": _value(random, {"test": {"env": {"A": "b"}}}),
        "stack": _value(random, "heroku-24"),
        "unknown": 1,
    }


def _dotenv(random: Random) -> str:
    lines = []
    for _ in range(random.randint(0, 4)):
        entry = words.environment(random)
        lines.append(
            pick(
                random,
                (
                    entry,
                    f"export {entry}",
                    f"# {entry}",
                    entry.replace("=", "='", 1) + "'",
                    entry + " # x",
                    entry.replace("=", ": "),
                ),
            )
        )
    return "\n".join(lines)


def _dockerfile(random: Random) -> str:
    lines = [f"FROM {pick(random, words.IMAGES)}", f"EXPOSE {anything(random)}"]
    lines += [f"CMD {pick(random, words.COMMANDS)}", f"HEALTHCHECK {anything(random)}"]
    return "\n".join(lines)


def _language_files(random: Random) -> dict[str, str]:
    start = pick(random, words.COMMANDS)
    package = {
        "name": anything(random),
        "scripts": _value(random, {"start": start}),
        "dependencies": _value(
            random, {pick(random, ("express", "pg", "next", "redis")): "1"}
        ),
        "engines": _value(random, {"node": pick(random, ("20.x", ">=18", "x", ""))}),
    }
    return pick(
        random,
        (
            {"package.json": json.dumps(package)},
            {
                "requirements.txt": pick(
                    random, ("django\npsycopg2", "flask==2", "-r x\n-e .", anything(random))
                ),
                "runtime.txt": pick(random, ("python-3.12.1", "x", "")),
            },
            {
                "Gemfile": f"source 'x'\nruby '{pick(random, ('3.3.0', 'x'))}'\ngem 'rails'\ngem {anything(random)!r}",
                "config.ru": "",
            },
            {
                "go.mod": f"module x/y\n\ngo {pick(random, ('1.22', 'x', ''))}\n",
                "main.go": "package main",
            },
            {"pom.xml": "<project/>"},
            {"composer.json": json.dumps({"require": _value(random, {"php": "^8"})})},
            {"mix.exs": "defmodule X do end"},
            {"Dockerfile": _dockerfile(random)},
            {},
        ),
    )


def repository(random: Random) -> Files:
    """A repository, the files of which mostly agree."""
    files = {"Procfile": _procfile(random), **_language_files(random)}
    if random.random() < 0.4:
        files["app.json"] = json.dumps(_value(random, _app_json(random)))
    if random.random() < 0.4:
        files[".env"] = _dotenv(random)
    if random.random() < 0.2:
        files[".env.example"] = _dotenv(random)
    if random.random() < 0.15:
        build = _value(
            random,
            {
                "docker": _value(random, {"web": _value(random, "Dockerfile")}),
                "config": {"A": anything(random)},
            },
        )
        files["heroku.yml"] = json.dumps(
            {
                "build": build,
                "run": _value(random, {"web": pick(random, words.COMMANDS)}),
                "setup": _value(random, {"addons": [{"plan": "heroku-redis"}]}),
            }
        )
    if random.random() < 0.1:
        files["Procfile.dev"] = _procfile(random)
    return {name: text.encode("utf-8", "replace") for name, text in files.items()}
