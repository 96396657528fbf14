"""A container's variables: `envFrom`, `env` and where their values come from, in the order that decides who wins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tocompose.importers.kubernetes.absent import AbsentDemand
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config import SecretValue, absent_value
from tocompose.importers.kubernetes.downward import pod_value
from tocompose.importers.kubernetes.environment_fields import (
    ConfigReference,
    EnvEntry,
    EnvSource,
    FieldReference,
    ResourceReference,
    ValueReference,
)
from tocompose.importers.kubernetes.links import expand_references
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.reading_values import AskedFile, FileForm
from tocompose.importers.kubernetes.references import (
    called_service,
    rewrite_text,
    translated_port,
)
from tocompose.importers.kubernetes.services import KubeService
from tocompose.model import EnvFile, EnvVariable, File
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import is_whole_number

_INDEX = "JOB_COMPLETION_INDEX"
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_HOST = regex(r"(?P<prefix>.*?)_?(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER|SERVICE_HOST)")


class Environment:
    """The variables of a container while they are put together, texts as Compose reads them, with the places that they
    come from; `files` are those that the user must write."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._spans: dict[str, Span] = {}
        self._files: dict[str, EnvFile] = {}

    @property
    def values(self) -> Mapping[str, str]:
        """The texts by name; what is put in later is seen as well."""
        return MappingProxyType(self._values)

    @property
    def files(self) -> tuple[EnvFile, ...]:
        """The files that the user must write."""
        return tuple(self._files.values())

    def span(self, name: str) -> Span:
        """The place that a variable comes from."""
        return self._spans[name]

    def variables(self) -> tuple[EnvVariable, ...]:
        """The variables for the model."""
        return tuple(
            EnvVariable(name=name, value=text, origin=self._spans[name])
            for name, text in self._values.items()
        )

    def put(self, name: str, text: str, span: Span) -> None:
        """Sets a variable; one set again moves to the end, as the later one wins."""
        self._values.pop(name, None)
        self._values[name] = text
        self._spans[name] = span

    def change(self, name: str, text: str) -> None:
        """Gives a variable another text where it stands."""
        self._values[name] = text

    def add_file(self, path: str, span: Span) -> None:
        """Adds a file of variables."""
        self._files[path] = EnvFile(path=literal(path), required=False, origin=span)


def container_environment(container: ContainerContext) -> Environment:
    """The variables of a container: first `envFrom`, then `env`, in which a later name wins."""
    environment = Environment()
    for source in container.fields.env_sources:
        for name, text, span in _imported_variables(source, container, environment):
            environment.put(name, text, span)
    scope = _ExpansionScope(environment.values, container)
    for env_entry in _env_entries(container):
        _add_variable(env_entry, container, environment, scope)
    _put_index(container, environment)
    _follow_ports(container, environment)
    if container.model.is_template:
        _open_template(container, environment)
    return environment


def _put_index(container: ContainerContext, environment: Environment) -> None:
    """Tells a pod of an indexed job its number, unless the manifest does.

    https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/controller/job/indexed_job_utils.go
    """
    workload, number = container.workload, container.pod.ordinal
    if workload.is_indexed and number is not None and _INDEX not in environment.values:
        span = workload.job.completion_mode.cursor.span
        environment.put(_INDEX, str(number), span)


class _ExpansionScope(dict[str, str]):
    """What `$(NAME)` may name in a value: the variables so far, then the Services' own."""

    def __init__(self, values: Mapping[str, str], container: ContainerContext) -> None:
        super().__init__()
        self._values = values
        self._links = container.link_variables

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._links

    def __getitem__(self, name: str) -> str:
        text = self._values.get(name)
        return self._links[name] if text is None else text


def expansion_scope(
    environment: Environment, container: ContainerContext
) -> dict[str, str]:
    """What `$(NAME)` may name in the command and arguments of the container."""
    return _ExpansionScope(environment.values, container)


