"""A container's variables: `envFrom`, `env` and where their values come from, in the order that decides who wins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.links import expand_references, link_variables
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.references import rewrite_text, translated_port
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    take_text,
)
from tocompose.importers.kubernetes.services import KubeService
from tocompose.ledger import Cursor
from tocompose.model import EnvFile, EnvVariable, File
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import is_whole_number

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_HOST = regex(r"(?P<prefix>.*?)_?(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER|SERVICE_HOST)")


class Environment(NamedTuple):
    """The variables of a container, texts as Compose reads them, with the places that they come from; `files` are
    those that the user must write, by path."""

    values: dict[str, str]
    spans: dict[str, Span]
    files: dict[str, EnvFile]

    def variables(self) -> tuple[EnvVariable, ...]:
        """The variables for the model."""
        return tuple(
            EnvVariable(name=name, value=text, origin=self.spans[name])
            for name, text in self.values.items()
        )

    def put(self, name: str, text: str, span: Span) -> None:
        """Sets a variable; one set again moves to the end, as the later one wins."""
        self.values.pop(name, None)
        self.values[name] = text
        self.spans[name] = span


def container_environment(container: ContainerContext) -> Environment:
    """The variables of a container: first `envFrom`, then `env`, in which a later name wins."""
    environment = Environment({}, {}, {})
    cursor = container.cursor
    for source in list_entries(cursor.at("envFrom")):
        for name, text, span in _imported_variables(source, container, environment):
            environment.put(name, text, span)
    scope = _ExpansionScope(environment.values, container)
    for env_entry in _env_entries(cursor.at("env"), container):
        _add_variable(env_entry, container, environment, scope)
    _follow_ports(container, environment)
    if container.builder.is_template:
        _open_template(container, environment)
    return environment


class _ExpansionScope(dict[str, str]):
    """What `$(NAME)` may name in a value: the variables so far, then the Services' own."""

    def __init__(self, values: dict[str, str], container: ContainerContext) -> None:
        super().__init__()
        self._values = values
        self._links = link_variables(container)

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


def _env_entries(cursor: Cursor, container: ContainerContext) -> Iterator[Cursor]:
    """The entries of `env`; of two with one name the earlier never has an effect, except on what lies between."""
    env_entries = list(list_entries(cursor))
    final = {
        peek_text(env_entry.at("name")): number
        for number, env_entry in enumerate(env_entries)
    }
    for number, env_entry in enumerate(env_entries):
        name = peek_text(env_entry.at("name"))
        if name is None:
            env_entry.note(
                "TC215", name="without a name", subject=container.path("environment")
            )
        else:
            if final[name] != number:
                env_entry.annotate(
                    "TC215",
                    name=f"{name}, which stands twice,",
                    subject=container.path("environment"),
                )
            yield env_entry


def _add_variable(
    env_entry: Cursor,
    container: ContainerContext,
    environment: Environment,
    scope: _ExpansionScope,
) -> None:
    name = peek_text(env_entry.at("name")) or ""
    to = container.path("environment", name)
    origin = env_entry.at("valueFrom")
    if peek_text(env_entry.at("value")) is None and origin.kind == "map":
        text = _from_reference(origin, container, name)
    else:
        text = take_text(env_entry.at("value"), to) or ""
        if origin.kind == "map" and text:
            origin.skip("a literal value is given as well")
        text = rewrite_text(
            expand_references(text, scope), env_entry.at("value"), container, to
        )
    if text is None:
        env_entry.at("name").mark_noted("TC214")
    else:
        env_entry.at("name").take(to=to)
        environment.put(name, text, env_entry.span)


def _open_template(container: ContainerContext, environment: Environment) -> None:
    """Leaves the variables of a template variables of the stack."""
    from tocompose.importers.kubernetes.templates import open_variables

    for name, text in environment.values.items():
        opened, open_names = open_variables(text, environment.values.keys() - {name})
        environment.values[name] = opened
        for setting_name in open_names:
            container.builder.require_setting(
                setting_name,
                f"part of the environment of {container.service}",
                environment.spans[name],
            )


def _from_reference(origin: Cursor, container: ContainerContext, name: str) -> str | None:
    """The value that `valueFrom` points to; None when the variable is left out, which a note says."""
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if reference := origin.at(key):
            return _key_value(reference, kind, container, name)
    if reference := origin.at("fieldRef"):
        return field_value(reference, container, container.path("environment", name), name)
    if reference := origin.at("resourceFieldRef"):
        return resource_value(
            reference, container, container.path("environment", name), name
        )
    return None


