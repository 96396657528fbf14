"""`tocompose check`: what it prints in each form, what it writes, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FILE = """\
services:
  web:
    image: acme/web:1
    environment:
      DB_PASSWORD: geheim-12
"""

UNFIXED = """\
  api:
    imge: acme/api:1
  cache: {image: "redis:7"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docker-compose.yml").write_text(FILE)
    return tmp_path


def test_findings_then_the_score(tocompose, folder):
    ran = tocompose("check")
    assert ran.code == 0
    assert (
        "docker-compose.yml:5:7: warning: web: the value of DB_PASSWORD is a secret"
        in ran.out
    )
    assert "--  A-03    0 of 1   No secrets in the compose file  [TC716]" in ran.out
    assert ran.out.splitlines()[-1].endswith(
        "lines of the checklist are met (docker-compose.yml)"
    )
    assert "geheim-12" not in ran.out + ran.err


@pytest.mark.parametrize(
    "form",
    [
        "text",
        "json",
        "jsonl",
        "sarif",
        "junit",
        "github",
        "gitlab",
        "rdjson",
        "markdown",
        "csv",
        "html",
    ],
)
def test_every_form(tocompose, folder, form):
    ran = tocompose("check", "--format", form)
    assert ran.code == 0 and "TC716" in ran.out and "geheim-12" not in ran.out
    if form == "json":
        data = json.loads(ran.out)
        assert {line["id"] for line in data["lines"]} >= {"Q-01", "T-05", "T27"} and data[
            "notes"
        ]


def test_fail_on(tocompose, folder):
    assert tocompose("check").code == 0
    assert tocompose("check", "--fail-on", "warning").code == 1
    assert tocompose("check", "--fail-on", "info").code == 1
    assert tocompose("check", "--fail-on", "changed").code == 1
    (folder / "docker-compose.yml").write_text(FILE + "    imge: x\n")
    assert tocompose("check").code == 1
    assert tocompose("check", "--fail-on", "never").code == 0


def test_diff_writes_nothing_and_fix_does(tocompose, folder):
    shown = tocompose("check", "--diff")
    assert shown.code == 1 and "+    restart: unless-stopped" in shown.out
    assert (folder / "docker-compose.yml").read_text() == FILE
    fixed = tocompose("check", "--fix")
    assert fixed.code == 0 and fixed.out == shown.out and "geheim-12" not in fixed.out
    assert (folder / "docker-compose.yml").read_text().startswith(FILE)
    assert tocompose("check", "--diff").code == 0


def test_what_is_left_is_counted_with_the_command_that_lists_it(
    tocompose, tmp_path
) -> None:
    path = tmp_path / "docker-compose.yml"
    path.write_text(FILE + UNFIXED)
    (tmp_path / ".env").write_text("A=1\n")
    ran = tocompose("check", "--fix", "--select", "TC7,OPEN", "--report", "left.json")
    assert ran.code == 1
    *told, last = ran.err.splitlines()
    number = sum("[TC778]" not in line for line in told)
    assert last.startswith(f"{number} fixes written; 2 errors, ")
    assert last.endswith(" left: `tocompose check --select TC7 --select OPEN` lists them")
    assert ".gitignore: created" in told
    assert '"code": "TC702"' in (tmp_path / "left.json").read_text()
    again = tocompose("check", "--fix", "--select", "TC720")
    assert again.err.splitlines()[-1] == "nothing to fix; no findings left"


def test_named_files_are_put_together(tocompose, folder):
    (folder / "more.yml").write_text("services: {web: {restart: always}}\n")
    assert "TC707" in tocompose("check", "docker-compose.yml").out
    ran = tocompose("check", "-f", "docker-compose.yml", "--file", "more.yml")
    assert "TC707" not in ran.out
    apart = tocompose("check", "docker-compose.yml", "more.yml")
    assert (
        "TC707" in apart.out and "more.yml:1:12: error: web: the an image" not in apart.out
    )


def test_fix_and_diff_together_only_show(tocompose, folder):
    assert tocompose("check", "--fix", "--diff").code == 1
    assert (folder / "docker-compose.yml").read_text() == FILE


def test_the_page_has_the_checklist_the_findings_and_the_files(tocompose, folder):
    page = tocompose("check", "--format", "html").out
    assert (
        "<td>A-03</td><td>no</td><td>0 of 1</td><td>No secrets in the compose file</td><td>TC716</td>"
        in page
    )
    assert 'href="#s0-5">docker-compose.yml:5:7</a>' in page
    assert 'id="s0-5" class="changed"' in page
    assert (
        "geheim-12" not in page
        and "Next steps" not in page
        and 'aria-label="Output file"' not in page
    )


def test_reports_beside(tocompose, folder):
    ran = tocompose("check", "--report", "audit/page.html", "--report", "notes.sarif")
    assert ran.code == 0 and "TC716" in ran.out
    assert (folder / "audit" / "page.html").read_text() == tocompose(
        "check", "--format", "html"
    ).out
    assert json.loads((folder / "notes.sarif").read_text())["version"] == "2.1.0"


def test_a_report_without_a_form_is_refused_first(tocompose, folder):
    (folder / "run.sh").write_text("docker run nginx\n")
    for words in (
        ("check", "--report", "x.foo"),
        ("convert", "run.sh", "--report", "x.foo"),
    ):
        ran = tocompose(*words)
        assert ran.code == 2 and ran.out == "" and "does not tell the form" in ran.err


def test_quiet_prints_only_what_is_lost(tocompose, folder):
    assert tocompose("check", "--quiet").out == ""
    (folder / "docker-compose.yml").write_text(FILE + "    imge: x\n")
    (said,) = tocompose("check", "--quiet").out.splitlines()
    assert said.startswith("docker-compose.yml:6:5: error: ") and said.endswith("[TC702]")


def test_the_closest_key_is_looked_for_where_one_is_unknown(tocompose, folder, monkeypatch):
    looked_for: list[str] = []

    def record_name(name: str, *_: object) -> str:
        looked_for.append(name)
        return "no hint"

    monkeypatch.setattr("tocompose.rules.compose_form.did_you_mean", record_name)
    (folder / "docker-compose.yml").write_text(FILE + "    imge: x\n    x-note: y\n")
    assert "no hint" in tocompose("check").out
    assert looked_for == ["imge"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("docker run nginx\n", "run.sh: this is no compose file"),
        ("", "run.sh: this is no compose file"),
        ("- a\n", "run.sh: this is no compose file"),
        ("services: [\n", "run.sh:2:1: "),
    ],
)
def test_what_is_no_compose_file_is_not_called_good(tocompose, tmp_path, text, said):
    (tmp_path / "run.sh").write_text(text)
    ran = tocompose("check", "run.sh")
    assert ran.code == 2 and said in ran.err and ran.out == ""


