"""Which findings `check` shows, of which stacks: `--select`, `--ignore`, settings, several files and folders."""

from __future__ import annotations

import json
from pathlib import Path

from tocompose.check.ignores import UNUSED

FILE = "services:\n  web:\n    image: acme/web\n    imge: x\n"


def test_select_and_ignore(tocompose, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE)
    assert "TC734" in tocompose("check", "--select", "TC734").out
    assert "TC702" not in tocompose("check", "--select", "TC734").out
    ran = tocompose("check", "--ignore", "TC7")
    assert ran.code == 0 and "TC702" not in ran.out and "ignored)" in ran.out
    assert "TC702" in tocompose("check", "--ignore", "TC7", "--select", "TC70").out
    assert "TC702" in tocompose("check", "--select", "form").out
    assert "TC734" not in tocompose("check", "--ignore", "TAG").out
    refused = tocompose("check", "--ignore", "TC7O2")
    assert refused.code == 2 and "there is no rule 'TC7O2'" in refused.err


def test_a_line_met_only_because_findings_are_ignored_is_no_ok(
    tocompose, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(FILE)
    ran = tocompose("check", "--ignore", "TC707")
    (line,) = [line for line in ran.out.splitlines() if line[4:].startswith("Q-02")]
    assert line.startswith("ig  ") and line.endswith("(1 ignored)")
    assert ran.out.count("\nig  ") > 1
    waived = f"{ran.out.count(chr(10) + 'ig  ')} only because their findings are ignored"
    assert waived in ran.out.splitlines()[-1]


def test_settings_of_the_repository(tocompose, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE)
    (tmp_path / "tocompose.toml").write_text('[check]\nignore = ["TC702", "TC722"]\n')
    ran = tocompose("check", "--format", "json")
    data = json.loads(ran.out)
    codes = {finding["code"] for finding in data["notes"]}
    assert ran.code == 0 and "TC702" not in codes
    assert [note["message"] for note in data["notes"] if note["code"] == UNUSED] == [
        "TC722 reports nothing that this comment would ignore"
    ]
    assert {ignored["code"] for ignored in data["ignored"]} == {"TC702"}


def test_an_id_in_settings_and_comments(tocompose, tmp_path: Path) -> None:
    line = "    image: acme/web # tocompose: ignore[TAG] tested with any"
    path = tmp_path / "compose.yaml"
    path.write_text(FILE.replace("    image: acme/web", line))
    (tmp_path / "tocompose.toml").write_text('[check]\nignore = ["FORM", "T13", "T5"]\n')
    data = json.loads(tocompose("check", "--format", "json").out)
    # The line T13 has a code of FORM alone; nothing is told of T5.
    assert [note["message"] for note in data["notes"] if note["code"] == UNUSED] == [
        "T13 reports nothing that this comment would ignore",
        "T5 reports nothing that this comment would ignore",
    ]
    assert {ignored["code"] for ignored in data["ignored"]} == {"TC702", "TC734"}


def test_files_and_folders_are_stacks(tocompose, tmp_path: Path) -> None:
    for name in ("one", "two/deep"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "compose.yaml").write_text(FILE)
    (tmp_path / "two/deep/.env").write_text("A=1\n")
    ran = tocompose("check")
    assert ran.code == 1
    assert "one/compose.yaml:4:5: error: " in ran.out
    assert "two/deep/compose.yaml:4:5: error: " in ran.out
    assert tocompose("check", "one", "two").out == ran.out
    named = tocompose("check", "one/compose.yaml", "--format", "github").out
    assert "::error file=one/compose.yaml,line=4" in named
    data = json.loads(tocompose("check", "--format", "json").out)
    assert len(data["stacks"]) == 2 and data["levels"]["error"] == 2


def test_each_stack_is_put_right_where_it_lies(tocompose, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    path = tmp_path / "one" / "compose.yaml"
    path.write_text("services:\n  web:\n    image: acme/web:1\n")
    assert tocompose("check", "one", "--fix").code == 0
    assert "restart: unless-stopped" in path.read_text()
    assert not (tmp_path / "compose.yaml").exists()


def test_the_score_counts_the_selected_lines_only(tocompose, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE)

    def lines(*orders: str) -> dict[str, str]:
        data = json.loads(tocompose("check", "--format", "json", "--select", *orders).out)
        assert data["score"]["applicable"] == sum(
            line["state"] != "none" for line in data["lines"]
        )
        return {line["id"]: line["state"] for line in data["lines"]}

    assert lines("Q-02") == {"Q-02": "failed"}
    assert lines("q-02,T27") == {"Q-02": "failed", "T27": "passed"}
    # A line of which another code is not met is not met either.
    assert lines("TC701") == {"S-01": "failed"}
    assert set(lines("LOG")) == {"Q-04", "E-02"}
    text = tocompose("check", "--select", "TC708").out
    assert "lines of the checklist are met" in text and "`tocompose explain " in text
    assert tocompose("check", "--select", "TC741").out.splitlines()[-1] == (
        "no selected line of the checklist applies (compose.yaml)"
    )


def test_what_comments_leave_alone_counts_where_it_is_selected(
    tocompose, tmp_path: Path
) -> None:
    ignored = "    image: acme/web # tocompose: ignore[TAG] tested with any"
    (tmp_path / "compose.yaml").write_text(FILE.replace("    image: acme/web", ignored))
    assert "(1 ignored)" in tocompose("check", "--select", "TC734").out
    assert "ignored" not in tocompose("check", "--select", "TC707").out