def _env_entries(container: ContainerContext) -> Iterator[EnvEntry]:
    """The entries of `env`; of two with one name the earlier never has an effect, except on what lies between."""
    env_entries = container.fields.env
    final = {env_entry.name.text: number for number, env_entry in enumerate(env_entries)}
    for number, env_entry in enumerate(env_entries):
        name = env_entry.name.text
        if name is None:
            env_entry.cursor.note(
                "TC215",
                problem="a variable without a name was left out",
                subject=container.path("environment"),
            )
        else:
            if final[name] != number:
                env_entry.cursor.annotate(
                    "TC215",
                    problem=f"the variable {name} stands twice; the last one counts",
                    subject=container.path("environment"),
                )
            yield env_entry


def _add_variable(
    env_entry: EnvEntry,
    container: ContainerContext,
    environment: Environment,
    scope: _ExpansionScope,
) -> None:
    name, origin = env_entry.name.text or "", env_entry.origin
    to = container.path("environment", name)
    text: str | None
    if env_entry.value.text is None and origin is not None:
        text = _from_reference(env_entry.reference, container, name)
    else:
        text = env_entry.value.take_text(to) or ""
        if origin is not None and text:
            origin.skip("a literal value is given as well")
        text = rewrite_text(
            expand_references(text, scope), env_entry.value.cursor, container, to
        )
    if text is None:
        env_entry.name.cursor.mark_noted("TC214")
    else:
        env_entry.name.cursor.take(to=to)
        environment.put(name, text, env_entry.cursor.span)


def _open_template(container: ContainerContext, environment: Environment) -> None:
    """Leaves the variables of a template variables of the stack."""
    from tocompose.importers.kubernetes.templates import open_variables

    for name, text in list(environment.values.items()):
        opened, open_names = open_variables(text, environment.values.keys() - {name})
        environment.change(name, opened)
        for setting_name in open_names:
            container.require(
                setting_name,
                f"part of the environment of {container.service}",
                environment.span(name),
            )


def _from_reference(
    reference: ValueReference | None, container: ContainerContext, name: str
) -> str | None:
    """The value that `valueFrom` points to; None when the variable is left out, which a note says."""
    to = container.path("environment", name)
    match reference:
        case ConfigReference():
            return _key_value(reference, container, name)
        case FieldReference() | ResourceReference():
            return pod_value(reference, container, name).settle(container, to)
        case None:
            return None


def _key_value(
    reference: ConfigReference, container: ContainerContext, name: str
) -> str | None:
    kind, cursor = reference.kind, reference.cursor
    source, key = reference.name.text or "", reference.key.text or ""
    store, to = container.store, container.path("environment", name)
    kube_object = store.find(kind, container.namespace, source)
    if kube_object is not None:
        container.use_config(kube_object)
        if key in store.variables(kube_object):
            text = _config_value(kube_object, key, name, container)
            if text is None:
                cursor.mark_noted("TC209")
            else:
                reference.name.cursor.take(to=to)
                reference.key.cursor.take(to=to)
            return text
    if reference.is_optional:
        cursor.note(
            "TC214",
            what=f"{kind} {source}, key {key}",
            name=name,
            subject=container.path("environment"),
        )
        return None
    cursor.map(to=to)
    title, span = f"{kind} {source}", container.fields.cursor.span
    value = absent_value(container.namespace, title, key, name, span)
    setting_in_words = f"{container.use_value(value)} (key {key})"
    container.contribute(
        AbsentDemand(
            kind, container.namespace, source, setting_in_words, to, cursor.span, key
        )
    )
    return _required_value(value, container)


def _required_value(value: SecretValue, container: ContainerContext) -> str:
    """A value that the user must fill in, in `.env`."""
    name = container.use_value(value)
    return f"${{{name}:?set {name} in .env ({value.key} of {value.source})}}"


def _config_value(
    kube_object: KubeObject, key: str, name: str, container: ContainerContext
) -> str | None:
    store, to = container.store, container.path("environment", name)
    span, config_entry = container.fields.cursor.span, store.entries(kube_object)[key]
    values = list(store.values_behind(kube_object, key, name, span))
    for value in values:
        container.use_value(value)
    made_value = store.made_value(kube_object, key)
    if made_value is not None:
        return made_value
    if values:
        (value,) = values
        if value.entry is not None:
            return f"${{{container.use_value(value)}}}"
        config_entry.note_bytes()
        return _required_value(value, container)
    content = config_entry.content(to)
    if content is None:
        return None
    kube_object.count_identity_as_mapped(to)
    return rewrite_text(
        literal(content.decode(errors="replace")), config_entry.cursor, container, to
    )


