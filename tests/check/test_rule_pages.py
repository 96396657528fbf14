"""Each rule of `check` has a page with an example: what it finds before, and no longer finds after."""

from __future__ import annotations

from pathlib import Path

import pytest

from findings import FINDINGS
from judges import needs_compose, run_config
from tocompose.check import audit
from tocompose.notes import explanation
from tocompose.project import Memory
from tocompose.reports.rule_examples import COMPOSE_NAME, RuleExample, rule_examples
from tocompose.reports.text import explain_code

EXAMPLES = rule_examples()
# The orders that leave findings alone are rules too, and web stacks have a list of their own.
JUDGED = {finding.code for finding in FINDINGS} | {"TC510", "TC511", "TC749"}


def codes(files: dict[str, str]) -> set[str]:
    result = audit(Memory({name: text.encode() for name, text in files.items()}))
    assert result is not None
    return {note.code for note in result.notes}


def test_every_rule_has_an_example() -> None:
    assert set(EXAMPLES) == JUDGED


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_rule_finds_it_before_and_not_after(example: RuleExample) -> None:
    assert example.code in codes(dict(example.before))
    assert example.code not in codes(dict(example.after))


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_page_is_printed(code: str) -> None:
    text = explain_code(code)
    assert f"({explanation(code)['kind']})" not in text.split("\n")[0] or "info" in text
    assert "\nBefore, compose.yaml:\n" in text and "\nAfter, " in text
    assert f"ignore[{code}]" in text


class TestDockerCompose:
    """What is put right, docker compose takes."""

    pytestmark = needs_compose

    @pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
    def test_what_is_put_right(self, example: RuleExample, tmp_path: Path) -> None:
        for name, text in example.after.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        values = "WEB_TAG=1\nDB_PASSWORD=x\nPOSTGRES_PASSWORD=x\nREDIS_PASSWORD=x\n"
        values += "RABBITMQ_DEFAULT_PASS=x\n"
        env_path = tmp_path / ".env"
        env_path.write_text(values)
        ran = run_config(tmp_path, (COMPOSE_NAME,))
        assert ran.returncode == 0, ran.stderr
