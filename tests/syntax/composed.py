"""What the real docker compose makes of values, many at a call."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

import oracles


def config(
    services: Iterable[Mapping[str, Any]], environment: Mapping[str, str] | None = None
) -> list[dict[str, Any]] | str:
    """The services as docker compose reads them, or what it says when it refuses one of them."""
    bodies = {f"s{number}": {"image": "x", **body} for number, body in enumerate(services)}
    run = subprocess.run(
        [oracles.oracles().compose, "-f", "-", "config", "--format", "json"],
        input=json.dumps({"name": "t", "services": bodies}).encode(),
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/h", **(environment or {})},
    )
    if run.returncode:
        return run.stderr.decode()
    read = json.loads(run.stdout)["services"]
    return [read[name] for name in bodies]


def accepted(
    bodies: Iterable[Mapping[str, Any]], environment: Mapping[str, str] | None = None
) -> list[dict[str, Any] | None]:
    """Each service as docker compose reads it alone; None where it refuses it."""
    bodies = list(bodies)
    together = config(bodies, environment)
    if not isinstance(together, str):
        return list(together)
    if len(bodies) == 1:
        return [None]
    half = len(bodies) // 2
    return [*accepted(bodies[:half], environment), *accepted(bodies[half:], environment)]