def test_a_file_that_only_includes_others_is_a_compose_file(tocompose, tmp_path):
    (tmp_path / "compose.yaml").write_text("include: [web.yaml]\n")
    (tmp_path / "web.yaml").write_text("services: {web: {image: 'acme/web:1'}}\n")
    assert tocompose("check").code == 0


def test_standard_input(tocompose):
    ran = tocompose("check", "-", stdin=FILE)
    assert ran.code == 0 and "<stdin>:5:7" in ran.out
    assert tocompose("check", "-", "--fix", stdin=FILE).code == 2


def test_no_compose_file(tocompose):
    ran = tocompose("check")
    assert ran.code == 2 and "no compose file was found here" in ran.err


@pytest.mark.parametrize("source", [("docker-compose.yml",), (".",), ("-",)])
def test_a_compose_file_alone_is_converted(tocompose, folder, source):
    ran = tocompose("convert", *source, stdin=FILE)
    assert ran.code == 0 and "services:" in ran.out


def test_the_output_of_a_conversion_is_not_converted(tocompose, tmp_path):
    (tmp_path / "run.sh").write_text("docker run -d --name web nginx:1.27\n")
    assert tocompose("convert", "run.sh", "-o", "out").code == 0
    ran = tocompose("convert", "out")
    assert ran.code == 2 and "is a compose file already" in ran.err


VERSION_ONE = "web:\n  image: acme/web:1\n  links: [db]\ndb:\n  image: postgres:9\n"


@pytest.mark.parametrize("name", ["fig.yml", "docker-compose.yml"])
def test_a_file_of_version_one_is_told_what_it_is(tocompose, tmp_path, name):
    (tmp_path / name).write_text(VERSION_ONE)
    ran = tocompose("check")
    assert ran.code == 2 and f"{name}: this is a compose file of version 1" in ran.err
    assert f"tocompose convert {name}" in ran.err


def test_what_is_replaced_stays_under_another_name(tocompose, tmp_path):
    (tmp_path / "docker-compose.yml").write_text(VERSION_ONE)
    assert tocompose("convert", ".", "-o", ".").code == 2
    assert (tmp_path / "docker-compose.yml").read_text() == VERSION_ONE
    for _ in range(2):
        assert tocompose("convert", ".", "-o", ".", "--force").code == 0
    assert (tmp_path / "docker-compose.yml.orig").read_text() == VERSION_ONE
    assert "services:" in (tmp_path / "docker-compose.yml").read_text()
    assert tocompose("convert", ".", "-o", ".", "--diff").code in (0, 1)
