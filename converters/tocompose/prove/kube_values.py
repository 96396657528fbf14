"""Values of manifests as Kubernetes reads them: amounts, and texts with `$(NAME)` in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A value that only the cluster knows, such as the address of a node.
UNKNOWN = "\0unknown\0"
_SUFFIXES = {
    "": 1.0,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    **dict(zip(("k", "M", "G", "T", "P", "E"), (1e3**n for n in range(1, 7)), strict=True)),
    **dict(
        zip(
            ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"),
            (2.0 ** (10 * n) for n in range(1, 7)),
            strict=True,
        )
    ),
}


def expand(text: str, env: Mapping[str, str]) -> str:
    """The text with `$(NAME)` replaced where the name is known; `$$` is a dollar."""
    out: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        following = text[position + 1 : position + 2]
        end_offset = text.find(")", position)
        if char == "$" and following == "$":
            out.append("$")
            position += 2
        elif char == "$" and following == "(" and end_offset > 0:
            name = text[position + 2 : end_offset]
            out.append(_variable(name, env))
            position = end_offset + 1
        else:
            out.append(char)
            position += 1
    return "".join(out)


def _variable(name: str, env: Mapping[str, str]) -> str:
    """A variable's value; that of a Service's own variable is known in the cluster only."""
    if name in env:
        return env[name]
    is_link = name.endswith("_SERVICE_HOST") or "_SERVICE_PORT" in name or "_PORT_" in name
    return UNKNOWN if is_link else f"$({name})"


def quantity(value: Any) -> float:
    """https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""
    text = str(value)
    number = text.rstrip("numkKMGTPEi")
    try:
        return float(number) * _SUFFIXES.get(text[len(number) :], 1.0)
    except ValueError:
        return 0.0


def scalar_text(value: Any) -> str:
    """The text of a scalar; empty for null."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def as_map(value: Any) -> Mapping[str, Any]:
    """The value if it is a map, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
