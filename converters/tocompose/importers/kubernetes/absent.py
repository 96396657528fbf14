"""ConfigMaps and Secrets that are not among the manifests: one note each, with what must be filled in where.

Of a Secret that a controller of the cluster makes, the object that asks for it is among them (`secret` and `keys` in
`mappings/kubernetes/kinds.yaml`): it names the Secret and mostly its keys, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.reading_values import AskedFile, KeptObject
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.source import Leaf, Span
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.wording import enumerated

_ABSENT, _MADE, _UNUSED = "TC213", "TC390", "TC696"
# What is said of files that must be filled in before the start.
UNFILLED = "TC884"


class AbsentDemand(NamedTuple):
    """One use of an object that the input does not hold: what must be filled in, for which service, and where that is
    asked; `value_of` is the key whose value must be set, empty for all of them. `asked_file` is None for a variable."""

    kind: str
    namespace: str
    name: str
    place: str
    subject: ModelPath
    span: Span
    value_of: str = ""
    asked_file: AskedFile | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """The kind, namespace and name of the object."""
        return self.kind, self.namespace, self.name


class SecretMaker(NamedTuple):
    """An object that makes a controller write a Secret, with the keys that it names."""

    kube_object: KubeObject
    keys: tuple[str, ...]


class AbsentObjects(NamedTuple):
    """What is known of the ConfigMaps and Secrets that the input does not hold; `makers` by namespace and name."""

    objects: KubeObjects
    makers: Mapping[tuple[str, str], SecretMaker]

    def code(self, kind: str, namespace: str, name: str) -> str:
        """The code of the note that is said of the object where files are made of it."""
        return _MADE if self._maker(kind, namespace, name) else UNFILLED

    def keys(self, kind: str, namespace: str, name: str) -> tuple[str, ...]:
        """The keys of a Secret that a controller makes, as far as they are named."""
        maker = self._maker(kind, namespace, name)
        return maker.keys if maker else ()

    def add_notes(self, demands: Iterable[AbsentDemand], ledger: Ledger) -> None:
        """Says a note for each absent object that is wanted, and for each that a controller would make."""
        by_object: dict[tuple[str, str, str], dict[AbsentDemand, None]] = {}
        for demand in demands:
            by_object.setdefault(demand.key, {})[demand] = None
        for key, own_demands in by_object.items():
            variables = [demand for demand in own_demands if demand.asked_file is None]
            if variables and self._maker(*key) is None:
                self._note_absent(variables, ledger)
            self._note_unfilled([*own_demands], ledger)
        for (namespace, name), maker in self.makers.items():
            key = ("Secret", namespace, name)
            of_secret = list(by_object.get(key, ()))
            variables = [demand for demand in of_secret if demand.asked_file is None]
            reading = self.reading(key, variables) if variables else ""
            _note_made(maker, name, of_secret, reading)

    def _maker(self, kind: str, namespace: str, name: str) -> SecretMaker | None:
        return self.makers.get((namespace, name)) if kind == "Secret" else None

    def _note_absent(self, demands: list[AbsentDemand], ledger: Ledger) -> None:
        reading = self.reading(demands[0].key, demands)
        advice = f"Print what the cluster holds with `{reading}`.{self._saving(demands)}"
        self._add_note(_ABSENT, demands, advice, ledger)

    def _note_unfilled(self, own_demands: list[AbsentDemand], ledger: Ledger) -> None:
        """Says how the files that the demands ask for are filled."""
        demands = [demand for demand in own_demands if demand.asked_file is not None]
        if not demands:
            return
        kept_object = self.kept_object(*demands[0].key)
        commands = (
            kept_object.filling_command(demand.asked_file, demand.value_of)
            for demand in demands
            if demand.asked_file is not None
        )
        shown = enumerated([f"`{command}`" for command in dict.fromkeys(commands)])
        saving = "" if self._maker(*demands[0].key) else self._saving(demands)
        self._add_note(
            UNFILLED, demands, f"Before the first start, run {shown}.{saving}", ledger
        )

    def _saving(self, demands: list[AbsentDemand]) -> str:
        """The sentence on how the object can come to the manifests."""
        command = self.kept_object(*demands[0].key).saving_command()
        return (
            f" Or save the object beside the manifests with `{command}`, and convert again."
        )

    def _add_note(
        self, code: str, demands: list[AbsentDemand], advice: str, ledger: Ledger
    ) -> None:
        kind, namespace, name = demands[0].key
        is_present = self.objects.get(kind, namespace, name) is not None
        ledger.add_note(
            note(
                code,
                demands[0].span,
                subject=_common_subject(demands),
                related=tuple(demand.span for demand in demands[1:]),
                what=f"a key of {kind} {name}" if is_present else f"{kind} {name}",
                name=_places(demands),
                advice_text=advice,
            )
        )

    def reading(self, key: tuple[str, str, str], demands: Iterable[AbsentDemand]) -> str:
        """The command that prints what is wanted of the object of that kind, namespace and name."""
        wanted_keys = dict.fromkeys(demand.value_of for demand in demands)
        is_whole = "" in wanted_keys
        return self.kept_object(*key).reading_command(() if is_whole else list(wanted_keys))

    def kept_object(self, kind: str, namespace: str, name: str) -> KeptObject:
        """The object as kubectl finds it: with its namespace where some manifest names that."""
        is_named = any(
            kube_object.states_namespace and kube_object.namespace == namespace
            for kube_object in self.objects
        )
        return KeptObject(kind, namespace if is_named else "", name)


def absent_objects(objects: KubeObjects) -> AbsentObjects:
    """What the input says of ConfigMaps and Secrets that it does not hold."""
    makers = {
        (maker.namespace, name): SecretMaker(maker, keys)
        for maker, name, keys in _secret_makers(objects)
    }
    return AbsentObjects(objects, makers)


def _note_made(
    maker: SecretMaker, name: str, demands: list[AbsentDemand], reading: str
) -> None:
    kube_object = maker.kube_object
    keys = f" ({', '.join(maker.keys)})" if maker.keys else ""
    kube_object.cursor.note(
        _MADE if demands else _UNUSED,
        subject=_common_subject(demands),
        object=f"{kube_object} ({values_in_words(kube_object.cursor.node)})",
        secret=f"{name}{keys}",
        places=_places(demands),
        advice_text=f"Print what the cluster holds with `{reading}`, and set it before the first start."
        if reading
        else f"{UNFILLED} says how the files are filled.",
    )


def _places(demands: Iterable[AbsentDemand]) -> str:
    return ", ".join(dict.fromkeys(demand.place for demand in demands))


def _common_subject(demands: list[AbsentDemand]) -> ModelPath:
    """What all demands are about; the whole stack where they differ."""
    subjects = {demand.subject for demand in demands}
    if len(subjects) == 1:
        return subjects.pop()
    services = {subject.service_name for subject in subjects}
    only_service = services.pop() if len(services) == 1 else None
    return ROOT if only_service is None else ModelPath.service(only_service)


def _secret_makers(
    objects: KubeObjects,
) -> Iterator[tuple[KubeObject, str, tuple[str, ...]]]:
    """The objects that name a Secret to be made, its name and its keys; one that the input holds needs no maker."""
    for kind in objects.kinds():
        row = kind_row(kind)
        if not row.secret:
            continue
        for kube_object in objects.of_kind(kind):
            name = peek_text(kube_object.at(*_steps(row.secret))) or kube_object.name
            if objects.get("Secret", kube_object.namespace, name) is None:
                keys = (key for path in row.keys for key in _keys_at(kube_object, path))
                yield kube_object, name, tuple(dict.fromkeys(keys))


def _steps(path: str) -> Iterator[str | int]:
    for step in path.split("."):
        yield int(step) if step.isdigit() else step


def _keys_at(kube_object: KubeObject, path: str) -> Iterator[str]:
    """The texts at a path, in which `*` stands for every entry of a list; of a map its keys."""
    cursors: list[Cursor] = [kube_object.cursor]
    for step in path.split("."):
        cursors = [
            below
            for cursor in cursors
            for below in (list(cursor) if step == "*" else [cursor.at(step)])
        ]
    for cursor in cursors:
        if cursor.kind == "map":
            yield from cursor.keys()
        elif isinstance(cursor.node, Leaf):
            yield peek_text(cursor) or ""
