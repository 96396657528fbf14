"""What a finding advises: other words than its message, fit for the one thing that it is about."""

from __future__ import annotations

import pytest

from findings import FINDINGS
from tocompose.check import audit
from tocompose.notes import Note
from tocompose.project import Memory
from tocompose.rules.value_forms import has_form, how_to_write

_MOST_WORDS_ALIKE = 6


def _notes(text: str) -> list[Note]:
    findings = audit(Memory({"compose.yaml": text.encode()}))
    assert findings is not None
    return list(findings.notes)


def _advice(text: str, code: str) -> list[tuple[str, str]]:
    return [(note.message, note.advice) for note in _notes(text) if note.code == code]


def _words_alike(message: str, advice: str) -> int:
    """The most words after each other that stand in both."""
    words, padded = message.split(), f" {advice} "
    runs = (
        (start, end)
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    )
    return max(
        (end - start for start, end in runs if f" {' '.join(words[start:end])} " in padded),
        default=0,
    )


def test_no_advice_repeats_its_message() -> None:
    repeated = {
        (note.code, note.message, note.advice)
        for finding in FINDINGS
        for note in audit(
            Memory({name: text.encode() for name, text in finding.wrong.items()})
        ).notes
        if _words_alike(note.message, note.advice) > _MOST_WORDS_ALIKE
    }
    assert repeated == set()


@pytest.mark.parametrize(
    ("value", "form", "advice"),
    [
        (10, "duration", "Write 10s, if seconds are meant."),
        ("512Mi", "size", "Write 512m."),
        ("on-fail", "restart", "Correct it: did you mean on-failure?"),
        (
            "sometimes",
            "restart",
            "Correct it: with unless-stopped the engine restarts the service always.",
        ),
        (7, "text", "Put the value in quotes."),
    ],
)
def test_a_value_of_another_form_is_told_how_to_write_it(
    value: object, form: str, advice: str
) -> None:
    assert not has_form(value, form)
    assert how_to_write(value, form) == advice


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("container_name: w", "is too short"),
        (
            "container_name: web, deploy: {replicas: 2}",
            "cannot be used with several replicas",
        ),
    ],
)
def test_the_name_of_a_container_has_one_problem(body: str, problem: str) -> None:
    ((message, advice),) = _advice(
        f"services: {{x: {{image: 'a/b:1', {body}}}}}\n", "TC733"
    )
    assert problem in message and "or is" not in message
    assert advice.startswith(
        "Delete container_name" if "replicas" in body else "Write a longer name"
    )


def test_what_excludes_a_key_is_named() -> None:
    text = "services: {x: {image: 'a/b:1', links: [y], network_mode: host}, y: {image: 'a/c:1'}}\n"
    ((message, advice),) = _advice(text, "TC048")
    assert "network_mode" in message and advice == "Delete links, or network_mode."
    assert _advice(text, "TC529") == []
    assert _advice(text.replace(", network_mode: host", ""), "TC529") != []


@pytest.mark.parametrize(
    "mount",
    ["/var/lib/postgresql/data", "/var/lib/postgresql", "data:/var/lib/postgresql/data"],
)
def test_one_volume_of_data_is_one_finding(mount: str) -> None:
    text = f"services: {{db: {{image: 'postgres:18', volumes: ['{mount}']}}}}\nvolumes: {{data: }}\n"
    told = [note.code for note in _notes(text) if note.code in ("TC713", "TC714", "TC738")]
    assert len(told) == 1
    other = text.replace("volumes: [", "volumes: [/srv/x, ")
    assert [note.code for note in _notes(other)].count("TC714") == 1


@pytest.mark.parametrize(
    ("test", "problem", "advice"),
    [
        ("pg_isready -U shop", "does not name the database", "Add `-d` with the database."),
        (
            "pg_isready",
            "does not name the user and the database",
            "Add `-U` with the user and",
        ),
        (
            "psql -c 'select 1'",
            "does not call pg_isready",
            "Add the health check `pg_isready -U",
        ),
        (None, "has no health check in the file", "Add the health check `pg_isready -U"),
    ],
)
def test_what_a_check_of_the_database_lacks(
    test: str | None, problem: str, advice: str
) -> None:
    check = f', healthcheck: {{test: [CMD-SHELL, "{test}"]}}' if test else ""
    text = f"services: {{proxy: {{image: 'traefik:v3.2'}}, db: {{image: 'postgres:16'{check}}}}}\n"
    told = [pair for pair in _advice(text, "TC749") if "health check" in pair[0]]
    ((message, said_advice),) = told
    assert problem in message and said_advice.startswith(advice)


def test_another_version_of_traefik_is_not_called_missing() -> None:
    told = _advice("services: {proxy: {image: 'traefik:v2.11'}}\n", "TC749")
    assert ("proxy: traefik is asked for in another version than v3") in [
        message for message, _ in told
    ]
    assert all("missing" not in message for message, _ in told)
