"""What stands behind a pod's volume: a named volume, a path of the host, memory, an image."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.claims import ClaimBinding, claim_name
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_fields import Container
from tocompose.importers.kubernetes.resources import ONE, compose_memory, parse_quantity
from tocompose.importers.kubernetes.security import fs_group
from tocompose.importers.kubernetes.volume_fields import (
    ClaimTemplate,
    ClaimVolume,
    EmptyDirVolume,
    EphemeralVolume,
    ForeignVolume,
    HostPathVolume,
    ImageVolume,
    MountedVolume,
    NfsVolume,
    PersistentVolume,
    PodVolume,
)
from tocompose.importers.kubernetes.volume_sources import (
    VolumeSource,
    host_path,
    nfs_volume,
)
from tocompose.importers.kubernetes.workloads import ContainerRole, PodContainer
from tocompose.knowledge.images import image_facts
from tocompose.model import Volume
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath

_SMALL = 256 * 2**20
_TEMPORARY = ("/tmp", "/var/tmp", "/run", "/var/run", "/var/cache", "/cache")
# As /tmp is: Kubernetes gives an emptyDir to everybody.
_OPEN_MODE = 0o1777


class _VolumeMount(NamedTuple):
    """A volume as a mount of the container at `target` sees it."""

    volume: PodVolume
    container: ContainerContext
    target: str

    def name(self, default: str = "volume") -> str:
        """The volume's name in the pod."""
        return self.volume.name or default

    def declare(self, owner: str) -> VolumeSource:
        """A named volume of the pod or workload of that name."""
        name = f"{owner}-{self.name()}"
        self.container.contribute(Volume(name=name, origin=self.volume.cursor.span))
        return VolumeSource(kind="volume", source=name)


class _EmptyDir(NamedTuple):
    """What an emptyDir asks for; `size` as Compose writes it."""

    fields: EmptyDirVolume
    size: str | None
    in_memory: bool
    is_small: bool
    is_shared: bool
    is_prepared: bool

    @classmethod
    def of(cls, fields: EmptyDirVolume, mounted: _VolumeMount) -> _EmptyDir:
        """What the volume says, and whether several containers of the pod mount it."""
        limit = fields.size_limit.text
        amount = parse_quantity(limit) if limit else None
        return cls(
            fields,
            size=compose_memory(amount) if amount else None,
            in_memory=fields.medium.text == "Memory",
            is_small=amount is not None and amount <= _SMALL * ONE,
            is_shared=_is_shared(mounted),
            is_prepared=_is_prepared(mounted),
        )


def source_of(
    source: MountedVolume, volume: PodVolume, container: ContainerContext, target: str
) -> VolumeSource:
    """What a mount at `target` takes its files from."""
    mounted = _VolumeMount(volume, container, target)
    match source:
        case ClaimVolume():
            return _claim_source(source, container)
        case EmptyDirVolume():
            return _empty_dir(_EmptyDir.of(source, mounted), mounted)
        case HostPathVolume():
            return host_path(source, container)
        case NfsVolume():
            name = f"{container.workload.name}-{mounted.name('nfs')}"
            return nfs_volume(source, name, container)
        case ImageVolume():
            reference = source.reference.take_text(container.path("volumes")) or ""
            return VolumeSource(kind="image", source=literal(reference), read_only=True)
        case EphemeralVolume():
            if container.is_replicated:
                return _directory_of_each(mounted, source)
            return mounted.declare(container.pod.base)
        case ForeignVolume():
            return mounted.declare(container.workload.name)


def template_source(template: ClaimTemplate, container: ContainerContext) -> VolumeSource:
    """The volume of a StatefulSet's claim template, one for each of its pods, named as Kubernetes names it."""
    ordinal = container.pod.ordinal or 0
    volume = f"{template.name.text}-{container.workload.name}-{ordinal}"
    template.name.take(ModelPath.of("volumes", volume))
    for type_field in template.type_fields:
        container.not_applicable(type_field.cursor, "TC257")
    container.not_applicable(template.volume_name.cursor, "TC243")
    container.contribute(Volume(name=volume, origin=template.cursor.value_span))
    return VolumeSource(kind="volume", source=volume, read_only=template.is_read_only)


