"""Secrets in some 3,400 further forms and places stand in `.env` and `secrets/` alone, which two scanners judge too.

The scanners are detect-secrets (Apache-2.0), where it is installed, and the rules of gitleaks, where a copy of its
`gitleaks.toml` is named by TOCOMPOSE_GITLEAKS.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import yaml

from fuzz import secret_platforms
from fuzz.outputs import shown
from fuzz.secret_forms import COMMANDS, CONFIGS, TOKENS, filled, secret_text, token
from fuzz.secret_platforms import Files

_TOGETHER = 12


class Planted(NamedTuple):
    """A form in a place: its name, the text that stands there, and what of it nobody may see."""

    name: str
    text: str
    hidden: tuple[str, ...]


def tokens() -> tuple[Planted, ...]:
    return tuple(Planted(name, *token(name, Random(name))) for name in TOKENS)


def configs() -> tuple[Planted, ...]:
    return tuple(_planted(name, template) for name, template in CONFIGS.items())


def commands() -> tuple[Planted, ...]:
    return tuple(_planted(template, template) for template in COMMANDS)


def _planted(name: str, template: str) -> Planted:
    secret = secret_text(Random(name))
    return Planted(name, filled(template, secret), (secret,))


Group = tuple[Planted, ...]


def variables(group: Group) -> Files:
    words = " ".join(
        f"-e {shlex.quote(f'THING_{n}={item.text}')}" for n, item in enumerate(group)
    )
    return {"run.sh": f"docker run -d --name web {words} acme/web:1\n"}


def labels(group: Group) -> Files:
    words = " ".join(
        f"-l {shlex.quote(f'a.b{n}={item.text}')}" for n, item in enumerate(group)
    )
    return {"run.sh": f"docker run -d --name web {words} acme/web:1\n"}


def words(group: Group) -> Files:
    runs = (
        f"docker run -d --name w{n} acme/web:1 serve {shlex.quote(item.text)}"
        for n, item in enumerate(group)
    )
    return {"run.sh": "\n".join(runs) + "\n"}


def pod_variables(group: Group) -> Files:
    env = [{"name": f"THING_{n}", "value": item.text} for n, item in enumerate(group)]
    return {
        "a.yaml": yaml.safe_dump(
            secret_platforms.pod([{"name": "a", "image": "acme/a:1", "env": env}])
        )
    }


def container_commands(group: Group) -> Files:
    runs = (
        f"docker run -d --name w{n} acme/web:1 {item.text}" for n, item in enumerate(group)
    )
    return {"run.sh": "\n".join(runs) + "\n"}


def processes(group: Group) -> Files:
    return {"Procfile": "".join(f"w{n}: {item.text}\n" for n, item in enumerate(group))}


def config_maps(group: Group) -> Files:
    data = {f"f{n}.conf": item.text for n, item in enumerate(group)}
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "data": data,
    }
    mount = {"name": "c", "mountPath": "/c"}
    pod = secret_platforms.pod(
        [{"name": "a", "image": "acme/a:1", "volumeMounts": [mount]}]
    )
    pod["spec"]["volumes"] = [{"name": "c", "configMap": {"name": "c"}}]
    return {"a.yaml": yaml.safe_dump_all([config, pod])}


def written_files(group: Group) -> Files:
    texts = (
        f"cat > f{n}.conf <<'END_OF_FILE'\n{item.text}END_OF_FILE"
        for n, item in enumerate(group)
    )
    mounts = " ".join(f"-v ./f{n}.conf:/f{n}.conf" for n in range(len(group)))
    return {
        "run.sh": "\n".join(texts) + f"\ndocker run -d --name web {mounts} acme/web:1\n"
    }


def engine_variables(group: Group) -> Files:
    return _inspected(Env=[f"THING_{n}={item.text}" for n, item in enumerate(group)])


def engine_labels(group: Group) -> Files:
    return _inspected(Labels={f"a.b{n}": item.text for n, item in enumerate(group)})


def engine_commands(group: Group) -> Files:
    containers = [
        json.loads(_inspected(Cmd=["sh", "-c", item.text])["inspect.json"])[0]
        | {"Name": f"/w{n}", "Id": f"{n:064x}"}
        for n, item in enumerate(group)
    ]
    return {"inspect.json": json.dumps(containers)}


def _inspected(**config: object) -> Files:
    container = {
        "Id": "4f" * 32,
        "Name": "/web",
        "Image": "sha256:" + "ab" * 32,
        "State": {"Status": "running"},
        "Config": {"Image": "acme/web:1", **config},
        "HostConfig": {"NetworkMode": "bridge"},
        "NetworkSettings": {"Networks": {}},
        "Mounts": [],
    }
    return {"inspect.json": json.dumps([container])}


def workflow_variables(group: Group) -> Files:
    env = {f"THING_{n}": item.text for n, item in enumerate(group)}
    service = {"image": "acme/web:1", "env": env, "ports": ["80:80"]}
    job = {"runs-on": "ubuntu-latest", "services": {"web": service}, "steps": []}
    workflow = {"on": "push", "jobs": {"test": job}}
    return {".github/workflows/ci.yml": yaml.safe_dump(workflow, sort_keys=False)}


def playbook_variables(group: Group) -> Files:
    env = {f"THING_{n}": item.text for n, item in enumerate(group)}
    task = {"name": "web", "image": "acme/web:1", "env": env}
    play = {"hosts": "all", "tasks": [{"community.docker.docker_container": task}]}
    return {"playbook.yml": yaml.safe_dump([play], sort_keys=False)}


def playbook_commands(group: Group) -> Files:
    tasks = [
        {"docker_container": {"name": f"w{n}", "image": "acme/web:1", "command": item.text}}
        for n, item in enumerate(group)
    ]
    return {"playbook.yml": yaml.safe_dump([{"hosts": "all", "tasks": tasks}])}


def cloud_init_files(group: Group) -> Files:
    files = [
        {"path": f"/srv/f{n}.conf", "content": item.text} for n, item in enumerate(group)
    ]
    mounts = " ".join(f"-v /srv/f{n}.conf:/f{n}.conf" for n in range(len(group)))
    run = [f"docker run -d --name web {mounts} acme/web:1"]
    text = yaml.safe_dump({"write_files": files, "runcmd": run})
    return {"user-data.yaml": "#cloud-config\n" + text}


def crontab_commands(group: Group) -> Files:
    lines = (
        f"5 4 * * * docker run --rm --name w{n} acme/web:1 {item.text}"
        for n, item in enumerate(group)
    )
    return {"crontab": "\n".join(lines) + "\n"}


def old_compose_variables(group: Group) -> Files:
    env = {f"THING_{n}": item.text.replace("$", "$$") for n, item in enumerate(group)}
    return {
        "docker-compose.yml": yaml.safe_dump({"web": {"image": "a:1", "environment": env}})
    }


def old_compose_commands(group: Group) -> Files:
    texts = [item.text.replace("$", "$$") for item in group]
    services = {
        f"w{n}": {"image": "acme/web:1", "command": text, "labels": [f"a={text}"]}
        for n, text in enumerate(texts)
    }
    return {"docker-compose.yml": yaml.safe_dump(services)}


def documented(group: Group) -> Files:
    words = " \\\n  ".join(
        f"-e THING_{n}={shlex.quote(item.text)}" for n, item in enumerate(group)
    )
    command = f"docker run -d --name web \\\n  {words} \\\n  acme/web:1"
    return {"README.md": f"# Web\n\n```sh\n{command}\n```\n"}


class Way(NamedTuple):
    """How forms are planted in a source of a format."""

    form: str
    plant: Callable[[Group], Files]
    planted: tuple[Planted, ...]


def _on(form: str, plant: Callable[[Iterable[str]], Files], planted: Group) -> Way:
    """A way of a platform, which gets the texts alone."""

    def plant_group(group: Group) -> Files:
        return plant(item.text for item in group)

    plant_group.__name__ = plant.__name__
    return Way(form, plant_group, planted)


_ON_PLATFORMS = (
    _on("quadlet", secret_platforms.quadlet_variables, tokens()),
    _on("quadlet", secret_platforms.quadlet_labels, tokens()),
    _on("quadlet", secret_platforms.quadlet_commands, commands()),
    _on("quadlet", secret_platforms.quadlet_checks, commands()),
    _on("aws", secret_platforms.task_variables, tokens()),
    _on("aws", secret_platforms.template_variables, tokens()),
    _on("aws", secret_platforms.copilot_variables, tokens()),
    _on("aws", secret_platforms.terraform_variables, tokens()),
    _on("aws", secret_platforms.task_commands, commands()),
    _on("aws", secret_platforms.task_checks, commands()),
    _on("aws", secret_platforms.terraform_commands, commands()),
    _on("render", secret_platforms.render_variables, tokens()),
    _on("render", secret_platforms.render_commands, commands()),
    _on("unraid", secret_platforms.unraid_variables, tokens()),
    _on("unraid", secret_platforms.unraid_parameters, tokens()),
    _on("unraid", secret_platforms.unraid_commands, commands()),
    _on("engine", secret_platforms.swarm_variables, tokens()),
    _on("engine", secret_platforms.swarm_commands, commands()),
    _on("kubernetes", secret_platforms.pod_commands, commands()),
    _on("docker_run", secret_platforms.recipe_commands, commands()),
    _on("docker_run", secret_platforms.unit_commands, commands()),
)
WAYS = (
    Way("docker_run", variables, tokens()), Way("docker_run", labels, tokens()), Way("docker_run", words, tokens()),
    Way("kubernetes", pod_variables, tokens()), Way("kubernetes", config_maps, tokens()),
    Way("kubernetes", config_maps, configs()), Way("docker_run", written_files, configs()),
    Way("docker_run", container_commands, commands()), Way("procfile", processes, commands()),
    Way("engine", engine_variables, tokens()), Way("engine", engine_labels, tokens()),
    Way("engine", engine_commands, commands()), Way("docker_run", workflow_variables, tokens()),
    Way("docker_run", playbook_variables, tokens()), Way("docker_run", playbook_commands, commands()),
    Way("docker_run", cloud_init_files, configs()), Way("docker_run", crontab_commands, commands()),
    Way("compose", old_compose_variables, tokens()), Way("compose", old_compose_commands, commands()),
    Way("docker_run", documented, tokens()),
    *_ON_PLATFORMS,
)  # fmt: skip
CASES = [(way, start) for way in WAYS for start in range(0, len(way.planted), _TOGETHER)]


def outputs(way: Way, start: int) -> tuple[Group, list[tuple[str, str]]]:
    """What was planted together, and every output of it that may be shown."""
    group = way.planted[start : start + _TOGETHER]
    files = {name: text.encode() for name, text in way.plant(group).items()}
    return group, list(shown(files, way.form))


def leaks(way: Way, start: int) -> Iterator[str]:
    """The outputs that show something of what was planted, as our own reading and the scanners find it."""
    group, texts = outputs(way, start)
    for item in group:
        for name, text in texts:
            if any(part in text for part in item.hidden):
                yield f"{way.plant.__name__} {item.name}: {name}"
    # What the scanners read: the files, each line once. Reports are read for the secrets themselves, above.
    files = (
        text for name, text in texts if name.startswith("split: ") and "--" not in name
    )
    lines = (line for text in files for line in text.splitlines())
    everything = "\n".join(dict.fromkeys(lines))
    hidden = [part for item in group for part in item.hidden]
    for scanner in (_gitleaks_finds, _detect_secrets_finds):
        for finding in scanner(everything):
            if any(
                part in finding or (len(finding) > 8 and finding in part) for part in hidden
            ):
                yield f"{way.plant.__name__}: {scanner.__name__} {finding}"


@cache
def _gitleaks_rules() -> tuple[re.Pattern[str], ...]:
    path = os.environ.get("TOCOMPOSE_GITLEAKS", "")
    if not path:
        return ()
    rules = tomllib.loads(Path(path).read_text(encoding="utf-8"))["rules"]
    patterns = []
    for rule in rules:
        try:
            patterns.append(re.compile(_python_pattern(rule.get("regex", "(?!)"))))
        except re.error:
            continue
    return tuple(patterns)


def _python_pattern(pattern: str) -> str:
    """The pattern of Go as Python reads it: without flags in the middle, classes by their letters."""
    plain = (
        re.sub(r"\(\?-?i\)", "", pattern)
        .replace("(?-i:", "(?:")
        .replace("(?s:.)", r"[\s\S]")
    )
    return plain.replace("[[:alnum:]]", "[a-zA-Z0-9]").replace(r"\z", r"\Z")


def _gitleaks_finds(text: str) -> Iterator[str]:
    for pattern in _gitleaks_rules():
        for match in pattern.finditer(text):
            yield match[0]


def _detect_secrets_finds(text: str) -> Iterator[str]:
    try:
        from detect_secrets.core.scan import scan_line
        from detect_secrets.settings import default_settings
    except ImportError:
        return
    with default_settings():
        for line in text.splitlines():
            for finding in scan_line(line[:2000]):
                yield finding.secret_value or ""


@pytest.mark.slow
@pytest.mark.parametrize(("way", "start"), CASES[::16])
def test_no_form_of_a_secret_is_shown(way: Way, start: int) -> None:
    assert not list(leaks(way, start))


def main() -> None:
    """Prints every leak, and how much was tried: `python -m tests.fuzz.test_secret_forms`."""
    print(sum(len(way.planted) for way in WAYS), "places")
    for way, start in CASES:
        for leak in leaks(way, start):
            print(leak, flush=True)


if __name__ == "__main__":
    main()
