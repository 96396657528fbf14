"""A container's variables: `envFrom`, `env` and where their values come from, in the order that decides who wins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.expansion import expand_references
from tocompose.importers.kubernetes.links import link_variables
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.references import translated_port
from tocompose.importers.kubernetes.rewriting import rewrite_text
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    take_text,
)
from tocompose.ledger import Cursor
from tocompose.model import EnvFile, File, Setting, Variable
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

    def variables(self) -> tuple[Variable, ...]:
        """The variables for the model."""
        return tuple(
            Variable(name=name, value=given, origin=self.spans[name])
            for name, given in self.values.items()
        )

    def put(self, name: str, given: str, span: Span) -> None:
        """Sets a variable; one set again moves to the end, as the later one wins."""
        self.values.pop(name, None)
        self.values[name] = given
        self.spans[name] = span


def container_environment(place: ContainerContext) -> Environment:
    """The variables of a container: first `envFrom`, then `env`, in which a later name wins."""
    found = Environment({}, {}, {})
    cursor = place.unit.cursor
    for source in list_entries(cursor.at("envFrom")):
        for name, given, span in _imported_variables(source, place, found):
            found.put(name, given, span)
    scope = _ExpansionScope(found.values, place)
    for entry in _env_entries(cursor.at("env"), place):
        _add_variable(entry, place, found, scope)
    _follow_ports(place, found)
    if place.model.builder.is_template:
        _open_template(place, found)
    return found


class _ExpansionScope(dict[str, str]):
    """What `$(NAME)` may name in a value: the variables so far, then the Services' own."""

    def __init__(self, values: dict[str, str], place: ContainerContext) -> None:
        super().__init__()
        self._values = values
        self._links = link_variables(place)

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._links

    def __getitem__(self, name: str) -> str:
        found = self._values.get(name)
        return self._links[name] if found is None else found


def expansion_scope(found: Environment, place: ContainerContext) -> dict[str, str]:
    """What `$(NAME)` may name in the command and arguments of the container."""
    return _ExpansionScope(found.values, place)


def _env_entries(cursor: Cursor, place: ContainerContext) -> Iterator[Cursor]:
    """The entries of `env`; of two with one name the earlier never has an effect, except on what lies between."""
    entries = list(list_entries(cursor))
    final = {peek_text(entry.at("name")): number for number, entry in enumerate(entries)}
    for number, entry in enumerate(entries):
        name = peek_text(entry.at("name"))
        if name is None:
            entry.note("TC215", name="without a name", subject=place.path("environment"))
        else:
            if final[name] != number:
                entry.remark(
                    "TC215",
                    name=f"{name}, which stands twice,",
                    subject=place.path("environment"),
                )
            yield entry


def _add_variable(
    entry: Cursor, place: ContainerContext, found: Environment, scope: _ExpansionScope
) -> None:
    name = peek_text(entry.at("name")) or ""
    to = place.path("environment", name)
    origin = entry.at("valueFrom")
    if peek_text(entry.at("value")) is None and origin.kind == "map":
        given = _from_reference(origin, place, name)
    else:
        given = take_text(entry.at("value"), to) or ""
        if origin.kind == "map" and given:
            origin.skip("a literal value is given as well")
        given = rewrite_text(expand_references(given, scope), entry.at("value"), place, to)
    if given is None:
        entry.at("name").noted("TC214")
    else:
        entry.at("name").take(to=to)
        found.put(name, given, entry.span)


def _open_template(place: ContainerContext, found: Environment) -> None:
    """Leaves the variables of a template variables of the stack."""
    from tocompose.importers.kubernetes.templates import open_variables

    for name, given in found.values.items():
        found.values[name], names = open_variables(given, found.values.keys() - {name})
        for each in names:
            description = f"part of the environment of {place.service}"
            setting = Setting(
                name=each, required=True, description=description, origin=found.spans[name]
            )
            place.model.builder.settings.setdefault(each, setting)


def _from_reference(origin: Cursor, place: ContainerContext, name: str) -> str | None:
    """The value that `valueFrom` points to; None when the variable is left out, which a note says."""
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if reference := origin.at(key):
            return _key_value(reference, kind, place, name)
    if reference := origin.at("fieldRef"):
        return field_value(reference, place, place.path("environment", name), name)
    if reference := origin.at("resourceFieldRef"):
        return resource_value(reference, place, place.path("environment", name), name)
    return None


