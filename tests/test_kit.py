"""The kit for plug-ins bites: a format that breaks a law fails, with what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tocompose import testing
from tocompose.importers import ImportOptions
from tocompose.ledger import Cursor, Ledger
from tocompose.model import EnvVariable, Service, Stack
from tocompose.plugins import PluginFault
from tocompose.project import Project
from tocompose.rules import (
    Example,
    Outcome,
    Rule,
    Verdict,
    View,
    map_services,
    restart,
)
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.model_path import ModelPath

FILES = {"images.list": "cache redis:7\nweb nginx:1.27\n"}


class Images:
    """Reads `images.list`, a name and an image a line; `read_line` may do it wrong."""

    name = "images"
    title = "a list of images"

    def __init__(self, read_line: Callable[[Cursor, str], Service]) -> None:
        self.read_line = read_line

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The file."""
        return tuple(path for path in project.files() if path == "images.list")

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack."""
        text = (project.read("images.list") or b"").decode()
        rows = ledger.open(
            Branch("document", tuple(_rows(text)), Span("images.list", 1, 1, 3, 1))
        )
        services = tuple(self.read_line(row, row.key) for row in rows)
        return Stack(name="images", services=services)


def _rows(text: str) -> Iterator[Child]:
    for number, line in enumerate(text.splitlines(), 1):
        name, _, image = line.partition(" ")
        start = len(name) + 2
        span = Span("images.list", number, 1, number, len(line) + 1)
        leaf = Leaf(image, Span("images.list", number, start, number, len(line) + 1))
        yield Child(name, span, leaf)


def good(row: Cursor, name: str) -> Service:
    image = row.take(to=ModelPath.service(name, "image"))
    return Service(name=name, image=image, origin=row.span)


def unread(row: Cursor, name: str) -> Service:
    return Service(name=name, image="redis:7")


def lossy(row: Cursor, name: str) -> Service:
    image = good(row, name).image or ""
    return Service(name=name, image="redis:7" if image.startswith("redis") else image)


def changeable(row: Cursor, name: str) -> Service:
    variable = EnvVariable(name="ID", value=str(id(object())))
    return Service(
        name=name, image=good(row, name).image, environment=(variable, *_counted())
    )


_COUNT = iter(range(10_000))


def _counted() -> tuple[EnvVariable, ...]:
    return (EnvVariable(name="COUNT", value=str(next(_COUNT))),)


def misplaced(row: Cursor, name: str) -> Service:
    return Service(name=f"{name} of mine", image=good(row, name).image)


@pytest.mark.parametrize(
    ("read_line", "message"),
    [
        (good, ""),
        (unread, "nothing reads the values at images.list:1:7"),
        (lossy, "images.list:1:7: 'redis:7' became another value"),
        (changeable, "the same source gave something else"),
        (
            misplaced,
            "web was read for services.web.image|cache was read for services.cache.image",
        ),
    ],
)
def test_a_format_that_breaks_a_law_fails(
    read_line: Callable[[Cursor, str], Service],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    format_of_a_package = Images(read_line)
    for user in ("tocompose.importers", "tocompose.importers.preference"):
        monkeypatch.setattr(f"{user}.plugins", lambda: iter([format_of_a_package]))
    if not message:
        assert testing.check_format("images", FILES).stack.services
        return
    with pytest.raises(AssertionError) as failure:
        testing.check_format("images", FILES)
    assert re.search(message, str(failure.value))


def _silent(stack: Stack, context: object) -> Outcome:
    return map_services(stack, lambda service: (Service(name=service.name, image="x"), ()))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (restart.RULE, ""),
        (
            restart.RULE._replace(mend=lambda stack, context: Outcome(stack)),
            "not turned into",
        ),
        (restart.RULE._replace(examples=()), "needs a title, a URL and an example"),
        (restart.RULE._replace(id="NONE"), "is not registered"),
        (restart.RULE._replace(mend=_silent), "not turned into|without a note"),
    ],
)
def test_a_rule_that_breaks_a_law_fails(rule: Rule, message: str) -> None:
    if not message:
        testing.check_rule(rule)
        return
    with pytest.raises(AssertionError, match=message):
        testing.check_rule(rule)


def _find_latest(view: View) -> Iterator[Verdict]:
    for service in view.main.stack.services:
        holds = not (service.image or "").endswith(":latest")
        yield view.main.verdict(service, "image", "X-01", holds, "TC712")


BARE = "services: {web: {image: 'nginx:latest'}}"
JUDGING = Rule(
    id="NO-LATEST",
    title="Images have a version",
    severity="should",
    judge=_find_latest,
    url="https://docs.docker.com/reference/compose-file/services/#image",
    examples=(
        Example(
            before=BARE,
            after="services: {web: {image: 'nginx:1.27'}}",
        ),
    ),
)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (JUDGING, ""),
        (JUDGING._replace(judge=lambda view: ()), "finds no fault with the `before`"),
        (JUDGING._replace(judge=None), "neither mends nor judges"),
        (
            JUDGING._replace(examples=(Example(before=BARE, after=BARE),)),
            "finds fault with its own result",
        ),
    ],
)
def test_a_rule_that_only_judges_is_tried_on_both_files(rule: Rule, message: str) -> None:
    if not message:
        testing.check_rule(rule)
        return
    with pytest.raises(AssertionError, match=message):
        testing.check_rule(rule)


def test_rows_that_do_not_hold_together_fail() -> None:
    with pytest.raises(AssertionError, match="no row is about"):
        testing.check_image("nobody/knows:1")
    with pytest.raises(KeyError):
        testing.check_server("nobody")


def test_a_package_that_cannot_be_used_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    testing.check_plugins()
    fault = PluginFault("acme", "its format images is brought by tocompose already")
    monkeypatch.setattr(testing, "plugin_faults", lambda: (fault,))
    with pytest.raises(AssertionError, match="the plug-in acme: its format images"):
        testing.check_plugins()
