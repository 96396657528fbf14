"""What a script waits for before it goes on: what it starts then waits for the health of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.compose.start_order import waits_for
from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.wait_loops import Address, WaitTarget
from tocompose.knowledge.images import DATA_ROLES, image_facts, role_of
from tocompose.ledger import Ledger
from tocompose.model import Dependency, Healthcheck, Service
from tocompose.notes import note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.ports import is_loopback
from tocompose.wording import enumerated

_HEALTHY = "service_healthy"
_REPLACED = "the loop that waits is replaced by a start condition"
_WITHOUT_FOLLOWER = "nothing that the stack starts comes after the loop"


def with_wait_gates(
    assembly: Assembly, services: Mapping[str, Service], ledger: Ledger
) -> dict[str, Service]:
    """The services, each of which waits for what the script waits for before it starts them."""
    gates = _WaitGates(assembly, services, ledger)
    for index, wait_target in assembly.wait_targets:
        gates.add(index, wait_target)
    return gates.services


def listens_here(service: Service, port: str) -> bool:
    """Whether a port of this machine leads to the service: one that it publishes, or its own on the host's network."""
    if service.network_mode == "host":
        facts = image_facts(service.image or "")
        return facts is not None and port in facts.ports
    return any(stated.published == port for stated in service.ports)


class _WaitGates:
    """The services, into which what the script waits for is worked."""

    def __init__(
        self, assembly: Assembly, services: Mapping[str, Service], ledger: Ledger
    ) -> None:
        self.services = dict(services)
        self._assembly = assembly
        self._ledger = ledger
        self._told: set[tuple[int, str]] = set()

    def add(self, index: int, wait_target: WaitTarget) -> None:
        """What starts after a wait loop waits for the health of what the loop asks."""
        names = [container.service.name for container in self._assembly.containers]
        awaited = self._service_at(wait_target.address, names[:index])
        if awaited is None:
            _settle_unknown(wait_target, is_followed=bool(names[index:]))
            return
        followers = [
            name
            for name in dict.fromkeys(names[index:])
            if name != awaited and not waits_for(awaited, name, self.services)
        ]
        for argument in wait_target.arguments:
            argument.skip(_REPLACED if followers else _WITHOUT_FOLLOWER)
        self._check_health(awaited, wait_target)
        if followers:
            self._hold_back(followers, (index, awaited), wait_target)

    def _hold_back(
        self, followers: list[str], gate: tuple[int, str], wait_target: WaitTarget
    ) -> None:
        """Lets services wait for what is awaited at a place of the script, and says so once."""
        for name in followers:
            self._let_wait(name, gate[1], wait_target)
        if gate not in self._told:
            self._told.add(gate)
            self._note_gate(followers, gate[1], wait_target)

    def _service_at(self, address: Address, started: Iterable[str]) -> str | None:
        """The service that answers at an address; None where it is no service of the script."""
        if not address.host or is_loopback(address.host):
            for name in reversed(list(started)):
                if address.port and listens_here(self.services[name], address.port):
                    return name
            return None
        awaited = self._assembly.service_of(address.host) or address.host
        return awaited if awaited in self.services else None

    def _check_health(self, awaited: str, wait_target: WaitTarget) -> None:
        """Makes a health check of the command that the script runs in a container that has none."""
        service = self.services[awaited]
        if not wait_target.command or service.healthcheck is not None:
            return
        test = ("CMD", *wait_target.command)
        healthcheck = Healthcheck(test=test, **_loop_numbers(service))
        self.services[awaited] = replace(service, healthcheck=healthcheck)
        subject = ModelPath.service(awaited, "healthcheck")
        self._ledger.add_note(
            note("TC180", service.origin, subject=subject, service=awaited)
        )

    def _let_wait(self, name: str, awaited: str, wait_target: WaitTarget) -> None:
        healthcheck = self.services[awaited].healthcheck
        is_checked = healthcheck is not None and not healthcheck.is_off
        gate = Dependency(
            service=awaited,
            condition=_HEALTHY if is_checked else "service_started",
            evidence="the script waits for it first",
            origin=wait_target.span,
        )
        service = self.services[name]
        edges = [edge for edge in service.depends_on if edge.service != awaited]
        self.services[name] = replace(service, depends_on=(*edges, gate))

    def _note_gate(
        self, followers: list[str], awaited: str, wait_target: WaitTarget
    ) -> None:
        """Says who waits now because the script does, where they did not for another reason."""
        waiting = f"{enumerated(followers)} {'wait' if followers[1:] else 'waits'}"
        once = f"{awaited} is asked first whether it answers"
        reason = once if wait_target.is_once else f"a loop waits for {awaited} first"
        gate_note = note(
            "TC179",
            wait_target.span,
            subject=ModelPath.service(followers[0], "depends_on"),
            waiting=waiting,
            target=awaited,
            reason=reason,
        )
        self._ledger.add_note(gate_note)


def _settle_unknown(wait_target: WaitTarget, *, is_followed: bool) -> None:
    """Says of a loop that waits for something else than a service that nothing waits for that here."""
    if not is_followed:
        for argument in wait_target.arguments:
            argument.skip(_WITHOUT_FOLLOWER)
        return
    for argument in wait_target.arguments[:1]:
        texts = [following.text for following in wait_target.arguments[:3]]
        argument.note("TC131", command=" ".join(texts))
    for argument in wait_target.arguments[1:]:
        argument.mark_noted("TC131")


# A loop asks each second or two; the engine's own 30s would hold up all that waits.
_LOOP_NUMBERS: dict[str, Any] = {
    "interval": "5s",
    "timeout": "5s",
    "retries": "10",
    "start_period": "30s",
}


def _loop_numbers(service: Service) -> dict[str, Any]:
    """How often and how patiently a check asks that a loop became: as that of the image does, for a server of data."""
    facts = image_facts(service.image or "")
    if facts is None or role_of(facts) not in DATA_ROLES:
        return _LOOP_NUMBERS
    periods = [check.start_period for check in facts.checks if check.start_period]
    start_period = next(iter(periods), _LOOP_NUMBERS["start_period"])
    return {**facts.check_numbers(role_of(facts)), "start_period": start_period}
