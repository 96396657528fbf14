"""What the production machine needs besides the folder of the compose files."""

from __future__ import annotations

import pytest

from reported import reported
from tocompose.cli.start import start_lines
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options
from tocompose.reports.carried_files import outer_files_to_copy
from tocompose.reports.report import Report


def told(compose: str) -> Report:
    """The report on a compose file."""
    options = Options(source="compose", layout=Layout(split=True))
    return reported({"docker-compose.yml": compose}, options, "app")


@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        ("web: {image: 'a:1', volumes: ['./x:/x']}", ""),
        (
            "web: {image: 'a:1', volumes: ['../conf:/conf'], env_file: ../web.env}",
            "Copy `../conf` and `../web.env` to that machine too, to the same path seen from this folder: services"
            " mount or read them.",
        ),
        (
            "web: {build: {context: ../.., dockerfile: docker/Dockerfile},"
            " volumes: ['../nginx.conf:/etc/nginx.conf'], env_file: [{path: ../../env/.env, required: false}]}",
            "Copy the build folder `../..` to that machine too, to the same path seen from this folder, with what"
            " services mount or read in it: ",
        ),
        (
            "web: {build: {context: ., additional_contexts: {lib: ../lib}}}",
            "Copy the build folder `../lib` to that machine too, to the same path seen from this folder.",
        ),
        (
            "web: {build: {context: .., dockerfile: app/Dockerfile}}",
            "Copy the build folder `..` to that machine too",
        ),
        ("web: {build: 'https://example.org/x.git#../y'}", ""),
    ],
)
def test_what_lies_outside_is_copied_to_the_production_machine(
    services: str, sentence: str
) -> None:
    text = outer_files_to_copy(told(f"services: {{{services}}}\n"))
    assert text.startswith(sentence) and bool(text) == bool(sentence)
    if sentence.endswith(": "):
        assert "env/.env`" in text and "nginx.conf`" in text


@pytest.mark.parametrize(
    ("services", "line"),
    [
        ("{a: {build: .}, b: {build: .}}", "(first builds the image of a and b)"),
        ("{a: {build: .}, b: {build: ./b}}", "(first builds the images of a and b)"),
        (
            "{a: {build: .}, b: {build: ./b, profiles: [x]}}",
            "(first builds the image of a)",
        ),
    ],
)
def test_the_start_names_what_it_builds(services: str, line: str) -> None:
    from pathlib import Path

    lines = list(start_lines(told(f"services: {services}\n"), Path("/nowhere")))
    assert f"  {line}" in lines
