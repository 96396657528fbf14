"""Each rule of `check` has a page with an example: what it finds before, and no longer finds after."""

from __future__ import annotations

from pathlib import Path

import pytest

from findings import FINDINGS
from judges import needs_compose, run_config
from tocompose.check import audit
from tocompose.check.ignores import read_codes
from tocompose.check.lint import lint
from tocompose.check.selection import RuleSelection
from tocompose.notes import explanation
from tocompose.project import Memory
from tocompose.reports.explain import explain_code
from tocompose.reports.rule_examples import COMPOSE_NAME, RuleExample, rule_examples
from tocompose.rules import judging_rules
from tocompose.rules.checklist import all_rules, checklist, codes_by_name
from tocompose.rules.opened_files import open_view
from tocompose.rules.practice_texts import explain_name

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


def verdicts(files: dict[str, str]) -> list[tuple[str, tuple[str, ...], str]]:
    """Each fault that the rules find: the rule, the lines of the checklist and the code."""
    view = open_view(Memory({name: text.encode() for name, text in files.items()}))
    assert view is not None
    return [
        (rule.id, verdict.ids, verdict.note.code)
        for rule in judging_rules()
        for verdict in (rule.judge(view) if rule.judge else ())
        if verdict.note is not None
    ]


def test_each_id_names_the_codes_that_its_rules_find() -> None:
    found: dict[str, set[str]] = {}
    for files in [finding.wrong for finding in FINDINGS] + [
        dict(example.before) for example in EXAMPLES.values()
    ]:
        for rule, lines, code in verdicts(files):
            for name in (rule, *lines):
                found.setdefault(name, set()).add(code)
    stated = codes_by_name()
    assert [name for name, codes in found.items() if not codes <= stated[name]] == []
    # All parts of the web stack are told with one code.
    unseen = {name for name in stated if not found.get(name, set()) >= stated[name]}
    assert unseen <= {"T-02", "T-03", "T-04", "T-05"}


def test_every_id_is_explained_and_has_a_page() -> None:
    pages = (Path(__file__).parents[2] / "docs/rules.md").read_text()
    names = [rule.id for rule in all_rules()] + [*checklist()]
    covered = [line for rule in all_rules() for line in rule.covers]
    for name in dict.fromkeys([*names, *covered]):
        explained = explain_name(name.lower())
        assert explained is not None and explained.text.startswith(f"{name}: ")
        assert f'<a id="{name.lower()}"></a>' in pages
    for code in {code for codes in codes_by_name().values() for code in codes}:
        assert explain_code(code) and f'<a id="{code.lower()}"></a>' in pages


@pytest.mark.parametrize("name", codes_by_name())
def test_every_id_selects_its_findings(name: str) -> None:
    for code in codes_by_name()[name]:
        example = EXAMPLES[code]
        files = {path: text.encode() for path, text in example.before.items()}
        chosen = RuleSelection(select=read_codes([name.lower()]))
        result = audit(Memory(files), selection=chosen)
        assert result is not None
        shown = lint([result], chosen)
        assert code in {note.code for note in shown.notes}
        left_out = lint([result], RuleSelection(ignore=read_codes([name])))
        assert code not in {note.code for note in left_out.notes}


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
