"""PORT-DUP: no host port published twice, whatever variables stand before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from tocompose.model import ComposeFileRole, Port, Service, Stack
from tocompose.notes import Note
from tocompose.record import NamedTuple, replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    View,
    remark,
    with_services,
)
from tocompose.rules.host_ports import (
    PublishedRange,
    discards_ports,
    host_ports,
    shown_port,
    span_of_port,
)
from tocompose.rules.variables import setting_values
from tocompose.rules.views import at_later
from tocompose.rules.worker_checks import worker_beside_server
from tocompose.source import Span
from tocompose.syntax.units import is_whole_number


class _PortBinding(NamedTuple):
    """What one port of a service binds of the host."""

    service: Service
    port: Port
    bound: PublishedRange


class _Rivalry(NamedTuple):
    """The binding that came first, and the first port that both want."""

    earlier: _PortBinding
    number: int

    @property
    def rival(self) -> Service:
        """The service that had the port first."""
        return self.earlier.service

    def shown_with(self, port: Port) -> str:
        """The port that both want, with the variables that set it."""
        return shown_port(self.number, port, self.earlier.port)


class _BoundPorts:
    """The ports of the host that are bound so far: single ones by number, so that many stay quick to ask."""

    def __init__(self) -> None:
        self._single: dict[int, list[_PortBinding]] = {}
        self._ranges: list[_PortBinding] = []

    def bind(self, binding: _PortBinding) -> None:
        """Takes the ports of the binding."""
        numbers = binding.bound.numbers
        if len(numbers) == 1:
            self._single.setdefault(numbers.start, []).append(binding)
        else:
            self._ranges.append(binding)

    def has(self, binding: _PortBinding) -> bool:
        """Whether the service binds the very same already: Compose takes two that are the same for one."""
        return any(
            earlier.service.name == binding.service.name and earlier.bound == binding.bound
            for earlier in self._near(binding.bound)
        )

    def find_rival(self, binding: _PortBinding) -> _Rivalry | None:
        """The first binding that is in the way of one that runs together with it."""
        for earlier in self._near(binding.bound):
            number = binding.bound.first_shared(earlier.bound)
            if number is not None and _run_together(binding.service, earlier.service):
                return _Rivalry(earlier, number)
        return None

    def _near(self, bound: PublishedRange) -> Iterator[_PortBinding]:
        """The bindings that may share a port, the earliest of each kind first."""
        numbers = bound.numbers if len(bound.numbers) < len(self._single) else self._single
        single = (self._single[n] for n in numbers if n in self._single)
        return chain(chain.from_iterable(single), self._ranges)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the later of two equal host ports moved to the next free one, for services that run together.

    What is added to a file gives way to what that publishes. A port behind a variable, and a range, stay: a note says
    what they clash with.
    """
    mending = _PortMending(stack, context)
    services = [mending.mend(service) for service in stack.services]
    return Outcome(with_services(stack, services), tuple(mending.notes))


class _UsedNumbers:
    """The ports that somebody wants: single ones as a set, and each search goes on where the last one ended."""

    def __init__(self, ranges: set[range]) -> None:
        self._single = {numbers.start for numbers in ranges if len(numbers) == 1}
        self._ranges = [numbers for numbers in ranges if len(numbers) > 1]
        self._searched: dict[int, int] = {}

    def take_next(self, wanted: int) -> int:
        """The first port from the wanted one on that nobody wants."""
        number = self._searched.get(wanted, wanted)
        while number in self._single or any(number in numbers for numbers in self._ranges):
            number += 1
        self._single.add(number)
        self._searched[wanted] = number
        return number


class _PortMending:
    """Gives each service of a stack ports that are still free."""

    def __init__(self, stack: Stack, context: Context) -> None:
        self._stack, self._context = stack, context
        self._values = setting_values(stack, context)
        self._bound = _BoundPorts()
        self._staying: frozenset[str] = frozenset()
        self.notes: list[Note] = []
        if context.joins is not None:
            self._values = {**self._values, **context.joins.values}
            present = context.joins.stack.services
            self._staying = frozenset(service.name for service in present)
            for binding in _bindings(present, self._values):
                self._bound.bind(binding)
        self._used = _UsedNumbers(
            {binding.bound.numbers for binding in _bindings(stack.services, self._values)}
        )

    def mend(self, service: Service) -> Service:
        """The service with the ports that it may have."""
        if service.name in self._staying or discards_ports(service):
            return service
        ports = tuple(filter(None, (self._settle(service, port) for port in service.ports)))
        return service if ports == service.ports else replace(service, ports=ports)

    def _settle(self, service: Service, port: Port) -> Port | None:
        """The port, on a free one of the host; None where the service has it already, or does not listen there."""
        bound = host_ports(port, self._values)
        if bound is None:
            return port
        binding = _PortBinding(service, port, bound)
        if self._bound.has(binding):
            return None
        rivalry = self._bound.find_rival(binding)
        if rivalry is not None:
            if self._is_anothers(service, port, rivalry):
                return None
            port = self._give_way(service, port, rivalry)
            bound = host_ports(port, self._values) or bound
        self._bound.bind(_PortBinding(service, port, bound))
        return port

    def _is_anothers(self, service: Service, port: Port, rivalry: _Rivalry) -> bool:
        """Whether the service is a worker that has the port from the server whose image it shares; a note says so."""
        worker = worker_beside_server(service, port.target, self._stack, self._context)
        if worker is None:
            return False
        facts = {"port": port.published or "", "other": rivalry.rival.name}
        facts["worker"] = worker.title
        self.notes.append(remark("TC638", service, "ports", port.origin, **facts))
        return True

    def _give_way(self, service: Service, port: Port, rivalry: _Rivalry) -> Port:
        """The port on the next free one; itself, with a note, where it is no single number that can be moved."""
        if not is_whole_number(port.published or ""):
            code, facts = _clash_facts(service, port, rivalry)
            self.notes.append(remark(code, service, "ports", port.origin, **facts))
            return port
        free = str(self._used.take_next(rivalry.number))
        facts = {"port": port.published or "", "other": rivalry.rival.name, "free": free}
        self.notes.append(remark("TC640", service, "ports", port.origin, **facts))
        return replace(port, published=free)


