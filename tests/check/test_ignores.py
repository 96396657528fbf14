"""Findings that are left alone: by a comment on their line, above an entry, or for a whole file."""

from __future__ import annotations

import pytest

from tocompose.check import audit
from tocompose.check.ignores import UNREADABLE, UNUSED
from tocompose.project import Memory

STACK = """\
services:
  cache:{on_key}
    image: redis:7{on_image}
{above}    network_mode: host{on_mode}
  web:
    image: acme/web:1
    network_mode: host
"""


def found(**comments: str) -> dict[str, list[int | None]]:
    """The lines of the findings by code, in a stack with those comments."""
    empty = dict.fromkeys(("on_key", "on_image", "above", "on_mode"), "")
    text = STACK.format(**{**empty, **comments})
    result = audit(Memory({"compose.yaml": text.encode()}))
    assert result is not None
    lines: dict[str, list[int | None]] = {}
    for note in result.notes:
        lines.setdefault(note.code, []).append(note.span.line if note.span else None)
    return lines


def test_without_a_comment_both_are_found() -> None:
    assert found()["TC712"] == [4, 7]


@pytest.mark.parametrize("written", ["TC712", "tc712", "TC71", "TC706, TC712"])
def test_on_the_line(written: str) -> None:
    lines = found(on_mode=f" # tocompose: ignore[{written}] multicast")
    assert lines["TC712"] == [7]


MANY = """\
version: "3"
x-base: &base
  privileged: true
services:
  web:
    <<: *base
    image: nginx
    ports:
      - "5432:80"
    environment:
      PASSWORD: hunter2
    command: >
      serve
      --password hunter2
  db: {image: postgres:17, ports: ["5433:5432"], environment: {POSTGRES_PASSWORD: abc}}
"""


def findings(text: str) -> list[tuple[str, int]]:
    result = audit(Memory({"compose.yaml": text.encode()}))
    assert result is not None
    return [(note.code, note.span.line) for note in result.notes if note.span]


@pytest.mark.parametrize(("code", "line"), findings(MANY))
def test_the_line_of_a_finding_is_the_one_for_its_comment(code: str, line: int) -> None:
    lines = MANY.split("\n")
    lines[line - 1] += f" # tocompose: ignore[{code}] known"
    left = findings("\n".join(lines))
    assert (code, line) not in left and UNUSED not in dict(left)


def test_above_the_entry() -> None:
    above = "    # tocompose: ignore[TC712] multicast\n    # really\n"
    assert found(above=above)["TC712"] == [9]


def test_on_the_key_of_the_service_it_counts_for_all_of_it() -> None:
    lines = found(on_key="  # tocompose: ignore[TC712, TC706, TC713] a cache")
    assert lines["TC712"] == [7]
    assert 2 not in lines["TC706"] and "TC713" not in lines
    assert UNUSED not in lines


def test_another_entry_is_not_covered() -> None:
    lines = found(on_image="  # tocompose: ignore[TC712]")
    assert lines["TC712"] == [4, 7] and lines[UNUSED] == [3]


def test_what_ignores_nothing_or_cannot_be_read_is_said() -> None:
    assert found(on_image="  # tocompose: ignore[TC722] x")[UNUSED] == [3]
    assert found(on_image="  # tocompose: ignore me")[UNREADABLE] == [3]
    assert found(on_image="  # tocompose: ignore[TC999]")[UNREADABLE] == [3]


def test_a_text_is_no_comment() -> None:
    lines = found(on_image='\n    command: "x#tocompose: ignore[TC712]"')
    assert UNUSED not in lines and UNREADABLE not in lines


def test_the_whole_file() -> None:
    lines = found(above="# tocompose: ignore-file[TC712] all of them do\n")
    assert "TC712" not in lines and UNUSED not in lines


def test_a_list_entry_ends_where_the_next_begins() -> None:
    text = (
        "services:\n  web:\n    image: 'acme/web:1'\n    volumes:\n"
        "    - /a # tocompose: ignore[TC714] scratch\n    - /b\n"
    )
    result = audit(Memory({"compose.yaml": text.encode()}))
    assert result is not None
    lines = [note.span.line for note in result.notes if note.code == "TC714" and note.span]
    assert lines == [6]


@pytest.mark.parametrize("indent", ["    ", "      "])
@pytest.mark.parametrize("is_above", [False, True])
def test_on_a_key_it_counts_for_each_entry_of_its_list(indent: str, is_above: bool) -> None:
    comment = "# tocompose: ignore[TC722] one of them runs"
    head = f"    {comment}\n    ports:\n" if is_above else f"    ports: {comment}\n"
    entries = "".join(
        f"{indent}{line}\n"
        for line in ("- '8080:80'", "", "# the second", "- target: 81", "  published: 8081")
    )
    text = (
        "services:\n  web: {image: 'acme/web:1', ports: ['8080:1', '8081:2']}\n"
        f"  api:\n    image: acme/api:1\n{head}{entries}"
        "  ui: {image: 'acme/ui:1', ports: ['8080:3']}\n"
    )
    result = audit(Memory({"compose.yaml": text.encode()}))
    assert result is not None
    told = [note.subject.service_name for note in result.notes if note.code == "TC722"]
    assert told == ["ui"] and len(result.ignored) == 2
    assert UNUSED not in {note.code for note in result.notes}


def test_what_is_left_alone_keeps_no_line_from_being_met_and_is_counted_apart() -> None:
    text = STACK.format(on_key="", on_image="", above="", on_mode="")
    comment = "# tocompose: ignore-file[TC712] all of them do\n"
    scores = []
    for content in (text, comment + text):
        result = audit(Memory({"compose.yaml": content.encode()}))
        assert result is not None
        line = {line.id: line for line in result.lines}["A-04"]
        scores.append((line.state, line.passed, line.ignored, line.total))
    assert scores == [("failed", 0, 0, 2), ("passed", 0, 2, 2)]


def test_a_fragment_that_services_share_is_told_once() -> None:
    text = """\
x-env: &env
  DB_PASSWORD: geheim-12
services:
  api:
    image: acme/api:1
    environment: *env
  web:
    image: acme/web:1
    environment:
      <<: *env
      LANG: C
"""
    result = audit(Memory({"compose.yaml": text.encode()}))
    assert result is not None
    (told,) = [note for note in result.notes if note.code == "TC716"]
    assert told.span is not None and told.span.line == 2
    assert told.message.startswith("api: ") and told.message.endswith("(also web)")


def test_the_orders_themselves_are_rules() -> None:
    assert (UNUSED, UNREADABLE) == ("TC510", "TC511")
