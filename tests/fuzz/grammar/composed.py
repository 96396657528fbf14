"""Many compose files held against docker compose at once: their services stand in one file."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from judges import COMPOSE

_SECTIONS = ("services", "networks", "volumes", "configs", "secrets")
_DEMANDED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?\?")
# What a user fills in: a number, a duration, a size, a switch, a path.
_FILLED = ("1", "1s", "1m", "true", "/x")
_REQUIRED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)")


class Output(NamedTuple):
    """A compose file that was written for the input of that number, and its `.env`."""

    source: str
    number: int
    text: bytes
    dotenv: bytes


def refused(outputs: Sequence[Output]) -> list[tuple[Output, str]]:
    """The outputs that docker compose refuses, each with its reason."""
    if not outputs:
        return []
    together = [output for output in outputs if _can_be_joined(output)]
    alone = [output for output in outputs if output not in together]
    found = [(output, reason) for output in alone if (reason := refusal(output))]
    return found + _bisect(together)


def _bisect(outputs: Sequence[Output]) -> list[tuple[Output, str]]:
    if len(outputs) == 1:
        reason = refusal(outputs[0])
        return [(outputs[0], reason)] if reason else []
    if not outputs or not _joined_refusal(outputs):
        return []
    middle = len(outputs) // 2
    return _bisect(outputs[:middle]) + _bisect(outputs[middle:])


def refusal(output: Output) -> str:
    """Why docker compose refuses the file as it stands, with its `.env`; empty where it does not."""
    # What the user has to fill in is filled in.
    text, dotenv = (
        output.text.decode("utf-8", "replace"),
        output.dotenv.decode("utf-8", "replace"),
    )
    given = set(re.findall(r'(?m)^([A-Za-z_]\w*)="?[^"\n]', dotenv))
    demanded = set(_DEMANDED.findall(text)) - given
    reasons = (
        _config(output.text, output.dotenv, dict.fromkeys(demanded, value))
        for value in (_FILLED if demanded else _FILLED[:1])
    )
    first = next(reasons)
    return first if first and all(reasons) else ""


def _can_be_joined(output: Output) -> bool:
    try:
        document = yaml.load(output.text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        return False
    return (
        isinstance(document, dict)
        and isinstance(document.get("services"), dict)
        and not set(document) & {"include"}
    )


def _joined_refusal(outputs: Sequence[Output]) -> str:
    document: dict[str, Any] = {section: {} for section in _SECTIONS}
    names: set[str] = set()
    for number, output in enumerate(outputs):
        part = yaml.load(output.text, Loader=yaml.CSafeLoader)
        names |= set(_REQUIRED.findall(output.text.decode("utf-8", "replace")))
        for section in _SECTIONS:
            entries = part.get(section)
            for name, entry in (entries or {}).items() if isinstance(entries, dict) else ():
                document[section][f"p{number}{name}"] = _renamed(
                    section, copy.deepcopy(entry), f"p{number}"
                )
    text = json.dumps(document, default=str)
    return _config(
        text.encode("utf-8", "surrogatepass"),
        b"",
        {name: "1" for name in names if ":?" in text},
    )


def _renamed(section: str, entry: Any, prefix: str) -> Any:
    """The entry with the names of others as they are in the joined file."""
    if section != "services" or not isinstance(entry, dict):
        return entry
    for key in ("depends_on", "networks"):
        entry[key] = _with_prefix(entry[key], prefix) if key in entry else None
        if entry[key] is None:
            del entry[key]
    for key in ("network_mode", "pid", "ipc"):
        value = entry.get(key)
        if isinstance(value, str) and value.startswith("service:"):
            entry[key] = f"service:{prefix}{value[8:]}"
    for key in ("links", "volumes_from"):
        if isinstance(entry.get(key), list):
            entry[key] = [
                f"{prefix}{value}" if not str(value).startswith("container:") else value
                for value in entry[key]
            ]
    for key in ("volumes", "configs", "secrets"):
        if isinstance(entry.get(key), list):
            entry[key] = [_mount_with_prefix(mount, key, prefix) for mount in entry[key]]
    if isinstance(entry.get("container_name"), str):
        entry["container_name"] += prefix
    return entry


def _with_prefix(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        return {
            f"{prefix}{name}" if name != "default" else name: below
            for name, below in value.items()
        }
    return (
        [f"{prefix}{name}" if name != "default" else name for name in value]
        if isinstance(value, list)
        else value
    )


def _mount_with_prefix(mount: Any, key: str, prefix: str) -> Any:
    if isinstance(mount, dict):
        is_named = key != "volumes" or mount.get("type") == "volume"
        return (
            {**mount, "source": f"{prefix}{mount['source']}"}
            if is_named and mount.get("source")
            else mount
        )
    text = str(mount)
    is_named = key != "volumes" or (
        ":" in text and text[:1] not in "./~$" and text[1:2] != ":"
    )
    return f"{prefix}{text}" if is_named else mount


def _run_compose(
    folder: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            COMPOSE,
            "-f",
            "docker-compose.yml",
            "-p",
            "x",
            "config",
            "-q",
            "--no-env-resolution",
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": folder, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _config(text: bytes, dotenv: bytes, environment: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "docker-compose.yml").write_bytes(text)
        # What a script names as its file of variables is in the source.
        (Path(folder) / "a.env").touch()
        if dotenv:
            (Path(folder) / ".env").write_bytes(dotenv)
        try:
            done = _run_compose(folder, environment)
        except subprocess.TimeoutExpired:
            return "docker compose does not end"
    lines = [line for line in done.stderr.splitlines() if "level=warning" not in line]
    return (
        ""
        if done.returncode == 0
        else " ".join(lines).replace(folder, "")[:300] or "refused"
    )
