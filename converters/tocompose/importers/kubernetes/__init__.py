"""Kubernetes manifests: pods first, then the Services that lead to them, then everything that refers to either."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Runtime, Stack
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.reading import in_utf8
from tocompose.record import replace
from tocompose.source import Node, Span

if TYPE_CHECKING:
    from tocompose.importers.kubernetes.cluster_model import ClusterModel
    from tocompose.importers.kubernetes.leftovers import OperatedObject
    from tocompose.importers.kubernetes.objects import KubeObjects
    from tocompose.importers.kubernetes.operators.manifests import OperatorAnswer
    from tocompose.rendering import Rendering
    from tocompose.rendering.command import RenderedStream

_OBJECT = regex(
    rb"""^[\s{,-]*["']?apiVersion["']?\s*:|[{,]\s*"apiVersion"\s*:""", re.MULTILINE
)
_KIND = regex(rb"""["']?\bkind["']?\s*:""")
# https://helm.sh/docs/chart_template_guide/builtin_objects/
_EXPRESSION = regex(
    rb"\{\{-?[ ]?((?:\.(?:Values|Release|Chart|Capabilities|Files)\b"
    rb"|(?:include|tpl|required|default|toYaml)[ ])[^{}\n]{0,200})\}\}"
)
# Manifests of these alone have no routes: what reads routes is not imported for them.
_UNROUTED = frozenset(
    [
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Job",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "ReplicaSet",
        "ReplicationController",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    ]
)
_TEMPLATES = frozenset(
    {"kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml"}
)
_ENDINGS = (".yaml", ".yml", ".json")
# What may quote a manifest, and is none.
_PROSE = (".md", ".markdown", ".rst", ".adoc", ".sh", ".bash", ".ps1", ".bat", ".cmd")


# The tables of the fields of each type, see `importers/field_tables.py`.
FIELD_TABLES = tuple(
    f"kubernetes/{area}"
    for area in [
        "access",
        "config",
        "containers",
        "gateway",
        "ingress",
        "networkpolicy",
        "objects",
        "pods",
        "scaling",
        "services",
        "storage",
        "workloads",
    ]
)
_OPTIONS = {
    "namespace": "only objects of that namespace",
    "values": "a values file for Helm, inside the source",
    "set": "KEY=VALUE for Helm, or for a template's ${KEY}",
    "release": "the name of the Helm release",
    "network-policy": "networks turns NetworkPolicies into networks where that has the same effect",
}


class Kubernetes:
    """Reads manifests: YAML or JSON files, dumps of kubectl, folders of them."""

    name = "kubernetes"
    title = "Kubernetes manifests, kustomizations, Helm charts"
    options = _OPTIONS
    tables = FIELD_TABLES

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that hold at least one object, and those that say how to render some."""
        rendered_sites: set[str] = set()
        if _has_templates(project):
            from tocompose.rendering import template_files

            rendered_sites.update(template_files(project))
        return tuple(
            file
            for file in project.files()
            if file in rendered_sites or self._is_manifest(file, project)
        )

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all objects of the project's files."""
        if not _has_templates(project):
            return self._read(project, ledger, settings, None)
        from tocompose.rendering import render_templates

        return self._read(project, ledger, settings, render_templates(project, settings))

    def _read(
        self,
        project: Project,
        ledger: Ledger,
        settings: ImportOptions,
        rendered: Rendering | None,
    ) -> Stack:
        from tocompose.readers.yaml import yaml_cursors

        replaced = rendered.replaced if rendered else ()
        for message in rendered.notes if rendered else ():
            ledger.add_note(message)
        documents: list[Cursor] = []

        def add_documents(text: bytes, label: str, place: Callable[[Node], Node]) -> None:
            file_documents = yaml_cursors(text, label, ledger, place)
            if file_documents:
                _note_expressions(text, label, ledger)
            documents.extend(file_documents)

        for file in self.sniff(project):
            if file not in replaced:
                add_documents(project.read(file) or b"", file, _as_read)
        for stream in rendered.streams if rendered else ():
            add_documents(stream.text, stream.label, _placing(stream, project))
        if not documents:
            raise SourceError(_why_unread(project, ledger, rendered))
        return convert(
            documents, ledger, settings.name or "", project.name, settings.options
        )

    def _is_manifest(self, file: str, project: Project) -> bool:
        if not file.endswith(_ENDINGS) and (
            file not in project.named or file.lower().endswith(_PROSE)
        ):
            return False
        text = in_utf8(project.read(file) or b"")
        return (
            b"apiVersion" in text
            and _OBJECT.search(text) is not None
            and _KIND.search(text) is not None
        )


def _as_read(document: Node) -> Node:
    return document


def _placing(stream: RenderedStream, project: Project) -> Callable[[Node], Node]:
    """What moves the objects of a stream to the places that they come from, where that is known."""
    if stream.built_from is None:
        return _as_read
    from tocompose.importers.kubernetes.rendered_places import RenderedPlaces

    return RenderedPlaces(project, stream.built_from).place


def _note_expressions(text: bytes, label: str, ledger: Ledger) -> None:
    """Says where expressions of a Helm template stand in a manifest that can be read all the same."""
    matches = list(_EXPRESSION.finditer(text))
    if matches:
        line = text.count(b"\n", 0, matches[0].start()) + 1
        column = matches[0].start() - text.rfind(b"\n", 0, matches[0].start())
        names = dict.fromkeys(
            match[1].decode("utf-8", "replace").strip(" -") for match in matches
        )
        shown = ", ".join(list(names)[:3]) + (" …" if len(names) > 3 else "")
        span = Span(label, line, column, line, column + len(matches[0][0]))
        ledger.add_note(note("TC881", span, names=shown))


def _why_unread(project: Project, ledger: Ledger, rendered: Rendering | None) -> str:
    """Why no object was read: what rendering or reading said last, else what to do instead."""
    if rendered and rendered.notes:
        return f"{rendered.notes[-1].message}. {rendered.notes[-1].advice}"
    if ledger.notes:
        problems = (
            f"{message.span}: {message.message}" if message.span else message.message
            for message in ledger.notes[:3]
        )
        return f"{'; '.join(problems)}. {ledger.notes[0].advice}"
    return (
        f"{project.name}: no Kubernetes object can be read here; name the files, or pipe them in: "
        "kubectl get all -o yaml | tocompose convert -"
    )


def _has_templates(project: Project) -> bool:
    """Whether some file must be rendered first: what does that is not imported for plain manifests."""
    return any(file.rpartition("/")[2] in _TEMPLATES for file in project.files())


def convert(
    documents: list[Cursor],
    ledger: Ledger,
    name: str,
    fallback: str,
    options: Mapping[str, tuple[str, ...]],
) -> Stack:
    """The stack of the objects at the cursors, in the order in which each step needs the one before."""
    from tocompose.importers.kubernetes.access import note_access
    from tocompose.importers.kubernetes.aliases import attach_networks
    from tocompose.importers.kubernetes.cluster_model import resolve_model
    from tocompose.importers.kubernetes.config_names import name_config
    from tocompose.importers.kubernetes.containers import convert_pods
    from tocompose.importers.kubernetes.job_data import note_job_data
    from tocompose.importers.kubernetes.leftovers import (
        note_kinds,
        note_unused_config,
        settle_fields,
    )
    from tocompose.importers.kubernetes.namespaces import (
        main_namespace,
        note_namespaces,
        within_namespaces,
    )
    from tocompose.importers.kubernetes.order import (
        arrange_pods,
        start_on_request,
    )
    from tocompose.importers.kubernetes.outside import note_outside
    from tocompose.importers.kubernetes.pods import note_pods, settle_inherited
    from tocompose.importers.kubernetes.publication import (
        note_unpublished,
        publish_ports,
        settle_ports,
    )
    from tocompose.importers.kubernetes.release_hooks import order_releases
    from tocompose.importers.kubernetes.remaining_data import note_remaining_data
    from tocompose.importers.kubernetes.run_once import run_once
    from tocompose.importers.kubernetes.scale import scale_services
    from tocompose.importers.kubernetes.schedules import schedule_jobs
    from tocompose.importers.kubernetes.stack_builder import StackBuilder
    from tocompose.importers.kubernetes.stream_ports import publish_streams
    from tocompose.syntax.names import identifier

    template = _is_template(documents, ledger, options)
    objects = _objects(documents, ledger)
    objects = within_namespaces(objects, options.get("namespace", ()))
    objects, answers = _operated(objects)
    routed = any(kind not in _UNROUTED for kind in objects.kinds())
    if routed:
        from tocompose.importers.kubernetes.routing.controllers import without_controllers

        objects = without_controllers(objects, ledger)
    model = name_config(resolve_model(objects, ledger, is_template=template))
    builder = StackBuilder()
    services = builder.services
    pods = convert_pods(model)
    builder.apply(part for pod in pods for part in pod.parts)
    builder.apply(run_once(model, services, builder.volumes))
    builder.apply(schedule_jobs(model, services))
    jobs = {pod.base: pod.jobs for pod in pods}
    builder.apply(arrange_pods(model, services, jobs))
    builder.apply(order_releases(model, services))
    builder.apply(start_on_request(model))
    builder.apply(scale_services(model))
    builder.apply(publish_ports(model, services))
    builder.apply(publish_streams(model, services))
    builder.apply(attach_networks(model, services, builder.calls))
    if routed:
        from tocompose.importers.kubernetes.routing import route

        builder.apply(route(model, builder, options))
    note_unpublished(model, services)
    settle_ports(model, builder.services.values())
    builder.apply(note_outside(model, builder))
    builder.apply(note_access(model))
    builder.apply(note_pods(model))
    note_job_data(model, services, note_remaining_data(model, services))
    stack_name = identifier(name or main_namespace(model) or fallback)
    stack = builder.build_stack(stack_name)
    model.config_store.absent.add_notes(builder.demands, ledger)
    operated = _note_operated(answers, model)
    note_kinds(model)
    unused = note_unused_config(model, builder.used_config)
    note_namespaces(model)
    _note_injected(model)
    settle_fields(model, builder.findings, operated, unused)
    settle_inherited(model)
    _note_unused(operated, ledger)
    return replace(stack, runs_in=Runtime.CLUSTER)


def _note_injected(model: ClusterModel) -> None:
    """Says what controllers would put into pods; imported where a pod or a namespace bears a name of somebody else."""
    metadata = [workload.pod_template.at("metadata") for workload in model.workloads]
    metadata += [space.at("metadata") for space in model.objects.of_kind("Namespace")]
    names = {
        setting.key
        for cursor in metadata
        for section in ("annotations", "labels")
        for setting in cursor.at(section)
    }
    if any(
        ("/" in name and ".kubernetes.io/" not in name) or "inject" in name
        for name in names
    ):
        from tocompose.importers.kubernetes.injected import note_injected

        note_injected(model)


def _operated(objects: KubeObjects) -> tuple[KubeObjects, tuple[OperatorAnswer, ...]]:
    """The objects with what operators would make of the custom ones; imported for inputs that hold some."""
    if not any("." in kind for kind in objects.kinds()):
        return objects, ()
    from tocompose.importers.kubernetes.operators import expand_operators

    expansion = expand_operators(objects)
    return expansion.objects, expansion.answers


def _note_operated(
    answers: tuple[OperatorAnswer, ...], model: ClusterModel
) -> tuple[OperatedObject, ...]:
    """The custom objects that were answered, of which a note each was said."""
    if not answers:
        return ()
    from tocompose.importers.kubernetes.operators import note_expansions

    names = {workload.kube_object: workload.name for workload in model.workloads}
    return note_expansions(answers, names, model.ledger)


def _note_unused(operated: tuple[OperatedObject, ...], ledger: Ledger) -> None:
    if operated:
        from tocompose.importers.kubernetes.operators.unused_fields import (
            note_unused_fields,
        )

        note_unused_fields(operated, ledger)


def _is_template(
    documents: list[Cursor], ledger: Ledger, options: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether the manifests are a template; what is known of its variables is filled in."""
    if not any("${" in leaf.text for leaf in ledger.leaves()):
        return False
    from tocompose.importers.kubernetes.templates import fill_templates

    return fill_templates(documents, ledger, options.get("set", ()))


def _objects(documents: list[Cursor], ledger: Ledger) -> KubeObjects:
    """The objects that count, each in its namespace; what reads rare inputs is imported for those alone."""
    from tocompose.importers.kubernetes.collected_objects import (
        collect_objects,
        without_copies,
    )

    objects = collect_objects(documents, ledger)
    if (
        0
        < sum(1 for kube_object in objects if kube_object.states_namespace)
        < len(objects.all)
    ):
        from tocompose.importers.kubernetes.namespaces import adopt_namespaces

        objects = adopt_namespaces(objects, ledger)
    if any(
        kube_object.at("metadata", "ownerReferences")
        for kube_object in objects.of_kind("Pod", "ReplicaSet")
    ):
        objects = without_copies(objects, ledger)
    return objects


IMPORTER = Kubernetes()
