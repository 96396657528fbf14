"""CREATE: what docker compose reads, docker also creates (T28)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.compose.shapes import as_map
from tocompose.exporters.creation import conflict_facts, find_conflicts
from tocompose.exporters.refused_values import RefusedValue, refused_values, shown_value
from tocompose.exporters.sub_paths import facts_of_sub_path, mounts_of_sub_paths
from tocompose.model import Service
from tocompose.rules import Rule, Startup, Verdict, View, judge_all, judge_services, verdict
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.units import parse_byte_size, parse_duration


def _judge_values(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Values that stand for nothing which docker knows."""
    body = as_map(startup.document.get("services")).get(service.name)
    refusals = [
        refusal
        for refusal in refused_values(body)
        if "$" not in str(refusal.value) and not _is_misread(refusal)
    ]
    for refusal in refusals:
        key = ".".join(part for part in refusal.keys if not part.isdigit())
        facts = {"key": key, "value": shown_value(refusal.value), "rule": refusal.rule}
        yield startup.verdict(service, refusal.keys, "T28", False, "TC046", **facts)
    if not refusals:
        yield startup.verdict(service, "", "T28", True, "TC046")


def _is_misread(refusal: RefusedValue) -> bool:
    """Whether the value has not even the form that Compose wants, which the rule FORM says."""
    text = str(refusal.value)
    if refusal.keys == ("container_name",):
        return len(text) < _SHORTEST_NAME
    if refusal.keys == ("restart",) or refusal.keys[-1] == "cpus":
        return True
    if refusal.rule.startswith("a size"):
        return parse_byte_size(text) is None
    return refusal.rule.startswith("a duration") and parse_duration(text) is None


_SHORTEST_NAME = 2


def _judge_conflicts(view: View) -> Iterator[Verdict]:
    """Settings that may each stand by itself, and exclude each other."""
    startup = view.main
    for conflict in find_conflicts(startup.document):
        # The rules FORM and HC-TEST say these.
        if conflict.keys[2:] in (("image",), ("healthcheck",)):
            continue
        # Each file may give a secret or a config one source: the later one is at fault.
        is_resource = conflict.keys[0] in ("secrets", "configs")
        keys = conflict.keys[:2] if is_resource else conflict.keys
        span = startup.places.span(*keys) or startup.places.first(*conflict.keys[:2])
        subject = ModelPath.of(*conflict.keys)
        facts: dict[str, Any] = conflict_facts(conflict)
        code = "TC048"
        if conflict.value is not None:
            code, facts["value"] = "TC052", _written_value(conflict.value)
        yield verdict("T28", False, code, span, subject, **facts)


def _written_value(value: Any) -> str:
    """A value as it is written into a file."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _judge_sub_paths(view: View) -> Iterator[Verdict]:
    """The first mount of a part of a volume, which stands for all: one engine runs the stack."""
    startup = view.main
    for service, mount in mounts_of_sub_paths(startup.stack):
        facts: dict[str, Any] = facts_of_sub_path(mount)
        yield startup.verdict(service, "volumes", "T4", False, "TC882", **facts)
        return


RULE = Rule(
    id="CREATE",
    title="Use settings that docker accepts",
    summary=(
        "Reports settings that exclude each other, and values that docker refuses when it "
        "creates a container."
    ),
    tells=("TC046", "TC048", "TC052", "TC882"),
    severity="must",
    judge=judge_all(judge_services(_judge_values), _judge_conflicts, _judge_sub_paths),
    said_by={"TC882": ("TC882",)},
    stated=frozenset(("TC882",)),
    url="https://docs.docker.com/reference/compose-file/services/",
)