def _claim_source(volume: ClaimVolume, container: ContainerContext) -> VolumeSource:
    name = claim_name(volume, container.workload)
    binding = container.model.claims.binding(container.namespace, name)
    for tie in binding.ties:
        tie.take(container.path("volumes"))
    source = _bound_source(binding, container)
    if binding.claim is not None:
        to = container.path("volumes")
        if source.kind == "volume" and source.source is not None:
            to = ModelPath.of("volumes", source.source)
        binding.claim.kube_object.count_identity_as_mapped(to)
        read_only = source.read_only or binding.claim.is_read_only
        source = source._replace(read_only=read_only)
    volume.cursor.map(to=container.path("volumes"))
    if source.read_only:
        container.not_applicable(volume.read_only.cursor)
    read_only = source.read_only or volume.read_only.flag is True
    return source._replace(read_only=read_only)


def _bound_source(binding: ClaimBinding, container: ContainerContext) -> VolumeSource:
    """What the volume behind a claim stands for; a named volume where only the cluster's storage knows."""
    if binding.volume is not None:
        source = _persistent_source(binding.volume, container)
        if source is not None:
            return source
    origin = binding.claim.kube_object.span if binding.claim is not None else None
    container.contribute(Volume(name=binding.name, origin=origin))
    return VolumeSource(kind="volume", source=binding.name)


def _persistent_source(
    volume: PersistentVolume, container: ContainerContext
) -> VolumeSource | None:
    """What a PersistentVolume of the input stands for; None where only the cluster's storage knows."""
    kube_object = volume.kube_object
    kube_object.count_identity_as_mapped(container.path("volumes"))
    if isinstance(volume.source, NfsVolume):
        to = ModelPath.of("volumes")
        options = (option.take_text(to) for option in volume.mount_options)
        nfs_options = tuple(literal(option) for option in options if option)
        source = nfs_volume(volume.source, kube_object.name, container, nfs_options)
        kube_object.count_identity_as_mapped(ModelPath.of("volumes", kube_object.name))
        return source
    container.not_applicable(volume.options_cursor, "TC243", kube_object)
    if volume.source is None:
        return None
    return host_path(volume.source, container)


def _empty_dir(empty_dir: _EmptyDir, mounted: _VolumeMount) -> VolumeSource:
    fields = empty_dir.fields
    if empty_dir.is_shared:
        return _directory_volume(mounted, empty_dir)
    if empty_dir.in_memory and mounted.target == "/dev/shm":
        fields.cursor.map(to=mounted.container.path("shm_size"))
        options = {"shm_size": empty_dir.size or "64M"}
        return VolumeSource(kind="tmpfs", key="shm_size", options=options)
    if empty_dir.is_small or mounted.target.rstrip("/") in _TEMPORARY:
        if empty_dir.in_memory:
            mounted.container.not_applicable(fields.medium.cursor)
        return _tmpfs(mounted, empty_dir)
    if empty_dir.in_memory:
        return _tmpfs(mounted, empty_dir)
    if mounted.container.is_replicated:
        for stated_field in (fields.size_limit, fields.mode):
            mounted.container.not_applicable(stated_field.cursor, "TC243")
        fields.cursor.map(to=mounted.container.path("volumes"))
        return _directory_of_each(mounted, fields)
    return _directory_volume(mounted, empty_dir)


def _tmpfs(mounted: _VolumeMount, empty_dir: _EmptyDir) -> VolumeSource:
    empty_dir.fields.cursor.map(to=mounted.container.path("volumes"))
    mode = empty_dir.fields.mode.number
    options: dict[str, Any] = {"mode": _OPEN_MODE if mode is None else mode}
    if empty_dir.size:
        options["size"] = empty_dir.size
    return VolumeSource(kind="tmpfs", mount_options={"tmpfs": options})


def _directory_of_each(
    mounted: _VolumeMount, fields: EmptyDirVolume | EphemeralVolume
) -> VolumeSource:
    """A directory of each replica's own: replicas of a service would share a volume with a name."""
    container = mounted.container
    to = container.path("volumes")
    # Nobody could open an unnamed volume to a user of the manifest's choice.
    in_memory = container.run_as.user.text is not None and not container.run_as.is_root
    fields.cursor.annotate(
        "TC267",
        service=container.service,
        path=mounted.target,
        what="in memory" if in_memory else "in a volume without a name",
        subject=to,
    )
    if in_memory:
        return VolumeSource(kind="tmpfs", mount_options={"tmpfs": {"mode": _OPEN_MODE}})
    return VolumeSource(kind="volume")


