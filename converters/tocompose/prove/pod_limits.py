"""The limits of a container as the kubelet has them: its own, those of its pod, and what a LimitRange fills in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.compose.shapes import as_list, as_map


def container_limits(
    container: Mapping[str, Any],
    pod: Mapping[str, Any],
    ranges: Iterable[Mapping[str, Any]],
) -> Mapping[str, Any]:
    """The limits of a container, else those of its pod where it is alone, else those of the LimitRanges."""
    limits = dict(_limits_of(container))
    if _runs_alone(container, pod):
        limits = {**_limits_of(pod), **limits}
    for limit_range in ranges:
        for limit in as_list(limit_range.get("limits")):
            if limit.get("type") == "Container":
                limits = {**as_map(limit.get("default")), **limits}
    return limits


def _limits_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_map(as_map(part.get("resources")).get("limits"))


def _runs_alone(container: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    sidecars = [
        each
        for each in as_list(pod.get("initContainers"))
        if as_map(each).get("restartPolicy") == "Always"
    ]
    return as_list(pod.get("containers")) == [container] and not sidecars
