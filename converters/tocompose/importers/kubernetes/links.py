"""The variables that Kubernetes sets in every pod for each Service, and `$(NAME)` worked out as the kubelet does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.syntax.interpolation import literal

MENTION = r"[A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP)[A-Z_]*)?)"


def mentioned_variables(
    container: ContainerContext, values: Mapping[str, str], file_texts: Iterable[str]
) -> Mapping[str, str]:
    """Those variables that the container's texts name, unless the pod switches them off."""
    if container.pod_spec.links_services.flag is False:
        return {}
    arguments = (argument.text or "" for argument in container.fields.words)
    names: set[str] = set()
    for text in (*values.values(), *file_texts, *arguments):
        if "_PORT" in text or "_SERVICE_" in text:
            names.update(re.findall(MENTION, text))
    if not names:
        return {}
    variables = container.link_variables
    return {name: variables[name] for name in sorted(names & variables.keys())}


def expand_references(text: str, scope: Mapping[str, str]) -> str:
    """The text as Compose reads it: `$(NAME)` replaced from `scope` (texts as Compose reads them), `$$` one dollar.

    A name that the scope does not know stays as it is.
    https://github.com/kubernetes/kubernetes/blob/master/third_party/forked/golang/expansion/expand.go
    """
    if "$" not in text:
        return text
    expanded: list[str] = []
    start = index = 0
    while (index := text.find("$", index)) >= 0 and index + 1 < len(text):
        following = text[index + 1]
        close = text.find(")", index) if following == "(" else -1
        if following == "$":
            expanded.append(literal(text[start : index + 1]))
            index = start = index + 2
        elif close > 0 and (name := text[index + 2 : close]) in scope:
            expanded.extend((literal(text[start:index]), scope[name]))
            index = start = close + 1
        else:
            index += 1 if following != "(" or close < 0 else close + 1 - index
    expanded.append(literal(text[start:]))
    return "".join(expanded)
