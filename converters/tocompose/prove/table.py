"""A proof for people and for programs. Values of environment variables and of `.env` are never shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tocompose.prove.difference import Difference, Match, Proof, mask_hidden
from tocompose.wording import counted

HEAD = ("container", "field", "docker", "compose", "declared by")
WIDTH = 44


def as_text(proof: Proof) -> str:
    """The table of every container and each field that differs, and the verdict."""
    rows = [row for match in proof.matches for row in _match_rows(match, proof)]
    rows += [_difference_row(match, "project", proof) for match in proof.project]
    lines = _align_rows([HEAD, *rows]) if rows else []
    lines += [
        f"docker refuses command {match.group + 1}: {mask_hidden(match.message, proof.hidden)}"
        for match in proof.refusals
    ]
    granted = [proof.unchecked] if proof.unchecked else []
    return "\n".join([*lines, "", _verdict_sentence(proof), *granted, ""])


def as_data(proof: Proof) -> dict[str, Any]:
    """The same as plain data for JSON."""
    return {
        "verdict": proof.verdict,
        "holds": proof.holds,
        "containers": [_container_data(match, proof) for match in proof.matches],
        "project": [_difference_data(match, proof) for match in proof.project],
        "unchecked": proof.unchecked,
        "refused": [
            {
                "command": match.group + 1,
                "message": mask_hidden(match.message, proof.hidden),
            }
            for match in proof.refusals
        ],
    }


def as_json(proof: Proof) -> str:
    """`as_data` as indented JSON text that ends with a newline."""
    return json.dumps(as_data(proof), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _container_data(match: Match, proof: Proof) -> dict[str, Any]:
    differences = [_difference_data(match, proof) for match in match.differences]
    return {
        "container": match.container,
        "service": match.service,
        "differences": differences,
    }


def _difference_data(difference: Difference, proof: Proof) -> dict[str, Any]:
    docker, compose = _shown_values(difference, proof)
    by = {"declared_by": difference.declared_by, "inherent": difference.is_inherent}
    return {"field": difference.field, "docker": docker, "compose": compose, **by}


def _match_rows(match: Match, proof: Proof) -> list[Sequence[str]]:
    if match.differences:
        return [
            _difference_row(match, match.container, proof) for match in match.differences
        ]
    return [(match.container, "-", "equal", "equal", "")]


def _difference_row(difference: Difference, container: str, proof: Proof) -> Sequence[str]:
    by = difference.declared_by or (
        "no Compose equivalent" if difference.is_inherent else "NOT DECLARED"
    )
    return (
        container,
        difference.field,
        *map(_cell_text, _differing_keys(*_shown_values(difference, proof))),
        by,
    )


def _shown_values(difference: Difference, proof: Proof) -> tuple[Any, Any]:
    """Both values fit to be shown: of an environment variable only how long they are."""
    if difference.field.startswith("Env."):
        return _shown_length(difference.docker_value), _shown_length(
            difference.compose_value
        )
    return _hide_values(difference.docker_value, proof), _hide_values(
        difference.compose_value, proof
    )


def _differing_keys(docker: Any, compose: Any) -> tuple[Any, Any]:
    """Of two maps only the keys that differ."""
    if not isinstance(docker, dict) or not isinstance(compose, dict):
        return docker, compose
    common = {key for key in docker if key in compose and docker[key] == compose[key]}
    return _without_keys(docker, common), _without_keys(compose, common)


def _without_keys(value: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: text for key, text in value.items() if key not in keys}


def _shown_length(value: str | None) -> str | None:
    return None if value is None else f"({len(value)} characters)"


def _hide_values(value: Any, proof: Proof) -> Any:
    if isinstance(value, dict):
        return {key: _hide_values(content, proof) for key, content in value.items()}
    if isinstance(value, list):
        return [_hide_values(content, proof) for content in value]
    return mask_hidden(value, proof.hidden) if isinstance(value, str) else value


def _cell_text(value: Any) -> str:
    text = (
        "-"
        if value is None
        else value
        if isinstance(value, str) and value
        else json.dumps(value, ensure_ascii=False)
    )
    plain = " ".join(text.split())
    return plain if len(plain) <= WIDTH else f"{plain[: WIDTH - 1]}…"


def _align_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return ["  ".join(_pad_cells(row, widths)).rstrip() for row in rows]


def _pad_cells(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    return (cell.ljust(width) for cell, width in zip(row, widths, strict=True))


def _verdict_sentence(proof: Proof) -> str:
    """One sentence: what the proof shows."""
    count = counted(len(proof.matches), "container")
    declared = len(proof.differences) - len(proof.undeclared)
    if proof.refusals:
        return f"No proof: docker refuses {len(proof.refusals)} of the commands."
    if proof.undeclared:
        undeclared = counted(len(proof.undeclared), "undeclared difference")
        return f"Different: {undeclared} in {count}, {declared} declared."
    if declared:
        return f"Equal apart from {counted(declared, 'declared difference')}: {count}."
    return f"Equal: docker and docker compose ask the engine for the same {count}."
