"""VOL-NAMED: data on volumes with a name, so that they outlive the container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tocompose.knowledge.images import Data, image_ref
from tocompose.knowledge.old_containers import (
    IN_SWARM,
    OWN_CONTAINER,
    command_that_saves,
    container_of_swarm,
    copied_before_it_stops,
    first_copy_command,
    first_copy_while_paused,
    name_in_swarm,
    old_container,
)
from tocompose.model import EnvVariable, Mount, Role, Runtime, Service, Stack, Volume
from tocompose.notes import Note
from tocompose.record import NamedTuple, replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_all,
    judge_services,
    remark,
    service_images,
)
from tocompose.rules.lost_data import (
    DATA_LINES,
    is_anonymous,
    is_kept,
    lies_at,
    lines_of_lost,
    missed_facts,
    mounts_around,
    remedy_for,
)
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.programs import runs_own_server, runs_server
from tocompose.rules.service_images import environment_of, facts_of, image_title
from tocompose.rules.views import judge_mount, mounts_of
from tocompose.syntax.host_paths import is_below
from tocompose.syntax.mounts import is_windows_path
from tocompose.syntax.names import unique_name, variable_name

# Folders of dependencies: an anonymous volume there keeps the image's own content from being hidden by a bind mount.
DEPENDENCY_FOLDERS = frozenset(
    (
        "node_modules vendor .venv venv target .next dist build .yarn deps _build .bundle .gradle "
        ".m2 bower_components .nuxt .svelte-kit elm-stuff __pycache__ .cache bundle"
    ).split()
)
_ONE_LETTER = (
    "a name of one letter is taken for a Windows drive: the volume becomes an anonymous one"
)
# What keeps its containers when it is stopped; with Quadlet's units their data go with each stop.
_KEEPING = (Runtime.DOCKER, Runtime.PODMAN, Runtime.PROJECT, *IN_SWARM)


class _NamedMounts(NamedTuple):
    """The mounts of a service with a name for each volume, the names that are new, and what to say.

    `settings` are the variables that make its image keep the data on a volume, `held` the places of the containers
    that ran before, each with the volume that takes its data.
    """

    mounts: list[Mount]
    names: list[str]
    notes: list[Note]
    settings: dict[str, str]
    held: list[tuple[str, str]]


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with anonymous volumes named, and a named volume where a known image keeps its data."""
    taken_names = {volume.name for volume in stack.volumes}
    services: list[Service] = []
    notes: list[Note] = []
    volumes = list(stack.volumes)
    files = MountedFiles(stack, context)
    for service in stack.services:
        named = _name_volumes(service, stack, files, taken_names)
        named.notes.extend(copy_notes(service, named, stack))
        named.notes.extend(_note_unkept(service, stack))
        if named.names or named.settings:
            settings = (
                EnvVariable(name=name, value=value)
                for name, value in named.settings.items()
            )
            environment = (*service.environment, *settings)
            mounts = tuple(named.mounts)
            service = replace(service, mounts=mounts, environment=environment)
        services.append(service)
        notes += named.notes
        volumes += [Volume(name=name) for name in named.names]
    mended = replace(stack, services=tuple(services), volumes=tuple(volumes))
    return Outcome(mended, tuple(notes))


def _own_data(service: Service, stack: Stack, files: MountedFiles) -> Iterator[Data]:
    """Where the service keeps data, without what `volumes_from` brings."""
    for data in kept_data(service, files):
        if not _is_inherited(data.path, service, stack, files):
            yield data


def _name_volumes(
    service: Service, stack: Stack, files: MountedFiles, taken_names: set[str]
) -> _NamedMounts:
    directories = list(_own_data(service, stack, files))
    paths = [data.path for data in directories]
    named = _NamedMounts([], [], [], {}, [])
    for mount in service.mounts:
        if is_anonymous(mount) and not is_mask(mount, service):
            mount = _name_mount(service, mount, paths, taken_names, named)
        named.mounts.append(mount)
    for data in directories:
        if _is_covered(data.path, service):
            named.notes.extend(_note_mismatch(service, files, data, stack))
            continue
        path = _settle_home(service, data, named)
        if data.home and _is_covered(path, service):
            continue
        if _has_replicas(service):
            named.notes.append(remark("TC653", service, path=path))
        else:
            name = _volume_name(service, data.path, paths, taken_names)
            _add_volume(service, data, path, name, named)
    return named


def _add_volume(
    service: Service, data: Data, path: str, name: str, named: _NamedMounts
) -> None:
    facts = {"path": path, "volume": name, "image": image_title(service)}
    named.notes.append(remark("TC651", service, "volumes", **facts))
    named.names.append(name)
    named.held.append((data.path, name))
    named.mounts.append(Mount(kind="volume", source=name, target=path))


def _note_unkept(service: Service, stack: Stack) -> Iterator[Note]:
    """A note where an unknown image is called like a database and has nothing to keep its data on."""
    if facts_of(service) is None:
        from tocompose.rules.unkept_data import note_unkept

        yield from note_unkept(service, stack)