def image_owns(target: str, container: ContainerContext) -> bool:
    """Whether the image keeps its data there and runs as the user that owns it: a new volume gets both from the image.

    https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container
    """
    if container.run_as.user.text is not None:
        return False
    facts = image_facts(container.fields.image.text or "")
    folders = [(data.home or data.path).rstrip("/") for data in facts.data] if facts else []
    return target.rstrip("/") in folders


def _directory_volume(mounted: _VolumeMount, empty_dir: _EmptyDir) -> VolumeSource:
    """A named volume that the containers of the pod share."""
    fields, container = empty_dir.fields, mounted.container
    name = f"{container.pod.base}-{mounted.name()}"
    fields.cursor.map(to=ModelPath.of("volumes", name))
    container.not_applicable(fields.mode.cursor)
    source = VolumeSource(kind="volume", source=name)
    if empty_dir.in_memory and empty_dir.is_prepared:
        to = ModelPath.of("volumes", name)
        fields.medium.cursor.annotate("TC692", volume=name, subject=to)
    elif empty_dir.in_memory:
        container.contribute(_memory_volume(name, empty_dir, container))
        return source._replace(is_ready=True)
    if empty_dir.size:
        limit = fields.size_limit
        limit.cursor.annotate(
            "TC243",
            object=container.describe_volume(mounted.name()),
            fields=f"sizeLimit: {limit.text}",
        )
    container.contribute(Volume(name=name, origin=fields.cursor.span))
    fields.cursor.annotate("TC245", volume=name, subject=ModelPath.of("volumes", name))
    if not empty_dir.is_shared and image_owns(mounted.target, container):
        return source
    # An emptyDir starts empty: Docker would copy the image's files into it.
    return source._replace(empty=True, mount_options={"volume": {"nocopy": True}})


def _memory_volume(name: str, empty_dir: _EmptyDir, container: ContainerContext) -> Volume:
    """A volume in memory, made each time for everybody, or for the pod's group: what a job changed in it would be gone
    with the job."""
    group = fs_group(container)
    options = ["mode=1777"] if group is None else ["mode=2777", f"gid={group}"]
    if empty_dir.size:
        options.append(f"size={empty_dir.size.lower()}")
    driver_opts = {"type": "tmpfs", "device": "tmpfs", "o": ",".join(options)}
    origin = empty_dir.fields.cursor.span
    return Volume(
        name=name, driver="local", options={"driver_opts": driver_opts}, origin=origin
    )


def _users(mounted: _VolumeMount) -> list[PodContainer]:
    """The containers of the pod that mount the volume."""
    return [
        pod_container
        for pod_container in mounted.container.pod.containers
        if _sub_paths(mounted, pod_container.fields)
    ]


def _sub_paths(mounted: _VolumeMount, fields: Container) -> list[str | None]:
    """What a container mounts of the volume, once a mount: a path in it, or None for all of it."""
    return [
        mount.sub_path.text or mount.sub_path_expression.text
        for mount in fields.mounts
        if mount.volume == mounted.name()
    ]


def _is_prepared(mounted: _VolumeMount) -> bool:
    """Whether a container that ends leaves something in the volume for others: an init container, or the job that makes
    sub-paths. The engine empties a volume in memory as soon as no container uses it.

    https://github.com/moby/moby/blob/v28.0.0/volume/local/local.go (Unmount)
    """
    return any(
        pod_container.role is ContainerRole.INIT
        or any(_sub_paths(mounted, pod_container.fields))
        for pod_container in _users(mounted)
    )


def _is_shared(mounted: _VolumeMount) -> bool:
    """Whether several containers of the pod mount the volume, or this one mounts the same of it twice."""
    container = mounted.container
    if len(_users(mounted)) > 1:
        return True
    sub_paths = _sub_paths(mounted, container.fields)
    return len(set(sub_paths)) < len(sub_paths) and not container.is_replicated
