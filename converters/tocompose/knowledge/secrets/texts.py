"""SEC-DETECT: secrets told from the form of a text: passwords of addresses, keys, pairs of a name and a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tocompose.knowledge.secrets.documents import document_spans
from tocompose.knowledge.secrets.names import HINT, secret_name, secret_parameter
from tocompose.patterns import regex
from tocompose.syntax.interpolation import (
    Literal,
    Variable,
    replace_variables,
    variables,
)
from tocompose.tables import load

_NOT_A_VALUE = frozenset(
    {
        "",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "enabled",
        "disabled",
        "required",
        "optional",
    }
)
_PLACE = regex(r"(?:\.{0,2}/)[\w.@-]+(?:/[\w.@-]+)*/?|[A-Za-z][\w+.-]*://[^\s@?]*")
# Numbers with units, algorithms, languages, names of headers, public keys, paths of Windows, patterns, formats.
_OPEN_FORM = regex(
    r"(?i:\d+(?:\.\d+)?\s?(?:ns|us|ms|s|m|h|d|w|min|sec|mins?|hours?|days?|[kmgt]i?b?|b|%|/\w+|x)"
    r"|(?:[HREP]S|EdDSA)(?:256|384|512)|(?:hmac-?)?sha-?[0-9]{1,3}(?:[-_/]\d+)?|md5|aes-?(?:128|192|256)(?:-\w+)?"
    r"|bcrypt|scrypt|argon2(?:id?|d)?|pbkdf2(?:[-_]\w+)*|ed25519|rs[ae]-?(?:\d{4})?|x25519|chacha20(?:-\w+)?)"
    r"|[a-z]{2}[-_][A-Z]{2}(?:\.UTF-8)?|X-[A-Za-z][\w-]*|(?:Proxy-)?Authorization|Cookie"
    r"|(?:ssh-\w+|ecdsa-\S+) AAAA\S+(?: .*)?|-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----[\s\S]*|[A-Za-z]:\\[^*?\"<>|]*"
    r"|\^.*\$|%[a-zA-Z](?:\\n)?"
)
# In an address: `//user:password@`, `//token@`, MySQL's `user:password@tcp(…)`, Oracle's `user/password@`.
_CREDENTIALS = (
    # A token for the user: `//token:@`, `//token:x-oauth-basic@`.
    r"(?<=//)([^\s/:@\"']{8,256})(?=:(?:x-oauth-basic)?@)",
    r"(?<=//)[^\s/:@\"']{0,256}:([^\s/@\"']+)(?=@)",
    r"(?<=//)([A-Za-z0-9_-]{20,256})(?=@)",
    r"(?<![^\s\"'=])[^\s:@/\"'=(]{1,256}:([^\s@\"']{1,256})(?=@(?:tcp|unix|udp)\()",
    # A registry or a host without a scheme: `user:password@registry.example/image`.
    r"(?<![^\s\"'=])(?!(?:mailto|sips?|xmpp|acct|git|ssh):)[\w.+-]{1,64}:([^\s/@:\"']{3,256})(?=@[A-Za-z0-9][\w-]*(?:\.[\w-]+)+[:/])",
    # All of a value without a scheme: `app:tops3cret@db:27017/shop`.
    r"^[\w.-]{1,256}:([^\s/@:]+)(?=@[A-Za-z0-9][\w.-]*:[0-9]{2,5}(?:[/?]\S*)?$)",
    r"jdbc:oracle:\w{1,20}:[^\s/@\"']{1,256}/([^\s@\"']+)(?=@)",
)
_PARAMETER = regex(r"[?&](?P<name>[\w.-]{1,100})=(?P<password>[^&\s;'\")#]+)")
# `-Ddb.password=x`, `export API_TOKEN=x`.
_ASSIGNMENT = regex(
    r"(?<![\w.-])(?:-D)?(?P<name>[A-Za-z_][\w.-]{0,99})=[\"']?(?P<password>[^\s;&,'\"]+)"
)
# `getenv("API_TOKEN", "x")`, `ENV.fetch('API_TOKEN', 'x')`.
_ARGUMENT = regex(
    r"\(\s{0,9}[\"'](?P<name>[\w.-]{1,100})[\"']\s{0,9},\s{0,9}[\"'](?P<password>[^\s\"']+)[\"']"
)
# `CREATE USER a WITH PASSWORD 'x'`, `IDENTIFIED BY 'x'`; Transact-SQL writes N'x'.
_STATEMENT = regex(
    r"(?i)\b(?:PASSWORD|IDENTIFIED\b[^'\"\n;]{0,60})\s{0,9}=?\s{0,9}N?['\"](?P<password>[^'\"\s]+)['\"]"
)
# `"password": "x"` in JSON, also where its quotes are escaped.
_MEMBER = regex(
    r"(?P<quote>\\?[\"'])(?P<name>[\w.-]{1,100})(?P=quote)\s{0,9}:\s{0,9}(?P=quote)(?P<password>[^\s\"'\\]+)"
)
# `password: x` as a line, `X-Api-Key: x` between quotes, `Authorization: Bearer x` anywhere.
_FIELD = regex(
    r"(?:(?m:^)[ \t#;/-]{0,99}|[\"'])(?P<name>[A-Za-z][\w.-]{0,99}):[ \t]{1,9}"
    r"(?:(?:[Bb]earer|[Bb]asic|[Tt]oken)[ \t]+)?"
    r"(?P<password>[^\s\"',{}\[\]]+)(?=[\"']|\s*(?m:$))"
    r"|\b[Aa]uthorization:\s{0,9}(?:[Bb]earer|[Bb]asic)\s{1,9}(?P<header>[^\s'\";|&]{6,})"
)
# Headers of a request that say who asks.
_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_ELEMENT = regex(r"<(?P<name>[\w.:-]{1,100})>\s{0,99}(?P<password>[^<>\s]+)\s{0,99}</")
_SETTING = regex(
    r"(?P<head>(?:^|[;?&\s])(?:password|pwd|sslpassword|accountkey|sharedaccesskey|secretkey)\s{0,99}=\s{0,99})"
    r"(?P<password>(?!N')[^;&\s'\"]+)",
    re.IGNORECASE,
)
# `username=u,password=x`, as mount has its options.
_MOUNT_OPTION = regex(r"(?:^|,)(?:password|pass)=(?P<password>[^,\s'\"]+)", re.IGNORECASE)
_ADDRESS = regex("|".join(_CREDENTIALS))
# `requirepass x`, `proxy_set_header X-Api-Key x;`: a line of nothing but a name and one word.
DIRECTIVE = regex(
    r"""(?m)^[ \t]*(?:\w*set_header[ \t]+)?(?P<name>[\w.-]+)[ \t]+"""
    r"""["']?(?P<value>[^\s"';=:][^\s"';]*)["']?[ \t]*;?[ \t]*\r?$"""
)
# Forms that are secrets whatever their name: keys of well-known services, private keys, signed tokens.
TOKEN = regex("|".join(row["pattern"] for row in load("secrets")["forms"]))
# A private key, a hash of a password as Apache's htpasswd and crypt write it.
PRIVATE_KEY = regex(r"-----BEGIN [A-Z ]*PRIVATE KEY")
HASH = regex(r"(?<=:)(?:\$\$?(?:apr1|2[abxy]|[156]|y)\$\$?|\{SHA\}|\{SSHA\})[^\s,\"']{8,}")
_LITERAL = regex(
    r"(?i:password|passwd|secret|token|_key)['\"]?\]?\s{0,9}=>?\s{0,9}['\"][^'\"\s$]"
)


