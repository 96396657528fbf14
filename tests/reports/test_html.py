"""The page in a real Chromium: it needs no network, its filters filter, its lines are linked, both themes work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsers import contrast_of, open_browser
from shop import SECRET, example
from tocompose.check import audit
from tocompose.check.findings import CheckedFiles
from tocompose.ledger import Ledger
from tocompose.model import Service, Stack
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.audit import as_html
from tocompose.reports.report import report
from tocompose.reports.svg import svg_drawing
from tocompose.reports.topology import stack_topology


def test_the_page_asks_for_nothing_else() -> None:
    page = render("html", example())
    assert not re.search(r"<link|<img|<iframe|<object|src=|@import|url\((?!#)", page)
    assert "default-src &#39;none&#39;" in page


def test_the_page_is_well_escaped() -> None:
    page = render("html", example())
    assert page.count("<script>") == page.count("</script>") == 1
    assert "&lt;/script&gt;" in page
    assert SECRET not in page


def test_a_service_name_cannot_break_the_drawing() -> None:
    evil = Stack(
        name="x", services=(Service(name='"><script>alert(1)</script>', image="a&b<c>"),)
    )
    text = svg_drawing(stack_topology(evil))
    assert "<script" not in text
    assert "a&amp;b&lt;c&gt;" in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    path = tmp_path / "report.html"
    path.write_text(render("html", example()), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


def _all(page: Any, selector: str) -> list[Any]:
    return list(page.find_elements("css selector", selector))


def _shown(page: Any, selector: str) -> list[str]:
    return [item.text for item in _all(page, selector) if item.is_displayed()]


@pytest.mark.browser
def test_the_console_stays_empty(page: Any) -> None:
    assert [
        entry for entry in page.get_log("browser") if "favicon" not in entry["message"]
    ] == []


@pytest.mark.browser
def test_the_style_sheet_is_applied(page: Any) -> None:
    """The policy allows the style sheet by its hash: a wrong hash would leave the page bare."""
    assert (
        page.find_element("css selector", ".sides").value_of_css_property("display")
        == "grid"
    )


@pytest.mark.browser
def test_notes_are_filtered_by_kind_service_and_text(page: Any) -> None:
    assert len(_shown(page, ".note")) == 6
    page.find_element("css selector", "input[value=lost]").click()
    assert len(_shown(page, ".note")) == 4
    page.find_element("css selector", "input[value=lost]").click()
    page.find_element("css selector", "select[name=subject]").send_keys("db")
    assert len(_shown(page, ".note")) == 2
    page.find_element("css selector", "input[name=text]").send_keys("restart")
    assert [text.split("\n")[0] for text in _shown(page, ".note")] == [
        "ADDED TC001 db restart: unless-stopped"
    ]
    assert page.find_element("id", "shown").text == "1 of 6"


@pytest.mark.browser
def test_a_box_of_the_diagram_filters_by_its_service(page: Any) -> None:
    page.find_element("css selector", "svg .node[data-service=web]").click()
    assert len(_shown(page, ".note")) == 1
    assert "--gpus all" in _shown(page, ".note")[0]


@pytest.mark.browser
def test_a_source_line_shows_its_output_lines_and_back(page: Any) -> None:
    page.find_element("css selector", "#s0-2").click()
    chosen = _shown(page, "tr.chosen")
    assert len(chosen) == 2
    assert "docker run -d --name db" in chosen[0]
    assert chosen[1].endswith("image: postgres:16")
    page.find_element("css selector", "#o0-8").click()
    assert [line.split(" ")[0] for line in _shown(page, "tr.chosen")] == ["4", "8"]


@pytest.mark.browser
def test_lines_can_be_reached_with_the_keyboard(page: Any) -> None:
    page.find_element("css selector", "#s0-2").send_keys("\ue007")
    assert len(_shown(page, "tr.chosen")) == 2


@pytest.mark.browser
def test_a_note_leads_to_its_line(page: Any) -> None:
    page.find_element("css selector", ".note .place").click()
    assert "--gpus all" in _shown(page, '[data-side="source"] tr.chosen')[0]


@pytest.mark.browser
def test_both_themes_can_be_read(page: Any) -> None:
    def contrast() -> float:
        return contrast_of(page)

    themes = {page.find_element("id", "theme").text: contrast()}
    page.find_element("id", "theme").click()
    themes[page.find_element("id", "theme").text] = contrast()
    assert set(themes) == {"Dark", "Light"}
    assert min(themes.values()) >= 7


@pytest.mark.browser
def test_narrow_screens_do_not_scroll_sideways(page: Any) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False},
    )
    try:
        wide = page.execute_script("return document.documentElement.scrollWidth")
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 390


@pytest.fixture
def audited(browser: Any, tmp_path: Path) -> Any:
    """The page of `check --format html` about a file with a secret and without a healthcheck."""
    db = "db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: hunter2-Kq9}}"
    text = f"services:\n  {db}\n  web: {{image: acme/web:1}}\n"
    project = Memory({"compose.yaml": text.encode()}, name="shop")
    found = audit(project)
    assert found is not None
    told = report(CheckedFiles((), found.notes, found.stack, Ledger()), project)
    path = tmp_path / "audit.html"
    path.write_text(as_html(found.as_dict(), told), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


@pytest.mark.browser
def test_the_page_of_an_audit_shows_the_checklist_and_leads_to_the_lines(
    audited: Any,
) -> None:
    assert [
        entry for entry in audited.get_log("browser") if "favicon" not in entry["message"]
    ] == []
    rows = _shown(audited, "#checklist tr.failed")
    assert any(
        row.startswith("A-03 no 0 of 1 No secrets in the compose file TC716")
        for row in rows
    ), rows
    assert "hunter2" not in audited.page_source
    audited.find_element("css selector", "svg .node[data-service=db]").click()
    assert {note.split()[2] for note in _shown(audited, ".note")} >= {"db"}
    audited.find_element("css selector", ".note a.place").click()
    (chosen,) = _shown(audited, "tr.chosen")
    assert "db: {image: 'postgres:16'" in chosen
