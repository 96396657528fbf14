"""Sites of static files, served as they are or built by a front end's bundler: what their Dockerfile needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tocompose.languages import node
from tocompose.languages.language import DockerfileFacts, DockerfileInput, Language
from tocompose.languages.static_site import (
    FILE,
    USERS_FILE,
    SiteConfig,
    SiteRequest,
    make_site_config,
    site_variables,
)
from tocompose.repository import Repository

_USUAL_ROOTS = ("public_html", "public", "dist", "build", "_site", "_static")


def _dockerfile_facts(source: DockerfileInput) -> DockerfileFacts:
    repository = source.repository
    bundler = node.find_bundler(repository) or {}
    root = _served_folder(repository, repository.read_json("static.json"))
    request = SiteRequest(
        port=source.port,
        is_single=bool(bundler.get("single")),
        asks_user="BASIC_AUTH_USERNAME" in (*source.settings, *source.required),
        is_whole=root == ".",
    )
    site = make_site_config(repository, request)
    stage = node.build_stage(repository)
    return DockerfileFacts(
        image="",
        default_command=("nginx", "-g", "daemon off;"),
        template={
            "root": root,
            "node": stage,
            "copied": tuple(_copied_files(site)),
        },
        build_steps=stage.steps if stage else (),
        workdir="/usr/share/nginx/html",
        source="" if root == "." else f"./{root}",
        files={FILE: site.text, **site.files},
    )


def _copied_files(site: SiteConfig) -> Iterator[tuple[str, str]]:
    """Each file that nginx reads and its place; its own start script fills variables into templates."""
    if site.templated:
        yield FILE, "/etc/nginx/templates/default.conf.template"
    else:
        yield FILE, "/etc/nginx/conf.d/default.conf"
    for name in site.files:
        yield name, f"/etc/nginx/templates/{name}.template"
    if site.password_file:
        yield site.password_file, f"/etc/nginx/conf.d/{USERS_FILE}"


def _served_folder(repository: Repository, config: dict[str, Any]) -> str:
    """The folder that is served: static.json's, Staticfile's, else the first usual one."""
    stated = config.get("root")
    if isinstance(stated, str) and re.fullmatch(r"[\w./-]+", stated):
        return _folder_below(repository, stated)
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


def _folder_below(repository: Repository, stated: str) -> str:
    """The folder in the repository for one as it lies on the platform, where /app or /app/www holds the source."""
    folder = re.sub(r"^/app(?:/www)?(?=/|$)", "", stated).strip("/") or "."
    parent, _, name = folder.rpartition("/")
    bundler = node.find_bundler(repository) or {}
    is_elsewhere = bool(parent) and not repository.project.exists(parent)
    return name if is_elsewhere and name == bundler.get("root") else folder


LANGUAGE = Language(
    read_libraries=lambda repository: (),
    dockerfile_facts=_dockerfile_facts,
    site_variables=site_variables,
)
