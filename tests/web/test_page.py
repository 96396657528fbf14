"""The page in a headless Chromium, with the server behind it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsers import complaints, contrast_of, open_browser
from web.pages import (
    HOSTILE,
    RUN,
    beside,
    downloaded,
    drop,
    lines,
    open_page,
    paste,
    settle,
    status,
    tabs,
    wait_for,
)
from web.serving import Served, ask_json, serve

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve("--max-bytes", "1000000") as running:
        yield running


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads: Path) -> Iterator[Any]:
    with open_browser(downloads) as opened:
        yield opened


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    open_page(browser, served.url)
    yield browser
    assert complaints(browser) == []


def test_what_is_pasted_becomes_files(page: Any) -> None:
    assert paste(page, RUN).startswith("7 files and ")
    assert tabs(page)[:3] == ["docker-compose.yml", "docker-compose.prod.yml", ".env"]
    assert "    image: nginx:1.27" in lines(page)
    assert page.find_element("id", "result-title").text == "web: 1 service from docker run"


def test_what_is_pasted_takes_the_place_of_files(page: Any) -> None:
    """Files that were dropped hide the box for texts; who pastes then need not remove them first."""
    drop(page, {"photo.txt": "no source"})
    assert not page.find_element("id", "paste").is_displayed()
    page.execute_script(
        """document.getElementById("status").textContent = "";
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", arguments[0]);
        document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        """,
        RUN,
    )
    assert settle(page).startswith("7 files and ")
    assert page.find_element("id", "paste").get_attribute("value") == RUN
    assert not page.find_element("id", "dropped").is_displayed()


def test_a_text_that_grows_beyond_the_limit_is_not_sent(page: Any) -> None:
    """Each line end takes two signs in a request: what is sent counts, not what was dropped."""
    said = drop(page, {"run.sh": RUN + "\n#" * 450_000})
    assert said == "This has 2 MB, and 1 MB can be converted at once."


def test_notes_stand_beside_their_lines(page: Any) -> None:
    paste(page, RUN)
    notes = beside(page)
    assert any(
        "restart policy unless-stopped" in note for note in notes["restart: unless-stopped"]
    )
    assert any(note.startswith("lost") and "--frobnicate" in note for note in notes["web:"])
    page.find_element("css selector", "details.note.lost summary").click()
    assert page.find_element("css selector", "details.note.lost .advice").is_displayed()


def test_a_note_leads_to_its_line_and_to_the_source(page: Any) -> None:
    paste(page, RUN)
    source, output = page.find_elements("css selector", "#notes .note.lost button.link")
    source.click()
    selected = page.execute_script(
        "const box = document.activeElement; return box.value.slice(box.selectionStart, box.selectionEnd)"
    )
    assert selected.startswith("--frobnicate")
    output.click()
    assert page.find_element("css selector", ".line.chosen > code").text.strip() == "web:"


def test_files_and_folders_are_dropped(page: Any) -> None:
    files = {
        "Procfile": "web: node server.js\n",
        "src/server.js": "require('http')\n",
        "node_modules/x/package.json": "{}",
    }
    assert "files and" in drop(page, files, "shop")
    assert page.find_element("id", "dropped-count").text == "2 files"
    assert page.find_element("id", "result-title").text.startswith("shop: 1 service")
    page.find_element("id", "clear").click()
    assert page.find_element("id", "paste").is_displayed()
    assert "files and" in drop(page, {"run.sh": RUN})
    assert "run.sh:1" in page.find_element("id", "notes").text


def test_files_are_chosen(page: Any, tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(RUN)
    page.find_element("id", "pick").send_keys(str(tmp_path / "run.sh"))
    wait_for(page, "document.querySelectorAll('[role=tab]').length")
    assert "    image: nginx:1.27" in lines(page)


def test_all_files_are_downloaded(page: Any, served: Served, downloads: Path) -> None:
    paste(page, RUN)
    page.find_element("id", "download").click()
    with zipfile.ZipFile(downloaded(downloads)) as archive:
        assert archive.testzip() is None
        held = {info.filename: archive.read(info) for info in archive.infolist()}
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    answer = ask_json(served.port, "convert", {"text": RUN}).json()
    assert held == {file["path"]: file["text"].encode() for file in answer["files"]}
    assert modes[".env"] == 0o100600


def test_values_are_shown_when_asked_for(page: Any) -> None:
    paste(page, RUN)
    page.find_elements("css selector", "[role=tab]")[2].click()
    assert "API_KEY=••••" in lines(page)
    assert "k3y-9Kq2" not in page.find_element("id", "panel").text
    page.find_element("id", "reveal").click()
    assert 'API_KEY="k3y-9Kq2"' in lines(page)


def test_options_are_sent(page: Any) -> None:
    page.find_element("css selector", "#options summary").click()
    page.find_element("name", "modern-names").click()
    page.find_element("css selector", "[name=env][value=prod]").click()
    page.find_element("name", "name").send_keys("shop")
    paste(page, RUN)
    assert tabs(page)[:2] == ["compose.yaml", ".env"]
    assert "name: shop" in lines(page)
    page.find_element("name", "practices").send_keys("al")
    assert "al" in paste(page, RUN)
    assert not page.find_element("id", "result").is_displayed()


def test_compose_files_are_checked(page: Any) -> None:
    page.find_element("css selector", "#options summary").click()
    page.find_element("css selector", "option[value=check]").click()
    text = "services:\n  web:\n    image: nginx\n    ports: ['80:80']\n"
    assert paste(page, text).endswith("findings.")
    assert tabs(page) == ["docker-compose.yml", "docker-compose.yml, put right"]
    assert "web:" in beside(page)
    page.find_elements("css selector", "[role=tab]")[1].click()
    assert "    restart: unless-stopped" in lines(page)


def test_the_keyboard_is_enough(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    box = page.find_element("id", "paste")
    box.send_keys("docker run nginx", Keys.CONTROL + Keys.ENTER)
    wait_for(page, "document.activeElement.id === 'result-title'")
    active = page.switch_to.active_element
    reached = []
    for _ in range(3):
        active.send_keys(Keys.TAB)
        active = page.switch_to.active_element
        reached.append(active.get_attribute("id"))
    assert reached == ["download", "tab-0", "panel"]
    page.find_element("id", "tab-0").send_keys(Keys.ARROW_RIGHT)
    assert page.switch_to.active_element.get_attribute("id") == "tab-1"
    page.switch_to.active_element.send_keys(Keys.HOME)
    assert page.switch_to.active_element.get_attribute("aria-selected") == "true"
    width = page.execute_script(
        "return getComputedStyle(document.activeElement).outlineWidth"
    )
    assert width == "2px"


def test_every_control_has_a_name(page: Any) -> None:
    paste(page, RUN)
    nameless = page.execute_script(
        """return Array.from(document.querySelectorAll("button, select, textarea, input")).filter((control) =>
        !(control.textContent.trim() || control.labels && control.labels.length)).map((control) => control.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_can_be_read(page: Any, theme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        assert contrast_of(page) >= 7
        back = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (back == "rgb(255, 255, 255)") is (theme == "light")
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_phone_does_not_scroll_sideways(page: Any) -> None:
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        paste(page, RUN)
        wide = page.execute_script("return document.documentElement.scrollWidth")
        box = page.execute_script(
            "return document.querySelector('.beside').getBoundingClientRect().width"
        )
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 390
    assert box > 250, "a note stands below its line"


HOSTILE_FILES = {
    f"{HOSTILE.replace('/', '')}.sh": f"docker run --name 'x' -e 'A={HOSTILE}' --label 'a={HOSTILE}' '{HOSTILE}'\n"
    f"docker run --name web --{HOSTILE} nginx </script><script>document.title='owned'</script>\n",
}


def test_nothing_of_a_source_becomes_markup(page: Any) -> None:
    title = page.title
    drop(page, HOSTILE_FILES)
    paste_text = next(iter(HOSTILE_FILES.values()))
    page.find_element("id", "clear").click()
    paste(page, paste_text)
    for tab in page.find_elements("css selector", "[role=tab]"):
        tab.click()
    assert page.title == title
    found = page.execute_script(
        "return document.querySelectorAll('main img, main script, main iframe, main a[href]').length"
    )
    assert found == 0


def test_its_policy_stops_what_gets_in(page: Any) -> None:
    """Were something to become markup all the same, it would not run."""
    page.execute_script(
        "document.body.insertAdjacentHTML('beforeend', arguments[0])", HOSTILE
    )
    page.execute_script(
        "const script = document.createElement('script'); script.textContent = "
        "'document.title = 1'; document.body.append(script)"
    )
    wait_for(page, "true")
    assert page.title == "tocompose"
    assert complaints(page), "the browser says that it was refused"


def test_what_is_too_large_is_said(page: Any) -> None:
    page.execute_script("document.getElementById('paste').value = 'a'.repeat(1_300_000)")
    page.find_element("id", "convert").click()
    wait_for(page, "document.getElementById('status').classList.contains('error')")
    assert status(page) == "This has 2 MB, and 1 MB can be converted at once."


def test_a_server_that_has_gone_is_said(browser: Any) -> None:
    with serve() as gone:
        open_page(browser, gone.url)
    assert paste(browser, RUN) == "The server does not answer."
    complaints(browser)


def test_nothing_is_kept(page: Any) -> None:
    paste(page, RUN)
    kept = page.execute_script(
        "return [localStorage.length, sessionStorage.length, document.cookie, location.search + location.hash]"
    )
    assert kept == [0, 0, "", ""]
