"""The dashboard in a real Chromium: charts, filters, drill-down, both themes, no network, no way to break out of it."""

from __future__ import annotations

import io
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch.generator import generate
from batch.runs import SCRIPT, make
from reports.test_html import browser  # noqa: F401
from tocompose.batch import (
    BatchOptions,
    BatchRepository,
    RepositoryOutcome,
    Status,
    convert_many,
)
from tocompose.batch.summary import save_summary, write_summary
from tocompose.batch.summary.html import MAX_NOTES, SHOWN_STATUSES
from tocompose.notes import note

EVIL = '</script><script>document.title="evil"</script><img src=x onerror=alert(1)>'


def results(folder: Path, number: int) -> list[RepositoryOutcome]:
    paths = [folder / name for name in generate(folder, number)]
    paths.append(make(folder / "odd" / EVIL.replace("/", "∕"), {"run.sh": SCRIPT}))
    return list(
        convert_many(
            [f"{folder}/./{path.relative_to(folder)}" for path in paths], BatchOptions()
        )
    )


@pytest.fixture(scope="module")
def outcomes(
    browser: Any,  # noqa: F811  # without one they are made for nothing
    tmp_path_factory: pytest.TempPathFactory,
) -> list[RepositoryOutcome]:
    return results(tmp_path_factory.mktemp("dashboard"), 260)


@pytest.fixture
def page(outcomes: list[RepositoryOutcome], browser: Any, tmp_path: Path) -> Any:  # noqa: F811
    save_summary("html", lambda: iter(outcomes), tmp_path / "dashboard.html")
    browser.get((tmp_path / "dashboard.html").as_uri())
    return browser


def texts(page: Any, selector: str) -> list[str]:
    return [item.text for item in page.find_elements("css selector", selector)]


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def shot(page: Any, name: str) -> None:
    """Keeps a picture for people, where TOCOMPOSE_SHOTS says so."""
    if folder := os.environ.get("TOCOMPOSE_SHOTS"):
        page.save_screenshot(str(Path(folder) / f"batch-{name}.png"))


def count(outcomes: list[RepositoryOutcome], status: Status) -> int:
    return sum(item.status is status for item in outcomes)


@pytest.mark.slow
@pytest.mark.browser
def test_counts_and_charts(page: Any, outcomes: list[RepositoryOutcome]) -> None:
    cards = texts(page, ".card b")
    assert cards == [str(count(outcomes, status)) for status in SHOWN_STATUSES]
    bars = texts(page, ".charts .value")
    kinds = [
        sum(item.notes_by_kind()[kind] for item in outcomes)
        for kind in outcomes[0].notes_by_kind()
    ]
    assert [int(text.replace(",", "")) for text in bars] == [*map(int, cards), *kinds]
    widths = [
        float(bar.get_attribute("width"))
        for bar in page.find_elements("css selector", ".charts rect")
    ]
    assert max(widths) == 330 and (widths[0] > 0) and all(width >= 0 for width in widths)
    codes = {item.code for outcome in outcomes for item in outcome.notes}
    assert set(texts(page, "#codes td code")) == codes
    shot(page, "light")


@pytest.mark.browser
def test_filters_and_drill_down(page: Any, outcomes: list[RepositoryOutcome]) -> None:
    assert len(page.find_elements("css selector", "tr.repository")) == 200
    page.find_element("id", "more").click()
    assert len(page.find_elements("css selector", "tr.repository")) == len(outcomes)
    page.find_element("css selector", ".card.failed").click()
    failed = count(outcomes, Status.FAILED)
    assert failed and len(page.find_elements("css selector", "tr.repository")) == failed
    assert f"{failed} of {len(outcomes)}" in page.find_element("id", "shown").text
    page.find_element("css selector", "tr.repository").click()
    shown = texts(page, "tr.detail .note")
    assert any("TC800" in text for text in shown)
    shot(page, "detail")
    page.find_element("css selector", "tr.repository").click()
    assert not page.find_elements("css selector", "tr.detail")
    page.find_element("css selector", "#filters button[type=reset]").click()
    wait(lambda: len(page.find_elements("css selector", "tr.repository")) == 200)
    row = page.find_element("css selector", "tr[data-code=TC811]")
    page.execute_script("arguments[0].click()", row)
    assert set(texts(page, "tr.repository .badge")) == {"HAD A COMPOSE FILE"}
    page.find_element("name", "text").send_keys("team-0")
    assert all(
        name.startswith(("▸ team-0", "team-0"))
        for name in texts(page, "tr.repository .name")
    )


@pytest.mark.browser
def test_a_telephone_shows_names_in_full_and_failures_first(page: Any) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False},
    )
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
    names = page.find_elements("css selector", "tr.repository .name")[:5]
    assert all(name.size["width"] > 300 and name.size["height"] < 60 for name in names)
    assert texts(page, "tr.repository .badge")[0] == "FAILED"
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.browser
def test_sorting(page: Any, outcomes: list[RepositoryOutcome]) -> None:
    head = page.find_element("css selector", "th[data-sort=lost]")
    page.execute_script("arguments[0].click()", head)
    shown = [int(text) for text in texts(page, "tr.repository td:nth-child(5)")]
    assert (
        shown
        == sorted((item.notes_by_kind()["lost"] for item in outcomes), reverse=True)[:200]
    )


@pytest.mark.browser
def test_themes(page: Any) -> None:
    back = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    page.find_element("id", "theme").click()
    assert (
        page.execute_script("return getComputedStyle(document.body).backgroundColor")
        != back
    )
    shot(page, "dark")


@pytest.mark.browser
def test_names_cannot_break_out_and_nothing_is_fetched(page: Any) -> None:
    assert page.title.endswith("migration to Docker Compose")
    page.find_element("name", "text").send_keys("odd")
    (name,) = texts(page, "tr.repository .name")
    assert EVIL.replace("/", "∕") in name
    assert not page.find_elements("css selector", "img")
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert (
        page.execute_script("return performance.getEntriesByType('resource').length") == 0
    )


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    text = io.StringIO()
    made = results(tmp_path, 20)
    write_summary("html", lambda: iter(made), text)
    assert not re.search(
        r"<link|<img|<iframe|<object|src=|@import|url\(",
        text.getvalue().split('id="data"')[0],
    )
    assert text.getvalue().count("</script>") == 2


def test_a_large_run_keeps_to_what_a_browser_can_open() -> None:
    said = (
        *tuple(note("TC812", count=number) for number in range(50)),
        note("TC800", problem="x"),
    )
    number = MAX_NOTES // 50
    many = [
        RepositoryOutcome(BatchRepository(f"r{n}", "", ""), Status.EMPTY, notes=said)
        for n in range(number)
    ]
    text = io.StringIO()
    write_summary("html", lambda: iter(many), text)
    data = json.loads(text.getvalue().split('id="data">')[1].split("</script>")[0])
    assert sum(len(row[5]) for row in data["repositories"]) == number, (
        "the losses, and not the other 50"
    )
    assert all(row[3] == [1, 0, 0, 0, 50] for row in data["repositories"])
