"""The names that values of Secrets get in `.env`, and volumes of files as folders, given before a rule needs one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.absent import AbsentObjects
from tocompose.importers.kubernetes.claims import mounted_volumes
from tocompose.importers.kubernetes.cluster_model import ClusterModel, ContainerContext
from tocompose.importers.kubernetes.config import (
    ConfigStore,
    SecretValue,
    ValueKey,
    VolumeFiles,
    absent_value,
)
from tocompose.importers.kubernetes.config_files import file_name, free_folder
from tocompose.importers.kubernetes.container_fields import Container
from tocompose.importers.kubernetes.environment_fields import ConfigReference, EnvSource
from tocompose.importers.kubernetes.volume_fields import FILE_VOLUMES
from tocompose.importers.kubernetes.volume_files import volume_files
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.model import EnvSetting
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.names import (
    SHADOWED_BY_THE_SHELL,
    free_name,
    unique_name,
    variable_name,
)


def name_config(model: ClusterModel) -> ClusterModel:
    """The model with a name for each value and each folder that its containers use; of two that would have one name
    the first that a container uses gets it."""
    values = list(_secret_values(model.workloads, model.config_store))
    settings = _name_settings(values)
    settings |= _with_reading(values, settings, model.config_store.absent)
    folders, files = _name_folders(model)
    store = replace(
        model.config_store,
        settings=settings,
        setting_names=frozenset(setting.name for setting in settings.values()),
        folders=folders,
        files_by_folder=files,
        file_names=_name_files(files),
    )
    return model._replace(config_store=store)


def _name_settings(values: Iterable[SecretValue]) -> dict[ValueKey, EnvSetting]:
    settings: dict[ValueKey, EnvSetting] = {}
    names: set[str] = set()
    for value in values:
        if value.identity not in settings:
            # A hyphen would make `${NAME-2}` a default value.
            name = free_name(_wished_name(value, names), names, "_")
            names.add(name)
            settings[value.identity] = value.named(name)
    return settings


def _with_reading(
    values: Iterable[SecretValue],
    settings: Mapping[ValueKey, EnvSetting],
    absent: AbsentObjects,
) -> Iterator[tuple[ValueKey, EnvSetting]]:
    """The settings of values that the input does not hold, with the command that prints all that one object has of
    them."""
    open_keys: dict[tuple[str, str], dict[str, ValueKey]] = {}
    for value in values:
        if value.entry is None and not value.is_new:
            of_object = open_keys.setdefault((value.namespace, value.source), {})
            of_object[value.key] = value.identity
    for (namespace, source), identities in open_keys.items():
        kind, _, name = source.partition(" ")
        kept_object = absent.kept_object(kind, namespace, name)
        reading = (
            f"{source} in the cluster: {kept_object.reading_command(list(identities))}"
        )
        for identity in identities.values():
            yield identity, replace(settings[identity], reading=reading)


def _wished_name(value: SecretValue, names: set[str]) -> str:
    """The name of the variable that holds the value, or one that says whose it is where that one is taken."""
    name = variable_name(value.variable)
    is_reserved = name.startswith(("COMPOSE_", "DOCKER_"))
    if is_reserved or name in SHADOWED_BY_THE_SHELL or name in names:
        return variable_name(value.fallback)
    return name


def _secret_values(
    workloads: Iterable[Workload], store: ConfigStore
) -> Iterator[SecretValue]:
    """The values of Secrets that variables hold, container by container; the pods of one workload ask for the same."""
    for workload in workloads:
        for pod in workload.pods[:1]:
            for pod_container in pod.containers:
                yield from _values_of(pod_container.fields, workload.namespace, store)


def _values_of(
    fields: Container, namespace: str, store: ConfigStore
) -> Iterator[SecretValue]:
    user = fields.cursor.span
    for source in fields.env_sources:
        yield from _imported_values(source, namespace, user, store)
    for env_entry in fields.env:
        name, reference = env_entry.name.text, env_entry.reference
        if env_entry.value.text is not None or name is None:
            continue
        if isinstance(reference, ConfigReference):
            yield from _referred_values(reference, name, namespace, user, store)


def _imported_values(
    source: EnvSource, namespace: str, user: Span, store: ConfigStore
) -> Iterator[SecretValue]:
    prefix = source.prefix.text or ""
    for reference in source.references:
        kube_object = store.find(reference.kind, namespace, reference.name.text or "")
        if kube_object is None:
            continue
        for key in store.variables(kube_object):
            yield from store.values_behind(kube_object, key, f"{prefix}{key}", user)


def _referred_values(
    reference: ConfigReference, name: str, namespace: str, user: Span, store: ConfigStore
) -> Iterator[SecretValue]:
    source, key = reference.name.text or "", reference.key.text or ""
    kube_object = store.find(reference.kind, namespace, source)
    if kube_object is not None and key in store.variables(kube_object):
        yield from store.values_behind(kube_object, key, name, user)
    elif not reference.is_optional:
        yield absent_value(namespace, f"{reference.kind} {source}", key, name, user)


def _name_folders(
    model: ClusterModel,
) -> tuple[dict[tuple[str, str], str], dict[str, VolumeFiles]]:
    """The folder of each volume of files, by the service that mounts it and the name of the volume; and the files of
    each folder."""
    folders: dict[str, VolumeFiles] = {}
    names: dict[tuple[str, str], str] = {}
    for container in _containers_with_files(model):
        for mount, volume in mounted_volumes(container.fields, container.workload):
            if isinstance(volume.source, FILE_VOLUMES):
                files = volume_files(volume.source, volume.name, container)
                folder = free_folder(files, container, folders)
                names[container.service, mount.volume] = folder
    return names, folders


def _name_files(folders: Mapping[str, VolumeFiles]) -> dict[str, str]:
    """The name of each file as a config or secret of its own, by its path: no two of them have one."""
    names: dict[str, str] = {}
    used: dict[bool, set[str]] = {True: set(), False: set()}
    for folder, volume in folders.items():
        for file in volume.files:
            path = f"{folder}/{file.path}"
            names[path] = unique_name(file_name(path), used[file.secret])
    return names


def _containers_with_files(model: ClusterModel) -> Iterator[ContainerContext]:
    for workload, pod in model.pods():
        volumes = workload.pod_spec.volumes
        if any(isinstance(volume.source, FILE_VOLUMES) for volume in volumes):
            for pod_container in pod.containers:
                yield ContainerContext(model, workload, pod, pod_container)
