"""Which kinds of service a repository's own compose file and ours both have: `python tests/procfile/official.py`.

Reads the repositories below TOCOMPOSE_CORPUS/procfile that carry `official.compose.yaml`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "converters"))

from tocompose.model import Role, Service
from tocompose.pipeline import Options, convert
from tocompose.project import Folder

_KINDS = {
    "postgres": ("postgres", "postgis", "pgvector"),
    "redis": ("redis", "valkey"),
    "mongo": ("mongo", "5e-database"),
    "mysql": ("mysql", "mariadb"),
    "rabbitmq": ("rabbitmq",),
    "search": ("elasticsearch", "opensearch"),
    "memcached": ("memcached",),
    "localstack": ("localstack", "minio"),
    "browser": ("selenium", "chrome"),
    "monitoring": ("exporter", "prometheus", "jaeger"),
    "mail": ("mailhog", "mailpit", "mailcatcher"),
}


def kind(name: str, image: str) -> str:
    """What a service is, by its image's name or its own: a kind of backing service, else app or worker."""
    text = f"{image or name} {name}".lower()
    for found, words in _KINDS.items():
        if any(word in text for word in words):
            return found
    plain = name.lower()
    if any(
        word in plain
        for word in (
            "worker",
            "celery",
            "sidekiq",
            "rq_",
            "queue",
            "jobs",
            "clock",
            "cron",
            "sched",
        )
    ):
        return "worker"
    return (
        "job"
        if any(word in plain for word in ("setup", "migrate", "release", "seed"))
        else "app"
    )


def ours(service: Service) -> str:
    """The kind of one of our services."""
    if service.role is Role.JOB:
        return "job"
    return kind(service.name, "" if service.build else service.image or "")


def compare(repository: Path) -> tuple[set[str], set[str]]:
    """The kinds in the official file, and in the converted stack."""
    document: Any = yaml.safe_load(
        (repository / "official.compose.yaml").read_text(encoding="utf-8")
    )
    services = document.get("services") or {}
    official = {
        kind(name, str((body or {}).get("image") or "")) for name, body in services.items()
    }
    stack = convert(Folder(repository), Options(source="procfile", practices="none")).stack
    return official, {ours(item) for item in stack.services}


def main() -> None:
    """Prints a line for each repository: the kinds of both, what only theirs has, what only ours has."""
    folder = Path(os.environ.get("TOCOMPOSE_CORPUS", "")) / "procfile"
    both_total = missed_total = 0
    for repository in sorted(
        path.parent for path in folder.glob("*/official.compose.yaml")
    ):
        official, found = compare(repository)
        both_total, missed_total = (
            both_total + len(official & found),
            missed_total + len(official - found),
        )
        parts = (
            ("both", official & found),
            ("official only", official - found),
            ("ours only", found - official),
        )
        print(
            f"{repository.name}: "
            + "; ".join(
                f"{name}: {', '.join(sorted(kinds)) or '-'}" for name, kinds in parts
            )
        )
    print(f"{both_total} kinds in both, {missed_total} in the official file only")


if __name__ == "__main__":
    main()
