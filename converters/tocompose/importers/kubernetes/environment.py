"""A container's variables: `envFrom`, `env` and where their values come from, in the order that decides who wins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.expansion import expand
from tocompose.importers.kubernetes.links import links
from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.references import translated
from tocompose.importers.kubernetes.rewriting import rewritten
from tocompose.importers.kubernetes.scalars import items, text, truth, value
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


def environment(place: Place) -> Environment:
    """The variables of a container: first `envFrom`, then `env`, in which a later name wins."""
    found = Environment({}, {}, {})
    cursor = place.unit.cursor
    for source in items(cursor.at("envFrom")):
        for name, given, span in _from(source, place, found):
            found.put(name, given, span)
    scope = _Scope(found.values, place)
    for entry in _last(cursor.at("env"), place):
        _add(entry, place, found, scope)
    _follow_ports(place, found)
    if place.world.draft.template:
        _open(place, found)
    return found


class _Scope(dict[str, str]):
    """What `$(NAME)` may name in a value: the variables so far, then the Services' own."""

    def __init__(self, values: dict[str, str], place: Place) -> None:
        super().__init__()
        self._values = values
        self._links = links(place)

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._links

    def __getitem__(self, name: str) -> str:
        found = self._values.get(name)
        return self._links[name] if found is None else found


def scope(found: Environment, place: Place) -> dict[str, str]:
    """What `$(NAME)` may name in the command and arguments of the container."""
    return _Scope(found.values, place)


def _last(cursor: Cursor, place: Place) -> Iterator[Cursor]:
    """The entries of `env`; of two with one name the earlier never has an effect, except on what lies between."""
    entries = list(items(cursor))
    final = {value(entry.at("name")): number for number, entry in enumerate(entries)}
    for number, entry in enumerate(entries):
        name = value(entry.at("name"))
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


def _add(entry: Cursor, place: Place, found: Environment, scope: _Scope) -> None:
    name = value(entry.at("name")) or ""
    to = place.path("environment", name)
    origin = entry.at("valueFrom")
    if value(entry.at("value")) is None and origin.kind == "map":
        given = _from_reference(origin, place, name)
    else:
        given = text(entry.at("value"), to) or ""
        if origin.kind == "map" and given:
            origin.skip("a literal value is given as well")
        given = rewritten(expand(given, scope), entry.at("value"), place, to)
    if given is None:
        entry.at("name").noted("TC214")
    else:
        entry.at("name").take(to=to)
        found.put(name, given, entry.span)


def _open(place: Place, found: Environment) -> None:
    """Leaves the variables of a template variables of the stack."""
    from tocompose.importers.kubernetes.templates import opened

    for name, given in found.values.items():
        found.values[name], names = opened(given, found.values.keys() - {name})
        for each in names:
            description = f"part of the environment of {place.service}"
            setting = Setting(
                name=each, required=True, description=description, origin=found.spans[name]
            )
            place.world.draft.settings.setdefault(each, setting)


def _from_reference(origin: Cursor, place: Place, name: str) -> str | None:
    """The value that `valueFrom` points to; None when the variable is left out, which a note says."""
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if reference := origin.at(key):
            return _keyed(reference, kind, place, name)
    if reference := origin.at("fieldRef"):
        return field_value(reference, place, place.path("environment", name), name)
    if reference := origin.at("resourceFieldRef"):
        return resource_value(reference, place, place.path("environment", name), name)
    return None


def _keyed(reference: Cursor, kind: str, place: Place, name: str) -> str | None:
    source, key = value(reference.at("name")) or "", value(reference.at("key")) or ""
    store, to = place.world.store, place.path("environment", name)
    item = store.find(kind, place.namespace, source)
    present = item is not None and key in store.entries(item)
    if not present and truth(reference.at("optional")):
        reference.note(
            "TC214",
            what=f"{kind} {source}, key {key}",
            name=name,
            subject=place.path("environment"),
        )
        return None
    if item is not None and present:
        given = _content(item, key, name, place)
        if given is None:
            reference.noted("TC209")
        else:
            reference.take("name", to=to)
            reference.take("key", to=to)
        return given
    reference.map(to=to)
    text_of = _missing(kind, source, key, name, place)
    reference.remark(
        "TC213",
        what=f"{kind} {source}, key {key}",
        name=text_of[2:].partition(":")[0],
        subject=to,
    )
    return text_of


