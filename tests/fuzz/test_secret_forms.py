"""Secrets in 775 further forms and places come out in `.env` and `secrets/` alone, which two public scanners judge too.

The scanners are detect-secrets (Apache-2.0), where it is installed, and the rules of gitleaks, where a copy of its
`gitleaks.toml` is named by TOCOMPOSE_GITLEAKS.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import yaml

from fuzz.outputs import shown
from fuzz.secret_forms import COMMANDS, CONFIGS, TOKENS, filled, secret_text, token

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


Files = dict[str, str]
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
        "a.yaml": yaml.safe_dump(_pod([{"name": "a", "image": "acme/a:1", "env": env}]))
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
    pod = _pod([{"name": "a", "image": "acme/a:1", "volumeMounts": [mount]}])
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


def _pod(containers: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    pod: dict[str, dict[str, object]] = {
        "metadata": {"name": "web"},
        "spec": {"containers": containers},
    }
    return {"apiVersion": "v1", "kind": "Pod", **pod}  # type: ignore[dict-item]


class Way(NamedTuple):
    """How forms are planted in a source of a format."""

    form: str
    plant: Callable[[Group], Files]
    planted: tuple[Planted, ...]


WAYS = (
    Way("docker_run", variables, tokens()), Way("docker_run", labels, tokens()), Way("docker_run", words, tokens()),
    Way("kubernetes", pod_variables, tokens()), Way("kubernetes", config_maps, tokens()),
    Way("kubernetes", config_maps, configs()), Way("docker_run", written_files, configs()),
    Way("docker_run", container_commands, commands()), Way("procfile", processes, commands()),
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


@pytest.mark.parametrize(("way", "start"), CASES[::9])
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
