"""Tokens of services by their forms, made at random, and ways to hold a secret in structured texts and commands."""

from __future__ import annotations

import re
import string
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import yaml

_TABLE: Any = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
)
_ALPHABETS = {
    "lower_hex": "0123456789abcdef",
    "hex": "0123456789abcdefABCDEF",
    "alnum": string.ascii_letters + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "digits": string.digits,
    "nonzero": "123456789",
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
}
_RANDOM_PART = re.compile(r"<(\d+) (\w+)>")
# A shorter part may stand anywhere by chance.
_SHORTEST_PART = 10
TOKENS: tuple[str, ...] = tuple(_TABLE["tokens"])
CONFIGS: Mapping[str, str] = _TABLE["configs"]
COMMANDS: tuple[str, ...] = tuple(_TABLE["commands"])


def token(name: str, random: Random) -> tuple[str, tuple[str, ...]]:
    """A token of that form, and the random parts of it, none of which may be seen."""
    secret_parts: list[str] = []

    def made(match: re.Match[str]) -> str:
        part = "".join(random.choices(_ALPHABETS[match[2]], k=int(match[1])))
        secret_parts.extend([part] if len(part) > _SHORTEST_PART else [])
        return part

    return _RANDOM_PART.sub(made, _TABLE["tokens"][name]), tuple(secret_parts)


def secret_text(random: Random) -> str:
    """A secret that no form gives away."""
    return "".join(random.choices(_ALPHABETS["alnum"], k=18))


def filled(template: str, secret: str) -> str:
    """The template with the secret in its places; `@b@` is a login in base64."""
    login = b64encode(f"user:{secret}".encode()).decode()
    return template.replace("@b@", login).replace("@@", secret)
