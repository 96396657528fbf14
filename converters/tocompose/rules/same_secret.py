"""Whether two equal values are one secret, that of a server and its client, or equal by chance."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.knowledge.secrets.names import words_of
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.rules.evidence import HOST_WORDS, HostNames, services_of
from tocompose.syntax.interpolation import plain
from tocompose.syntax.ports import is_loopback

_HOST = regex(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(?P<host>[\w.-]+)(?::\d+)?(?:/.*)?")
# What stands between a server's name and the word for its password: SMTP_AUTH_PASSWORD belongs to SMTP_HOST.
_OF_LOGIN = frozenset({"AUTH", "LOGIN", "USER", "ACCOUNT", "BIND"})
# Words of passwords that are not those of a database, cache or queue; a plain word has them all alike.
_OTHER_PURPOSES = frozenset(
    "ADMIN SUPERUSER SMTP IMAP POP3 MAIL MAILER EMAIL LDAP OAUTH OIDC JWT SESSION KEY TOKEN SALT".split()
)


def is_plain_word(value: str) -> bool:
    """Whether a value is a word of small letters, which several secrets may have by chance."""
    return value.isalpha() and value.islower()


def is_same_secret(
    service: Service, name: str, value: str, owner: str, names: HostNames
) -> bool:
    """Whether the variable of a service can hold the password of another one, the owner, whose password is equal.

    It cannot where the variable beside it names another host (SMTP_PASS beside SMTP_HOST=smtp.example.org), nor, where
    the value is a plain word, where its own name says that it is for something else.
    """
    host = _host_beside(service, name)
    # There the server may be any service: on the host's network, or through a port that the host publishes.
    is_this_machine = host in ("", "host.docker.internal") or is_loopback(host)
    if host is None or is_this_machine:
        return not (is_plain_word(value) and _OTHER_PURPOSES & {*words_of(name)})
    return owner in services_of(host, names)


def _host_beside(service: Service, name: str) -> str | None:
    """The host that the variables of the same family name, in small letters; None where they name none."""
    values = {variable.name.upper(): variable.value for variable in service.environment}
    family = words_of(name)[:-1]
    while family:
        host = _host_of(values, "_".join(family))
        if host is not None or family[-1] not in _OF_LOGIN:
            return host
        family = family[:-1]
    return None


def _host_of(values: Mapping[str, str | None], family: str) -> str | None:
    for word in sorted(HOST_WORDS):
        value = plain(values.get(f"{family}_{word}") or "")
        match = _HOST.fullmatch((value or "").strip().lower())
        if match:
            return match["host"]
    return None
