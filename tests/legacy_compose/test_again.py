"""A compose file that is converted in place is a fixed point: the second conversion changes no file of the first."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import yaml

from fuzz.grammar.platforms import odd_compose, old_compose
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory
from tocompose.reports import with_reports
from tocompose.writing import plan, write

IN_PLACE = Options(source="compose", layout=Layout(split=True))
FIRST, EACH = 8_000_000, 20


def converted_twice(folder: Path, named: tuple[str, ...]) -> tuple[Result, Result]:
    """The first conversion of what stands in the folder, which is written there, and the next one."""
    project = Folder(folder, named)
    result = convert(project, IN_PLACE)
    files, _ = with_reports(result, project)
    write(files, folder, force=True, lasting=False)
    return result, convert(Folder(folder, named), IN_PLACE)


def changed_files(folder: Path, result: Result) -> dict[str, bytes]:
    """The files that writing the conversion would change."""
    changes, _ = plan(result.files, folder, force=True)
    return {change.path: change.new_content for change in changes if change.is_needed}


@pytest.mark.parametrize("by_name", [True, False], ids=["named", "folder"])
@pytest.mark.parametrize("make", [old_compose, odd_compose])
def test_the_second_conversion_changes_nothing(
    make: object, by_name: bool, tmp_path: Path
) -> None:
    changed = {}
    for number in range(FIRST, FIRST + EACH):
        files = make(Random(f"again {number}"))  # type: ignore[operator]
        folder = tmp_path / str(number)
        folder.mkdir()
        for path, content in files.items():
            (folder / path).write_bytes(content)
        try:
            _, second = converted_twice(folder, tuple(files) if by_name else ())
        except SourceError:
            continue
        changed[number] = changed_files(folder, second)
    assert {number: files for number, files in changed.items() if files} == {}
    assert len(changed) > EACH / 2


# What the first conversion leaves out or puts in, and what the rules would do about that the second time.
KINDS = {
    "a limit that is refused": "services: {web: {image: 'nginx:1.27', mem_limit: 10k}}",
    "a policy that is refused": "services: {web: {image: 'nginx:1.27', restart: sometimes}}",
    "no service for a check": "services: {web: {image: 'nginx:1.27', healthcheck: {}}}",
    "an empty check": "services: {web: {image: 'nginx:1.27', healthcheck: {test: []}}}",
    "nothing in a section": "services: {web: {image: 'nginx:1.27', credential_spec: {file: null}}}",
    "a service twice": "services: {web: {image: 'a:1', depends_on: [db, db]}, db: {image: 'redis:7'}}",
    "a check of no shape": "services: {web: {image: 'nginx:1.27', healthcheck: {test: [{a: b}]}}}",
    "an undefined network": "services: {web: {image: 'nginx:1.27', networks: [far]}}",
    "a service that there is not": "services: {web: {image: 'nginx:1.27', depends_on: [db]}}",
    "no image": "services: {web: {ports: ['80:80']}}",
    "an image of no shape": "services: {db: {image: []}, web: {image: 'nginx:1.27'}}",
    "replicas of no shape": "services: {db: {image: 'postgres:16', deploy: {replicas: []}}}",
    "a switch as a text": "services: {web: {image: 'nginx:1.27', healthcheck: {disable: 'yes'}}}",
    "a number as an image": "services: {web: {image: 1.5}}",
    "a network twice": "services: {web: {image: 'nginx:1.27', networks: [a, a]}}\nnetworks: {a: {}}",
    "ports in development": "services: {db: {image: 'redis:7', ports: ['6379:6379']}, web: {image: a, links: [db]}}",
    "an inline list": "services: {web: {image: 'nginx:1.27', expose: []}}",
}


@pytest.mark.parametrize("by_name", [True, False], ids=["named", "folder"])
@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS)
def test_nothing_is_left_for_the_second_conversion(
    text: str, by_name: bool, tmp_path: Path
) -> None:
    # One map a line, as people write it: what stands on one line is written anew.
    block = yaml.safe_dump(yaml.safe_load(text), sort_keys=False)
    for number, content in enumerate((text, block)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "docker-compose.yml").write_text(content, encoding="utf-8")
        named = ("docker-compose.yml",) if by_name else ()
        first, second = converted_twice(folder, named)
        assert changed_files(folder, second) == {}
        assert "lost" not in {note.kind.value for note in second.notes}
        assert sorted(service.name for service in first.stack.services) == sorted(
            service.name for service in second.stack.services
        )


def test_comments_stay_where_docker_compose_refuses_a_value() -> None:
    text = "services:\n  web:  # the front\n    image: nginx:1.27\n    hostname: 5  # once a text\n"
    result = convert(Memory({"docker-compose.yml": text.encode()}), IN_PLACE)
    written = result.files[0].content.decode()
    assert "# the front" in written and "# once a text" in written
    assert yaml.safe_load(written)["services"]["web"]["hostname"] == "5"
