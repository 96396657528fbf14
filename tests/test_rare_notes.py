"""Notes that no short source asks for: what goes beyond a limit, and what hangs on a file beside the source."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def codes(result: Result) -> set[str]:
    return {one_note.code for one_note in result.notes}


@pytest.mark.parametrize(
    ("source", "file", "line"),
    [
        ("docker_run", "run.sh", "docker run -d --name {name} nginx:1\n"),
        ("procfile", "Procfile", "{name}: ./{name}\n"),
        (
            "kubernetes",
            "app.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n"
            "spec: {{containers: [{{name: a, image: 'a:1'}}]}}\n---\n",
        ),
    ],
)
def test_more_services_than_the_limit_are_told(
    source: str, file: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_SERVICES", "2")
    text = "".join(line.format(name=name) for name in ("web", "worker", "clock", "api"))
    result = convert(Memory({file: text.encode()}), Options(source=source))
    assert "TC025" in codes(result)
    assert len(result.stack.services) <= 3


@pytest.mark.parametrize(
    ("base", "code"), [("alpine:3.20", "TC593"), ("acme/base:1", "TC334")]
)
def test_bash_in_an_image_of_ones_own_is_told(base: str, code: str) -> None:
    """Alpine has none; of an image that nobody knows it is not certain."""
    dockerfile = f"FROM {base}\nCOPY . .\n"
    files = {
        "Procfile": b"web: source ./env.sh && [[ -n $PORT ]] && exec ./serve\n",
        "Dockerfile": dockerfile.encode(),
    }
    assert code in codes(convert(Memory(files), Options(source="procfile")))
