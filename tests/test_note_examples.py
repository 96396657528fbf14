"""Each code of `tests/examples/` is said for its example: the shortest source that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import tree
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.notes import explanation
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.rules import Context

# What the example of a family is written to.
_FILES = {"kubernetes": "app.yaml", "engine": "inspect.json", "legacy_compose": "fig.yml"}


def _examples() -> Iterator[tuple[str, Any]]:
    for path in sorted((tree.ROOT / "tests" / "examples").glob("*.yaml")):
        name = _FILES.get(path.stem, "run.sh")
        for code, example in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            yield code, {name: example} if isinstance(example, str) else example


@pytest.mark.parametrize(("code", "example"), list(_examples()))
def test_the_example_makes_tocompose_say_it(code: str, example: Any) -> None:
    files = dict(example)
    wanted = files.pop("options", {})
    settings = ImportOptions(options=files.pop("settings", {}))
    project = Memory({name: text.encode() for name, text in files.items()}, "shop")
    options = Options(
        layout=Layout(split=True), context=Context(**wanted), settings=settings
    )
    result = convert(project, options)
    said = [item for item in result.notes if item.code == code]
    assert said, f"said were {sorted({item.code for item in result.notes})}"
    assert said[0].kind.value == explanation(code)["kind"]
    assert all("{" not in item.message.replace("${", "") for item in said), said
