"""What copying does to commands is undone: a damaged paste gives what the command gives that was meant."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.docker_run.pasted import paste_options
from tocompose.notes import Kind, explanation
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

PASTES: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("pastes.yaml").read_text(encoding="utf-8")
)
_REPAIRS = ("TC030", "TC84", "TC85")


def _shell_words(paste: str) -> tuple[str, ...]:
    """What a shell passes to tocompose when the paste stands behind it."""
    printed = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {paste}"], capture_output=True, check=True
    )
    return tuple(printed.stdout.decode().split("\0")[:-1])


def _converted(options: dict[str, tuple[str, ...]]) -> Result:
    settings = ImportOptions(options=options)
    return convert(
        Memory({}), Options(source="docker_run", practices="none", settings=settings)
    )


def _result(paste: str, *, is_shell: bool = False) -> Result:
    if is_shell:
        return _converted(paste_options(_shell_words(paste)))
    return _converted({"argv": (), "paste": (paste,)})


def _document(result: Result) -> Any:
    return yaml.safe_load(result.files[0].content)


@pytest.mark.parametrize("name", PASTES)
def test_a_paste_gives_what_was_meant(name: str) -> None:
    case = PASTES[name]
    is_shell = case.get("shell", False)
    if case["meant"] == "nothing":
        with pytest.raises(SourceError, match=":1:"):
            _result(case["paste"], is_shell=is_shell)
        return
    result = _result(case["paste"], is_shell=is_shell)
    assert _document(result) == _document(_result(case["meant"]))
    said = {item.code for item in result.notes if item.code.startswith(_REPAIRS)}
    assert said == set(case["notes"])
    assert all(Kind(explanation(code)["kind"]) is Kind.ASSUMED for code in said)


@pytest.mark.parametrize("name", [name for name in PASTES if "shell" not in PASTES[name]])
def test_repairing_twice_is_repairing_once(name: str) -> None:
    from tocompose.importers.docker_run.paste.repairs import repair_commands
    from tocompose.ledger import Ledger
    from tocompose.readers.text import Text

    once = repair_commands(Text("a", PASTES[name]["paste"]), Ledger(), "pasted").text
    assert repair_commands(Text("a", once), Ledger(), "pasted").text == once