def _imported_variables(
    source: EnvSource, container: ContainerContext, environment: Environment
) -> Iterator[tuple[str, str, Span]]:
    """The variables that one entry of `envFrom` brings in."""
    store, to = container.store, container.path()
    prefix = source.prefix.text or ""
    for reference in source.references:
        name = reference.name.text or ""
        kube_object = store.find(reference.kind, container.namespace, name)
        if kube_object is None:
            _stand_in_file(source, reference, container, environment)
            continue
        container.use_config(kube_object)
        reference.name.cursor.take(to=to)
        if store.variables(kube_object):
            source.prefix.cursor.take(to=to)
        for key in store.variables(kube_object):
            yield from _imported_variable(kube_object, key, f"{prefix}{key}", container)


def _stand_in_file(
    source: EnvSource,
    reference: ConfigReference,
    container: ContainerContext,
    environment: Environment,
) -> None:
    """A file of variables in the place of a ConfigMap or Secret that the input does not hold."""
    kind, name, span = reference.kind, reference.name.text or "", reference.cursor.span
    source_name = f"{kind} {name}"
    if reference.is_optional:
        reference.cursor.note(
            "TC214", what=source_name, name="all its variables", subject=container.path()
        )
        return
    secret = kind == "Secret"
    path = f"./{'secrets' if secret else 'config'}/{name}.env"
    to, prefix = container.path("env_file"), source.prefix.text
    reference.name.cursor.take(to=to)
    file_in_words = (
        f"{path} (its variables, each name with {prefix} in front)"
        if prefix
        else f"{path} (its variables)"
    )
    container.contribute(
        AbsentDemand(
            kind,
            container.namespace,
            name,
            file_in_words,
            to,
            span,
            asked_file=AskedFile(path[2:], FileForm.VARIABLES, prefix or ""),
        )
    )
    code = container.store.absent.code(kind, container.namespace, name)
    source.cursor.mark_noted(code)
    take_text = f"# {source_name} is not among the manifests: write its variables here, NAME=value on a line each.\n"
    container.contribute(
        File(
            path=path[2:],
            content=take_text.encode(),
            mode=0o600 if secret else 0o644,
            secret=secret,
            origin=span,
        )
    )
    environment.add_file(path, span)


def _imported_variable(
    kube_object: KubeObject, key: str, name: str, container: ContainerContext
) -> Iterator[tuple[str, str, Span]]:
    cursor = container.store.entries(kube_object)[key].cursor
    if not re.fullmatch(_IDENTIFIER, name):
        cursor.annotate(
            "TC215",
            problem=f"the variable {name} has no name that a shell in the container can read",
            subject=container.path("environment", name),
        )
    text = _config_value(kube_object, key, name, container)
    if text is not None:
        yield name, text, cursor.span


def _follow_ports(container: ContainerContext, environment: Environment) -> None:
    """Where one variable names a Service and its sibling the Service's port, the sibling gets the container's port."""
    for name, host in list(environment.values.items()):
        match = _HOST.fullmatch(name)
        if match is None or not host:
            continue
        service = called_service(host, container)
        if service is None or service.headless:
            continue
        prefix = match["prefix"]
        for port_variable in (f"{prefix}_PORT", f"{name}_PORT", f"{prefix}PORT"):
            _translate_variable(port_variable, service, container, environment)


def _translate_variable(
    name: str, service: KubeService, container: ContainerContext, environment: Environment
) -> None:
    port_text = environment.values.get(name, "")
    translation = (
        translated_port(service, int(port_text)) if is_whole_number(port_text) else None
    )
    if translation is None:
        return
    new_port = str(translation[1])
    environment.change(name, new_port)
    container.model.ledger.add_note(
        note(
            "TC221",
            environment.span(name),
            subject=container.path("environment", name),
            old=port_text,
            new=new_port,
            service=service.name,
        )
    )
