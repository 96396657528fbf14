"""A secret that is another word too is hidden where it is the secret; a note tells that the word stands elsewhere."""

from __future__ import annotations

import pytest

from fuzz.outputs import shown
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.hidden_text import HIDDEN
from tocompose.reports.likely_secrets import mask_likely_secrets

WORD = "quietharbor"
RUN = f"docker run -d --name web -e DB_PASSWORD={WORD}"
PLACES = {
    f"{RUN} --user {WORD} acme/web:1": "a user",
    f"{RUN} acme/web:{WORD}": "an image",
    f"{RUN} -e DB_USER={WORD} acme/web:1": "a variable",
    f"{RUN} -v {WORD}:/data acme/web:1": "a volume",
    f"docker network create {WORD}\n{RUN} --network {WORD} acme/web:1": "a network",
    f"{RUN} -l tier={WORD} acme/web:1": "a label",
    f"{RUN} acme/web:1 serve --as {WORD}": "a command",
    f"{RUN} --hostname {WORD} acme/web:1": "a host name",
    f"docker run -d --name {WORD} acme/api:1\n{RUN} acme/web:1": "a service",
}


@pytest.mark.parametrize("script", PLACES)
def test_the_same_word_elsewhere_stays_and_is_told_of(script: str) -> None:
    result = convert(Memory({"run.sh": script.encode()}), Options())
    (told,) = [note for note in result.notes if note.code == "TC554"]
    assert PLACES[script] in told.message and "DB_PASSWORD" in told.message
    assert WORD not in f"{told.message} {told.advice} {told.subject}"
    compose = result.files[0].content.decode()
    assert WORD in compose and f"DB_PASSWORD: {WORD}" not in compose


@pytest.mark.parametrize("script", PLACES)
def test_no_output_shows_the_word_as_the_secret(script: str) -> None:
    for name, text in shown({"run.sh": script.encode()}, "docker_run"):
        assert f"DB_PASSWORD={WORD}" not in text, name


@pytest.mark.parametrize(
    "script",
    [f"{RUN} acme/web:1", f"{RUN} acme/web:1 serve --{WORD}-mode", f"{RUN} x/web{WORD}"],
)
def test_a_word_that_stands_nowhere_else_is_not_told_of(script: str) -> None:
    result = convert(Memory({"run.sh": script.encode()}), Options())
    assert not [note for note in result.notes if note.code == "TC554"]


COMMON = {
    f"{RUN.replace(WORD, 'password')} acme/web:1": ["DB_PASSWORD"],
    f"{RUN.replace(WORD, 'Admin')} -e API_TOKEN=123456 acme/web:1": [
        "DB_PASSWORD",
        "API_TOKEN",
    ],
    f"{RUN} acme/web:1": [],
    f"{RUN.replace(WORD, 'password-of-the-shop')} acme/web:1": [],
}


@pytest.mark.parametrize("script", COMMON)
def test_a_word_that_everybody_tries_is_told_of_once(script: str) -> None:
    result = convert(Memory({"run.sh": script.encode()}), Options())
    told = [note.message for note in result.notes if note.code == "TC556"]
    assert len(told) == bool(COMMON[script])
    assert all(name in told[0] for name in COMMON[script])


def test_a_word_that_everybody_tries_is_told_of_in_one_note() -> None:
    script = f"{RUN.replace(WORD, 'admin')} -e DB_USER=admin acme/web:1"
    result = convert(Memory({"run.sh": script.encode()}), Options())
    assert [note.code for note in result.notes if note.code in ("TC554", "TC556")] == [
        "TC556"
    ]


def test_each_secret_with_the_word_is_told_of() -> None:
    script = f"{RUN} --user {WORD} -e MAIL_PASSWORD={WORD} acme/web:1"
    result = convert(Memory({"run.sh": script.encode()}), Options())
    told = " ".join(note.message for note in result.notes if note.code == "TC554")
    assert "DB_PASSWORD" in told and "MAIL_PASSWORD" in told


FIELDS = {
    "DOVECOT_PASS_ATTRS=uid=user,userPassword=password": "",
    "  DOVECOT_PASS_ATTRS: =user=%{ldap:mail}, =password=%{ldap:userPassword}": "",
    "LDAP_USER_ATTRS=mail=user,userPassword=password": "",
    f"LDAP_USER_ATTRS=mail=user,userPassword={WORD}": WORD,
    f"PASS_ATTRS=userPassword=password, DB_PASSWORD={WORD}": WORD,
}


@pytest.mark.parametrize("line", FIELDS)
def test_names_of_fields_are_shown_and_values_are_not(line: str) -> None:
    (masked,) = mask_likely_secrets([line], "run.sh")
    hidden = HIDDEN * len(WORD)
    assert masked == (line.replace(WORD, hidden) if FIELDS[line] else line)
