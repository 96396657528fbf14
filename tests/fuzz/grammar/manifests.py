"""Kubernetes manifests: parts of objects that set every field, with values of wrong types and odd ones."""

from __future__ import annotations

import copy
import json
from functools import cache
from random import Random
from typing import Any

from fuzz.grammar import words
from fuzz.grammar.scripts import Files
from fuzz.grammar.words import anything, pick
from kubernetes_everything import document, filled

_KINDS = (
    ("V1Pod", "v1"),
    ("V1Deployment", "apps/v1"),
    ("V1StatefulSet", "apps/v1"),
    ("V1DaemonSet", "apps/v1"),
    ("V1Job", "batch/v1"),
    ("V1CronJob", "batch/v1"),
    ("V1Service", "v1"),
    ("V1ConfigMap", "v1"),
    ("V1Secret", "v1"),
    ("V1PersistentVolumeClaim", "v1"),
    ("V1PersistentVolume", "v1"),
    ("V2HorizontalPodAutoscaler", "autoscaling/v2"),
    ("V1ServiceAccount", "v1"),
    ("V1Ingress", "networking.k8s.io/v1"),
    ("V1LimitRange", "v1"),
    ("V1NetworkPolicy", "networking.k8s.io/v1"),
    ("V1PodDisruptionBudget", "policy/v1"),
)
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": 1}},
    ["x", {"y": 2}],
    10**20,
    "8080",
    {"": ""},
)


@cache
def _whole(model: str, api: str) -> Any:
    try:
        return document(model, api, "web")
    except (AttributeError, KeyError, StopIteration):
        made = filled(model)
        return {
            **made,
            "apiVersion": api,
            "kind": model[2:],
            "metadata": {"name": "web", "labels": {"app": "web"}},
        }


def _leaf(random: Random, value: Any) -> Any:
    chance = random.random()
    if chance < 0.72:
        return value
    if chance < 0.85:
        return pick(random, WRONG)
    if isinstance(value, int) and not isinstance(value, bool):
        return pick(random, (80, 8080, 443, 0, 65536, "80", "http"))
    return anything(random)


def pruned(random: Random, value: Any, keep: float) -> Any:
    """The value with some of its parts, and others in the place of a few."""
    if random.random() < 0.012:
        return pick(random, WRONG)
    if isinstance(value, dict):
        always = (
            "apiVersion",
            "kind",
            "metadata",
            "spec",
            "template",
            "containers",
            "name",
            "image",
            "labels",
            "selector",
        )
        return {
            (key if random.random() > 0.005 else anything(random)): pruned(
                random, below, keep
            )
            for key, below in value.items()
            if random.random() < (0.97 if key in always else keep)
        }
    if isinstance(value, list):
        few = [pruned(random, below, keep) for below in value if random.random() < 0.8]
        return few * (2 if random.random() < 0.05 else 1)
    return _leaf(random, value)


def _small_pod(random: Random, name: str) -> Any:
    container = {
        "name": pick(random, ("main", name), words.NAMES),
        "image": pick(random, words.IMAGES),
        "env": [
            {"name": pick(random, words.VARIABLES), "value": anything(random)}
            for _ in range(random.randint(0, 3))
        ],
        "ports": [{"containerPort": pick(random, (80, 5432, 8080), WRONG)}],
        "args": [pick(random, words.COMMANDS)],
        "resources": {
            "limits": {
                "memory": pick(random, words.SIZES),
                "cpu": pick(random, ("500m", "1", "0.5"), WRONG),
            }
        },
    }
    return {
        "containers": [container],
        "restartPolicy": pick(random, ("Always", "Never", "x")),
    }


def _object(random: Random) -> Any:
    name = pick(random, ("web", "db", "cache"), words.NAMES)
    if random.random() < 0.5:
        template = {"metadata": {"labels": {"app": name}}, "spec": _small_pod(random, name)}
        spec = {
            "replicas": pick(random, (1, 2), WRONG),
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        }
        kind = pick(random, ("Deployment", "StatefulSet", "DaemonSet", "Job"))
        api = "batch/v1" if kind == "Job" else "apps/v1"
        made: Any = {
            "apiVersion": api,
            "kind": kind,
            "metadata": {"name": name},
            "spec": spec,
        }
        return pruned(random, made, 0.95)
    if random.random() < 0.4:
        return pick(
            random,
            (
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": {"name": name},
                    "spec": {
                        "selector": {"app": name},
                        "ports": [
                            {
                                "port": pick(random, (80, 5432), WRONG),
                                "targetPort": pick(random, (80, "http"), WRONG),
                            }
                        ],
                        "type": pick(
                            random,
                            ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
                        ),
                    },
                },
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": name},
                    "data": {anything(random): anything(random), "A": "b"},
                },
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": name},
                    "stringData": {"token": anything(random)},
                    "data": {"a": pick(random, ("YQ==", "!", "", None))},
                },
                {
                    "apiVersion": "v1",
                    "kind": "List",
                    "items": [_object(random) for _ in range(2)],
                },
                {"kind": anything(random), "apiVersion": anything(random)},
                anything(random),
                [],
            ),
        )
    model, api = random.choice(_KINDS)
    return pruned(
        random, copy.deepcopy(_whole(model, api)), random.choice((0.15, 0.3, 0.6))
    )


def manifest(random: Random) -> Files:
    """One or more files of manifests."""
    import yaml

    documents = [_object(random) for _ in range(pick(random, (1, 1, 2, 3)))]
    if random.random() < 0.7:
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text = yaml.dump_all(documents, Dumper=dumper, allow_unicode=True)
    else:
        text = "\n---\n".join(json.dumps(document) for document in documents)
    if random.random() < 0.06:
        position = random.randrange(len(text) + 1)
        text = (
            text[:position]
            + pick(
                random,
                (
                    "\t",
                    "{{ .Values.x }}",
                    "*a",
                    "&a ",
                    "---\n",
                    "'",
                    ":",
                    "\n\n- ",
                    "<<: ",
                    "!x ",
                ),
            )
            + text[position:]
        )
    return {"app.yaml": text.encode("utf-8", "replace")}