def _key_value(
    reference: Cursor, kind: str, place: ContainerContext, name: str
) -> str | None:
    source, key = (
        peek_text(reference.at("name")) or "",
        peek_text(reference.at("key")) or "",
    )
    store, to = place.model.config_store, place.path("environment", name)
    item = store.find(kind, place.namespace, source)
    present = item is not None and key in store.entries(item)
    if not present and peek_bool(reference.at("optional")):
        reference.note(
            "TC214",
            what=f"{kind} {source}, key {key}",
            name=name,
            subject=place.path("environment"),
        )
        return None
    if item is not None and present:
        given = _config_value(item, key, name, place)
        if given is None:
            reference.noted("TC209")
        else:
            reference.take("name", to=to)
            reference.take("key", to=to)
        return given
    reference.map(to=to)
    text_of = _missing_value(kind, source, key, name, place)
    reference.remark(
        "TC213",
        what=f"{kind} {source}, key {key}",
        name=text_of[2:].partition(":")[0],
        subject=to,
    )
    return text_of


def _missing_value(
    kind: str, source: str, key: str, name: str, place: ContainerContext
) -> str:
    """A value that the user must fill in, in `.env`."""
    span = place.unit.cursor.span
    setting = place.model.config_store.missing(
        place.namespace, f"{kind} {source}", key, name, span
    )
    return f"${{{setting}:?from {kind} {source}, key {key}}}"


def _config_value(
    item: KubeObject, key: str, name: str, place: ContainerContext
) -> str | None:
    store, to = place.model.config_store, place.path("environment", name)
    if item.title == "Secret":
        setting = store.setting(item, key, name)
        return (
            f"${{{setting}}}"
            if setting
            else _missing_value(item.title, item.name, key, name, place)
        )
    entry = store.entries(item)[key]
    content = entry.content(to)
    if content is None:
        return None
    item.count_identity_as_mapped(to)
    return rewrite_text(literal(content.decode(errors="replace")), entry.cursor, place, to)


def _imported_variables(
    source: Cursor, place: ContainerContext, found: Environment
) -> Iterator[tuple[str, str, Span]]:
    """The variables that one entry of `envFrom` brings in."""
    store, to = place.model.config_store, place.path()
    prefix = peek_text(source.at("prefix")) or ""
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        reference = source.at(key)
        if not reference:
            continue
        name = peek_text(reference.at("name")) or ""
        item = store.find(kind, place.namespace, name)
        if item is None:
            _stand_in_file(source, reference, f"{kind} {name}", place, found)
            continue
        reference.at("name").take(to=to)
        if store.entries(item):
            source.at("prefix").take(to=to)
        for entry in store.entries(item):
            yield from _imported_variable(item, entry, f"{prefix}{entry}", place)


def _stand_in_file(
    source: Cursor,
    reference: Cursor,
    what: str,
    place: ContainerContext,
    found: Environment,
) -> None:
    """A file of variables in the place of a ConfigMap or Secret that the input does not hold."""
    if peek_bool(reference.at("optional")):
        reference.note("TC214", what=what, name="its variables", subject=place.path())
        return
    kind, _, name = what.partition(" ")
    secret = kind == "Secret"
    path, to = f"./{'secrets' if secret else 'config'}/{name}.env", place.path("env_file")
    prefix = peek_text(source.at("prefix"))
    reference.at("name").take(to=to)
    told = (
        f"{path} (its variables, each name with {prefix} in front)"
        if prefix
        else f"{path} (its variables)"
    )
    reference.remark("TC213", what=what, name=told, subject=to)
    source.noted("TC213")
    take_text = f"# {what} is not among the manifests: write its variables here, NAME=value on a line each.\n"
    place.model.builder.add_file(
        File(
            path=path[2:],
            content=take_text.encode(),
            mode=0o600 if secret else 0o644,
            secret=secret,
            origin=reference.span,
        )
    )
    found.files[path] = EnvFile(path=literal(path), required=False, origin=reference.span)


def _imported_variable(
    item: KubeObject, key: str, name: str, place: ContainerContext
) -> Iterator[tuple[str, str, Span]]:
    cursor = place.model.config_store.entries(item)[key].cursor
    if not re.fullmatch(_IDENTIFIER, name):
        cursor.remark(
            "TC215",
            name=f"{name}, which is no identifier,",
            subject=place.path("environment", name),
        )
    given = _config_value(item, key, name, place)
    if given is not None:
        yield name, given, cursor.span


def _follow_ports(place: ContainerContext, found: Environment) -> None:
    """Where one variable names a Service and its sibling the Service's port, the sibling gets the container's port."""
    for name, host in list(found.values.items()):
        match = _HOST.fullmatch(name)
        backend = (
            place.model.kube_services.resolve(host, place.namespace)
            if match and host
            else None
        )
        if match is None or backend is None or backend.headless:
            continue
        for sibling in (
            f"{match['prefix']}_PORT",
            f"{name}_PORT",
            f"{match['prefix']}PORT",
        ):
            given = found.values.get(sibling, "")
            change = (
                translated_port(backend, int(given)) if is_whole_number(given) else None
            )
            if change:
                found.values[sibling] = str(change[1])
                place.annotate_rewrite(
                    sibling, given, str(change[1]), backend, found.spans[sibling]
                )