def copy_notes(service: Service, named: _NamedMounts, stack: Stack) -> Iterator[Note]:
    """How the data of a container that ran before come into the volumes that are new."""
    is_kept = stack.runs_in in _KEEPING and service.role is not Role.JOB
    if not is_kept or not named.held:
        return
    project = stack.name if stack.runs_in is Runtime.PROJECT else ""
    client = "podman" if stack.runs_in is Runtime.PODMAN else "docker"
    if stack.runs_in in IN_SWARM:
        container = container_of_swarm(name_in_swarm(service, stack))
    else:
        container = old_container(service, project, client)
    from tocompose.knowledge.renewed_folders import renewed_files

    goes = copied_before_it_stops(service, stack)
    copy: Callable[..., str] = first_copy_command
    if goes:
        copy = partial(first_copy_while_paused, saving=command_that_saves(service))
    for path, volume in named.held:
        command = copy(container, path, volume, stack.name, client)
        key = ("volumes", path)
        kind = renewed_files(path)
        if kind:
            yield remark("TC444", service, key, path=path, kind=kind, command=command)
        else:
            how = (
                goes
                or "If the container runs on this machine, stop it and copy its data before the first start"
            )
            facts = {"path": path, "volume": volume, "keeper": OWN_CONTAINER, "how": how}
            yield remark("TC432", service, key, command=command, **facts)


def _settle_home(service: Service, data: Data, named: _NamedMounts) -> str:
    """Where the data of a directory will lie: where a volume can hold them, with the variables that move them there."""
    if not data.home:
        return data.path
    named.settings.update(data.settings)
    facts = {"path": data.path, "home": data.home, "image": image_title(service)}
    mover = data.moved_by[0]
    key = ("environment", mover)
    named.notes.append(remark("TC659", service, key, name=mover, **facts))
    return data.home


def _name_mount(
    service: Service,
    mount: Mount,
    paths: list[str],
    taken_names: set[str],
    named: _NamedMounts,
) -> Mount:
    """The volume with a name; as it is where replicas would share it."""
    if _has_replicas(service):
        named.notes.append(remark("TC653", service, path=mount.target))
        return mount
    name = _volume_name(service, mount.target, paths, taken_names)
    facts = {"path": mount.target, "volume": name}
    named.notes.append(remark("TC650", service, "volumes", **facts))
    named.names.append(name)
    named.held.append((mount.target, name))
    return replace(mount, source=name)


def kept_data(service: Service, files: MountedFiles) -> list[Data]:
    """Where the service keeps data that must outlive its container, as far as its image is known."""
    image = facts_of(service)
    if image is None or not image.sure:
        return []
    runs = runs_server(service) or runs_own_server(service, image)
    if service.role is Role.JOB or not runs:
        return []
    return [
        data
        for data in service_images.kept_data(files.with_env_files(service), image)
        if not (data.config and _is_covered(data.config, service))
    ]


def is_mask(mount: Mount, service: Service) -> bool:
    """Whether an anonymous volume only keeps a folder of dependencies from being hidden by a bind mount."""
    from tocompose.rules.frameworks import kept_folders

    parent, _, leaf = mount.target.rstrip("/").rpartition("/")
    binds = [bind.target for bind in mounts_of(service) if bind.kind == "bind"]
    if not any(is_below(parent, target) for target in binds):
        return False
    return leaf in DEPENDENCY_FOLDERS or leaf in kept_folders()


def _has_replicas(service: Service) -> bool:
    return (service.replicas or 1) > 1


def _is_covered(path: str, service: Service) -> bool:
    return bool(mounts_around(path, service))


def misses_data(service: Service, data: Data) -> bool:
    """Whether only a folder above the data is mounted, and the image makes an anonymous volume of their own.

    A folder below them that holds none is mounted for PostgreSQL, whose data moved up by a folder.
    """
    path = data.path
    targets = {mount.target.rstrip("/") for mount in mounts_around(path, service)}
    if not targets or path in targets or path in environment_of(service).values():
        return False
    if "postgresql" in path:
        return not _has_open_tag(service)
    return data.declared and not any(is_below(target, path) for target in targets)


def _has_open_tag(service: Service) -> bool:
    """Whether only a variable without a default says which version of the image runs."""
    ref = image_ref(service.image) if service.image and "$" in service.image else None
    return ref is not None and not (ref.tag[:1].isdigit() or ref.digest)


def _is_inherited(
    path: str,
    service: Service,
    stack: Stack,
    files: MountedFiles,
    heirs: frozenset[str] = frozenset(),
) -> bool:
    """Whether `volumes_from` brings the directory: a volume of its own there would hide the data."""
    heirs |= {service.name}
    for line in service.options.get("volumes_from") or ():
        name = str(line).partition(":")[0]
        # The mounts of a container outside of the stack are not known.
        if name == "container":
            return True
        owner = stack.service(name)
        if owner is None or name in heirs:
            continue
        own_paths = [data.path for data in kept_data(owner, files)]
        if _is_covered(path, owner) or path in own_paths:
            return True
        if _is_inherited(path, owner, stack, files, heirs):
            return True
    return False


