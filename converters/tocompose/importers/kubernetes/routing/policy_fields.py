"""Network policies as the manifests state them, each decoded once."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    stated_entries,
    string_map,
)
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple, field, record

INGRESS, EGRESS = "Ingress", "Egress"
_ANYTHING = "{}"


class LabelExpression(NamedTuple):
    """What a selector asks of one label."""

    key: str
    operator: str | None
    values: tuple[str | None, ...]

    def holds_for(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it."""
        if self.operator == "Exists":
            return self.key in labels
        if self.operator == "DoesNotExist":
            return self.key not in labels
        is_listed = labels.get(self.key) in self.values
        return is_listed if self.operator == "In" else not is_listed


class LabelSelector(NamedTuple):
    """What selects pods or namespaces; without any condition all of them."""

    cursor: Cursor
    labels: Mapping[str, str]
    expressions: tuple[LabelExpression, ...]

    @property
    def is_stated(self) -> bool:
        """Whether the manifests have it."""
        return bool(self.cursor)

    @property
    def has_conditions(self) -> bool:
        """Whether it asks for anything."""
        return len(self.cursor) > 0

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"""
        if not self.labels.items() <= labels.items():
            return False
        return all(expression.holds_for(labels) for expression in self.expressions)


def decode_selector(cursor: Cursor) -> LabelSelector:
    """The selector of labels that stands at the cursor."""
    return LabelSelector(
        cursor,
        labels=string_map(cursor.at("matchLabels")),
        expressions=tuple(
            LabelExpression(
                key=peek_text(expression.at("key")) or "",
                operator=peek_text(expression.at("operator")),
                values=tuple(entry.text for entry in stated_entries(expression, "values")),
            )
            for expression in list_entries(cursor.at("matchExpressions"))
        ),
    )


class PolicyPeer(NamedTuple):
    """Whom a rule names: pods, pods of namespaces, or a block of addresses."""

    block: str | None
    pods: LabelSelector
    namespaces: LabelSelector


class PolicyPort(NamedTuple):
    """A port that a rule names: a number or a name, perhaps the first of a range; None for every port."""

    port: str | None
    last_port: str | None
    protocol: str

    def covers(self, number: int, protocol: str, name: str) -> bool:
        """Whether a port on which something listens is meant."""
        if self.protocol != protocol:
            return False
        if self.port is None or self.port in (str(number), name):
            return True
        first, final = integer(self.port), integer(self.last_port or "")
        return first is not None and final is not None and first <= number <= final


class PolicyRule(NamedTuple):
    """Who may speak in one direction, on which ports; one that `allows_all` names neither."""

    allows_all: bool
    peers: tuple[PolicyPeer, ...]
    ports: tuple[PolicyPort, ...]


@record
class NetworkPolicy:
    """A policy; two are the same when their objects are. `directions` are those that it limits."""

    kube_object: KubeObject
    pods: LabelSelector = field(compare=False)
    directions: tuple[str, ...] = field(compare=False)
    rules: Mapping[str, tuple[PolicyRule, ...]] = field(compare=False)

    def __str__(self) -> str:
        return str(self.kube_object)

    @property
    def namespace(self) -> str:
        """The namespace of the pods that it selects."""
        return self.kube_object.namespace

    def allows_all(self, direction: str) -> bool:
        """Whether a rule of the direction has no condition."""
        return any(rule.allows_all for rule in self.rules.get(direction, ()))


def decode_policy(policy: KubeObject) -> NetworkPolicy:
    """The policy of an object; it limits the directions that it names, else ingress, and egress where it has rules."""
    spec = policy.at("spec")
    stated_types = (entry.text for entry in stated_entries(spec, "policyTypes"))
    named = tuple(policy_type for policy_type in stated_types if policy_type)
    usual = (INGRESS, EGRESS) if len(spec.at("egress")) else (INGRESS,)
    return NetworkPolicy(
        kube_object=policy,
        pods=decode_selector(spec.at("podSelector")),
        directions=named or usual,
        rules={
            direction: _decode_rules(spec.at(direction.lower()), key)
            for direction, key in ((INGRESS, "from"), (EGRESS, "to"))
        },
    )


def _decode_rules(cursor: Cursor, peers_key: str) -> tuple[PolicyRule, ...]:
    return tuple(
        PolicyRule(
            rule.style == _ANYTHING,
            peers=tuple(map(_decode_peer, list_entries(rule.at(peers_key)))),
            ports=tuple(map(_decode_port, list_entries(rule.at("ports")))),
        )
        for rule in list_entries(cursor)
    )


def _decode_peer(peer: Cursor) -> PolicyPeer:
    return PolicyPeer(
        block=peek_text(peer.at("ipBlock", "cidr")),
        pods=decode_selector(peer.at("podSelector")),
        namespaces=decode_selector(peer.at("namespaceSelector")),
    )


def _decode_port(port: Cursor) -> PolicyPort:
    return PolicyPort(
        peek_text(port.at("port")),
        peek_text(port.at("endPort")),
        (peek_text(port.at("protocol")) or "TCP").upper(),
    )