# A letter that hardly any source writes.
_STAND_IN = "\ua66e"


def secret_value(value: str) -> bool:
    """Whether the text is a secret by its form, or holds one: an address with a password, a private key."""
    forms = (TOKEN, PRIVATE_KEY, HASH, _LITERAL)
    return any(form.search(value) for form in forms) or any(
        True for _ in password_spans(value)
    )


def may_be_secret(value: str) -> bool:
    """Whether the text can be one at all: not empty, a switch, a small number, a path or a plain address."""
    small = value.isascii() and value.isdigit() and len(value) < 4
    stripped = value.strip()
    return (
        stripped.lower() not in _NOT_A_VALUE
        and not small
        and _PLACE.fullmatch(value) is None
        and _OPEN_FORM.fullmatch(stripped) is None
    )


def password_spans(text: str) -> list[tuple[int, int]]:
    """Where the passwords of addresses and connection strings stand in the text; what is a variable does not count."""
    spans: list[tuple[int, int]] = []
    for start, stop in sorted(_candidate_spans(text), key=lambda span: (span[0], -span[1])):
        if (
            "${" not in text[start:stop]
            and text[start] != "$"
            and (not spans or start >= spans[-1][1])
        ):
            spans.append((start, stop))
    return spans


def password_variables(text: str) -> list[Variable]:
    """The variables of Compose that stand where the text has a password: `postgres://app:${PW}@db`."""
    all_variables = variables(text)
    spans = password_spans(mask_variables(text)) if all_variables else ()
    return [
        variable
        for variable in all_variables
        if any(start <= variable.start < stop for start, stop in spans)
    ]


