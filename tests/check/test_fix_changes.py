"""A repair changes nothing but what its findings say, as docker compose reads the files before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from findings import FINDINGS
from fix_changes import NOTHING, Changed, changes_by_fix, differences
from judges import needs_compose

# A third of them, one file each: what several files make together is compared elsewhere.
FILES = tuple({one.code: next(iter(one.wrong.values())) for one in FINDINGS[::3]}.items())


@pytest.mark.parametrize("path", [("services", "a", "image"), ("volumes", "v")])
def test_another_value_is_a_change(path: tuple[str, ...]) -> None:
    assert not Changed(path, "1", "2").is_of_finding
    assert not Changed(path, NOTHING, "2").is_of_finding


def test_a_stated_key_is_no_new_one() -> None:
    before = {"services": {"a": {"restart": "no", "logging": {"driver": "local"}}}}
    after = {"services": {"a": {"restart": "always", "logging": {"driver": "json-file"}}}}
    changes = list(differences(before, after))
    assert len(changes) == 2
    assert not any(change.is_of_finding for change in changes)


class TestDockerCompose:
    """The judge is docker compose."""

    pytestmark = needs_compose

    def test_every_finding(self, tmp_path: Path) -> None:
        read = 0
        for code, text in FILES:
            folder = tmp_path / code
            folder.mkdir()
            (folder / "compose.yaml").write_text(text, encoding="utf-8")
            changes = changes_by_fix(folder)
            read += changes is not None
            assert not changes, (code, changes)
        assert read > 12
