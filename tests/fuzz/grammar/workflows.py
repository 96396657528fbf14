"""Files of other tools that start containers: workflows, pipelines, playbooks, cloud-init and crontabs."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.grammar import words
from fuzz.grammar.manifests import WRONG, pruned
from fuzz.grammar.platforms import broken, yaml_text
from fuzz.grammar.scripts import Files, flag_value, run_command
from fuzz.grammar.words import anything, pick


def _variables(random: Random) -> Any:
    made = {
        pick(random, words.VARIABLES): anything(random) for _ in range(random.randint(0, 3))
    }
    return pick(random, (made,), WRONG)


def _service(random: Random) -> Any:
    service = {
        "image": pick(random, (*words.IMAGES, "${{ matrix.image }}", "$CI_REGISTRY_IMAGE")),
        "env": _variables(random),
        "ports": [flag_value(random, "--publish")],
        "volumes": [flag_value(random, "--volume")],
        "options": f"--health-cmd {pick(random, words.COMMANDS)!r} --health-interval "
        f"{pick(random, words.DURATIONS)} --name {pick(random, words.NAMES)}",
        "credentials": {"username": "u", "password": "${{ secrets.X }}"},
    }
    return pick(random, (service,), (anything(random), None, []))


def _github(random: Random) -> Files:
    steps = [
        pick(
            random,
            (
                {"run": run_command(random)},
                {"run": f"cat <<EOF > x\n{run_command(random)}\nEOF", "shell": "bash"},
                {"uses": "docker://" + pick(random, words.IMAGES), "with": {"args": "x"}},
                {
                    "name": "up",
                    "run": "|\n" + run_command(random),
                    "env": _variables(random),
                },
                {"run": run_command(random) + " ${{ secrets.TOKEN }}"},
            ),
        )
        for _ in range(random.randint(1, 3))
    ]
    job = {
        "runs-on": "ubuntu-latest",
        "env": _variables(random),
        "container": pick(random, (pick(random, words.IMAGES), _service(random))),
        "services": {pick(random, words.NAMES): _service(random)},
        "strategy": {"matrix": {"image": ["a:1", "b:2"], "n": [1, 2]}},
        "steps": steps,
    }
    document = {"on": "push", "env": _variables(random), "jobs": {"test": job}}
    return {".github/workflows/test.yml": yaml_text(random, pruned(random, document, 0.85))}


def _gitlab(random: Random) -> Files:
    service = {
        "name": pick(random, words.IMAGES),
        "alias": pick(random, words.NAMES),
        "variables": _variables(random),
        "command": [pick(random, words.COMMANDS)],
        "entrypoint": [""],
    }
    job = {
        "stage": "test",
        "image": pick(random, words.IMAGES),
        "services": [pick(random, (service, pick(random, words.IMAGES)), WRONG)],
        "variables": _variables(random),
        "before_script": [run_command(random)],
        "script": pick(random, ([run_command(random), "true"], run_command(random))),
        "extends": ".base",
    }
    document = {
        "variables": {"IMAGE": {"value": anything(random), "description": "x"}},
        "default": {"services": [service]},
        ".base": {"script": [run_command(random)]},
        "test": job,
        "include": [{"local": "x.yml"}],
    }
    return {".gitlab-ci.yml": yaml_text(random, pruned(random, document, 0.85))}


def _circleci(random: Random) -> Files:
    images = [
        {
            "image": pick(random, words.IMAGES),
            "environment": _variables(random),
            "name": "x",
        }
        for _ in range(2)
    ]
    steps = [
        "checkout",
        {"run": run_command(random)},
        {"run": {"command": run_command(random)}},
    ]
    document = {"version": 2.1, "jobs": {"build": {"docker": images, "steps": steps}}}
    return {".circleci/config.yml": yaml_text(random, pruned(random, document, 0.9))}


def _playbook(random: Random) -> Files:
    module: Any = {
        "name": pick(random, words.NAMES),
        "image": pick(random, (*words.IMAGES, "{{ image }}")),
        "env": _variables(random),
        "published_ports": [flag_value(random, "--publish")],
        "volumes": flag_value(random, "--volume"),
        "networks": [{"name": pick(random, words.NAMES), "aliases": ["a"]}],
        "restart_policy": flag_value(random, "--restart"),
        "memory": pick(random, words.SIZES),
        "state": pick(random, ("started", "absent", "x")),
    }
    tasks = [
        {"name": "web", "community.docker.docker_container": pruned(random, module, 0.7)},
        {"shell": run_command(random), "with_items": ["a", "b"]},
        {"name": "net", "docker_network": {"name": pick(random, words.NAMES)}},
    ]
    document = [{"hosts": "all", "vars": {"image": anything(random)}, "tasks": tasks}]
    return {"playbook.yml": yaml_text(random, pruned(random, document, 0.95))}


def _cloud_init(random: Random) -> Files:
    file = {"path": "/opt/run.sh", "content": run_command(random), "permissions": "0755"}
    document = {
        "write_files": [file],
        "runcmd": [run_command(random), ["docker", "run", "-d", anything(random)]],
    }
    dumped = yaml_text(random, pruned(random, document, 0.9))
    return {"user-data": b"#cloud-config\n" + dumped}


def _crontab(random: Random) -> Files:
    times = ("* * * * *", "@daily", "@reboot", "0 3 * * 1-5 root", "61 * * * *", "x")
    lines = [
        pick(
            random,
            (words.environment(random), f"{pick(random, times)} {run_command(random)}"),
        )
        for _ in range(random.randint(1, 4))
    ]
    return {"crontab": broken(random, "\n".join(lines))}


_FILES: tuple[Callable[[Random], Files], ...] = (
    _github,
    _github,
    _gitlab,
    _gitlab,
    _circleci,
    _playbook,
    _cloud_init,
    _crontab,
)


def workflow(random: Random) -> Files:
    """A file of one of the tools."""
    return random.choice(_FILES)(random)
