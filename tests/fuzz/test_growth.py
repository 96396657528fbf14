"""What is looked up for each of many parts takes a time that grows with the parts, and finds what a search finds."""

from __future__ import annotations

import pytest

from growth import grows_with_input
from tocompose.compose.documents import Places, read_file
from tocompose.exporters.bundle import Layout
from tocompose.exporters.ordering import start_in_order
from tocompose.model import Dependency, Port, Role, Service, Stack
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.likely_secrets import mask_likely_secrets
from tocompose.reports.markdown import render
from tocompose.reports.report import Report, report
from tocompose.rules import Context, select

SIZES = (1_000, 8_000)


def _volumes(number: int) -> Places:
    entries = "".join(f"    - v{index}:/data/d{index}\n" for index in range(number))
    text = f"services:\n  web:\n    volumes:\n{entries}"
    return Places([read_file(text.encode(), "docker-compose.yml")])


def _chain(number: int) -> Stack:
    waits = (Dependency(service=f"w{index}") for index in range(number))
    services = (
        Service(name=f"w{index}", depends_on=(edge,))
        for index, edge in enumerate(waits, start=1)
    )
    return Stack(name="chain", services=(Service(name="w0"), *services))


def _databases(number: int) -> Stack:
    services = (
        Service(
            name=f"db{index}",
            image="postgres:16",
            role=Role.DATA,
            ports=(Port(target="5432", published="5432"),),
        )
        for index in range(number)
    )
    web = Service(name="web", image="nginx:1.27", role=Role.PROXY)
    return Stack(name="data", services=(*services, web))


def _search_servers(number: int) -> Stack:
    services = (
        Service(name=f"es{index}", image="elasticsearch:8.14.0", role=Role.DATA)
        for index in range(number)
    )
    return Stack(name="search", services=tuple(services))


def _asking(number: int) -> Report:
    options = " ".join(f"-e V{index}=${{V{index}:?}}" for index in range(number))
    script = f"docker run -d --name web {options} nginx:1.27\n"
    project = Memory({"run.sh": script.encode()}, "asking")
    return report(convert(project, Options(layout=Layout(split=True))), project)


@pytest.mark.parametrize("link", ["b=a=", "X_ATTRS=", "B_C=", "--option=", "Key="])
def test_names_that_are_each_the_value_of_the_one_before(link: str) -> None:
    lines = {number: f"{link * number} password=quietharbor" for number in SIZES}
    (masked,) = mask_likely_secrets([lines[SIZES[0]]], "run.sh")
    assert "quietharbor" not in masked
    assert grows_with_input(
        lambda number: list(mask_likely_secrets([lines[number]], "run.sh")), SIZES[1]
    )


def test_volumes_of_a_service() -> None:
    places = {number: _volumes(number) for number in SIZES}

    def find_all(number: int) -> list[int]:
        spans = (
            places[number].item(f"/data/d{index}", "services", "web", "volumes")
            for index in range(number)
        )
        return [span.line for span in spans if span]

    assert find_all(SIZES[0]) == list(range(4, SIZES[0] + 4))
    assert grows_with_input(find_all, SIZES[1])


def test_services_that_wait_for_the_one_before() -> None:
    stacks = {number: _chain(number) for number in SIZES}
    assert not start_in_order(stacks[SIZES[0]]).notes
    assert grows_with_input(lambda number: start_in_order(stacks[number]), SIZES[1])


def test_databases_that_nobody_is_known_to_use() -> None:
    (rule,) = select("PORT-DB")
    stacks = {number: _databases(number) for number in SIZES}
    codes = {note.code for note in rule.apply(_databases(2), Context()).notes}
    assert codes == {"TC642"}
    assert grows_with_input(lambda number: rule.apply(stacks[number], Context()), SIZES[1])


@pytest.mark.parametrize(
    ("rule_id", "code"), [("HC-EVERY", "TC610"), ("HOST-KERNEL", "TC687")]
)
def test_search_servers_each_on_its_own(rule_id: str, code: str) -> None:
    (rule,) = select(rule_id)
    stacks = {number: _search_servers(number) for number in (2, *SIZES)}
    assert {note.code for note in rule.apply(stacks[2], Context()).notes} == {code}
    assert grows_with_input(lambda number: rule.apply(stacks[number], Context()), SIZES[1])


def test_variables_that_must_be_set() -> None:
    reports = {number: _asking(number) for number in (125, 1_000)}
    assert "Set 125 values in .env" in render(reports[125])
    assert grows_with_input(lambda number: render(reports[number]), 1_000)


@pytest.mark.parametrize("entry", ["a", "X", "/d", "v", "./x:/d", "y=1"])
def test_an_entry_is_found_by_all_that_it_mentions(entry: str) -> None:
    text = b"services: {web: {volumes: [b, X=1, 'v:/d', {source: a}, './x:/d', 'y=1=2']}}"
    places = Places([read_file(text, "docker-compose.yml")])
    path = ("services", "web", "volumes")
    whole_list, found_entry = places.span(*path), places.item(entry, *path)
    assert found_entry is not None and found_entry != whole_list
    assert places.item(f"{entry}?", *path) == whole_list


def test_only_the_dependency_that_closes_a_circle_is_left_out() -> None:
    names = ("a", "b", "c", "d")
    targets = {"a": ("b",), "b": ("c",), "c": ("a", "d"), "d": ()}
    services = (
        Service(name=name, depends_on=tuple(Dependency(service=t) for t in targets[name]))
        for name in names
    )
    checked = start_in_order(Stack(name="circle", services=tuple(services)))
    kept = {
        service.name: tuple(edge.service for edge in service.depends_on)
        for service in checked.stack.services
    }
    assert kept == {**targets, "c": ("d",)}
    assert [note.code for note in checked.notes] == ["TC753"]
