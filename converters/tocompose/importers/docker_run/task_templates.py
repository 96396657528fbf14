"""Templates that a swarm fills in for each task of a service: `{{.Task.Slot}}`, `{{.Node.Hostname}}`.

https://docs.docker.com/reference/cli/docker/service/create/#create-services-using-templates
"""

from __future__ import annotations

from tocompose.patterns import regex

_TEMPLATE = regex(r"\{\{.*\}\}")
_TASK_NUMBER = regex(r"\{\{-?\s*\.Task\.Slot\s*-?\}\}")
_OF_SERVICE = regex(r"\{\{-?\s*\.Service\.Name\s*-?\}\}")


def has_template(text: str) -> bool:
    """Whether the text holds what only a swarm fills in."""
    return _TEMPLATE.search(text) is not None


def fill_service_name(text: str, service: str) -> str:
    """The text with the name of the service, which all its tasks have."""
    return _OF_SERVICE.sub(service, text)


def fill_task_number(text: str) -> str:
    """The text as the first task of a service has it; what hangs on a machine stays as it is."""
    return _TASK_NUMBER.sub("1", text)