def _note_mismatch(
    service: Service, files: MountedFiles, data: Data, stack: Stack
) -> Iterable[Note]:
    if misses_data(files.with_env_files(service), data):
        facts = missed_facts(service, data)
        mount = next(
            (one for one in service.mounts if one.target == facts["mounted"]), None
        )
        # What lies on the machines of a platform comes as a dump, which any version reads.
        is_empty = stack.runs_in is Runtime.PLATFORM and mount and mount.kind == "volume"
        facts["remedy"] = remedy_for(facts, starts_empty=bool(is_empty))
        yield remark("TC652", service, "", mount.origin if mount else None, **facts)


def _volume_name(
    service: Service, path: str, paths: list[str], taken_names: set[str]
) -> str:
    leaf = "data" if path in paths[:1] else path.rstrip("/").rpartition("/")[2]
    word = variable_name(leaf).lower().strip("_") or "data"
    return unique_name(f"{service.name}_{word}", taken_names)


def _judge_data(startup: Startup, service: Service) -> Iterator[Verdict]:
    key = "volumes" if service.mounts else ""
    files = MountedFiles(startup.stack, startup.context)
    for data in _own_data(service, startup.stack, files):
        path = data.path
        is_kept_there = is_kept(path, service)
        lines = DATA_LINES if is_kept_there else lines_of_lost(path, service)
        facts = missed_facts(service, data)
        if "postgresql" in path or data.declared:
            right = not misses_data(files.with_env_files(service), data)
            # One finding for one volume: where it lies elsewhere, and so has no name at the right place either.
            if not right and not is_kept_there:
                yield startup.verdict(
                    service, "volumes", f"T19 {lines}", False, "TC738", **facts
                )
                continue
            yield startup.verdict(service, "volumes", "T19", right, "TC738", **facts)
        yield startup.verdict(service, key, lines, is_kept_there, "TC713", path=path)


def _is_made_again(target: str) -> bool:
    """Whether the folder holds what a build or an installation makes again at any time."""
    name = target.rstrip("/").rpartition("/")[2]
    from tocompose.knowledge.renewed_folders import renewed_files

    return name in DEPENDENCY_FOLDERS or bool(renewed_files(target))


def _needs_no_name(mount: Mount, service: Service) -> bool:
    """Whether the volume has a name, or holds nothing that is missed."""
    if not is_anonymous(mount) or is_mask(mount, service):
        return True
    return _is_made_again(mount.target)


def _judge_volumes(startup: Startup, service: Service) -> Iterator[Verdict]:
    files = MountedFiles(startup.stack, startup.context)
    paths = (data.path for data in _own_data(service, startup.stack, files))
    lost_paths = [path for path in paths if not is_kept(path, service)]
    for mount in service.mounts:
        # Of data that nothing keeps `_judge_data` tells.
        is_told = any(lies_at(mount, path) for path in lost_paths)
        if mount.kind == "volume" and not is_told:
            named = _needs_no_name(mount, service)
            facts = {"path": mount.target}
            yield judge_mount(startup, service, mount, "Q-09 A-02", named, "TC714", **facts)
            is_word = mount.source is not None or not is_windows_path(mount.target)
            facts = {"what": f"volume {mount.target[:1]}", "problem": _ONE_LETTER}
            facts["how"] = "Give the volume a longer name."
            yield judge_mount(startup, service, mount, "T13", is_word, "TC743", **facts)


RULE = Rule(
    id="VOL-NAMED",
    title="Keep data on named volumes",
    summary="Names anonymous volumes, and adds a named volume where a known image keeps its data.",
    tells=("TC713", "TC714", "TC738", "TC743"),
    severity="must",
    mend=apply,
    covers=("Q-08", "Q-09", "A-02", "S-03", "M-05", "T-03", "T-04", "T-05"),
    url="https://docs.docker.com/engine/storage/volumes/",
    examples=(
        Example(
            "services: {db: {image: 'postgres:16'}, web: {image: 'corp/web:1', volumes: [/srv/uploads]}}",
            """
            services:
              db: {image: 'postgres:16', volumes: ['db_data:/var/lib/postgresql/data']}
              web: {image: 'corp/web:1', volumes: ['web_uploads:/srv/uploads']}
            volumes: {db_data: , web_uploads: }
            """,
        ),
        Example(
            "services: {db: {image: 'postgres:18', volumes: ['./pg:/var/lib/postgresql']}}",
            "services: {db: {image: 'postgres:18', volumes: ['./pg:/var/lib/postgresql']}}",
        ),
    ),
    judge=judge_all(judge_services(_judge_data), judge_services(_judge_volumes)),
    said_by={"TC713": ("TC652", "TC653"), "TC714": ("TC653",), "TC738": ("TC652",)},
    stated=frozenset(("TC713", "TC714")),
)
