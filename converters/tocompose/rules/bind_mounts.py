"""VOL-BIND: code from the host in development only; files that must exist are not replaced by empty folders."""

from __future__ import annotations

from tocompose.model import Home, Mount, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.named_volumes import is_anonymous, is_mask
from tocompose.rules.sensitive_mounts import sensitive
from tocompose.rules.services import data_paths, facts, overlay, remark, with_overlay

_CODE = (
    "/app",
    "/usr/src",
    "/code",
    "/srv",
    "/src",
    "/workspace",
    "/var/www",
    "/opt",
    "/home",
    "/work",
    "/go/src",
)
# Names of folders that hold code. What else lies beside it (uploads, data, logs) is content that production needs too.
_SOURCES = frozenset(
    {
        "api",
        "app",
        "backend",
        "bin",
        "client",
        "cmd",
        "code",
        "frontend",
        "internal",
        "lib",
        "packages",
        "pkg",
    }
    | {"scripts", "server", "source", "src", "templates", "test", "tests", "views", "web"}
)
# Endings of files that a service is configured with; a folder is rarely called so.
_FILES = (
    *(
        ".conf",
        ".cfg",
        ".cnf",
        ".ini",
        ".toml",
        ".yml",
        ".yaml",
        ".json",
        ".xml",
        ".properties",
        ".env",
        ".rules",
    ),
    *(
        ".crt",
        ".cert",
        ".pem",
        ".key",
        ".sql",
        ".sh",
        ".lua",
        ".vcl",
        ".acl",
        ".htpasswd",
        ".config",
        ".tmpl",
    ),
)
# Files whose names have no ending, by their kind.
_NAMED_FILES = frozenset(
    {
        "caddyfile",
        "corefile",
        "dockerfile",
        "gemfile",
        "jenkinsfile",
        "makefile",
        "pipfile",
        "procfile",
    }
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with code mounts of built services in the dev file, and file mounts that fail when the file lacks."""
    return each(stack, _binds)


def _binds(service: Service) -> tuple[Service, list[Note]]:
    code = [
        mount for mount in service.mounts if service.build is not None and _is_code(mount)
    ]
    masks = [
        mount
        for mount in service.mounts
        if code and is_anonymous(mount) and is_mask(mount, service)
    ]
    stay = [mount for mount in service.mounts if mount not in code and mount not in masks]
    notes = [
        remark("TC655", service, "volumes", mount.origin, path=mount.target)
        for mount in code
    ]
    mounts: list[Mount] = []
    for mount in stay:
        mounts.append(_must_exist(mount) if _is_file(mount) else mount)
        notes += _remarks(service, mount)
    changed = (
        replace(service, mounts=tuple(mounts))
        if mounts != list(service.mounts)
        else service
    )
    if code:
        part = overlay(service, Home.DEV)
        changed = with_overlay(
            changed, Home.DEV, replace(part, mounts=(*part.mounts, *code, *masks))
        )
    return changed, notes


def _is_code(mount: Mount) -> bool:
    """Whether it is the built folder itself, or a folder of code in it, mounted where images keep code."""
    source = (mount.source or "").rstrip("/")
    inside = source == "." or (
        source.startswith("./") and source.rpartition("/")[2].lower() in _SOURCES
    )
    target = f"{mount.target.rstrip('/')}/"
    return (
        mount.kind == "bind"
        and inside
        and not _looks_like_file(source)
        and target.startswith(_CODE)
    )


def _is_file(mount: Mount) -> bool:
    return (
        mount.kind == "bind"
        and _looks_like_file(mount.source or "")
        and not mount.options
        and not mount.mode
    )


def _looks_like_file(source: str) -> bool:
    named = source.rpartition("/")[2].lower() in _NAMED_FILES
    return (named or source.lower().endswith(_FILES)) and not source.endswith("/.env/")


def _must_exist(mount: Mount) -> Mount:
    return replace(mount, options={"bind": {"create_host_path": False}})


def _remarks(service: Service, mount: Mount) -> list[Note]:
    if mount.kind != "bind" or mount.source is None or sensitive(mount.source):
        return []
    if _is_file(mount):
        return [remark("TC656", service, "volumes", mount.origin, path=mount.source)]
    if _looks_like_file(mount.source):
        return []
    known = facts(service)
    if known and any(
        f"{mount.target.rstrip('/')}/" == f"{path}/" for path in data_paths(service, known)
    ):
        return [remark("TC657", service, "", mount.origin, path=mount.source)]
    return [remark("TC658", service, "", mount.origin, path=mount.source)]


PRACTICE = Practice(
    id="VOL-BIND",
    title="Mount folders of the host in development only",
    severity="should",
    apply=apply,
    covers=("Q-10", "M-05", "S-03", "E-01"),
    url="https://docs.docker.com/engine/storage/bind-mounts/",
    examples=(
        Example(
            """
            services:
              web: {build: ., volumes: ['./src:/app/src', '/app/src/node_modules', './uploads:/data']}
              proxy: {image: 'nginx:1.27', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']}
            """,
            """
            services:
              web: {build: {context: .}, volumes: ['./uploads:/data']}
              proxy:
                image: nginx:1.27
                volumes:
                  - type: bind
                    source: ./nginx.conf
                    target: /etc/nginx/nginx.conf
                    read_only: true
                    bind: {create_host_path: false}
            """,
            override="services: {web: {volumes: ['./src:/app/src', '/app/src/node_modules']}}",
        ),
    ),
)
