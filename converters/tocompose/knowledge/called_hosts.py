"""The hosts of one label that variables call: names which only a network of containers knows."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.patterns import regex

# A host of one label in an address, and alone.
_URL_HOST = regex(r"(?<=[a-z0-9+.-])://(?:[^/@\s,]*@)?([a-z][a-z0-9-]*):\d")
_LABEL = regex(r"[a-z][a-z0-9-]*")
_HOST_VARIABLES = ("_HOST", "_HOSTNAME", "_HOSTS", "_CONTACT_POINTS")
# Servers with their ports, one after the other, as clients of clusters are told them.
_SERVERS = regex(r"[a-z][a-z0-9.-]*:\d{2,5}(?:,\s?[a-z][a-z0-9.-]*:\d{2,5})*")
_SERVER_VARIABLES = regex(
    r"(?:^|_)(?:HOSTS?|SERVERS?|ADDR(?:ESS(?:ES)?)?|NODES?|BROKERS?|ENDPOINTS?|SEEDS?|UPSTREAMS?|CONTACT_POINTS)$"
)

# What is called so is no container, or the container itself.
NO_HOSTS = frozenset("localhost kubernetes host true false none null".split())


def called_hosts(name: str, text: str) -> Iterator[str]:
    """The hosts without a dot in the value of a variable: those of addresses with a port, and one that stands alone."""
    for match in _URL_HOST.finditer(text):
        yield match[1]
    if name.endswith(_HOST_VARIABLES) and _LABEL.fullmatch(text):
        yield text
    elif _SERVERS.fullmatch(text) and _SERVER_VARIABLES.search(name.upper()):
        for server in text.split(","):
            host = server.strip().partition(":")[0]
            if "." not in host:
                yield host
