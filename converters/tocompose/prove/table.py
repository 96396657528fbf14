"""A proof for people and for programs. Values of environment variables and of `.env` are never shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tocompose.prove.difference import Difference, Match, Proof
from tocompose.prove.hidden import masked

HEAD = ("container", "field", "docker", "compose", "declared by")
WIDTH = 44


def as_text(proof: Proof) -> str:
    """The table of every container and each field that differs, and the verdict."""
    rows = [row for match in proof.matches for row in _rows(match, proof)]
    rows += [_row(one, "project", proof) for one in proof.project]
    lines = _aligned([HEAD, *rows]) if rows else []
    lines += [
        f"docker refuses command {one.group + 1}: {masked(one.message, proof.hidden)}"
        for one in proof.refusals
    ]
    return "\n".join([*lines, "", _verdict(proof), ""])


def as_data(proof: Proof) -> dict[str, Any]:
    """The same as plain data for JSON."""
    return {
        "verdict": proof.verdict,
        "holds": proof.holds,
        "containers": [_container(match, proof) for match in proof.matches],
        "project": [_difference(one, proof) for one in proof.project],
        "refused": [
            {"command": one.group + 1, "message": masked(one.message, proof.hidden)}
            for one in proof.refusals
        ],
    }


def as_json(proof: Proof) -> str:
    """`as_data` as indented JSON text that ends with a newline."""
    return json.dumps(as_data(proof), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _container(match: Match, proof: Proof) -> dict[str, Any]:
    differences = [_difference(one, proof) for one in match.differences]
    return {
        "container": match.container,
        "service": match.service,
        "differences": differences,
    }


def _difference(one: Difference, proof: Proof) -> dict[str, Any]:
    docker, compose = _values(one, proof)
    by = {"declared_by": one.declared_by, "inherent": one.inherent}
    return {"field": one.field, "docker": docker, "compose": compose, **by}


def _rows(match: Match, proof: Proof) -> list[Sequence[str]]:
    if match.differences:
        return [_row(one, match.container, proof) for one in match.differences]
    return [(match.container, "-", "equal", "equal", "")]


def _row(one: Difference, container: str, proof: Proof) -> Sequence[str]:
    by = one.declared_by or ("no Compose equivalent" if one.inherent else "NOT DECLARED")
    return (container, one.field, *map(_cell, _contrast(*_values(one, proof))), by)


def _values(one: Difference, proof: Proof) -> tuple[Any, Any]:
    """Both values fit to be shown: of an environment variable only how long they are."""
    if one.field.startswith("Env."):
        return _length(one.docker_value), _length(one.compose_value)
    return _hide(one.docker_value, proof), _hide(one.compose_value, proof)


def _contrast(docker: Any, compose: Any) -> tuple[Any, Any]:
    """Of two maps only the keys that differ."""
    if not isinstance(docker, dict) or not isinstance(compose, dict):
        return docker, compose
    same = {key for key in docker if key in compose and docker[key] == compose[key]}
    return _without(docker, same), _without(compose, same)


def _without(value: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


def _length(value: str | None) -> str | None:
    return None if value is None else f"({len(value)} characters)"


def _hide(value: Any, proof: Proof) -> Any:
    if isinstance(value, dict):
        return {key: _hide(item, proof) for key, item in value.items()}
    if isinstance(value, list):
        return [_hide(item, proof) for item in value]
    return masked(value, proof.hidden) if isinstance(value, str) else value


def _cell(value: Any) -> str:
    text = (
        "-"
        if value is None
        else value
        if isinstance(value, str) and value
        else json.dumps(value, ensure_ascii=False)
    )
    plain = " ".join(text.split())
    return plain if len(plain) <= WIDTH else f"{plain[: WIDTH - 1]}…"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    return (cell.ljust(width) for cell, width in zip(row, widths, strict=True))


def _verdict(proof: Proof) -> str:
    """One sentence: what the proof shows."""
    count = f"{len(proof.matches)} container{'s' * (len(proof.matches) != 1)}"
    told = len(proof.differences) - len(proof.undeclared)
    if proof.refusals:
        return f"No proof: docker refuses {len(proof.refusals)} of the commands."
    if proof.undeclared:
        return f"Different: {len(proof.undeclared)} undeclared difference(s) in {count}, {told} declared."
    if told:
        return f"Equal apart from {told} declared difference(s): {count}."
    return f"Equal: docker and docker compose ask the engine for the same {count}."
