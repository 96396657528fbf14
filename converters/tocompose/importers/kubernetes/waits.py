"""Init containers that only ask the Kubernetes API whether something runs: `depends_on` does that here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.tables import load

_SHELL = frozenset({"sh", "bash", "ash", "/bin/sh", "/bin/bash"})
_CHAINED = frozenset("|&;<>$`\n()")
_FLAGS_WITH_VALUE = frozenset(
    {"-n", "--namespace", "-l", "--selector", "--for", "--timeout", "-o", "--output"}
)


@cache
def _wait_table(section: str) -> Mapping[str, str]:
    """A section of `mappings/kubernetes/edge/waits.yaml`."""
    found: Mapping[str, str] = load("kubernetes/edge/waits")[section]
    return found


class ApiWait(NamedTuple):
    """What an init container waits for: objects of a kind by name, or by labels."""

    kind: str
    names: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    namespace: str | None


def api_client(container: Cursor) -> str | None:
    """The client of the Kubernetes API that the container's image is made of."""
    given = peek_text(container.at("image")) or ""
    if "k8s" not in given and "kubectl" not in given:
        return None
    reference = image_ref(given)
    return (
        _wait_table("images").get(reference.repository.rpartition("/")[2])
        if reference
        else None
    )


def api_wait(container: Cursor) -> ApiWait | None:
    """What the init container waits for; None when it does anything else, or cannot be understood."""
    program = api_client(container)
    if program is None:
        return None
    words = _program_words(container)
    if program == "kubectl":
        if words[:1] == ["kubectl"]:
            words = words[1:]
        if words[:1] != ["wait"] and words[:2] != ["rollout", "status"]:
            return None
        words = words[1:] if words[0] == "wait" else words[2:]
    return _parse_wait(words)


def _program_words(container: Cursor) -> list[str]:
    command = [peek_text(entry) or "" for entry in list_entries(container.at("command"))]
    words = [
        *command,
        *(peek_text(entry) or "" for entry in list_entries(container.at("args"))),
    ]
    if (
        len(words) == 3
        and words[0] in _SHELL
        and words[1].startswith("-")
        and words[1].endswith("c")
    ):
        return [] if _CHAINED & set(words[2].strip()) else _split_words(words[2])
    return [
        word
        for word in words
        if word.rpartition("/")[2] not in ("wait_for.sh", "k8s-wait-for")
    ]


def _split_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _parse_wait(words: list[str]) -> ApiWait | None:
    plain: list[str] = []
    flags: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, given = word.partition("=")
        if word.startswith("-l") and len(word) > 2:
            flags["-l"] = word[2:].removeprefix("=")
        elif word.startswith("-") and not equals and word in _FLAGS_WITH_VALUE:
            flags[word] = next(rest, "")
        elif word.startswith("-"):
            flags[name] = given
        else:
            plain.append(word)
    if not plain:
        return None
    first, slash, inner = plain[0].partition("/")
    kind = _wait_table("kinds").get(first.partition(".")[0].lower())
    names = (
        (inner, *(word.rpartition("/")[2] for word in plain[1:]))
        if slash
        else tuple(plain[1:])
    )
    given = flags.get("-l") or flags.get("--selector") or ""
    parts = (
        part.partition("=") for part in given.replace("==", "=").split(",") if "=" in part
    )
    labels = tuple((key, text) for key, _, text in parts)
    if kind is None or not (names or labels):
        return None
    return ApiWait(kind, names, labels, flags.get("-n") or flags.get("--namespace") or None)