def mask_variables(text: str) -> str:
    """The text with as many letters in the place of each variable of Compose, whose operands may look like anything."""
    return replace_variables(text, lambda variable: _STAND_IN * len(variable.source))


def secret_defaults(outermost: Variable, is_secret: bool) -> Iterator[tuple[Variable, str]]:
    """The variables with a secret as their default, this one and those in it at any depth, and its value.

    `is_secret` says that whatever the outermost comes to is a secret; one that is called so holds one anyway.
    """
    pending = [(outermost, is_secret)]
    while pending:
        variable, of_secret = pending.pop()
        if variable.is_required:
            continue
        of_secret = of_secret or secret_name(variable.name)
        match variable.parts:
            case (Literal() as operand,) if _is_secret_text(operand.value, of_secret):
                yield variable, operand.value
        nested = (
            operand_part
            for operand_part in variable.parts
            if isinstance(operand_part, Variable)
        )
        pending.extend((operand_part, of_secret) for operand_part in nested)


def _is_secret_text(value: str, is_named: bool) -> bool:
    return (is_named and may_be_secret(value)) or secret_value(value)


def replace_spans(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """The text with other text in the place of each span; one that starts within another is left out."""
    new_text, done = [], 0
    for start, stop, new in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start >= done:
            new_text += [text[done:start], new]
            done = stop
    return "".join([*new_text, text[done:]])


# Every form of a token is at least so long, and most texts for readers are words.
_LONG_WORD = regex(r"\S{12}")


@lru_cache(maxsize=4096)
def redact_secrets(text: str) -> str:
    """The text for a reader, the passwords and tokens in it hidden."""
    hidden = replace_spans(
        text, [(start, stop, "•••") for start, stop in password_spans(text)]
    )
    return TOKEN.sub("•••", hidden) if _LONG_WORD.search(hidden) else hidden


def _candidate_spans(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        for match in _ADDRESS.finditer(text):
            yield match.span(match.lastindex or 0)
    if HINT.search(text) is not None:
        yield from _hinted_spans(text)


def _hinted_spans(text: str) -> Iterator[tuple[int, int]]:
    """The values that stand under a name, in text where some name hints at a secret."""
    pattern = _SETTING if ";" in text or "," not in text else _MOUNT_OPTION
    yield from (match.span("password") for match in pattern.finditer(text))
    if "=" in text:
        yield from (
            match.span("password")
            for match in _PARAMETER.finditer(text)
            if secret_parameter(match["name"])
        )
    yield from (match.span("password") for match in _STATEMENT.finditer(text))
    yield from _named_values(text)
    yield from _document_values(text)


def _document_values(text: str) -> Iterator[tuple[int, int]]:
    """What a parser of the text's own format says is the value of a secret."""
    for start, stop in document_spans(text):
        if text[start] not in "$<{[|>&*%" and may_be_secret(text[start:stop]):
            yield start, stop


def _named_values(text: str) -> Iterator[tuple[int, int]]:
    """The values that stand under a name in JSON, YAML, XML or the headers of a request."""
    for pattern in (_ASSIGNMENT, _ARGUMENT, _MEMBER, _FIELD, _ELEMENT):
        for match in pattern.finditer(text):
            group = "header" if match["password"] is None else "password"
            named = (
                group == "header"
                or secret_name(match["name"])
                or match["name"].casefold() in _HEADERS
            )
            if named and match[group][0] not in "$<{[|>&*" and may_be_secret(match[group]):
                yield match.span(group)
