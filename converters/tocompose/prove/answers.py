"""What a request comes to, in the words that the model of the cluster and that of the written files share."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tocompose.prove.traefik_rules import Request
from tocompose.record import NamedTuple

_MOST_REDIRECTS = 5
_USUAL_PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    """Who answers a request (`targets`: name and port) and for which path; or the address that it is sent to."""

    targets: frozenset[tuple[str, int]] = frozenset()
    path: str = ""
    location: str = ""

    def __str__(self) -> str:
        if self.location:
            return f"sent to {self.location}"
        if not self.targets:
            return "nobody"
        names = sorted(f"{name}:{port}" for name, port in self.targets)
        return f"{' or '.join(names)} as {self.path}"


NOBODY = Answer()
# None where the model cannot tell.
Answering = Callable[[Request], "Answer | None"]


def follow(request: Request, answering: Answering) -> Answer | None:
    """What a client gets that follows redirects within the host that it asked."""
    for _ in range(_MOST_REDIRECTS):
        answer = answering(request)
        if answer is None or not answer.location:
            return answer
        address = urlsplit(answer.location)
        port = address.port or _USUAL_PORTS.get(address.scheme)
        is_usual = port == _USUAL_PORTS.get(address.scheme)
        if address.hostname != request.host.lower() or not is_usual or address.query:
            return answer
        moved = request._replace(scheme=address.scheme, path=address.path or "/")
        if moved == request:
            return answer
        request = moved
    return answering(request)
