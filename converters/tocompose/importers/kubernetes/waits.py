"""Init containers that only ask the Kubernetes API whether something runs: `depends_on` does that here."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from functools import cache

from tocompose.importers.kubernetes.container_fields import Container
from tocompose.knowledge.images import image_ref
from tocompose.record import NamedTuple
from tocompose.syntax.names import is_shell
from tocompose.tables import load

_CHAINED = frozenset("|&;<>$`\n()")
_NAMESPACE, _SELECTOR = ("-n", "--namespace"), ("-l", "--selector")
_FLAGS_WITH_VALUE = frozenset(
    (*_NAMESPACE, *_SELECTOR, "--for", "--timeout", "-o", "--output")
)
# The scripts of k8s-wait-for, whose arguments are those of the wait.
_WAIT_SCRIPTS = ("wait_for.sh", "k8s-wait-for")


@cache
def _wait_table(section: str) -> Mapping[str, str]:
    """A section of `mappings/kubernetes/edge/waits.yaml`."""
    rows: Mapping[str, str] = load("kubernetes/edge/waits")[section]
    return rows


class ApiWait(NamedTuple):
    """What an init container waits for: objects of a kind by name, or by labels."""

    kind: str
    names: tuple[str, ...]
    labels: Mapping[str, str]
    namespace: str | None


def api_client(container: Container) -> str | None:
    """The client of the Kubernetes API that the container's image is made of."""
    image = container.image.text or ""
    if "k8s" not in image and "kubectl" not in image:
        return None
    reference = image_ref(image)
    if reference is None:
        return None
    return _wait_table("images").get(reference.repository.rpartition("/")[2])


def api_wait(container: Container) -> ApiWait | None:
    """What the init container waits for; None when it does anything else, or cannot be understood."""
    program = api_client(container)
    if program is None:
        return None
    arguments = _program_arguments(container)
    if program != "kubectl":
        return _parse_wait(arguments)
    if arguments[:1] == ["kubectl"]:
        arguments = arguments[1:]
    match arguments:
        case ["wait", *operands] | ["rollout", "status", *operands]:
            return _parse_wait(operands)
    return None


def only_waits(container: Container) -> bool:
    """Whether all that the container does is to ask in a loop of the shell until something answers."""
    argv = [argument.text or "" for argument in container.words]
    if not argv or not is_shell(argv[0]):
        return False
    # The reader of shell text, which most manifests need not load.
    from tocompose.importers.docker_run import wait_loops

    return wait_loops.only_waits(argv)


def _program_arguments(container: Container) -> list[str]:
    arguments = [argument.text or "" for argument in container.words]
    match arguments:
        case [shell, flag, script] if is_shell(shell) and _runs_script(flag):
            return [] if _CHAINED & set(script.strip()) else _split_words(script)
    return [
        argument
        for argument in arguments
        if argument.rpartition("/")[2] not in _WAIT_SCRIPTS
    ]


def _runs_script(flag: str) -> bool:
    """Whether a shell takes the next word as a script: `-c`, `-ec`."""
    return flag.startswith("-") and flag.endswith("c")


def _split_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _parse_wait(arguments: list[str]) -> ApiWait | None:
    operands, flags = _parse_flags(arguments)
    if not operands:
        return None
    resource, slash, first_name = operands[0].partition("/")
    kind = _wait_table("kinds").get(resource.partition(".")[0].lower())
    names = operands[1:]
    if slash:
        names = [first_name, *(name.rpartition("/")[2] for name in names)]
    labels = _parse_labels(_flag_value(flags, _SELECTOR) or "")
    if kind is None or not (names or labels):
        return None
    return ApiWait(kind, tuple(names), labels, _flag_value(flags, _NAMESPACE))


def _parse_flags(arguments: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """The operands, and the flags with their values, of a command line of kubectl."""
    operands: list[str] = []
    flags: dict[str, str] = {}
    remaining = iter(arguments)
    for argument in remaining:
        name, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            operands.append(argument)
        elif argument.startswith("-l") and len(argument) > 2:
            flags["-l"] = argument[2:].removeprefix("=")
        elif not equals and argument in _FLAGS_WITH_VALUE:
            flags[argument] = next(remaining, "")
        else:
            flags[name] = value
    return operands, flags


def _flag_value(flags: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((flags[name] for name in names if flags.get(name)), None)


def _parse_labels(selector: str) -> dict[str, str]:
    """The labels of `app=web,tier==front`; other requirements are left out."""
    requirements = (
        requirement.partition("=") for requirement in selector.replace("==", "=").split(",")
    )
    return {key: value for key, equals, value in requirements if equals}
