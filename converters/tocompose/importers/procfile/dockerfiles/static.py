"""What the Dockerfile of a site of static files needs."""

from __future__ import annotations

import re
from typing import Any

from tocompose.importers.procfile.bundlers import bundler
from tocompose.importers.procfile.dockerfiles import node
from tocompose.importers.procfile.dockerfiles.generate import Brief, Facts
from tocompose.importers.procfile.repository import Repository

_ROOTS = ("public_html", "public", "dist", "build", "_site", "_static")
_CONF = """\
server {{
    listen {port};
    root /usr/share/nginx/html;
    index index.html;
{pages}    location / {{
        try_files $uri $uri/ $uri.html {fallback};
    }}
}}
"""


def facts(brief: Brief) -> Facts:
    """The facts of static.j2, and the nginx configuration that goes with it."""
    repository = brief.repository
    config = repository.json("static.json")
    config = config if isinstance(config, dict) else {}
    root = _root(repository, config)
    routes = config.get("routes") if isinstance(config.get("routes"), dict) else {}
    single = isinstance(routes, dict) and any("**" in key for key in routes)
    single = single or bool((bundler(repository) or {}).get("single"))
    error = config.get("error_page")
    pages = (
        f"    error_page 404 /{error.lstrip('/')};\n"
        if isinstance(error, str) and re.fullmatch(r"[\w./-]+", error)
        else ""
    )
    built = _node(brief)
    return {
        "root": root,
        "node": built,
        "build_steps": built["steps"] if built else (),
        "workdir": "/usr/share/nginx/html",
        "source": "" if root == "." else f"./{root}",
        "files": {
            "nginx.conf": _CONF.format(
                port=brief.port, pages=pages, fallback="/index.html" if single else "=404"
            )
        },
        "default_command": ("nginx", "-g", "daemon off;"),
    }


def _root(repository: Repository, config: dict[str, Any]) -> str:
    """The folder that is served: static.json's, Staticfile's, else the first usual one."""
    stated = config.get("root")
    if isinstance(stated, str) and re.fullmatch(r"[\w./-]+", stated):
        return stated.strip("/") or "."
    match = re.search(
        r"^root:\s*([\w./-]+)\s*$", repository.text("Staticfile") or "", re.MULTILINE
    )
    if match:
        return match[1].strip("/") or "."
    made = bundler(repository)
    if made:
        return str(made["root"])
    return next(
        (name for name in _ROOTS if repository.project.exists(f"{name}/index.html")), "."
    )


def _node(brief: Brief) -> dict[str, Any] | None:
    repository = brief.repository
    package = node.package_json(repository)
    chosen = node.package_tool(repository, package)
    steps = tuple(node.build_steps(package, chosen))
    if not steps:
        return None
    version = node.node_version(repository).text
    return {
        "image": node.image(version),
        "steps": steps,
        **node.install(repository, package, chosen, version),
    }