def _missing(kind: str, source: str, key: str, name: str, place: Place) -> str:
    """A value that the user must fill in, in `.env`."""
    span = place.unit.cursor.span
    setting = place.world.store.missing(
        place.namespace, f"{kind} {source}", key, name, span
    )
    return f"${{{setting}:?from {kind} {source}, key {key}}}"


def _content(item: Object, key: str, name: str, place: Place) -> str | None:
    store, to = place.world.store, place.path("environment", name)
    if item.title == "Secret":
        setting = store.setting(item, key, name)
        return (
            f"${{{setting}}}"
            if setting
            else _missing(item.title, item.name, key, name, place)
        )
    entry = store.entries(item)[key]
    content = entry.content(to)
    if content is None:
        return None
    item.took(to)
    return rewritten(literal(content.decode(errors="replace")), entry.cursor, place, to)


def _from(
    source: Cursor, place: Place, found: Environment
) -> Iterator[tuple[str, str, Span]]:
    """The variables that one entry of `envFrom` brings in."""
    store, to = place.world.store, place.path()
    prefix = value(source.at("prefix")) or ""
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        reference = source.at(key)
        if not reference:
            continue
        name = value(reference.at("name")) or ""
        item = store.find(kind, place.namespace, name)
        if item is None:
            _absent(source, reference, f"{kind} {name}", place, found)
            continue
        reference.at("name").take(to=to)
        if store.entries(item):
            source.at("prefix").take(to=to)
        for entry in store.entries(item):
            yield from _imported(item, entry, f"{prefix}{entry}", place)


def _absent(
    source: Cursor, reference: Cursor, what: str, place: Place, found: Environment
) -> None:
    """A file of variables in the place of a ConfigMap or Secret that the input does not hold."""
    if truth(reference.at("optional")):
        reference.note("TC214", what=what, name="its variables", subject=place.path())
        return
    kind, _, name = what.partition(" ")
    secret = kind == "Secret"
    path, to = f"./{'secrets' if secret else 'config'}/{name}.env", place.path("env_file")
    prefix = value(source.at("prefix"))
    reference.at("name").take(to=to)
    told = (
        f"{path} (its variables, each name with {prefix} in front)"
        if prefix
        else f"{path} (its variables)"
    )
    reference.remark("TC213", what=what, name=told, subject=to)
    source.noted("TC213")
    text = f"# {what} is not among the manifests: write its variables here, NAME=value on a line each.\n"
    place.world.draft.file(
        File(
            path=path[2:],
            content=text.encode(),
            mode=0o600 if secret else 0o644,
            secret=secret,
            origin=reference.span,
        )
    )
    found.files[path] = EnvFile(path=literal(path), required=False, origin=reference.span)


def _imported(
    item: Object, key: str, name: str, place: Place
) -> Iterator[tuple[str, str, Span]]:
    cursor = place.world.store.entries(item)[key].cursor
    if not re.fullmatch(_IDENTIFIER, name):
        cursor.remark(
            "TC215",
            name=f"{name}, which is no identifier,",
            subject=place.path("environment", name),
        )
    given = _content(item, key, name, place)
    if given is not None:
        yield name, given, cursor.span


def _follow_ports(place: Place, found: Environment) -> None:
    """Where one variable names a Service and its sibling the Service's port, the sibling gets the container's port."""
    for name, host in list(found.values.items()):
        match = _HOST.fullmatch(name)
        backend = (
            place.world.backends.resolve(host, place.namespace) if match and host else None
        )
        if match is None or backend is None or backend.headless:
            continue
        for sibling in (
            f"{match['prefix']}_PORT",
            f"{name}_PORT",
            f"{match['prefix']}PORT",
        ):
            given = found.values.get(sibling, "")
            change = translated(backend, int(given)) if is_whole_number(given) else None
            if change:
                found.values[sibling] = str(change[1])
                place.rewrote(sibling, given, str(change[1]), backend, found.spans[sibling])
