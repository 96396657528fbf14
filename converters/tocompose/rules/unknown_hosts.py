"""Hosts that the settings of a service call and that nothing in the stack is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.knowledge.called_hosts import NO_HOSTS, called_hosts
from tocompose.knowledge.old_containers import AS_CONTAINERS
from tocompose.model import EnvVariable, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.rules import remark
from tocompose.rules.evidence import host_names, is_about_itself
from tocompose.rules.variables import with_values
from tocompose.wording import enumerated

# Variables with the name that the service itself answers to.
_OWN_HOST = regex(r"(?:APP|APPLICATION|BIND|HTTP|LISTEN|SERVER|SITE|WEB)_HOST(?:NAME)?")


def note_hosts(service: Service, stack: Stack, values: Mapping[str, str]) -> Iterator[Note]:
    """A note for each host that nothing answers for; on the host's network, or one of others, somebody else may."""
    # What the cluster or a platform calls, their importers say.
    if stack.runs_in not in AS_CONTAINERS or _sees_others(service, stack):
        return
    known_names = {*host_names(stack), *_stated_hosts(service), *NO_HOSTS}
    callers: dict[str, list[EnvVariable]] = {}
    for variable in service.environment:
        if _OWN_HOST.fullmatch(variable.name) or is_about_itself(variable.name):
            continue
        text = with_values(variable.value or "", values)
        for host in dict.fromkeys(called_hosts(variable.name, text)):
            if host not in known_names:
                callers.setdefault(host, []).append(variable)
    for host, variables in callers.items():
        names = enumerated([variable.name for variable in variables])
        facts = {"host": host, "variables": names, "address": _address_words(variables)}
        yield remark(
            "TC684",
            service,
            ("environment", variables[0].name),
            variables[0].origin,
            **facts,
        )


def _address_words(variables: list[EnvVariable]) -> str:
    return "addresses" if variables[1:] else "an address"


def _sees_others(service: Service, stack: Stack) -> bool:
    """Whether it is on a network that containers outside of the stack may be on."""
    if service.network_mode not in (None, "bridge"):
        return True
    external = {network.name for network in stack.networks if network.external}
    return any(attachment.network in external for attachment in service.networks)


def _stated_hosts(service: Service) -> Iterator[str]:
    """The names that the service is given with their addresses, or as links."""
    for line in service.options.get("extra_hosts") or ():
        yield str(line).partition("=")[0].partition(":")[0].lower()
    for link in service.options.get("external_links") or ():
        yield str(link).rpartition(":")[2].lower()
