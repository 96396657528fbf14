"""Compares what manifests become with the compose file that the same application has of its own.

`python tests/kubernetes/pairs.py` prints two tables for the corpus named by TOCOMPOSE_CORPUS: for `k8s/pairs`, what of
the application's own compose file was found; for `k8s/roundtrip`, what came back of the file that kompose started from.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "converters"))

from tocompose.exporters.bundle import Layout  # noqa: E402
from tocompose.knowledge.images import image_ref  # noqa: E402
from tocompose.pipeline import Options, convert  # noqa: E402
from tocompose.project import Folder  # noqa: E402

Services = Mapping[str, Mapping[str, Any]]
ASPECTS = ("services", "images", "env keys", "ports")
# Where a config or secret is mounted that says no place.
_BELOW = {"configs": "/", "secrets": "/run/secrets/"}
BACK = ("services", "images", "env", "ports", "mounts", "command", "health", "restart")


class Count(NamedTuple):
    """How many of the wanted things were found, and which were not."""

    found: int
    wanted: int
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.found}/{self.wanted}"


def corpus() -> Path | None:
    """The corpus of manifests, when there is one."""
    root = os.environ.get("TOCOMPOSE_CORPUS")
    return Path(root) / "k8s" if root else None


def ours(folder: Path) -> Services:
    """The services that the folder's manifests become."""
    options = Options(source="kubernetes", practices="none", layout=Layout(split=False))
    return read(convert(Folder(folder), options).files[0].content)


def read(content: bytes) -> Services:
    """The services of a compose file."""
    found: Services = (yaml.safe_load(content) or {}).get("services") or {}
    return {name: body or {} for name, body in found.items()}


def matched(theirs: Services, mine: Services) -> dict[str, str]:
    """The service of ours that stands for each of theirs: by name, by network alias, else by a single same image."""
    found: dict[str, str] = {}
    for name, body in theirs.items():
        by_name = [other for other in mine if _plain(other) == _plain(name)]
        same = [
            other
            for other, service in mine.items()
            if repository(service) and repository(service) == repository(body)
        ]
        by_alias = [
            other
            for other, service in mine.items()
            if _plain(name) in map(_plain, aliases(service))
        ]
        # The containers of one pod answer to the same names: then the image tells them apart.
        by_alias = (
            [other for other in by_alias if other in same] or []
            if len(same) == 1
            else by_alias
        )
        # kompose calls a container of a pod by its container_name.
        own = _plain(str(body.get("container_name") or ""))
        by_container = [other for other in mine if own and _plain(other).endswith(own)]
        choice = by_name or by_alias or by_container or (same if len(same) == 1 else [])
        if choice:
            found[name] = choice[0]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def aliases(service: Mapping[str, Any]) -> Iterator[str]:
    """The network aliases of a service."""
    networks = service.get("networks") or {}
    for each in networks.values() if isinstance(networks, dict) else ():
        yield from (each or {}).get("aliases") or ()


def repository(service: Mapping[str, Any]) -> str:
    """The image without registry and tag."""
    given = re.sub(r"\$\{\w+:?\?[^}]*\}", "x", str(service.get("image") or ""))
    reference = image_ref(re.sub(r"\$\{\w+:?-?([^}]*)\}", r"\1", given))
    return reference.repository.rpartition("/")[2] if reference else ""


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a service."""
    given = service.get("environment") or {}
    if isinstance(given, list):
        return {item.partition("=")[0]: item.partition("=")[2] for item in map(str, given)}
    return {str(name): "" if value is None else str(value) for name, value in given.items()}


def ports(service: Mapping[str, Any]) -> set[str]:
    """The container ports that a service publishes or exposes."""
    found = set()
    for item in [*(service.get("ports") or ()), *(service.get("expose") or ())]:
        text = str(item.get("target")) if isinstance(item, dict) else str(item)
        found.add(text.rpartition(":")[2].partition("/")[0])
    return found


def published(service: Mapping[str, Any]) -> set[str]:
    """The container ports that a service publishes."""
    return ports({"ports": service.get("ports")})


def _with_namespace(service: Mapping[str, Any], mine: Services) -> Mapping[str, Any]:
    """The service with the ports of the one whose network namespace it shares."""
    owner = mine.get(str(service.get("network_mode") or "").removeprefix("service:"))
    return (
        service
        if owner is None
        else {**service, "expose": [*sorted(ports(owner)), *sorted(ports(service))]}
    )


def count(wanted: Iterable[str], found: Iterable[str]) -> Count:
    """How many of the wanted names are among those found."""
    asked, present = sorted(set(wanted)), set(found)
    missing = tuple(name for name in asked if name not in present)
    return Count(len(asked) - len(missing), len(asked), missing)


def compare(theirs: Services, mine: Services) -> dict[str, Count]:
    """What of an application's own compose file is found in what its manifests became."""
    pairs = matched(theirs, mine)
    mine = {name: _with_namespace(service, mine) for name, service in mine.items()}
    wanted_env = [f"{name}.{key}" for name in pairs for key in environment(theirs[name])]
    found_env = [
        f"{name}.{key}" for name, other in pairs.items() for key in environment(mine[other])
    ]
    wanted_ports = [f"{name}:{port}" for name in pairs for port in published(theirs[name])]
    found_ports = [
        f"{name}:{port}" for name, other in pairs.items() for port in ports(mine[other])
    ]
    return {
        "services": count(theirs, pairs),
        "images": count(
            filter(None, map(repository, theirs.values())), map(repository, mine.values())
        ),
        "env keys": count(wanted_env, found_env),
        "ports": count(wanted_ports, found_ports),
    }


