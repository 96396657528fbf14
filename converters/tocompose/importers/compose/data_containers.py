"""Data-only containers: services that end at once and lend their volumes, from before volumes had names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.merge import mount_target
from tocompose.compose.shapes import as_list, as_map, as_text, as_texts
from tocompose.knowledge.images import image_facts
from tocompose.knowledge.old_containers import container_of_project, first_copy_command
from tocompose.knowledge.renewed_folders import renewed_files
from tocompose.notes import Note, note
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.wording import enumerated

# What such a container runs, where it runs anything.
_ENDING_COMMANDS = frozenset({"true", "/bin/true", "echo", "/bin/echo"})


def replace_data_containers(
    document: dict[str, Any],
    positions: Places,
    at: tuple[str, ...],
    project: str,
    older_project: str = "",
) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """The document with the volumes of data-only containers as named volumes of those that use them.

    `at` is the path of the services in the file; the old containers are found by the name of the project, or by an
    older one that it may have had.
    """
    services = {
        name: as_map(body) for name, body in as_map(document.get("services")).items()
    }
    lenders = _data_only(services)
    if not lenders:
        return document, ()
    volumes = as_map(document.get("volumes"))
    notes: list[Note] = []
    for lender in lenders:
        declared = set(volumes)
        mounts = _lent_mounts(lender, services[lender], volumes)
        new_volumes = {
            path: volume.partition(":")[0]
            for path, volume in mounts.items()
            if volume.partition(":")[0] in volumes.keys() - declared
        }
        users = [name for name, body in services.items() if lender in _sources_of(body)]
        for user in users:
            _lend(services[user], lender, mounts)
        span = positions.span(*at, lender)
        notes.append(
            note(
                "TC068",
                span,
                subject=ModelPath.of("services"),
                service=lender,
                users=enumerated(users),
                mounts=_in_words(mounts, volumes),
            )
        )
        stated_name = as_text(services[lender].get("container_name"))
        container = stated_name or container_of_project(project, lender, older_project)
        for path, volume in new_volumes.items():
            command = first_copy_command(container, path, volume, project)
            facts: dict[str, Any] = {"service": users[0], "path": path, "volume": volume}
            stopped = enumerated(users)
            how = f"If the containers run on this machine, stop {stopped} and copy the data before the first start"
            facts |= {"keeper": f"the old container {lender}", "how": how}
            facts |= {"kind": renewed_files(path), "command": command}
            code = "TC444" if facts["kind"] else "TC432"
            of_volume = ModelPath.of("volumes", volume)
            notes.append(note(code, span, subject=of_volume, **facts))
        del services[lender]
    return {**document, "services": services, "volumes": volumes}, tuple(notes)


def _in_words(mounts: Mapping[str, str], volumes: Mapping[str, Any]) -> str:
    """The mounts as volumes and bind mounts, each with its target."""
    kinds: dict[str, list[str]] = {"volume": [], "bind mount": []}
    for target, mount in mounts.items():
        source = mount.partition(":")[0]
        kind = "volume" if source in volumes else "bind mount"
        kinds[kind].append(f"{source} at {target}")
    return " and ".join(
        f"the {kind}{'s' if places[1:] else ''} {enumerated(places)}"
        for kind, places in kinds.items()
        if places
    )


def _sources_of(body: Mapping[str, Any]) -> list[str]:
    return [source.partition(":")[0] for source in as_texts(body.get("volumes_from"))]


def _data_only(services: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The services that lend volumes and run nothing."""
    lending = {source for body in services.values() for source in _sources_of(body)}
    return [
        name for name, body in services.items() if name in lending and _runs_nothing(body)
    ]


def _runs_nothing(body: Mapping[str, Any]) -> bool:
    if body.get("ports") or body.get("volumes_from") or not _own_volumes(body):
        return False
    command = body.get("command")
    command_line = (
        as_texts(command) if isinstance(command, list) else (as_text(command) or "").split()
    )
    if not command_line:
        image = as_text(body.get("image")) or ""
        return image.partition(":")[0] in (
            "busybox",
            "tianon/true",
            "scratch",
            "cogniteev/echo",
        )
    return command_line[0] in _ENDING_COMMANDS


def _own_volumes(body: Mapping[str, Any]) -> list[str]:
    """The volumes of a lender: those that it states, else where its image keeps data on a volume."""
    image = image_facts(as_text(body.get("image")) or "")
    declared = [data.path for data in image.data if not data.when] if image else []
    return [*as_texts(body.get("volumes"))] or declared


def _lent_mounts(
    name: str, body: Mapping[str, Any], volumes: dict[str, Any]
) -> dict[str, str]:
    """The mounts of a lender by their targets; a volume without a name gets one."""
    mounts: dict[str, str] = {}
    for volume in _own_volumes(body):
        source, colon, target_part = volume.partition(":")
        if colon:
            mounts[target_part.partition(":")[0]] = volume
            continue
        key = identifier(f"{name}-{source.strip('/').replace('/', '-')}")
        volumes.setdefault(key, None)
        mounts[source] = f"{key}:{source}"
    return mounts


def _lend(body: dict[str, Any], lender: str, mounts: Mapping[str, str]) -> None:
    """Gives the mounts to a service that took them from the lender."""
    all_sources = as_texts(body.pop("volumes_from", None))
    sources = [source for source in all_sources if source.partition(":")[0] != lender]
    if sources:
        body["volumes_from"] = sources
    own_mounts = as_list(body.get("volumes"))
    targets = set(map(mount_target, own_mounts))
    mode = ":ro" if f"{lender}:ro" in all_sources else ""
    lent = [
        mount if mount.count(":") > 1 else f"{mount}{mode}"
        for target, mount in mounts.items()
        if target not in targets
    ]
    body["volumes"] = [*own_mounts, *lent]
    _wait_no_more(body, lender)


def _wait_no_more(body: dict[str, Any], lender: str) -> None:
    """Takes a service that is gone out of those that are waited for."""
    waited_for = body.get("depends_on")
    if isinstance(waited_for, Mapping):
        body["depends_on"] = {
            name: condition for name, condition in waited_for.items() if name != lender
        }
    elif waited_for:
        body["depends_on"] = [name for name in as_texts(waited_for) if name != lender]
