"""Where data lie: Q-08, Q-09, Q-10, A-02, S-03, M-03, M-05 and the traps about mounts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.check.scene import Scene, Verdict, View, of_service
from tocompose.importers.compose.shapes import mapping
from tocompose.model import Mount, Role, Service
from tocompose.record import replace
from tocompose.rules.named_volumes import is_anonymous
from tocompose.rules.services import data_paths, facts, runs_server
from tocompose.syntax.mounts import is_windows_path

_FILE = re.compile(
    r"\.(?:conf|cnf|cfg|ini|ya?ml|json|toml|xml|properties|env|sh|sql|pem|crt|key|txt|html|py|js|lua|hcl)$"
)
# What is bound from the host on purpose, in production too.
_HOST = re.compile(
    r"(?:^/(?:var/run|run|dev|proc|sys|etc|lib/modules|tmp/\.X11-unix)\b|\.sock$|^/$)"
)


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on every mount and data directory."""
    for service in scene.main.stack.services:
        yield from _data(scene.main, service)
        for item in service.mounts:
            yield from _mount(scene, service, item)
    for service in scene.production.stack.services:
        yield from _binds(scene.production, service)


def _data(view: View, service: Service) -> Iterator[Verdict]:
    known = facts(service)
    if (
        known is None
        or not known.sure
        or service.role is Role.JOB
        or not runs_server(service)
    ):
        return
    for path in data_paths(service, known):
        at = [
            item
            for item in service.mounts
            if f"{path}/".startswith(f"{item.target.rstrip('/')}/")
        ]
        below = [item for item in service.mounts if item.target.startswith(f"{path}/")]
        kept = any(not is_anonymous(item) for item in (*at, *below))
        key = "volumes" if service.mounts else ""
        yield of_service(
            view, service, key, "Q-08 Q-09 M-03 M-05 S-03", kept, "TC713", path=path
        )
        if "postgresql" in path:
            targets = {item.target.rstrip("/") for item in (*at, *below)}
            holds = not targets or path in targets
            yield of_service(
                view,
                service,
                "volumes",
                "T19",
                holds,
                "TC738",
                path=path,
                image=service.image or "",
            )


def _mount(scene: Scene, service: Service, item: Mount) -> Iterator[Verdict]:
    if item.kind == "volume":
        named = not is_anonymous(item) or _hides_a_bind(item, service)
        yield _at(scene.main, service, item, "Q-09 A-02", named, "TC714", path=item.target)
        letter = "a name of one letter is taken for a Windows drive: the volume becomes an anonymous one"
        holds = item.source is not None or not is_windows_path(item.target)
        yield _at(
            scene.main,
            service,
            item,
            "T13",
            holds,
            "TC743",
            what=f"volume {item.target[:1]}",
            problem=letter,
        )
    if (
        item.kind == "bind"
        and item.source
        and _FILE.search(item.source)
        and "$" not in item.source
    ):
        there = item.source.startswith(("/", "~")) or scene.project.exists(item.source)
        safe = mapping(item.options.get("bind")).get("create_host_path") is False
        yield _at(
            scene.main, service, item, "T18", there or safe, "TC737", path=item.source
        )


def _hides_a_bind(item: Mount, service: Service) -> bool:
    """Whether the volume keeps a part of the image from being hidden by a bind mount above it (`node_modules`)."""
    binds = (mount.target.rstrip("/") for mount in service.mounts if mount.kind == "bind")
    return any(item.target.startswith(f"{target}/") for target in binds)


def _at(
    view: View,
    service: Service,
    item: Mount,
    ids: str,
    holds: bool,
    code: str,
    **facts_: str,
) -> Verdict:
    verdict = of_service(view, service, "volumes", ids, holds, code, **facts_)
    if verdict.note is None:
        return verdict
    span = view.places.item(item.target, "services", service.name, "volumes")
    return verdict._replace(note=replace(verdict.note, span=span))


def _binds(view: View, service: Service) -> Iterator[Verdict]:
    if service.role is Role.TOOL or service.profiles:
        return
    for item in service.mounts:
        if item.kind == "bind" and item.source:
            fixed = (
                item.read_only
                or bool(_FILE.search(item.source))
                or bool(_HOST.search(item.source))
            )
            yield _at(view, service, item, "Q-10 M-05", fixed, "TC715", path=item.source)