def _clash_facts(
    service: Service, port: Port, rivalry: _Rivalry
) -> tuple[str, dict[str, str]]:
    """The code and the facts of what a port clashes with: one of another service, or of its own."""
    shown = rivalry.shown_with(port)
    if rivalry.rival.name != service.name:
        return "TC722", {"port": shown, "other": rivalry.rival.name}
    targets = sorted({port.target, rivalry.earlier.port.target})
    how = "on different addresses"
    if len(targets) > 1:
        how = f"for the ports {' and '.join(targets)} of the container"
    return "TC736", {"port": shown, "how": how}


def _bindings(
    services: tuple[Service, ...], values: Mapping[str, str]
) -> Iterator[_PortBinding]:
    for service in services:
        for port in _ports_of(service):
            if (bound := host_ports(port, values)) is not None:
                yield _PortBinding(service, port, bound)


def _judged_bindings(startup: Startup) -> Iterator[_PortBinding]:
    """What the ports of the files bind, with the values that each has where it stands."""
    services, values = startup.stack.services, startup.values
    if not startup.included_values:
        yield from _bindings(services, values)
        return
    for service in services:
        for port in _ports_of(service):
            port_span = span_of_port(startup, service, port)
            if (bound := host_ports(port, startup.values_at(port_span))) is not None:
                yield _PortBinding(service, port, bound)


def _ports_of(service: Service) -> Iterator[Port]:
    if discards_ports(service):
        return
    yield from service.ports
    overlay = service.overlays.get(ComposeFileRole.DEV)
    yield from overlay.ports if overlay else ()


def _run_together(service: Service, other_service: Service) -> bool:
    """Whether some profile starts both; profiles that have none in common are alternatives."""
    if service.name == other_service.name:
        return True
    if not (service.profiles and other_service.profiles):
        return True
    return not set(service.profiles).isdisjoint(other_service.profiles)


def _judge_conflicts(view: View) -> Iterator[Verdict]:
    """Ports that two services want, and ports that two files bind differently."""
    startup = view.main
    so_far = _BoundPorts()
    for binding in _judged_bindings(startup):
        if not so_far.has(binding):
            rivalry = so_far.find_rival(binding)
            yield _verdict_on(startup, binding, rivalry)
            so_far.bind(binding)


def _verdict_on(
    startup: Startup, binding: _PortBinding, rivalry: _Rivalry | None
) -> Verdict:
    if rivalry is None:
        return startup.verdict(binding.service, "ports", "A-06", True, "TC722")
    spans = [
        _span_of(startup, rival_binding) for rival_binding in (binding, rivalry.earlier)
    ]
    if startup.places.is_later(spans[1], spans[0]):
        # Each file may be right by itself: the later one brings the clash.
        binding, rivalry = rivalry.earlier, rivalry._replace(earlier=binding)
        spans.reverse()
    code, facts = _clash_facts(binding.service, binding.port, rivalry)
    lines = "T15" if code == "TC736" else "A-06"
    clash = startup.verdict(binding.service, "ports", lines, False, code, **facts)
    return at_later(clash, startup, spans)


def _span_of(startup: Startup, binding: _PortBinding) -> Span | None:
    return span_of_port(startup, binding.service, binding.port)


RULE = Rule(
    id="PORT-DUP",
    title="Publish each host port once",
    summary=(
        "Moves a host port that two services publish to a free one; otherwise the second "
        "service would not start."
    ),
    tells=("TC722", "TC736"),
    severity="must",
    mend=apply,
    covers=("A-06", "M-02"),
    url="https://docs.docker.com/reference/compose-file/services/#ports",
    examples=(
        Example(
            "services: {a: {image: 'corp/a:1', ports: ['8080:80']}, b: {image: 'corp/b:1', ports: ['8080:3000']}}",
            "services: {a: {image: 'corp/a:1', ports: ['8080:80']}, b: {image: 'corp/b:1', ports: ['8081:3000']}}",
        ),
    ),
    judge=_judge_conflicts,
    said_by={code: (code, "TC638", "TC640") for code in ("TC722", "TC736")},
)
