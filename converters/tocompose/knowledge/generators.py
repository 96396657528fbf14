"""How the secrets of a stack are made that nobody outside of it gives out, by the names of their variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tocompose.patterns import regex
from tocompose.tables import Row, load, table

# https://github.com/django/django/blob/main/django/core/management/utils.py: the characters of a secret key.
_DJANGO = "abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)"
# Keys that belong to encrypted files of the source: another one opens nothing.
_GIVEN = regex(r"\w*MASTER_KEY")
_OPENSSL = regex(r"openssl rand -(hex|base64) ([1-9]\d{0,3})\b")
# Forms of which any text of a sufficient length does as well.
_DIGITS = ("hex", "django")


def generator_of(name: str) -> Row | None:
    """The row of the generators that makes values for a variable; None where others give them out."""
    if _GIVEN.fullmatch(name):
        return None
    return next((row for row in _rows().values() if _matches(row, name.upper())), None)


def server_password_row() -> Row:
    """The row that makes the password of a server that the stack starts, whatever its variable is called."""
    return _rows()["password"]


def _rows() -> Mapping[str, Row]:
    required = {"names", "form", "bytes", "url"}
    return table("generators", required=required, optional={"of_server"})


def encrypts_data(name: str) -> bool:
    """Whether an app may encrypt stored data with the value of a variable, which then only this value opens."""
    capitals = re.sub("__+", "_", name.upper())
    if any(re.fullmatch(pattern, capitals) for pattern in load("data_keys")["not_names"]):
        return False
    return any(re.fullmatch(pattern, capitals) for pattern in load("data_keys")["names"])


def _matches(row: Row, name: str) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in row["names"])


def names_command(description: str) -> bool:
    """Whether a description tells the command that makes the value."""
    return _OPENSSL.search(description) is not None


def make_secret(name: str, form: str, description: str = "") -> str:
    """A new value for a variable that the source says to generate.

    It is made as the framework makes it, else by the command that the description names, else as the platform does.
    """
    row = generator_of(name)
    command = _OPENSSL.search(description)
    if command and (row is None or row["form"] in _DIGITS):
        return _FORMS[command[1]](int(command[2]))
    # Django takes any text; a program of another language may ask for the digits that the platform gives.
    if row is None or row["form"] == "django":
        return _FORMS[form](_PLATFORM_BYTES[form])
    return make_value(row)


def make_value(row: Row) -> str:
    """A new random value in the form of a row."""
    return _FORMS[row["form"]](int(row["bytes"]))


def _hexadecimal(size: int) -> str:
    from secrets import token_hex

    return token_hex(size)


def _base64(size: int) -> str:
    from base64 import b64encode
    from secrets import token_bytes

    return b64encode(token_bytes(size)).decode()


def _url_safe(size: int) -> str:
    from secrets import token_urlsafe

    return token_urlsafe(size)


def _fernet(size: int) -> str:
    from base64 import urlsafe_b64encode
    from secrets import token_bytes

    return urlsafe_b64encode(token_bytes(size)).decode()


def _django(size: int) -> str:
    from secrets import choice

    return "".join(choice(_DJANGO) for _ in range(size))


# Heroku makes 64 bytes in hexadecimal digits; Render 256 bits in base64.
# https://render.com/docs/blueprint-spec#environment-variables
_PLATFORM_BYTES = {"hex": 64, "base64": 32}
_FORMS: Mapping[str, Callable[[int], str]] = {
    "hex": _hexadecimal,
    "base64": _base64,
    "base64-prefixed": lambda size: f"base64:{_base64(size)}",
    "base64-url": _fernet,
    "url": _url_safe,
    "django": _django,
}
