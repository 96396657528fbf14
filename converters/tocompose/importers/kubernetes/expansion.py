"""`$(NAME)` in commands, arguments and variables, worked out as the kubelet does, then escaped for Compose."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.syntax.interpolation import literal


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