def came_back(theirs: Services, mine: Services) -> dict[str, Count]:
    """What of the compose file that was the start is found again, values included."""
    pairs = matched(theirs, mine)
    mine = {name: _with_namespace(service, mine) for name, service in mine.items()}

    def both(read_of: Any) -> Count:
        wanted = [f"{name} {each}" for name in pairs for each in read_of(theirs[name])]
        return count(
            wanted,
            [
                f"{name} {each}"
                for name, other in pairs.items()
                for each in read_of(mine[other])
            ],
        )

    return {
        "services": count(theirs, pairs),
        "images": both(lambda body: [body["image"]] if body.get("image") else []),
        "env": both(
            lambda body: [f"{key}={value}" for key, value in environment(body).items()]
        ),
        "ports": both(ports),
        "mounts": both(_targets),
        "command": both(_words),
        "health": both(
            lambda body: ["health"] if (body.get("healthcheck") or {}).get("test") else []
        ),
        "restart": both(lambda body: [body["restart"]] if body.get("restart") else []),
    }


def _targets(service: Mapping[str, Any]) -> Iterator[str]:
    for key in ("volumes", "tmpfs", "configs", "secrets"):
        given = service.get(key) or ()
        for item in [given] if isinstance(given, str) else given:
            if isinstance(item, dict):
                yield str(
                    item.get("target") or _BELOW.get(key, "") + str(item.get("source"))
                )
            else:
                parts = str(item).split(":")
                yield parts[1] if len(parts) > 1 else _BELOW.get(key, "") + parts[0]


def _words(service: Mapping[str, Any]) -> Iterator[str]:
    for key in ("entrypoint", "command"):
        given = service.get(key) or []
        yield from shlex.split(given) if isinstance(given, str) else map(str, given)


def table(
    title: str, columns: tuple[str, ...], rows: dict[str, dict[str, Count]], detail: bool
) -> None:
    """Prints the rows and their sum."""
    width = max(len(name) for name in (*rows, title))
    print(f"{title:<{width}}  " + "  ".join(f"{column:>9}" for column in columns))
    for name, row in rows.items():
        print(f"{name:<{width}}  " + "  ".join(f"{row[column]!s:>9}" for column in columns))
        if detail:
            for column in columns:
                if row[column].missing:
                    print(f"    {column}: {', '.join(row[column].missing)}")
    sums = [
        Count(
            sum(r[c].found for r in rows.values()), sum(r[c].wanted for r in rows.values())
        )
        for c in columns
    ]
    print(f"{'all':<{width}}  " + "  ".join(f"{each!s:>9}" for each in sums))


def pairs(root: Path) -> dict[str, dict[str, Count]]:
    """The comparison of each application of `pairs/`."""
    return {
        folder.name: compare(
            read((folder / "compose.yaml").read_bytes()), ours(folder / "k8s")
        )
        for folder in sorted((root / "pairs").iterdir())
    }


def roundtrip(root: Path) -> dict[str, dict[str, Count]]:
    """The comparison of each case of `roundtrip/`."""
    return {
        folder.name: came_back(read((folder / "compose.yaml").read_bytes()), ours(folder))
        for folder in sorted((root / "roundtrip").iterdir())
    }


if __name__ == "__main__":
    place = corpus()
    if place is None:
        sys.exit("TOCOMPOSE_CORPUS names the corpus")
    table("application", ASPECTS, pairs(place), "-v" in sys.argv)
    print()
    table("round trip", BACK, roundtrip(place), "-v" in sys.argv)
