"""Sites of static files, served as they are or built by a front end's bundler: what their Dockerfile needs."""

from __future__ import annotations

import re
from typing import Any

from tocompose.languages import node
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.repository import Repository, map_at

_USUAL_ROOTS = ("public_html", "public", "dist", "build", "_site", "_static")
_NGINX = """\
server {{
    listen {port};
    root /usr/share/nginx/html;
    index index.html;
{pages}    location / {{
        try_files $uri $uri/ $uri.html {fallback};
    }}
}}
"""


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    config = repository.read_json("static.json")
    root = _served_folder(repository, config)
    stage = node.build_stage(repository)
    return DockerfileFacts(
        image="",
        default_command=("nginx", "-g", "daemon off;"),
        template={"root": root, "node": stage},
        build_steps=stage.steps if stage else (),
        workdir="/usr/share/nginx/html",
        source="" if root == "." else f"./{root}",
        files={"nginx.conf": _server_config(source, config)},
    )


def _server_config(source: DockerfileInput, config: dict[str, Any]) -> str:
    """nginx.conf: one page that reads the address by itself answers every path, where the site is one."""
    bundler = node.find_bundler(source.repository) or {}
    routes_all = any("**" in route for route in map_at(config, "routes"))
    error = config.get("error_page")
    pages = ""
    if isinstance(error, str) and re.fullmatch(r"[\w./-]+", error):
        pages = f"    error_page 404 /{error.lstrip('/')};\n"
    fallback = "/index.html" if routes_all or bundler.get("single") else "=404"
    return _NGINX.format(port=source.port, pages=pages, fallback=fallback)


def _served_folder(repository: Repository, config: dict[str, Any]) -> str:
    """The folder that is served: static.json's, Staticfile's, else the first usual one."""
    stated = config.get("root")
    if isinstance(stated, str) and re.fullmatch(r"[\w./-]+", stated):
        return stated.strip("/") or "."
    staticfile = repository.read_text("Staticfile") or ""
    match = re.search(r"^root:\s*([\w./-]+)\s*$", staticfile, re.MULTILINE)
    if match:
        return match[1].strip("/") or "."
    bundler = node.find_bundler(repository)
    if bundler:
        return str(bundler["root"])
    for folder in _USUAL_ROOTS:
        if repository.project.exists(f"{folder}/index.html"):
            return folder
    return "."


LANGUAGE = Language(
    read_libraries=lambda repository: (), dockerfile_facts=_dockerfile_facts
)