def _key_value(
    reference: Cursor, kind: str, container: ContainerContext, name: str
) -> str | None:
    source, key = (
        peek_text(reference.at("name")) or "",
        peek_text(reference.at("key")) or "",
    )
    store, to = container.store, container.path("environment", name)
    kube_object = store.find(kind, container.namespace, source)
    present = kube_object is not None and key in store.entries(kube_object)
    if not present and peek_bool(reference.at("optional")):
        reference.note(
            "TC214",
            what=f"{kind} {source}, key {key}",
            name=name,
            subject=container.path("environment"),
        )
        return None
    if kube_object is not None and present:
        text = _config_value(kube_object, key, name, container)
        if text is None:
            reference.mark_noted("TC209")
        else:
            reference.take("name", to=to)
            reference.take("key", to=to)
        return text
    reference.map(to=to)
    text_of = _missing_value(kind, source, key, name, container)
    setting = text_of[2:].partition(":")[0]
    store.absent.ask(
        kind,
        container.namespace,
        source,
        f"{setting} (key {key})",
        to,
        reference.span,
    )
    return text_of


def _missing_value(
    kind: str, source: str, key: str, name: str, container: ContainerContext
) -> str:
    """A value that the user must fill in, in `.env`."""
    span = container.cursor.span
    setting = container.store.missing(
        container.namespace, f"{kind} {source}", key, name, span
    )
    return f"${{{setting}:?from {kind} {source}, key {key}}}"


def _config_value(
    kube_object: KubeObject, key: str, name: str, container: ContainerContext
) -> str | None:
    store, to = container.store, container.path("environment", name)
    made_value = store.made_value(kube_object, key)
    if made_value is not None:
        return made_value
    if kube_object.title == "Secret":
        setting = store.setting(kube_object, key, name)
        return (
            f"${{{setting}}}"
            if setting
            else _missing_value(kube_object.title, kube_object.name, key, name, container)
        )
    config_entry = store.entries(kube_object)[key]
    content = config_entry.content(to)
    if content is None:
        return None
    kube_object.count_identity_as_mapped(to)
    return rewrite_text(
        literal(content.decode(errors="replace")), config_entry.cursor, container, to
    )


def _imported_variables(
    source: Cursor, container: ContainerContext, environment: Environment
) -> Iterator[tuple[str, str, Span]]:
    """The variables that one entry of `envFrom` brings in."""
    store, to = container.store, container.path()
    prefix = peek_text(source.at("prefix")) or ""
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        reference = source.at(key)
        if not reference:
            continue
        name = peek_text(reference.at("name")) or ""
        kube_object = store.find(kind, container.namespace, name)
        if kube_object is None:
            _stand_in_file(source, reference, f"{kind} {name}", container, environment)
            continue
        reference.at("name").take(to=to)
        if store.entries(kube_object):
            source.at("prefix").take(to=to)
        for key_ in store.entries(kube_object):
            yield from _imported_variable(kube_object, key_, f"{prefix}{key_}", container)


def _stand_in_file(
    source: Cursor,
    reference: Cursor,
    source_name: str,
    container: ContainerContext,
    environment: Environment,
) -> None:
    """A file of variables in the place of a ConfigMap or Secret that the input does not hold."""
    if peek_bool(reference.at("optional")):
        reference.note(
            "TC214", what=source_name, name="its variables", subject=container.path()
        )
        return
    kind, _, name = source_name.partition(" ")
    secret = kind == "Secret"
    path, to = (
        f"./{'secrets' if secret else 'config'}/{name}.env",
        container.path("env_file"),
    )
    prefix = peek_text(source.at("prefix"))
    reference.at("name").take(to=to)
    file_in_words = (
        f"{path} (its variables, each name with {prefix} in front)"
        if prefix
        else f"{path} (its variables)"
    )
    absent = container.store.absent
    absent.ask(kind, container.namespace, name, file_in_words, to, reference.span)
    source.mark_noted(absent.code(kind, container.namespace, name))
    take_text = f"# {source_name} is not among the manifests: write its variables here, NAME=value on a line each.\n"
    container.builder.add_file(
        File(
            path=path[2:],
            content=take_text.encode(),
            mode=0o600 if secret else 0o644,
            secret=secret,
            origin=reference.span,
        )
    )
    environment.files[path] = EnvFile(
        path=literal(path), required=False, origin=reference.span
    )


def _imported_variable(
    kube_object: KubeObject, key: str, name: str, container: ContainerContext
) -> Iterator[tuple[str, str, Span]]:
    cursor = container.store.entries(kube_object)[key].cursor
    if not re.fullmatch(_IDENTIFIER, name):
        cursor.annotate(
            "TC215",
            name=f"{name}, which is no identifier,",
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
        service = container.kube_services.resolve(host, container.namespace)
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
    new_port = environment.values[name] = str(translation[1])
    container.model.ledger.add_note(
        note(
            "TC221",
            environment.spans[name],
            subject=container.path("environment", name),
            old=port_text,
            new=new_port,
            service=service.name,
        )
    )
