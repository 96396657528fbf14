"""Loads what conversions need when it is imported: the process from which those that answer are forked."""

from __future__ import annotations

import json
from typing import Any

from tocompose.collector import put_loaded_aside
from tocompose.web.fields import RequestLimits
from tocompose.web.requests import answer_request

_SOURCES = (
    "#!/bin/sh\nif true; then\n  docker run -d --name db -v data:/data -p 5432:5432 -e A=b postgres:16\nfi\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n",
)
_PROCFILE = {
    "Procfile": "web: node server.js\n",
    "package.json": '{"dependencies": {"pg": "8"}}',
}


def warm_up() -> None:
    """Answers a request of each common kind."""
    limits = RequestLimits()
    requests: list[tuple[str, dict[str, Any]]] = [
        ("convert", {"text": source}) for source in _SOURCES
    ]
    requests.append(("convert", {"files": _PROCFILE}))
    requests.append(("check", {"text": "services: {web: {image: nginx, ports: [80]}}\n"}))
    for operation, request in requests:
        answer_request(operation, json.dumps(request).encode(), limits)


warm_up()
# What is there now stays as it is: no process that is forked need look at it, and copy it.
put_loaded_aside()
