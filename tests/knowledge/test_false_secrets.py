"""Harmless variables of real images stay as they are: at most one in a hundred is taken for a secret."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

TABLES = ("harmless_variables.txt", "harmless_settings.txt")
LEAST = 300


def variables_of(table: str) -> list[str]:
    """The variables that a table lists, each once."""
    lines = (Path(__file__).parent / table).read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def taken_for_secrets(variables: list[str]) -> list[str]:
    """The variables that the conversion moves out as secrets."""
    words = " ".join(f"-e {shlex.quote(variable)}" for variable in variables)
    script = f"docker run -d --name web {words} acme/web:1\n"
    result = convert(Memory({"run.sh": script.encode()}), Options(source="docker_run"))
    names = {setting.name for setting in result.stack.settings if setting.secret}
    return [variable for variable in variables if variable.partition("=")[0] in names]


@pytest.mark.parametrize("table", TABLES)
def test_hardly_any_harmless_variable_is_taken_for_a_secret(table: str) -> None:
    variables = variables_of(table)
    assert len(variables) >= LEAST
    taken = taken_for_secrets(variables)
    assert len(taken) <= len(variables) / 100, taken


def test_the_names_of_fields_are_no_secrets() -> None:
    variables = [
        "DOVECOT_PASS_ATTRS=sAMAccountName=user,userPassword=password",
        "LDAP_PASSWORD_ATTR=userPassword",
        "PASSWORD_COLUMN=pw_hash",
        "TOKEN_CLAIMS=sub,email,groups",
        "PASSWORD_QUERY=SELECT username AS user, password FROM mailbox",
    ]
    assert not taken_for_secrets(variables)
    in_field = "DOVECOT_PASS_ATTRS=uid=user,userPassword=hunter2x9"
    assert taken_for_secrets([in_field]) == [in_field]


SECRETS = {
    "WINDOWS_SSO_KEY": "8d9f7a6b5c4e3d2f",
    "VITE_RESET_PASSWORD": "hunter2x9",
    "RESET_PASSWORD_TOKEN": "9f8a7b6c5d",
    "FORGOT_PASSWORD_KEY": "fpk-29dk2k2",
    "CHANGE_PASSWORD": "S3cur3Pw",
    "HKLM_TOKEN": "tok-abc-123",
    "SECRET_KEY": "/J8s9k2LmQ==",
    "ROUTE_TOKEN": "rt-1f2e3d",
}


def test_a_secret_under_such_a_name_stays_one() -> None:
    words = " ".join(f"-e {name}={value}" for name, value in SECRETS.items())
    script = f"docker run -d --name web {words} acme/web:1\n"
    result = convert(Memory({"run.sh": script.encode()}), Options(source="docker_run"))
    secrets = {setting.name for setting in result.stack.settings if setting.secret}
    assert set(SECRETS) <= secrets
