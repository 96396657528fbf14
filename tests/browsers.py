"""A headless Chromium for the tests of pages, and what they ask of every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    *(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--hide-scrollbars",
    ),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,1000",
    ),
)


@contextmanager
def open_browser(downloads: Path | None = None) -> Iterator[Any]:
    """The browser, which puts downloads into that folder; the test is skipped where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium and chromedriver are not installed")
        pytest.skip("needs Chromium and chromedriver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if downloads is not None:
        folder = {"download.default_directory": str(downloads)}
        options.add_experimental_option("prefs", folder)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


def complaints(browser: Any) -> list[str]:
    """What the browser has complained of since it was last asked."""
    messages = [entry["message"] for entry in browser.get_log("browser")]
    return [message for message in messages if "favicon" not in message]


def contrast_of(page: Any) -> float:
    """How far the text of the page stands out: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""
    style = page.execute_script(
        "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor].map(c => c.match(/\\d+/g))"
    )
    light, dark = sorted(
        (_luminance([int(part) for part in colour[:3]]) for colour in style), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[int]) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [value / 255 for value in colour]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
