"""What controllers of the cluster put into pods: sidecars, files and variables that no manifest holds."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.ledger import Cursor
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.tables import table
from tocompose.wording import listed_names

_LEFT_OUT, _MESH_LEFT_OUT = "TC886", "TC887"
_SHOWN = 6
# Values of a switch with which nothing is injected; a mesh says `disabled`.
_OFF = frozenset({"", "0", "false", "disabled", "n", "no", "off"})
_VAULT = "vault.hashicorp.com/"
_FILE_KEYS = ("agent-inject-secret-", "agent-inject-template-")
# What is told with the file that it is about.
_TOLD_WITH_FILE = tuple(
    f"{_VAULT}{key}" for key in (*_FILE_KEYS, "agent-inject-file-", "secret-volume-path")
)
# https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations#vault-hashicorp-com-secret-volume-path
_VAULT_FOLDER = "/vault/secrets"


class Injector(NamedTuple):
    """A controller that puts something into pods, and how these ask for it: `mappings/kubernetes/injectors.yaml`."""

    name: str
    names: tuple[str, ...]
    switches: tuple[str, ...]
    what: str
    container: str = ""
    shown: frozenset[str] = frozenset()
    files: bool = False
    mesh: bool = False
    advice: str = ""


class InjectionRequest(NamedTuple):
    """The annotations and labels, by their names, with which something asks an injector; `injector` acts on them."""

    injector: Injector
    settings: Mapping[str, Cursor]

    @property
    def is_on(self) -> bool:
        """Whether a switch asks for the injection."""
        return any(
            name.startswith(self.injector.switches)
            and (peek_text(cursor) or "").lower() not in _OFF
            for name, cursor in self.settings.items()
        )

    def in_words(self) -> str:
        """The names of what asks, with the values that say what is asked for."""
        names = [name for name in self.settings if not name.startswith(_TOLD_WITH_FILE)]
        return listed_names(list(map(self._setting_in_words, names)), _SHOWN)

    def _setting_in_words(self, name: str) -> str:
        shown = name in self.injector.shown
        return f"{name}: {peek_text(self.settings[name])}" if shown else name

    def mark_noted(self, code: str) -> None:
        """Counts what asks as told by a note."""
        for cursor in self.settings.values():
            cursor.mark_noted(code)


@cache
def _injectors() -> tuple[Injector, ...]:
    rows = table(
        "kubernetes/injectors",
        required={"names", "switches", "what"},
        optional={"advice", "container", "files", "mesh", "shown"},
    )
    return tuple(
        Injector(
            name,
            tuple(row["names"]),
            tuple(row["switches"]),
            row["what"],
            container=row.get("container", ""),
            shown=frozenset(row.get("shown", ())),
            files=row.get("files", False),
            mesh=row.get("mesh", False),
            advice=row.get("advice", ""),
        )
        for name, row in rows.items()
    )


def note_injected(model: ClusterModel) -> None:
    """One note for each pod into which a controller of the cluster would put something, and one for each mesh."""
    meshed: dict[str, list[tuple[str, InjectionRequest]]] = {}
    for workload in model.workloads:
        for request in _missed_by(workload):
            if request.injector.mesh:
                member = (workload.name, request)
                meshed.setdefault(request.injector.name, []).append(member)
            else:
                _note_left_out(workload, request)
    for kube_object in model.objects.of_kind("Namespace"):
        for request in _requests(kube_object.at("metadata")):
            if request.injector.mesh and request.is_on:
                member = (f"namespace {kube_object.name}", request)
                meshed.setdefault(request.injector.name, []).append(member)
    for members in meshed.values():
        _note_mesh(members, model)


def _missed_by(workload: Workload) -> Iterator[InjectionRequest]:
    """What a pod asks for and does not hold yet; what is switched off is settled."""
    for request in _requests(workload.pod_template.at("metadata")):
        if not request.is_on:
            _settle_switched_off(request)
        elif not _holds(workload, request.injector.container):
            yield request


def _requests(metadata: Cursor) -> Iterator[InjectionRequest]:
    """What the annotations and labels of a pod or a namespace ask for; one without a switch asks for nothing alone."""
    for injector in _injectors():
        settings = {
            cursor.key: cursor
            for section in ("annotations", "labels")
            for cursor in metadata.at(section)
            if cursor.key.startswith(injector.names)
        }
        if any(name.startswith(injector.switches) for name in settings):
            yield InjectionRequest(injector, settings)


def _settle_switched_off(request: InjectionRequest) -> None:
    for cursor in request.settings.values():
        cursor.skip(f"{request.injector.name} injects nothing into this pod")


def _holds(workload: Workload, name: str) -> bool:
    """Whether the pod has a container of that name already: it was written down after the injection."""
    spec = workload.pod_spec
    containers = (*spec.containers, *spec.init_containers)
    return any(name and container.name.text == name for container in containers)


def _note_left_out(workload: Workload, request: InjectionRequest) -> None:
    """Says what a pod does not get here, of Vault each file."""
    injector = request.injector
    files = _vault_files(request) if injector.files else []
    writes = f", which writes {listed_names(files, _SHOWN)}" if files else ""
    first_setting = next(iter(request.settings.values()))
    first_setting.annotate(
        _LEFT_OUT,
        subject=ModelPath.service(workload.name),
        service=workload.name,
        what=f"{injector.what}{writes}",
        injector=injector.name,
        settings=request.in_words(),
        advice_text=injector.advice.replace("SERVICE", workload.name),
    )
    request.mark_noted(_LEFT_OUT)


def _vault_files(request: InjectionRequest) -> list[str]:
    """The path of each file that Vault's agent writes, with the secret that it holds."""
    texts = {
        name.removeprefix(_VAULT): peek_text(cursor) or ""
        for name, cursor in request.settings.items()
    }
    names = dict.fromkeys(
        key.removeprefix(prefix)
        for key in texts
        for prefix in _FILE_KEYS
        if key.startswith(prefix)
    )
    return [_vault_file(name, texts) for name in names]


def _vault_file(name: str, texts: Mapping[str, str]) -> str:
    """One file: its name and folder are those of annotations of its own, else the secret's name in the usual folder."""
    folder = texts.get(f"secret-volume-path-{name}") or texts.get("secret-volume-path")
    file_name = texts.get(f"agent-inject-file-{name}") or name
    path = posixpath.join(folder or _VAULT_FOLDER, file_name.lstrip("/"))
    secret = texts.get(f"agent-inject-secret-{name}")
    return f"{path} (from {secret})" if secret else path


def _note_mesh(
    members: Sequence[tuple[str, InjectionRequest]], model: ClusterModel
) -> None:
    """Says once for a mesh which pods run without its proxy."""
    names = [name for name, _ in members]
    requests = [request for _, request in members]
    settings = dict(chain.from_iterable(request.settings.items() for request in requests))
    injector = requests[0].injector
    spans = [next(iter(request.settings.values())).span for request in requests]
    service = names[0] if len(names) == 1 and " " not in names[0] else ""
    model.ledger.add_note(
        note(
            _MESH_LEFT_OUT,
            spans[0],
            related=tuple(spans[1:]),
            subject=ModelPath.service(service) if service else ROOT,
            services=listed_names(names, _SHOWN),
            verb="runs" if len(names) == 1 else "run",
            what=injector.what,
            injector=injector.name,
            settings=InjectionRequest(injector, settings).in_words(),
        )
    )
    for request in requests:
        request.mark_noted(_MESH_LEFT_OUT)
